//! Span batches: a range of consecutive L2 blocks, in columns.
//!
//! Spec: [span batches](https://specs.optimism.io/protocol/delta/span-batches.html).

mod builder;
mod check;
mod transaction;
mod transactions;

pub use builder::SpanBatchBuilder;

use crate::{DerivationError, L1Origin, SingularBatch, reader::Reader};
use alloy_primitives::{B256, Bytes, FixedBytes};
use assay_chainspec::RollupConfig;
use std::sync::Arc;

/// Most blocks, and most transactions, of one span batch.
pub const MAX_SPAN_ELEMENTS: u64 = 10_000_000;

const WHAT: &str = "span batch";

/// A range of consecutive L2 blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanBatch {
    /// First 20 bytes of the first block's parent's hash.
    pub parent_check: FixedBytes<20>,
    /// First 20 bytes of the last block's L1 origin's hash.
    pub l1_origin_check: FixedBytes<20>,
    /// The blocks; never empty.
    blocks: Vec<SpanBlock>,
}

/// One block of a span.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpanBlock {
    /// Number of the L1 origin.
    pub epoch_number: u64,
    /// Timestamp, in unix seconds.
    pub timestamp: u64,
    /// EIP-2718 encoded transactions, deposits left out.
    pub transactions: Vec<Bytes>,
}

impl SpanBatch {
    /// Decodes a batch without its type byte. Bytes behind it are ignored, as op-node does.
    ///
    /// # Errors
    /// [`DerivationError::Malformed`].
    pub fn decode(data: &[u8], config: &RollupConfig) -> Result<Self, DerivationError> {
        let mut reader = Reader::new(data, WHAT);
        let relative_timestamp = reader.uvarint()?;
        let last_epoch = reader.uvarint()?;
        let parent_check = FixedBytes::new(reader.array()?);
        let l1_origin_check = FixedBytes::new(reader.array()?);

        let count = element_count(&mut reader)?;
        if count == 0 {
            return Err(reader.fail("no blocks"));
        }
        let origin_bits = reader.bits(count)?;
        // Each block has at least one byte more, so what is allocated is bounded by what was read.
        if reader.rest().len() < count {
            return Err(reader.fail("it ends too early"));
        }
        let mut counts = Vec::with_capacity(count);
        let mut total = 0u64;
        for _ in 0..count {
            let block_count = element_count(&mut reader)?;
            total += block_count as u64;
            if total > MAX_SPAN_ELEMENTS {
                return Err(reader.fail("too many elements"));
            }
            counts.push(block_count);
        }
        let mut transactions =
            transactions::decode(&mut reader, total as usize, config.l2_chain_id)?.into_iter();

        let overflow = || DerivationError::malformed(WHAT, "a number overflows");
        let mut timestamp =
            config.genesis.l2_time.checked_add(relative_timestamp).ok_or_else(overflow)?;
        let advances = (1..count).filter(|index| origin_bits.get(*index)).count() as u64;
        let mut epoch = last_epoch.checked_sub(advances).ok_or_else(overflow)?;
        let mut blocks = Vec::with_capacity(count);
        for (index, block_count) in counts.into_iter().enumerate() {
            if index > 0 {
                timestamp = timestamp.checked_add(config.block_time).ok_or_else(overflow)?;
                epoch += u64::from(origin_bits.get(index));
            }
            blocks.push(SpanBlock {
                epoch_number: epoch,
                timestamp,
                transactions: transactions.by_ref().take(block_count).collect(),
            });
        }
        Ok(Self { parent_check, l1_origin_check, blocks })
    }

    /// The blocks, at least one.
    pub fn blocks(&self) -> &[SpanBlock] {
        &self.blocks
    }

    /// Timestamp of the first block.
    pub(crate) fn start_timestamp(&self) -> u64 {
        self.blocks.first().map_or(0, |block| block.timestamp)
    }

    /// Timestamp of the last block.
    pub(crate) fn end_timestamp(&self) -> u64 {
        self.blocks.last().map_or(0, |block| block.timestamp)
    }

    /// Origin's number of the first block.
    pub(crate) fn start_epoch(&self) -> u64 {
        self.blocks.first().map_or(0, |block| block.epoch_number)
    }

    /// Origin's number of the last block.
    pub(crate) fn end_epoch(&self) -> u64 {
        self.blocks.last().map_or(0, |block| block.epoch_number)
    }

    pub(crate) fn parent_matches(&self, hash: B256) -> bool {
        hash[..20] == self.parent_check[..]
    }

    pub(crate) fn origin_matches(&self, hash: B256) -> bool {
        hash[..20] == self.l1_origin_check[..]
    }

    /// The blocks after `safe_timestamp` as singular batches, without parent hashes; none if a
    /// block's origin is not among `l1_blocks`.
    pub(crate) fn into_singular(
        self,
        l1_blocks: &[Arc<L1Origin>],
        safe_timestamp: u64,
    ) -> Option<Vec<SingularBatch>> {
        let mut origins = l1_blocks.iter().map(|block| block.info).peekable();
        self.blocks
            .into_iter()
            .filter(|block| block.timestamp > safe_timestamp)
            .map(|block| {
                // Origins never go back, neither in the span nor on L1.
                while origins.next_if(|origin| origin.number != block.epoch_number).is_some() {}
                origins.peek().map(|origin| SingularBatch {
                    parent_hash: B256::ZERO,
                    epoch_number: block.epoch_number,
                    epoch_hash: origin.hash,
                    timestamp: block.timestamp,
                    transactions: block.transactions,
                })
            })
            .collect()
    }
}

fn element_count(reader: &mut Reader<'_>) -> Result<usize, DerivationError> {
    let count = reader.uvarint()?;
    if count > MAX_SPAN_ELEMENTS {
        return Err(reader.fail("too many elements"));
    }
    Ok(count as usize)
}

#[cfg(test)]
mod tests;
