//! How the batcher works.

use assay_derivation::{BatchKind, Compression};
use std::time::Duration;

/// Where batches go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DataAvailability {
    /// Blobs (EIP-4844).
    #[default]
    Blobs,
    /// Calldata.
    Calldata,
    /// Whatever costs less when a channel is opened.
    Auto,
}

/// The batcher's settings. Defaults are op-batcher's where it has them.
#[derive(Debug, Clone, PartialEq)]
pub struct BatcherConfig {
    /// Where batches go.
    pub data_availability: DataAvailability,
    /// Kind of batches.
    pub batch_kind: BatchKind,
    /// Compression of channels.
    pub compression: Compression,
    /// Frames of a full channel, and blobs of one transaction.
    pub target_num_frames: usize,
    /// Most L1 blocks for which a channel stays open; 0: until it is full.
    pub max_channel_duration: u64,
    /// L1 blocks before a deadline of the protocol at which a channel is closed.
    pub sub_safety_margin: u64,
    /// Most blocks in one span batch; 0: no limit.
    pub max_blocks_per_span: usize,
    /// Most transactions in flight; 0: no limit.
    pub max_pending_transactions: usize,
    /// Time between two ticks.
    pub poll_interval: Duration,
    /// Throttling; none: off.
    pub throttle: Option<ThrottleConfig>,
    /// How transactions are sent.
    pub transactions: TxManagerConfig,
}

impl Default for BatcherConfig {
    fn default() -> Self {
        Self {
            data_availability: DataAvailability::default(),
            batch_kind: BatchKind::Span,
            compression: Compression::default(),
            target_num_frames: 1,
            max_channel_duration: 0,
            sub_safety_margin: 10,
            max_blocks_per_span: 0,
            max_pending_transactions: 1,
            poll_interval: Duration::from_secs(6),
            throttle: Some(ThrottleConfig::default()),
            transactions: TxManagerConfig::default(),
        }
    }
}

/// How the execution client is asked to build smaller blocks while L1 does not keep up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleConfig {
    /// Backlog from which throttling starts, in bytes.
    pub lower_threshold: u64,
    /// Backlog at which it is strongest, in bytes.
    pub upper_threshold: u64,
    /// Most bytes of a transaction: when it starts, and when it is strongest.
    pub transaction_size: (u64, u64),
    /// Most bytes of a block: when it starts (and always), and when it is strongest.
    pub block_size: (u64, u64),
}

impl Default for ThrottleConfig {
    fn default() -> Self {
        Self {
            lower_threshold: 3_200_000,
            upper_threshold: 12_800_000,
            transaction_size: (20_000, 150),
            block_size: (130_000, 2_000),
        }
    }
}

/// How transactions are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TxManagerConfig {
    /// L1 blocks, its own included, that make a transaction count as included.
    pub num_confirmations: u64,
    /// Time without inclusion after which the fees are raised.
    pub resubmission_timeout: Duration,
    /// Least priority fee, in wei per gas.
    pub min_tip: u128,
    /// Least base fee that is reckoned with, in wei per gas.
    pub min_base_fee: u128,
    /// Least blob fee cap, in wei per blob gas.
    pub min_blob_fee: u128,
}

impl Default for TxManagerConfig {
    fn default() -> Self {
        const GWEI: u128 = 1_000_000_000;
        Self {
            num_confirmations: 10,
            resubmission_timeout: Duration::from_secs(48),
            min_tip: GWEI,
            min_base_fee: GWEI,
            min_blob_fee: GWEI,
        }
    }
}
