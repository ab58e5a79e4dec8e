//! The execution engine, as a rollup node sees it.

use alloy_consensus::Block;
use alloy_primitives::{Address, B256};
use alloy_rpc_types_engine::{ForkchoiceState, ForkchoiceUpdated, PayloadId, PayloadStatus};
use async_trait::async_trait;
use op_alloy_consensus::OpTxEnvelope;
use op_alloy_rpc_types_engine::{OpExecutionData, OpPayloadAttributes};

/// An L2 block with its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct L2Block {
    /// Hash.
    pub hash: B256,
    /// The block.
    pub block: Block<OpTxEnvelope>,
}

/// Which L2 block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum L2BlockId {
    /// By hash.
    Hash(B256),
    /// The canonical one of this number.
    Number(u64),
    /// The head of the chain.
    Latest,
    /// The head that L1's data vouches for.
    Safe,
    /// The head that L1's finalized data vouches for.
    Finalized,
}

/// The engine did not do what it was asked to.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// The state names blocks that do not fit (-38002): the heads must be found anew.
    #[error("invalid forkchoice: {0}")]
    InvalidForkchoice(String),
    /// The attributes cannot become a block (-38003).
    #[error("invalid attributes: {0}")]
    InvalidAttributes(String),
    /// The payload is not being built (-38001): it was given up, or the engine restarted.
    #[error("unknown payload")]
    UnknownPayload,
    /// Anything else: unreachable, a timeout, an internal fault.
    #[error("{0}")]
    Unavailable(String),
}

/// An execution engine: in this process, or behind the Engine API.
#[async_trait]
pub trait Engine: Send + Sync {
    /// A block, if the engine has it.
    async fn block(&self, id: L2BlockId) -> Result<Option<L2Block>, EngineError>;
    /// `engine_forkchoiceUpdated`.
    async fn forkchoice(
        &self,
        state: ForkchoiceState,
        attributes: Option<OpPayloadAttributes>,
    ) -> Result<ForkchoiceUpdated, EngineError>;
    /// `engine_getPayload`, of a payload with this timestamp.
    async fn payload(&self, id: PayloadId, timestamp: u64) -> Result<OpExecutionData, EngineError>;
    /// `engine_newPayload`.
    async fn insert(&self, payload: OpExecutionData) -> Result<PayloadStatus, EngineError>;
    /// The root of an account's storage after a block.
    async fn storage_root(&self, account: Address, block: B256) -> Result<B256, EngineError>;
}
