//! One payload: the best block so far and the attempts to better it.

use super::{
    DaLimits,
    assemble::{Assembled, Frame, Optional, assemble},
};
use crate::{BuilderConfig, EngineError};
use alloy_primitives::{B256, U256};
use alloy_rpc_types_engine::PayloadId;
use assay_chain::{Chain, ExecutedBlock};
use assay_evm::{AssayEvmConfig, RecoveredBlock};
use assay_pool::Pool;
use op_alloy_rpc_types_engine::OpExecutionData;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::Thread,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// A payload that was built here. Cheap to clone.
#[derive(Debug, Clone)]
pub struct BuiltPayload {
    id: PayloadId,
    executed: ExecutedBlock,
    fees: U256,
}

impl BuiltPayload {
    /// The id that forkchoiceUpdated answered.
    pub const fn id(&self) -> PayloadId {
        self.id
    }

    /// The block.
    pub fn block(&self) -> &Arc<RecoveredBlock> {
        &self.executed.block
    }

    /// The block's hash.
    pub fn hash(&self) -> B256 {
        self.executed.hash()
    }

    /// The block with what its execution gave.
    pub const fn executed(&self) -> &ExecutedBlock {
        &self.executed
    }

    /// What the block's transactions pay the fee recipient, in wei.
    pub const fn fees(&self) -> U256 {
        self.fees
    }

    /// The block as newPayload takes it.
    pub fn execution_data(&self) -> OpExecutionData {
        OpExecutionData::from_block_unchecked(self.hash(), &self.block().clone_block())
    }
}

#[derive(Debug)]
struct State {
    best: BuiltPayload,
    /// An attempt runs whose result is worth waiting for.
    pending: bool,
}

/// A payload and who works at it.
#[derive(Debug)]
pub(crate) struct Job {
    id: PayloadId,
    state: watch::Sender<State>,
    /// Somebody asked for the payload: no further attempt.
    asked: AtomicBool,
    thread: parking_lot::Mutex<Option<Thread>>,
}

/// What attempts need.
#[derive(Debug)]
pub(crate) struct Workshop {
    pub(crate) chain: Chain,
    pub(crate) evm: AssayEvmConfig,
    pub(crate) pool: Pool,
    pub(crate) config: BuilderConfig,
    pub(crate) da: Arc<DaLimits>,
}

impl Job {
    /// A job whose first block, of the attributes' transactions alone, is already built.
    pub(crate) fn new(id: PayloadId, first: Assembled) -> Self {
        let best = BuiltPayload { id, executed: first.executed, fees: first.fees };
        Self {
            id,
            state: watch::Sender::new(State { best, pending: false }),
            asked: AtomicBool::new(false),
            thread: parking_lot::Mutex::new(None),
        }
    }

    pub(crate) const fn id(&self) -> PayloadId {
        self.id
    }

    pub(crate) fn timestamp(&self) -> u64 {
        self.state.borrow().best.block().header().timestamp
    }

    /// Ends the work. An attempt under way finishes what it has.
    pub(crate) fn stop(&self) {
        self.asked.store(true, Ordering::Release);
        if let Some(thread) = self.thread.lock().as_ref() {
            thread.unpark();
        }
    }

    /// Ends the work and gives the best block.
    pub(crate) async fn resolve(&self) -> Result<BuiltPayload, EngineError> {
        let mut state = self.state.subscribe();
        self.stop();
        let state = state.wait_for(|state| !state.pending).await;
        state.map(|state| state.best.clone()).map_err(|_| EngineError::Stopped)
    }

    /// Betters the payload from the pool, on a thread of its own, until somebody asks for it.
    pub(crate) fn improve(self: &Arc<Self>, shop: Arc<Workshop>, frame: Frame) {
        // Set here and not on the thread: a payload asked for at once waits for the first attempt.
        self.state.send_modify(|state| state.pending = shop.pool.has_pending());
        let job = Arc::clone(self);
        let spawned =
            std::thread::Builder::new().name("payload-builder".to_owned()).spawn(move || {
                job.run(&shop, &frame);
                job.state.send_modify(|state| state.pending = false);
            });
        match spawned {
            Ok(thread) => *self.thread.lock() = Some(thread.thread().clone()),
            Err(error) => {
                tracing::warn!(%error, "no thread for the payload builder");
                self.state.send_modify(|state| state.pending = false);
            }
        }
    }

    fn run(&self, shop: &Workshop, frame: &Frame) {
        let begun = Instant::now();
        let mut arrivals = shop.pool.subscribe_pending();
        let mut changed = shop.pool.has_pending();
        let mut attempts = 0_u32;
        loop {
            let attempt = Instant::now();
            if changed && !(attempts > 0 && self.is_asked()) {
                self.attempt(shop, frame, attempts);
                attempts += 1;
            }
            // One attempt in flight takes a core from the chain: rest at least as long as it ran.
            let rest = shop.config.interval.max(attempt.elapsed());
            self.rest(rest);
            if self.is_asked() || begun.elapsed() >= shop.config.deadline {
                return;
            }
            changed = drain(&mut arrivals);
        }
    }

    fn attempt(&self, shop: &Workshop, frame: &Frame, attempts: u32) {
        let begun = Instant::now();
        self.state.send_modify(|state| state.pending = true);
        let enough = || self.is_asked() && begun.elapsed() >= shop.config.grace;
        let optional = Optional { pool: &shop.pool, limits: &shop.da, enough: &enough };
        let built = assemble(&shop.chain, &shop.evm, frame, Some(&optional));
        self.state.send_modify(|state| {
            state.pending = false;
            match built {
                Ok(Assembled { executed, fees }) => {
                    let rank = |fees: U256, block: &RecoveredBlock| {
                        (fees, block.body().transactions.len())
                    };
                    if rank(fees, &executed.block) > rank(state.best.fees, state.best.block()) {
                        state.best = BuiltPayload { id: self.id, executed, fees };
                    }
                }
                Err(error) => tracing::warn!(id = %self.id, %error, "payload not bettered"),
            }
        });
        let best = self.state.borrow().best.clone();
        tracing::debug!(
            id = %self.id,
            attempts,
            transactions = best.block().body().transactions.len(),
            fees = %best.fees,
            elapsed_us = begun.elapsed().as_micros(),
            "payload attempt"
        );
    }

    fn rest(&self, time: Duration) {
        let until = Instant::now() + time;
        while !self.is_asked() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::park_timeout(left);
        }
    }

    fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }
}

/// Whether anything arrived since the last call.
fn drain(arrivals: &mut tokio::sync::broadcast::Receiver<B256>) -> bool {
    use tokio::sync::broadcast::error::TryRecvError;
    let mut any = false;
    loop {
        match arrivals.try_recv() {
            Ok(_) | Err(TryRecvError::Lagged(_)) => any = true,
            Err(TryRecvError::Empty | TryRecvError::Closed) => return any,
        }
    }
}
