//! Commits of blocks, and reads of present and past state.

mod genesis;

use alloy_consensus::Header;
use alloy_primitives::{B256, U256};
use assay_evm::{Block, RecoveredBlock};
use assay_storage::{ExecutedBlock, Store, StoreOptions};
use assay_trie::{HashedPostState, StateTrie};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use genesis::{address, spec};
use revm::{
    DatabaseRef,
    database::{AccountStatus, BundleAccount, BundleState},
    state::AccountInfo,
};
use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

const ACCOUNTS: u64 = 200_000;

/// Blocks on the store's head that each change `count` accounts.
struct Blocks {
    store: Store,
    trie: StateTrie,
    number: u64,
    hash: B256,
    seed: u64,
}

impl Blocks {
    fn next(&mut self, count: u64) -> Arc<ExecutedBlock> {
        let snapshot = self.store.snapshot().unwrap();
        let mut bundle = BundleState::default();
        for _ in 0..count {
            self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let target = address((self.seed >> 20) % ACCOUNTS);
            let original = snapshot.basic_ref(target).unwrap();
            let present = AccountInfo {
                nonce: self.number + 1,
                balance: U256::from(self.seed),
                ..original.clone().unwrap()
            };
            let status = AccountStatus::Changed;
            let account = BundleAccount::new(original, Some(present), Default::default(), status);
            bundle.state.insert(target, account);
        }
        let hashed = HashedPostState::from_bundle(&bundle);
        let (trie, updates) = self.trie.apply(&snapshot, &hashed).unwrap();
        let header = Header {
            parent_hash: self.hash,
            number: self.number + 1,
            state_root: trie.root(),
            ..Default::default()
        };
        self.hash = header.hash_slow();
        self.number = header.number;
        self.trie = trie.clone();
        let block = Block { header, body: Default::default() };
        Arc::new(ExecutedBlock {
            block: Arc::new(RecoveredBlock::new(block, Vec::new(), self.hash)),
            receipts: Arc::default(),
            bundle: Arc::new(bundle),
            hashed: Arc::new(hashed),
            trie_updates: Arc::new(updates),
            trie,
        })
    }
}

fn commits(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let spec = spec(ACCOUNTS);
    let store = Store::open(directory.path(), &spec, StoreOptions::default()).unwrap();
    let mut blocks = Blocks {
        trie: StateTrie::cold(spec.genesis_header().state_root),
        number: 0,
        hash: spec.genesis_hash(),
        seed: 7,
        store: store.clone(),
    };
    let mut group = criterion.benchmark_group("commit");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    for count in [100, 1_000, 4_000] {
        group.bench_function(BenchmarkId::new("accounts", count), |bench| {
            bench.iter_custom(|rounds| {
                let mut elapsed = Duration::ZERO;
                for _ in 0..rounds {
                    let block = blocks.next(count);
                    let start = Instant::now();
                    store.commit(&[block]).unwrap();
                    elapsed += start.elapsed();
                }
                elapsed
            });
        });
    }
    group.bench_function("4 blocks of 4000 accounts", |bench| {
        bench.iter_custom(|rounds| {
            let mut elapsed = Duration::ZERO;
            for _ in 0..rounds {
                let batch: Vec<_> = (0..4).map(|_| blocks.next(4_000)).collect();
                let start = Instant::now();
                store.commit(&batch).unwrap();
                elapsed += start.elapsed();
            }
            elapsed
        });
    });
    group.finish();

    let snapshot = store.snapshot().unwrap();
    let past = snapshot.at(blocks.number / 2).unwrap();
    let addresses: Vec<_> = (0..4_000).map(|index| address(index * 37)).collect();
    let mut group = criterion.benchmark_group("read 4000 accounts");
    group.bench_function("head", |bench| {
        bench.iter(|| {
            for address in &addresses {
                black_box(snapshot.basic_ref(*address).unwrap());
            }
        });
    });
    group.bench_function("past", |bench| {
        bench.iter(|| {
            for address in &addresses {
                black_box(past.basic_ref(*address).unwrap());
            }
        });
    });
    group.finish();
}

criterion_group!(benches, commits);
criterion_main!(benches);
