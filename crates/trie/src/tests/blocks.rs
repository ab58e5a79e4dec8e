//! Root and stored nodes after every block are those of a recomputation.

use super::random::{Keys, Random, Shape, block};
use crate::{
    BranchNodeCompact, HashedPostState, Nibbles, StateTrie, TrieUpdates, memory::MemorySource,
    recompute_state_root,
};
use alloy_primitives::{B256, map::HashMap};
use proptest::prelude::{ProptestConfig, any, proptest};
use std::collections::BTreeMap;

type Nodes = BTreeMap<Nibbles, BranchNodeCompact>;

/// Applies `changes` to a copy of `state` and checks all that can be checked.
fn check(
    before: &MemorySource,
    trie: &StateTrie,
    updates: &TrieUpdates,
    changes: &HashedPostState,
) -> MemorySource {
    let mut state = before.clone();
    state.apply_state(changes);
    state.apply_nodes(updates);
    let (root, full) = recompute_state_root(&state).unwrap();
    assert_eq!(trie.root(), root, "root");
    let mut expected = MemorySource::default();
    expected.apply_nodes(&full);
    assert_eq!(state.account_nodes, expected.account_nodes, "account nodes");
    assert_eq!(state.storage_nodes, expected.storage_nodes, "storage nodes");
    assert_eq!(trie.memory(), trie.measured(), "memory");

    // Nothing is written that was there already.
    exact(&updates.account_nodes, &before.account_nodes);
    for (key, storage) in &updates.storage_tries {
        assert!(storage.wiped || !storage.nodes.is_empty());
        match before.storage_nodes.get(key) {
            Some(nodes) if !storage.wiped => exact(&storage.nodes, nodes),
            _ => exact(&storage.nodes, &Nodes::default()),
        }
    }
    state
}

fn exact(updates: &HashMap<Nibbles, Option<BranchNodeCompact>>, stored: &Nodes) {
    for (path, node) in updates {
        assert_ne!(stored.get(path), node.as_ref(), "needless update at {path:?}");
    }
}

fn run(seed: u64, shape: &Shape, blocks: usize) {
    let mut random = Random(seed);
    let mut state = MemorySource::default();
    let mut trie = StateTrie::cold(alloy_trie::EMPTY_ROOT_HASH);
    for _ in 0..blocks {
        if random.chance(30) {
            // A sibling of the block that follows, on the same parent.
            let changes = block(&mut random, shape, &state);
            let (sibling, updates) = trie.apply(&state, &changes).unwrap();
            check(&state, &sibling, &updates, &changes);
        }
        let changes = block(&mut random, shape, &state);
        if random.chance(30) {
            trie = prefetched(&mut random, shape, &state, &changes, &trie);
        }
        let (next, updates) = if random.chance(50) {
            trie.apply(&state, &changes).unwrap()
        } else {
            trie.apply_owned(&state, &changes).unwrap()
        };
        state = check(&state, &next, &updates, &changes);
        trie = match random.below(5) {
            0 => StateTrie::cold(next.root()),
            1 | 2 => {
                let budget = random.below(next.memory() + 1);
                let pruned = next.prune(budget);
                assert!(pruned.memory() <= budget);
                assert_eq!(pruned.memory(), pruned.measured());
                pruned
            }
            _ => next,
        };
    }
}

fn prefetched(
    random: &mut Random,
    shape: &Shape,
    state: &MemorySource,
    changes: &HashedPostState,
    trie: &StateTrie,
) -> StateTrie {
    let mut accounts: Vec<B256> = changes.accounts.keys().copied().collect();
    accounts.push(shape.accounts.pick(random));
    let mut slots: Vec<(B256, B256)> = Vec::new();
    for (key, storage) in &changes.storages {
        slots.extend(storage.slots.keys().map(|slot| (*key, *slot)));
        slots.push((*key, shape.slots.pick(random)));
    }
    let fetched = trie.prefetch(state, &accounts, &slots).unwrap();
    assert_eq!(fetched.root(), trie.root());
    assert_eq!(fetched.memory(), fetched.measured());
    assert!(fetched.memory() >= trie.memory());
    fetched
}

const SMALL: Shape = Shape {
    accounts: Keys::Spread(12),
    slots: Keys::Spread(10),
    changes: 6,
    slot_changes: 6,
    deletions: 35,
};
const CROWDED: Shape = Shape {
    accounts: Keys::Crowded,
    slots: Keys::Crowded,
    changes: 20,
    slot_changes: 20,
    deletions: 30,
};
const WIDE: Shape = Shape {
    accounts: Keys::Spread(2000),
    slots: Keys::Spread(600),
    changes: 400,
    slot_changes: 60,
    deletions: 15,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn small_tries(seed in any::<u64>()) {
        run(seed, &SMALL, 30);
    }

    #[test]
    fn crowded_tries(seed in any::<u64>()) {
        run(seed, &CROWDED, 30);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn wide_tries(seed in any::<u64>()) {
        run(seed, &WIDE, 8);
    }

    /// One storage trie large enough to be changed on several threads.
    #[test]
    fn large_storage(seed in any::<u64>()) {
        let shape = Shape {
            accounts: Keys::Spread(2),
            slots: Keys::Spread(5000),
            changes: 2,
            slot_changes: 3000,
            deletions: 20,
        };
        run(seed, &shape, 6);
    }
}

#[test]
fn nothing_and_a_single_account() {
    let state = MemorySource::default();
    let trie = StateTrie::cold(alloy_trie::EMPTY_ROOT_HASH);
    let (same, updates) = trie.apply(&state, &HashedPostState::default()).unwrap();
    assert_eq!(same.root(), alloy_trie::EMPTY_ROOT_HASH);
    assert!(updates.is_empty());

    let mut random = Random(1);
    let mut changes = HashedPostState::default();
    let key = B256::repeat_byte(1);
    changes.accounts.insert(key, Some(super::random::account(&mut random)));
    let (one, updates) = trie.apply(&state, &changes).unwrap();
    let after = check(&state, &one, &updates, &changes);
    assert_eq!(one.storage_root(&after, key).unwrap(), alloy_trie::EMPTY_ROOT_HASH);

    changes.accounts.insert(key, None);
    let (none, updates) = StateTrie::cold(one.root()).apply(&after, &changes).unwrap();
    check(&after, &none, &updates, &changes);
    assert_eq!(none.root(), alloy_trie::EMPTY_ROOT_HASH);
    assert_eq!(none.memory(), 0);
}

#[test]
fn a_source_of_another_state_is_noticed() {
    let mut random = Random(7);
    let mut state = MemorySource::default();
    let changes = block(&mut random, &WIDE, &state);
    state.apply_state(&changes);
    let (root, updates) = recompute_state_root(&state).unwrap();
    state.apply_nodes(&updates);
    let key = *state.accounts.keys().next().unwrap();
    let mut touched = HashedPostState::default();
    touched.accounts.insert(key, Some(super::random::account(&mut random)));
    assert!(StateTrie::cold(root).apply(&state, &touched).is_ok());

    let mut other = state.clone();
    other.apply_state(&touched);
    let mut again = HashedPostState::default();
    again.accounts.insert(key, None);
    assert!(StateTrie::cold(root).apply(&other, &again).is_err());
    assert!(StateTrie::cold(B256::repeat_byte(9)).apply(&state, &again).is_err());
}
