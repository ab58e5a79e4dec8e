//! Starts the components in order and stops them in reverse.

use crate::{NodeConfig, NodeError, secret};
use assay_chain::Chain;
use assay_engine::Engine;
use assay_evm::AssayEvmConfig;
use assay_pool::Pool;
use assay_rpc::{
    auth::{AuthServer, AuthServerConfig},
    engine::engine_module,
    miner::miner_module,
};
use assay_storage::Store;
use std::{net::SocketAddr, sync::Arc};

/// A running node.
#[derive(Debug)]
pub struct Node {
    chain: Chain,
    engine: Engine,
    auth: AuthServer,
}

impl Node {
    /// Opens the data directory and starts everything.
    ///
    /// # Errors
    /// Whatever the operator has to put right.
    pub async fn start(config: NodeConfig) -> Result<Self, NodeError> {
        std::fs::create_dir_all(&config.datadir)
            .map_err(|source| NodeError::Datadir { path: config.datadir.clone(), source })?;
        let secret = secret::load(&config)?;
        let database = config.database();
        let NodeConfig { spec, store, chain, pool, engine, auth, .. } = config;

        let store = Store::open(&database, &spec, store)?;
        let chain = Chain::open(store, Arc::clone(&spec), chain)?;
        let head = chain.head();
        tracing::info!(
            chain_id = spec.chain_id(),
            genesis = %spec.genesis_hash(),
            number = head.number,
            hash = %head.hash(),
            "chain opened"
        );
        let evm = AssayEvmConfig::new(spec)?;
        let pool = Pool::new(chain.clone(), evm.clone(), pool);
        tokio::spawn(pool.clone().maintain());
        let engine = Engine::new(chain.clone(), evm, pool, engine)?;

        let mut methods = jsonrpsee::Methods::new();
        methods
            .merge(engine_module(engine.clone())?)
            .and_then(|()| methods.merge(miner_module(engine.clone())?))
            .map_err(assay_rpc::auth::ServerError::from)?;
        let auth =
            AuthServer::start(AuthServerConfig { address: auth.address, secret }, methods).await?;
        Ok(Self { chain, engine, auth })
    }

    /// The engine, for a rollup node in this process.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Where the authenticated server listens.
    pub const fn auth_address(&self) -> SocketAddr {
        self.auth.address()
    }

    /// Stops taking requests, finishes those under way and writes what is only in memory.
    ///
    /// # Errors
    /// The chain could not be written; it is consistent all the same.
    pub async fn stop(self) -> Result<(), NodeError> {
        let Self { chain, engine, auth } = self;
        auth.stop().await;
        let stopped = tokio::task::spawn_blocking(move || {
            engine.shutdown();
            chain.flush()
        });
        match stopped.await {
            Ok(flushed) => flushed?,
            Err(error) => tracing::error!(%error, "shutdown panicked"),
        }
        tracing::info!("stopped");
        Ok(())
    }
}
