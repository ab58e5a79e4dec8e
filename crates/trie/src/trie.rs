//! The warm state trie.

use crate::{HashedPostState, TrieError, TrieSource, TrieUpdates};
use alloy_primitives::B256;

/// The state trie of one block, as far as it is in memory: accounts and their storage tries.
/// Nodes are shared between blocks and copied when written; what is not in memory is known by its
/// hash and read from a [`TrieSource`] of the same block's state when needed. Clones are cheap.
#[derive(Debug, Clone)]
pub struct StateTrie {
    root: B256,
}

impl StateTrie {
    /// The trie with this root, with nothing of it in memory.
    pub const fn cold(state_root: B256) -> Self {
        Self { root: state_root }
    }

    /// The state root.
    pub const fn root(&self) -> B256 {
        self.root
    }

    /// The trie after a block that made these changes, and the stored nodes that it changed.
    /// `source` is the state before the block. Spread over rayon's threads when there is much.
    pub fn apply(
        &self,
        source: &dyn TrieSource,
        changes: &HashedPostState,
    ) -> Result<(Self, TrieUpdates), TrieError> {
        self.clone().apply_owned(source, changes)
    }

    /// As [`Self::apply`], but nodes that no other trie shares are changed in place.
    pub fn apply_owned(
        self,
        source: &dyn TrieSource,
        changes: &HashedPostState,
    ) -> Result<(Self, TrieUpdates), TrieError> {
        let _ = (source, changes);
        todo!()
    }

    /// The storage root of an account, empty if there is no such account.
    pub fn storage_root(
        &self,
        source: &dyn TrieSource,
        hashed_address: B256,
    ) -> Result<B256, TrieError> {
        let _ = (source, hashed_address);
        todo!()
    }

    /// The same trie with the paths to these accounts and slots (hashed address, hashed slot) in
    /// memory. Changes no result, only the time that [`Self::apply`] takes.
    pub fn prefetch(
        &self,
        source: &dyn TrieSource,
        accounts: &[B256],
        slots: &[(B256, B256)],
    ) -> Result<Self, TrieError> {
        let _ = (source, accounts, slots);
        todo!()
    }

    /// The same trie with at most `budget` bytes in memory: what was used longest ago goes first.
    pub fn prune(&self, budget: usize) -> Self {
        let _ = budget;
        todo!()
    }

    /// Bytes of memory that this trie's nodes take, shared ones included.
    pub const fn memory(&self) -> usize {
        0
    }
}
