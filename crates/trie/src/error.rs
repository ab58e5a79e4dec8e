//! What can go wrong while a root or a proof is computed.

use alloy_primitives::B256;

/// A fault below the trie, or a stored trie that contradicts itself. Never a property of a block:
/// a block is not invalid because of one.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TrieError {
    /// The source of state failed.
    #[error("reading state: {0}")]
    Source(String),
    /// The stored trie contradicts itself.
    #[error("the stored trie of {trie} is inconsistent at {path}: {what}")]
    Inconsistent {
        /// Hashed address of the storage trie's account, or zero for the account trie.
        trie: B256,
        /// Path in nibbles.
        path: String,
        /// What does not fit.
        what: &'static str,
    },
}
