//! Everything that an operator decides about a node.

use assay_chain::ChainOptions;
use assay_chainspec::ChainSpec;
use assay_engine::EngineConfig;
use assay_pool::PoolConfig;
use assay_storage::StoreOptions;
use std::{net::SocketAddr, path::PathBuf, sync::Arc};

/// A node's configuration.
#[derive(Debug)]
pub struct NodeConfig {
    /// The chain.
    pub spec: Arc<ChainSpec>,
    /// Where everything is kept.
    pub datadir: PathBuf,
    /// The database.
    pub store: StoreOptions,
    /// Blocks in memory and caches.
    pub chain: ChainOptions,
    /// The transaction pool.
    pub pool: PoolConfig,
    /// The engine and the payload builder.
    pub engine: EngineConfig,
    /// The authenticated server.
    pub auth: AuthConfig,
}

/// The authenticated server's configuration.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// Where it listens; port 0 takes a free one.
    pub address: SocketAddr,
    /// File with the hex secret. `None`: `jwt.hex` in the data directory, made if absent.
    pub secret: Option<PathBuf>,
}

impl NodeConfig {
    /// The database's directory.
    pub(crate) fn database(&self) -> PathBuf {
        self.datadir.join("db")
    }
}
