//! L1, as a rollup node sees it.

use alloy_eips::eip4844::Blob;
use alloy_primitives::B256;
use assay_derivation::{IndexedBlobHash, L1Block, L1BlockInfo, L1Origin};
use async_trait::async_trait;

/// A label of L1's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum L1Label {
    /// The head.
    Latest,
    /// Justified.
    Safe,
    /// Finalized.
    Finalized,
}

/// L1 did not answer, or not with what its hashes promise. Always worth another try.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct L1Error(pub String);

/// A source of L1 blocks.
#[async_trait]
pub trait L1Source: Send + Sync {
    /// The block under a label; none where the label is not set yet.
    async fn head(&self, label: L1Label) -> Result<Option<L1BlockInfo>, L1Error>;
    /// The canonical block of this number.
    async fn info(&self, number: u64) -> Result<Option<L1BlockInfo>, L1Error>;
    /// What an L2 block takes from the L1 block with this hash.
    async fn origin(&self, hash: B256) -> Result<Option<L1Origin>, L1Error>;
    /// The canonical block of this number with its logs and its batcher transactions.
    async fn block(&self, number: u64) -> Result<Option<L1Block>, L1Error>;
    /// Blobs of a block, in the order asked, each checked against its versioned hash.
    async fn blobs(
        &self,
        block: &L1BlockInfo,
        hashes: &[IndexedBlobHash],
    ) -> Result<Vec<Box<Blob>>, L1Error>;
}
