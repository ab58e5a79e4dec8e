//! The base fee, and the parameters for it in extraData.
//!
//! EIP-1559 with OP's constants; Holocene takes the parameters from the parent's extraData, Jovian
//! adds a least base fee and meters the DA footprint.

use crate::error::ExtraDataError;
use alloy_consensus::Header;
use alloy_eips::eip1559::BaseFeeParams;
use alloy_op_hardforks::OpHardforks;
use alloy_primitives::{B64, Bytes};
use assay_chainspec::ChainSpec;

/// Bytes of extraData from Holocene on: version, denominator, elasticity.
const HOLOCENE_LENGTH: usize = 9;
/// Bytes of extraData from Jovian on: Holocene's and the least base fee.
const JOVIAN_LENGTH: usize = 17;

/// EIP-1559 parameters as a block's extraData carries them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeParameters {
    /// Base fee change denominator; 0, with `elasticity` 0, means the chain's constants.
    pub denominator: u32,
    /// Elasticity multiplier.
    pub elasticity: u32,
    /// The least base fee, in wei; 0 before Jovian.
    pub min_base_fee: u64,
}

impl FeeParameters {
    /// Reads extraData of a block of this timestamp. Before Holocene there are none, and extraData
    /// is empty.
    ///
    /// # Errors
    /// Another shape than the fork's.
    pub fn decode(
        spec: &ChainSpec,
        timestamp: u64,
        extra_data: &[u8],
    ) -> Result<Option<Self>, ExtraDataError> {
        let (length, version) = if spec.is_jovian_active_at_timestamp(timestamp) {
            (JOVIAN_LENGTH, 1)
        } else if spec.is_holocene_active_at_timestamp(timestamp) {
            (HOLOCENE_LENGTH, 0)
        } else {
            (0, 0)
        };
        if extra_data.len() != length {
            return Err(ExtraDataError::Length { got: extra_data.len(), expected: length });
        }
        let Some((&got, rest)) = extra_data.split_first() else { return Ok(None) };
        if got != version {
            return Err(ExtraDataError::Version { got, expected: version });
        }
        let word = |at: usize| {
            rest.get(at..at + 4)
                .and_then(|bytes| bytes.try_into().ok())
                .map_or(0, u32::from_be_bytes)
        };
        let parameters = Self {
            denominator: word(0),
            elasticity: word(4),
            min_base_fee: u64::from(word(8)) << 32 | u64::from(word(12)),
        };
        parameters.check()?;
        Ok(Some(parameters))
    }

    /// Writes extraData for a block of this timestamp. `eip1559` are the attributes' eight bytes;
    /// zero stands for the chain's constants.
    ///
    /// # Errors
    /// One parameter zero and the other not.
    pub fn encode(
        spec: &ChainSpec,
        timestamp: u64,
        eip1559: B64,
        min_base_fee: u64,
    ) -> Result<Bytes, ExtraDataError> {
        if !spec.is_holocene_active_at_timestamp(timestamp) {
            return Ok(Bytes::new());
        }
        let [d0, d1, d2, d3, e0, e1, e2, e3] = eip1559.0;
        let mut parameters = Self {
            denominator: u32::from_be_bytes([d0, d1, d2, d3]),
            elasticity: u32::from_be_bytes([e0, e1, e2, e3]),
            min_base_fee,
        };
        parameters.check()?;
        if parameters.denominator == 0 {
            let constants = spec.base_fee_params_at(timestamp);
            // The chain's constants are u32 in practice; saturating keeps this total.
            let narrow = |value: u128| u32::try_from(value).unwrap_or(u32::MAX);
            parameters.denominator = narrow(constants.max_change_denominator);
            parameters.elasticity = narrow(constants.elasticity_multiplier);
        }
        let jovian = spec.is_jovian_active_at_timestamp(timestamp);
        let mut bytes = Vec::with_capacity(JOVIAN_LENGTH);
        bytes.push(u8::from(jovian));
        bytes.extend_from_slice(&parameters.denominator.to_be_bytes());
        bytes.extend_from_slice(&parameters.elasticity.to_be_bytes());
        if jovian {
            bytes.extend_from_slice(&min_base_fee.to_be_bytes());
        }
        Ok(bytes.into())
    }

    /// The header must have both parameters or, meaning the chain's constants, none.
    const fn check(&self) -> Result<(), ExtraDataError> {
        let Self { denominator, elasticity, .. } = *self;
        if (denominator == 0) != (elasticity == 0) {
            return Err(ExtraDataError::Parameters { denominator, elasticity });
        }
        Ok(())
    }
}

/// The base fee of the block after `parent` that has this timestamp, in wei. `None`: it does not
/// fit 64 bits, or the parent has no base fee.
pub fn next_base_fee(spec: &ChainSpec, parent: &Header, timestamp: u64) -> Option<u64> {
    // A header that passed validation decodes; the genesis may carry any extraData.
    let parameters =
        FeeParameters::decode(spec, parent.timestamp, &parent.extra_data).ok().flatten();
    let constants = spec.base_fee_params_at(timestamp);
    let params = match parameters {
        Some(FeeParameters { denominator, elasticity, .. }) if denominator != 0 => {
            BaseFeeParams::new(denominator.into(), elasticity.into())
        }
        _ => constants,
    };
    let metered = if spec.is_jovian_active_at_timestamp(parent.timestamp) {
        parent.gas_used.max(parent.blob_gas_used.unwrap_or_default())
    } else {
        parent.gas_used
    };
    let base_fee = eip1559_base_fee(metered, parent.gas_limit, parent.base_fee_per_gas?, params)?;
    Some(base_fee.max(parameters.map_or(0, |parameters| parameters.min_base_fee)))
}

/// EIP-1559's formula. A target of zero leaves the base fee as it is.
fn eip1559_base_fee(used: u64, limit: u64, base_fee: u64, params: BaseFeeParams) -> Option<u64> {
    let target = u128::from(limit).checked_div(params.elasticity_multiplier).unwrap_or_default();
    let (used, fee) = (u128::from(used), u128::from(base_fee));
    // fee < 2^64 and |used - target| < 2^64: the product fits. target * denominator may not.
    let change = |difference: u128| match target.checked_mul(params.max_change_denominator) {
        Some(0) => None,
        Some(divisor) => Some(fee * difference / divisor),
        None => Some(0),
    };
    let next = if used > target {
        change(used - target).map(|delta| fee + delta.max(1))
    } else {
        change(target - used).map(|delta| fee.saturating_sub(delta))
    };
    if used == target || next.is_none() {
        return Some(base_fee);
    }
    u64::try_from(next?).ok()
}

#[cfg(test)]
#[path = "base_fee_tests.rs"]
mod tests;
