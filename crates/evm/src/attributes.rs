//! The frame of a block that is to be built: what its payload attributes fix before any
//! transaction runs.

use crate::{base_fee::FeeParameters, error::AttributesError};
use alloy_consensus::Header;
use alloy_op_hardforks::OpHardforks;
use alloy_primitives::{Address, B64, B256, Bytes};
use assay_chainspec::ChainSpec;
use op_alloy_rpc_types_engine::OpPayloadAttributes;

/// Everything of the next block's header that is known before its transactions are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextBlockAttributes {
    /// Unix seconds.
    pub timestamp: u64,
    /// Who receives the tips.
    pub suggested_fee_recipient: Address,
    /// PREVRANDAO.
    pub prev_randao: B256,
    /// Gas limit.
    pub gas_limit: u64,
    /// The L1 origin's parent beacon block root, from Ecotone on.
    pub parent_beacon_block_root: Option<B256>,
    /// extraData, complete: empty before Holocene.
    pub extra_data: Bytes,
}

impl NextBlockAttributes {
    /// Checks payload attributes against the forks at their timestamp.
    ///
    /// # Errors
    /// A field that the fork demands is absent or one that it does not know is present.
    pub fn from_payload(
        spec: &ChainSpec,
        parent: &Header,
        attributes: &OpPayloadAttributes,
    ) -> Result<Self, AttributesError> {
        let inner = &attributes.payload_attributes;
        let timestamp = inner.timestamp;
        if timestamp <= parent.timestamp {
            return Err(AttributesError::Timestamp { got: timestamp, parent: parent.timestamp });
        }
        demand(
            "withdrawals",
            spec.is_canyon_active_at_timestamp(timestamp),
            inner.withdrawals.is_some(),
        )?;
        if inner.withdrawals.as_ref().is_some_and(|withdrawals| !withdrawals.is_empty()) {
            return Err(AttributesError::Withdrawals);
        }
        demand(
            "parentBeaconBlockRoot",
            spec.is_ecotone_active_at_timestamp(timestamp),
            inner.parent_beacon_block_root.is_some(),
        )?;
        demand(
            "eip1559Params",
            spec.is_holocene_active_at_timestamp(timestamp),
            attributes.eip_1559_params.is_some(),
        )?;
        demand(
            "minBaseFee",
            spec.is_jovian_active_at_timestamp(timestamp),
            attributes.min_base_fee.is_some(),
        )?;
        Ok(Self {
            timestamp,
            suggested_fee_recipient: inner.suggested_fee_recipient,
            prev_randao: inner.prev_randao,
            gas_limit: attributes
                .gas_limit
                .ok_or(AttributesError::Missing { field: "gasLimit" })?,
            parent_beacon_block_root: inner.parent_beacon_block_root,
            extra_data: FeeParameters::encode(
                spec,
                timestamp,
                attributes.eip_1559_params.unwrap_or(B64::ZERO),
                attributes.min_base_fee.unwrap_or_default(),
            )?,
        })
    }
}

const fn demand(field: &'static str, active: bool, present: bool) -> Result<(), AttributesError> {
    match (active, present) {
        (true, false) => Err(AttributesError::Missing { field }),
        (false, true) => Err(AttributesError::TooEarly { field }),
        _ => Ok(()),
    }
}
