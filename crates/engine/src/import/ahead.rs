//! Verifying ahead: an incoming block's transactions that may carry evidence run side by side, on
//! the parent's state, while the block executes. Their verdicts are then in the cache when the block
//! comes to them.
//!
//! Nothing depends on it: a verdict that is not there in time is computed by the block itself.

use assay_chain::StateView;
use assay_evm::{AssayEvmConfig, RecoveredBlock};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// How far the block has come. Dropping it ends what has not begun.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    executed: Arc<AtomicUsize>,
}

impl Ahead {
    /// Starts on rayon's threads, if the block has anything to verify.
    pub(crate) fn start(
        evm: &AssayEvmConfig,
        block: &Arc<RecoveredBlock>,
        state: &StateView,
    ) -> Self {
        let executed = Arc::new(AtomicUsize::new(0));
        for index in candidates(evm, block) {
            let (evm, block, state) = (evm.clone(), Arc::clone(block), state.clone());
            let executed = Arc::clone(&executed);
            rayon::spawn_fifo(move || {
                // The block is already there, or past it: it verifies by itself.
                if executed.load(Ordering::Relaxed) >= index {
                    return;
                }
                let transaction = &block.body().transactions[index];
                let sender = block.senders()[index];
                if let Err(error) = evm.speculate(block.header(), state, transaction, sender) {
                    tracing::debug!(%error, index, "transaction not run ahead");
                }
            });
        }
        Self { executed }
    }

    /// What the state hook counts executed transactions with.
    pub(crate) fn progress(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.executed)
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.executed.store(usize::MAX, Ordering::Relaxed);
    }
}

fn candidates(evm: &AssayEvmConfig, block: &RecoveredBlock) -> Vec<usize> {
    let time = block.header().timestamp;
    let transactions = &block.body().transactions;
    (0..transactions.len())
        .filter(|index| evm.may_carry_evidence(time, &transactions[*index]))
        .collect()
}
