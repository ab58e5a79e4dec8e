//! Random states and blocks, the same for the same seed.

use crate::{HashedPostState, HashedStorage, memory::MemorySource};
use alloy_primitives::{B256, U256, keccak256};
use reth_primitives_traits::Account;

/// splitmix64.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// How keys are made.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keys {
    /// As hashes are: `0` of them.
    Spread(usize),
    /// With long common prefixes, forking at few places: extensions and inlined nodes.
    Crowded,
}

impl Keys {
    pub(super) fn pick(self, random: &mut Random) -> B256 {
        match self {
            Self::Spread(count) => keccak256((random.below(count) as u64).to_be_bytes()),
            Self::Crowded => {
                let mut key = [0u8; 32];
                for _ in 0..random.below(4) {
                    let depth = [0, 1, 2, 3, 10, 31, 60, 61, 62, 63][random.below(10)];
                    let nibble = [1, 2, 15][random.below(3)];
                    key[depth / 2] |= if depth % 2 == 0 { nibble << 4 } else { nibble };
                }
                key.into()
            }
        }
    }
}

pub(super) struct Shape {
    pub(super) accounts: Keys,
    pub(super) slots: Keys,
    /// At most, in one block.
    pub(super) changes: usize,
    pub(super) slot_changes: usize,
    /// In percent.
    pub(super) deletions: usize,
}

pub(super) fn account(random: &mut Random) -> Account {
    Account {
        nonce: random.next() % 300,
        balance: if random.chance(20) { U256::ZERO } else { U256::from(random.next()) },
        bytecode_hash: random.chance(30).then(|| keccak256(random.next().to_be_bytes())),
    }
}

/// A block on top of `state`.
pub(super) fn block(random: &mut Random, shape: &Shape, state: &MemorySource) -> HashedPostState {
    let mut changes = HashedPostState::default();
    for _ in 0..=random.below(shape.changes) {
        let key = shape.accounts.pick(random);
        let exists = state.accounts.contains_key(&key);
        if random.chance(shape.deletions) {
            // An account that is not there may be written as gone as well.
            changes.accounts.insert(key, None);
            changes.storages.remove(&key);
            if random.chance(70) {
                changes.storages.insert(key, HashedStorage { wiped: true, ..Default::default() });
            }
            continue;
        }
        let gone = changes.accounts.get(&key).is_some_and(Option::is_none);
        if !exists || gone || random.chance(60) {
            changes.accounts.insert(key, Some(account(random)));
        }
        if random.chance(50) {
            let storage = changes.storages.entry(key).or_default();
            storage.wiped |= gone || random.chance(10);
            for _ in 0..random.below(shape.slot_changes) {
                let value = match random.below(100) {
                    n if n < shape.deletions => U256::ZERO,
                    n if n < 70 => U256::from(random.next() % 200),
                    _ => U256::from_be_bytes(keccak256(random.next().to_be_bytes()).0),
                };
                storage.slots.insert(shape.slots.pick(random), value);
            }
        } else if gone {
            changes.storages.entry(key).or_default().wiped = true;
        }
    }
    changes
}
