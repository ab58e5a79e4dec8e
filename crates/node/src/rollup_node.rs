//! The rollup node in this process: `assay node --rollup`.

use crate::NodeError;
use assay_rollup::{
    Engine, HttpL1, Rollup, RollupConfigs, RollupError, RollupHandle, RollupOptions, router, run,
};
use assay_rpc::{RpcServer, ServerConfig, start_http};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{sync::oneshot, task::JoinHandle};

/// Between attempts to reach L1 at the start.
const RETRY: Duration = Duration::from_secs(1);

/// Configuration of the rollup node.
#[derive(Debug, Clone)]
pub struct RollupNodeConfig {
    /// rollup.json and what goes with it.
    pub configs: RollupConfigs,
    /// L1's JSON-RPC (`--l1`).
    pub l1: String,
    /// L1's beacon API (`--l1.beacon`).
    pub beacon: Option<String>,
    /// Sequencer or verifier, and how far behind L1.
    pub options: RollupOptions,
    /// Where `optimism_*` is served; port 0 takes a free one.
    pub rpc: SocketAddr,
    /// Whether `admin_*` is served as well.
    pub admin: bool,
}

/// A running rollup node.
#[derive(Debug)]
pub struct RollupNode {
    handle: RollupHandle,
    server: RpcServer,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), RollupError>>,
}

impl RollupNode {
    /// Finds the heads and starts deriving. Waits for an L1 that does not answer yet.
    ///
    /// # Errors
    /// A URL is not one; L1 or the configuration is not this chain's; the port is taken.
    pub async fn start(
        config: RollupNodeConfig,
        engine: Arc<dyn Engine>,
    ) -> Result<Self, NodeError> {
        let RollupNodeConfig { configs, l1, beacon, options, rpc, admin } = config;
        let l1 = HttpL1::new(&l1, beacon.as_deref(), Arc::clone(&configs.rollup))
            .map_err(NodeError::L1Url)?;
        let l1 = Arc::new(l1);
        let rollup = loop {
            let attempt =
                Rollup::start(configs.clone(), options, Arc::clone(&engine), l1.clone()).await;
            match attempt {
                Ok(rollup) => break rollup,
                Err(RollupError::Temporary(reason)) => {
                    tracing::warn!(reason, "waiting for L1 and the engine");
                    tokio::time::sleep(RETRY).await;
                }
                Err(error) => return Err(error.into()),
            }
        };
        let (stop, stopped) = oneshot::channel();
        // A sender that is gone asks to stop as well.
        let (handle, worker) = run(rollup, async move {
            let _ = stopped.await;
        });
        let task = tokio::spawn(worker);
        let methods = router(configs, handle.clone(), engine, admin)
            .map_err(assay_rpc::auth::ServerError::from)?;
        let server = start_http(&ServerConfig::new(rpc), methods).await?;
        Ok(Self { handle, server, stop, task })
    }

    /// Where everything stands.
    pub const fn handle(&self) -> &RollupHandle {
        &self.handle
    }

    /// Where `optimism_*` is served.
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Resolves when the rollup node ended by itself, with the reason.
    pub async fn failed(&mut self) -> NodeError {
        match (&mut self.task).await {
            Ok(Err(error)) => error.into(),
            // It only returns without an error when it is asked to stop.
            Ok(Ok(())) => RollupError::Critical("it stopped".into()).into(),
            Err(error) => RollupError::Critical(error.to_string()).into(),
        }
    }

    /// Stops after the step under way.
    ///
    /// # Errors
    /// What ended it before it was asked to.
    pub async fn stop(self) -> Result<(), NodeError> {
        let Self { server, stop, task, .. } = self;
        server.stop().await;
        // It may have ended by itself: then `task` says why.
        let _ = stop.send(());
        match task.await {
            Ok(result) => Ok(result?),
            Err(error) => {
                tracing::error!(%error, "the rollup node panicked");
                Ok(())
            }
        }
    }
}
