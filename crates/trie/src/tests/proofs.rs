//! Proofs verify, and a witness is enough to compute the next root.

use super::{
    random::{Keys, Random, Shape, block},
    stateless::{Node, Stateless},
};
use crate::{
    StateTrie, account_proof, memory::MemorySource, multiproof, node::AccountValue,
    recompute_state_root, witness,
};
use alloy_primitives::{Address, B256, U256, keccak256, map::B256Map};
use alloy_rlp::Decodable;
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles, TrieAccount, proof::verify_proof};
use proptest::prelude::{ProptestConfig, any, proptest};

fn state(random: &mut Random, shape: &Shape) -> MemorySource {
    let mut state = MemorySource::default();
    for _ in 0..3 {
        let changes = block(random, shape, &state);
        state.apply_state(&changes);
    }
    let (_, updates) = recompute_state_root(&state).unwrap();
    state.apply_nodes(&updates);
    state
}

/// Accounts and slots by address and plain slot, so that proofs of keccaks can be asked for.
fn plain_state(random: &mut Random, accounts: u8, slots: u8) -> MemorySource {
    let mut state = MemorySource::default();
    for _ in 0..accounts {
        let key = keccak256(Address::repeat_byte(random.next() as u8 % accounts));
        state.accounts.insert(key, super::random::account(random));
        let storage: std::collections::BTreeMap<_, _> = (0..random.below(usize::from(slots)))
            .map(|_| (keccak256(B256::repeat_byte(random.next() as u8 % slots)), U256::from(7)))
            .collect();
        if !storage.is_empty() {
            state.storages.insert(key, storage);
        }
    }
    let (_, updates) = recompute_state_root(&state).unwrap();
    state.apply_nodes(&updates);
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn account_proofs_verify(seed in any::<u64>(), accounts in 1u8.., slots in 1u8..120) {
        let mut random = Random(seed);
        let state = plain_state(&mut random, accounts, slots);
        let (root, _) = recompute_state_root(&state).unwrap();
        for index in (0..=accounts).step_by(7) {
            let address = Address::repeat_byte(index);
            let asked: Vec<_> = (0..=slots).step_by(9).map(B256::repeat_byte).collect();
            let proof = account_proof(&state, address, &asked).unwrap();
            let key = keccak256(address);
            assert_eq!(proof.state_root, root);
            assert_eq!(proof.account, state.accounts.get(&key).copied());
            let value = proof.account.map(|account| {
                alloy_rlp::encode(account.into_trie_account(proof.storage_root))
            });
            verify_proof(root, Nibbles::unpack(key), value, &proof.proof).unwrap();
            for (slot, storage) in asked.iter().zip(&proof.storage) {
                let hashed = keccak256(slot);
                let expected = state.storages.get(&key).and_then(|slots| slots.get(&hashed));
                assert_eq!(storage.value, expected.copied().unwrap_or_default());
                let value = expected.map(alloy_rlp::encode);
                verify_proof(proof.storage_root, Nibbles::unpack(hashed), value, &storage.proof)
                    .unwrap();
            }
        }
    }

    /// Inlined nodes and extensions, from hashed keys.
    #[test]
    fn crowded_proofs_verify(seed in any::<u64>()) {
        let mut random = Random(seed);
        let shape = Shape {
            accounts: Keys::Crowded,
            slots: Keys::Crowded,
            changes: 20,
            slot_changes: 30,
            deletions: 10,
        };
        let state = state(&mut random, &shape);
        let keys: Vec<_> = (0..20).map(|_| shape.accounts.pick(&mut random)).collect();
        let slots: Vec<_> = (0..20).map(|_| shape.slots.pick(&mut random)).collect();
        let targets: Vec<_> =
            keys.iter().flat_map(|key| slots.iter().map(|slot| (*key, *slot))).collect();
        let trie = StateTrie::load(&state).unwrap().prefetch(&state, &keys, &targets).unwrap();
        for key in keys {
            let account = trie.account(&key);
            assert_eq!(account.map(AccountValue::account), state.accounts.get(&key).copied());
            let value = account.map(|it| {
                alloy_rlp::encode(it.account().into_trie_account(it.storage_root))
            });
            let proof = crate::find::proof(trie.link(), &key);
            verify_proof(trie.root(), Nibbles::unpack(key), value, &proof).unwrap();
            let Some(account) = account else { continue };
            let Some(storage) = &account.storage else { continue };
            for slot in &slots {
                let expected = state.storages[&key].get(slot).map(alloy_rlp::encode);
                let proof = crate::find::proof(&storage.link, slot);
                verify_proof(account.storage_root, Nibbles::unpack(slot), expected, &proof)
                    .unwrap();
            }
        }
    }
}

#[test]
fn a_multiproof_holds_every_proof() {
    let mut random = Random(3);
    let state = plain_state(&mut random, 200, 100);
    let mut targets: B256Map<Vec<B256>> = B256Map::default();
    for index in 0..50 {
        let slots = (0..10).map(|slot| keccak256(B256::repeat_byte(slot))).collect();
        targets.insert(keccak256(Address::repeat_byte(index)), slots);
    }
    let (root, nodes) = multiproof(&state, &targets).unwrap();
    assert_eq!(root, recompute_state_root(&state).unwrap().0);
    assert!(nodes.iter().all(|(hash, node)| keccak256(node) == *hash));
    let slots: Vec<_> = (0..10).map(B256::repeat_byte).collect();
    for index in 0..50 {
        let proof = account_proof(&state, Address::repeat_byte(index), &slots).unwrap();
        let storage = proof.storage.iter().flat_map(|slot| &slot.proof);
        for node in proof.proof.iter().chain(storage) {
            assert_eq!(nodes.get(&keccak256(node)), Some(node));
        }
    }
}

/// Computes the root after a block from nothing but its witness.
fn check_witness(random: &mut Random, shape: &Shape) {
    let before = state(random, shape);
    let changes = block(random, shape, &before);
    let (root, nodes) = witness(&before, &B256Map::default(), &changes).unwrap();
    let stateless = Stateless { nodes: &nodes };
    let mut trie = Stateless::open(root);
    let keys: std::collections::BTreeSet<_> =
        changes.accounts.keys().chain(changes.storages.keys()).copied().collect();
    let gone = |key: &B256| changes.accounts.get(key).is_some_and(Option::is_none);
    let mut keys: Vec<_> = keys.into_iter().collect();
    if random.chance(50) {
        keys.sort_by_key(|key| !gone(key));
    }
    for key in keys {
        let path = Nibbles::unpack(key).to_vec();
        let old =
            stateless.get(&trie, &path).map(|rlp| TrieAccount::decode(&mut &rlp[..]).unwrap());
        let info = match changes.accounts.get(&key) {
            Some(info) => *info,
            None => old.map(Into::into),
        };
        let mut storage_root = old.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
        if let (Some(_), Some(written)) = (info, changes.storages.get(&key)) {
            let start = if written.wiped { EMPTY_ROOT_HASH } else { storage_root };
            let mut storage: Node = Stateless::open(start);
            // In the order of a hash map, or cleared slots first: this merges most.
            let mut slots: Vec<_> = written.slots.iter().collect();
            if random.chance(50) {
                slots.sort_unstable_by_key(|(slot, value)| (!value.is_zero(), **slot));
            }
            for (slot, value) in slots {
                let value = (!value.is_zero()).then(|| alloy_rlp::encode(value));
                storage = stateless.set(storage, &Nibbles::unpack(slot).to_vec(), value);
            }
            storage_root = Stateless::root(&storage);
        }
        let value = info.map(|info| alloy_rlp::encode(info.into_trie_account(storage_root)));
        trie = stateless.set(trie, &path, value);
    }
    let mut after = before;
    after.apply_state(&changes);
    assert_eq!(Stateless::root(&trie), recompute_state_root(&after).unwrap().0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_witness_is_enough(seed in any::<u64>(), crowded in any::<bool>()) {
        let keys = if crowded { Keys::Crowded } else { Keys::Spread(60) };
        let shape =
            Shape { accounts: keys, slots: keys, changes: 20, slot_changes: 15, deletions: 30 };
        check_witness(&mut Random(seed), &shape);
    }
}

/// A storage trie that merges, of the account whose hash the account trie goes by.
#[test]
fn a_witness_tells_the_zero_account_from_the_account_trie() {
    let keys = Keys::Crowded;
    let shape = Shape { accounts: keys, slots: keys, changes: 20, slot_changes: 15, deletions: 30 };
    check_witness(&mut Random(17_508_591_251_771_071_329), &shape);
}
