//! A block in memory, with what is derived from it on demand.

use alloy_consensus::{Header, Sealed};
use alloy_primitives::{B256, BlockNumber, TxHash, map::B256Map};
use assay_evm::SealedHeader;
use assay_storage::ExecutedBlock;
use assay_trie::Layer;
use std::sync::{Arc, OnceLock};

#[derive(Debug)]
pub(crate) struct TreeBlock {
    pub(crate) executed: Arc<ExecutedBlock>,
    pub(crate) header: Arc<SealedHeader>,
    /// The number of the store's last block when it came, or its own if that is higher.
    pub(crate) age: BlockNumber,
    layer: OnceLock<Layer>,
    transactions: OnceLock<B256Map<u32>>,
}

impl TreeBlock {
    pub(crate) fn new(executed: Arc<ExecutedBlock>, stored: BlockNumber) -> Self {
        let header: Sealed<Header> =
            Sealed::new_unchecked(executed.block.header().clone(), executed.hash());
        let header = Arc::new(header);
        let age = stored.max(header.number);
        Self { executed, header, age, layer: OnceLock::new(), transactions: OnceLock::new() }
    }

    pub(crate) fn hash(&self) -> B256 {
        self.header.hash()
    }

    pub(crate) fn number(&self) -> BlockNumber {
        self.header.number
    }

    pub(crate) fn parent_hash(&self) -> B256 {
        self.header.parent_hash
    }

    /// Its changes in order, for cursors over them.
    pub(crate) fn layer(&self) -> &Layer {
        self.layer.get_or_init(|| Layer {
            state: Arc::new(self.executed.hashed.to_sorted()),
            nodes: Arc::new(self.executed.trie_updates.to_sorted()),
        })
    }

    /// The index of a transaction.
    pub(crate) fn transaction(&self, hash: &TxHash) -> Option<u32> {
        let index = self.transactions.get_or_init(|| {
            let transactions = &self.executed.block.body().transactions;
            transactions.iter().zip(0..).map(|(tx, index)| (tx.tx_hash(), index)).collect()
        });
        index.get(hash).copied()
    }
}
