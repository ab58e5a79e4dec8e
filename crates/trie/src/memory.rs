//! A state in ordered maps: the plainest [`TrieSource`], for tests and tools.

use crate::{
    AccountCursor, HashedPostState, StorageCursor, TrieCursor, TrieError, TrieReader, TrieSource,
    TrieUpdates,
};
use alloy_primitives::{B256, U256};
use alloy_trie::{BranchNodeCompact, Nibbles};
use reth_primitives_traits::Account;
use std::collections::{BTreeMap, btree_map::Range};
use std::ops::Bound;

type Nodes = BTreeMap<Nibbles, BranchNodeCompact>;

/// All of one block's state and stored branch nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemorySource {
    /// By hashed address.
    pub accounts: BTreeMap<B256, Account>,
    /// By hashed address and hashed slot; never zero, never an empty map.
    pub storages: BTreeMap<B256, BTreeMap<B256, U256>>,
    /// The account trie's stored nodes.
    pub account_nodes: BTreeMap<Nibbles, BranchNodeCompact>,
    /// By hashed address, the storage tries' stored nodes; never an empty map.
    pub storage_nodes: BTreeMap<B256, BTreeMap<Nibbles, BranchNodeCompact>>,
}

impl MemorySource {
    /// Writes a block's accounts and slots.
    pub fn apply_state(&mut self, changes: &HashedPostState) {
        for (key, account) in &changes.accounts {
            match account {
                Some(account) => {
                    self.accounts.insert(*key, *account);
                }
                None => {
                    self.accounts.remove(key);
                    self.storages.remove(key);
                }
            }
        }
        for (key, storage) in &changes.storages {
            if storage.wiped {
                self.storages.remove(key);
            }
            let slots = self.storages.entry(*key).or_default();
            for (slot, value) in &storage.slots {
                if value.is_zero() {
                    slots.remove(slot);
                } else {
                    slots.insert(*slot, *value);
                }
            }
            if slots.is_empty() {
                self.storages.remove(key);
            }
        }
    }

    /// Writes a block's stored nodes.
    pub fn apply_nodes(&mut self, updates: &TrieUpdates) {
        let write = |nodes: &mut Nodes, path: &Nibbles, node: &Option<BranchNodeCompact>| match node
        {
            Some(node) => drop(nodes.insert(*path, node.clone())),
            None => drop(nodes.remove(path)),
        };
        for (path, node) in &updates.account_nodes {
            write(&mut self.account_nodes, path, node);
        }
        for (key, storage) in &updates.storage_tries {
            if storage.wiped {
                self.storage_nodes.remove(key);
            }
            let nodes = self.storage_nodes.entry(*key).or_default();
            for (path, node) in &storage.nodes {
                write(nodes, path, node);
            }
            if nodes.is_empty() {
                self.storage_nodes.remove(key);
            }
        }
    }
}

impl TrieSource for MemorySource {
    fn reader(&self) -> Result<Box<dyn TrieReader + '_>, TrieError> {
        Ok(Box::new(MemoryReader(self)))
    }
}

struct MemoryReader<'a>(&'a MemorySource);

impl TrieReader for MemoryReader<'_> {
    fn accounts(&self) -> Result<Box<dyn AccountCursor + '_>, TrieError> {
        Ok(Box::new(MapCursor::new(Some(&self.0.accounts))))
    }

    fn storage(&self, hashed_address: B256) -> Result<Box<dyn StorageCursor + '_>, TrieError> {
        Ok(Box::new(MapCursor::new(self.0.storages.get(&hashed_address))))
    }

    fn account_trie(&self) -> Result<Box<dyn TrieCursor + '_>, TrieError> {
        Ok(Box::new(MapCursor::new(Some(&self.0.account_nodes))))
    }

    fn storage_trie(&self, hashed_address: B256) -> Result<Box<dyn TrieCursor + '_>, TrieError> {
        Ok(Box::new(MapCursor::new(self.0.storage_nodes.get(&hashed_address))))
    }
}

struct MapCursor<'a, K, V> {
    map: Option<&'a BTreeMap<K, V>>,
    range: Option<Range<'a, K, V>>,
}

impl<'a, K: Ord + Copy, V: Clone> MapCursor<'a, K, V> {
    const fn new(map: Option<&'a BTreeMap<K, V>>) -> Self {
        Self { map, range: None }
    }

    fn seek_entry(&mut self, key: K) -> Option<(K, V)> {
        self.range = self.map.map(|map| map.range((Bound::Included(key), Bound::Unbounded)));
        self.next_entry()
    }

    fn next_entry(&mut self) -> Option<(K, V)> {
        self.range.as_mut()?.next().map(|(key, value)| (*key, value.clone()))
    }
}

impl AccountCursor for MapCursor<'_, B256, Account> {
    fn seek(&mut self, key: B256) -> Result<Option<(B256, Account)>, TrieError> {
        Ok(self.seek_entry(key))
    }

    fn next(&mut self) -> Result<Option<(B256, Account)>, TrieError> {
        Ok(self.next_entry())
    }
}

impl StorageCursor for MapCursor<'_, B256, U256> {
    fn seek(&mut self, key: B256) -> Result<Option<(B256, U256)>, TrieError> {
        Ok(self.seek_entry(key))
    }

    fn next(&mut self) -> Result<Option<(B256, U256)>, TrieError> {
        Ok(self.next_entry())
    }
}

impl TrieCursor for MapCursor<'_, Nibbles, BranchNodeCompact> {
    fn seek_exact(&mut self, path: Nibbles) -> Result<Option<BranchNodeCompact>, TrieError> {
        Ok(self.map.and_then(|map| map.get(&path)).cloned())
    }

    fn seek(&mut self, path: Nibbles) -> Result<Option<(Nibbles, BranchNodeCompact)>, TrieError> {
        Ok(self.seek_entry(path))
    }

    fn next(&mut self) -> Result<Option<(Nibbles, BranchNodeCompact)>, TrieError> {
        Ok(self.next_entry())
    }
}
