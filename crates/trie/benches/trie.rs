//! Root of a block's changes, warm and cold; recomputation; proofs.
#![allow(missing_docs)]

use alloy_primitives::{Address, B256, U256, keccak256};
use assay_trie::{
    HashedPostState, StateTrie, account_proof, memory::MemorySource, recompute_state_root,
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use reth_primitives_traits::Account;

fn key(index: u64) -> B256 {
    keccak256(index.to_be_bytes())
}

fn account(index: u64) -> Account {
    Account { nonce: index, balance: U256::from(index) << 60, bytecode_hash: None }
}

/// A state of so many accounts, of which `0` has so many slots.
fn state(accounts: u64, slots: u64) -> (MemorySource, B256) {
    let mut state = MemorySource::default();
    state.accounts.extend((0..accounts).map(|index| (key(index), account(index))));
    state.storages.insert(
        key(0),
        (0..slots).map(|index| (key(index), U256::from(index + 1) << 100)).collect(),
    );
    let (root, updates) = recompute_state_root(&state).expect("a state in memory reads");
    state.apply_nodes(&updates);
    (state, root)
}

fn transfers(from: u64, count: u64, salt: u64) -> HashedPostState {
    let mut changes = HashedPostState::default();
    changes.accounts.extend((from..from + count).map(|it| (key(it), Some(account(it + salt)))));
    changes
}

fn churn(from: u64, count: u64, salt: u64) -> HashedPostState {
    let mut changes = HashedPostState::default();
    changes.accounts.insert(key(0), Some(account(salt)));
    let storage = changes.storages.entry(key(0)).or_default();
    storage.slots.extend((from..from + count).map(|it| (key(it), U256::from(it + salt) << 90)));
    changes
}

fn apply(c: &mut Criterion) {
    let (state, root) = state(20_000, 50_000);
    let keys: Vec<_> = state.accounts.keys().copied().collect();
    let slots: Vec<_> = state.storages[&key(0)].keys().map(|slot| (key(0), *slot)).collect();
    let cold = StateTrie::cold(root);
    let warm = cold.prefetch(&state, &keys, &slots).expect("a state in memory reads");
    println!("warm: {} bytes for {} leaves", warm.memory(), keys.len() + slots.len());

    let mut group = c.benchmark_group("apply");
    let cases = [
        ("4000 accounts", transfers(0, 4000, 7)),
        ("100 accounts", transfers(0, 100, 7)),
        ("1000 new accounts", transfers(30_000, 1000, 7)),
        ("10000 slots", churn(0, 10_000, 7)),
        ("10000 new slots", churn(100_000, 10_000, 7)),
    ];
    for (name, changes) in &cases {
        let run = |trie: &StateTrie| trie.apply(&state, changes).expect("applies");
        group.bench_function(format!("{name}, warm, parent kept"), |b| {
            b.iter_with_large_drop(|| run(&warm));
        });
        group.bench_function(format!("{name}, cold"), |b| b.iter_with_large_drop(|| run(&cold)));
    }
    // One trie that is changed in place, back and forth.
    for (name, there, back) in [
        ("4000 accounts", transfers(0, 4000, 7), transfers(0, 4000, 8)),
        ("10000 slots", churn(0, 10_000, 7), churn(0, 10_000, 8)),
    ] {
        let mut own = Some(warm.apply(&state, &there).expect("applies").0);
        let mut turn = false;
        group.bench_function(format!("{name}, warm, in place"), |b| {
            b.iter_batched(
                || {
                    turn = !turn;
                    if turn { &back } else { &there }
                },
                |changes| {
                    let trie = own.take().expect("put back");
                    let (trie, updates) = trie.apply_owned(&state, changes).expect("applies");
                    own = Some(trie);
                    updates
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();

    c.bench_function("prune to half", |b| {
        b.iter_with_large_drop(|| warm.prune(warm.memory() / 2));
    });
    c.bench_function("recompute 20000 accounts, 50000 slots", |b| {
        b.iter(|| recompute_state_root(&state).expect("a state in memory reads"));
    });
    c.bench_function("account proof with 2 slots, cold", |b| {
        let slots = [B256::repeat_byte(1), B256::repeat_byte(2)];
        b.iter(|| account_proof(&state, Address::repeat_byte(1), &slots).expect("reads"));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = apply
}
criterion_main!(benches);
