//! What can go wrong, grouped by what the caller does about it.

use alloy_primitives::B256;
use assay_storage::StorageError;

/// An error of the chain.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChainError {
    /// Neither in memory nor a canonical block of the store: it has to be executed first.
    #[error("unknown block {0}")]
    UnknownBlock(B256),
    /// The block is known, but not an ancestor of the head.
    #[error("block {0} is not canonical")]
    NotCanonical(B256),
    /// The store failed. Never a property of a block.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The chain was shut down.
    #[error("the chain is shut down")]
    Closed,
}
