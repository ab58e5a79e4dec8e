//! The thread that writes canonical blocks to the store.

use crate::{
    ChainError,
    block::TreeBlock,
    chain::{ChainOptions, Shared},
    view::Base,
};
use assay_storage::{Labels, StorageError};
use parking_lot::{Condvar, Mutex};
use std::{sync::Arc, time::Duration};

/// How long the thread waits after a failure before it tries again.
const RETRY: Duration = Duration::from_secs(1);

/// What the thread and those who wait for it tell each other.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    state: Mutex<State>,
    /// Wakes the thread.
    work: Condvar,
    /// Wakes those who wait for it.
    progress: Condvar,
}

#[derive(Debug, Default)]
struct State {
    stop: bool,
    /// Write everything that is canonical.
    flush: usize,
    /// There may be something to write.
    pending: bool,
    /// Why the last attempt failed.
    failure: Option<StorageError>,
    /// Attempts so far.
    rounds: u64,
}

impl Signals {
    /// Tells the thread that there may be something to write.
    pub(crate) fn wake(&self) {
        self.state.lock().pending = true;
        self.work.notify_one();
    }

    /// Ends the thread once everything canonical is written, or that has failed.
    pub(crate) fn stop(&self) {
        self.state.lock().stop = true;
        self.work.notify_one();
        self.progress.notify_all();
    }

    /// Waits until `done`; an error if the thread cannot write.
    fn wait(&self, flush: bool, done: impl Fn() -> bool) -> Result<(), ChainError> {
        let mut state = self.state.lock();
        state.flush += usize::from(flush);
        let result = loop {
            if done() {
                break Ok(());
            }
            if state.stop {
                break Err(ChainError::Closed);
            }
            let rounds = state.rounds;
            state.pending = true;
            self.work.notify_one();
            self.progress.wait(&mut state);
            if state.rounds != rounds
                && let Some(failure) = &state.failure
            {
                break Err(failure.clone().into());
            }
        };
        state.flush -= usize::from(flush);
        result
    }

    /// Waits until everything canonical is written.
    pub(crate) fn flush(&self, shared: &Shared) -> Result<(), ChainError> {
        self.wait(true, || shared.tree.read().canonical.is_empty())
    }

    /// Waits until no more than `limit` canonical blocks are in memory.
    pub(crate) fn wait_below(&self, shared: &Shared, limit: usize) -> Result<(), ChainError> {
        let below = || shared.tree.read().canonical.len() <= limit;
        if below() { Ok(()) } else { self.wait(false, below) }
    }
}

/// The thread's loop.
pub(crate) fn run(shared: &Shared) {
    let signals = &shared.signals;
    loop {
        let (stop, flush) = {
            let mut state = signals.state.lock();
            while !state.stop && !state.pending {
                signals.work.wait(&mut state);
            }
            state.pending = false;
            (state.stop, state.stop || state.flush > 0)
        };
        let result = write_all(shared, flush);
        let mut state = signals.state.lock();
        state.rounds += 1;
        state.failure = result.err();
        if let Some(error) = &state.failure {
            tracing::error!(%error, "writing blocks failed");
            if !stop {
                state.pending = true;
                signals.progress.notify_all();
                signals.work.wait_for(&mut state, RETRY);
                continue;
            }
        }
        signals.progress.notify_all();
        if stop {
            return;
        }
    }
}

/// Writes batches until few enough blocks are in memory.
fn write_all(shared: &Shared, flush: bool) -> Result<(), StorageError> {
    while write_batch(shared, flush)? {
        let mut state = shared.signals.state.lock();
        state.rounds += 1;
        state.failure = None;
        drop(state);
        shared.signals.progress.notify_all();
    }
    Ok(())
}

/// Writes the oldest canonical blocks in memory; false if there is nothing to write.
fn write_batch(shared: &Shared, flush: bool) -> Result<bool, StorageError> {
    // No unwind while a batch is chosen and written.
    let _writer = shared.writer.lock();
    let (batch, labels) = {
        let mut tree = shared.tree.write();
        let count = batch_size(tree.canonical.len(), flush, &shared.options);
        if count == 0 {
            return Ok(false);
        }
        tree.writing = count;
        let batch: Vec<_> = tree.canonical.iter().take(count).cloned().collect();
        // An ancestor of a safe block is safe, so a label above the batch stands for its end.
        let clip = |label: &Option<Arc<assay_evm::SealedHeader>>| {
            let last = batch.last()?;
            label
                .as_ref()
                .map(|label| if label.number > last.number() { last.hash() } else { label.hash() })
        };
        let labels = Labels { safe: clip(&tree.safe), finalized: clip(&tree.finalized) };
        (batch, labels)
    };
    let result = write(shared, &batch, labels);
    if result.is_err() {
        shared.tree.write().writing = 0;
    }
    result.map(|()| true)
}

fn write(shared: &Shared, batch: &[Arc<TreeBlock>], labels: Labels) -> Result<(), StorageError> {
    let blocks: Vec<_> = batch.iter().map(|block| block.executed.clone()).collect();
    shared.store.commit_with(&blocks, Some(labels))?;
    let snapshot = shared.store.snapshot()?;
    let version = shared.tree.read().base.version + 1;
    // Before any view of the new version can exist.
    shared.cache.advance(version, blocks.iter().map(|block| &*block.bundle));
    let mut tree = shared.tree.write();
    tree.rebase(Base { snapshot, version }, batch.len(), shared.options.side_depth);
    // Outside the lock: freeing the blocks takes long.
    drop(tree);
    Ok(())
}

fn batch_size(canonical: usize, flush: bool, options: &ChainOptions) -> usize {
    let ready = canonical.saturating_sub(if flush { 0 } else { options.persist_after });
    if flush || ready >= options.persist_batch { ready.min(options.max_batch) } else { 0 }
}
