//! A header against its parent.

use crate::{
    InvalidBlock,
    base_fee::{FeeParameters, next_base_fee},
};
use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, Header, constants::EMPTY_WITHDRAWALS};
use alloy_eips::eip7685::EMPTY_REQUESTS_HASH;
use alloy_op_hardforks::OpHardforks;
use alloy_primitives::B256;
use assay_chainspec::ChainSpec;

/// The highest gas limit that clients accept (go-ethereum's `MaxGasLimit`).
const MAX_GAS_LIMIT: u64 = i64::MAX as u64;

/// Checks every rule of a header that does not need its body or execution. `parent_hash` is the
/// parent's hash.
///
/// OP chains take the gas limit from SystemConfig: it does not depend on the parent's.
///
/// # Errors
/// The rule that is broken; the first, in the order of this function.
pub fn validate_header(
    spec: &ChainSpec,
    header: &Header,
    parent: &Header,
    parent_hash: B256,
) -> Result<(), InvalidBlock> {
    against_parent(header, parent, parent_hash)?;
    constants(header)?;
    let timestamp = header.timestamp;

    if header.gas_limit > MAX_GAS_LIMIT {
        return Err(InvalidBlock::GasLimit { got: header.gas_limit, maximum: MAX_GAS_LIMIT });
    }
    if header.gas_used > header.gas_limit {
        return Err(InvalidBlock::GasUsedAboveLimit {
            used: header.gas_used,
            limit: header.gas_limit,
        });
    }
    FeeParameters::decode(spec, timestamp, &header.extra_data)?;

    let expected = next_base_fee(spec, parent, timestamp).ok_or(InvalidBlock::BaseFeeOverflow)?;
    let got = header.base_fee_per_gas.ok_or(InvalidBlock::BaseFeeMissing)?;
    if got != expected {
        return Err(InvalidBlock::BaseFee { got, expected });
    }
    withdrawals_root(spec, header)?;
    blobs(spec, header)?;

    let isthmus = spec.is_isthmus_active_at_timestamp(timestamp);
    if let Some(hash) = field("requestsHash", header.requests_hash, isthmus)?
        && hash != EMPTY_REQUESTS_HASH
    {
        return Err(InvalidBlock::RequestsHash(hash));
    }
    // Forks that OP chains do not have yet.
    field("blockAccessListHash", header.block_access_list_hash, false)?;
    field("slotNumber", header.slot_number, false)?;
    Ok(())
}

fn against_parent(header: &Header, parent: &Header, parent_hash: B256) -> Result<(), InvalidBlock> {
    if header.parent_hash != parent_hash {
        return Err(InvalidBlock::ParentHash { got: header.parent_hash, expected: parent_hash });
    }
    if parent.number.checked_add(1) != Some(header.number) {
        return Err(InvalidBlock::Number {
            got: header.number,
            expected: parent.number.saturating_add(1),
        });
    }
    if header.timestamp <= parent.timestamp {
        return Err(InvalidBlock::Timestamp { got: header.timestamp, parent: parent.timestamp });
    }
    Ok(())
}

/// Fields that are the same in every block after the merge.
fn constants(header: &Header) -> Result<(), InvalidBlock> {
    if !header.difficulty.is_zero() {
        return Err(InvalidBlock::Difficulty);
    }
    if !header.nonce.is_zero() {
        return Err(InvalidBlock::Nonce);
    }
    if header.ommers_hash != EMPTY_OMMER_ROOT_HASH {
        return Err(InvalidBlock::OmmersHash(header.ommers_hash));
    }
    Ok(())
}

fn withdrawals_root(spec: &ChainSpec, header: &Header) -> Result<(), InvalidBlock> {
    let canyon = spec.is_canyon_active_at_timestamp(header.timestamp);
    if let Some(root) = field("withdrawalsRoot", header.withdrawals_root, canyon)?
        && !spec.is_isthmus_active_at_timestamp(header.timestamp)
        && root != EMPTY_WITHDRAWALS
    {
        return Err(InvalidBlock::WithdrawalsRootNotEmpty(root));
    }
    Ok(())
}

/// EIP-4844's and EIP-4788's fields, on a chain without blobs.
fn blobs(spec: &ChainSpec, header: &Header) -> Result<(), InvalidBlock> {
    let ecotone = spec.is_ecotone_active_at_timestamp(header.timestamp);
    field("parentBeaconBlockRoot", header.parent_beacon_block_root, ecotone)?;
    if let Some(excess) = field("excessBlobGas", header.excess_blob_gas, ecotone)?
        && excess != 0
    {
        return Err(InvalidBlock::ExcessBlobGas(excess));
    }
    if let Some(used) = field("blobGasUsed", header.blob_gas_used, ecotone)? {
        if !spec.is_jovian_active_at_timestamp(header.timestamp) {
            if used != 0 {
                return Err(InvalidBlock::BlobGasUsedNotZero(used));
            }
        } else if used > header.gas_limit {
            return Err(InvalidBlock::DaFootprintAboveLimit { used, limit: header.gas_limit });
        }
    }
    Ok(())
}

/// A field must be there if, and only if, its fork is active.
fn field<T>(
    field: &'static str,
    value: Option<T>,
    active: bool,
) -> Result<Option<T>, InvalidBlock> {
    match (&value, active) {
        (None, true) => Err(InvalidBlock::FieldMissing { field }),
        (Some(_), false) => Err(InvalidBlock::FieldTooEarly { field }),
        _ => Ok(value),
    }
}
