//! The pool over a real chain: admission against its state, blocks from its best, reorgs.
#![allow(unused_crate_dependencies, reason = "an integration test")]

use alloy_consensus::{SignableTransaction, Transaction as _, TxEip1559, transaction::Recovered};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use assay_chain::{CanonicalUpdate, Chain, ChainOptions, ExecutedBlock};
use assay_chainspec::{AssayConfig, ChainSpec, PRECOMPILE_ADDRESSES};
use assay_evm::{
    AssayEvmConfig, DaLimits, FeeParameters, NextBlockAttributes, Roots, SealedHeader, Transaction,
    VerdictCache,
};
use assay_pool::{InvalidTransaction, Origin, Pool, PoolConfig, PoolError};
use assay_storage::{Store, StoreOptions};
use assay_trie::{HashedPostState, TrieError};
use serde_json::json;
use std::sync::Arc;

const CHAIN_ID: u64 = 77;
const MESSAGE_PASSER: Address = address!("0x4200000000000000000000000000000000000016");

struct World {
    chain: Chain,
    evm: AssayEvmConfig,
    pool: Pool,
    keys: Vec<PrivateKeySigner>,
    _directory: tempfile::TempDir,
}

fn world() -> World {
    world_with(PoolConfig::default())
}

fn world_with(config: PoolConfig) -> World {
    world_of(config, None)
}

/// A chain, with Agate from genesis on if there is a cache for its verdicts.
fn world_of(config: PoolConfig, verdicts: Option<VerdictCache>) -> World {
    let keys: Vec<_> = (1..=4u8)
        .map(|byte| PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).expect("a key"))
        .collect();
    let mut genesis = json!({
        "config": {
            "chainId": CHAIN_ID, "bedrockBlock": 0, "optimism": {
                "eip1559Elasticity": 6, "eip1559Denominator": 50, "eip1559DenominatorCanyon": 250
            },
        },
        "timestamp": "0x3e8", "extraData": "0x01000000fa000000060000000000000000",
        "gasLimit": "0x1c9c380",
        "difficulty": "0x0", "baseFeePerGas": "0x64", "alloc": {},
    });
    for fork in [
        "regolith", "canyon", "ecotone", "fjord", "granite", "holocene", "isthmus", "jovian",
        "karst",
    ] {
        genesis["config"][format!("{fork}Time")] = json!(0);
    }
    for key in &keys {
        genesis["alloc"][key.address().to_string()] = json!({ "balance": "0xde0b6b3a7640000" });
    }
    if verdicts.is_some() {
        let assay = AssayConfig { agate_time: Some(0), ..Default::default() };
        genesis["config"]["assay"] = serde_json::to_value(&assay).expect("serializes");
        for (address, account) in assay.genesis_accounts(1_000) {
            genesis["alloc"][address.to_string()] =
                serde_json::to_value(account).expect("serializes");
        }
    }
    let spec = Arc::new(ChainSpec::from_json(&genesis.to_string()).expect("a genesis"));
    let directory = tempfile::tempdir().expect("a directory");
    let options = StoreOptions { max_size: 1 << 30, growth_step: 1 << 20, readers: 2 };
    let store = Store::open(directory.path(), &spec, options).expect("a store");
    let chain = Chain::open(store, Arc::clone(&spec), ChainOptions::default()).expect("a chain");
    let evm = match verdicts {
        Some(verdicts) => AssayEvmConfig::with_verdicts(spec, verdicts),
        None => AssayEvmConfig::new(spec),
    }
    .expect("a config");
    let pool = Pool::new(chain.clone(), evm.clone(), config);
    World { chain, evm, pool, keys, _directory: directory }
}

impl World {
    fn transfer(&self, key: usize, nonce: u64, tip: u128) -> Recovered<Transaction> {
        let transaction = TxEip1559 {
            chain_id: CHAIN_ID,
            nonce,
            gas_limit: 21_000,
            max_fee_per_gas: 1_000 + tip,
            max_priority_fee_per_gas: tip,
            to: TxKind::Call(Address::repeat_byte(0xaa)),
            value: U256::from(1),
            ..Default::default()
        };
        let key = &self.keys[key];
        let signature = key.sign_hash_sync(&transaction.signature_hash()).expect("a signature");
        Recovered::new_unchecked(transaction.into_signed(signature).into(), key.address())
    }

    fn add(&self, key: usize, nonce: u64, tip: u128) -> B256 {
        self.pool.add(self.transfer(key, nonce, tip), Origin::Rpc).expect("admitted")
    }

    /// A block on `parent` from these transactions.
    fn block_on(&self, parent: &SealedHeader, transactions: Vec<Recovered<Transaction>>) -> B256 {
        let timestamp = parent.timestamp + 2;
        let spec = self.chain.spec();
        let attributes = NextBlockAttributes {
            timestamp,
            suggested_fee_recipient: Address::ZERO,
            prev_randao: B256::ZERO,
            gas_limit: parent.gas_limit,
            parent_beacon_block_root: Some(B256::ZERO),
            extra_data: FeeParameters::encode(spec, timestamp, Default::default(), 0)
                .expect("zero"),
        };
        let state = self.chain.state_at(parent.hash()).expect("readable").expect("known");
        let trie = self.chain.trie_at(parent.hash()).expect("readable").expect("known");
        let mut builder = self
            .evm
            .block_builder(parent.clone(), attributes, DaLimits::default(), state.clone(), None)
            .expect("a builder");
        for transaction in transactions {
            builder.push_transaction(transaction).expect("fits");
        }
        let mut after = None;
        let (block, output) = builder
            .finish(|bundle| {
                let hashed = HashedPostState::from_bundle(bundle);
                let (trie, updates) = trie.apply(&state, &hashed)?;
                let message_passer_root =
                    Some(trie.storage_root(&state, keccak256(MESSAGE_PASSER))?);
                let roots = Roots { state_root: trie.root(), message_passer_root };
                after = Some((hashed, updates, trie));
                Ok::<_, TrieError>(roots)
            })
            .expect("a block");
        let (hashed, trie_updates, trie) = after.expect("computed");
        let hash = block.hash();
        let executed = ExecutedBlock {
            block: Arc::new(block),
            receipts: Arc::new(output.receipts),
            bundle: Arc::new(output.bundle),
            hashed: Arc::new(hashed),
            trie_updates: Arc::new(trie_updates),
            trie,
        };
        self.chain.insert(executed).expect("inserted");
        hash
    }

    fn switch(&self, hash: B256) -> Arc<CanonicalUpdate> {
        let update = self.chain.set_canonical(hash).expect("known");
        self.pool.on_update(&update).expect("readable");
        update
    }

    fn best(&self) -> Vec<Recovered<Transaction>> {
        self.pool.best(100).map(|transaction| transaction.recovered().clone()).collect()
    }

    /// Mines the pool's best.
    fn mine(&self) -> B256 {
        let hash = self.block_on(&self.chain.head(), self.best());
        self.switch(hash);
        hash
    }
}

#[test]
fn what_a_block_used_goes_and_what_waited_stays() {
    let world = world();
    let mut news = world.pool.subscribe_pending();
    let first = world.add(0, 0, 5);
    let second = world.add(0, 1, 5);
    let late = world.add(1, 1, 9);
    assert_eq!(world.pool.status().pending, 2);
    assert_eq!([news.try_recv(), news.try_recv()], [Ok(first), Ok(second)]);
    assert!(news.try_recv().is_err(), "a queued one is no news");
    let own = world.keys[0].address();
    assert_eq!(world.pool.next_nonce(own), Some(2));
    assert_eq!(world.pool.sender(&first), Some(own));
    assert_eq!(world.pool.next_nonce(world.keys[1].address()), None);

    world.mine();
    assert_eq!((world.pool.status().pending, world.pool.status().queued), (0, 1));
    assert!(world.pool.get(first).is_none());
    assert!(world.pool.contains(late));
    let again = world.pool.add(world.transfer(0, 1, 50), Origin::Rpc);
    assert!(matches!(
        again,
        Err(PoolError::Invalid(InvalidTransaction::NonceTooLow { tx: 1, state: 2 }))
    ));
    let closing = world.add(1, 0, 1);
    assert_eq!([news.try_recv(), news.try_recv()], [Ok(closing), Ok(late)]);
    let content = world.pool.content();
    assert_eq!((content.pending.len(), content.queued.len()), (2, 0));
    assert_eq!(world.pool.by_sender(world.keys[1].address()).len(), 2);
}

#[test]
fn blocks_take_the_best_first() {
    let world = world();
    world.add(0, 0, 5);
    world.add(0, 1, 500);
    world.add(1, 0, 50);
    world.add(2, 0, 7);
    let order: Vec<_> = world
        .best()
        .iter()
        .map(|transaction| (transaction.signer(), transaction.nonce()))
        .collect();
    let at = |key: usize| world.keys[key].address();
    assert_eq!(order, [(at(1), 0), (at(2), 0), (at(0), 0), (at(0), 1)]);
    let hash = world.mine();
    let block = world.chain.block_by_hash(hash).expect("readable").expect("known");
    assert_eq!(block.body().transactions.len(), 4);
    assert!(!world.pool.has_pending());
}

#[test]
fn a_reorg_brings_back_what_the_new_branch_lacks() {
    let world = world();
    let genesis = world.chain.head();
    let (one, two, three) = (world.add(0, 0, 5), world.add(1, 0, 5), world.add(0, 1, 5));
    world.mine();
    let four = world.add(1, 1, 5);
    world.mine();
    assert!(!world.pool.has_pending());
    // A sibling of the first block has the first transaction alone.
    let sibling = world.block_on(&genesis, vec![world.transfer(0, 0, 5)]);
    let update = world.switch(sibling);
    assert_eq!((update.removed.len(), update.added.len()), (2, 1));
    assert!(!world.pool.contains(one));
    for hash in [two, three, four] {
        assert!(world.pool.contains(hash));
    }
    assert_eq!(world.pool.status().pending, 3);
    // And back to the genesis: everything waits again.
    world.switch(genesis.hash());
    assert_eq!(world.pool.status().pending, 4);
    world.mine();
    assert!(!world.pool.has_pending());
}

#[test]
fn funds_are_those_of_the_head() {
    let world = world();
    let all = U256::from(1_000_000_000_000_000_000u64);
    let mut transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce: 0,
        gas_limit: 21_000,
        max_fee_per_gas: 1_000,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(Address::repeat_byte(0xbb)),
        value: all,
        input: Bytes::new(),
        ..Default::default()
    };
    let send = |transaction: &TxEip1559| {
        let key = &world.keys[3];
        let signature = key.sign_hash_sync(&transaction.signature_hash()).expect("a signature");
        let signed = transaction.clone().into_signed(signature).into();
        world.pool.add(Recovered::new_unchecked(signed, key.address()), Origin::Rpc)
    };
    assert!(matches!(
        send(&transaction),
        Err(PoolError::Invalid(InvalidTransaction::Funds { balance, .. })) if balance == all
    ));
    transaction.value = all - U256::from(21_000_000);
    send(&transaction).expect("exactly enough");
    world.mine();
    transaction.nonce = 1;
    transaction.value = U256::from(10_000_000);
    transaction.max_fee_per_gas = 500;
    transaction.gas_limit = 21_000;
    // 100 wei of base fee and 1 of tip were taken of the thousand: the rest came back.
    send(&transaction).expect_err("it needs 20.5 M and has less");
}

#[tokio::test]
async fn maintenance_follows_the_chain() {
    let world = world();
    let task = tokio::spawn(world.pool.clone().maintain());
    // The subscription is made when the task first runs.
    tokio::task::yield_now().await;
    let hash = world.add(0, 0, 5);
    let block = world.block_on(&world.chain.head(), world.best());
    let mut updates = world.chain.subscribe();
    world.chain.set_canonical(block).expect("known");
    updates.recv().await.expect("an update");
    let gone = async {
        while world.pool.contains(hash) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), gone).await.expect("it is taken out");
    task.abort();
}

#[test]
fn limits_hold_over_a_chain() {
    let world = world_with(PoolConfig { max_transactions: 2, ..Default::default() });
    world.add(0, 0, 5);
    world.add(1, 0, 6);
    let refused = world.pool.add(world.transfer(2, 0, 4), Origin::Rpc);
    assert!(matches!(refused, Err(PoolError::Full)));
    world.add(2, 0, 7);
    assert_eq!(world.pool.status().pending, 2);
    let left: Vec<_> = world.best().iter().map(Recovered::signer).collect();
    assert_eq!(left, [world.keys[2].address(), world.keys[1].address()]);
    let hashes: Vec<_> = world.best().iter().map(|transaction| transaction.tx_hash()).collect();
    world.pool.remove(&hashes);
    assert_eq!(world.pool.status().pending, 0);
}

/// `verify(34, evidence, "", 0)` of evidence that no key signed.
fn verify_call(evidence: &[u8]) -> Bytes {
    let word = |value: usize| U256::from(value).to_be_bytes::<32>();
    let padded = evidence.len().next_multiple_of(32);
    let mut data = keccak256("verify(uint8,bytes,bytes,uint64)")[..4].to_vec();
    for value in [34, 128, 128 + 32 + padded, 0, evidence.len()] {
        data.extend_from_slice(&word(value));
    }
    data.extend_from_slice(evidence);
    data.resize(4 + 5 * 32 + padded, 0);
    data.extend_from_slice(&word(0));
    data.into()
}

impl World {
    /// A call of `IAttestation` with evidence that no other fill has.
    fn evidence(&self, key: usize, nonce: u64, fill: u8) -> Recovered<Transaction> {
        self.evidence_for(key, nonce, fill, 1_000)
    }

    fn evidence_for(&self, key: usize, nonce: u64, fill: u8, fee: u128) -> Recovered<Transaction> {
        let transaction = TxEip1559 {
            chain_id: CHAIN_ID,
            nonce,
            gas_limit: 1_000_000,
            max_fee_per_gas: fee,
            max_priority_fee_per_gas: 1,
            to: TxKind::Call(PRECOMPILE_ADDRESSES[0]),
            input: verify_call(&[fill; 600]),
            ..Default::default()
        };
        let key = &self.keys[key];
        let signature = key.sign_hash_sync(&transaction.signature_hash()).expect("a signature");
        Recovered::new_unchecked(transaction.into_signed(signature).into(), key.address())
    }
}

/// Waits until so many verdicts are there.
fn await_verdicts(verdicts: &VerdictCache, count: usize) {
    let begun = std::time::Instant::now();
    while verdicts.stats().entries < count {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "never verified");
        std::thread::yield_now();
    }
}

#[test]
fn evidence_is_verified_ahead_and_once() {
    let verdicts = VerdictCache::new(1 << 20);
    let world = world_of(PoolConfig::default(), Some(verdicts.clone()));
    world.pool.add(world.evidence(0, 0, 7), Origin::Rpc).expect("admitted");
    await_verdicts(&verdicts, 1);
    let before = verdicts.stats();
    world.mine();
    let after = verdicts.stats();
    assert_eq!(after.entries, before.entries, "the block found the verdict");
    assert!(after.hits > before.hits);
}

#[test]
fn evidence_is_not_verified_before_its_transaction_can_be_executed() {
    let verdicts = VerdictCache::new(1 << 20);
    let world = world_of(PoolConfig::default(), Some(verdicts.clone()));
    // An earlier nonce is missing, or it pays less than the base fee; who comes later is served.
    world.pool.add(world.evidence(0, 1, 1), Origin::Rpc).expect("admitted");
    let base_fee = world.chain.head().base_fee_per_gas.expect("a base fee");
    let poor = world.evidence_for(2, 0, 3, u128::from(base_fee) - 1);
    world.pool.add(poor, Origin::Rpc).expect("admitted");
    world.pool.add(world.evidence(1, 0, 2), Origin::Rpc).expect("admitted");
    await_verdicts(&verdicts, 1);
    assert_eq!(verdicts.stats().entries, 1);
    // Now it can be.
    world.pool.add(world.transfer(0, 0, 1), Origin::Rpc).expect("admitted");
    await_verdicts(&verdicts, 2);
    // A block may bring what a transaction waits for, too.
    world.pool.add(world.evidence(3, 1, 4), Origin::Rpc).expect("admitted");
    let block = world.block_on(&world.chain.head(), vec![world.transfer(3, 0, 1)]);
    world.switch(block);
    await_verdicts(&verdicts, 3);
}
