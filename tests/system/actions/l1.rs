//! The development L1, as rollup node and batcher see it.

use alloy_consensus::{Transaction, TxEnvelope, transaction::Recovered};
use alloy_eips::{
    BlockId as L1BlockId,
    eip4844::{Blob, kzg_to_versioned_hash},
};
use alloy_primitives::{Address, B256, Bytes};
use assay_batcher::{BatcherError, L1Head, L1Rpc, NonceAt};
use assay_chainspec::{BlockId, RollupConfig};
use assay_derivation::{IndexedBlobHash, L1Block as DerivationBlock, L1BlockInfo, L1Origin};
use assay_devnet::l1::{L1, L1Block, Reorg};
use assay_rollup::{L1Error, L1Label, L1Source};
use async_trait::async_trait;
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;

/// One L1, shared by everything in a test.
#[derive(Debug, Clone)]
pub(super) struct SharedL1 {
    l1: Arc<Mutex<L1>>,
    rollup: Arc<RollupConfig>,
    /// What batchers sent, in order.
    sent: Arc<Mutex<Vec<B256>>>,
}

impl SharedL1 {
    pub(super) fn new(l1: L1, rollup: Arc<RollupConfig>) -> Self {
        Self { l1: Arc::new(Mutex::new(l1)), rollup, sent: Arc::default() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, L1> {
        self.l1.lock()
    }

    pub(super) fn mine(&self) -> Arc<L1Block> {
        self.lock().mine().unwrap()
    }

    pub(super) fn reorg(&self, reorg: &Reorg) {
        self.lock().reorg(reorg).unwrap();
    }

    /// Takes what a batcher sent last out of the pool, as a node that restarts may.
    pub(super) fn forget_last_sent(&self) {
        let hash = *self.sent.lock().last().unwrap();
        assert!(self.lock().forget(hash), "it is not in the pool");
    }

    /// Transactions to the batch inbox on the canonical chain: in calldata, in blobs.
    pub(super) fn batches(&self) -> (usize, usize) {
        let l1 = self.lock();
        let (mut calldata, mut blobs) = (0, 0);
        for number in 0..=l1.head_number() {
            for transaction in &l1.block_by_number(number).unwrap().transactions {
                if transaction.to() != Some(self.rollup.batch_inbox_address) {
                    continue;
                }
                match transaction.blob_versioned_hashes() {
                    Some(hashes) => blobs += hashes.len(),
                    None => calldata += 1,
                }
            }
        }
        (calldata, blobs)
    }

    fn origin_of(&self, block: &L1Block) -> L1Origin {
        let logs = block.receipts.iter().flat_map(|receipt| receipt.logs().iter().cloned());
        L1Origin::new(&self.rollup, block.hash(), &block.header, logs)
    }
}

fn info(block: &L1Block) -> L1BlockInfo {
    L1BlockInfo {
        hash: block.hash(),
        number: block.number(),
        parent_hash: block.header.parent_hash,
        timestamp: block.header.timestamp,
    }
}

#[async_trait]
impl L1Source for SharedL1 {
    async fn head(&self, label: L1Label) -> Result<Option<L1BlockInfo>, L1Error> {
        let l1 = self.lock();
        let number = match label {
            L1Label::Latest => l1.head_number(),
            L1Label::Safe => l1.safe_number(),
            L1Label::Finalized => l1.finalized_number(),
        };
        Ok(l1.block_by_number(number).map(|block| info(block)))
    }

    async fn info(&self, number: u64) -> Result<Option<L1BlockInfo>, L1Error> {
        Ok(self.lock().block_by_number(number).map(|block| info(block)))
    }

    async fn origin(&self, hash: B256) -> Result<Option<L1Origin>, L1Error> {
        Ok(self.lock().block_by_hash(hash).map(|block| self.origin_of(block)))
    }

    async fn block(&self, number: u64) -> Result<Option<DerivationBlock>, L1Error> {
        Ok(self.lock().block_by_number(number).map(|block| {
            let transactions: Vec<TxEnvelope> =
                block.transactions.iter().map(Recovered::inner).cloned().collect();
            DerivationBlock::new(&self.rollup, self.origin_of(block), &transactions)
        }))
    }

    async fn blobs(
        &self,
        block: &L1BlockInfo,
        hashes: &[IndexedBlobHash],
    ) -> Result<Vec<Box<Blob>>, L1Error> {
        let l1 = self.lock();
        let block = l1.block_by_hash(block.hash).ok_or_else(|| L1Error("no such block".into()))?;
        let blobs = l1.blobs(block).map_err(|error| L1Error(error.to_string()))?;
        let wanted = hashes.iter().map(|wanted| {
            blobs
                .iter()
                .find(|blob| blob.index == wanted.index)
                // The L1 checked commitment and proof when it took the blob.
                .filter(|blob| kzg_to_versioned_hash(blob.commitment.as_slice()) == wanted.hash)
                .map(|blob| Box::new(*blob.blob))
                .ok_or_else(|| L1Error(format!("no blob {}", wanted.index)))
        });
        wanted.collect()
    }
}

#[async_trait]
impl L1Rpc for SharedL1 {
    async fn head(&self) -> Result<L1Head, BatcherError> {
        let l1 = self.lock();
        let header = &l1.head().header;
        Ok(L1Head {
            number: header.number,
            hash: header.hash(),
            timestamp: header.timestamp,
            base_fee: header.base_fee_per_gas.unwrap_or_default(),
            excess_blob_gas: header.excess_blob_gas,
        })
    }

    async fn tip(&self) -> Result<u128, BatcherError> {
        Ok(self.lock().suggested_tip())
    }

    async fn nonce(&self, address: Address, at: NonceAt) -> Result<u64, BatcherError> {
        let block = match at {
            NonceAt::Latest => L1BlockId::latest(),
            NonceAt::Pending => L1BlockId::pending(),
        };
        self.lock().nonce(address, block).map_err(|error| rejected(&error))
    }

    async fn send(&self, raw: Bytes) -> Result<B256, BatcherError> {
        let hash = self.lock().submit(&raw).map_err(|error| rejected(&error))?;
        self.sent.lock().push(hash);
        Ok(hash)
    }

    async fn inclusion(&self, hash: B256) -> Result<Option<BlockId>, BatcherError> {
        let l1 = self.lock();
        let found = l1.transaction(hash);
        Ok(found.map(|(block, _)| BlockId { hash: block.hash(), number: block.number() }))
    }
}

fn rejected(error: &assay_devnet::L1Error) -> BatcherError {
    BatcherError::Rejected { code: -32_000, message: error.to_string() }
}
