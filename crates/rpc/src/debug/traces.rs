//! Traces by geth's tracers: call, prestate, 4byte, flatCall, mux, noop, JavaScript, struct logs.

use crate::{
    RpcContext, RpcError,
    error::INVALID_INPUT,
    eth::types::RpcRequest,
    evm::{Env, Scratch, commit, scratch},
    guard::{Guard, Recording},
    replay::Replayed,
};
use alloy_eips::BlockId;
use alloy_op_evm::OpTx;
use alloy_primitives::{B256, Bytes, U256};
use alloy_rlp::Decodable;
use alloy_rpc_types_eth::{Bundle, StateContext, state::EvmOverrides};
use alloy_rpc_types_trace::geth::{
    GethDebugBuiltInTracerType, GethDebugTracerType, GethDebugTracingCallOptions,
    GethDebugTracingOptions, GethTrace, TraceResult,
};
use assay_evm::{Block, RecoveredBlock};
use revm_inspectors::tracing::{DebugInspector, TransactionContext};

/// Seconds that `debug_traceCallMany` puts between bundles.
const SECONDS_BETWEEN_BUNDLES: u64 = 12;

fn result(mut replayed: Replayed<'_, DebugInspector>) -> Result<GethTrace, RpcError> {
    let place = TransactionContext {
        block_hash: replayed.info.block_hash,
        tx_hash: replayed.info.hash,
        tx_index: replayed.info.index.map(|index| index as usize),
    };
    Ok(without_zero_refunds(replayed.inspector.get_result(
        Some(place),
        replayed.tx,
        replayed.block_env,
        replayed.outcome,
        replayed.db,
    )?))
}

/// What the inspector for these options keeps of every step.
fn recording(options: &GethDebugTracingOptions) -> Recording {
    match &options.tracer {
        None if options.config.is_memory_enabled() => Recording::StepsAndMemory,
        None => Recording::Steps,
        Some(GethDebugTracerType::BuiltInTracer(GethDebugBuiltInTracerType::Erc7562Tracer)) => {
            Recording::Steps
        }
        Some(_) => Recording::Calls,
    }
}

/// geth and op-reth show a step's refund counter only once there is a refund.
fn without_zero_refunds(mut trace: GethTrace) -> GethTrace {
    if let GethTrace::Default(frame) = &mut trace {
        for step in &mut frame.struct_logs {
            step.refund_counter = step.refund_counter.filter(|refund| *refund > 0);
        }
    }
    trace
}

/// `debug_traceTransaction`.
pub(crate) fn transaction(
    ctx: &RpcContext,
    hash: B256,
    options: GethDebugTracingOptions,
) -> Result<GethTrace, RpcError> {
    let (block, index) = ctx.located(hash)?;
    let recording = recording(&options);
    ctx.replay_transaction(&block, index, recording, DebugInspector::new(options)?, result)
}

/// `debug_traceBlockByNumber`, `debug_traceBlockByHash`.
pub(crate) fn block(
    ctx: &RpcContext,
    id: BlockId,
    options: &GethDebugTracingOptions,
) -> Result<Vec<TraceResult>, RpcError> {
    let block = ctx.block(id)?;
    if block.hash() == ctx.spec().genesis_hash() {
        // Nothing ran, and there is no state before it.
        return Err(RpcError::Coded {
            code: INVALID_INPUT,
            message: "genesis is not traceable".into(),
        });
    }
    whole(ctx, &block, options)
}

/// `debug_traceBlock`.
pub(crate) fn raw_block(
    ctx: &RpcContext,
    rlp: &Bytes,
    options: &GethDebugTracingOptions,
) -> Result<Vec<TraceResult>, RpcError> {
    let block = Block::decode(&mut rlp.as_ref())
        .map_err(|error| RpcError::InvalidParams(format!("failed to decode the block: {error}")))?;
    let block = RecoveredBlock::try_recover(block)
        .map_err(|_| RpcError::params("invalid transaction signature"))?;
    whole(ctx, &block, options)
}

fn whole(
    ctx: &RpcContext,
    block: &RecoveredBlock,
    options: &GethDebugTracingOptions,
) -> Result<Vec<TraceResult>, RpcError> {
    ctx.replay_block(
        block,
        recording(options),
        || Ok(DebugInspector::new(options.clone())?),
        |replayed| {
            let tx_hash = replayed.info.hash;
            Ok(TraceResult::Success { result: result(replayed)?, tx_hash })
        },
    )
}

/// `debug_traceCall`: on the state after the block, or after its transactions up to `tx_index`.
pub(crate) fn call(
    ctx: &RpcContext,
    request: RpcRequest,
    id: Option<BlockId>,
    options: GethDebugTracingCallOptions,
) -> Result<GethTrace, RpcError> {
    let id = id.unwrap_or_default();
    let overrides =
        EvmOverrides::new(options.state_overrides, options.block_overrides.map(Box::new));
    let (mut db, env) = match options.tx_index {
        None => ctx.state_and_env(id)?,
        Some(index) => {
            let block = ctx.block(id)?;
            let count = block.body().transactions.len();
            let index = usize::try_from(index).unwrap_or(usize::MAX);
            if index >= count {
                return Err(RpcError::InvalidParams(format!(
                    "tx_index {index} out of bounds for block with {count} transactions"
                )));
            }
            let mut db = ctx.parent_state(&block)?;
            ctx.replay_until(&mut db, &block, index)?;
            (db, ctx.evm_env(block.header())?)
        }
    };
    let (env, tx) = ctx.prepare_call(env, request, &mut db, overrides)?;
    let mut guard = ctx.guard(recording(&options.tracing_options));
    let mut inspector = DebugInspector::new(options.tracing_options)?;
    trace(ctx, &mut db, (env, tx), &mut guard, &mut inspector, false)
}

/// Runs one call under `inspector`; commits it if another one follows.
fn trace(
    ctx: &RpcContext,
    db: &mut Scratch,
    (env, tx): (Env, OpTx),
    guard: &mut Guard,
    inspector: &mut DebugInspector,
    more: bool,
) -> Result<GethTrace, RpcError> {
    let block_env = env.block_env.clone();
    let outcome = ctx.inspect(db, env, tx.clone(), guard, inspector)?;
    let trace = without_zero_refunds(inspector.get_result(None, &tx, &block_env, &outcome, db)?);
    if more {
        inspector.fuse()?;
        commit(db, outcome);
    }
    Ok(trace)
}

/// `debug_traceCallMany`.
pub(crate) fn call_many(
    ctx: &RpcContext,
    bundles: Vec<Bundle<RpcRequest>>,
    context: Option<StateContext>,
    options: GethDebugTracingCallOptions,
) -> Result<Vec<Vec<GethTrace>>, RpcError> {
    if bundles.is_empty() {
        return Err(RpcError::params("bundles are empty."));
    }
    let StateContext { transaction_index, block_number } = context.unwrap_or_default();
    let block = ctx.block(block_number.unwrap_or_default())?;
    let count = block.body().transactions.len();
    let index =
        transaction_index.unwrap_or_default().index().map_or(count, |index| index.min(count));
    let mut db = if index == count {
        scratch(ctx.state(block.hash().into())?)
    } else {
        let mut db = ctx.parent_state(&block)?;
        ctx.replay_until(&mut db, &block, index)?;
        db
    };
    let mut env = ctx.evm_env(block.header())?;
    let mut state_overrides = options.state_overrides;
    let mut guard = ctx.guard(recording(&options.tracing_options));
    let mut inspector = DebugInspector::new(options.tracing_options)?;
    let mut answers = Vec::with_capacity(bundles.len());
    for bundle in bundles {
        let block_override = bundle.block_override.map(Box::new);
        let mut traces = Vec::with_capacity(bundle.transactions.len());
        for request in bundle.transactions {
            // State overrides hold from the first call on.
            let overrides = EvmOverrides::new(state_overrides.take(), block_override.clone());
            let call = ctx.prepare_call(env.clone(), request, &mut db, overrides)?;
            traces.push(trace(ctx, &mut db, call, &mut guard, &mut inspector, true)?);
        }
        env.block_env.number += U256::from(1);
        env.block_env.timestamp += U256::from(SECONDS_BETWEEN_BUNDLES);
        answers.push(traces);
    }
    Ok(answers)
}
