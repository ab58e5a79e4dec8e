//! `assay node`: flag names are op-reth's.

use assay_chainspec::ChainSpec;
use assay_node::{
    AuthConfig, BuilderConfig, ChainOptions, EngineConfig, Node, NodeConfig, PoolConfig,
    StoreOptions,
};
use clap::Args;
use std::{
    error::Error,
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

    /// Enables the HTTP-RPC server.
    #[arg(long)]
    http: bool,
    /// Address of the HTTP-RPC server.
    #[arg(long = "http.addr", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    http_addr: IpAddr,
    /// Port of the HTTP-RPC server.
    #[arg(long = "http.port", default_value_t = 8545)]
    http_port: u16,

    /// Address of the authenticated server.
    #[arg(long = "authrpc.addr", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    auth_addr: IpAddr,
    /// Port of the authenticated server.
    #[arg(long = "authrpc.port", default_value_t = 8551)]
    auth_port: u16,
    /// File with the hex JWT secret. Default: jwt.hex in the data directory, made if absent.
    #[arg(long = "authrpc.jwtsecret", value_name = "FILE")]
    auth_secret: Option<PathBuf>,

    /// Least milliseconds between two attempts to better a payload.
    #[arg(long = "builder.interval", value_name = "MS", default_value_t = 200)]
    builder_interval: u64,
    /// Seconds after which a payload that nobody asks for is no longer bettered.
    #[arg(long = "builder.deadline", value_name = "SECONDS", default_value_t = 12)]
    builder_deadline: u64,
}

impl NodeArgs {
    pub(crate) fn run(&self) -> Result<(), Box<dyn Error>> {
        let config = self.config()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            // Before anything starts, so that a signal at any moment leads to an orderly stop.
            let stop = stop_signal()?;
            let node = Node::start(config).await?;
            stop.await;
            tracing::info!("stopping");
            node.stop().await?;
            Ok(())
        })
    }

    fn config(&self) -> Result<NodeConfig, Box<dyn Error>> {
        let genesis = std::fs::read_to_string(&self.chain)
            .map_err(|error| format!("cannot read {}: {error}", self.chain.display()))?;
        let spec = Arc::new(ChainSpec::from_json(&genesis)?);
        let datadir = match &self.datadir {
            Some(datadir) => datadir.clone(),
            None => default_datadir(spec.chain_id())?,
        };
        let engine = EngineConfig {
            builder: BuilderConfig {
                interval: Duration::from_millis(self.builder_interval),
                deadline: Duration::from_secs(self.builder_deadline),
                ..BuilderConfig::default()
            },
            ..EngineConfig::default()
        };
        Ok(NodeConfig {
            spec,
            datadir,
            store: StoreOptions::default(),
            chain: ChainOptions::default(),
            pool: PoolConfig::default(),
            engine,
            auth: AuthConfig {
                address: SocketAddr::new(self.auth_addr, self.auth_port),
                secret: self.auth_secret.clone(),
            },
        })
    }
}

fn default_datadir(chain_id: u64) -> Result<PathBuf, Box<dyn Error>> {
    let base = match std::env::var_os("XDG_DATA_HOME") {
        Some(path) => PathBuf::from(path),
        None => {
            let home = std::env::var_os("HOME").ok_or("no home directory: name a --datadir")?;
            PathBuf::from(home).join(".local/share")
        }
    };
    Ok(base.join("assay").join(chain_id.to_string()))
}

/// Completes at SIGINT or SIGTERM.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
