//! `assay dev`.

use crate::{
    files,
    runtime::{CommandResult, runtime, stop_signal},
};
use alloy_primitives::Bytes;
use assay_chainspec::preset::{DEV_ACCOUNTS, DEV_MNEMONIC};
use assay_devnet::network::{Network, NetworkConfig};
use clap::Args;
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// Arguments of `assay dev`.
#[derive(Debug, Args)]
pub(crate) struct DevArgs {
    /// An empty folder for the chain's files and database. Default: a temporary one, removed at the
    /// end.
    #[arg(long, value_name = "DIR")]
    datadir: Option<PathBuf>,
    /// Address that every port is served on.
    #[arg(long = "http.addr", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// Port of the L2 RPC, HTTP and WebSocket.
    #[arg(long = "http.port", default_value_t = 8545)]
    http_port: u16,
    /// Port of L1: JSON-RPC and beacon API.
    #[arg(long = "l1.port", default_value_t = 8544)]
    l1_port: u16,
    /// Port of the Engine API.
    #[arg(long = "authrpc.port", default_value_t = 8551)]
    auth_port: u16,
    /// Port of the rollup node's RPC.
    #[arg(long = "rollup.rpc-port", default_value_t = 9545)]
    rollup_port: u16,
    /// Seconds between L2 blocks.
    #[arg(long = "block-time", value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    block_time: u64,
    /// Seconds between L1 blocks.
    #[arg(long = "l1.block-time", value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..))]
    l1_block_time: u64,
    /// L2's chain id.
    #[arg(long = "chain-id", value_name = "ID", default_value_t = 42_330)]
    chain_id: u64,
    /// A trust anchor besides the vendors': evidence kind and a DER file, as in `1=root.der`.
    #[arg(long = "trust", value_name = "KIND=FILE")]
    trust: Vec<String>,
}

impl DevArgs {
    pub(crate) fn run(&self) -> CommandResult {
        let temporary = tempfile::Builder::new().prefix("assay-dev-").tempdir()?;
        let datadir = match &self.datadir {
            Some(datadir) => files::empty(
                datadir,
                "the development L1 lives in memory, so that each start is a new chain",
            )?,
            None => temporary.path().to_owned(),
        };
        let at = |port| SocketAddr::new(self.address, port);
        let mut trust = BTreeMap::<u8, Vec<Bytes>>::new();
        for anchor in &self.trust {
            let (kind, der) = files::read_anchor(anchor)?;
            trust.entry(kind).or_default().push(der);
        }
        let config = NetworkConfig {
            trust,
            http_address: at(self.http_port),
            l1_address: at(self.l1_port),
            auth_address: at(self.auth_port),
            rollup_address: at(self.rollup_port),
            block_time: self.block_time,
            l1_block_time: self.l1_block_time,
            chain_id: self.chain_id,
            ..NetworkConfig::new(datadir)
        };
        runtime()?.block_on(async {
            let stop = stop_signal()?;
            let network = Network::start(config).await?;
            self.greet(&network);
            stop.await;
            Ok(network.stop().await?)
        })
    }

    /// What one needs to use the chain.
    fn greet(&self, network: &Network) {
        println!("\nAssay development network\n");
        println!("  L2 RPC        http://{0}:{1}  ws://{0}:{1}", self.address, self.http_port);
        println!("  L2 chain id   {}", self.chain_id);
        println!("  L1 RPC        {}  (beacon API on the same port)", network.l1().url());
        println!("  Engine API    http://{}:{}", self.address, self.auth_port);
        println!("  Rollup RPC    http://{}:{}", self.address, self.rollup_port);
        println!("  genesis       {}", network.files().genesis.display());
        println!("  rollup        {}", network.files().rollup.display());
        println!(
            "  deposits      OptimismPortal at {} on L1",
            network.rollup().deposit_contract_address
        );
        println!("\n  Funded accounts on L1 and L2 (mnemonic: {DEV_MNEMONIC})");
        for account in DEV_ACCOUNTS {
            println!("    {}  {}", account.address, account.key);
        }
        println!("\n  Everybody knows these keys: never send anything of value to them.\n");
    }
}
