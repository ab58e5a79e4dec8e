//! Counts what the batchers left on L1's canonical chain.

use super::DemoError;
use crate::network::Network;
use alloy_consensus::Transaction;
use alloy_primitives::Bytes;
use assay_derivation::{Frame, decode_blob};
use std::collections::BTreeSet;

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Census {
    pub(super) l1_blocks: u64,
    pub(super) batch_transactions: u64,
    pub(super) calldata_transactions: u64,
    pub(super) blobs: u64,
    pub(super) channels: u64,
}

pub(super) fn count(network: &Network) -> Result<Census, DemoError> {
    let inbox = network.rollup().batch_inbox_address;
    let l1 = network.l1().l1().lock();
    let mut census = Census { l1_blocks: l1.head_number(), ..Census::default() };
    let mut channels = BTreeSet::new();
    for number in 0..=l1.head_number() {
        let Some(block) = l1.block_by_number(number) else { continue };
        let mut data: Vec<Bytes> = Vec::new();
        for transaction in block.transactions.iter().filter(|tx| tx.to() == Some(inbox)) {
            census.batch_transactions += 1;
            if transaction.blob_versioned_hashes().is_none() {
                census.calldata_transactions += 1;
                data.push(transaction.input().clone());
            }
        }
        let blobs = l1.blobs(block)?;
        census.blobs += blobs.len() as u64;
        for blob in blobs {
            data.push(
                decode_blob(&blob.blob).map_err(|error| DemoError::Wrong(error.to_string()))?,
            );
        }
        for data in data {
            let frames =
                Frame::decode_all(&data).map_err(|error| DemoError::Wrong(error.to_string()))?;
            channels.extend(frames.into_iter().map(|frame| frame.id));
        }
    }
    census.channels = channels.len() as u64;
    Ok(census)
}
