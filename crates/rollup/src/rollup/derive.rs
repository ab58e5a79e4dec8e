//! The verifier: what L1 says becomes the engine's safe chain.

use super::{Derived, Progress, Rollup};
use crate::{EngineError, L2Block, L2BlockId, RollupError};
use alloy_consensus::Block;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::B64;
use alloy_rpc_types_engine::{ForkchoiceState, PayloadStatusEnum};
use assay_chainspec::{OpHardforks, RollupConfig};
use assay_derivation::{DerivedAttributes, L2BlockInfo, Step, system_config_from_l2_block};
use op_alloy_consensus::OpTxEnvelope;
use op_alloy_rpc_types_engine::OpPayloadAttributes;
use tracing::{debug, info, warn};

impl Rollup {
    /// One step of derivation: fetches what is missing, or takes in one block.
    ///
    /// # Errors
    /// As [`RollupError`] says.
    pub async fn derive(&mut self) -> Result<Progress, RollupError> {
        match self.pipeline.step()? {
            Step::NeedL1Block(number) => self.feed_l1_block(number).await,
            Step::NeedBlobs { block, hashes } => {
                let blobs = self.l1.blobs(&block, &hashes).await?;
                self.pipeline.provide_blobs(&blobs)?;
                Ok(Progress::Advanced)
            }
            Step::NeedL2Block(number) => {
                let block = self.known_block(L2BlockId::Number(number)).await?;
                self.pipeline.provide_l2_block(&block.block)?;
                Ok(Progress::Advanced)
            }
            Step::Attributes(derived) => {
                self.take_attributes(*derived).await?;
                Ok(Progress::Advanced)
            }
        }
    }

    async fn feed_l1_block(&mut self, number: u64) -> Result<Progress, RollupError> {
        let confirmed = number.saturating_add(self.options.verifier_l1_confs);
        if confirmed > self.l1_heads.latest.number {
            return Ok(Progress::Idle);
        }
        let Some(block) = self.l1.block(number).await? else { return Ok(Progress::Idle) };
        debug!(number, hash = %block.origin.info.hash, "L1 block");
        self.pipeline.provide_l1_block(block)?;
        Ok(Progress::Advanced)
    }

    async fn take_attributes(&mut self, derived: DerivedAttributes) -> Result<(), RollupError> {
        let block = match self.consolidate(&derived).await? {
            Some(block) => block,
            None => match self.build_derived(&derived).await? {
                Some(block) => block,
                None => {
                    warn!(
                        parent = derived.parent.number,
                        derived_from = derived.derived_from.number,
                        "a derived block is invalid; going on without its batch"
                    );
                    self.pipeline.invalid()?;
                    self.heads.pending = self.pipeline.pending_head();
                    return Ok(());
                }
            },
        };
        let info = self.info(&block)?;
        let configs = &self.configs;
        let system_config =
            system_config_from_l2_block(&configs.rollup, &configs.upgrades, &block.block)?;
        self.pipeline.accepted(info, system_config)?;
        self.heads.pending = info;
        if info.number > self.heads.latest.number {
            self.heads.latest = info;
        }
        let strict = configs.rollup.is_holocene_active_at_timestamp(derived.derived_from.timestamp);
        if derived.is_last_in_span || strict {
            self.heads.safe = info;
            self.record(Derived { from: derived.derived_from, block: info });
            debug!(number = info.number, hash = %info.hash, "safe");
        }
        self.set_forkchoice().await
    }

    /// One entry for each L1 block: the last L2 block that it made safe.
    fn record(&mut self, derived: Derived) {
        if let Some(last) = self.derived.back_mut()
            && last.from.hash == derived.from.hash
        {
            last.block = derived.block;
        } else {
            self.derived.push_back(derived);
        }
    }

    /// The block that the engine has already, if it is the one that L1 describes.
    async fn consolidate(
        &self,
        derived: &DerivedAttributes,
    ) -> Result<Option<L2Block>, RollupError> {
        if self.heads.latest.number <= derived.parent.number {
            return Ok(None);
        }
        let number = derived.parent.number + 1;
        let block = self.known_block(L2BlockId::Number(number)).await?;
        match difference(&self.configs.rollup, &derived.attributes, &derived.parent, &block.block) {
            None => Ok(Some(block)),
            Some(field) => {
                info!(number, field, "the unsafe chain is not what L1 says; replacing it");
                Ok(None)
            }
        }
    }

    /// Makes the block and its parent's chain canonical: an unsafe chain beside it is given up.
    /// `None`: no engine will ever make a block of these attributes.
    async fn build_derived(
        &mut self,
        derived: &DerivedAttributes,
    ) -> Result<Option<L2Block>, RollupError> {
        self.building = None;
        let parent = &derived.parent;
        let state = |head| ForkchoiceState { head_block_hash: head, ..self.forkchoice_state() };
        let attributes = derived.attributes.clone();
        let timestamp = attributes.payload_attributes.timestamp;
        let updated = match self.engine.forkchoice(state(parent.hash), Some(attributes)).await {
            Ok(updated) => updated,
            Err(EngineError::InvalidAttributes(reason)) => {
                warn!(reason, "the engine refuses derived attributes");
                self.heads.latest = *parent;
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        match updated.payload_status.status {
            // The engine's head is the parent from here on, whatever becomes of the attributes.
            PayloadStatusEnum::Valid => self.heads.latest = *parent,
            other => {
                return Err(RollupError::Reset(format!(
                    "the engine does not build on {}: {other}",
                    parent.hash
                )));
            }
        }
        let id = updated
            .payload_id
            .ok_or_else(|| RollupError::Temporary("the engine began no payload".into()))?;
        let payload = match self.engine.payload(id, timestamp).await {
            Ok(payload) => payload,
            // An engine whose job failed on the attributes' transactions has no payload to give.
            Err(EngineError::UnknownPayload) if !derived.deposits_only => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let hash = payload.block_hash();
        let status = self.engine.insert(payload).await?;
        match status.status {
            PayloadStatusEnum::Valid => {}
            PayloadStatusEnum::Invalid { validation_error } => {
                warn!(%hash, validation_error, "the engine refuses a derived block");
                return Ok(None);
            }
            other => return Err(RollupError::Temporary(format!("block {hash}: {other}"))),
        }
        let block = self.known_block(L2BlockId::Hash(hash)).await?;
        self.heads.latest = self.info(&block)?;
        Ok(Some(block))
    }
}

/// The first field in which a block is not what the attributes ask for.
///
/// Spec: [L1 consolidation](https://specs.optimism.io/protocol/derivation.html#l1-consolidation-payload-attributes-matching).
fn difference(
    config: &RollupConfig,
    attributes: &OpPayloadAttributes,
    parent: &L2BlockInfo,
    block: &Block<OpTxEnvelope>,
) -> Option<&'static str> {
    let header = &block.header;
    let wanted = &attributes.payload_attributes;
    let transactions = attributes.transactions.as_deref().unwrap_or_default();
    let same_transactions = transactions.len() == block.body.transactions.len()
        && transactions
            .iter()
            .zip(&block.body.transactions)
            .all(|(wanted, found)| **wanted == *found.encoded_2718());
    [
        ("parentHash", header.parent_hash == parent.hash),
        ("timestamp", header.timestamp == wanted.timestamp),
        ("prevRandao", header.mix_hash == wanted.prev_randao),
        ("suggestedFeeRecipient", header.beneficiary == wanted.suggested_fee_recipient),
        (
            "parentBeaconBlockRoot",
            header.parent_beacon_block_root == wanted.parent_beacon_block_root,
        ),
        ("gasLimit", attributes.gas_limit.is_none_or(|limit| limit == header.gas_limit)),
        ("transactions", same_transactions),
        ("withdrawals", block.body.withdrawals.is_some() == wanted.withdrawals.is_some()),
        (
            "eip1559Params",
            same_fee_parameters(config, attributes, header.timestamp, &header.extra_data),
        ),
    ]
    .into_iter()
    .find_map(|(field, same)| (!same).then_some(field))
}

/// Holocene's and Jovian's extra data: version, denominator, elasticity, least base fee.
fn same_fee_parameters(
    config: &RollupConfig,
    attributes: &OpPayloadAttributes,
    timestamp: u64,
    extra_data: &[u8],
) -> bool {
    if !config.is_holocene_active_at_timestamp(timestamp) {
        return extra_data.is_empty();
    }
    let Some(wanted) = attributes.eip_1559_params else { return false };
    // 0/0 asks for the chain's constants.
    let wanted = if wanted.is_zero() {
        let constants = config.op_config();
        let word = |value: u64| u32::try_from(value).unwrap_or(u32::MAX).to_be_bytes();
        let mut bytes = B64::ZERO;
        bytes[..4].copy_from_slice(&word(constants.eip1559_denominator_canyon));
        bytes[4..].copy_from_slice(&word(constants.eip1559_elasticity));
        bytes
    } else {
        wanted
    };
    if extra_data.get(1..9) != Some(wanted.as_slice()) {
        return false;
    }
    let least = extra_data.get(9..).unwrap_or_default();
    attributes.min_base_fee.map_or_else(|| least.is_empty(), |fee| least == fee.to_be_bytes())
}
