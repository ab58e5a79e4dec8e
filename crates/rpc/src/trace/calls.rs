//! Traces of calls that are in no block.

use crate::{
    RpcContext, RpcError,
    eth::{submit, types::RpcRequest},
    evm::{Env, Outcome, Scratch, commit},
    guard::Recording,
};
use alloy_eips::BlockId;
use alloy_evm::IntoTxEnv;
use alloy_op_evm::OpTx;
use alloy_primitives::{Bytes, map::HashSet};
use alloy_rpc_types_eth::state::EvmOverrides;
use alloy_rpc_types_trace::parity::{TraceResults, TraceType};
use revm_inspectors::tracing::{TracingInspector, TracingInspectorConfig};

/// A trace of the virtual machine keeps every step with its memory; the others keep calls.
pub(crate) fn recording(types: &HashSet<TraceType>) -> Recording {
    if types.contains(&TraceType::VmTrace) { Recording::StepsAndMemory } else { Recording::Calls }
}

fn run(
    ctx: &RpcContext,
    db: &mut Scratch,
    env: Env,
    tx: OpTx,
    types: &HashSet<TraceType>,
) -> Result<(TraceResults, Outcome), RpcError> {
    let mut inspector = TracingInspector::new(TracingInspectorConfig::from_parity_config(types));
    let outcome = ctx.inspect(db, env, tx, &mut ctx.guard(recording(types)), &mut inspector)?;
    let results = inspector
        .into_parity_builder()
        .into_trace_results_with_state(&outcome, types, &*db)
        .map_err(RpcError::internal)?;
    Ok((results, outcome))
}

pub(crate) fn call(
    ctx: &RpcContext,
    request: RpcRequest,
    types: &HashSet<TraceType>,
    id: Option<BlockId>,
    overrides: EvmOverrides,
) -> Result<TraceResults, RpcError> {
    let (mut db, env) = ctx.state_and_env(id.unwrap_or_default())?;
    let (env, tx) = ctx.prepare_call(env, request, &mut db, overrides)?;
    Ok(run(ctx, &mut db, env, tx, types)?.0)
}

pub(crate) fn call_many(
    ctx: &RpcContext,
    calls: Vec<(RpcRequest, HashSet<TraceType>)>,
    id: Option<BlockId>,
) -> Result<Vec<TraceResults>, RpcError> {
    let (mut db, env) = ctx.state_and_env(id.unwrap_or(BlockId::pending()))?;
    calls
        .into_iter()
        .map(|(request, types)| {
            let (env, tx) =
                ctx.prepare_call(env.clone(), request, &mut db, EvmOverrides::default())?;
            let (results, outcome) = run(ctx, &mut db, env, tx, &types)?;
            commit(&mut db, outcome);
            Ok(results)
        })
        .collect()
}

pub(crate) fn raw_transaction(
    ctx: &RpcContext,
    raw: &Bytes,
    types: &HashSet<TraceType>,
    id: Option<BlockId>,
) -> Result<TraceResults, RpcError> {
    let transaction = submit::decode(raw)?;
    let (mut db, env) = ctx.state_and_env(id.unwrap_or_default())?;
    Ok(run(ctx, &mut db, env, transaction.into_tx_env(), types)?.0)
}
