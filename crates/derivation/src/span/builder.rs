//! Building a span batch block by block.

use super::{MAX_SPAN_ELEMENTS, transaction::split, transactions::Columns};
use crate::{
    DerivationError, SingularBatch,
    reader::{Bits, put_uvarint},
};
use alloy_primitives::FixedBytes;
use assay_chainspec::RollupConfig;

/// A span batch under construction.
#[derive(Debug, Clone)]
pub struct SpanBatchBuilder {
    genesis_time: u64,
    block_time: u64,
    chain_id: u64,
    parent_check: FixedBytes<20>,
    l1_origin_check: FixedBytes<20>,
    start_timestamp: u64,
    last_timestamp: u64,
    last_epoch: u64,
    origin_bits: Bits,
    counts: Vec<u8>,
    block_count: usize,
    columns: Columns,
}

impl SpanBatchBuilder {
    /// An empty span of this chain.
    pub fn new(config: &RollupConfig) -> Self {
        Self {
            genesis_time: config.genesis.l2_time,
            block_time: config.block_time,
            chain_id: config.l2_chain_id,
            parent_check: FixedBytes::ZERO,
            l1_origin_check: FixedBytes::ZERO,
            start_timestamp: 0,
            last_timestamp: 0,
            last_epoch: 0,
            origin_bits: Bits::default(),
            counts: Vec::new(),
            block_count: 0,
            columns: Columns::default(),
        }
    }

    /// Appends the next block; `sequence_number` is its place in its epoch. Nothing changes where
    /// this fails.
    ///
    /// # Errors
    /// [`DerivationError::Encode`]: not the block that follows, or too many of them;
    /// [`DerivationError::Malformed`]: a transaction that a span batch cannot hold.
    pub fn push(
        &mut self,
        block: &SingularBatch,
        sequence_number: u64,
    ) -> Result<(), DerivationError> {
        let refuse = |reason: &str| Err(DerivationError::Encode(reason.into()));
        let first = self.block_count == 0;
        if block.timestamp < self.genesis_time {
            return refuse("a block before genesis");
        }
        if !first {
            if self.last_timestamp.checked_add(self.block_time) != Some(block.timestamp) {
                return refuse("a span's blocks must follow each other");
            }
            if !matches!(block.epoch_number.checked_sub(self.last_epoch), Some(0 | 1)) {
                return refuse("a span's origins must follow each other");
            }
        }
        let limit = MAX_SPAN_ELEMENTS as usize;
        if self.block_count >= limit || self.columns.count() + block.transactions.len() > limit {
            return refuse("a span of too many elements");
        }
        // All are taken apart before the first is appended, so that a failure changes nothing.
        let parts = block
            .transactions
            .iter()
            .map(|transaction| split(transaction, self.chain_id))
            .collect::<Result<Vec<_>, _>>()?;
        for (data, fields) in &parts {
            self.columns.push(data, fields);
        }

        let advanced =
            if first { sequence_number == 0 } else { block.epoch_number > self.last_epoch };
        if first {
            self.parent_check = FixedBytes::from_slice(&block.parent_hash[..20]);
            self.start_timestamp = block.timestamp;
        }
        self.l1_origin_check = FixedBytes::from_slice(&block.epoch_hash[..20]);
        self.origin_bits.set(self.block_count, advanced);
        put_uvarint(&mut self.counts, block.transactions.len() as u64);
        self.last_timestamp = block.timestamp;
        self.last_epoch = block.epoch_number;
        self.block_count += 1;
        Ok(())
    }

    /// Number of blocks.
    pub const fn block_count(&self) -> usize {
        self.block_count
    }

    /// Number of transactions.
    pub const fn transaction_count(&self) -> usize {
        self.columns.count()
    }

    /// Appends the encoding without the type byte.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.reserve(self.encoded_length());
        put_uvarint(out, self.start_timestamp.saturating_sub(self.genesis_time));
        put_uvarint(out, self.last_epoch);
        out.extend_from_slice(self.parent_check.as_slice());
        out.extend_from_slice(self.l1_origin_check.as_slice());
        put_uvarint(out, self.block_count as u64);
        self.origin_bits.put(out, self.block_count);
        out.extend_from_slice(&self.counts);
        self.columns.encode(out);
    }

    /// An upper bound of the encoding's length, in bytes, exact up to the varints of its prefix.
    pub fn encoded_length(&self) -> usize {
        40 + 3 * 10
            + self.block_count.div_ceil(8)
            + self.counts.len()
            + self.columns.encoded_length()
    }
}
