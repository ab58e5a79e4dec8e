//! A block together with everything its execution gave.

use alloy_primitives::{B256, BlockNumber};
use assay_evm::{Receipt, RecoveredBlock};
use assay_trie::{HashedPostState, StateTrie, TrieUpdates};
use revm::database::BundleState;
use std::sync::Arc;

/// A block, its receipts and what it changed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ExecutedBlock {
    /// The block.
    pub block: Arc<RecoveredBlock>,
    /// Its receipts, in order.
    pub receipts: Arc<Vec<Receipt>>,
    /// Accounts, slots and code that it wrote.
    pub bundle: Arc<BundleState>,
    /// The same by hashed keys.
    pub hashed: Arc<HashedPostState>,
    /// Stored trie nodes that it changed.
    pub trie_updates: Arc<TrieUpdates>,
    /// The state trie after it.
    pub trie: StateTrie,
}

impl ExecutedBlock {
    /// The block's hash.
    pub fn hash(&self) -> B256 {
        self.block.hash()
    }

    /// The block's number.
    pub fn number(&self) -> BlockNumber {
        self.block.header().number
    }

    /// The parent's hash.
    pub fn parent_hash(&self) -> B256 {
        self.block.header().parent_hash
    }
}
