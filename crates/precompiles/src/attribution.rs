//! `IAttribution`: the Merkle log, the weighing of data, and exact splits.

mod data;
mod log;

use crate::{
    contracts::IAttribution,
    outcome::{Failure, Meter},
};
use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall;
use assay_attribution::{MAX_ITEMS, Malformed, MalformedCode, Refusal, Span, TooLarge};

/// Runs a call whose calldata is charged for.
pub(crate) fn call(
    selector: [u8; 4],
    arguments: &[u8],
    meter: &mut Meter,
) -> Result<Vec<u8>, Failure> {
    match selector {
        IAttribution::headCall::SELECTOR => log::head(arguments, meter),
        IAttribution::appendCall::SELECTOR => log::append(arguments, meter),
        IAttribution::verifyInclusionCall::SELECTOR => log::inclusion(arguments, meter),
        IAttribution::verifyConsistencyCall::SELECTOR => log::consistency(arguments, meter),
        IAttribution::spanWeightsCall::SELECTOR => data::span_weights(arguments, meter),
        IAttribution::influenceCall::SELECTOR => data::influence(arguments, meter),
        IAttribution::knnShapleyCall::SELECTOR => data::shapley(arguments, meter),
        IAttribution::apportionCall::SELECTOR => data::apportion(arguments, meter),
        _ => Err(Failure::Revert(Vec::new())),
    }
}

/// The call that proves cited spans.
pub fn span_weights_call(
    output: &[u8],
    chunks: &[Vec<u8>],
    spans: &[Span],
    min_length: u32,
) -> IAttribution::spanWeightsCall {
    IAttribution::spanWeightsCall {
        output: Bytes::copy_from_slice(output),
        chunks: chunks.iter().map(|chunk| Bytes::copy_from_slice(chunk)).collect(),
        spans: spans
            .iter()
            .map(|span| IAttribution::Span {
                chunk: span.chunk,
                outputStart: span.output_start,
                chunkStart: span.chunk_start,
                length: span.length,
            })
            .collect(),
        minLength: min_length,
    }
}

/// Refuses a list that is longer than any call may have.
fn capped(lengths: &[usize]) -> Result<(), Failure> {
    lengths.iter().copied().find(|size| *size > MAX_ITEMS).map_or(Ok(()), |size| {
        let limit = MAX_ITEMS;
        Err(refused(TooLarge { size, limit }.into()))
    })
}

fn refused(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Malformed(error) => malformed(error),
        Refusal::TooLarge(TooLarge { size, limit }) => Failure::error(&IAttribution::TooLarge {
            size: U256::from(size),
            limit: U256::from(limit),
        }),
    }
}

fn malformed(error: Malformed) -> Failure {
    Failure::error(&IAttribution::Malformed { code: error.0.code() })
}

fn not_canonical() -> Failure {
    malformed(MalformedCode::Abi.into())
}

#[cfg(test)]
mod tests;
