//! Executed blocks that are still in memory, over a base state: one view of both.

use crate::{
    AccountCursor, HashedPostStateSorted, StorageCursor, TrieCursor, TrieError, TrieReader,
    TrieSource, TrieUpdatesSorted,
    merge::{Base, MergeCursor},
};
use alloy_primitives::{B256, U256};
use alloy_trie::{BranchNodeCompact, Nibbles};
use reth_primitives_traits::Account;
use std::sync::Arc;

/// What one block in memory (or several, merged) changed.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    /// Accounts and slots.
    pub state: Arc<HashedPostStateSorted>,
    /// Stored branch nodes.
    pub nodes: Arc<TrieUpdatesSorted>,
}

/// The state after the newest of `layers`, which lie over `base`.
#[derive(Debug, Clone)]
pub struct OverlaySource<S> {
    base: S,
    layers: Arc<[Layer]>,
}

impl<S> OverlaySource<S> {
    /// `layers` newest first; the oldest one's parent state is `base`.
    pub fn new(base: S, layers: impl Into<Arc<[Layer]>>) -> Self {
        Self { base, layers: layers.into() }
    }

    /// The state below the layers.
    pub const fn base(&self) -> &S {
        &self.base
    }

    /// The layers, newest first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }
}

impl<S: TrieSource> TrieSource for OverlaySource<S> {
    fn reader(&self) -> Result<Box<dyn TrieReader + '_>, TrieError> {
        Ok(Box::new(LayeredReader { base: self.base.reader()?, layers: &self.layers }))
    }
}

/// A reader of `layers` over a reader of the state below them.
pub struct LayeredReader<'a> {
    base: Box<dyn TrieReader + 'a>,
    layers: &'a [Layer],
}

impl<'a> LayeredReader<'a> {
    /// `layers` newest first.
    pub fn new(base: Box<dyn TrieReader + 'a>, layers: &'a [Layer]) -> Self {
        Self { base, layers }
    }
}

impl std::fmt::Debug for LayeredReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LayeredReader").field("layers", &self.layers.len()).finish_non_exhaustive()
    }
}

impl TrieReader for LayeredReader<'_> {
    fn accounts(&self) -> Result<Box<dyn AccountCursor + '_>, TrieError> {
        let layers = self.layers.iter().map(|layer| layer.state.accounts.as_slice()).collect();
        Ok(Box::new(MergeCursor::new(layers, Some(AccountBase(self.base.accounts()?)))))
    }

    fn storage(&self, hashed_address: B256) -> Result<Box<dyn StorageCursor + '_>, TrieError> {
        let mut layers = Vec::new();
        for layer in self.layers {
            if let Some(storage) = layer.state.storages.get(&hashed_address) {
                layers.push(storage.slots.as_slice());
                if storage.wiped {
                    return Ok(Box::new(MergeCursor::new(layers, None::<StorageBase<'_>>)));
                }
            }
        }
        let base = StorageBase(self.base.storage(hashed_address)?);
        Ok(Box::new(MergeCursor::new(layers, Some(base))))
    }

    fn account_trie(&self) -> Result<Box<dyn TrieCursor + '_>, TrieError> {
        let layers = self.layers.iter().map(|layer| layer.nodes.account_nodes.as_slice()).collect();
        Ok(Box::new(MergeCursor::new(layers, Some(TrieBase(self.base.account_trie()?)))))
    }

    fn storage_trie(&self, hashed_address: B256) -> Result<Box<dyn TrieCursor + '_>, TrieError> {
        let mut layers = Vec::new();
        for layer in self.layers {
            if let Some(storage) = layer.nodes.storage_tries.get(&hashed_address) {
                layers.push(storage.nodes.as_slice());
                if storage.wiped {
                    return Ok(Box::new(MergeCursor::new(layers, None::<TrieBase<'_>>)));
                }
            }
        }
        let base = TrieBase(self.base.storage_trie(hashed_address)?);
        Ok(Box::new(MergeCursor::new(layers, Some(base))))
    }
}

struct AccountBase<'a>(Box<dyn AccountCursor + 'a>);

impl Base for AccountBase<'_> {
    type Key = B256;
    type Written = Option<Account>;
    type Value = Account;

    fn seek(&mut self, key: B256) -> Result<Option<(B256, Account)>, TrieError> {
        self.0.seek(key)
    }

    fn next(&mut self) -> Result<Option<(B256, Account)>, TrieError> {
        self.0.next()
    }

    fn visible(written: &Option<Account>) -> Option<Account> {
        *written
    }
}

struct StorageBase<'a>(Box<dyn StorageCursor + 'a>);

impl Base for StorageBase<'_> {
    type Key = B256;
    type Written = U256;
    type Value = U256;

    fn seek(&mut self, key: B256) -> Result<Option<(B256, U256)>, TrieError> {
        self.0.seek(key)
    }

    fn next(&mut self) -> Result<Option<(B256, U256)>, TrieError> {
        self.0.next()
    }

    fn visible(written: &U256) -> Option<U256> {
        (!written.is_zero()).then_some(*written)
    }
}

struct TrieBase<'a>(Box<dyn TrieCursor + 'a>);

impl Base for TrieBase<'_> {
    type Key = Nibbles;
    type Written = Option<BranchNodeCompact>;
    type Value = BranchNodeCompact;

    fn seek(&mut self, key: Nibbles) -> Result<Option<(Nibbles, BranchNodeCompact)>, TrieError> {
        self.0.seek(key)
    }

    fn next(&mut self) -> Result<Option<(Nibbles, BranchNodeCompact)>, TrieError> {
        self.0.next()
    }

    fn visible(written: &Option<BranchNodeCompact>) -> Option<BranchNodeCompact> {
        written.clone()
    }
}

impl AccountCursor for MergeCursor<'_, AccountBase<'_>> {
    fn seek(&mut self, key: B256) -> Result<Option<(B256, Account)>, TrieError> {
        self.seek_entry(key)
    }

    fn next(&mut self) -> Result<Option<(B256, Account)>, TrieError> {
        self.next_entry()
    }
}

impl StorageCursor for MergeCursor<'_, StorageBase<'_>> {
    fn seek(&mut self, key: B256) -> Result<Option<(B256, U256)>, TrieError> {
        self.seek_entry(key)
    }

    fn next(&mut self) -> Result<Option<(B256, U256)>, TrieError> {
        self.next_entry()
    }
}

impl TrieCursor for MergeCursor<'_, TrieBase<'_>> {
    fn seek_exact(&mut self, path: Nibbles) -> Result<Option<BranchNodeCompact>, TrieError> {
        Ok(self.seek_entry(path)?.and_then(|(found, node)| (found == path).then_some(node)))
    }

    fn seek(&mut self, path: Nibbles) -> Result<Option<(Nibbles, BranchNodeCompact)>, TrieError> {
        self.seek_entry(path)
    }

    fn next(&mut self) -> Result<Option<(Nibbles, BranchNodeCompact)>, TrieError> {
        self.next_entry()
    }
}
