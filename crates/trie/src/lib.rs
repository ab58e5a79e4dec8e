#![doc = include_str!("../README.md")]

mod accounts;
mod cursor;
mod encode;
mod error;
mod find;
mod load;
pub mod memory;
mod merge;
mod node;
mod outcome;
mod overlay;
mod proof;
mod prune;
mod recompute;
mod scan;
mod slots;
mod state;
mod task;
mod trie;
mod update;
mod updates;

#[cfg(test)]
mod tests;

pub use cursor::{AccountCursor, StorageCursor, TrieCursor, TrieReader, TrieSource};
pub use error::TrieError;
pub use overlay::{Layer, LayeredReader, OverlaySource};
pub use proof::{AccountProof, StorageProof, account_proof, multiproof, witness};
pub use recompute::recompute_state_root;
pub use state::{HashedPostState, HashedPostStateSorted, HashedStorage, HashedStorageSorted};
pub use trie::StateTrie;
pub use updates::{StorageTrieUpdates, StorageTrieUpdatesSorted, TrieUpdates, TrieUpdatesSorted};

pub use alloy_trie::{BranchNodeCompact, Nibbles};
