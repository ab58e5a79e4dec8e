//! Traces of what is in the chain.

use crate::{RpcContext, RpcError, guard::Recording, replay::Replayed, trace::calls::recording};
use alloy_consensus::BlockHeader;
use alloy_eips::BlockId;
use alloy_primitives::{B256, map::HashSet};
use alloy_rpc_types_trace::{
    filter::TraceFilter,
    opcode::{BlockOpcodeGas, TransactionOpcodeGas},
    parity::{LocalizedTransactionTrace, TraceResults, TraceResultsWithTransactionHash, TraceType},
};
use assay_evm::RecoveredBlock;
use revm_inspectors::{
    opcode::OpcodeGasInspector,
    tracing::{TracingInspector, TracingInspectorConfig},
};

fn parity() -> TracingInspector {
    TracingInspector::new(TracingInspectorConfig::default_parity())
}

fn localized(replayed: Replayed<'_, TracingInspector>) -> Vec<LocalizedTransactionTrace> {
    replayed.inspector.into_parity_builder().into_localized_transaction_traces(replayed.info)
}

fn of_block(
    ctx: &RpcContext,
    block: &RecoveredBlock,
) -> Result<Vec<LocalizedTransactionTrace>, RpcError> {
    let traces = ctx.replay_block(
        block,
        Recording::Calls,
        || Ok(parity()),
        |replayed| Ok(localized(replayed)),
    )?;
    Ok(traces.into_iter().flatten().collect())
}

/// `trace_block`.
pub(crate) fn block(
    ctx: &RpcContext,
    id: BlockId,
) -> Result<Vec<LocalizedTransactionTrace>, RpcError> {
    of_block(ctx, &*ctx.block(id)?)
}

/// `trace_transaction`.
pub(crate) fn transaction(
    ctx: &RpcContext,
    hash: B256,
) -> Result<Option<Vec<LocalizedTransactionTrace>>, RpcError> {
    let Some((at, block)) = ctx.locate(hash)? else { return Ok(None) };
    ctx.replay_transaction(&block, at.index as usize, Recording::Calls, parity(), |replayed| {
        Ok(localized(replayed))
    })
    .map(Some)
}

fn results(
    replayed: Replayed<'_, TracingInspector>,
    types: &HashSet<TraceType>,
) -> Result<TraceResults, RpcError> {
    replayed
        .inspector
        .into_parity_builder()
        .into_trace_results_with_state(replayed.outcome, types, &*replayed.db)
        .map_err(RpcError::internal)
}

/// `trace_replayTransaction`.
pub(crate) fn replay_transaction(
    ctx: &RpcContext,
    hash: B256,
    types: &HashSet<TraceType>,
) -> Result<TraceResults, RpcError> {
    let (block, index) = ctx.located(hash)?;
    let inspector = TracingInspector::new(TracingInspectorConfig::from_parity_config(types));
    ctx.replay_transaction(&block, index, recording(types), inspector, |replayed| {
        results(replayed, types)
    })
}

/// `trace_replayBlockTransactions`.
pub(crate) fn replay_block(
    ctx: &RpcContext,
    id: BlockId,
    types: &HashSet<TraceType>,
) -> Result<Option<Vec<TraceResultsWithTransactionHash>>, RpcError> {
    let Some(block) = ctx.find_block(id)? else { return Ok(None) };
    let config = TracingInspectorConfig::from_parity_config(types);
    ctx.replay_block(
        &block,
        recording(types),
        || Ok(TracingInspector::new(config)),
        |replayed| {
            let transaction_hash = replayed.info.hash.unwrap_or_default();
            let full_trace = results(replayed, types)?;
            Ok(TraceResultsWithTransactionHash { full_trace, transaction_hash })
        },
    )
    .map(Some)
}

/// `trace_filter`.
pub(crate) fn filter(
    ctx: &RpcContext,
    filter: &TraceFilter,
) -> Result<Vec<LocalizedTransactionTrace>, RpcError> {
    let head = ctx.head().number();
    let from = filter.from_block.unwrap_or(0);
    let to = filter.to_block.unwrap_or(head);
    for asked in [from, to] {
        if asked > head {
            return Err(RpcError::BlockNotFound(asked.into()));
        }
    }
    if from > to {
        return Err(RpcError::params(
            "invalid parameters: fromBlock cannot be greater than toBlock",
        ));
    }
    let most = ctx.config.max_trace_filter_blocks;
    if to - from > most {
        return Err(RpcError::InvalidParams(format!(
            "Block range too large; currently limited to {most} blocks"
        )));
    }
    let matcher = filter.matcher();
    let mut skip = filter.after.unwrap_or(0);
    let count =
        filter.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
    let mut found = Vec::new();
    for number in from..=to {
        for trace in of_block(ctx, &*ctx.block(number.into())?)? {
            if found.len() >= count {
                return Ok(found);
            }
            if !matcher.matches(&trace.trace) {
                continue;
            }
            if skip > 0 {
                skip -= 1;
                continue;
            }
            found.push(trace);
        }
    }
    Ok(found)
}

fn opcode_gas(replayed: &Replayed<'_, OpcodeGasInspector>) -> TransactionOpcodeGas {
    TransactionOpcodeGas {
        transaction_hash: replayed.info.hash.unwrap_or_default(),
        opcode_gas: replayed.inspector.opcode_gas_iter().collect(),
    }
}

/// `trace_transactionOpcodeGas`.
pub(crate) fn transaction_opcode_gas(
    ctx: &RpcContext,
    hash: B256,
) -> Result<Option<TransactionOpcodeGas>, RpcError> {
    let Some((at, block)) = ctx.locate(hash)? else { return Ok(None) };
    let inspector = OpcodeGasInspector::default();
    ctx.replay_transaction(&block, at.index as usize, Recording::Calls, inspector, |replayed| {
        Ok(opcode_gas(&replayed))
    })
    .map(Some)
}

/// `trace_blockOpcodeGas`.
pub(crate) fn block_opcode_gas(ctx: &RpcContext, id: BlockId) -> Result<BlockOpcodeGas, RpcError> {
    let block = ctx.block(id)?;
    let transactions = ctx.replay_block(
        &block,
        Recording::Calls,
        || Ok(OpcodeGasInspector::default()),
        |replayed| Ok(opcode_gas(&replayed)),
    )?;
    Ok(BlockOpcodeGas {
        block_hash: block.hash(),
        block_number: block.header().number(),
        transactions,
    })
}
