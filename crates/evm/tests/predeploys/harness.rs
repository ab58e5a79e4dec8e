//! A chain at a preset's genesis: calls and transactions, one block after the other.
#![allow(dead_code, unreachable_pub, reason = "each module uses a part of it")]

use alloy_consensus::Header;
use alloy_evm::{Evm, EvmFactory};
use alloy_op_evm::OpTx;
use alloy_primitives::{Address, B256, Bytes, Log, TxKind, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use assay_chainspec::preset::{Preset, PresetBuilder};
use assay_evm::{AssayEvmConfig, KARST_TX_GAS_CAP};
use op_revm::OpTransaction;
use revm::{
    DatabaseCommit, DatabaseRef,
    bytecode::Bytecode,
    context::{TxEnv, result::ExecutionResult},
    database::InMemoryDB,
    state::AccountInfo,
};
use std::sync::Arc;

/// Gas of calls and transactions: the most that a transaction may ask for.
const GAS: u64 = KARST_TX_GAS_CAP;

/// A chain and the block that is being filled. Gas is free, so that balances change by what
/// contracts do alone.
#[derive(Clone)]
pub struct Chain {
    config: AssayEvmConfig,
    db: InMemoryDB,
    /// The block's header, as far as its transactions see it.
    header: Header,
    /// Headers of the blocks before, by their number.
    ancestors: Vec<Header>,
}

impl Chain {
    /// The `dev` preset's chain, in its block 1.
    pub fn new() -> Self {
        Self::of(&Preset::Dev.builder())
    }

    /// A preset's chain, in its block 1.
    pub fn of(builder: &PresetBuilder) -> Self {
        let spec = Arc::new(builder.build().expect("a preset").spec);
        let mut db = InMemoryDB::default();
        for (address, account) in &spec.genesis().alloc {
            let info = AccountInfo {
                balance: account.balance,
                nonce: account.nonce.unwrap_or_default(),
                ..Default::default()
            };
            let info = match &account.code {
                Some(code) => info.with_code(Bytecode::new_raw(code.clone())),
                None => info,
            };
            db.insert_account_info(*address, info);
            for (slot, value) in account.storage.iter().flatten() {
                db.insert_account_storage(*address, (*slot).into(), (*value).into())
                    .expect("in memory");
            }
        }
        let header = spec.genesis_header().clone_inner();
        let config = AssayEvmConfig::new(spec).expect("a config");
        let mut chain = Self { config, db, header, ancestors: Vec::new() };
        chain.advance(2);
        chain
    }

    /// Ends the block: the next one is `seconds` later. Its parent's hash is in EIP-2935's contract
    /// by the same code that blocks run.
    pub fn advance(&mut self, seconds: u64) {
        let parent = self.header.clone();
        self.header = Header {
            parent_hash: parent.hash_slow(),
            number: parent.number + 1,
            timestamp: parent.timestamp + seconds,
            base_fee_per_gas: Some(0),
            ..parent.clone()
        };
        let env = self.config.evm_env(&self.header);
        let mut evm = self.config.factory().create_evm(&mut self.db, env);
        self.config
            .apply_pre_execution(&self.header, &parent, &mut evm)
            .expect("system calls succeed");
        drop(evm);
        self.ancestors.push(parent);
    }

    /// Ends the block; the next one has this timestamp, which is later.
    pub fn advance_to(&mut self, timestamp: u64) {
        self.advance(timestamp.checked_sub(self.header.timestamp).expect("not back in time"));
    }

    pub const fn number(&self) -> u64 {
        self.header.number
    }

    pub const fn timestamp(&self) -> u64 {
        self.header.timestamp
    }

    pub fn chain_id(&self) -> u64 {
        self.config.spec().chain_id()
    }

    /// The header of an earlier block.
    pub fn ancestor(&self, number: u64) -> &Header {
        &self.ancestors[usize::try_from(number).expect("small")]
    }

    /// RLP and hash of the parent's header.
    pub fn parent(&self) -> (Bytes, B256) {
        let header = self.ancestors.last().expect("block 1 has a parent");
        (alloy_rlp::encode(header).into(), header.hash_slow())
    }

    /// Sends a transaction without value in this block.
    pub fn send(&mut self, from: Address, to: Address, call: &impl SolCall) -> Outcome {
        self.pay(from, to, U256::ZERO, call)
    }

    /// Sends a transaction in this block.
    pub fn pay(&mut self, from: Address, to: Address, value: U256, call: &impl SolCall) -> Outcome {
        self.run(from, TxKind::Call(to), value, call.abi_encode().into(), GAS, true)
    }

    /// As [`Self::send`] with less gas.
    pub fn send_with_gas(
        &mut self,
        from: Address,
        to: Address,
        gas: u64,
        call: &impl SolCall,
    ) -> Outcome {
        self.run(from, TxKind::Call(to), U256::ZERO, call.abi_encode().into(), gas, true)
    }

    /// What a call in this block would give; changes nothing.
    pub fn try_call(&self, from: Address, to: Address, call: &impl SolCall) -> Outcome {
        let mut copy = self.clone();
        copy.run(from, TxKind::Call(to), U256::ZERO, call.abi_encode().into(), GAS, false)
    }

    /// A view function's result.
    #[track_caller]
    pub fn call<C: SolCall>(&self, to: Address, call: &C) -> C::Return {
        let outcome = self.try_call(Address::repeat_byte(0xca), to, call).ok();
        C::abi_decode_returns_validate(&outcome.output).expect("the ABI's return type")
    }

    /// Deploys a contract by its creation code.
    #[track_caller]
    pub fn create(&mut self, creation: impl Into<Bytes>) -> Address {
        let from = Address::repeat_byte(0xde);
        let nonce = self.nonce(from);
        self.run(from, TxKind::Create, U256::ZERO, creation.into(), GAS, true).ok();
        from.create(nonce)
    }

    /// Puts code at an address.
    pub fn set_code(&mut self, address: Address, code: impl Into<Bytes>) {
        let info = AccountInfo { nonce: 1, ..Default::default() }
            .with_code(Bytecode::new_raw(code.into()));
        self.db.insert_account_info(address, info);
    }

    pub fn code(&self, address: Address) -> Bytes {
        let Some(info) = self.db.basic_ref(address).expect("in memory") else {
            return Bytes::new();
        };
        self.db.code_by_hash_ref(info.code_hash).expect("in memory").original_bytes()
    }

    pub fn storage(&self, address: Address, slot: B256) -> B256 {
        self.db.storage_ref(address, slot.into()).expect("in memory").into()
    }

    pub fn set_balance(&mut self, address: Address, balance: U256) {
        let mut info = self.db.basic_ref(address).expect("in memory").unwrap_or_default();
        info.balance = balance;
        self.db.insert_account_info(address, info);
    }

    pub fn balance(&self, address: Address) -> U256 {
        self.db.basic_ref(address).expect("in memory").unwrap_or_default().balance
    }

    /// All of the state.
    pub const fn state(&self) -> &InMemoryDB {
        &self.db
    }

    fn nonce(&self, address: Address) -> u64 {
        self.db.basic_ref(address).expect("in memory").unwrap_or_default().nonce
    }

    fn run(
        &mut self,
        from: Address,
        kind: TxKind,
        value: U256,
        data: Bytes,
        gas_limit: u64,
        commit: bool,
    ) -> Outcome {
        let base = TxEnv {
            tx_type: 2,
            caller: from,
            gas_limit,
            kind,
            value,
            data,
            nonce: self.nonce(from),
            chain_id: Some(self.chain_id()),
            gas_priority_fee: Some(0),
            ..Default::default()
        };
        // L1Block is empty at genesis: no transaction pays an L1 fee, whatever it is encoded as.
        let transaction =
            OpTransaction { enveloped_tx: Some(Bytes::new()), ..OpTransaction::new(base) };
        let env = self.config.evm_env(&self.header);
        let mut evm = self.config.factory().create_evm(&mut self.db, env);
        let output = evm.transact(OpTx(transaction)).expect("a valid transaction");
        drop(evm);
        if commit {
            self.db.commit(output.state);
        }
        let gas_used = output.result.tx_gas_used();
        let (result, logs) = match output.result {
            ExecutionResult::Success { output, logs, .. } => (Ok(output.into_data()), logs),
            ExecutionResult::Revert { output, .. } => (Err(Failure::Revert(output)), Vec::new()),
            ExecutionResult::Halt { reason, .. } => {
                (Err(Failure::Halt(format!("{reason:?}"))), Vec::new())
            }
        };
        Outcome { gas_used, result: result.map(|output| Success { gas_used, output, logs }) }
    }
}

/// How a transaction or call ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub gas_used: u64,
    pub result: Result<Success, Failure>,
}

/// A transaction or call that did not revert.
#[derive(Debug, Clone)]
pub struct Success {
    pub gas_used: u64,
    pub output: Bytes,
    pub logs: Vec<Log>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Return data of the revert.
    Revert(Bytes),
    /// Out of gas and the like.
    Halt(String),
}

impl Outcome {
    #[track_caller]
    pub fn ok(self) -> Success {
        self.result.unwrap_or_else(|failure| panic!("failed: {failure:?}"))
    }

    pub const fn is_ok(&self) -> bool {
        self.result.is_ok()
    }

    /// The revert's return data.
    #[track_caller]
    pub fn revert(&self) -> &Bytes {
        match &self.result {
            Err(Failure::Revert(data)) => data,
            other => panic!("no revert: {other:?}"),
        }
    }

    /// The custom error that it reverted with.
    #[track_caller]
    pub fn error<E: SolError>(&self) -> E {
        let data = self.revert();
        E::abi_decode_validate(data).unwrap_or_else(|_| panic!("not {}: {data}", E::SIGNATURE))
    }
}

impl Success {
    /// Its events of one kind that `emitter` emitted.
    pub fn events<E: SolEvent>(&self, emitter: Address) -> Vec<E> {
        self.logs
            .iter()
            .filter(|log| log.address == emitter)
            .filter_map(|log| E::decode_log_data_validate(&log.data).ok())
            .collect()
    }

    /// Its one event of this kind.
    #[track_caller]
    pub fn event<E: SolEvent>(&self, emitter: Address) -> E {
        let mut events = self.events(emitter);
        assert_eq!(events.len(), 1, "{}", E::SIGNATURE);
        events.remove(0)
    }

    /// What the transaction's function returned.
    #[track_caller]
    pub fn returned<C: SolCall>(&self) -> C::Return {
        C::abi_decode_returns_validate(&self.output).expect("the ABI's return type")
    }
}
