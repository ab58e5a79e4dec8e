//! A chain in memory: a genesis with chosen forks, funded keys, and blocks built on it.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use alloy_consensus::{Sealed, SignableTransaction, TxEip1559, transaction::Recovered};
use alloy_eips::eip2930::AccessList;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use assay_chainspec::ChainSpec;
use assay_evm::{
    AssayEvmConfig, BlockOutput, DaLimits, FeeParameters, NextBlockAttributes, RecoveredBlock,
    Roots, SealedHeader, Transaction,
};
use op_alloy_consensus::TxDeposit;
use revm::{
    bytecode::Bytecode,
    database::{BundleState, InMemoryDB},
    primitives::b256,
    state::AccountInfo,
};
use serde_json::json;
use std::{convert::Infallible, sync::Arc};

pub const CHAIN_ID: u64 = 4242;
pub const GENESIS_TIME: u64 = 1_000;
pub const L1_BLOCK: Address = address!("0x4200000000000000000000000000000000000015");
pub const DEPOSITOR: Address = address!("0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001");
pub const ROOTS: Roots = Roots {
    state_root: b256!("0x1111111111111111111111111111111111111111111111111111111111111111"),
    message_passer_root: Some(b256!(
        "0x2222222222222222222222222222222222222222222222222222222222222222"
    )),
};

/// OP forks in order of activation, as genesis.json names them.
pub const FORKS: [&str; 10] = [
    "regolith", "canyon", "ecotone", "fjord", "granite", "holocene", "isthmus", "jovian", "karst",
    "interop",
];

pub struct TestChain {
    pub config: AssayEvmConfig,
    pub db: InMemoryDB,
    pub head: SealedHeader,
    pub keys: Vec<PrivateKeySigner>,
}

/// The JSON of a genesis whose forks up to `last` are active at genesis and `later` at their times.
pub fn genesis(last: &str, later: &[(&str, u64)]) -> serde_json::Value {
    let mut config = json!({
        "chainId": CHAIN_ID,
        "bedrockBlock": 0,
        "optimism": {
            "eip1559Elasticity": 6, "eip1559Denominator": 50, "eip1559DenominatorCanyon": 250
        },
    });
    let mut active = last != "bedrock";
    for fork in FORKS {
        if active {
            config[format!("{fork}Time")] = json!(0);
        }
        if fork == last {
            active = false;
        }
    }
    for (fork, time) in later {
        config[format!("{fork}Time")] = json!(time);
    }
    let holocene = FORKS.iter().position(|fork| *fork == "holocene");
    let last = FORKS.iter().position(|fork| *fork == last);
    let jovian = FORKS.iter().position(|fork| *fork == "jovian");
    let extra_data = if last >= jovian && last.is_some() {
        "0x01000000fa000000060000000000000000"
    } else if last >= holocene && last.is_some() {
        "0x00000000fa00000006"
    } else {
        "0x"
    };
    json!({
        "config": config,
        "timestamp": format!("{GENESIS_TIME:#x}"),
        "extraData": extra_data,
        "gasLimit": "0x3938700",
        "difficulty": "0x0",
        "baseFeePerGas": "0xf4240",
        "alloc": {},
    })
}

impl TestChain {
    /// A chain with every fork up to `last` active at genesis.
    pub fn new(last: &str) -> Self {
        Self::with_later(last, &[])
    }

    pub fn with_later(last: &str, later: &[(&str, u64)]) -> Self {
        Self::from_json(&genesis(last, later))
    }

    pub fn from_json(genesis: &serde_json::Value) -> Self {
        let spec = Arc::new(ChainSpec::from_json(&genesis.to_string()).expect("genesis is valid"));
        let mut db = InMemoryDB::default();
        let keys: Vec<_> = (1..=8u8)
            .map(|byte| PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).expect("a key"))
            .collect();
        for key in &keys {
            db.insert_account_info(
                key.address(),
                AccountInfo { balance: U256::from(10).pow(U256::from(20)), ..Default::default() },
            );
        }
        // Contracts that the alloc of the genesis names, with code alone.
        for (address, account) in &spec.genesis().alloc {
            let info = AccountInfo {
                balance: account.balance,
                nonce: account.nonce.unwrap_or_default(),
                ..Default::default()
            };
            db.insert_account_info(
                *address,
                match &account.code {
                    Some(code) => info.with_code(Bytecode::new_raw(code.clone())),
                    None => info,
                },
            );
        }
        let head = spec.genesis_header().clone();
        let mut chain =
            Self { config: AssayEvmConfig::new(spec).expect("a config"), db, head, keys };
        chain.set_l1_block(1_000_000, 5_000, 10_000, 0, 0, 0);
        chain
    }

    /// Sets what L1Block holds from Ecotone on.
    pub fn set_l1_block(
        &mut self,
        base_fee: u64,
        base_fee_scalar: u32,
        blob_base_fee_scalar: u32,
        operator_scalar: u32,
        operator_constant: u64,
        footprint_scalar: u16,
    ) {
        let info = AccountInfo { nonce: 1, ..Default::default() };
        self.db.insert_account_info(L1_BLOCK, info);
        let mut scalars = [0u8; 32];
        scalars[16..20].copy_from_slice(&base_fee_scalar.to_be_bytes());
        scalars[20..24].copy_from_slice(&blob_base_fee_scalar.to_be_bytes());
        let mut operator = [0u8; 32];
        operator[18..20].copy_from_slice(&footprint_scalar.to_be_bytes());
        operator[20..24].copy_from_slice(&operator_scalar.to_be_bytes());
        operator[24..32].copy_from_slice(&operator_constant.to_be_bytes());
        for (slot, value) in [
            (1u64, U256::from(base_fee)),
            (3, U256::from_be_bytes(scalars)),
            (7, U256::from(1)),
            (8, U256::from_be_bytes(operator)),
        ] {
            self.db.insert_account_storage(L1_BLOCK, U256::from(slot), value).expect("in memory");
        }
    }

    pub fn spec(&self) -> &ChainSpec {
        self.config.spec()
    }

    pub fn set_code(&mut self, address: Address, code: impl Into<Bytes>) {
        let info = AccountInfo { nonce: 1, ..Default::default() }
            .with_code(Bytecode::new_raw(code.into()));
        self.db.insert_account_info(address, info);
    }

    /// Attributes of a block `seconds` after the head.
    pub fn attributes(&self, seconds: u64) -> NextBlockAttributes {
        use alloy_op_hardforks::OpHardforks;
        let timestamp = self.head.timestamp + seconds;
        let extra_data =
            FeeParameters::encode(self.spec(), timestamp, Default::default(), 0).expect("zero is");
        NextBlockAttributes {
            timestamp,
            suggested_fee_recipient: address!("0x4200000000000000000000000000000000000011"),
            prev_randao: B256::repeat_byte(0x77),
            gas_limit: self.head.gas_limit,
            parent_beacon_block_root: self
                .spec()
                .is_ecotone_active_at_timestamp(timestamp)
                .then_some(B256::repeat_byte(0xbe)),
            extra_data,
        }
    }

    /// Builds the next block, two seconds later, from the L1 attributes deposit and these.
    pub fn build(
        &self,
        transactions: Vec<Recovered<Transaction>>,
    ) -> (RecoveredBlock, BlockOutput) {
        self.build_after(2, transactions)
    }

    pub fn build_after(
        &self,
        seconds: u64,
        transactions: Vec<Recovered<Transaction>>,
    ) -> (RecoveredBlock, BlockOutput) {
        let mut builder = self
            .config
            .block_builder(
                self.head.clone(),
                self.attributes(seconds),
                DaLimits::default(),
                &self.db,
                None,
            )
            .expect("attributes are valid");
        builder.push_forced(l1_attributes(self.head.number + 1)).expect("a deposit");
        for transaction in transactions {
            builder.push_forced(transaction).expect("a valid transaction");
        }
        builder.finish(|_| Ok::<_, Infallible>(ROOTS)).expect("a block")
    }

    /// Makes `block` the head, with what it did to the state.
    pub fn advance(&mut self, block: &RecoveredBlock, output: &BlockOutput) {
        apply(&mut self.db, &output.bundle);
        self.head = Sealed::new_unchecked(block.header().clone(), block.hash());
    }

    pub fn execute(&self, block: &RecoveredBlock) -> Result<BlockOutput, assay_evm::BlockError> {
        self.config.execute(block, &self.head, &self.db, None)
    }

    /// A signed transaction of key `key`.
    pub fn sign(&self, key: usize, transaction: TxEip1559) -> Recovered<Transaction> {
        sign(&self.keys[key], transaction)
    }

    /// A transfer of one wei.
    pub fn transfer(&self, key: usize, nonce: u64) -> Recovered<Transaction> {
        self.sign(key, call(nonce, Address::repeat_byte(0xaa), 21_000, Bytes::new()))
    }
}

pub fn sign(key: &PrivateKeySigner, transaction: TxEip1559) -> Recovered<Transaction> {
    let signature = key.sign_hash_sync(&transaction.signature_hash()).expect("a signature");
    Recovered::new_unchecked(transaction.into_signed(signature).into(), key.address())
}

/// An EIP-1559 call with a tip of one gwei.
pub fn call(nonce: u64, to: Address, gas_limit: u64, input: Bytes) -> TxEip1559 {
    TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit,
        max_fee_per_gas: 10_000_000_000,
        max_priority_fee_per_gas: 1_000_000_000,
        to: TxKind::Call(to),
        value: U256::from(1),
        access_list: AccessList::default(),
        input,
    }
}

pub fn deposit(from: Address, to: Address, gas_limit: u64, input: Bytes) -> TxDeposit {
    TxDeposit {
        source_hash: keccak256([from.as_slice(), to.as_slice(), &gas_limit.to_be_bytes()].concat()),
        from,
        to: TxKind::Call(to),
        mint: 0,
        value: U256::ZERO,
        gas_limit,
        is_system_transaction: false,
        input,
    }
}

pub fn recovered(deposit: TxDeposit) -> Recovered<Transaction> {
    let from = deposit.from;
    Recovered::new_unchecked(deposit.into(), from)
}

/// The first transaction of block `number`. L1Block has no code here: its storage stays.
pub fn l1_attributes(number: u64) -> Recovered<Transaction> {
    let mut deposit = deposit(DEPOSITOR, L1_BLOCK, 50_000, Bytes::new());
    deposit.source_hash = keccak256(number.to_be_bytes());
    recovered(deposit)
}

/// Applies a block's changes to the state.
pub fn apply(db: &mut InMemoryDB, bundle: &BundleState) {
    for (hash, code) in &bundle.contracts {
        db.cache.contracts.insert(*hash, code.clone());
    }
    for (address, account) in &bundle.state {
        match &account.info {
            Some(info) => db.insert_account_info(*address, info.clone()),
            None => {
                db.cache.accounts.remove(address);
            }
        }
        for (slot, value) in &account.storage {
            db.insert_account_storage(*address, *slot, value.present_value).expect("in memory");
        }
    }
}
