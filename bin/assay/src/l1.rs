//! `assay l1`.

use crate::runtime::{CommandResult, runtime, stop_signal};
use assay_chainspec::preset::Preset;
use assay_devnet::l1::{L1, L1Config, L1Server};
use clap::Args;
use parking_lot::Mutex;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, SystemTime},
};

/// Arguments of `assay l1`.
#[derive(Debug, Args)]
pub(crate) struct L1Args {
    /// Address to serve on.
    #[arg(long = "addr", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// Port to serve on.
    #[arg(long, default_value_t = 8544)]
    port: u16,
    /// Seconds between blocks.
    #[arg(long = "block-time", value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..))]
    block_time: u64,
    /// Chain id.
    #[arg(long = "chain-id", value_name = "ID", default_value_t = 31_337)]
    chain_id: u64,
    /// Timestamp of the genesis block, in unix seconds. Default: now.
    #[arg(long = "genesis-time", value_name = "SECONDS")]
    genesis_time: Option<u64>,
    /// Osaka's rules instead of Prague's.
    #[arg(long)]
    osaka: bool,
}

impl L1Args {
    pub(crate) fn run(self) -> CommandResult {
        let now = SystemTime::UNIX_EPOCH.elapsed()?.as_secs();
        let genesis_time = self.genesis_time.unwrap_or(now);
        let mut config = L1Config::new(self.chain_id, genesis_time, self.block_time)
            .with_rollup(&Preset::Dev.builder());
        config.osaka = self.osaka;
        runtime()?.block_on(async {
            let stop = stop_signal()?;
            let address = SocketAddr::new(self.address, self.port);
            let l1 = Arc::new(Mutex::new(L1::new(config)));
            let mut server = L1Server::start(l1, address).await?;
            server.mine_every(Duration::from_secs(self.block_time));
            println!("L1 and its beacon API at {}", server.url());
            stop.await;
            Ok(())
        })
    }
}
