//! What can go wrong with the store, grouped by what the caller does about it.

use crate::tables::Table;
use alloy_primitives::{B256, BlockNumber};
use revm::database_interface::DBErrorMarker;
use signet_libmdbx::{MdbxError, ReadError};
use std::path::PathBuf;

/// An error of the store. None is ever a property of a block: a block is not invalid because of one.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// Another process has the directory open. Stop that process.
    #[error("{path} is in use by another process: stop it first, or choose another data directory")]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The directory holds another chain. Choose another directory or another genesis.
    #[error(
        "{path} holds another chain: its genesis is {found}, the configured one {expected}; choose another data directory"
    )]
    OtherChain {
        /// The directory.
        path: PathBuf,
        /// The genesis hash that the chain specification gives.
        expected: B256,
        /// The genesis hash in the store.
        found: B256,
    },
    /// The directory was written by a version with another layout.
    #[error(
        "{path} has schema version {found}, this binary reads version {supported}; use the version that wrote it, or sync anew"
    )]
    Schema {
        /// The directory.
        path: PathBuf,
        /// The version in the store.
        found: u64,
        /// The version that this binary writes.
        supported: u64,
    },
    /// The directory cannot be made or opened. The operator has to look at it.
    #[error("cannot open {path}: {reason}")]
    Open {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A stored value cannot have been written by us: the file is damaged.
    #[error("table {table} is corrupt at key {key}: {what}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The key, in hex.
        key: String,
        /// What does not fit.
        what: &'static str,
    },
    /// The database failed: disk full, I/O error, too many readers.
    #[error("database: {0}")]
    Database(#[from] MdbxError),
    /// A mistake of the caller: blocks that do not follow the head, a block that is not stored.
    #[error("{0}")]
    Misuse(String),
    /// A state root computed from all of the state is not the header's.
    #[error("state root of block {number} is {computed}, its header has {expected}")]
    StateRoot {
        /// The block.
        number: BlockNumber,
        /// The header's.
        expected: B256,
        /// The one computed.
        computed: B256,
    },
    /// A rebuild of the index of the predeploys' logs was interrupted. Run it again.
    #[error(
        "the index of the predeploys' logs ends at block {indexed}: stop the node and run `assay db index`"
    )]
    Index {
        /// The last block in it.
        indexed: BlockNumber,
    },
    /// The trie failed.
    #[error(transparent)]
    Trie(#[from] assay_trie::TrieError),
}

impl DBErrorMarker for StorageError {}

impl From<ReadError> for StorageError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Mdbx(error) => Self::Database(error),
            // Values are read as plain bytes, which always decode.
            ReadError::Decoding(_) => Self::Database(MdbxError::DecodeError),
        }
    }
}

impl From<StorageError> for assay_trie::TrieError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Trie(error) => error,
            error => Self::Source(error.to_string()),
        }
    }
}

impl StorageError {
    pub(crate) fn corrupt(table: Table, key: &[u8], what: &'static str) -> Self {
        Self::Corrupt {
            table: table.name(),
            key: alloy_primitives::hex::encode_prefixed(key),
            what,
        }
    }
}
