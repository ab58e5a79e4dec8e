//! Calls: `eth_call`, `eth_callMany`, `eth_createAccessList`.

use crate::{
    RpcContext, RpcError,
    eth::{access_list::AccessListTracer, types::RpcRequest},
    evm::{commit, ensure_success, scratch},
};
use alloy_consensus::BlockHeader;
use alloy_eips::{
    BlockId,
    eip2718::{EIP2930_TX_TYPE_ID, LEGACY_TX_TYPE_ID},
    eip2930::AccessListResult,
};
use alloy_evm::{Evm, EvmFactory};
use alloy_primitives::{Bytes, U256};
use alloy_rpc_types_eth::{
    Bundle, EthCallResponse, StateContext,
    state::{EvmOverrides, StateOverride},
};

pub(crate) fn call(
    ctx: &RpcContext,
    request: RpcRequest,
    id: Option<BlockId>,
    overrides: EvmOverrides,
) -> Result<Bytes, RpcError> {
    let (mut db, env) = ctx.state_and_env(id.unwrap_or_default())?;
    let (env, tx) = ctx.prepare_call(env, request, &mut db, overrides)?;
    let gas_limit = tx.base.gas_limit;
    ensure_success(ctx.transact(&mut db, env, tx)?.result, gas_limit)
}

pub(crate) fn call_many(
    ctx: &RpcContext,
    bundles: Vec<Bundle<RpcRequest>>,
    context: Option<StateContext>,
    mut state_override: Option<StateOverride>,
) -> Result<Vec<Vec<EthCallResponse>>, RpcError> {
    if bundles.is_empty() {
        return Err(RpcError::params("bundles are empty."));
    }
    let StateContext { transaction_index, block_number } = context.unwrap_or_default();
    let block = ctx.block(block_number.unwrap_or_default())?;
    let env = ctx.evm_env(block.header())?;
    let total = block.body().transactions.len();
    let index =
        transaction_index.unwrap_or_default().index().map_or(total, |index| index.min(total));
    let mut db = if index == total {
        scratch(ctx.state(block.hash().into())?)
    } else {
        let mut db = scratch(ctx.state(block.header().parent_hash().into())?);
        ctx.replay_until(&mut db, &block, index)?;
        db
    };
    let mut answers = Vec::with_capacity(bundles.len());
    for (bundle_index, bundle) in bundles.into_iter().enumerate() {
        if bundle.transactions.is_empty() {
            continue;
        }
        let block_override = bundle.block_override.map(Box::new);
        let mut results = Vec::with_capacity(bundle.transactions.len());
        for (tx_index, request) in bundle.transactions.into_iter().enumerate() {
            // State overrides hold from the first call on.
            let overrides = EvmOverrides::new(state_override.take(), block_override.clone());
            let in_place = |error: RpcError| {
                let object = error.to_object();
                RpcError::Coded {
                    code: object.code(),
                    message: format!(
                        "call_many error in bundle {bundle_index} and transaction {tx_index}: {}",
                        object.message()
                    ),
                }
            };
            let (env, tx) =
                ctx.prepare_call(env.clone(), request, &mut db, overrides).map_err(in_place)?;
            let gas_limit = tx.base.gas_limit;
            let outcome = ctx.transact(&mut db, env, tx).map_err(in_place)?;
            results.push(match ensure_success(outcome.result.clone(), gas_limit) {
                Ok(output) => EthCallResponse { value: Some(output), error: None },
                Err(error) => EthCallResponse { value: None, error: Some(error.to_string()) },
            });
            commit(&mut db, outcome);
        }
        answers.push(results);
    }
    Ok(answers)
}

pub(crate) fn create_access_list(
    ctx: &RpcContext,
    request: RpcRequest,
    id: Option<BlockId>,
    state_override: Option<StateOverride>,
) -> Result<AccessListResult, RpcError> {
    let (mut db, env) = ctx.state_and_env(id.unwrap_or_default())?;
    let initial = request.as_ref().access_list.clone().unwrap_or_default();
    let (env, mut tx) =
        ctx.prepare_call(env, request, &mut db, EvmOverrides::state(state_override))?;
    let gas_limit = tx.base.gas_limit;
    let mut evm =
        ctx.evm.factory().create_evm_with_inspector(&mut db, env, AccessListTracer::new(initial));
    let first = evm.transact(tx.clone())?.result;
    let access_list = std::mem::take(evm.inspector_mut()).into_access_list();
    let gas_used = U256::from(first.tx_gas_used());
    if let Err(error) = ensure_success(first, gas_limit) {
        return Ok(AccessListResult { access_list, gas_used, error: Some(error.to_string()) });
    }
    // Again with the list, for the gas that it then takes.
    tx.base.access_list = access_list.clone();
    if tx.base.tx_type == LEGACY_TX_TYPE_ID {
        // A legacy transaction has none.
        tx.base.tx_type = EIP2930_TX_TYPE_ID;
    }
    evm.disable_inspector();
    let second = evm.transact(tx)?.result;
    let gas_used = U256::from(second.tx_gas_used());
    let error = ensure_success(second, gas_limit).err().map(|error| error.to_string());
    Ok(AccessListResult { access_list, gas_used, error })
}
