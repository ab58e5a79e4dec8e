//! The sequencer: the next block's L1 origin, its attributes, and the engine's work on them.
//!
//! Spec: [sequencer](https://specs.optimism.io/protocol/derivation.html#epoch-transitions) rules of
//! the batch queue, seen from the other side: what derivation would refuse is not made.

use super::Rollup;
use crate::{L2BlockId, RollupError};
use alloy_primitives::B256;
use alloy_rpc_types_engine::{PayloadId, PayloadStatusEnum};
use assay_derivation::{
    L1Origin, L2BlockInfo, is_activation_block, prepare_attributes, system_config_from_l2_block,
};
use tracing::info;

/// A block that the engine is working on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Building {
    id: PayloadId,
    parent: B256,
    timestamp: u64,
}

/// The origin of the next block.
struct Choice {
    origin: L1Origin,
    /// The block is further from its origin than the drift allows: it may hold deposits only.
    past_drift: bool,
}

impl Rollup {
    /// The timestamp of the block after the head.
    pub fn next_timestamp(&self) -> u64 {
        self.heads.latest.timestamp.saturating_add(self.configs.rollup.block_time)
    }

    /// Whether the engine is working on the block after the head.
    pub fn is_building(&self) -> bool {
        self.building.is_some_and(|building| building.parent == self.heads.latest.hash)
    }

    /// Asks the engine to begin the block after the head.
    ///
    /// # Errors
    /// [`RollupError::Temporary`], also where L1 has to go on first; [`RollupError::Reset`] where
    /// the head's origin is not canonical any more.
    pub async fn start_block(&mut self) -> Result<(), RollupError> {
        let parent = self.heads.latest;
        let choice = self.choose_origin(&parent).await?;
        let configs = &self.configs;
        let parent_block = self.known_block(L2BlockId::Hash(parent.hash)).await?;
        let system_config =
            system_config_from_l2_block(&configs.rollup, &configs.upgrades, &parent_block.block)?;
        let mut attributes = prepare_attributes(
            &configs.rollup,
            &configs.blobs,
            &configs.upgrades,
            &parent,
            &system_config,
            &choice.origin,
        )?;
        let timestamp = attributes.payload_attributes.timestamp;
        let only_deposits = choice.past_drift || is_activation_block(&configs.rollup, timestamp);
        attributes.no_tx_pool = Some(only_deposits);
        self.origin = Some(choice.origin);
        let updated = self.engine.forkchoice(self.forkchoice_state(), Some(attributes)).await?;
        if !matches!(updated.payload_status.status, PayloadStatusEnum::Valid) {
            return Err(RollupError::Temporary(format!(
                "the engine does not build on {}: {}",
                parent.hash, updated.payload_status.status
            )));
        }
        let id = updated
            .payload_id
            .ok_or_else(|| RollupError::Temporary("the engine began no payload".into()))?;
        self.building = Some(Building { id, parent: parent.hash, timestamp });
        Ok(())
    }

    /// Takes the block that the engine has been working on as the new head.
    ///
    /// # Errors
    /// [`RollupError::Temporary`]: the block is lost, and may be begun again.
    pub async fn seal_block(&mut self) -> Result<L2BlockInfo, RollupError> {
        let building = self
            .building
            .take()
            .ok_or_else(|| RollupError::Temporary("no block is being built".into()))?;
        if building.parent != self.heads.latest.hash {
            return Err(RollupError::Temporary("the head moved while a block was built".into()));
        }
        let payload = self.engine.payload(building.id, building.timestamp).await?;
        let hash = payload.block_hash();
        let status = self.engine.insert(payload).await?;
        if !matches!(status.status, PayloadStatusEnum::Valid) {
            return Err(RollupError::Temporary(format!(
                "the engine refuses its own block {hash}: {}",
                status.status
            )));
        }
        let block = self.known_block(L2BlockId::Hash(hash)).await?;
        let sealed = self.info(&block)?;
        self.heads.latest = sealed;
        self.set_forkchoice().await?;
        info!(
            number = sealed.number,
            hash = %sealed.hash,
            transactions = block.block.body.transactions.len(),
            gas_used = block.block.header.gas_used,
            origin = sealed.l1_origin.number,
            "sealed"
        );
        Ok(sealed)
    }

    /// The next L1 block as soon as its time allows, else the parent's.
    async fn choose_origin(&self, parent: &L2BlockInfo) -> Result<Choice, RollupError> {
        let current = match &self.origin {
            Some(origin) if origin.info.hash == parent.l1_origin.hash => origin.clone(),
            _ => self.l1.origin(parent.l1_origin.hash).await?.ok_or_else(|| {
                RollupError::Reset(format!("L1 has no block {}", parent.l1_origin.hash))
            })?,
        };
        let timestamp = parent.timestamp.saturating_add(self.configs.rollup.block_time);
        let drift = self.configs.rollup.max_sequencer_drift_at(current.info.timestamp);
        let past_drift = timestamp > current.info.timestamp.saturating_add(drift);

        let next = current.info.number + 1;
        let confirmed =
            next.saturating_add(self.options.sequencer_l1_confs) <= self.l1_heads.latest.number;
        // Past the drift an unconfirmed origin is better than none.
        let next = if confirmed || past_drift { self.l1.info(next).await? } else { None };
        let Some(next) = next else {
            if past_drift {
                return Err(RollupError::Temporary(format!(
                    "the chain is {drift} s ahead of L1 block {}; waiting for the next one",
                    current.info.number
                )));
            }
            return Ok(Choice { origin: current, past_drift });
        };
        if next.parent_hash != current.info.hash {
            return Err(RollupError::Reset(format!(
                "L1 block {} is not canonical any more",
                current.info.hash
            )));
        }
        if next.timestamp > timestamp {
            return Ok(Choice { origin: current, past_drift });
        }
        let origin =
            self.l1.origin(next.hash).await?.ok_or_else(|| {
                RollupError::Temporary(format!("L1 lost its block {}", next.hash))
            })?;
        let past_drift = timestamp > origin.info.timestamp.saturating_add(drift);
        Ok(Choice { origin, past_drift })
    }
}
