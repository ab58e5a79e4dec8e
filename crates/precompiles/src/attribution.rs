//! `IAttribution`: the Merkle log and exact splits.

use crate::{
    IAttribution,
    abi::{Reader, as_u64},
    gas,
    outcome::{Failure, Meter},
};
use alloy_primitives::{B256, U256};
use alloy_sol_types::{SolCall, SolValue};
use assay_attribution::{
    Frontier, MAX_ITEMS, Malformed, MalformedCode, append, apportion, head, verify_consistency,
    verify_inclusion,
};

/// Runs a call whose calldata is charged for.
pub(crate) fn call(
    selector: [u8; 4],
    arguments: &[u8],
    meter: &mut Meter,
) -> Result<Vec<u8>, Failure> {
    match selector {
        IAttribution::headCall::SELECTOR => call_head(arguments, meter),
        IAttribution::appendCall::SELECTOR => call_append(arguments, meter),
        IAttribution::verifyInclusionCall::SELECTOR => call_inclusion(arguments, meter),
        IAttribution::verifyConsistencyCall::SELECTOR => call_consistency(arguments, meter),
        IAttribution::apportionCall::SELECTOR => call_apportion(arguments, meter),
        _ => Err(Failure::Revert(Vec::new())),
    }
}

fn call_head(arguments: &[u8], meter: &mut Meter) -> Result<Vec<u8>, Failure> {
    let read = || {
        let mut reader = Reader::new(arguments, 1)?;
        let leaves = reader.words()?;
        reader.finish()?;
        Some(leaves)
    };
    let leaves = read().ok_or_else(not_canonical)?;
    capped(&[leaves.len()])?;
    meter.charge(nodes(leaves.len()))?;
    Ok(head(&hashes(leaves)).abi_encode())
}

fn call_append(arguments: &[u8], meter: &mut Meter) -> Result<Vec<u8>, Failure> {
    let read = || {
        let mut reader = Reader::new(arguments, 3)?;
        let read = (reader.words()?, reader.u64()?, reader.words()?);
        reader.finish()?;
        Some(read)
    };
    let (frontier, size, leaves) = read().ok_or_else(not_canonical)?;
    capped(&[frontier.len(), leaves.len()])?;
    // Each leaf and each frontier node is joined at most once, and the new root folds the new
    // frontier: at most 64 nodes more.
    meter.charge(
        nodes(frontier.len() + leaves.len())
            .and_then(|gas| gas.checked_add(gas::items(gas::LOG_NODE, 64)?)),
    )?;
    let frontier = Frontier { size, nodes: hashes(frontier) };
    let frontier = append(frontier, &hashes(leaves)).map_err(malformed)?;
    let head = frontier.head();
    Ok((frontier.nodes, frontier.size, head).abi_encode_params())
}

fn call_inclusion(arguments: &[u8], meter: &mut Meter) -> Result<Vec<u8>, Failure> {
    let read = || {
        let mut reader = Reader::new(arguments, 5)?;
        let read =
            (reader.b256()?, reader.u64()?, reader.words()?, reader.words()?, reader.words()?);
        reader.finish()?;
        Some(read)
    };
    let (log_head, size, indices, leaves, proof) = read().ok_or_else(not_canonical)?;
    capped(&[indices.len(), leaves.len(), proof.len()])?;
    // The walk also climbs 64 levels at most.
    meter.charge(nodes(indices.len() + proof.len() + 64))?;
    let indices: Option<Vec<u64>> = indices.iter().map(as_u64).collect();
    let indices = indices.ok_or_else(not_canonical)?;
    verify_inclusion(log_head, size, &indices, &hashes(leaves), &hashes(proof))
        .map(|holds| holds.abi_encode())
        .map_err(malformed)
}

fn call_consistency(arguments: &[u8], meter: &mut Meter) -> Result<Vec<u8>, Failure> {
    let read = || {
        let mut reader = Reader::new(arguments, 5)?;
        let read = (reader.b256()?, reader.u64()?, reader.b256()?, reader.u64()?, reader.words()?);
        reader.finish()?;
        Some(read)
    };
    let (old_head, old_size, new_head, new_size, proof) = read().ok_or_else(not_canonical)?;
    capped(&[proof.len()])?;
    // A proof node is hashed into both roots.
    meter.charge(nodes(proof.len()).and_then(|gas| gas.checked_mul(2)))?;
    verify_consistency(old_head, old_size, new_head, new_size, &hashes(proof))
        .map(|holds| holds.abi_encode())
        .map_err(malformed)
}

fn call_apportion(arguments: &[u8], meter: &mut Meter) -> Result<Vec<u8>, Failure> {
    let read = || {
        let mut reader = Reader::new(arguments, 2)?;
        let read = (reader.u256()?, reader.words()?);
        reader.finish()?;
        Some(read)
    };
    let (pool, weights) = read().ok_or_else(not_canonical)?;
    capped(&[weights.len()])?;
    meter.charge(gas::items(gas::APPORTION_ITEM, weights.len()))?;
    let weights: Vec<U256> = weights.iter().map(|word| U256::from_be_bytes(*word)).collect();
    apportion(pool, &weights).map(|parts| parts.abi_encode()).map_err(malformed)
}

/// Gas of this many nodes of a log.
fn nodes(count: usize) -> Option<u64> {
    gas::items(gas::LOG_NODE, count)
}

fn hashes(words: &[[u8; 32]]) -> Vec<B256> {
    words.iter().copied().map(B256::new).collect()
}

/// Refuses a list that is longer than any call may have.
fn capped(lengths: &[usize]) -> Result<(), Failure> {
    lengths.iter().find(|length| **length > MAX_ITEMS).map_or(Ok(()), |length| {
        Err(Failure::error(&IAttribution::TooLarge {
            size: U256::from(*length),
            limit: U256::from(MAX_ITEMS),
        }))
    })
}

fn malformed(error: Malformed) -> Failure {
    Failure::error(&IAttribution::Malformed { code: error.0.code() })
}

fn not_canonical() -> Failure {
    malformed(MalformedCode::Abi.into())
}

#[cfg(test)]
mod tests;
