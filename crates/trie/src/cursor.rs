//! Where the trie reads from: sorted hashed state and stored branch nodes.
//!
//! Every cursor is a view of one block's state. `seek(key)` moves to the first entry at or after
//! `key`; `next` to the one after it. Entries come in ascending order of their keys.

use crate::TrieError;
use alloy_primitives::{B256, U256};
use alloy_trie::{BranchNodeCompact, Nibbles};
use reth_primitives_traits::Account;
use std::sync::Arc;

/// Accounts by keccak256 of their address.
pub trait AccountCursor {
    /// The first account at or after `key`.
    fn seek(&mut self, key: B256) -> Result<Option<(B256, Account)>, TrieError>;
    /// The account after the current one.
    fn next(&mut self) -> Result<Option<(B256, Account)>, TrieError>;
}

/// One account's non-zero storage by keccak256 of the slot.
pub trait StorageCursor {
    /// The first slot at or after `key`.
    fn seek(&mut self, key: B256) -> Result<Option<(B256, U256)>, TrieError>;
    /// The slot after the current one.
    fn next(&mut self) -> Result<Option<(B256, U256)>, TrieError>;
}

/// Stored branch nodes of one trie by their path. As in reth, a branch node is stored if at least
/// one child is a branch node with a hash or leads to a stored node (its `hash_mask` or `tree_mask`
/// is not empty); leaves and extensions are never stored.
pub trait TrieCursor {
    /// The node at exactly `path`.
    fn seek_exact(&mut self, path: Nibbles) -> Result<Option<BranchNodeCompact>, TrieError>;
    /// The first node at or after `path`.
    fn seek(&mut self, path: Nibbles) -> Result<Option<(Nibbles, BranchNodeCompact)>, TrieError>;
    /// The node after the current one.
    fn next(&mut self) -> Result<Option<(Nibbles, BranchNodeCompact)>, TrieError>;
}

/// One thread's reader of one block's state.
pub trait TrieReader {
    /// Cursor over hashed accounts.
    fn accounts(&self) -> Result<Box<dyn AccountCursor + '_>, TrieError>;
    /// Cursor over the storage of the account with this hashed address.
    fn storage(&self, hashed_address: B256) -> Result<Box<dyn StorageCursor + '_>, TrieError>;
    /// Cursor over the account trie's stored nodes.
    fn account_trie(&self) -> Result<Box<dyn TrieCursor + '_>, TrieError>;
    /// Cursor over the stored nodes of one account's storage trie.
    fn storage_trie(&self, hashed_address: B256) -> Result<Box<dyn TrieCursor + '_>, TrieError>;
}

/// One block's state, from which any thread can open a reader; all readers see the same block.
pub trait TrieSource: Send + Sync {
    /// A reader for the calling thread. Opening one costs little next to a state root, but more than
    /// a read: keep it for a batch of work.
    fn reader(&self) -> Result<Box<dyn TrieReader + '_>, TrieError>;
}

impl<T: TrieSource + ?Sized> TrieSource for &T {
    fn reader(&self) -> Result<Box<dyn TrieReader + '_>, TrieError> {
        (**self).reader()
    }
}

impl<T: TrieSource + ?Sized> TrieSource for Arc<T> {
    fn reader(&self) -> Result<Box<dyn TrieReader + '_>, TrieError> {
        (**self).reader()
    }
}
