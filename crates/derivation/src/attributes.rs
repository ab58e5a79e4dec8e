//! Payload attributes: what the execution engine is asked to build.
//!
//! Spec: [deriving payload attributes](https://specs.optimism.io/protocol/derivation.html#deriving-payload-attributes).

use crate::{
    DerivationError, L1InfoTransaction, L1Origin, L2BlockInfo, SystemConfig, UpgradeBundle,
    derive_deposits, update_system_config,
};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B64, Bytes, address};
use alloy_rpc_types_engine::PayloadAttributes;
use assay_chainspec::{BlobSchedule, OpHardfork, OpHardforks, RollupConfig};
use op_alloy_consensus::TxDeposit;
use op_alloy_rpc_types_engine::OpPayloadAttributes;

/// Where the fees of blocks go.
pub const SEQUENCER_FEE_VAULT: Address = address!("4200000000000000000000000000000000000011");

/// The attributes of the block after `parent` with the L1 origin `origin`: its deposits, and
/// nothing from the pool. `parent_config` is the system configuration after `parent`.
///
/// The same for derivation, which appends the batch's transactions, and for a sequencer, which
/// turns `no_tx_pool` off unless it is past the drift or [activates a
/// fork](crate::is_activation_block).
///
/// # Errors
/// [`DerivationError::Reset`]: the origin does not follow the parent's.
/// [`DerivationError::Critical`]: a log in the origin that its contract cannot have emitted.
pub fn prepare_attributes(
    config: &RollupConfig,
    blobs: &BlobSchedule,
    upgrades: &UpgradeBundle,
    parent: &L2BlockInfo,
    parent_config: &SystemConfig,
    origin: &L1Origin,
) -> Result<OpPayloadAttributes, DerivationError> {
    let broken = |error: DerivationError| {
        DerivationError::Critical(format!("L1 block {}: {error}", origin.info.hash))
    };
    let mut system_config = *parent_config;
    let mut deposits = Vec::new();
    let mut sequence_number = 0;
    if parent.l1_origin.number == origin.info.number {
        if parent.l1_origin.hash != origin.info.hash {
            return Err(DerivationError::Reset(format!(
                "L1 block {} at {} is no longer the safe head's origin {}",
                origin.info.hash, origin.info.number, parent.l1_origin.hash
            )));
        }
        sequence_number = parent
            .sequence_number
            .checked_add(1)
            .ok_or_else(|| DerivationError::Critical("an epoch without end".into()))?;
    } else {
        if parent.l1_origin.hash != origin.info.parent_hash {
            return Err(DerivationError::Reset(format!(
                "L1 block {} does not follow the parent's origin {}",
                origin.info.hash, parent.l1_origin.hash
            )));
        }
        deposits = derive_deposits(config, origin).map_err(broken)?;
        update_system_config(&mut system_config, config, origin).map_err(broken)?;
    }

    let timestamp = parent
        .timestamp
        .checked_add(config.block_time)
        .ok_or_else(|| DerivationError::Critical("a timestamp overflows".into()))?;
    if timestamp < origin.info.timestamp {
        return Err(DerivationError::Reset(format!(
            "an L2 block at {timestamp} cannot have an origin at {}",
            origin.info.timestamp
        )));
    }

    let info =
        L1InfoTransaction::new(config, blobs, &system_config, origin, sequence_number, timestamp);
    let transactions = std::iter::once(encode(&info.deposit(config, timestamp)))
        .chain(deposits.iter().map(encode))
        .chain(upgrades.deposits_at(config, timestamp).map(encode))
        .collect();

    let mut gas_limit = system_config.gas_limit;
    if config.is_activation_block(OpHardfork::Karst, timestamp) {
        gas_limit = gas_limit.saturating_add(upgrades.gas(OpHardfork::Karst));
    }
    let ecotone = config.is_ecotone_active_at_timestamp(timestamp);
    let jovian = config.is_jovian_active_at_timestamp(timestamp);
    Ok(OpPayloadAttributes {
        payload_attributes: PayloadAttributes {
            timestamp,
            prev_randao: origin.prev_randao,
            suggested_fee_recipient: SEQUENCER_FEE_VAULT,
            withdrawals: config.is_canyon_active_at_timestamp(timestamp).then(Vec::new),
            parent_beacon_block_root: ecotone
                .then(|| origin.parent_beacon_root.unwrap_or_default()),
            ..PayloadAttributes::default()
        },
        transactions: Some(transactions),
        no_tx_pool: Some(true),
        gas_limit: Some(gas_limit),
        eip_1559_params: eip1559_params(config, &system_config, timestamp),
        min_base_fee: jovian.then_some(system_config.min_base_fee),
    })
}

/// None before Holocene; in its activation block zero, which stands for the chain's constants.
fn eip1559_params(
    config: &RollupConfig,
    system_config: &SystemConfig,
    timestamp: u64,
) -> Option<B64> {
    if !config.is_holocene_active_at_timestamp(timestamp) {
        None
    } else if config.is_activation_block(OpHardfork::Holocene, timestamp) {
        Some(B64::ZERO)
    } else {
        Some(system_config.eip1559_params)
    }
}

fn encode(deposit: &TxDeposit) -> Bytes {
    deposit.encoded_2718().into()
}

/// Attributes with nothing but their deposits: what replaces an invalid block from Holocene on.
pub(crate) fn deposits_only(attributes: &OpPayloadAttributes) -> OpPayloadAttributes {
    let mut attributes = attributes.clone();
    if let Some(transactions) = &mut attributes.transactions {
        transactions.retain(|transaction| {
            transaction.first() == Some(&op_alloy_consensus::DEPOSIT_TX_TYPE_ID)
        });
    }
    attributes
}
