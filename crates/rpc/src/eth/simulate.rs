//! `eth_simulateV1`: blocks of calls on top of a block, each on the state that the one before left.
//!
//! Spec: <https://github.com/ethereum/execution-apis/blob/main/docs-api/docs/ethsimulatev1-notes.mdx>

use crate::{
    RpcContext, RpcError, TransactionError,
    eth::{
        sim_chain,
        types::{self, RpcBlock, RpcRequest},
    },
    evm::{Env, Scratch, following, scratch},
};
use alloy_consensus::{
    Block, BlockBody, BlockHeader, EMPTY_OMMER_ROOT_HASH, Header, SignableTransaction,
    Transaction as _, constants::EMPTY_WITHDRAWALS, proofs::calculate_transaction_root,
};
use alloy_eips::{BlockId, eip7685::EMPTY_REQUESTS_HASH};
use alloy_evm::{
    Evm, EvmFactory, FromTxWithEncoded,
    overrides::{OverrideBlockHashes, apply_block_overrides, apply_state_overrides},
};
use alloy_op_evm::OpTx;
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, Signature, TxKind};
use alloy_rpc_types_eth::{
    Log, TransactionRequest,
    simulate::{SimBlock, SimCallResult, SimulateError, SimulatePayload, SimulatedBlock},
    state::StateOverride,
};
use assay_chainspec::OpHardforks;
use assay_evm::{Receipt, RecoveredBlock, SealedHeader, Transaction};
use op_alloy_consensus::OpTxType;
use op_revm::OpHaltReason;
use revm::{Database, DatabaseCommit, context_interface::result::ExecutionResult};
use revm_inspectors::transfer::TransferInspector;
use std::collections::BTreeMap;

/// Code of a call that reverted.
const REVERTED: i32 = 3;
/// Code of a call that failed otherwise.
const VM_ERROR: i32 = -32015;

/// Errors with codes of their own.
pub(crate) fn coded(code: i32, message: impl Into<String>) -> RpcError {
    RpcError::Coded { code, message: message.into() }
}

pub(crate) fn simulate(
    ctx: &RpcContext,
    payload: SimulatePayload<RpcRequest>,
    id: Option<BlockId>,
) -> Result<Vec<SimulatedBlock<RpcBlock>>, RpcError> {
    if payload.block_state_calls.is_empty() {
        return Err(RpcError::params("calls are empty."));
    }
    let mut parent = SealedHeader::clone(&*ctx.header(id.unwrap_or_default())?);
    let blocks =
        sim_chain::complete(payload.block_state_calls, &parent, ctx.config.max_simulate_blocks)?;
    let mut db = scratch(ctx.state(parent.hash().into())?);
    let mut gas_left = match ctx.config.gas_cap {
        0 => u64::MAX,
        cap => cap,
    };
    let mut simulated = Vec::with_capacity(blocks.len());
    for block in blocks {
        let run = Run {
            ctx,
            parent: &parent,
            validation: payload.validation,
            transfers: payload.trace_transfers,
        };
        let (block, receipts, calls) = run.block(block, &mut db, &mut gas_left)?;
        db.override_block_hashes(BTreeMap::from([(block.header().number(), block.hash())]));
        parent = SealedHeader::new_unchecked(block.header().clone(), block.hash());
        let inner = if payload.return_full_transactions {
            types::block_with_transactions(&block, &receipts)
        } else {
            types::block_with_hashes(&block)
        };
        simulated.push(SimulatedBlock { inner, calls });
    }
    Ok(simulated)
}

/// What one block is simulated with.
struct Run<'a> {
    ctx: &'a RpcContext,
    parent: &'a SealedHeader,
    validation: bool,
    transfers: bool,
}

/// A call that has run.
struct Ran {
    transaction: Transaction,
    sender: Address,
    result: ExecutionResult<OpHaltReason>,
}

impl Run<'_> {
    fn block(
        &self,
        block: SimBlock<RpcRequest>,
        db: &mut Scratch,
        gas_left: &mut u64,
    ) -> Result<(RecoveredBlock, Vec<Receipt>, Vec<SimCallResult>), RpcError> {
        let SimBlock { block_overrides, state_overrides, calls } = block;
        let mut env = self.env(&block_overrides)?;
        if let Some(overrides) = block_overrides {
            if overrides
                .gas_limit
                .is_some_and(|limit| limit > env.block_env.gas_limit && limit > self.cap())
            {
                return Err(coded(-38026, "Client adjustable limit reached"));
            }
            apply_block_overrides(overrides, db, &mut env.block_env);
        }
        let frame = self.frame(&env);
        let moves = precompile_moves(state_overrides.as_ref())?;
        if let Some(overrides) = state_overrides {
            apply_state_overrides(overrides, db)?;
        }

        let inspector = TransferInspector::new(false).with_logs(true);
        let mut evm = self.ctx.evm.factory().create_evm_with_inspector(&mut *db, env, inspector);
        evm.precompiles_mut()
            .move_precompiles(moves)
            .map_err(|error| coded(-32000, error.to_string()))?;
        evm.set_inspector_enabled(false);
        self.ctx
            .evm
            .apply_pre_execution(&frame, self.parent, &mut evm)
            .map_err(RpcError::internal)?;
        evm.set_inspector_enabled(self.transfers);

        let mut ran: Vec<Ran> = Vec::with_capacity(calls.len());
        let mut block_gas_left = evm.block().gas_limit;
        for call in calls {
            let call: TransactionRequest = call.into();
            if call.gas.is_some_and(|gas| gas > block_gas_left) {
                return Err(coded(-38015, "Block gas limit exceeded by the block's transactions"));
            }
            let (transaction, sender) =
                self.transaction(call, block_gas_left.min(*gas_left), *gas_left, evm.db_mut())?;
            // No encoding: a simulated transaction pays nothing for L1 data.
            let tx = OpTx::from_encoded_tx(&transaction, sender, Bytes::new());
            let outcome = evm.transact(tx).map_err(|error| rejected(error.into()))?;
            evm.db_mut().commit(outcome.state);
            let used = outcome.result.tx_gas_used();
            *gas_left = gas_left
                .checked_sub(used)
                .ok_or_else(|| coded(-38026, "Client adjustable limit reached"))?;
            block_gas_left = block_gas_left.saturating_sub(used);
            ran.push(Ran { transaction, sender, result: outcome.result });
        }
        drop(evm);
        Ok(self.seal(frame, ran))
    }

    fn cap(&self) -> u64 {
        self.ctx.config.gas_cap
    }

    fn env(
        &self,
        overrides: &Option<alloy_rpc_types_eth::BlockOverrides>,
    ) -> Result<Env, RpcError> {
        let parent = self.parent;
        let time = overrides.as_ref().and_then(|overrides| overrides.time);
        let time = time.unwrap_or_else(|| parent.timestamp.saturating_add(1));
        let attributes = following(parent, time);
        let mut env = self.ctx.evm.next_evm_env(parent, &attributes).map_err(RpcError::internal)?;
        env.cfg_env.disable_eip3607 = true;
        env.cfg_env.tx_gas_limit_cap = Some(u64::MAX);
        if !self.validation {
            env.cfg_env.disable_nonce_check = true;
            env.cfg_env.disable_base_fee = true;
            env.block_env.basefee = 0;
        }
        Ok(env)
    }

    /// The block's header as far as it is known before it runs.
    fn frame(&self, env: &Env) -> Header {
        let block = &env.block_env;
        let spec = self.ctx.spec();
        let time = block.timestamp.saturating_to();
        let cancun = spec.is_ecotone_active_at_timestamp(time);
        let isthmus = spec.is_isthmus_active_at_timestamp(time);
        Header {
            parent_hash: self.parent.hash(),
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: block.beneficiary,
            difficulty: block.difficulty,
            number: block.number.saturating_to(),
            gas_limit: block.gas_limit,
            timestamp: time,
            extra_data: self.parent.extra_data.clone(),
            mix_hash: block.prevrandao.unwrap_or_default(),
            nonce: B64::ZERO,
            base_fee_per_gas: Some(block.basefee),
            // The state's roots are left at zero, as in op-reth.
            state_root: B256::ZERO,
            withdrawals_root: if isthmus {
                Some(B256::ZERO)
            } else {
                spec.is_canyon_active_at_timestamp(time).then_some(EMPTY_WITHDRAWALS)
            },
            blob_gas_used: cancun.then_some(0),
            excess_blob_gas: cancun.then_some(0),
            parent_beacon_block_root: self.parent.parent_beacon_block_root.filter(|_| cancun),
            requests_hash: isthmus.then_some(EMPTY_REQUESTS_HASH),
            ..Default::default()
        }
    }

    /// Completes a call to a transaction: what it leaves out costs nothing and limits nothing.
    fn transaction(
        &self,
        mut call: TransactionRequest,
        default_gas: u64,
        most_gas: u64,
        db: &mut impl Database<Error: std::fmt::Display>,
    ) -> Result<(Transaction, Address), RpcError> {
        let sender = *call.from.get_or_insert(Address::ZERO);
        if call.nonce.is_none() {
            let account = db.basic(sender).map_err(RpcError::internal)?;
            call.nonce = Some(account.map(|account| account.nonce).unwrap_or_default());
        }
        if !self.validation && call.nonce == Some(u64::MAX) {
            call.nonce = Some(0);
        }
        call.gas = Some(call.gas.map_or(default_gas, |gas| gas.min(most_gas)));
        call.chain_id.get_or_insert(self.ctx.spec().chain_id());
        call.to.get_or_insert(TxKind::Create);
        if call.gas_price.is_none() {
            call.max_fee_per_gas.get_or_insert(0);
            call.max_priority_fee_per_gas.get_or_insert(0);
        }
        let request: RpcRequest = call.into();
        let typed = request
            .build_typed_tx()
            .map_err(|_| RpcError::params("the call does not make a transaction"))?;
        let signature = Signature::new(Default::default(), Default::default(), false);
        Ok((typed.into_signed(signature).into(), sender))
    }

    fn seal(
        &self,
        mut header: Header,
        ran: Vec<Ran>,
    ) -> (RecoveredBlock, Vec<Receipt>, Vec<SimCallResult>) {
        let mut cumulative = 0;
        let receipts: Vec<Receipt> = ran
            .iter()
            .map(|ran| {
                cumulative += ran.result.tx_gas_used();
                receipt(ran, cumulative)
            })
            .collect();
        let transactions: Vec<_> = ran.iter().map(|ran| ran.transaction.clone()).collect();
        let senders = ran.iter().map(|ran| ran.sender).collect();
        header.gas_used = cumulative;
        header.transactions_root = calculate_transaction_root(&transactions);
        header.receipts_root =
            assay_evm::receipts_root(self.ctx.spec(), header.timestamp, &receipts);
        header.logs_bloom =
            receipts.iter().fold(Bloom::ZERO, |bloom, receipt| bloom | *receipt.logs_bloom());
        let withdrawals = header.withdrawals_root.map(|_| Default::default());
        let body = BlockBody { transactions, ommers: Vec::new(), withdrawals };
        let block = RecoveredBlock::new_unhashed(Block { header, body }, senders);
        let mut log_index = 0;
        let calls = ran
            .into_iter()
            .enumerate()
            .map(|(index, ran)| call_result(&block, index, ran, &mut log_index))
            .collect();
        (block, receipts, calls)
    }
}

fn precompile_moves(
    overrides: Option<&StateOverride>,
) -> Result<Vec<(Address, Address)>, RpcError> {
    let moves: Vec<_> = overrides
        .into_iter()
        .flatten()
        .filter_map(|(from, account)| account.move_precompile_to.map(|to| (*from, to)))
        .collect();
    match moves.iter().find(|(from, to)| from == to) {
        Some((from, _)) => Err(coded(-38022, format!("cannot move precompile {from} to itself"))),
        None => Ok(moves),
    }
}

/// The codes that the specification gives a transaction that cannot run.
fn rejected(error: RpcError) -> RpcError {
    let RpcError::Transaction(reason) = &error else { return error };
    let code = match reason {
        TransactionError::NonceTooLow { .. } => -38010,
        TransactionError::NonceTooHigh => -38011,
        TransactionError::NonceMaxValue => -32603,
        TransactionError::FeeCapTooLow => -38012,
        TransactionError::GasTooLow => -38013,
        TransactionError::InsufficientFunds { .. } => -38014,
        TransactionError::GasTooHigh => -38015,
        TransactionError::SenderNotEoa => -38024,
        TransactionError::MaxInitCodeSizeExceeded => -38025,
        _ => return error,
    };
    coded(code, reason.to_string())
}

fn receipt(ran: &Ran, cumulative_gas_used: u64) -> Receipt {
    let receipt = alloy_consensus::Receipt {
        status: ran.result.is_success().into(),
        cumulative_gas_used,
        logs: ran.result.logs().to_vec(),
    }
    .with_bloom();
    match ran.transaction.tx_type() {
        OpTxType::Legacy => Receipt::Legacy(receipt),
        OpTxType::Eip2930 => Receipt::Eip2930(receipt),
        OpTxType::Eip7702 => Receipt::Eip7702(receipt),
        // Calls make no deposits.
        OpTxType::Eip1559 | OpTxType::Deposit | OpTxType::PostExec => Receipt::Eip1559(receipt),
    }
}

fn call_result(
    block: &RecoveredBlock,
    index: usize,
    ran: Ran,
    log_index: &mut u64,
) -> SimCallResult {
    let gas_used = ran.result.tx_gas_used();
    let failed = |return_data: Bytes, code: i32, message: String| SimCallResult {
        return_data,
        gas_used,
        status: false,
        error: Some(SimulateError { code, message, ..SimulateError::invalid_params() }),
        ..Default::default()
    };
    match ran.result {
        ExecutionResult::Halt { reason, .. } => {
            let gas_limit = ran.transaction.gas_limit();
            let error = RpcError::from_halt(&reason, gas_limit);
            failed(Bytes::new(), VM_ERROR, error.to_string())
        }
        ExecutionResult::Revert { output, .. } => {
            let message = TransactionError::Revert(output.clone()).to_string();
            failed(output, REVERTED, message)
        }
        ExecutionResult::Success { output, logs, .. } => SimCallResult {
            return_data: output.into_data(),
            gas_used,
            status: true,
            logs: logs
                .into_iter()
                .map(|log| {
                    *log_index += 1;
                    Log {
                        inner: log,
                        block_hash: Some(block.hash()),
                        block_number: Some(block.header().number()),
                        block_timestamp: Some(block.header().timestamp()),
                        transaction_hash: Some(ran.transaction.tx_hash()),
                        transaction_index: Some(index as u64),
                        log_index: Some(*log_index - 1),
                        removed: false,
                    }
                })
                .collect(),
            ..Default::default()
        },
    }
}
