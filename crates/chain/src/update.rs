//! Changes of the canonical chain.

use crate::block::TreeBlock;
use assay_evm::SealedHeader;
use assay_storage::ExecutedBlock;
use std::sync::Arc;

/// One change of the canonical chain.
#[derive(Debug, Clone)]
pub struct CanonicalUpdate {
    /// The head after it.
    pub head: Arc<SealedHeader>,
    /// Blocks that are canonical no more, lowest first. Those that came back from disk have their
    /// transactions and receipts, but empty state changes.
    pub removed: Vec<Arc<ExecutedBlock>>,
    /// Blocks that are canonical now, lowest first.
    pub added: Vec<Arc<ExecutedBlock>>,
}

impl CanonicalUpdate {
    pub(crate) fn new(
        head: Arc<SealedHeader>,
        removed: &[Arc<TreeBlock>],
        added: &[Arc<TreeBlock>],
    ) -> Self {
        let executed =
            |blocks: &[Arc<TreeBlock>]| blocks.iter().map(|block| block.executed.clone()).collect();
        Self { head, removed: executed(removed), added: executed(added) }
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }
}
