//! The other direction: L2 blocks to channels and frames.

mod channel_out;

pub use channel_out::{AddBlock, BatchKind, ChannelOut, ChannelOutConfig};

use crate::{
    Batch, DerivationError, L1InfoTransaction, SingularBatch, block_info::user_transactions,
    compression::decompress_channel,
};
use alloy_consensus::Block;
use alloy_rlp::Header;
use assay_chainspec::RollupConfig;
use op_alloy_consensus::OpTxEnvelope;

/// An L2 block as a batch, and its place in its epoch.
///
/// # Errors
/// [`DerivationError::Malformed`]: no L1 attributes, as in the genesis block.
pub fn block_to_batch(
    block: &Block<OpTxEnvelope>,
) -> Result<(SingularBatch, u64), DerivationError> {
    let info = L1InfoTransaction::from_block(block)?;
    let batch = SingularBatch {
        parent_hash: block.header.parent_hash,
        epoch_number: info.l1_block.number,
        epoch_hash: info.l1_block.hash,
        timestamp: block.header.timestamp,
        transactions: user_transactions(block),
    };
    Ok((batch, info.sequence_number))
}

/// All batches of a channel's data, as far as they can be read: for tools and tests.
///
/// # Errors
/// [`DerivationError::Malformed`]: the compression is not known.
pub fn read_channel(data: &[u8], config: &RollupConfig) -> Result<Vec<Batch>, DerivationError> {
    let data = decompress_channel(data, true, 100_000_000)?;
    let mut rest = &data[..];
    let mut batches = Vec::new();
    while !rest.is_empty() {
        let Ok(payload) = Header::decode_bytes(&mut rest, false) else { break };
        match Batch::decode(payload, config) {
            Ok(batch) => batches.push(batch),
            Err(_) => break,
        }
    }
    Ok(batches)
}
