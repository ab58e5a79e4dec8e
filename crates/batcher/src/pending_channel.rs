//! A channel from its first block until L2 is safe.

use crate::{BatcherConfig, TxData, TxId, TxKind};
use assay_chainspec::{BlockId, RollupConfig};
use assay_derivation::{ChannelOut, Frame, SingularBatch};
use std::collections::{BTreeSet, VecDeque};

/// An L2 block as it waits for L1.
#[derive(Debug, Clone)]
pub(crate) struct QueuedBlock {
    pub(crate) id: BlockId,
    pub(crate) batch: SingularBatch,
    pub(crate) sequence_number: u64,
    /// An upper bound of what it costs on L1, in bytes.
    pub(crate) bytes: usize,
}

impl QueuedBlock {
    pub(crate) fn new(id: BlockId, batch: SingularBatch, sequence_number: u64) -> Self {
        // What a block costs beside its transactions, as op-batcher reckons it.
        const OVERHEAD: usize = 70;
        let bytes = OVERHEAD + batch.transactions.iter().map(|data| data.len()).sum::<usize>();
        Self { id, batch, sequence_number, bytes }
    }
}

#[derive(Debug)]
pub(crate) struct PendingChannel {
    pub(crate) out: ChannelOut,
    pub(crate) kind: TxKind,
    pub(crate) blocks: Vec<QueuedBlock>,
    /// L1 head when it was opened.
    opened: u64,
    /// Frames in no transaction yet.
    pub(crate) unsent: VecDeque<Frame>,
    pub(crate) in_flight: BTreeSet<TxId>,
    /// First and last L1 block with a frame.
    included: Option<(u64, u64)>,
}

impl PendingChannel {
    pub(crate) const fn new(out: ChannelOut, kind: TxKind, opened: u64) -> Self {
        Self {
            out,
            kind,
            blocks: Vec::new(),
            opened,
            unsent: VecDeque::new(),
            in_flight: BTreeSet::new(),
            included: None,
        }
    }

    /// Takes no more blocks; its frames are ready.
    pub(crate) fn close(&mut self) {
        if self.out.is_closed() {
            return;
        }
        self.out.close();
        while let Some(frame) = self.out.next_frame() {
            self.unsent.push_back(frame);
        }
    }

    /// Whether the channel must be closed at this L1 head: it was open long enough, or the
    /// sequencing window of its first block is about to pass.
    pub(crate) fn is_due(
        &self,
        config: &BatcherConfig,
        rollup: &RollupConfig,
        l1_head: u64,
    ) -> bool {
        let Some(first) = self.blocks.first() else { return false };
        let duration = config.max_channel_duration;
        if duration > 0 && l1_head >= self.opened.saturating_add(duration) {
            return true;
        }
        let window = rollup.seq_window_size.saturating_sub(config.sub_safety_margin);
        l1_head >= first.batch.epoch_number.saturating_add(window)
    }

    /// The next frames as a transaction.
    pub(crate) fn take(&mut self, id: TxId, count: usize) -> TxData {
        let count = count.min(self.unsent.len());
        self.in_flight.insert(id);
        TxData { id, kind: self.kind, frames: self.unsent.drain(..count).collect() }
    }

    pub(crate) fn confirm(&mut self, id: TxId, l1_block: u64) {
        self.in_flight.remove(&id);
        let (first, last) = self.included.unwrap_or((l1_block, l1_block));
        self.included = Some((first.min(l1_block), last.max(l1_block)));
    }

    /// Whether all frames are on L1.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.out.is_closed() && self.unsent.is_empty() && self.in_flight.is_empty()
    }

    /// L1 blocks between its first and its last frame.
    pub(crate) fn spread(&self) -> u64 {
        self.included.map_or(0, |(first, last)| last - first)
    }

    pub(crate) fn last_inclusion(&self) -> Option<u64> {
        self.included.map(|(_, last)| last)
    }

    pub(crate) fn last_block(&self) -> u64 {
        self.blocks.last().map_or(0, |block| block.id.number)
    }
}
