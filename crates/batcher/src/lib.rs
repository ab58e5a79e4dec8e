#![doc = include_str!("../README.md")]

mod batcher;
mod channel_manager;
mod config;
mod error;
mod fees;
mod http;
mod pending_channel;
mod rpc;
mod signing;
mod throttle;
mod tx_data;
mod tx_manager;

pub use batcher::{Batcher, Endpoints, Posted, Progress};
pub use channel_manager::{ChannelManager, L1Position};
pub use config::{BatcherConfig, DataAvailability, ThrottleConfig, TxManagerConfig};
pub use error::BatcherError;
pub use fees::{L1Fees, TxFees};
pub use http::HttpRpc;
pub use rpc::{L1Head, L1Rpc, L2Rpc, NonceAt, RollupRpc, SyncStatus};
pub use throttle::DaLimits;
pub use tx_data::{TxData, TxId, TxKind};
pub use tx_manager::{TxManager, TxOutcome, TxTarget};

#[cfg(test)]
mod tests;
