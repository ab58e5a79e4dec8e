//! Limits on data availability, set by the batcher while it lags behind (`miner_setMaxDASize`).

use std::sync::atomic::{AtomicU64, Ordering};

/// The most DA bytes, estimated after compression, that the builder takes from the pool. Zero means
/// no limit. The attributes' transactions are never held back.
#[derive(Debug, Default)]
pub(crate) struct DaLimits {
    transaction: AtomicU64,
    block: AtomicU64,
}

impl DaLimits {
    /// Sets both limits; zero lifts one. Whether either changed.
    pub(crate) fn set(&self, transaction: u64, block: u64) -> bool {
        let before = self.transaction.swap(transaction, Ordering::Relaxed);
        let changed = before != transaction;
        self.block.swap(block, Ordering::Relaxed) != block || changed
    }

    /// As the block builder takes them.
    pub(crate) fn get(&self) -> assay_evm::DaLimits {
        assay_evm::DaLimits { transaction: limit(&self.transaction), block: limit(&self.block) }
    }
}

fn limit(value: &AtomicU64) -> Option<u64> {
    Some(value.load(Ordering::Relaxed)).filter(|limit| *limit != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_no_limit() {
        let limits = DaLimits::default();
        assert_eq!(limits.get(), assay_evm::DaLimits::default());
        limits.set(150, 2_000);
        assert_eq!((limits.get().transaction, limits.get().block), (Some(150), Some(2_000)));
        limits.set(0, 2_000);
        assert_eq!((limits.get().transaction, limits.get().block), (None, Some(2_000)));
    }
}
