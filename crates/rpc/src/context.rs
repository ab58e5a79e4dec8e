//! What every namespace works on: the chain, the EVM, the pool, and the bounded pools of threads.

use crate::{RpcConfig, RpcError, eth::filters::Filters};
use alloy_consensus::{BlockHeader, Header};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_evm::EvmEnv;
use alloy_primitives::B256;
use assay_chain::{CanonicalUpdate, Chain, StateView, TransactionLocation};
use assay_chainspec::ChainSpec;
use assay_evm::{AssayEvmConfig, CachePart, Receipt, RecoveredBlock, SealedHeader};
use assay_pool::Pool;
use jsonrpsee::types::ErrorObjectOwned;
use op_revm::OpSpecId;
use std::{
    ops::Deref,
    sync::{Arc, Weak},
};
use tokio::sync::{Semaphore, broadcast};

/// Handle to the parts of the node that answer requests. Clones share everything.
#[derive(Clone)]
pub struct RpcContext(Arc<Shared>);

/// What the handle points to.
pub struct Shared {
    pub(crate) chain: Chain,
    pub(crate) evm: AssayEvmConfig,
    pub(crate) pool: Pool,
    pub(crate) config: RpcConfig,
    pub(crate) filters: Filters,
    reads: Arc<Semaphore>,
    calls: Arc<Semaphore>,
    traces: Arc<Semaphore>,
}

impl Deref for RpcContext {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// Kinds of work, each with threads of its own: a flood of one never starves another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Reads a block or a few keys.
    Read,
    /// Runs the EVM once or a few times.
    Call,
    /// Runs whole blocks, or builds proofs.
    Trace,
}

impl RpcContext {
    /// Over a running node's parts. To be called inside a tokio runtime.
    pub fn new(chain: Chain, evm: AssayEvmConfig, pool: Pool, config: RpcConfig) -> Self {
        let updates = chain.subscribe();
        let shared = Arc::new(Shared {
            filters: Filters::new(config.stale_filter_ttl, config.max_filters),
            reads: Arc::new(Semaphore::new(config.max_reads.max(1))),
            calls: Arc::new(Semaphore::new(config.max_calls.max(1))),
            traces: Arc::new(Semaphore::new(config.max_traces.max(1))),
            chain,
            // A flood of requests must not drive out the verdicts that blocks need.
            evm: evm.with_cache_part(CachePart::ReadOnly),
            pool,
            config,
        });
        tokio::spawn(follow(Arc::downgrade(&shared), updates));
        Self(shared)
    }

    /// Runs `work` on a thread where blocking is allowed, once one of its kind is free.
    ///
    /// The permit stays with the thread, not with the caller: a caller that gives up does not let
    /// another one in before the work has ended.
    pub(crate) async fn run<T, F>(&self, kind: Work, work: F) -> Result<T, ErrorObjectOwned>
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> Result<T, RpcError> + Send + 'static,
    {
        let pool = match kind {
            Work::Read => &self.reads,
            Work::Call => &self.calls,
            Work::Trace => &self.traces,
        };
        let limit = self.config.call_timeout;
        let started = async {
            let permit = pool
                .clone()
                .acquire_owned()
                .await
                .map_err(|_| RpcError::internal("the node is shutting down"))?;
            let this = self.clone();
            tokio::task::spawn_blocking(move || {
                let _permit = permit;
                work(&this)
            })
            .await
            .map_err(|fault| RpcError::Internal(format!("blocking task failed: {fault}")))?
        };
        match tokio::time::timeout(limit, started).await {
            Ok(done) => done,
            Err(_) => Err(RpcError::TimedOut(limit)),
        }
        .map_err(Into::into)
    }

    /// [`Work::Read`].
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, RpcError> + Send + 'static,
    ) -> Result<T, ErrorObjectOwned> {
        self.run(Work::Read, work).await
    }

    /// [`Work::Call`].
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, RpcError> + Send + 'static,
    ) -> Result<T, ErrorObjectOwned> {
        self.run(Work::Call, work).await
    }

    /// [`Work::Trace`].
    pub(crate) async fn trace<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, RpcError> + Send + 'static,
    ) -> Result<T, ErrorObjectOwned> {
        self.run(Work::Trace, work).await
    }
}

impl Shared {
    /// The chain's rules.
    pub(crate) fn spec(&self) -> &Arc<ChainSpec> {
        self.chain.spec()
    }

    /// The head's header.
    pub(crate) fn head(&self) -> Arc<SealedHeader> {
        self.chain.head()
    }

    /// The number that `tag` stands for; `None` if the label is not set. There is no pending block:
    /// on an OP chain it is the head.
    pub(crate) fn number_of_tag(&self, tag: BlockNumberOrTag) -> Option<u64> {
        match tag {
            BlockNumberOrTag::Latest | BlockNumberOrTag::Pending => Some(self.head().number()),
            BlockNumberOrTag::Safe => self.chain.safe().map(|header| header.number()),
            BlockNumberOrTag::Finalized => self.chain.finalized().map(|header| header.number()),
            BlockNumberOrTag::Earliest => Some(self.spec().genesis_header().number()),
            BlockNumberOrTag::Number(number) => Some(number),
        }
    }

    /// The hash of the block that `id` names, if there is one.
    pub(crate) fn hash_of(&self, id: BlockId) -> Result<Option<B256>, RpcError> {
        match id {
            BlockId::Hash(hash) => {
                if hash.require_canonical == Some(true) && !self.is_canonical(hash.block_hash)? {
                    return Ok(None);
                }
                Ok(Some(hash.block_hash))
            }
            BlockId::Number(BlockNumberOrTag::Latest | BlockNumberOrTag::Pending) => {
                Ok(Some(self.head().hash()))
            }
            BlockId::Number(tag) => match self.number_of_tag(tag) {
                Some(number) => self.chain.hash_of(number).map_err(RpcError::internal),
                None => Ok(None),
            },
        }
    }

    fn is_canonical(&self, hash: B256) -> Result<bool, RpcError> {
        let Some(number) = self.chain.number_of(hash).map_err(RpcError::internal)? else {
            return Ok(false);
        };
        Ok(self.chain.hash_of(number).map_err(RpcError::internal)? == Some(hash))
    }

    /// The block that `id` names, if there is one.
    pub(crate) fn find_block(&self, id: BlockId) -> Result<Option<Arc<RecoveredBlock>>, RpcError> {
        match self.hash_of(id)? {
            Some(hash) => self.chain.block_by_hash(hash).map_err(RpcError::internal),
            None => Ok(None),
        }
    }

    /// The block that `id` names, or -32001.
    pub(crate) fn block(&self, id: BlockId) -> Result<Arc<RecoveredBlock>, RpcError> {
        self.find_block(id)?.ok_or(RpcError::BlockNotFound(id))
    }

    /// The receipts of a block that is known to be there.
    pub(crate) fn receipts(&self, hash: B256) -> Result<Arc<Vec<Receipt>>, RpcError> {
        self.chain
            .receipts_by_hash(hash)
            .map_err(RpcError::internal)?
            .ok_or(RpcError::BlockNotFound(hash.into()))
    }

    /// The header that `id` names, or -32001.
    pub(crate) fn header(&self, id: BlockId) -> Result<Arc<SealedHeader>, RpcError> {
        let hash = self.hash_of(id)?.ok_or(RpcError::BlockNotFound(id))?;
        self.chain
            .header_by_hash(hash)
            .map_err(RpcError::internal)?
            .ok_or(RpcError::BlockNotFound(id))
    }

    /// The state after the block that `id` names, or -32001.
    pub(crate) fn state(&self, id: BlockId) -> Result<StateView, RpcError> {
        let hash = self.hash_of(id)?.ok_or(RpcError::BlockNotFound(id))?;
        self.chain.state_at(hash).map_err(RpcError::internal)?.ok_or(RpcError::BlockNotFound(id))
    }

    /// Where a transaction of the canonical chain is, with its block.
    pub(crate) fn locate(
        &self,
        transaction: B256,
    ) -> Result<Option<(TransactionLocation, Arc<RecoveredBlock>)>, RpcError> {
        let Some(at) = self.chain.transaction(transaction).map_err(RpcError::internal)? else {
            return Ok(None);
        };
        let block = self.chain.block_by_hash(at.block_hash).map_err(RpcError::internal)?;
        Ok(block.map(|block| (at, block)))
    }

    /// The environment in which the block of this header runs.
    pub(crate) fn evm_env(&self, header: &Header) -> Result<EvmEnv<OpSpecId>, RpcError> {
        Ok(self.evm.evm_env(header))
    }
}

/// Tells the filters of reorgs, for as long as somebody holds the context.
async fn follow(shared: Weak<Shared>, mut updates: broadcast::Receiver<Arc<CanonicalUpdate>>) {
    loop {
        match updates.recv().await {
            Ok(update) => match shared.upgrade() {
                Some(shared) => shared.filters.on_update(&update),
                None => return,
            },
            Err(broadcast::error::RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "filters missed changes of the chain");
            }
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

impl std::fmt::Debug for RpcContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RpcContext").field("config", &self.config).finish_non_exhaustive()
    }
}
