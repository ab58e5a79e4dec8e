//! A chain of our own making: a small genesis with funded accounts, and an engine over a temporary
//! store. No sockets.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by tests and benches, each of which uses a part"
)]

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope, transaction::SignerRecoverable};
use alloy_eips::{
    eip2718::{Decodable2718, Encodable2718},
    eip2935, eip4788,
};
use alloy_primitives::{Address, B64, B256, Bytes, TxKind, U256, address, keccak256};
use alloy_rpc_types_engine::{
    ForkchoiceState, ForkchoiceUpdated, PayloadAttributes, PayloadStatus,
};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use assay_chain::{Chain, ChainOptions};
use assay_chainspec::{ChainSpec, preset::Preset};
use assay_engine::{BuiltPayload, Engine, EngineConfig, EngineError};
use assay_evm::{AssayEvmConfig, Transaction};
use assay_pool::{Origin, Pool, PoolConfig};
use assay_storage::{Store, StoreOptions};
use op_alloy_consensus::TxDeposit;
use op_alloy_rpc_types_engine::{OpExecutionData, OpPayloadAttributes};
use std::sync::Arc;
use tempfile::TempDir;

pub const CHAIN_ID: u64 = 42_331;
pub const GENESIS_TIME: u64 = 1_700_000_000;
pub const GAS_LIMIT: u64 = 60_000_000;
/// `sstore(calldataload(0), calldataload(32))`.
pub const WRITER: Address = address!("00000000000000000000000000000000000c0de1");
/// The same code, so that the withdrawals root changes.
pub const MESSAGE_PASSER: Address = address!("4200000000000000000000000000000000000016");
const WRITER_CODE: &str = "0x6020356000355500";
const FORKS: [&str; 8] = [
    "regolithTime",
    "canyonTime",
    "ecotoneTime",
    "fjordTime",
    "graniteTime",
    "holoceneTime",
    "isthmusTime",
    "jovianTime",
];

/// The last fork of a test chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastFork {
    Canyon = 2,
    Ecotone = 3,
    Isthmus = 7,
    Jovian = 8,
}

pub fn signer(index: usize) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&keccak256(format!("test account {index}"))).unwrap()
}

pub fn spec(last: LastFork, accounts: usize) -> Arc<ChainSpec> {
    let mut config = serde_json::json!({
        "chainId": CHAIN_ID,
        "bedrockBlock": 0,
        "terminalTotalDifficulty": 0,
        "optimism": { "eip1559Elasticity": 6, "eip1559Denominator": 50, "eip1559DenominatorCanyon": 250 },
    });
    for fork in &FORKS[..last as usize] {
        config[*fork] = 0.into();
    }
    for (name, from) in [
        ("shanghaiTime", LastFork::Canyon),
        ("cancunTime", LastFork::Ecotone),
        ("pragueTime", LastFork::Isthmus),
    ] {
        if last as usize >= from as usize {
            config[name] = 0.into();
        }
    }
    let mut alloc = serde_json::Map::new();
    for index in 0..accounts {
        alloc.insert(
            signer(index).address().to_string(),
            serde_json::json!({ "balance": "0x3635c9adc5dea00000" }),
        );
    }
    for contract in [WRITER, MESSAGE_PASSER] {
        alloc.insert(
            contract.to_string(),
            serde_json::json!({ "balance": "0x0", "code": WRITER_CODE }),
        );
    }
    for (contract, code) in [
        (eip4788::BEACON_ROOTS_ADDRESS, eip4788::BEACON_ROOTS_CODE.clone()),
        (eip2935::HISTORY_STORAGE_ADDRESS, eip2935::HISTORY_STORAGE_CODE.clone()),
    ] {
        alloc.insert(contract.to_string(), serde_json::json!({ "balance": "0x0", "code": code }));
    }
    let extra = match last {
        LastFork::Canyon | LastFork::Ecotone => "0x",
        LastFork::Isthmus => "0x00000000fa00000006",
        LastFork::Jovian => "0x01000000fa000000060000000000000000",
    };
    let genesis = serde_json::json!({
        "config": config,
        "nonce": "0x0",
        "timestamp": format!("{GENESIS_TIME:#x}"),
        "extraData": extra,
        "gasLimit": format!("{GAS_LIMIT:#x}"),
        "difficulty": "0x0",
        "mixHash": B256::ZERO,
        "coinbase": Address::ZERO,
        "baseFeePerGas": "0xf4240",
        "alloc": alloc,
    });
    Arc::new(ChainSpec::from_json(&genesis.to_string()).unwrap())
}

/// A development chain with so many funded accounts, which trusts these roots, by kind of evidence.
pub fn assay_spec(
    gas_limit: u64,
    accounts: usize,
    roots: impl IntoIterator<Item = (u8, Bytes)>,
) -> Arc<ChainSpec> {
    let builder = Preset::Dev
        .builder()
        .chain_id(CHAIN_ID)
        .timestamp(GENESIS_TIME)
        .gas_limit(gas_limit)
        .da_footprint_gas_scalar(1);
    let trusting =
        roots.into_iter().fold(builder, |builder, (kind, root)| builder.trust(kind, root));
    let ether = U256::from(10).pow(U256::from(21));
    let funded =
        (0..accounts).fold(trusting, |builder, index| builder.fund(signer(index).address(), ether));
    Arc::new(funded.build().unwrap().spec)
}

/// A node without its servers.
pub struct Node {
    pub engine: Engine,
    pub chain: Chain,
    pub pool: Pool,
    pub spec: Arc<ChainSpec>,
    last: LastFork,
    _dir: TempDir,
}

impl Node {
    pub fn new(last: LastFork) -> Self {
        Self::with_accounts(last, 8)
    }

    pub fn with_accounts(last: LastFork, accounts: usize) -> Self {
        let spec = spec(last, accounts);
        let evm = AssayEvmConfig::new(Arc::clone(&spec)).unwrap();
        Self::over(last, spec, evm, EngineConfig::default())
    }

    /// A node of any chain; `last` says what its payloads' attributes have.
    pub fn over(
        last: LastFork,
        spec: Arc<ChainSpec>,
        evm: AssayEvmConfig,
        config: EngineConfig,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &spec, StoreOptions::default()).unwrap();
        let chain = Chain::open(store, Arc::clone(&spec), ChainOptions::default()).unwrap();
        let pool = Pool::new(chain.clone(), evm.clone(), PoolConfig::default());
        let engine = Engine::new(chain.clone(), evm, pool.clone(), config).unwrap();
        Self { engine, chain, pool, spec, last, _dir: dir }
    }

    pub fn genesis(&self) -> B256 {
        self.spec.genesis_hash()
    }

    pub fn pool_add(&self, encoded: &[u8]) {
        let transaction = Transaction::decode_2718_exact(encoded).unwrap();
        let transaction = transaction.try_into_recovered().unwrap();
        self.pool.add(transaction, Origin::Rpc).unwrap();
    }

    /// Attributes for the block at `number`, two seconds after the one before, with an L1 attributes
    /// deposit and these transactions.
    pub fn attributes(&self, number: u64, transactions: Vec<Bytes>) -> OpPayloadAttributes {
        let after = |fork: LastFork| self.last as usize >= fork as usize;
        let mut all = vec![deposit(number)];
        all.extend(transactions);
        OpPayloadAttributes {
            payload_attributes: PayloadAttributes {
                timestamp: GENESIS_TIME + 2 * number,
                prev_randao: keccak256(number.to_be_bytes()),
                suggested_fee_recipient: address!("4200000000000000000000000000000000000011"),
                withdrawals: Some(Vec::new()),
                parent_beacon_block_root: after(LastFork::Ecotone)
                    .then(|| keccak256(number.to_le_bytes())),
                ..PayloadAttributes::default()
            },
            transactions: Some(all),
            no_tx_pool: Some(true),
            gas_limit: Some(GAS_LIMIT),
            eip_1559_params: after(LastFork::Isthmus).then_some(B64::ZERO),
            min_base_fee: after(LastFork::Jovian).then_some(0),
        }
    }

    pub async fn head(&self, hash: B256) -> Result<ForkchoiceUpdated, EngineError> {
        self.engine.fork_choice_updated(head(hash), None).await
    }

    pub async fn start(
        &self,
        parent: B256,
        attributes: OpPayloadAttributes,
    ) -> Result<ForkchoiceUpdated, EngineError> {
        self.engine.fork_choice_updated(head(parent), Some(attributes)).await
    }

    /// Builds a block on `parent`.
    pub async fn build(&self, parent: B256, attributes: OpPayloadAttributes) -> BuiltPayload {
        let answer = self.start(parent, attributes).await.unwrap();
        assert!(answer.is_valid(), "{answer:?}");
        self.engine.get_payload(answer.payload_id.unwrap()).await.unwrap()
    }

    pub async fn import(&self, built: &BuiltPayload) -> PayloadStatus {
        self.new_payload(built.execution_data()).await
    }

    pub async fn new_payload(&self, data: OpExecutionData) -> PayloadStatus {
        self.engine.new_payload(data).await.unwrap()
    }
}

pub fn head(hash: B256) -> ForkchoiceState {
    ForkchoiceState { head_block_hash: hash, ..ForkchoiceState::default() }
}

/// An L1 attributes deposit in shape; there is no L1Block contract here to read it.
pub fn deposit(number: u64) -> Bytes {
    let deposit = TxDeposit {
        source_hash: keccak256([b"deposit".as_slice(), &number.to_be_bytes()].concat()),
        from: address!("deaddeaddeaddeaddeaddeaddeaddeaddead0001"),
        to: TxKind::Call(address!("4200000000000000000000000000000000000015")),
        gas_limit: 1_000_000,
        ..TxDeposit::default()
    };
    Transaction::from(deposit).encoded_2718().into()
}

pub fn transfer(from: usize, nonce: u64, to: Address, value: u64) -> Bytes {
    sign(from, nonce, to, U256::from(value), Bytes::new(), 21_000)
}

pub fn write(from: usize, nonce: u64, contract: Address, slot: u64, value: u64) -> Bytes {
    let mut input = B256::from(U256::from(slot)).to_vec();
    input.extend_from_slice(B256::from(U256::from(value)).as_slice());
    sign(from, nonce, contract, U256::ZERO, input.into(), 80_000)
}

pub fn sign(
    from: usize,
    nonce: u64,
    to: Address,
    value: U256,
    input: Bytes,
    gas_limit: u64,
) -> Bytes {
    let transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit,
        max_fee_per_gas: 1_000_000_000,
        max_priority_fee_per_gas: 1_000_000,
        to: TxKind::Call(to),
        value,
        input,
        ..TxEip1559::default()
    };
    let signature = signer(from).sign_hash_sync(&transaction.signature_hash()).unwrap();
    TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
}
