//! What the batcher asks of the outside. Traits, so that tests run it without sockets.

use crate::{BatcherError, DaLimits};
use alloy_consensus::Block;
use alloy_primitives::{Address, B256, Bytes};
use assay_chainspec::BlockId;
use async_trait::async_trait;
use op_alloy_consensus::OpTxEnvelope;
use serde::{Deserialize, Serialize};

/// L1's newest block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct L1Head {
    /// Number.
    pub number: u64,
    /// Hash.
    pub hash: B256,
    /// Timestamp, in unix seconds.
    pub timestamp: u64,
    /// Base fee, in wei per gas.
    pub base_fee: u64,
    /// Excess blob gas.
    pub excess_blob_gas: Option<u64>,
}

/// Of which transactions a nonce counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceAt {
    /// Those in blocks.
    Latest,
    /// Those in the pool as well.
    Pending,
}

/// L1.
#[async_trait]
pub trait L1Rpc: Send + Sync {
    /// The newest block (`eth_getBlockByNumber`).
    async fn head(&self) -> Result<L1Head, BatcherError>;
    /// A priority fee, in wei per gas (`eth_maxPriorityFeePerGas`).
    async fn tip(&self) -> Result<u128, BatcherError>;
    /// An account's next nonce (`eth_getTransactionCount`).
    async fn nonce(&self, address: Address, at: NonceAt) -> Result<u64, BatcherError>;
    /// Sends a signed transaction (`eth_sendRawTransaction`).
    async fn send(&self, raw: Bytes) -> Result<B256, BatcherError>;
    /// The canonical block that holds a transaction (`eth_getTransactionReceipt`).
    async fn inclusion(&self, hash: B256) -> Result<Option<BlockId>, BatcherError>;
}

/// The sequencer's execution client.
#[async_trait]
pub trait L2Rpc: Send + Sync {
    /// A canonical block with its transactions; none where there is none yet
    /// (`eth_getBlockByNumber`).
    async fn block(&self, number: u64)
    -> Result<Option<(B256, Block<OpTxEnvelope>)>, BatcherError>;
    /// Limits what new blocks take in (`miner_setMaxDASize`).
    async fn set_max_da_size(&self, limits: DaLimits) -> Result<(), BatcherError>;
}

/// The rollup node.
#[async_trait]
pub trait RollupRpc: Send + Sync {
    /// How far it is (`optimism_syncStatus`).
    async fn sync_status(&self) -> Result<SyncStatus, BatcherError>;
}

/// What the batcher reads of `optimism_syncStatus`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncStatus {
    /// The L1 block that derivation is at.
    pub current_l1: BlockId,
    /// The newest L2 block.
    pub unsafe_l2: BlockId,
    /// The newest L2 block that L1 holds.
    pub safe_l2: BlockId,
}
