//! Starts the components in order and stops them in reverse.

use crate::{LocalEngine, NodeConfig, NodeError, PublicRpcConfig, RollupNode, secret};
use assay_chain::Chain;
use assay_engine::Engine;
use assay_evm::AssayEvmConfig;
use assay_pool::Pool;
use assay_rollup::SyncStatus;
use assay_rpc::{
    Namespace, Namespaces, RpcContext, RpcServer,
    auth::{AuthServer, AuthServerConfig, ServerError},
    engine::engine_module,
    miner::miner_module,
    router, start_http, start_http_and_ws, start_ws,
};
use assay_storage::Store;
use jsonrpsee::Methods;
use std::{net::SocketAddr, sync::Arc};

/// A running node.
#[derive(Debug)]
pub struct Node {
    chain: Chain,
    engine: Engine,
    pool: Pool,
    auth: AuthServer,
    http: Option<RpcServer>,
    ws: Option<RpcServer>,
    rollup: Option<RollupNode>,
}

impl Node {
    /// Opens the data directory and starts everything.
    ///
    /// # Errors
    /// Whatever the operator has to put right.
    pub async fn start(config: NodeConfig) -> Result<Self, NodeError> {
        std::fs::create_dir_all(&config.datadir)
            .map_err(|source| NodeError::Datadir { path: config.datadir.clone(), source })?;
        if let Some(rollup) = &config.rollup {
            rollup.configs.rollup.check_against(&config.spec)?;
        }
        let secret = secret::load(&config)?;
        let database = config.database();
        let NodeConfig { spec, store, chain, pool, engine, auth, http, ws, rpc, rollup, .. } =
            config;

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
        let engine = Engine::new(chain.clone(), evm.clone(), pool.clone(), engine)?;

        let context = RpcContext::new(chain.clone(), evm, pool.clone(), rpc);
        let auth = AuthServer::start(
            AuthServerConfig { address: auth.address, secret },
            auth_methods(&context, &engine)?,
        )
        .await?;
        let (http, ws) = start_public(&context, &engine, http, ws).await?;
        let rollup = match rollup {
            Some(config) => {
                let engine = Arc::new(LocalEngine::new(engine.clone(), chain.clone()));
                Some(RollupNode::start(config, engine).await?)
            }
            None => None,
        };
        Ok(Self { chain, engine, pool, auth, http, ws, rollup })
    }

    /// The engine, for a rollup node in this process.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The chain.
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The transaction pool.
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Where the authenticated server listens.
    pub const fn auth_address(&self) -> SocketAddr {
        self.auth.address()
    }

    /// Where the public HTTP server listens.
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.http.as_ref().map(RpcServer::address)
    }

    /// Where the rollup node's RPC listens.
    pub fn rollup_address(&self) -> Option<SocketAddr> {
        self.rollup.as_ref().map(RollupNode::address)
    }

    /// Where the rollup node stands.
    pub fn rollup_status(&self) -> Option<SyncStatus> {
        self.rollup.as_ref().map(|rollup| rollup.handle().status())
    }

    /// Resolves when the rollup node ended by itself, with the reason; never without one.
    pub async fn failed(&mut self) -> NodeError {
        match &mut self.rollup {
            Some(rollup) => rollup.failed().await,
            None => std::future::pending().await,
        }
    }

    /// Stops taking requests, finishes those under way and writes what is only in memory.
    ///
    /// # Errors
    /// The chain could not be written; it is consistent all the same.
    pub async fn stop(self) -> Result<(), NodeError> {
        let Self { chain, engine, auth, http, ws, rollup, .. } = self;
        let rollup = match rollup {
            Some(rollup) => rollup.stop().await,
            None => Ok(()),
        };
        for server in [http, ws].into_iter().flatten() {
            server.stop().await;
        }
        auth.stop().await;
        let stopped = tokio::task::spawn_blocking(move || {
            engine.shutdown();
            chain.shutdown()
        });
        match stopped.await {
            Ok(flushed) => flushed?,
            Err(error) => tracing::error!(%error, "shutdown panicked"),
        }
        tracing::info!("stopped");
        rollup
    }
}

/// What op-node and kona-node call on the authenticated port besides `engine_`.
const AUTH_NAMESPACES: [Namespace; 4] =
    [Namespace::Eth, Namespace::Net, Namespace::Web3, Namespace::Debug];

fn auth_methods(context: &RpcContext, engine: &Engine) -> Result<Methods, NodeError> {
    let enabled = Namespaces::from_iter(AUTH_NAMESPACES);
    let mut methods: Methods = router(context, &enabled).map_err(ServerError::from)?.into();
    for module in [engine_module(engine.clone())?, miner_module(engine.clone())?] {
        methods.merge(module).map_err(ServerError::from)?;
    }
    Ok(methods)
}

fn public_methods(
    context: &RpcContext,
    engine: &Engine,
    apis: &Namespaces,
) -> Result<Methods, NodeError> {
    let mut methods: Methods = router(context, apis).map_err(ServerError::from)?.into();
    if apis.contains(Namespace::Miner) {
        methods.merge(miner_module(engine.clone())?).map_err(ServerError::from)?;
    }
    Ok(methods)
}

async fn start_public(
    context: &RpcContext,
    engine: &Engine,
    http: Option<PublicRpcConfig>,
    ws: Option<PublicRpcConfig>,
) -> Result<(Option<RpcServer>, Option<RpcServer>), NodeError> {
    if let (Some(http), Some(ws)) = (&http, &ws)
        && http.server.address == ws.server.address
    {
        let apis: Namespaces = http.apis.iter().chain(ws.apis.iter()).collect();
        let methods = public_methods(context, engine, &apis)?;
        return Ok((Some(start_http_and_ws(&http.server, methods).await?), None));
    }
    let http = match http {
        Some(config) => {
            let methods = public_methods(context, engine, &config.apis)?;
            Some(start_http(&config.server, methods).await?)
        }
        None => None,
    };
    let ws = match ws {
        Some(config) => {
            let methods = public_methods(context, engine, &config.apis)?;
            Some(start_ws(&config.server, methods).await?)
        }
        None => None,
    };
    Ok((http, ws))
}
