//! Payload bodies for `engine_getPayloadBodies*`.

use crate::EngineError;
use alloy_primitives::B256;
use alloy_rpc_types_engine::ExecutionPayloadBodyV1;
use assay_chain::Chain;
use assay_evm::RecoveredBlock;

/// The greatest number of bodies in one answer; the specification asks for at least 32.
const LIMIT: u64 = 1024;

type Bodies = Vec<Option<ExecutionPayloadBodyV1>>;

pub(crate) fn by_hash(chain: &Chain, hashes: &[B256]) -> Result<Bodies, EngineError> {
    if hashes.len() as u64 > LIMIT {
        return Err(EngineError::TooLarge { limit: LIMIT, what: "hashes" });
    }
    hashes
        .iter()
        .map(|hash| {
            let block = chain.block_by_hash(*hash).map_err(EngineError::internal)?;
            Ok(block.as_deref().map(body))
        })
        .collect()
}

pub(crate) fn by_range(chain: &Chain, start: u64, count: u64) -> Result<Bodies, EngineError> {
    if count > LIMIT {
        return Err(EngineError::TooLarge { limit: LIMIT, what: "blocks" });
    }
    let end = start.saturating_add(count).min(chain.head().number.saturating_add(1));
    (start..end)
        .map(|number| {
            let block = chain.block_by_number(number).map_err(EngineError::internal)?;
            Ok(block.as_deref().map(body))
        })
        .collect()
}

fn body(block: &RecoveredBlock) -> ExecutionPayloadBodyV1 {
    let body = block.body();
    ExecutionPayloadBodyV1::new(body.withdrawals.clone(), body.transactions.iter())
}
