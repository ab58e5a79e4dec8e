//! `eth_estimateGas`: the least gas limit with which a transaction succeeds, within 1.5 %.

use crate::{
    RpcContext, RpcError, TransactionError,
    eth::types::RpcRequest,
    evm::{Outcome, Scratch, tx_env},
};
use alloy_eips::BlockId;
use alloy_evm::precompiles::PrecompilesMap;
use alloy_evm::{
    Evm, EvmFactory,
    call::caller_gas_allowance,
    overrides::{apply_block_overrides, apply_state_overrides},
};
use alloy_op_evm::{OpEvm, OpTx};
use alloy_primitives::{KECCAK256_EMPTY, TxKind, U256};
use alloy_rpc_types_eth::state::EvmOverrides;
use op_revm::OpHaltReason;
use revm::{Database, context_interface::result::ExecutionResult, inspector::NoOpInspector};

/// The search ends when the range is this small a part of its upper end.
const ERROR_RATIO: f64 = 0.015;
/// Gas of a plain transfer.
const TRANSFER_GAS: u64 = 21_000;
/// Gas that a call with value leaves its callee at least.
const CALL_STIPEND: u64 = 2_300;

type EstimateEvm<'a> = OpEvm<&'a mut Scratch, NoOpInspector, PrecompilesMap, OpTx>;

pub(crate) fn estimate_gas(
    ctx: &RpcContext,
    mut request: RpcRequest,
    id: Option<BlockId>,
    overrides: EvmOverrides,
) -> Result<U256, RpcError> {
    let (mut db, mut env) = ctx.state_and_env(id.unwrap_or_default())?;
    env.cfg_env.disable_eip3607 = true;
    env.cfg_env.disable_base_fee = true;
    env.cfg_env.disable_fee_charge = true;
    request.as_mut().nonce = None;
    let asked_gas = request.as_ref().gas;
    let asked_price = request.as_ref().gas_price;

    if let Some(block) = overrides.block {
        apply_block_overrides(*block, &mut db, &mut env.block_env);
    }
    if let Some(state) = overrides.state {
        apply_state_overrides(state, &mut db)?;
    }

    // EIP-7825 bounds what can be sent, so nothing above its cap is an answer.
    let time: u64 = env.block_env.timestamp.saturating_to();
    let tx_cap = ctx.evm.tx_gas_cap(time).unwrap_or(u64::MAX);
    let most = env.block_env.gas_limit.min(tx_cap);
    let mut highest = asked_gas.map_or(most, |gas| gas.min(most));
    let mut tx = tx_env(&env, request, &mut db)?;
    let transfer = is_transfer(&mut db, &tx)?;
    if tx.base.gas_price > 0 {
        highest = highest.min(caller_gas_allowance(&mut db, &tx)?);
    }
    tx.base.gas_limit = tx.base.gas_limit.min(highest);

    let mut evm = ctx.evm.factory().create_evm(&mut db, env);
    if transfer
        && let Ok(outcome) = run(&mut evm, &tx, TRANSFER_GAS)
        && outcome.result.is_success()
    {
        return Ok(U256::from(TRANSFER_GAS));
    }

    let explicit = asked_gas.is_some() || asked_price.is_some();
    let gas_limit = tx.base.gas_limit;
    let first = match run(&mut evm, &tx, gas_limit) {
        Err(error) if error.is_gas_too_high() && explicit => {
            return Err(why_out_of_gas(&mut evm, &tx, most));
        }
        Err(error) if error.is_gas_too_low() => {
            return Err(TransactionError::GasRequiredExceedsAllowance(gas_limit).into());
        }
        other => other?,
    };
    match &first.result {
        ExecutionResult::Success { .. } => {}
        ExecutionResult::Halt { reason, .. } => return Err(RpcError::from_halt(reason, gas_limit)),
        ExecutionResult::Revert { .. } if explicit => {
            return Err(why_out_of_gas(&mut evm, &tx, most));
        }
        ExecutionResult::Revert { output, .. } => {
            return Err(TransactionError::Revert(output.clone()).into());
        }
    }
    search(&mut evm, &tx, &first.result).map(U256::from)
}

/// Whether this only moves value to an account without code.
fn is_transfer(db: &mut Scratch, tx: &OpTx) -> Result<bool, RpcError> {
    let TxKind::Call(to) = tx.base.kind else { return Ok(false) };
    if !tx.base.data.is_empty() {
        return Ok(false);
    }
    // What an override puts there does not count, as in reth.
    let account = db.database.basic(to).map_err(RpcError::internal)?;
    Ok(account.is_none_or(|account| account.code_hash == KECCAK256_EMPTY))
}

fn run(evm: &mut EstimateEvm<'_>, tx: &OpTx, gas_limit: u64) -> Result<Outcome, RpcError> {
    let mut tx = tx.clone();
    tx.base.gas_limit = gas_limit;
    Ok(evm.transact(tx)?)
}

/// The limit was the request's own or what the sender can pay: says whether more gas would help.
fn why_out_of_gas(evm: &mut EstimateEvm<'_>, tx: &OpTx, most: u64) -> RpcError {
    let gas_limit = tx.base.gas_limit;
    match run(evm, tx, most) {
        Err(error) => error,
        Ok(outcome) => match outcome.result {
            ExecutionResult::Success { .. } => TransactionError::OutOfGas(gas_limit).into(),
            ExecutionResult::Revert { output, .. } => TransactionError::Revert(output).into(),
            ExecutionResult::Halt { reason, .. } => RpcError::from_halt(&reason, gas_limit),
        },
    }
}

/// Searches between what the transaction used and the limit it succeeded with.
fn search(
    evm: &mut EstimateEvm<'_>,
    tx: &OpTx,
    first: &ExecutionResult<OpHaltReason>,
) -> Result<u64, RpcError> {
    let mut highest = tx.base.gas_limit;
    let mut gas_used = first.tx_gas_used();
    let mut lowest = gas_used.saturating_sub(1);

    // What was used and refunded, plus what a call holds back (1/64), mostly suffices.
    let refund = first.gas().final_refunded();
    let likely = (u128::from(gas_used) + u128::from(refund) + u128::from(CALL_STIPEND)) * 64 / 63;
    let likely = u64::try_from(likely).unwrap_or(u64::MAX);
    if likely < highest {
        let outcome = run(evm, tx, likely)?;
        gas_used = outcome.result.tx_gas_used();
        narrow(&outcome.result, likely, &mut highest, &mut lowest);
    }
    let middle = |highest: u64, lowest: u64| lowest + (highest - lowest) / 2;
    let mut guess = gas_used.saturating_mul(3).min(middle(highest, lowest));
    while lowest + 1 < highest {
        if ((highest - lowest) as f64) / (highest as f64) < ERROR_RATIO {
            break;
        }
        match run(evm, tx, guess) {
            Err(error) if error.is_gas_too_high() => highest = guess,
            Err(error) if error.is_gas_too_low() => lowest = guess,
            outcome => narrow(&outcome?.result, guess, &mut highest, &mut lowest),
        }
        guess = middle(highest, lowest);
    }
    Ok(highest)
}

/// Any failure counts as too little gas: contracts answer it with any halt they like.
fn narrow(
    result: &ExecutionResult<OpHaltReason>,
    gas_limit: u64,
    highest: &mut u64,
    lowest: &mut u64,
) {
    if result.is_success() {
        *highest = gas_limit;
    } else {
        *lowest = gas_limit;
    }
}
