//! `assay node`: flag names are op-reth's.

mod rpc;

use crate::{
    files,
    runtime::{CommandResult, runtime, stop_signal},
};
use assay_node::{BuilderConfig, EngineConfig, Node, NodeConfig, RollupNodeConfig};
use assay_rollup::{RollupConfigs, RollupOptions};
use clap::Args;
use rpc::RpcArgs;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// Arguments of `assay node`.
#[derive(Debug, Args)]
pub(crate) struct NodeArgs {
    /// The chain: a genesis.json.
    #[arg(long, value_name = "GENESIS")]
    chain: PathBuf,
    /// Where everything is kept. Default: assay/<chain id> in the user's data directory.
    #[arg(long, value_name = "DIR")]
    datadir: Option<PathBuf>,
    #[command(flatten)]
    rpc: RpcArgs,
    #[command(flatten)]
    builder: BuilderArgs,
    #[command(flatten)]
    rollup: RollupArgs,
}

/// The payload builder.
#[derive(Debug, Args)]
#[command(next_help_heading = "Builder")]
struct BuilderArgs {
    /// Least milliseconds between two attempts to better a payload.
    #[arg(long = "builder.interval", value_name = "MS", default_value_t = 200)]
    interval: u64,
    /// Seconds after which a payload that nobody asks for is no longer bettered.
    #[arg(long = "builder.deadline", value_name = "SECONDS", default_value_t = 12)]
    deadline: u64,
}

/// The rollup node in this process.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rollup")]
struct RollupArgs {
    /// Runs a rollup node in this process.
    #[arg(long, requires_all = ["rollup_config", "l1"])]
    rollup: bool,
    /// rollup.json.
    #[arg(long = "rollup-config", value_name = "FILE", requires = "rollup")]
    rollup_config: Option<PathBuf>,
    /// L1's JSON-RPC.
    #[arg(long = "l1", value_name = "URL", requires = "rollup")]
    l1: Option<String>,
    /// L1's beacon API, for batches in blobs.
    #[arg(long = "l1.beacon", value_name = "URL", requires = "rollup")]
    beacon: Option<String>,
    /// Makes blocks.
    #[arg(long = "rollup.sequencer", requires = "rollup")]
    sequencer: bool,
    /// L1 blocks that the sequencer stays behind L1's head.
    #[arg(long = "rollup.sequencer-l1-confs", value_name = "BLOCKS", default_value_t = 4)]
    sequencer_l1_confs: u64,
    /// L1 blocks that derivation stays behind L1's head.
    #[arg(long = "rollup.verifier-l1-confs", value_name = "BLOCKS", default_value_t = 0)]
    verifier_l1_confs: u64,
    /// Address of the rollup node's RPC.
    #[arg(long = "rollup.rpc-addr", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    rpc_addr: IpAddr,
    /// Port of the rollup node's RPC.
    #[arg(long = "rollup.rpc-port", default_value_t = 9545)]
    rpc_port: u16,
    /// Serves `admin_*` on the rollup node's RPC.
    #[arg(long = "rollup.rpc-admin")]
    rpc_admin: bool,
    /// L1's genesis.json or its config: blob schedule and forks of an L1 that is not well known.
    #[arg(long = "rollup.l1-chain-config", value_name = "FILE")]
    l1_chain_config: Option<PathBuf>,
    /// Upgrade transactions of forks that activate after genesis. Default: upgrades.json beside
    /// rollup.json.
    #[arg(long = "rollup.upgrades", value_name = "FILE")]
    upgrades: Option<PathBuf>,
}

impl NodeArgs {
    pub(crate) fn run(&self) -> CommandResult {
        let config = self.config()?;
        runtime()?.block_on(async {
            let mut stop = std::pin::pin!(stop_signal()?);
            let mut node = tokio::select! {
                node = Node::start(config) => node?,
                // Still waiting for L1, say.
                () = &mut stop => return Ok(()),
            };
            let failure = tokio::select! {
                () = &mut stop => None,
                error = node.failed() => Some(error),
            };
            tracing::info!("stopping");
            if let Some(error) = failure {
                // Why it failed says more than how it then stopped.
                let _ = node.stop().await;
                return Err(error.into());
            }
            Ok(node.stop().await?)
        })
    }

    fn config(&self) -> CommandResult<NodeConfig> {
        let spec = Arc::new(files::chain_spec(&self.chain)?);
        let datadir = match &self.datadir {
            Some(datadir) => datadir.clone(),
            None => default_datadir(spec.chain_id())?,
        };
        Ok(NodeConfig {
            engine: EngineConfig {
                builder: BuilderConfig {
                    interval: Duration::from_millis(self.builder.interval),
                    deadline: Duration::from_secs(self.builder.deadline),
                    ..BuilderConfig::default()
                },
                ..EngineConfig::default()
            },
            auth: self.rpc.auth(),
            http: self.rpc.http(),
            ws: self.rpc.ws(),
            rpc: self.rpc.limits(),
            rollup: self.rollup.config()?,
            ..NodeConfig::new(spec, datadir)
        })
    }
}

impl RollupArgs {
    fn config(&self) -> CommandResult<Option<RollupNodeConfig>> {
        let (true, Some(path), Some(l1)) = (self.rollup, &self.rollup_config, &self.l1) else {
            return Ok(None);
        };
        let rollup = files::rollup_config(path)?;
        let l1_config =
            files::l1_chain_config(self.l1_chain_config.as_deref(), rollup.l1_chain_id)?;
        let upgrades = files::upgrade_bundle(self.upgrades.as_deref(), path)?;
        Ok(Some(RollupNodeConfig {
            configs: RollupConfigs {
                rollup: Arc::new(rollup),
                blobs: l1_config.blobs,
                upgrades: Arc::new(upgrades),
            },
            l1: l1.clone(),
            beacon: self.beacon.clone(),
            options: RollupOptions {
                sequencer: self.sequencer,
                sequencer_l1_confs: self.sequencer_l1_confs,
                verifier_l1_confs: self.verifier_l1_confs,
            },
            rpc: SocketAddr::new(self.rpc_addr, self.rpc_port),
            admin: self.rpc_admin,
        }))
    }
}

pub(crate) fn default_datadir(chain_id: u64) -> CommandResult<PathBuf> {
    let base = match std::env::var_os("XDG_DATA_HOME") {
        Some(path) => PathBuf::from(path),
        None => {
            let home = std::env::var_os("HOME").ok_or("no home directory: name a --datadir")?;
            PathBuf::from(home).join(".local/share")
        }
    };
    Ok(base.join("assay").join(chain_id.to_string()))
}
