//! Running the EVM for a request: on which state, in which environment, with which transaction.

use crate::{
    RpcContext, RpcError, TransactionError,
    eth::types::RpcRequest,
    guard::{Guard, Recording},
};
use alloy_consensus::{BlockHeader, Header};
use alloy_eips::BlockId;
use alloy_evm::{
    Evm, EvmEnv, EvmFactory,
    call::caller_gas_allowance,
    overrides::{apply_block_overrides, apply_state_overrides},
    rpc::TryIntoTxEnv,
};
use alloy_op_evm::{OpEvmContext, OpTx};
use alloy_primitives::{B256, Bytes, U256};
use alloy_rpc_types_eth::{TransactionRequest, state::EvmOverrides};
use assay_chain::StateView;
use assay_evm::{NextBlockAttributes, RecoveredBlock};
use op_revm::{OpHaltReason, OpSpecId, OpTransaction};
use revm::{
    Database, DatabaseCommit, Inspector,
    context::TxEnv,
    context_interface::result::{ExecutionResult, ResultAndState},
    database::{State, WrapDatabaseRef},
};

/// A past state as the EVM reads it.
pub(crate) type Past = WrapDatabaseRef<StateView>;

/// A past state with changes on top, kept for this request alone.
pub(crate) type Scratch = State<Past>;
/// The environment of a block.
pub(crate) type Env = EvmEnv<OpSpecId>;
/// What a transaction did.
pub(crate) type Outcome = ResultAndState<OpHaltReason>;

/// Seconds from the head to a block that is only thought of: what op-reth takes.
const PENDING_SECONDS: u64 = 12;

/// What a block after `parent` is made with when nothing else is asked for.
pub(crate) fn following(parent: &Header, timestamp: u64) -> NextBlockAttributes {
    NextBlockAttributes {
        timestamp,
        suggested_fee_recipient: parent.beneficiary,
        prev_randao: B256::ZERO,
        gas_limit: parent.gas_limit,
        parent_beacon_block_root: parent.parent_beacon_block_root,
        extra_data: parent.extra_data.clone(),
    }
}

/// Fresh changes over `state`.
pub(crate) fn scratch(state: StateView) -> Scratch {
    State::builder().with_database(WrapDatabaseRef(state)).build()
}

impl RpcContext {
    /// The state after a block, and the environment to run calls on top of it: the block's own, or
    /// at `pending` the next block's, as far as the head determines it.
    pub(crate) fn state_and_env(&self, id: BlockId) -> Result<(Scratch, Env), RpcError> {
        let header = self.header(id)?;
        let env = if id.is_pending() {
            let time = header.timestamp.saturating_add(PENDING_SECONDS);
            let next = following(&header, time);
            self.evm.next_evm_env(&header, &next).map_err(RpcError::internal)?
        } else {
            self.evm_env(&header)?
        };
        Ok((scratch(self.state(header.hash().into())?), env))
    }

    /// Runs a transaction and gives its changes, which are not committed.
    pub(crate) fn transact(
        &self,
        db: &mut Scratch,
        env: Env,
        tx: OpTx,
    ) -> Result<Outcome, RpcError> {
        Ok(self.evm.factory().create_evm(db, env).transact(tx)?)
    }

    /// The bounds on a trace that keeps this much of every step.
    pub(crate) fn guard(&self, recording: Recording) -> Guard {
        Guard::new(self.config.call_timeout, recording, self.config.max_trace_bytes)
    }

    /// As [`Self::transact`], watched by `inspector`, within the bounds of `guard`.
    pub(crate) fn inspect<I>(
        &self,
        db: &mut Scratch,
        env: Env,
        tx: OpTx,
        guard: &mut Guard,
        inspector: &mut I,
    ) -> Result<Outcome, RpcError>
    where
        I: for<'a> Inspector<OpEvmContext<&'a mut Scratch>>,
    {
        self.evm
            .factory()
            .create_evm_with_inspector(db, env, (&mut *guard, inspector))
            .transact(tx)
            .map_err(|error| guard.verdict().unwrap_or_else(|| error.into()))
    }

    /// Applies a request's overrides and turns it into a transaction that the EVM runs, with the
    /// checks off that a call is free of: nonce, sender with code, base fee, fees of the rollup.
    pub(crate) fn prepare_call(
        &self,
        mut env: Env,
        mut request: RpcRequest,
        db: &mut Scratch,
        overrides: EvmOverrides,
    ) -> Result<(Env, OpTx), RpcError> {
        let request_gas = request.as_ref().gas;
        let cap = self.config.gas_cap;
        request.as_mut().gas = Some(match request_gas {
            Some(gas) if cap == 0 => gas,
            Some(gas) => gas.min(cap),
            None if cap == 0 => env.block_env.gas_limit,
            None => cap,
        });

        // The gas cap stands in for the block's limit and for EIP-7825's.
        env.cfg_env.disable_block_gas_limit = true;
        env.cfg_env.tx_gas_limit_cap = Some(u64::MAX);
        env.cfg_env.disable_eip3607 = true;
        env.cfg_env.disable_base_fee = true;
        env.cfg_env.disable_fee_charge = true;
        request.as_mut().nonce = None;

        if let Some(block) = overrides.block {
            apply_block_overrides(*block, db, &mut env.block_env);
        }
        if let Some(state) = overrides.state {
            apply_state_overrides(state, db)?;
        }
        let mut tx = tx_env(&env, request, db)?;
        if tx.base.gas_price == 0 {
            // So that no contract sees a gas price below the base fee.
            env.block_env.basefee = 0;
        } else if request_gas.is_none() {
            let affordable = caller_gas_allowance(db, &tx)?;
            tx.base.gas_limit = affordable.min(env.block_env.gas_limit);
        } else {
            // The EVM charges a call no fees, so it does not look either.
            check_funds(db, &tx)?;
        }
        Ok((env, tx))
    }

    /// Does on `db` what `block` does before its first transaction.
    pub(crate) fn prepare_block(
        &self,
        db: &mut Scratch,
        block: &RecoveredBlock,
    ) -> Result<(), RpcError> {
        let header = block.header();
        let parent = self.header(header.parent_hash().into())?;
        let mut evm = self.evm.factory().create_evm(db, self.evm_env(header)?);
        self.evm.apply_pre_execution(header, &parent, &mut evm).map_err(RpcError::internal)
    }

    /// Runs the transactions of `block` before `index` on `db`, which must hold the state of its
    /// parent.
    pub(crate) fn replay_until(
        &self,
        db: &mut Scratch,
        block: &RecoveredBlock,
        index: usize,
    ) -> Result<(), RpcError> {
        self.prepare_block(db, block)?;
        let env = self.evm_env(block.header())?;
        let mut evm = self.evm.factory().create_evm(db, env);
        for transaction in block.transactions_recovered().take(index) {
            evm.transact_commit(transaction)?;
        }
        Ok(())
    }
}

/// The EVM's form of a request; the nonce is the sender's own where the request names none.
///
/// There is no encoded transaction to charge L1 data for, so none is charged.
pub(crate) fn tx_env<DB>(env: &Env, request: RpcRequest, db: &mut DB) -> Result<OpTx, RpcError>
where
    DB: Database<Error: std::fmt::Display>,
{
    let mut request: TransactionRequest = request.into();
    if request.nonce.is_none() {
        let sender = request.from.unwrap_or_default();
        let account = db.basic(sender).map_err(RpcError::internal)?;
        request.nonce = Some(account.map(|account| account.nonce).unwrap_or_default());
    }
    let base: TxEnv = request.try_into_tx_env(env)?;
    Ok(OpTx(OpTransaction { base, enveloped_tx: Some(Bytes::new()), deposit: Default::default() }))
}

/// Whoever names gas and a price has to have that much.
fn check_funds(db: &mut Scratch, tx: &OpTx) -> Result<(), RpcError> {
    let base = &tx.base;
    let balance = db
        .basic(base.caller)
        .map_err(RpcError::internal)?
        .map(|account| account.balance)
        .unwrap_or_default();
    let cost = U256::from(base.gas_limit)
        .saturating_mul(U256::from(base.gas_price))
        .saturating_add(base.value);
    if balance < cost {
        return Err(TransactionError::InsufficientFunds { cost, balance }.into());
    }
    Ok(())
}

/// A call's output, or what its failure becomes.
pub(crate) fn ensure_success(
    result: ExecutionResult<OpHaltReason>,
    gas_limit: u64,
) -> Result<Bytes, RpcError> {
    match result {
        ExecutionResult::Success { output, .. } => Ok(output.into_data()),
        ExecutionResult::Revert { output, .. } => Err(TransactionError::Revert(output).into()),
        ExecutionResult::Halt { reason, .. } => Err(RpcError::from_halt(&reason, gas_limit)),
    }
}

/// Commits what a transaction did.
pub(crate) fn commit(db: &mut Scratch, outcome: Outcome) {
    db.commit(outcome.state);
}
