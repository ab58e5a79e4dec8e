//! Serves a development L1 with the dev preset's contracts:
//! `cargo run -p assay-devnet --example l1 -- [address] [seconds per block]`.

use assay_chainspec::preset::Preset;
use assay_devnet::l1::{L1, L1Config, L1Server};
use parking_lot::Mutex;
use std::{
    error::Error,
    sync::Arc,
    time::{Duration, SystemTime},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8545".into());
    let seconds = arguments.next().map_or(Ok(2), |seconds| seconds.parse())?;
    let now = SystemTime::UNIX_EPOCH.elapsed()?.as_secs();
    let config = L1Config::new(31_337, now, seconds).with_rollup(&Preset::Dev.builder());
    let mut server = L1Server::start(Arc::new(Mutex::new(L1::new(config))), address).await?;
    server.mine_every(Duration::from_secs(seconds));
    println!("L1 on {}, genesis {}", server.url(), server.l1().lock().genesis().hash());
    std::future::pending().await
}
