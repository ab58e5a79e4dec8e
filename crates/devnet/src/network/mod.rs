//! L1, a sequencing node and a batcher in one process.

mod config;
mod error;

pub use config::NetworkConfig;
pub use error::NetworkError;

use crate::l1::{L1, L1Config, L1Server};
use alloy_primitives::{B256, Bytes};
use alloy_signer_local::PrivateKeySigner;
use assay_batcher::{
    Batcher, BatcherConfig, BatcherError, Endpoints, HttpRpc, Posted, Progress, TxTarget,
};
use assay_chainspec::{
    BlockId, ChainSpec, L1ChainConfig, RollupConfig,
    preset::{DEV_BATCHER, Preset, genesis_json, rollup_json},
};
use assay_derivation::UpgradeBundle;
use assay_node::{Node, RollupNodeConfig};
use assay_rollup::{RollupConfigs, RollupOptions};
use parking_lot::Mutex;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};

/// A running network.
#[derive(Debug)]
pub struct Network {
    l1: L1Server,
    node: Node,
    batcher: Option<BatcherTask>,
    /// What batchers that have ended had confirmed.
    posted: Posted,
    files: NetworkFiles,
    rollup: Arc<RollupConfig>,
    batcher_url: BatcherUrls,
}

/// Where a network's chain is described, for whoever joins it.
#[derive(Debug, Clone)]
pub struct NetworkFiles {
    /// genesis.json.
    pub genesis: PathBuf,
    /// rollup.json.
    pub rollup: PathBuf,
}

#[derive(Debug, Clone)]
struct BatcherUrls {
    l1: String,
    l2: String,
    rollup: String,
}

#[derive(Debug)]
struct BatcherTask {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), BatcherError>>,
    posted: watch::Receiver<Posted>,
    /// What batchers before this one posted.
    before: Posted,
}

impl Network {
    /// Makes a chain with its L1, and starts everything.
    ///
    /// # Errors
    /// A directory that cannot be written, a port that is taken, a data directory that holds
    /// another chain.
    pub async fn start(config: NetworkConfig) -> Result<Self, NetworkError> {
        let builder = config
            .trust
            .iter()
            .flat_map(|(kind, anchors)| anchors.iter().map(move |anchor| (*kind, anchor)))
            .fold(Preset::Dev.builder(), |builder, (kind, anchor)| {
                builder.trust(kind, Bytes::clone(anchor))
            })
            .chain_id(config.chain_id)
            .l1_chain_id(config.l1_chain_id)
            .block_time(config.block_time)
            .timestamp(config.genesis_time);
        let l1_config =
            L1Config::new(config.l1_chain_id, config.genesis_time, config.l1_block_time)
                .with_rollup(&builder);
        let l1 = L1::new(l1_config);
        let genesis = l1.genesis();
        let chain = builder
            .l1_genesis(BlockId { number: genesis.number(), hash: genesis.hash() })
            .build()?;
        let files = write_files(&config.datadir, &chain.spec, &chain.rollup)?;

        let mut l1 = L1Server::start(Arc::new(Mutex::new(l1)), config.l1_address).await?;
        l1.mine_every(Duration::from_secs(config.l1_block_time));
        let rollup = Arc::new(chain.rollup);
        let node = Node::start(config.node_config(
            Arc::new(chain.spec),
            RollupNodeConfig {
                configs: RollupConfigs {
                    rollup: Arc::clone(&rollup),
                    blobs: L1ChainConfig::dev(config.l1_chain_id, false).blobs,
                    upgrades: Arc::new(UpgradeBundle::default()),
                },
                l1: l1.url(),
                beacon: Some(l1.url()),
                options: RollupOptions {
                    sequencer: true,
                    sequencer_l1_confs: config.sequencer_l1_confs,
                    verifier_l1_confs: 0,
                },
                rpc: config.rollup_address,
                admin: true,
            },
        ))
        .await?;
        let missing = |what| NetworkError::NotServed(what);
        let batcher_url = BatcherUrls {
            l1: l1.url(),
            l2: format!("http://{}", node.http_address().ok_or_else(|| missing("HTTP"))?),
            rollup: format!("http://{}", node.rollup_address().ok_or_else(|| missing("rollup"))?),
        };
        let batcher = start_batcher(config.batcher, &batcher_url, &rollup, Posted::default())?;
        Ok(Self {
            l1,
            node,
            batcher: Some(batcher),
            posted: Posted::default(),
            files,
            rollup,
            batcher_url,
        })
    }

    /// The L1, for whoever makes it reorganise.
    pub const fn l1(&self) -> &L1Server {
        &self.l1
    }

    /// The sequencing node.
    pub const fn node(&self) -> &Node {
        &self.node
    }

    /// The chain's files.
    pub const fn files(&self) -> &NetworkFiles {
        &self.files
    }

    /// The rollup's configuration.
    pub const fn rollup(&self) -> &Arc<RollupConfig> {
        &self.rollup
    }

    /// What the batchers had confirmed on L1 so far.
    pub fn posted(&self) -> Posted {
        self.batcher.as_ref().map_or(self.posted, BatcherTask::total)
    }

    /// Stops the batcher, once what it took in is on L1.
    ///
    /// # Errors
    /// What ended it, if it ended by itself.
    pub async fn stop_batcher(&mut self) -> Result<(), NetworkError> {
        if let Some(batcher) = self.batcher.take() {
            self.posted = batcher.total();
            batcher.stop().await?;
        }
        Ok(())
    }

    /// Puts a batcher with other settings in place of the running one. One account sends for both:
    /// the new one starts when the old one has ended.
    ///
    /// # Errors
    /// What ended the running one, if it ended by itself.
    pub async fn replace_batcher(&mut self, config: BatcherConfig) -> Result<(), NetworkError> {
        self.stop_batcher().await?;
        self.batcher = Some(start_batcher(config, &self.batcher_url, &self.rollup, self.posted)?);
        Ok(())
    }

    /// Stops everything in reverse order.
    ///
    /// # Errors
    /// The first that did not end well; the rest is stopped all the same.
    pub async fn stop(mut self) -> Result<(), NetworkError> {
        let batcher = self.stop_batcher().await;
        let Self { l1, node, .. } = self;
        let node = node.stop().await;
        drop(l1);
        batcher?;
        Ok(node?)
    }
}

impl BatcherTask {
    fn total(&self) -> Posted {
        let posted = *self.posted.borrow();
        Posted {
            transactions: self.before.transactions + posted.transactions,
            blobs: self.before.blobs + posted.blobs,
        }
    }

    async fn stop(self) -> Result<(), NetworkError> {
        // It may have ended by itself: then the task says why.
        let _ = self.stop.send(());
        match self.task.await {
            Ok(result) => Ok(result?),
            Err(error) => Err(NetworkError::Panicked(error.to_string())),
        }
    }
}

fn start_batcher(
    config: BatcherConfig,
    urls: &BatcherUrls,
    rollup: &Arc<RollupConfig>,
    before: Posted,
) -> Result<BatcherTask, NetworkError> {
    let endpoints = Endpoints {
        l1: Arc::new(HttpRpc::new(&urls.l1)?),
        l2: Arc::new(HttpRpc::new(&urls.l2)?),
        rollup: Arc::new(HttpRpc::new(&urls.rollup)?),
    };
    let target = TxTarget {
        l1: L1ChainConfig::dev(rollup.l1_chain_id, false),
        inbox: rollup.batch_inbox_address,
        signer: PrivateKeySigner::from_bytes(&DEV_BATCHER.key)
            .map_err(|error| BatcherError::Config(error.to_string()))?,
    };
    let batcher = Batcher::new(config, Arc::clone(rollup), endpoints, target, B256::random());
    let (stop, stopped) = oneshot::channel();
    let (sender, posted) = watch::channel(Posted::default());
    let task = tokio::spawn(batcher.run(
        async move {
            // A sender that is gone asks to stop as well.
            let _ = stopped.await;
        },
        move |progress: &Progress| {
            sender.send_replace(progress.posted);
        },
    ));
    Ok(BatcherTask { stop, task, posted, before })
}

fn write_files(
    datadir: &Path,
    spec: &ChainSpec,
    rollup: &RollupConfig,
) -> Result<NetworkFiles, NetworkError> {
    let files =
        NetworkFiles { genesis: datadir.join("genesis.json"), rollup: datadir.join("rollup.json") };
    let write = |path: &Path, text: String| {
        fs::write(path, text).map_err(|source| NetworkError::File { path: path.into(), source })
    };
    fs::create_dir_all(datadir)
        .map_err(|source| NetworkError::File { path: datadir.into(), source })?;
    write(&files.genesis, genesis_json(spec.genesis())?)?;
    write(&files.rollup, rollup_json(rollup)?)?;
    Ok(files)
}
