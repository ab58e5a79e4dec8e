//! What can go wrong, grouped by what the caller does about it.

use assay_client::ClientError;
use std::path::PathBuf;

/// Why a round did not come to its end. The next one may.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// A file cannot be read: the folder must be looked at.
    #[error("cannot read {path}: {reason}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A vendor's service did not answer as it should. Later it may.
    #[error("{url}: {reason}")]
    Fetch {
        /// The service.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The chain's node did not answer, or refused.
    #[error(transparent)]
    Chain(#[from] ClientError),
}
