//! Calls that weigh data: spans, influence, KNN-Shapley, splits.

use super::{capped, malformed, not_canonical, refused};
use crate::{
    abi::{Reader, as_u32},
    gas,
    outcome::{Failure, Meter},
};
use alloy_primitives::{B256, I256, U256};
use alloy_sol_types::SolValue;
use assay_attribution::{RowValues, Rows, Span, SpanClaim, check_span_sizes, knn_shapley};

pub(super) fn span_weights(arguments: &[u8], meter: &mut Meter) -> Result<Vec<u8>, Failure> {
    let read = || {
        let mut reader = Reader::new(arguments, 4)?;
        let read = (reader.bytes()?, reader.bytes_array()?, reader.structs()?, reader.u32()?);
        reader.finish()?;
        Some(read)
    };
    let (output, chunks, spans, min_length) = read().ok_or_else(not_canonical)?;
    check_span_sizes(output, &chunks, spans.len()).map_err(refused)?;
    meter.charge(gas::spans(output.len(), &chunks, spans.len()))?;
    let spans: Option<Vec<Span>> = spans.iter().map(span).collect();
    let spans = spans.ok_or_else(not_canonical)?;
    let claim = SpanClaim::new(output, &chunks, &spans, min_length).map_err(refused)?;
    meter.charge(gas::compared(claim.compared_bytes()))?;
    let result = claim.weigh().map_err(malformed)?;
    let weights = result.weights.into_iter().map(U256::from).collect();
    Ok(pairs(weights, result.leaf_hashes))
}

fn span(members: &[[u8; 32]; 4]) -> Option<Span> {
    let [chunk, output_start, chunk_start, length] = members;
    Some(Span {
        chunk: as_u32(chunk)?,
        output_start: as_u32(output_start)?,
        chunk_start: as_u32(chunk_start)?,
        length: as_u32(length)?,
    })
}

pub(super) fn influence(arguments: &[u8], meter: &mut Meter) -> Result<Vec<u8>, Failure> {
    let read = || {
        let mut reader = Reader::new(arguments, 3)?;
        let read = (reader.bytes()?, reader.bytes()?, reader.u32()?);
        reader.finish()?;
        Some(read)
    };
    let (output, sketches, dimension) = read().ok_or_else(not_canonical)?;
    let sketches = Rows::new(sketches, dimension).map_err(refused)?;
    meter.charge(gas::influence(&sketches))?;
    assay_attribution::influence(output, &sketches).map(values).map_err(refused)
}

pub(super) fn shapley(arguments: &[u8], meter: &mut Meter) -> Result<Vec<u8>, Failure> {
    let read = || {
        let mut reader = Reader::new(arguments, 6)?;
        let (k, query, label) = (reader.u32()?, reader.bytes()?, reader.u32()?);
        let read = (k, query, label, reader.bytes()?, reader.bytes()?, reader.u32()?);
        reader.finish()?;
        Some(read)
    };
    let (k, query, label, points, labels, dimension) = read().ok_or_else(not_canonical)?;
    let points = Rows::new(points, dimension).map_err(refused)?;
    meter.charge(gas::shapley(&points))?;
    knn_shapley(k, query, label, &points, labels).map(values).map_err(refused)
}

pub(super) fn apportion(arguments: &[u8], meter: &mut Meter) -> Result<Vec<u8>, Failure> {
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
    assay_attribution::apportion(pool, &weights).map(|parts| parts.abi_encode()).map_err(malformed)
}

/// `(int256[], bytes32[])`.
fn values(rows: RowValues) -> Vec<u8> {
    let words = rows.values.into_iter().map(|value| I256::unchecked_from(value).into_raw());
    pairs(words.collect(), rows.leaf_hashes)
}

/// Two arrays of words of equal length: their encoding is the same whatever their types.
fn pairs(first: Vec<U256>, second: Vec<B256>) -> Vec<u8> {
    (first, second).abi_encode_params()
}
