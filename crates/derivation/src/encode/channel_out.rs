//! A channel under construction.
//!
//! Spec: [batcher](https://specs.optimism.io/protocol/batcher.html).

use crate::{
    ChannelId, Compression, DerivationError, FRAME_OVERHEAD, Frame, MAX_BLOB_DATA, MAX_FRAME_DATA,
    SingularBatch, SpanBatchBuilder,
    batch::{append_singular, append_span},
};
use alloy_primitives::Bytes;
use assay_chainspec::{OpHardforks, RollupConfig};
use std::sync::Arc;

/// How blocks become batches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BatchKind {
    /// One batch per block.
    Singular,
    /// Batches of many blocks (Delta).
    #[default]
    Span,
}

/// How a channel is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelOutConfig {
    /// Kind of batch.
    pub batch_kind: BatchKind,
    /// Compression.
    pub compression: Compression,
    /// Frames that a full channel should fill.
    pub target_frames: usize,
    /// Most bytes of one frame, overhead included.
    pub max_frame_size: usize,
    /// Most blocks of one span batch; 0: no limit.
    pub max_blocks_per_span: usize,
}

/// One frame that fills one blob.
impl Default for ChannelOutConfig {
    fn default() -> Self {
        Self {
            batch_kind: BatchKind::default(),
            compression: Compression::default(),
            target_frames: 1,
            // The version byte is in front of the frame.
            max_frame_size: MAX_BLOB_DATA - 1,
            max_blocks_per_span: 0,
        }
    }
}

/// Whether a channel took a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddBlock {
    /// It did, and may take more.
    Added,
    /// It did, and is full.
    AddedAndFull,
    /// It did not: the block belongs to the next channel.
    Full,
}

/// A channel that takes in blocks, then gives frames.
///
/// Sizes are real: whenever the compressed size may have reached the target, everything is
/// compressed anew. In between, growth is bounded by the uncompressed size.
#[derive(Debug)]
pub struct ChannelOut {
    config: ChannelOutConfig,
    rollup: Arc<RollupConfig>,
    id: ChannelId,
    /// Finished batches, as RLP strings.
    sealed: Vec<u8>,
    span: SpanBatchBuilder,
    blocks: usize,
    /// Compressed size when last measured, and the uncompressed size at that time.
    measured: (usize, usize),
    full: bool,
    /// The channel's bytes that are not in a frame yet, once closed.
    output: Option<Bytes>,
    next_frame: u16,
    finished: bool,
}

impl ChannelOut {
    /// An empty channel. The identifier must never have been used before.
    pub fn new(config: ChannelOutConfig, rollup: Arc<RollupConfig>, id: ChannelId) -> Self {
        let span = SpanBatchBuilder::new(&rollup);
        Self {
            config,
            rollup,
            id,
            sealed: Vec::new(),
            span,
            blocks: 0,
            measured: (0, 0),
            full: false,
            output: None,
            next_frame: 0,
            finished: false,
        }
    }

    /// The identifier.
    pub const fn id(&self) -> ChannelId {
        self.id
    }

    /// Number of blocks in the channel.
    pub const fn block_count(&self) -> usize {
        self.blocks
    }

    /// Whether it takes no more blocks.
    pub const fn is_full(&self) -> bool {
        self.full
    }

    /// Uncompressed bytes.
    pub fn input_bytes(&self) -> usize {
        let open = if self.span.block_count() == 0 { 0 } else { self.span.encoded_length() + 10 };
        self.sealed.len() + open
    }

    /// An upper bound of the compressed size, in bytes.
    pub fn estimated_bytes(&self) -> usize {
        match &self.output {
            Some(output) => output.len(),
            None => self.measured.0 + self.input_bytes().saturating_sub(self.measured.1),
        }
    }

    /// Compressed bytes that fill the target.
    fn target(&self) -> usize {
        self.config.target_frames.max(1).saturating_mul(self.frame_data_size())
    }

    fn frame_data_size(&self) -> usize {
        self.config.max_frame_size.saturating_sub(FRAME_OVERHEAD).clamp(1, MAX_FRAME_DATA)
    }

    /// Adds a block; `sequence_number` is its place in its epoch. The first block is always taken.
    ///
    /// # Errors
    /// [`DerivationError::Misuse`]: the channel is closed. [`DerivationError::Encode`],
    /// [`DerivationError::Malformed`]: the block does not follow, or cannot be encoded.
    pub fn add_block(
        &mut self,
        block: &SingularBatch,
        sequence_number: u64,
    ) -> Result<AddBlock, DerivationError> {
        if self.output.is_some() {
            return Err(DerivationError::Misuse("the channel is closed"));
        }
        if self.full {
            return Ok(AddBlock::Full);
        }
        let before = (self.sealed.len(), self.span.clone());
        match self.config.batch_kind {
            BatchKind::Singular => append_singular(block, &mut self.sealed),
            BatchKind::Span => {
                let limit = self.config.max_blocks_per_span;
                if limit > 0 && self.span.block_count() >= limit {
                    self.seal_span();
                }
                self.span.push(block, sequence_number)?;
            }
        }
        let restore = |channel: &mut Self| {
            channel.sealed.truncate(before.0);
            channel.span = before.1;
        };

        let fjord = self.rollup.is_fjord_active_at_timestamp(block.timestamp);
        if self.input_bytes() > crate::stages::max_channel_bytes(fjord) {
            if self.blocks == 0 {
                restore(self);
                return Err(DerivationError::Encode("a block is too large for a channel".into()));
            }
            restore(self);
            self.full = true;
            return Ok(AddBlock::Full);
        }
        let target = self.target();
        if self.estimated_bytes() >= target {
            let input = self.input();
            let compressed = self.config.compression.compress(&input).len();
            if compressed > target && self.blocks > 0 {
                restore(self);
                self.full = true;
                return Ok(AddBlock::Full);
            }
            self.measured = (compressed, self.input_bytes());
            self.full = compressed >= target;
        }
        self.blocks += 1;
        Ok(if self.full { AddBlock::AddedAndFull } else { AddBlock::Added })
    }

    fn seal_span(&mut self) {
        let span = std::mem::replace(&mut self.span, SpanBatchBuilder::new(&self.rollup));
        append_span(|out| span.encode(out), &mut self.sealed);
    }

    /// All batches, uncompressed.
    fn input(&self) -> Vec<u8> {
        let mut input = self.sealed.clone();
        if self.span.block_count() > 0 {
            append_span(|out| self.span.encode(out), &mut input);
        }
        input
    }

    /// Ends the channel: it takes no more blocks and gives its frames. No effect if it is closed.
    pub fn close(&mut self) {
        if self.output.is_none() {
            self.output = Some(self.config.compression.compress(&self.input()).into());
        }
    }

    /// Whether it was closed.
    pub const fn is_closed(&self) -> bool {
        self.output.is_some()
    }

    /// The next frame; none before it is closed, and none after the last.
    pub fn next_frame(&mut self) -> Option<Frame> {
        let size = self.frame_data_size();
        let output = self.output.as_mut()?;
        if self.finished {
            return None;
        }
        let data = output.split_to(size.min(output.len()));
        // A channel of more than 65,536 frames cannot be told apart from one that wrapped; the
        // limits on a channel's bytes keep it far below with any frame size in use.
        let is_last = output.is_empty() || self.next_frame == u16::MAX;
        let frame = Frame { id: self.id, number: self.next_frame, data, is_last };
        self.finished = is_last;
        self.next_frame = self.next_frame.saturating_add(1);
        Some(frame)
    }

    /// Frames that are still to come, once closed.
    pub fn frames_left(&self) -> usize {
        match &self.output {
            Some(output) if !self.finished => output.len().div_ceil(self.frame_data_size()).max(1),
            _ => 0,
        }
    }
}
