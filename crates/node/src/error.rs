//! Why a node does not start.

use assay_chain::ChainError;
use assay_engine::EngineError;
use assay_evm::ConfigError;
use assay_rollup::RollupError;
use assay_rpc::auth::{JwtError, ServerError};
use assay_storage::StorageError;
use std::path::PathBuf;

/// Why a node does not start or does not stop cleanly. The operator reads it.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The data directory cannot be made.
    #[error("cannot create the data directory {path}: {source}")]
    Datadir {
        /// The directory.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// There is no database to look after.
    #[error("{0} has no database: name the --datadir that the node runs on")]
    NoDatabase(PathBuf),
    /// The JWT secret cannot be read or made.
    #[error("JWT secret: {0}")]
    Secret(#[from] JwtError),
    /// The database does not open.
    #[error("database: {0}")]
    Storage(#[from] StorageError),
    /// The chain does not open.
    #[error("chain: {0}")]
    Chain(#[from] ChainError),
    /// The chain's rules cannot be set up.
    #[error(transparent)]
    Evm(#[from] ConfigError),
    /// The engine does not start.
    #[error("engine: {0}")]
    Engine(#[from] EngineError),
    /// A server does not start.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// A public server does not start.
    #[error(transparent)]
    PublicServer(#[from] assay_rpc::ServerError),
    /// L1's address is not one.
    #[error("L1: {0}")]
    L1Url(String),
    /// The rollup node cannot go on.
    #[error("rollup node: {0}")]
    Rollup(#[from] RollupError),
    /// The rollup's configuration is not this chain's.
    #[error(transparent)]
    ChainSpec(#[from] assay_chainspec::ChainSpecError),
}
