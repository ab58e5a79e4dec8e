//! The batcher over the structs of a test.

use super::{
    l1::SharedL1,
    node::{Node, NodeView},
    world::World,
};
use alloy_consensus::Block;
use alloy_primitives::{B256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use assay_batcher::{
    Batcher, BatcherConfig, BatcherError, DaLimits, DataAvailability, Endpoints, L2Rpc, RollupRpc,
    SyncStatus, TxManagerConfig, TxTarget,
};
use assay_chainspec::{BlockId, preset::DevAccount};
use assay_derivation::Compression;
use async_trait::async_trait;
use op_alloy_consensus::OpTxEnvelope;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

pub(super) type TestBatcher = Batcher<SharedL1, NodeView, NodeView>;

/// A batcher that posts what there is with every L1 block, in blobs.
pub(super) fn settings() -> BatcherConfig {
    BatcherConfig {
        max_channel_duration: 1,
        compression: Compression::Brotli(5),
        transactions: TxManagerConfig { num_confirmations: 1, ..TxManagerConfig::default() },
        ..BatcherConfig::default()
    }
}

pub(super) fn calldata() -> BatcherConfig {
    BatcherConfig { data_availability: DataAvailability::Calldata, ..settings() }
}

pub(super) fn batcher(
    world: &World,
    node: &Node,
    config: BatcherConfig,
    account: DevAccount,
) -> TestBatcher {
    // Channel identifiers must differ between batchers, and be the same in every run.
    static BATCHERS: AtomicU64 = AtomicU64::new(0);
    let seed = keccak256(BATCHERS.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    let view = Arc::new(node.view());
    let endpoints =
        Endpoints { l1: Arc::new(world.l1.clone()), l2: Arc::clone(&view), rollup: view };
    let target = TxTarget {
        l1: world.l1_config.clone(),
        inbox: world.rollup.batch_inbox_address,
        signer: PrivateKeySigner::from_bytes(&account.key).unwrap(),
    };
    Batcher::new(config, Arc::clone(&world.rollup), endpoints, target, seed)
}

#[async_trait]
impl L2Rpc for NodeView {
    async fn block(
        &self,
        number: u64,
    ) -> Result<Option<(B256, Block<OpTxEnvelope>)>, BatcherError> {
        let block = self
            .chain
            .block_by_number(number)
            .map_err(|error| BatcherError::Transport(error.to_string()))?;
        Ok(block.map(|block| (block.hash(), block.clone_block())))
    }

    async fn set_max_da_size(&self, limits: DaLimits) -> Result<(), BatcherError> {
        self.engine.set_max_da_size(limits.transaction, limits.block);
        Ok(())
    }
}

#[async_trait]
impl RollupRpc for NodeView {
    async fn sync_status(&self) -> Result<SyncStatus, BatcherError> {
        let status = *self.status.lock();
        let l2 =
            |block: assay_rollup::L2BlockRef| BlockId { hash: block.hash, number: block.number };
        Ok(SyncStatus {
            current_l1: BlockId { hash: status.current_l1.hash, number: status.current_l1.number },
            unsafe_l2: l2(status.unsafe_l2),
            safe_l2: l2(status.safe_l2),
        })
    }
}
