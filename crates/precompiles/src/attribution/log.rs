//! Calls on the Merkle log.

use super::{capped, malformed, not_canonical};
use crate::{
    abi::{Reader, as_u64},
    gas,
    outcome::{Failure, Meter},
};
use alloy_primitives::B256;
use alloy_sol_types::SolValue;
use assay_attribution::{Frontier, verify_consistency, verify_inclusion};

pub(super) fn head(arguments: &[u8], meter: &mut Meter) -> Result<Vec<u8>, Failure> {
    let read = || {
        let mut reader = Reader::new(arguments, 1)?;
        let leaves = reader.words()?;
        reader.finish()?;
        Some(leaves)
    };
    let leaves = read().ok_or_else(not_canonical)?;
    capped(&[leaves.len()])?;
    meter.charge(nodes(leaves.len()))?;
    Ok(assay_attribution::head(&hashes(leaves)).abi_encode())
}

pub(super) fn append(arguments: &[u8], meter: &mut Meter) -> Result<Vec<u8>, Failure> {
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
    let frontier = assay_attribution::append(frontier, &hashes(leaves)).map_err(malformed)?;
    let head = frontier.head();
    Ok((frontier.nodes, frontier.size, head).abi_encode_params())
}

pub(super) fn inclusion(arguments: &[u8], meter: &mut Meter) -> Result<Vec<u8>, Failure> {
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

pub(super) fn consistency(arguments: &[u8], meter: &mut Meter) -> Result<Vec<u8>, Failure> {
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

/// Gas of this many nodes of a log.
fn nodes(count: usize) -> Option<u64> {
    gas::items(gas::LOG_NODE, count)
}

fn hashes(words: &[[u8; 32]]) -> Vec<B256> {
    words.iter().copied().map(B256::new).collect()
}
