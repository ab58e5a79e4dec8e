#![doc = include_str!("../README.md")]

mod cursor;
mod error;
pub mod memory;
mod merge;
mod overlay;
mod proof;
mod recompute;
mod state;
mod trie;
mod updates;

pub use cursor::{AccountCursor, StorageCursor, TrieCursor, TrieReader, TrieSource};
pub use error::TrieError;
pub use overlay::{Layer, LayeredReader, OverlaySource};
pub use proof::{AccountProof, StorageProof, account_proof, multiproof, witness};
pub use recompute::recompute_state_root;
pub use state::{HashedPostState, HashedPostStateSorted, HashedStorage, HashedStorageSorted};
pub use trie::StateTrie;
pub use updates::{StorageTrieUpdates, StorageTrieUpdatesSorted, TrieUpdates, TrieUpdatesSorted};

pub use alloy_trie::{BranchNodeCompact, Nibbles};
