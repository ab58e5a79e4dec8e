//! Everything that an operator decides about a node.

use crate::RollupNodeConfig;
use assay_chain::ChainOptions;
use assay_chainspec::ChainSpec;
use assay_engine::EngineConfig;
use assay_pool::PoolConfig;
use assay_rpc::{Namespaces, RpcConfig, ServerConfig};
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
    /// The public HTTP server.
    pub http: Option<PublicRpcConfig>,
    /// The public WebSocket server. On the port of the HTTP server it becomes one server, with the
    /// namespaces of both.
    pub ws: Option<PublicRpcConfig>,
    /// Limits of the public RPC.
    pub rpc: RpcConfig,
    /// The rollup node in this process. `None`: another process drives the Engine API.
    pub rollup: Option<RollupNodeConfig>,
}

/// A public server's configuration.
#[derive(Debug, Clone)]
pub struct PublicRpcConfig {
    /// Address, origins and limits.
    pub server: ServerConfig,
    /// What it serves.
    pub apis: Namespaces,
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
    /// A node on this chain with the defaults: no public servers, no rollup node, the Engine API on
    /// a free port.
    pub fn new(spec: Arc<ChainSpec>, datadir: PathBuf) -> Self {
        Self {
            spec,
            datadir,
            store: StoreOptions::default(),
            chain: ChainOptions::default(),
            pool: PoolConfig::default(),
            engine: EngineConfig::default(),
            auth: AuthConfig {
                address: SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 0)),
                secret: None,
            },
            http: None,
            ws: None,
            rpc: RpcConfig::default(),
            rollup: None,
        }
    }

    /// The database's directory.
    pub(crate) fn database(&self) -> PathBuf {
        self.datadir.join("db")
    }
}
