//! `assay batcher`: flag names are op-batcher's.

use crate::{
    files,
    runtime::{CommandResult, runtime, stop_signal},
};
use alloy_primitives::B256;
use alloy_signer_local::PrivateKeySigner;
use assay_batcher::{
    Batcher, BatcherConfig, DataAvailability, Endpoints, HttpRpc, ThrottleConfig, TxManagerConfig,
    TxTarget,
};
use assay_derivation::BatchKind;
use clap::{Args, ValueEnum};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Arguments of `assay batcher`.
#[derive(Debug, Args)]
pub(crate) struct BatcherArgs {
    /// L1's JSON-RPC.
    #[arg(long = "l1-eth-rpc", value_name = "URL")]
    l1: String,
    /// The sequencer's JSON-RPC.
    #[arg(long = "l2-eth-rpc", value_name = "URL")]
    l2: String,
    /// The rollup node's RPC.
    #[arg(long = "rollup-rpc", value_name = "URL")]
    rollup: String,
    /// rollup.json.
    #[arg(long = "rollup-config", value_name = "FILE")]
    rollup_config: PathBuf,
    /// The batcher's private key, in hex.
    #[arg(
        long = "private-key",
        value_name = "HEX",
        env = "ASSAY_BATCHER_PRIVATE_KEY",
        hide_env_values = true
    )]
    private_key: B256,
    /// Where batches go.
    #[arg(long = "data-availability-type", value_enum, default_value = "blobs")]
    data_availability: DaType,
    /// Kind of batches.
    #[arg(long = "batch-type", value_enum, default_value = "span")]
    batch_type: BatchType,
    /// Frames of a full channel, and blobs of one transaction.
    #[arg(long = "target-num-frames", default_value_t = 1)]
    target_num_frames: usize,
    /// Most L1 blocks for which a channel stays open; 0: until it is full.
    #[arg(long = "max-channel-duration", value_name = "BLOCKS", default_value_t = 0)]
    max_channel_duration: u64,
    /// Most transactions in flight; 0: no limit.
    #[arg(long = "max-pending-tx", default_value_t = 1)]
    max_pending: usize,
    /// Milliseconds between two looks at the chains.
    #[arg(long = "poll-interval", value_name = "MS", default_value_t = 6_000)]
    poll_interval: u64,
    /// L1 blocks that confirm a transaction.
    #[arg(long = "num-confirmations", default_value_t = 10)]
    num_confirmations: u64,
    /// Seconds without inclusion after which fees are raised.
    #[arg(long = "resubmission-timeout", value_name = "SECONDS", default_value_t = 48)]
    resubmission_timeout: u64,
    /// Never asks the sequencer for smaller blocks.
    #[arg(long = "no-throttle")]
    no_throttle: bool,
    /// L1's genesis.json or its config.
    #[arg(long = "l1-chain-config", value_name = "FILE")]
    l1_chain_config: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DaType {
    Blobs,
    Calldata,
    Auto,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum BatchType {
    Singular,
    Span,
}

impl BatcherArgs {
    pub(crate) fn run(&self) -> CommandResult {
        let rollup = Arc::new(files::rollup_config(&self.rollup_config)?);
        let target = TxTarget {
            l1: files::l1_chain_config(self.l1_chain_config.as_deref(), rollup.l1_chain_id)?,
            inbox: rollup.batch_inbox_address,
            signer: PrivateKeySigner::from_bytes(&self.private_key)?,
        };
        let endpoints = Endpoints {
            l1: Arc::new(HttpRpc::new(&self.l1)?),
            l2: Arc::new(HttpRpc::new(&self.l2)?),
            rollup: Arc::new(HttpRpc::new(&self.rollup)?),
        };
        let batcher = Batcher::new(self.config(), rollup, endpoints, target, B256::random());
        runtime()?.block_on(async {
            let stop = stop_signal()?;
            Ok(batcher.run(stop, |_| {}).await?)
        })
    }

    fn config(&self) -> BatcherConfig {
        BatcherConfig {
            data_availability: match self.data_availability {
                DaType::Blobs => DataAvailability::Blobs,
                DaType::Calldata => DataAvailability::Calldata,
                DaType::Auto => DataAvailability::Auto,
            },
            batch_kind: match self.batch_type {
                BatchType::Singular => BatchKind::Singular,
                BatchType::Span => BatchKind::Span,
            },
            target_num_frames: self.target_num_frames,
            max_channel_duration: self.max_channel_duration,
            max_pending_transactions: self.max_pending,
            poll_interval: Duration::from_millis(self.poll_interval),
            throttle: (!self.no_throttle).then(ThrottleConfig::default),
            transactions: TxManagerConfig {
                num_confirmations: self.num_confirmations,
                resubmission_timeout: Duration::from_secs(self.resubmission_timeout),
                ..TxManagerConfig::default()
            },
            ..BatcherConfig::default()
        }
    }
}
