//! Blocks, receipts and transactions, wherever they are.

use crate::{Chain, ChainError, block::TreeBlock};
use alloy_primitives::{B256, BlockNumber, TxHash};
use assay_evm::{Receipt, RecoveredBlock, SealedHeader};
use assay_storage::Snapshot;
use std::sync::Arc;

/// Where a canonical transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionLocation {
    /// Its block's hash.
    pub block_hash: B256,
    /// Its block's number.
    pub number: BlockNumber,
    /// Its index in the block.
    pub index: u32,
}

/// Where a block was found.
enum Found {
    Memory(Arc<TreeBlock>),
    Stored(Snapshot, BlockNumber),
}

impl Chain {
    /// The head's header.
    pub fn head(&self) -> Arc<SealedHeader> {
        self.shared().tree.read().head()
    }

    /// The safe block's header.
    pub fn safe(&self) -> Option<Arc<SealedHeader>> {
        self.shared().tree.read().safe.clone()
    }

    /// The finalized block's header.
    pub fn finalized(&self) -> Option<Arc<SealedHeader>> {
        self.shared().tree.read().finalized.clone()
    }

    /// The number of the last block on disk.
    pub fn persisted(&self) -> BlockNumber {
        self.shared().tree.read().base_number()
    }

    fn find_hash(&self, hash: B256) -> Result<Option<Found>, ChainError> {
        let tree = self.shared().tree.read();
        if let Some(block) = tree.blocks.get(&hash) {
            return Ok(Some(Found::Memory(block.clone())));
        }
        let snapshot = tree.base.snapshot.clone();
        drop(tree);
        Ok(snapshot.number(hash)?.map(|number| Found::Stored(snapshot, number)))
    }

    fn find_number(&self, number: BlockNumber) -> Option<Found> {
        let tree = self.shared().tree.read();
        if number > tree.base_number() {
            return tree.canonical_block(number).cloned().map(Found::Memory);
        }
        Some(Found::Stored(tree.base.snapshot.clone(), number))
    }

    /// The header of a block, canonical or not.
    pub fn header_by_hash(&self, hash: B256) -> Result<Option<Arc<SealedHeader>>, ChainError> {
        self.find_hash(hash)?.map_or(Ok(None), Found::header)
    }

    /// The header of canonical block `number`.
    pub fn header_by_number(
        &self,
        number: BlockNumber,
    ) -> Result<Option<Arc<SealedHeader>>, ChainError> {
        self.find_number(number).map_or(Ok(None), Found::header)
    }

    /// A block, canonical or not.
    pub fn block_by_hash(&self, hash: B256) -> Result<Option<Arc<RecoveredBlock>>, ChainError> {
        self.find_hash(hash)?.map_or(Ok(None), Found::block)
    }

    /// Canonical block `number`.
    pub fn block_by_number(
        &self,
        number: BlockNumber,
    ) -> Result<Option<Arc<RecoveredBlock>>, ChainError> {
        self.find_number(number).map_or(Ok(None), Found::block)
    }

    /// The receipts of a block, canonical or not.
    pub fn receipts_by_hash(&self, hash: B256) -> Result<Option<Arc<Vec<Receipt>>>, ChainError> {
        self.find_hash(hash)?.map_or(Ok(None), Found::receipts)
    }

    /// The receipts of canonical block `number`.
    pub fn receipts_by_number(
        &self,
        number: BlockNumber,
    ) -> Result<Option<Arc<Vec<Receipt>>>, ChainError> {
        self.find_number(number).map_or(Ok(None), Found::receipts)
    }

    /// The hash of canonical block `number`.
    pub fn hash_of(&self, number: BlockNumber) -> Result<Option<B256>, ChainError> {
        match self.find_number(number) {
            Some(Found::Memory(block)) => Ok(Some(block.hash())),
            Some(Found::Stored(snapshot, number)) => Ok(snapshot.hash(number)?),
            None => Ok(None),
        }
    }

    /// The number of a block, canonical or not.
    pub fn number_of(&self, hash: B256) -> Result<Option<BlockNumber>, ChainError> {
        Ok(self.find_hash(hash)?.map(|found| match found {
            Found::Memory(block) => block.number(),
            Found::Stored(_, number) => number,
        }))
    }

    /// Whether the block is the head or an ancestor of it.
    pub fn is_canonical(&self, hash: B256) -> Result<bool, ChainError> {
        let tree = self.shared().tree.read();
        match tree.blocks.get(&hash) {
            Some(block) => Ok(tree.is_canonical(block)),
            None => Ok(tree.base.snapshot.number(hash)?.is_some()),
        }
    }

    /// Where a transaction is in the canonical chain.
    pub fn transaction(&self, hash: TxHash) -> Result<Option<TransactionLocation>, ChainError> {
        let (blocks, snapshot) = {
            let tree = self.shared().tree.read();
            (tree.canonical.clone(), tree.base.snapshot.clone())
        };
        for block in blocks.iter().rev() {
            if let Some(index) = block.transaction(&hash) {
                let (block_hash, number) = (block.hash(), block.number());
                return Ok(Some(TransactionLocation { block_hash, number, index }));
            }
        }
        let Some((number, index)) = snapshot.transaction(hash)? else { return Ok(None) };
        let block_hash = snapshot.hash(number)?;
        Ok(block_hash.map(|block_hash| TransactionLocation { block_hash, number, index }))
    }
}

impl Found {
    fn header(self) -> Result<Option<Arc<SealedHeader>>, ChainError> {
        match self {
            Self::Memory(block) => Ok(Some(block.header.clone())),
            Self::Stored(snapshot, number) => Ok(snapshot.header(number)?.map(Arc::new)),
        }
    }

    fn block(self) -> Result<Option<Arc<RecoveredBlock>>, ChainError> {
        match self {
            Self::Memory(block) => Ok(Some(block.executed.block.clone())),
            Self::Stored(snapshot, number) => Ok(snapshot.block(number)?.map(Arc::new)),
        }
    }

    fn receipts(self) -> Result<Option<Arc<Vec<Receipt>>>, ChainError> {
        match self {
            Self::Memory(block) => Ok(Some(block.executed.receipts.clone())),
            Self::Stored(snapshot, number) => Ok(snapshot.receipts(number)?.map(Arc::new)),
        }
    }
}
