//! Reads of accounts through a view: warm cache, with blocks in memory above.

#[path = "../../storage/benches/genesis/mod.rs"]
mod genesis;

use alloy_consensus::Header;
use alloy_primitives::{B256, U256};
use assay_chain::{Chain, ChainOptions, ExecutedBlock};
use assay_evm::{Block, RecoveredBlock};
use assay_storage::{Store, StoreOptions};
use assay_trie::{HashedPostState, StateTrie};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use genesis::{address, spec};
use revm::{
    database::{AccountStatus, BundleAccount, BundleState},
    state::AccountInfo,
};
use std::{hint::black_box, sync::Arc};

const ACCOUNTS: u64 = 50_000;

/// A block that writes 4,000 accounts; its root is not checked by anyone here.
fn block(number: u64, parent_hash: B256) -> ExecutedBlock {
    let mut bundle = BundleState::default();
    for index in 0..4_000 {
        let info = AccountInfo { nonce: number, balance: U256::from(index), ..Default::default() };
        let account = BundleAccount::new(
            Some(AccountInfo::default()),
            Some(info),
            Default::default(),
            AccountStatus::Changed,
        );
        bundle.state.insert(address((number * 4_000 + index) % ACCOUNTS), account);
    }
    let header = Header { parent_hash, number, ..Default::default() };
    let hash = header.hash_slow();
    let block = Block { header, body: Default::default() };
    ExecutedBlock {
        block: Arc::new(RecoveredBlock::new(block, Vec::new(), hash)),
        receipts: Arc::default(),
        hashed: Arc::new(HashedPostState::from_bundle(&bundle)),
        bundle: Arc::new(bundle),
        trie_updates: Arc::default(),
        trie: StateTrie::cold(B256::ZERO),
    }
}

fn reads(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let spec = Arc::new(spec(ACCOUNTS));
    let store = Store::open(directory.path(), &spec, StoreOptions::default()).unwrap();
    let options = ChainOptions { persist_after: 100, ..Default::default() };
    let chain = Chain::open(store, spec.clone(), options).unwrap();
    let addresses: Vec<_> = (0..4_000).map(|index| address(ACCOUNTS - 1 - index)).collect();
    let mut group = criterion.benchmark_group("read 4000 accounts");
    let mut parent = spec.genesis_hash();
    for blocks in 0..=8 {
        if blocks > 0 {
            let block = block(blocks, parent);
            parent = block.hash();
            chain.insert(block).unwrap();
            chain.set_canonical(parent).unwrap();
        }
        if ![0, 4, 8].contains(&blocks) {
            continue;
        }
        let view = chain.state_at(parent).unwrap().unwrap();
        group.bench_function(BenchmarkId::new("blocks above", blocks), |bench| {
            bench.iter(|| {
                for address in &addresses {
                    black_box(view.account(*address).unwrap());
                }
            });
        });
    }
    group.finish();
    // What is in memory has made-up roots, which is nobody's concern but the next opening's.
    drop(chain);
}

criterion_group!(benches, reads);
criterion_main!(benches);
