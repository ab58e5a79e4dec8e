//! The L1 over HTTP: JSON-RPC as anvil serves it, and a beacon node's blobs on the same port.

mod beacon;
mod eth;
mod types;

use super::chain::L1;
use crate::L1Error;
use jsonrpsee::server::{Server, ServerConfig, ServerHandle};
use parking_lot::Mutex;
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

/// An L1 that a server and its process share.
pub type SharedL1 = Arc<Mutex<L1>>;

/// Six blobs with their proofs, in hex, and room for more.
const MAX_REQUEST: u32 = 16 << 20;
const MAX_RESPONSE: u32 = 256 << 20;

/// A running server. It stops when dropped.
#[derive(Debug)]
pub struct L1Server {
    l1: SharedL1,
    address: SocketAddr,
    handle: ServerHandle,
    miner: Option<JoinHandle<()>>,
}

impl L1Server {
    /// Serves an L1. Blocks are made by whoever calls [`L1::mine`], by `evm_mine`, or after
    /// [`Self::mine_every`].
    ///
    /// # Errors
    /// An address that cannot be listened on.
    pub async fn start(l1: SharedL1, address: SocketAddr) -> Result<Self, L1Error> {
        let failed = |source| L1Error::Listen { address, source };
        let config = ServerConfig::builder()
            .max_request_body_size(MAX_REQUEST)
            .max_response_body_size(MAX_RESPONSE)
            .build();
        let server = Server::builder()
            .set_config(config)
            .set_http_middleware(
                tower::ServiceBuilder::new().layer(beacon::BeaconLayer::new(Arc::clone(&l1))),
            )
            .build(address)
            .await
            .map_err(failed)?;
        let address = server.local_addr().map_err(failed)?;
        let handle = server.start(eth::module(Arc::clone(&l1)));
        tracing::info!(%address, "L1 server started");
        Ok(Self { l1, address, handle, miner: None })
    }

    /// The address that it listens on.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, for JSON-RPC and for the beacon API.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The L1.
    pub const fn l1(&self) -> &SharedL1 {
        &self.l1
    }

    /// Makes a block each `period` from now on. Where the clock is ahead of the chain by more than
    /// a slot, the slots between are missed; where a reorg has put the chain ahead of the clock, it
    /// waits, unless the period is shorter than a slot.
    pub fn mine_every(&mut self, period: Duration) {
        let l1 = Arc::clone(&self.l1);
        let wait = period >= Duration::from_secs(l1.lock().config().block_time);
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let task = tokio::spawn(async move {
            // The first tick comes at once.
            ticks.tick().await;
            loop {
                ticks.tick().await;
                if let Err(error) = mine_by_clock(&mut l1.lock(), wait) {
                    tracing::error!(%error, "L1 stopped making blocks");
                    return;
                }
            }
        });
        if let Some(old) = self.miner.replace(task) {
            old.abort();
        }
    }

    /// Stops making blocks.
    pub fn stop_mining(&mut self) {
        if let Some(miner) = self.miner.take() {
            miner.abort();
        }
    }
}

impl Drop for L1Server {
    fn drop(&mut self) {
        self.stop_mining();
        // An error says that it has stopped already.
        let _ = self.handle.stop();
    }
}

/// Makes the next slot's block, or the clock's slot's where that is later.
fn mine_by_clock(l1: &mut L1, wait: bool) -> Result<(), L1Error> {
    let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    if wait && l1.head().header.timestamp > now {
        return Ok(());
    }
    let config = l1.config();
    let slot = l1.slot_at(now);
    let by_clock = config.genesis_time.saturating_add(slot.saturating_mul(config.block_time));
    let next = l1.head().header.timestamp.saturating_add(config.block_time);
    let block = l1.mine_at(next.max(by_clock))?;
    tracing::debug!(
        number = block.number(),
        hash = %block.hash(),
        transactions = block.transactions.len(),
        "L1 block"
    );
    Ok(())
}
