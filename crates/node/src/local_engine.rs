//! The engine of this process, behind the trait that the rollup node drives.

use alloy_primitives::{Address, B256, keccak256};
use alloy_rpc_types_engine::{ForkchoiceState, ForkchoiceUpdated, PayloadId, PayloadStatus};
use assay_chain::{Chain, ChainError};
use assay_engine::Engine;
use assay_rollup::{EngineError, L2Block, L2BlockId};
use async_trait::async_trait;
use op_alloy_rpc_types_engine::{OpExecutionData, OpPayloadAttributes};

/// The engine without a socket in between.
#[derive(Debug, Clone)]
pub struct LocalEngine {
    engine: Engine,
    chain: Chain,
}

impl LocalEngine {
    /// The engine of a node in this process.
    pub const fn new(engine: Engine, chain: Chain) -> Self {
        Self { engine, chain }
    }

    /// Runs a read, which may wait for the disk, beside the async tasks.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Chain) -> Result<T, ChainError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let chain = self.chain.clone();
        tokio::task::spawn_blocking(move || read(&chain))
            .await
            .map_err(|error| EngineError::Unavailable(error.to_string()))?
            .map_err(|error| EngineError::Unavailable(error.to_string()))
    }
}

fn engine_error(error: assay_engine::EngineError) -> EngineError {
    use assay_engine::EngineError as Error;
    match error {
        Error::UnknownPayload => EngineError::UnknownPayload,
        Error::InvalidForkchoice(reason) => EngineError::InvalidForkchoice(reason.into()),
        Error::InvalidAttributes(reason) => EngineError::InvalidAttributes(reason),
        other => EngineError::Unavailable(other.to_string()),
    }
}

#[async_trait]
impl assay_rollup::Engine for LocalEngine {
    async fn block(&self, id: L2BlockId) -> Result<Option<L2Block>, EngineError> {
        self.read(move |chain| {
            let block = match id {
                L2BlockId::Hash(hash) => chain.block_by_hash(hash)?,
                L2BlockId::Number(number) => chain.block_by_number(number)?,
                L2BlockId::Latest => chain.block_by_hash(chain.head().hash())?,
                L2BlockId::Safe => match chain.safe() {
                    Some(header) => chain.block_by_hash(header.hash())?,
                    None => None,
                },
                L2BlockId::Finalized => match chain.finalized() {
                    Some(header) => chain.block_by_hash(header.hash())?,
                    None => None,
                },
            };
            Ok(block.map(|block| L2Block { hash: block.hash(), block: block.clone_block() }))
        })
        .await
    }

    async fn forkchoice(
        &self,
        state: ForkchoiceState,
        attributes: Option<OpPayloadAttributes>,
    ) -> Result<ForkchoiceUpdated, EngineError> {
        self.engine.fork_choice_updated(state, attributes).await.map_err(engine_error)
    }

    async fn payload(
        &self,
        id: PayloadId,
        _timestamp: u64,
    ) -> Result<OpExecutionData, EngineError> {
        let built = self.engine.get_payload(id).await.map_err(engine_error)?;
        Ok(OpExecutionData::from_block_unchecked(built.hash(), &built.block().clone_block()))
    }

    async fn insert(&self, payload: OpExecutionData) -> Result<PayloadStatus, EngineError> {
        self.engine.new_payload(payload).await.map_err(engine_error)
    }

    async fn storage_root(&self, account: Address, block: B256) -> Result<B256, EngineError> {
        let chain = self.chain.clone();
        let unavailable = |error: String| EngineError::Unavailable(error);
        tokio::task::spawn_blocking(move || {
            let view = chain.state_at(block).map_err(|error| error.to_string())?;
            let trie = chain.trie_at(block).map_err(|error| error.to_string())?;
            let (Some(view), Some(trie)) = (view, trie) else {
                return Err(format!("no state of block {block}"));
            };
            trie.storage_root(&view, keccak256(account)).map_err(|error| error.to_string())
        })
        .await
        .map_err(|error| unavailable(error.to_string()))?
        .map_err(unavailable)
    }
}
