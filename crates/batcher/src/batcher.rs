//! The driver: the two state machines and the endpoints around them.

use crate::{
    BatcherConfig, BatcherError, ChannelManager, DataAvailability, L1Head, L1Position, L1Rpc,
    L2Rpc, RollupRpc, SyncStatus, TxData, TxKind, TxManager, TxOutcome, TxTarget,
    error::METHOD_NOT_FOUND, fees,
};
use alloy_primitives::B256;
use assay_chainspec::{BlockId, RollupConfig};
use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

/// Most L2 blocks taken in by one tick, so that a long backlog does not delay transactions.
const MAX_BLOCKS_PER_TICK: u64 = 1_000;
/// Backlog above which no more blocks are loaded, in bytes.
const MAX_BACKLOG: u64 = 100_000_000;

/// What a batcher talks to.
#[derive(Debug, Clone)]
pub struct Endpoints<L1, L2, R> {
    /// L1.
    pub l1: Arc<L1>,
    /// The sequencer's execution client.
    pub l2: Arc<L2>,
    /// The rollup node.
    pub rollup: Arc<R>,
}

/// Posts L2 blocks to L1.
#[derive(Debug)]
pub struct Batcher<L1, L2, R> {
    config: BatcherConfig,
    rollup_config: Arc<RollupConfig>,
    endpoints: Endpoints<L1, L2, R>,
    channels: ChannelManager,
    transactions: TxManager<L1>,
    /// A transaction that the manager would not take yet.
    waiting: Option<TxData>,
    posted: Posted,
}

/// What was confirmed on L1 so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Posted {
    /// Batcher transactions.
    pub transactions: u64,
    /// Blobs.
    pub blobs: u64,
}

/// What a tick left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The rollup node's view.
    pub status: SyncStatus,
    /// The newest L2 block taken in.
    pub tip: Option<BlockId>,
    /// Transactions in flight.
    pub in_flight: usize,
    /// Bytes that L1 does not have yet.
    pub backlog: u64,
    /// What was confirmed so far.
    pub posted: Posted,
}

impl<L1: L1Rpc, L2: L2Rpc, R: RollupRpc> Batcher<L1, L2, R> {
    /// A batcher; `seed` is random and makes channel identifiers.
    pub fn new(
        config: BatcherConfig,
        rollup_config: Arc<RollupConfig>,
        endpoints: Endpoints<L1, L2, R>,
        target: TxTarget,
        seed: B256,
    ) -> Self {
        let channels = ChannelManager::new(config.clone(), Arc::clone(&rollup_config), seed);
        let transactions = TxManager::new(Arc::clone(&endpoints.l1), target, config.transactions);
        Self {
            config,
            rollup_config,
            endpoints,
            channels,
            transactions,
            waiting: None,
            posted: Posted::default(),
        }
    }

    /// Does what there is to do; `now` is any clock that only moves forward.
    ///
    /// # Errors
    /// Temporary ones: the next tick goes on. [`BatcherError::Config`] and
    /// [`BatcherError::Critical`] end the batcher.
    pub async fn tick(&mut self, now: Duration) -> Result<Progress, BatcherError> {
        let status = self.endpoints.rollup.sync_status().await?;
        let head = self.endpoints.l1.head().await?;
        self.settle(&head, now).await?;
        if let Err(error) = self.follow(&status).await {
            let BatcherError::Reorg(reason) = &error else { return Err(error) };
            tracing::warn!(%reason, "L2 reorganised, starting over at the safe head");
            self.start_over();
            self.follow(&status).await?;
        }
        self.throttle().await?;
        self.choose_kind(&head).await?;
        self.channels.advance(L1Position { number: head.number, timestamp: head.timestamp })?;
        self.send(&head, now).await?;
        Ok(self.progress(status))
    }

    fn progress(&self, status: SyncStatus) -> Progress {
        Progress {
            status,
            tip: self.channels.tip(),
            in_flight: self.transactions.in_flight(),
            backlog: self.channels.backlog(),
            posted: self.posted,
        }
    }

    fn start_over(&mut self) {
        self.channels.clear();
        self.waiting = None;
    }

    /// Asks what became of the transactions in flight.
    async fn settle(&mut self, head: &L1Head, now: Duration) -> Result<(), BatcherError> {
        for (id, outcome) in self.transactions.poll(head, now).await? {
            match outcome {
                TxOutcome::Confirmed { block, blobs } => {
                    self.posted.transactions += 1;
                    self.posted.blobs += blobs as u64;
                    self.channels.confirmed(id, block);
                }
                TxOutcome::Failed => {
                    tracing::warn!("a transaction can no longer be included, sending again");
                    self.channels.failed(id);
                    self.waiting = None;
                }
            }
        }
        Ok(())
    }

    /// Follows L2: forgets what is safe, takes in what is new.
    async fn follow(&mut self, status: &SyncStatus) -> Result<(), BatcherError> {
        let genesis = self.rollup_config.genesis.l2;
        // A node that has just started may not know its safe head yet.
        let safe = if status.safe_l2.number < genesis.number || status.safe_l2.hash.is_zero() {
            genesis
        } else {
            status.safe_l2
        };
        self.channels.safe_head(safe, status.current_l1.number)?;
        if self.channels.tip().is_some_and(|tip| tip.number < safe.number) {
            // Others batch faster: nothing in hand is of use.
            self.start_over();
        }
        let next = self.channels.tip().map_or(safe.number, |tip| tip.number) + 1;
        if let Some(tip) = self.channels.tip()
            && status.unsafe_l2.number < tip.number
            && self.channels.known_hash(status.unsafe_l2.number) != Some(status.unsafe_l2.hash)
            && status.unsafe_l2.number > safe.number
        {
            return Err(BatcherError::Reorg(format!(
                "the newest block is {} at {}, {} was batched",
                status.unsafe_l2.hash, status.unsafe_l2.number, tip.number
            )));
        }
        let last = status.unsafe_l2.number.min(next.saturating_add(MAX_BLOCKS_PER_TICK - 1));
        for number in next..=last {
            if self.channels.backlog() > MAX_BACKLOG {
                break;
            }
            let Some((hash, block)) = self.endpoints.l2.block(number).await? else { break };
            if number == safe.number + 1
                && self.channels.tip().is_none()
                && block.header.parent_hash != safe.hash
            {
                // The two endpoints do not agree yet.
                break;
            }
            self.channels.add_block(hash, &block)?;
        }
        Ok(())
    }

    /// Tells the execution client how much it may add.
    async fn throttle(&self) -> Result<(), BatcherError> {
        let Some(throttle) = &self.config.throttle else { return Ok(()) };
        let limits = throttle.limits(self.channels.backlog());
        match self.endpoints.l2.set_max_da_size(limits).await {
            Err(BatcherError::Rejected { code: METHOD_NOT_FOUND, .. }) => {
                Err(BatcherError::Config(
                    "the execution client has no miner_setMaxDASize, which throttling needs".into(),
                ))
            }
            Err(error) if error.is_temporary() => {
                tracing::warn!(%error, "throttling has no effect now");
                Ok(())
            }
            result => result,
        }
    }

    async fn choose_kind(&mut self, head: &L1Head) -> Result<(), BatcherError> {
        let kind = match self.config.data_availability {
            DataAvailability::Blobs => TxKind::Blobs,
            DataAvailability::Calldata => TxKind::Calldata,
            DataAvailability::Auto => {
                fees::cheaper(&self.transactions.fees(head).await?, self.config.target_num_frames)
            }
        };
        self.channels.set_kind(kind);
        Ok(())
    }

    async fn send(&mut self, head: &L1Head, now: Duration) -> Result<(), BatcherError> {
        self.waiting.take_if(|data| !self.channels.is_wanted(data.id));
        let limit = self.config.max_pending_transactions;
        while limit == 0 || self.transactions.in_flight() < limit {
            let kind = self.waiting.as_ref().map(|data| data.kind).or(self.channels.next_kind());
            if !kind.is_some_and(|kind| self.transactions.accepts(kind)) {
                break;
            }
            let Some(data) = self.waiting.take().or_else(|| self.channels.next_tx()) else { break };
            let result = self.transactions.submit(&data, head, now).await;
            if !matches!(result, Ok(true)) {
                self.waiting = Some(data);
            }
            if !result? {
                break;
            }
        }
        Ok(())
    }

    /// Sends what is in hand without waiting for channels to fill, until all of it is confirmed or
    /// `deadline` has passed.
    ///
    /// # Errors
    /// As [`tick`](Self::tick).
    pub async fn drain(
        &mut self,
        deadline: Duration,
        mut clock: impl FnMut() -> Duration,
    ) -> Result<(), BatcherError> {
        while !(self.channels.is_drained() && self.transactions.in_flight() == 0) {
            if clock() >= deadline {
                tracing::warn!("not everything is confirmed on L1");
                break;
            }
            self.channels.close_channel();
            let result = async {
                let head = self.endpoints.l1.head().await?;
                self.settle(&head, clock()).await?;
                self.send(&head, clock()).await
            };
            match result.await {
                Err(error) if !error.is_temporary() => return Err(error),
                Err(error) => tracing::warn!(%error, "will try again"),
                Ok(()) => {}
            }
            tokio::time::sleep(self.config.poll_interval.min(Duration::from_secs(1))).await;
        }
        Ok(())
    }

    /// Ticks until `shutdown`, then drains for at most a minute. `observe` sees what each tick left.
    ///
    /// # Errors
    /// [`BatcherError::Config`] and [`BatcherError::Critical`].
    pub async fn run(
        mut self,
        shutdown: impl Future<Output = ()>,
        mut observe: impl FnMut(&Progress),
    ) -> Result<(), BatcherError> {
        let start = Instant::now();
        let mut shutdown = std::pin::pin!(shutdown);
        let mut interval = tokio::time::interval(self.config.poll_interval);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        tracing::info!(address = %self.transactions.address(), "batcher started");
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                _ = interval.tick() => {}
            }
            match self.tick(start.elapsed()).await {
                Ok(progress) => {
                    tracing::debug!(
                        unsafe_l2 = progress.status.unsafe_l2.number,
                        safe_l2 = progress.status.safe_l2.number,
                        in_flight = progress.in_flight,
                        backlog = progress.backlog,
                        "batcher ticked"
                    );
                    observe(&progress);
                }
                Err(error) if error.is_temporary() => tracing::warn!(%error, "will try again"),
                Err(error) => return Err(error),
            }
        }
        let deadline = start.elapsed() + Duration::from_secs(60);
        self.drain(deadline, || start.elapsed()).await
    }
}
