//! The channel-building state machine: L2 blocks in, transaction data out. No I/O, no clock.

use crate::{
    BatcherConfig, BatcherError, TxData, TxId, TxKind,
    pending_channel::{PendingChannel, QueuedBlock},
};
use alloy_consensus::Block;
use alloy_primitives::{B256, keccak256};
use assay_chainspec::{BlockId, OpHardforks, RollupConfig};
use assay_derivation::{
    AddBlock, BatchKind, ChannelId, ChannelOut, ChannelOutConfig, Compression, DerivationError,
    MAX_BLOB_DATA, block_to_batch,
};
use op_alloy_consensus::OpTxEnvelope;
use std::{collections::VecDeque, sync::Arc};

/// Most bytes of a calldata transaction, its version byte included.
const MAX_CALLDATA: usize = 120_000;
/// Most blobs of a transaction (EIP-7594).
const MAX_BLOBS: usize = 6;

/// An L1 block's number and timestamp.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct L1Position {
    /// Number.
    pub number: u64,
    /// Timestamp, in unix seconds.
    pub timestamp: u64,
}

/// Turns L2 blocks into channels, and channels into transactions.
#[derive(Debug)]
pub struct ChannelManager {
    config: BatcherConfig,
    rollup: Arc<RollupConfig>,
    /// Blocks that are in no channel yet.
    blocks: VecDeque<QueuedBlock>,
    /// The newest block taken in.
    tip: Option<BlockId>,
    /// In order of their blocks; only the last may be open.
    channels: VecDeque<PendingChannel>,
    l1: L1Position,
    /// Kind of transaction of new channels.
    kind: TxKind,
    /// From which channel identifiers are made.
    seed: B256,
    channels_made: u64,
    transactions_made: u64,
}

impl ChannelManager {
    /// An empty manager. `seed` must be random: channel identifiers come from it and must never
    /// repeat.
    pub fn new(config: BatcherConfig, rollup: Arc<RollupConfig>, seed: B256) -> Self {
        Self {
            config,
            rollup,
            blocks: VecDeque::new(),
            tip: None,
            channels: VecDeque::new(),
            l1: L1Position::default(),
            kind: TxKind::default(),
            seed,
            channels_made: 0,
            transactions_made: 0,
        }
    }

    /// Forgets all blocks and channels; transactions in flight are no longer known.
    pub fn clear(&mut self) {
        self.blocks.clear();
        self.channels.clear();
        self.tip = None;
    }

    /// The newest block taken in.
    pub const fn tip(&self) -> Option<BlockId> {
        self.tip
    }

    /// Kind of transaction of channels that are opened from now on.
    pub const fn set_kind(&mut self, kind: TxKind) {
        self.kind = kind;
    }

    /// Estimated bytes of blocks that L1 does not have yet.
    pub fn backlog(&self) -> u64 {
        let waiting: usize = self.blocks.iter().map(|block| block.bytes).sum();
        let in_channels: usize = self
            .channels
            .iter()
            .filter(|channel| !channel.is_confirmed())
            .flat_map(|channel| &channel.blocks)
            .map(|block| block.bytes)
            .sum();
        (waiting + in_channels) as u64
    }

    /// The hash of a block that is waiting or in a channel.
    pub fn known_hash(&self, number: u64) -> Option<B256> {
        self.channels
            .iter()
            .flat_map(|channel| &channel.blocks)
            .chain(&self.blocks)
            .find(|block| block.id.number == number)
            .map(|block| block.id.hash)
    }

    /// Takes in the next block.
    ///
    /// # Errors
    /// [`BatcherError::Reorg`]: it does not follow the one before. [`BatcherError::Critical`]: it
    /// is no block of this chain.
    pub fn add_block(
        &mut self,
        hash: B256,
        block: &Block<OpTxEnvelope>,
    ) -> Result<(), BatcherError> {
        let number = block.header.number;
        if let Some(tip) = self.tip
            && (tip.hash != block.header.parent_hash || tip.number.checked_add(1) != Some(number))
        {
            return Err(BatcherError::Reorg(format!(
                "block {number} has parent {}, expected {} at {}",
                block.header.parent_hash, tip.hash, tip.number
            )));
        }
        let (batch, sequence_number) = block_to_batch(block)
            .map_err(|error| BatcherError::Critical(format!("L2 block {number}: {error}")))?;
        let id = BlockId { hash, number };
        self.blocks.push_back(QueuedBlock::new(id, batch, sequence_number));
        self.tip = Some(id);
        Ok(())
    }

    /// L1 moved on: fills channels, and closes the open one where its time has come.
    ///
    /// # Errors
    /// [`BatcherError::Critical`]: a block that cannot be encoded.
    pub fn advance(&mut self, l1: L1Position) -> Result<(), BatcherError> {
        self.l1 = l1;
        while let Some(block) = self.blocks.front() {
            if self.channels.back().is_none_or(|channel| channel.out.is_closed()) {
                self.channels.push_back(self.open_channel());
                self.channels_made += 1;
            }
            let Some(channel) = self.channels.back_mut() else { break };
            let added = channel.out.add_block(&block.batch, block.sequence_number);
            let added = match added {
                Ok(added) => added,
                // A span cannot go on here; the block starts a channel of its own.
                Err(DerivationError::Encode(_)) if !channel.blocks.is_empty() => AddBlock::Full,
                Err(error) => {
                    return Err(BatcherError::Critical(format!(
                        "L2 block {} cannot be batched: {error}",
                        block.id.number
                    )));
                }
            };
            if added != AddBlock::Full
                && let Some(block) = self.blocks.pop_front()
            {
                channel.blocks.push(block);
            }
            if added != AddBlock::Added {
                channel.close();
            }
        }
        if let Some(channel) = self.channels.back_mut()
            && !channel.out.is_closed()
            && channel.is_due(&self.config, &self.rollup, l1.number)
        {
            channel.close();
        }
        Ok(())
    }

    fn open_channel(&self) -> PendingChannel {
        let ecotone = self.rollup.is_ecotone_active_at_timestamp(self.l1.timestamp);
        let kind = if ecotone { self.kind } else { TxKind::Calldata };
        let max_frame_size = match kind {
            TxKind::Blobs => MAX_BLOB_DATA - 1,
            TxKind::Calldata => MAX_CALLDATA - 1,
        };
        // What derivation does not understand yet is left out, whatever is configured.
        let time = self.l1.timestamp;
        let delta = self.rollup.is_delta_active(time);
        let fjord = self.rollup.is_fjord_active_at_timestamp(time);
        let config = ChannelOutConfig {
            batch_kind: if delta { self.config.batch_kind } else { BatchKind::Singular },
            compression: match self.config.compression {
                Compression::Brotli(_) if !fjord => Compression::Zlib(9),
                compression => compression,
            },
            target_frames: self.config.target_num_frames,
            max_frame_size,
            max_blocks_per_span: self.config.max_blocks_per_span,
        };
        let mut input = self.seed.to_vec();
        input.extend(self.channels_made.to_be_bytes());
        let id = ChannelId::from_slice(&keccak256(input)[..16]);
        let out = ChannelOut::new(config, Arc::clone(&self.rollup), id);
        PendingChannel::new(out, kind, self.l1.number)
    }

    /// Closes the open channel, so that all its blocks are sent now.
    pub fn close_channel(&mut self) {
        if let Some(channel) = self.channels.back_mut()
            && !channel.blocks.is_empty()
        {
            channel.close();
        }
    }

    /// Whether everything taken in is confirmed on L1.
    pub fn is_drained(&self) -> bool {
        self.blocks.is_empty() && self.channels.iter().all(PendingChannel::is_confirmed)
    }

    /// Whether a transaction still belongs to a channel that counts.
    pub fn is_wanted(&self, id: TxId) -> bool {
        self.channels.iter().any(|channel| channel.in_flight.contains(&id))
    }

    /// Kind of the transaction that [`next_tx`](Self::next_tx) would give.
    pub fn next_kind(&self) -> Option<TxKind> {
        let ready = self.channels.iter().find(|channel| !channel.unsent.is_empty());
        ready.map(|channel| channel.kind)
    }

    /// The next transaction, in the order in which L1 must include them.
    pub fn next_tx(&mut self) -> Option<TxData> {
        let frames = self.config.target_num_frames.clamp(1, MAX_BLOBS);
        let channel = self.channels.iter_mut().find(|channel| !channel.unsent.is_empty())?;
        let id = TxId(self.transactions_made);
        self.transactions_made += 1;
        // Frames of blob transactions are a blob each; a calldata frame fills its transaction.
        let count = if channel.kind == TxKind::Blobs { frames } else { 1 };
        Some(channel.take(id, count))
    }

    /// A transaction is on L1 for good, in this block.
    pub fn confirmed(&mut self, id: TxId, l1_block: u64) {
        let timeout = self.rollup.channel_timeout_at(self.l1.timestamp);
        let position = self.channels.iter().position(|channel| channel.in_flight.contains(&id));
        let Some(index) = position else { return };
        let channel = &mut self.channels[index];
        channel.confirm(id, l1_block);
        // Derivation forgets a channel whose frames are too far apart.
        if channel.spread() > timeout {
            tracing::warn!(id = %channel.out.id(), "channel timed out on L1, sending its blocks again");
            self.requeue_from(index);
        }
    }

    /// A transaction will never be on L1. Order matters from Holocene on, so what came after it is
    /// sent again, too.
    pub fn failed(&mut self, id: TxId) {
        let position = self.channels.iter().position(|channel| channel.in_flight.contains(&id));
        if let Some(index) = position {
            self.requeue_from(index);
        }
    }

    /// Blocks of this and of later channels wait again.
    fn requeue_from(&mut self, index: usize) {
        for channel in self.channels.split_off(index).into_iter().rev() {
            for block in channel.blocks.into_iter().rev() {
                self.blocks.push_front(block);
            }
        }
    }

    /// The safe head moved: what it covers is forgotten. `derived` is the L1 block that the verifier
    /// is at: a channel that it has passed without making its blocks safe is sent again.
    ///
    /// # Errors
    /// [`BatcherError::Reorg`]: another block is safe than was batched.
    pub fn safe_head(&mut self, safe: BlockId, derived: u64) -> Result<(), BatcherError> {
        if let Some(hash) = self.known_hash(safe.number)
            && hash != safe.hash
        {
            return Err(BatcherError::Reorg(format!(
                "block {} was batched as {hash}, {} is safe",
                safe.number, safe.hash
            )));
        }
        while self
            .channels
            .front()
            .is_some_and(|channel| channel.out.is_closed() && channel.last_block() <= safe.number)
        {
            self.channels.pop_front();
        }
        while self.blocks.front().is_some_and(|block| block.id.number <= safe.number) {
            self.blocks.pop_front();
        }
        let lost = self.channels.iter().position(|channel| {
            channel.is_confirmed() && channel.last_inclusion().is_some_and(|last| last < derived)
        });
        if let Some(index) = lost {
            tracing::warn!(
                id = %self.channels[index].out.id(),
                safe = safe.number,
                derived,
                "channel was derived without effect, sending its blocks again"
            );
            self.requeue_from(index);
            while self.blocks.front().is_some_and(|block| block.id.number <= safe.number) {
                self.blocks.pop_front();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
