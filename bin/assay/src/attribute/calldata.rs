//! The calls that prove citations.

use crate::{files, runtime::CommandResult};
use alloy_primitives::{U256, hex};
use alloy_sol_types::SolCall;
use assay_attribution::provider::{Citations, Corpus};
use assay_chainspec::{AssayRules, PRECOMPILE_ADDRESSES};
use assay_precompiles::{
    Outcome, Precompiles, VerdictCache, contracts::IAttribution, span_weights_call,
};
use std::path::{Path, PathBuf};

/// A call, what it costs, and where it was written.
pub(super) struct Calldata {
    pub(super) function: &'static str,
    pub(super) bytes: usize,
    pub(super) gas: u64,
    pub(super) path: PathBuf,
}

/// Writes the calldata of `spanWeights` to a file, and that of `verifyInclusion` beside it.
pub(super) fn write(
    corpus: &Corpus,
    citations: &Citations,
    path: &Path,
) -> CommandResult<Vec<Calldata>> {
    let spans = span_weights_call(
        &citations.output,
        &citations.chunks,
        &citations.spans,
        citations.min_length,
    );
    let mut calls = vec![("spanWeights", spans.abi_encode(), path.to_owned())];
    // Of nothing there is no proof.
    if !citations.indices.is_empty() {
        let inclusion = IAttribution::verifyInclusionCall {
            logHead: corpus.log().head(),
            size: corpus.log().size(),
            indices: citations.indices.clone(),
            leafHashes: citations.leaf_hashes.clone(),
            proof: citations.proof.clone(),
        };
        let extension = match path.extension() {
            Some(extension) => format!("inclusion.{}", extension.display()),
            None => "inclusion".to_owned(),
        };
        calls.push(("verifyInclusion", inclusion.abi_encode(), path.with_extension(extension)));
    }
    calls
        .into_iter()
        .map(|(function, data, path)| {
            let gas = gas(function, &data)?;
            files::write(&path, &format!("{}\n", hex::encode_prefixed(&data)))?;
            Ok(Calldata { function, bytes: data.len(), gas, path })
        })
        .collect()
}

/// What the precompile asks for a call, which it must take.
fn gas(function: &str, data: &[u8]) -> CommandResult<u64> {
    let precompiles = Precompiles::new(&AssayRules::default(), VerdictCache::new(0))?;
    match precompiles.call(&PRECOMPILE_ADDRESSES[1], data, U256::ZERO, u64::MAX) {
        Some(Outcome::Success { gas, .. }) => Ok(gas),
        other => Err(format!("the precompile refuses {function}: {other:?}").into()),
    }
}
