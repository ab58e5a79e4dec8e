//! An L1 block as derivation takes it in.

use crate::L1Origin;
use alloy_consensus::{Transaction, transaction::SignerRecoverable};
use alloy_eips::eip2718::Typed2718;
use alloy_primitives::{Address, B256, Bytes};
use assay_chainspec::{OpHardforks, RollupConfig};

/// A blob's place in its block's sidecars, and its versioned hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexedBlobHash {
    /// Index among all blobs of the L1 block.
    pub index: u64,
    /// Versioned hash.
    pub hash: B256,
}

/// An L1 block: what L2 takes from it, and the transactions to the batch inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct L1Block {
    /// Its place, fees and logs.
    pub origin: L1Origin,
    /// Transactions to the inbox by anyone, in order.
    pub(crate) inbox: Vec<InboxTransaction>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InboxTransaction {
    pub(crate) sender: Address,
    pub(crate) data: InboxData,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InboxData {
    Calldata(Bytes),
    Blobs(Vec<IndexedBlobHash>),
}

/// Type byte of EIP-4844 transactions, the last that may carry batches.
const BLOB_TYPE: u8 = 3;
/// Type byte of deposits: an L3's batches.
const DEPOSIT_TYPE: u8 = 0x7e;

impl L1Block {
    /// From *all* transactions of the block, in order. Those to the inbox are kept: the batcher's
    /// address is the pipeline's to know, as this very block may change it.
    pub fn new<T>(config: &RollupConfig, origin: L1Origin, transactions: &[T]) -> Self
    where
        T: Transaction + SignerRecoverable + Typed2718,
    {
        let blobs = config.is_ecotone_active_at_timestamp(origin.info.timestamp);
        let mut next_blob = 0u64;
        let mut inbox = Vec::new();
        for transaction in transactions {
            let hashes = transaction.blob_versioned_hashes().unwrap_or_default();
            let first_blob = next_blob;
            next_blob += hashes.len() as u64;
            let kind = transaction.ty();
            if transaction.to() != Some(config.batch_inbox_address)
                || (kind > BLOB_TYPE && kind != DEPOSIT_TYPE)
            {
                continue;
            }
            let Ok(sender) = transaction.recover_signer() else { continue };
            let data = if kind == BLOB_TYPE && blobs {
                InboxData::Blobs(
                    (first_blob..)
                        .zip(hashes)
                        .map(|(index, hash)| IndexedBlobHash { index, hash: *hash })
                        .collect(),
                )
            } else {
                InboxData::Calldata(transaction.input().clone())
            };
            inbox.push(InboxTransaction { sender, data });
        }
        Self { origin, inbox }
    }
}
