//! A chain on the dev preset in a temporary store, with blocks of our own making.

use alloy_consensus::{SignableTransaction, TxEip1559, transaction::Recovered};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, bytes, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use assay_chain::{Chain, ChainOptions, ExecutedBlock};
use assay_chainspec::ChainSpec;
use assay_evm::{
    AssayEvmConfig, DaLimits, NextBlockAttributes, Roots, SealedHeader, Transaction, VerdictCache,
};
use assay_pool::{Pool, PoolConfig};
use assay_rpc::{Namespace, Namespaces, RpcConfig, RpcContext, router};
use assay_storage::{Store, StoreOptions};
use assay_trie::HashedPostState;
use jsonrpsee::{RpcModule, core::server::MethodsError};
use op_alloy_consensus::TxDeposit;
use serde_json::{Value, value::to_raw_value};
use std::sync::Arc;
use tempfile::TempDir;

/// The first of the dev accounts that every tool knows.
pub(crate) const DEV_KEY: &str =
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
pub(crate) const DEV: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
pub(crate) const FRIEND: Address = address!("00000000000000000000000000000000000f0001");
const DEPOSITOR: Address = address!("DeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001");
const L1_BLOCK: Address = address!("4200000000000000000000000000000000000015");
const MESSAGE_PASSER: Address = address!("4200000000000000000000000000000000000016");

/// Init code of a contract that, called with 32 bytes, stores them in slot 0, logs them under the
/// topic 7 and returns them; called with nothing, it reverts with `Error("boom")`.
pub(crate) fn contract_init_code() -> Bytes {
    // CALLDATASIZE ISZERO PUSH1 @revert JUMPI
    //   PUSH0 CALLDATALOAD DUP1 PUSH0 SSTORE PUSH0 MSTORE PUSH1 7 PUSH1 32 PUSH0 LOG1
    //   PUSH1 32 PUSH0 RETURN
    // @revert: JUMPDEST, Error(string) "boom" in memory, PUSH1 100 PUSH0 REVERT
    let mut code: Vec<u8> = vec![0x36, 0x15, 0x60, 0x00, 0x57];
    code.extend([0x5f, 0x35, 0x80, 0x5f, 0x55, 0x5f, 0x52]);
    code.extend([0x60, 7, 0x60, 32, 0x5f, 0xa1, 0x60, 32, 0x5f, 0xf3]);
    code[3] = code.len() as u8;
    code.push(0x5b);
    code.extend([0x63, 0x08, 0xc3, 0x79, 0xa0, 0x60, 224, 0x1b, 0x5f, 0x52]);
    code.extend([0x60, 32, 0x60, 4, 0x52, 0x60, 4, 0x60, 36, 0x52]);
    code.extend([0x63, b'b', b'o', b'o', b'm', 0x60, 224, 0x1b, 0x60, 68, 0x52]);
    code.extend([0x60, 100, 0x5f, 0xfd]);
    let mut init = vec![0x60, code.len() as u8, 0x80, 0x60, 9, 0x5f, 0x39, 0x5f, 0xf3];
    init.extend(code);
    init.into()
}

pub(crate) struct TestChain {
    pub(crate) chain: Chain,
    pub(crate) evm: AssayEvmConfig,
    pub(crate) methods: RpcModule<()>,
    /// What execution and requests share.
    pub(crate) verdicts: VerdictCache,
    signer: PrivateKeySigner,
    _datadir: TempDir,
}

impl TestChain {
    /// Genesis alone.
    pub(crate) fn new() -> Self {
        Self::with_config(RpcConfig::default())
    }

    pub(crate) fn with_config(config: RpcConfig) -> Self {
        Self::over(include_str!("../../../../genesis/dev.genesis.json"), config)
    }

    /// Genesis alone, changed before it is read.
    pub(crate) fn with_genesis(change: impl FnOnce(&mut Value)) -> Self {
        let genesis = include_str!("../../../../genesis/dev.genesis.json");
        let mut genesis: Value = serde_json::from_str(genesis).unwrap();
        change(&mut genesis);
        Self::over(&genesis.to_string(), RpcConfig::default())
    }

    fn over(genesis: &str, config: RpcConfig) -> Self {
        let spec = Arc::new(ChainSpec::from_json(genesis).unwrap());
        let datadir = TempDir::new().unwrap();
        let store = Store::open(datadir.path(), &spec, StoreOptions::default()).unwrap();
        let chain = Chain::open(store, spec.clone(), ChainOptions::default()).unwrap();
        let verdicts = VerdictCache::new(1 << 20);
        let evm = AssayEvmConfig::with_verdicts(spec, verdicts.clone()).unwrap();
        let pool = Pool::new(chain.clone(), evm.clone(), PoolConfig::default());
        let ctx = RpcContext::new(chain.clone(), evm.clone(), pool, config);
        let methods = router(&ctx, &Namespaces::from_iter(Namespace::ALL)).unwrap();
        let signer = DEV_KEY.parse().unwrap();
        Self { chain, evm, methods, verdicts, signer, _datadir: datadir }
    }

    /// Three blocks: a transfer of 5 wei to [`FRIEND`], the contract, a call of it with 42.
    pub(crate) fn with_blocks() -> (Self, Address) {
        let this = Self::new();
        let contract = DEV.create(1);
        this.extend([this.transaction(0, FRIEND.into(), 5, Bytes::new())]);
        this.extend([this.transaction(1, TxKind::Create, 0, contract_init_code())]);
        let input = Bytes::from(U256::from(42).to_be_bytes::<32>());
        this.extend([this.transaction(2, contract.into(), 0, input)]);
        (this, contract)
    }

    /// A signed transaction of [`DEV`].
    pub(crate) fn transaction(
        &self,
        nonce: u64,
        to: TxKind,
        value: u64,
        input: Bytes,
    ) -> Recovered<Transaction> {
        let transaction = TxEip1559 {
            chain_id: self.chain.spec().chain_id(),
            nonce,
            gas_limit: 1_000_000,
            max_fee_per_gas: 10_000_000_000,
            max_priority_fee_per_gas: 3,
            to,
            value: U256::from(value),
            access_list: Default::default(),
            input,
        };
        let signature = self.signer.sign_hash_sync(&transaction.signature_hash()).unwrap();
        Recovered::new_unchecked(transaction.into_signed(signature).into(), DEV)
    }

    /// A block on the head with an L1 attributes deposit and these transactions, made canonical.
    pub(crate) fn extend(
        &self,
        transactions: impl IntoIterator<Item = Recovered<Transaction>>,
    ) -> Arc<ExecutedBlock> {
        let block = self.build(&self.chain.head(), transactions, 0);
        let block = self.chain.insert(block).unwrap();
        self.chain.set_canonical(block.hash()).unwrap();
        block
    }

    /// A block on `parent`, whose hash depends on `salt`, in no tree yet.
    pub(crate) fn build(
        &self,
        parent: &SealedHeader,
        transactions: impl IntoIterator<Item = Recovered<Transaction>>,
        salt: u64,
    ) -> ExecutedBlock {
        let state = self.chain.state_at(parent.hash()).unwrap().unwrap();
        let attributes = NextBlockAttributes {
            timestamp: parent.timestamp + 2,
            suggested_fee_recipient: address!("4200000000000000000000000000000000000011"),
            prev_randao: B256::from(U256::from(salt)),
            gas_limit: parent.gas_limit,
            parent_beacon_block_root: Some(B256::ZERO),
            extra_data: parent.extra_data.clone(),
        };
        let limits = DaLimits::default();
        let mut builder = self
            .evm
            .block_builder(parent.clone(), attributes, limits, state.clone(), None)
            .unwrap();
        builder.push_forced(l1_attributes(parent.number + 1)).unwrap();
        for transaction in transactions {
            builder.push_forced(transaction).unwrap();
        }
        let mut after = None;
        let (block, output) = builder
            .finish(|bundle| {
                let hashed = HashedPostState::from_bundle(bundle);
                let before = self.chain.trie_at(parent.hash()).unwrap().unwrap();
                let (trie, updates) = before.apply(&state, &hashed)?;
                let passer = trie.storage_root(&state, keccak256(MESSAGE_PASSER))?;
                let roots = Roots { state_root: trie.root(), message_passer_root: Some(passer) };
                after = Some((hashed, trie, updates));
                Ok::<_, assay_trie::TrieError>(roots)
            })
            .unwrap();
        let (hashed, trie, updates) = after.unwrap();
        ExecutedBlock {
            block: Arc::new(block),
            receipts: Arc::new(output.receipts),
            bundle: Arc::new(output.bundle),
            hashed: Arc::new(hashed),
            trie_updates: Arc::new(updates),
            trie,
        }
    }

    /// Calls a method; its result as JSON.
    pub(crate) async fn ok(&self, method: &str, params: Value) -> Value {
        self.try_call(method, params)
            .await
            .unwrap_or_else(|(code, message, _)| panic!("{method}: {code} {message}"))
    }

    /// Calls a method that must fail; code, message and data.
    pub(crate) async fn error(&self, method: &str, params: Value) -> (i32, String, Option<String>) {
        match self.try_call(method, params).await {
            Ok(result) => panic!("{method} gave {result}"),
            Err(error) => error,
        }
    }

    async fn try_call(
        &self,
        method: &str,
        params: Value,
    ) -> Result<Value, (i32, String, Option<String>)> {
        let params = Params(params);
        self.methods.call::<_, Value>(method, params).await.map_err(|error| match error {
            MethodsError::JsonRpc(error) => (
                error.code(),
                error.message().to_owned(),
                error.data().map(|data| data.get().to_owned()),
            ),
            other => panic!("{other}"),
        })
    }
}

/// Parameters that are JSON already.
struct Params(Value);

impl jsonrpsee::core::traits::ToRpcParams for Params {
    fn to_rpc_params(self) -> Result<Option<Box<serde_json::value::RawValue>>, serde_json::Error> {
        to_raw_value(&self.0).map(Some)
    }
}

/// The first transaction of every block: Jovian's L1 attributes.
fn l1_attributes(number: u64) -> Recovered<Transaction> {
    let mut input = bytes!("3db6be2b").to_vec();
    input.extend(1_368u32.to_be_bytes());
    input.extend(810_949u32.to_be_bytes());
    input.extend([0; 16]);
    input.extend(number.to_be_bytes());
    input.extend(U256::from(700_000_000).to_be_bytes::<32>());
    input.extend(U256::from(1).to_be_bytes::<32>());
    input.extend([0; 64]);
    input.extend(0u32.to_be_bytes());
    input.extend(0u64.to_be_bytes());
    input.extend(400u16.to_be_bytes());
    let deposit = TxDeposit {
        source_hash: keccak256(number.to_be_bytes()),
        from: DEPOSITOR,
        to: L1_BLOCK.into(),
        mint: 0,
        value: U256::ZERO,
        gas_limit: 1_000_000,
        is_system_transaction: false,
        input: input.into(),
    };
    Recovered::new_unchecked(deposit.into(), DEPOSITOR)
}
