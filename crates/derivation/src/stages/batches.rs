//! The batch queue, and Holocene's batch stage in its place.
//!
//! Spec: [batch queue](https://specs.optimism.io/protocol/derivation.html#batch-queue),
//! [Holocene](https://specs.optimism.io/protocol/holocene/derivation.html#batch-queue).

use super::{ChannelReader, L1Stage, Need, Pull, pull};
use crate::{
    Batch, CheckContext, DerivationError, KnownL2Block, L1BlockInfo, L1Origin, L2BlockInfo,
    SingularBatch, Validity,
};
use assay_chainspec::RollupConfig;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// A batch that is to become the next block.
#[derive(Debug)]
pub(crate) struct NextBatch {
    pub(crate) batch: SingularBatch,
    /// The L1 origin that it names.
    pub(crate) origin: Arc<L1Origin>,
    pub(crate) is_last_in_span: bool,
}

/// The facts that a pull rests on.
#[derive(Clone, Copy)]
pub(crate) struct Environment<'a> {
    pub(crate) config: &'a RollupConfig,
    pub(crate) parent: &'a L2BlockInfo,
    pub(crate) l2_blocks: &'a BTreeMap<u64, KnownL2Block>,
}

/// Picks the next batch.
#[derive(Debug)]
pub(crate) struct BatchStage {
    /// Holocene's rules.
    strict: bool,
    /// The L1 block up to which this stage has seen.
    origin: L1BlockInfo,
    /// Consecutive L1 blocks from the safe head's origin on.
    l1_blocks: Vec<Arc<L1Origin>>,
    /// The rest of the span that is being applied.
    span: VecDeque<SingularBatch>,
    /// Batches in order of inclusion; before Holocene.
    queue: Vec<(Batch, L1BlockInfo)>,
    /// A batch whose check waits for an L2 block.
    pending: Option<Batch>,
}

impl BatchStage {
    pub(crate) fn new(origin: Arc<L1Origin>, strict: bool) -> Self {
        Self {
            strict,
            origin: origin.info,
            l1_blocks: vec![origin],
            span: VecDeque::new(),
            queue: Vec::new(),
            pending: None,
        }
    }

    /// Holocene activates: collected batches are forgotten, the L1 blocks stay.
    pub(crate) fn activate_holocene(&mut self) {
        self.strict = true;
        self.span.clear();
        self.queue.clear();
        self.pending = None;
    }

    /// Forgets the span that is being applied.
    pub(crate) fn flush(&mut self) {
        self.span.clear();
        self.pending = None;
    }

    pub(crate) fn next(
        &mut self,
        env: Environment<'_>,
        reader: &mut ChannelReader,
        l1: &mut L1Stage,
    ) -> Result<Pull<NextBatch>, DerivationError> {
        let pulled = if self.strict {
            self.next_strict(env, reader, l1)?
        } else {
            self.next_queued(env, reader, l1)?
        };
        let batch = match pulled {
            Pull::Item(batch) => batch,
            Pull::Again => return Ok(Pull::Again),
            Pull::Exhausted => return Ok(Pull::Exhausted),
            Pull::Need(need) => return Ok(Pull::Need(need)),
        };
        let origin = self.l1_blocks.iter().find(|block| block.info.number == batch.epoch_number);
        let origin = origin.cloned().ok_or_else(|| {
            DerivationError::Critical("a valid batch names an origin that is not known".into())
        })?;
        Ok(Pull::Item(NextBatch { batch, origin, is_last_in_span: self.span.is_empty() }))
    }

    /// Holocene: one batch at a time; a bad one takes the rest of its channel with it.
    fn next_strict(
        &mut self,
        env: Environment<'_>,
        reader: &mut ChannelReader,
        l1: &mut L1Stage,
    ) -> Result<Pull<SingularBatch>, DerivationError> {
        self.update_origins(env.parent, l1);
        if self.is_behind(env.parent, l1) || env.parent.l1_origin.number == self.origin.number {
            // Batches from before the parent's origin, or within it, can only be old.
            self.pending = None;
            return Ok(match reader.next(env.config, l1) {
                Pull::Item(_) | Pull::Again => Pull::Again,
                Pull::Exhausted => Pull::Exhausted,
                Pull::Need(need) => Pull::Need(need),
            });
        }
        if self.l1_blocks.len() < 2 {
            return Err(DerivationError::Critical(
                "derivation did not start at the safe head's origin or before it".into(),
            ));
        }
        self.check_epoch(env.parent)?;

        let batch = match self.strict_candidate(env, reader, l1) {
            Pull::Item(batch) => batch,
            Pull::Exhausted => return Ok(self.empty_batch(env, true)),
            Pull::Again => return Ok(Pull::Again),
            Pull::Need(need) => return Ok(Pull::Need(need)),
        };
        Ok(match batch.check(&self.context(env, &self.origin)) {
            Validity::Accept => Pull::Item(batch),
            Validity::Drop => {
                self.flush();
                reader.flush();
                Pull::Again
            }
            // An undecided batch is one that more L1 blocks would have to judge: it is not held.
            _ => Pull::Again,
        })
    }

    fn strict_candidate(
        &mut self,
        env: Environment<'_>,
        reader: &mut ChannelReader,
        l1: &mut L1Stage,
    ) -> Pull<SingularBatch> {
        if let Some(batch) = self.next_of_span(env) {
            return Pull::Item(batch);
        }
        let batch = match self.pending.take() {
            Some(batch) => batch,
            None => pull!(reader.next(env.config, l1)),
        };
        let span = match batch {
            Batch::Singular(batch) => return Pull::Item(batch),
            Batch::Span(span) => span,
        };
        match span.check_prefix(&self.context(env, &self.origin)) {
            Validity::Accept => {}
            Validity::NeedL2(number) => {
                self.pending = Some(Batch::Span(span));
                return Pull::Need(Need::L2Block(number));
            }
            Validity::Drop => {
                self.flush();
                reader.flush();
                return Pull::Again;
            }
            Validity::Undecided | Validity::Past | Validity::Future => return Pull::Again,
        }
        match span.into_singular(&self.l1_blocks, env.parent.timestamp) {
            Some(batches) => self.span = batches.into(),
            // An origin that is not known is one that is too old: invalid.
            None => {
                self.flush();
                reader.flush();
            }
        }
        self.next_of_span(env).map_or(Pull::Again, Pull::Item)
    }

    /// Before Holocene: batches wait in a queue until one fits.
    fn next_queued(
        &mut self,
        env: Environment<'_>,
        reader: &mut ChannelReader,
        l1: &mut L1Stage,
    ) -> Result<Pull<SingularBatch>, DerivationError> {
        if let Some(batch) = self.next_of_span(env) {
            return Ok(Pull::Item(batch));
        }
        self.update_origins(env.parent, l1);
        let behind = self.is_behind(env.parent, l1);

        let mut exhausted = false;
        let pending = self.pending.take();
        match pending.map_or_else(|| reader.next(env.config, l1), Pull::Item) {
            Pull::Item(batch) if !behind => match batch.check(&self.context(env, &self.origin)) {
                Validity::Drop => {}
                Validity::NeedL2(number) => {
                    self.pending = Some(batch);
                    return Ok(Pull::Need(Need::L2Block(number)));
                }
                _ => self.queue.push((batch, self.origin)),
            },
            Pull::Item(_) | Pull::Again => {}
            Pull::Exhausted => exhausted = true,
            Pull::Need(need) => return Ok(Pull::Need(need)),
        }
        if behind {
            return Ok(if exhausted { Pull::Exhausted } else { Pull::Again });
        }

        Ok(match self.take_queued(env, exhausted)? {
            Pull::Exhausted if !exhausted => Pull::Again,
            other => other,
        })
    }

    /// The first of the queued batches that is valid, or an empty one where the window has passed.
    fn take_queued(
        &mut self,
        env: Environment<'_>,
        exhausted: bool,
    ) -> Result<Pull<SingularBatch>, DerivationError> {
        self.check_epoch(env.parent)?;
        let mut index = 0;
        while let Some((batch, inclusion)) = self.queue.get(index) {
            match batch.check(&self.context(env, inclusion)) {
                Validity::Future => index += 1,
                Validity::Drop | Validity::Past => {
                    self.queue.remove(index);
                }
                Validity::Undecided => return Ok(Pull::Exhausted),
                Validity::NeedL2(number) => return Ok(Pull::Need(Need::L2Block(number))),
                Validity::Accept => {
                    let (batch, _) = self.queue.remove(index);
                    let span = match batch {
                        Batch::Singular(batch) => return Ok(Pull::Item(batch)),
                        Batch::Span(span) => span,
                    };
                    let batches = span.into_singular(&self.l1_blocks, env.parent.timestamp);
                    self.span = batches.unwrap_or_default().into();
                    return Ok(self.next_of_span(env).map_or(Pull::Again, Pull::Item));
                }
            }
        }
        Ok(self.empty_batch(env, exhausted))
    }

    /// The next block of the span that is being applied. Where it does not follow the parent, the
    /// span's block before it was refused, and the rest is void.
    fn next_of_span(&mut self, env: Environment<'_>) -> Option<SingularBatch> {
        let next = self.span.front()?.timestamp;
        if env.parent.timestamp.checked_add(env.config.block_time) != Some(next) {
            self.span.clear();
            return None;
        }
        let mut batch = self.span.pop_front()?;
        batch.parent_hash = env.parent.hash;
        Some(batch)
    }

    /// Takes the pipeline's origin in, and lets go of L1 blocks before the parent's.
    fn update_origins(&mut self, parent: &L2BlockInfo, l1: &L1Stage) {
        let origin = l1.origin();
        if self.origin != origin.info {
            self.origin = origin.info;
            if self.is_behind(parent, l1) {
                self.l1_blocks.clear();
            } else {
                self.l1_blocks.push(Arc::clone(origin));
            }
        }
        let first = self.l1_blocks.first().map_or(u64::MAX, |block| block.info.number);
        if parent.l1_origin.number > first
            && let Some(index) =
                self.l1_blocks.iter().position(|block| block.info.number == parent.l1_origin.number)
        {
            self.l1_blocks.drain(..index);
        }
    }

    fn is_behind(&self, parent: &L2BlockInfo, l1: &L1Stage) -> bool {
        l1.origin().info.number < parent.l1_origin.number
    }

    /// The first L1 block is the parent's origin, or the one after it where the epoch was advanced.
    fn check_epoch(&self, parent: &L2BlockInfo) -> Result<(), DerivationError> {
        let Some(epoch) = self.l1_blocks.first().map(|block| block.info) else {
            return Err(DerivationError::Critical("no L1 block to derive from".into()));
        };
        if parent.l1_origin == epoch.id()
            || parent.l1_origin.number.checked_add(1) == Some(epoch.number)
        {
            return Ok(());
        }
        Err(DerivationError::Reset(format!(
            "the safe head's origin {} at {} is not L1 block {} at {}",
            parent.l1_origin.hash, parent.l1_origin.number, epoch.hash, epoch.number
        )))
    }

    /// An empty batch, where the sequencing window passed without a valid one.
    fn empty_batch(&mut self, env: Environment<'_>, exhausted: bool) -> Pull<SingularBatch> {
        let [epoch, next, ..] = &self.l1_blocks[..] else { return Pull::Exhausted };
        let (epoch, next) = (epoch.info, next.info);
        let expiry = epoch.number.saturating_add(env.config.seq_window_size);
        if expiry > self.origin.number || (expiry == self.origin.number && !exhausted) {
            return Pull::Exhausted;
        }
        let parent = env.parent;
        let timestamp = parent.timestamp.saturating_add(env.config.block_time);
        let first_of_epoch = parent.l1_origin.number.checked_add(1) == Some(epoch.number);
        if timestamp < next.timestamp || first_of_epoch {
            return Pull::Item(SingularBatch {
                parent_hash: parent.hash,
                epoch_number: epoch.number,
                epoch_hash: epoch.hash,
                timestamp,
                transactions: Vec::new(),
            });
        }
        // Every block of this epoch is there: the next one begins.
        self.l1_blocks.remove(0);
        Pull::Exhausted
    }

    fn context<'a>(&'a self, env: Environment<'a>, inclusion: &'a L1BlockInfo) -> CheckContext<'a> {
        CheckContext {
            config: env.config,
            l1_blocks: &self.l1_blocks,
            safe_head: env.parent,
            inclusion,
            l2_blocks: env.l2_blocks,
        }
    }
}
