//! What an all-in-one network starts from.

use alloy_primitives::Bytes;
use assay_batcher::{BatcherConfig, TxManagerConfig};
use assay_chainspec::ChainSpec;
use assay_node::{AuthConfig, NodeConfig, PublicRpcConfig, RollupNodeConfig};
use assay_rpc::{Namespace, Namespaces, Origins, ServerConfig};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// Configuration of a [`Network`](super::Network).
#[derive(Debug, Clone)]
pub struct NetworkConfig {
    /// Where the chain's files and the node's database go.
    pub datadir: PathBuf,
    /// L2's chain id.
    pub chain_id: u64,
    /// L1's chain id.
    pub l1_chain_id: u64,
    /// Timestamp of both genesis blocks, unix seconds.
    pub genesis_time: u64,
    /// Seconds between L2 blocks.
    pub block_time: u64,
    /// Seconds between L1 blocks.
    pub l1_block_time: u64,
    /// L1 blocks that the sequencer stays behind L1's head.
    pub sequencer_l1_confs: u64,
    /// Where L1 is served: JSON-RPC and beacon API.
    pub l1_address: SocketAddr,
    /// Where L2's public RPC is served, over HTTP and WebSocket.
    pub http_address: SocketAddr,
    /// Namespaces of the public RPC.
    pub apis: Namespaces,
    /// Who may call the public RPC from a browser.
    pub origins: Origins,
    /// Where the Engine API is served.
    pub auth_address: SocketAddr,
    /// Where the rollup node's RPC is served.
    pub rollup_address: SocketAddr,
    /// Extra trust anchors by evidence kind.
    pub trust: BTreeMap<u8, Vec<Bytes>>,
    /// The batcher.
    pub batcher: BatcherConfig,
}

impl NetworkConfig {
    /// A network whose genesis is now: L1 blocks each two seconds, L2 blocks each second, all ports
    /// chosen freely.
    pub fn new(datadir: PathBuf) -> Self {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
        Self {
            datadir,
            chain_id: 42_330,
            l1_chain_id: 31_337,
            genesis_time: now,
            block_time: 1,
            l1_block_time: 2,
            sequencer_l1_confs: 1,
            l1_address: free,
            http_address: free,
            apis: Namespaces::from_iter(Namespace::ALL),
            origins: Origins::Any,
            auth_address: free,
            rollup_address: free,
            trust: BTreeMap::new(),
            batcher: Self::quick_batcher(),
        }
    }

    /// A batcher that posts each few L1 blocks instead of waiting for a full blob.
    pub fn quick_batcher() -> BatcherConfig {
        BatcherConfig {
            max_channel_duration: 4,
            poll_interval: Duration::from_millis(500),
            transactions: TxManagerConfig {
                num_confirmations: 1,
                resubmission_timeout: Duration::from_secs(10),
                ..TxManagerConfig::default()
            },
            ..BatcherConfig::default()
        }
    }

    pub(super) fn node_config(&self, spec: Arc<ChainSpec>, rollup: RollupNodeConfig) -> NodeConfig {
        let server =
            ServerConfig { origins: self.origins.clone(), ..ServerConfig::new(self.http_address) };
        let public = PublicRpcConfig { server, apis: self.apis.clone() };
        NodeConfig {
            auth: AuthConfig { address: self.auth_address, secret: None },
            http: Some(public.clone()),
            // The same port serves both.
            ws: Some(public),
            rollup: Some(rollup),
            ..NodeConfig::new(spec, self.datadir.clone())
        }
    }
}
