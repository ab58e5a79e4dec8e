//! `engine_newPayload`.

use crate::{EngineError, import::ImportError, tree::Invalid, worker::Worker};
use alloy_consensus::Header;
use alloy_primitives::B256;
use alloy_rpc_types_engine::{PayloadStatus, PayloadStatusEnum};
use assay_evm::{PayloadError, RecoveredBlock, SealedBlock, decode_payload};
use op_alloy_rpc_types_engine::{OpExecutionData, OpExecutionPayload};

impl Worker {
    pub(crate) fn new_payload(
        &mut self,
        data: &OpExecutionData,
    ) -> Result<PayloadStatus, EngineError> {
        let hash = data.payload.block_hash();
        let known = self.chain.executed(hash).map(|executed| executed.block.clone());
        if known.is_some_and(|block| is_same(&block, data)) {
            return Ok(valid(hash));
        }
        let block = match decode_payload(data.payload.clone(), &data.sidecar) {
            Ok(block) => block,
            Err(error) => return self.malformed(data, &error),
        };
        if self.chain.contains(hash).map_err(EngineError::internal)? {
            return Ok(valid(hash));
        }
        let parent = block.header().parent_hash;
        if let Some(status) = self.refused(hash, parent) {
            return Ok(status);
        }
        if !self.chain.contains(parent).map_err(EngineError::internal)? {
            let bytes = transaction_bytes(&data.payload);
            tracing::debug!(number = block.header().number, %hash, %parent, "payload with unknown parent kept");
            self.orphans.insert(block, bytes);
            return Ok(PayloadStatus::from_status(PayloadStatusEnum::Syncing));
        }
        self.import(block)
    }

    /// Executes a block whose parent is known.
    pub(crate) fn import(&mut self, block: SealedBlock) -> Result<PayloadStatus, EngineError> {
        let (hash, parent, number) =
            (block.hash(), block.header().parent_hash, block.header().number);
        match self.importer.import(block) {
            Ok(executed) => {
                self.chain.insert(executed).map_err(EngineError::internal)?;
                Ok(valid(hash))
            }
            Err(ImportError::Invalid(reason)) => {
                tracing::warn!(number, %hash, reason, "invalid block");
                Ok(self.remember_invalid(hash, Some(parent), reason))
            }
            Err(ImportError::Fault(error)) => {
                tracing::error!(number, %hash, %error, "block not executed: fault of this node");
                Err(EngineError::Internal(error))
            }
        }
    }

    /// INVALID if the block or its parent is known to be.
    pub(crate) fn refused(&mut self, hash: B256, parent: B256) -> Option<PayloadStatus> {
        if let Some(known) = self.invalid.get(&hash) {
            return Some(invalid(known.reason.clone(), known.latest_valid));
        }
        let ancestor = self.invalid.get(&parent)?;
        let (latest_valid, reason) =
            (ancestor.latest_valid, format!("descends from an invalid block: {}", ancestor.reason));
        Some(self.remember_invalid(hash, latest_valid, reason))
    }

    fn remember_invalid(
        &mut self,
        hash: B256,
        latest_valid: Option<B256>,
        reason: String,
    ) -> PayloadStatus {
        self.invalid.insert(hash, Invalid { latest_valid, reason: reason.clone() });
        invalid(reason, latest_valid)
    }

    /// A payload that is not a block. It is not remembered: the hash that it names is not its own,
    /// or not known to be.
    fn malformed(
        &self,
        data: &OpExecutionData,
        error: &PayloadError,
    ) -> Result<PayloadStatus, EngineError> {
        let parent = data.payload.parent_hash();
        // A wrong hash may hide any parent: the specification asks for null there.
        let latest_valid = if matches!(error, PayloadError::BlockHash { .. }) {
            None
        } else if let Some(known) = self.invalid.get(&parent) {
            known.latest_valid
        } else {
            self.chain.contains(parent).map_err(EngineError::internal)?.then_some(parent)
        };
        Ok(invalid(error.to_string(), latest_valid))
    }
}

pub(crate) fn valid(hash: B256) -> PayloadStatus {
    PayloadStatus::new(PayloadStatusEnum::Valid, Some(hash))
}

pub(crate) fn invalid(validation_error: String, latest_valid: Option<B256>) -> PayloadStatus {
    PayloadStatus::new(PayloadStatusEnum::Invalid { validation_error }, latest_valid)
}

/// Whether a payload is this very block. Cheaper than to decode it and hash its transactions, so
/// that a payload built here costs next to nothing when it comes back.
fn is_same(block: &RecoveredBlock, data: &OpExecutionData) -> bool {
    let known = OpExecutionData::from_block_unchecked(block.hash(), &block.clone_block());
    known.payload == data.payload
        && known.sidecar.parent_beacon_block_root() == data.sidecar.parent_beacon_block_root()
        && known.sidecar.requests_hash() == data.sidecar.requests_hash()
        && known.sidecar.versioned_hashes() == data.sidecar.versioned_hashes()
        && shape(block.header()) == shape_of(&data.payload)
}

/// Header fields that a payload of another version would leave out.
fn shape(header: &Header) -> (bool, bool, bool) {
    (
        header.withdrawals_root.is_some(),
        header.parent_beacon_block_root.is_some(),
        header.requests_hash.is_some(),
    )
}

fn shape_of(payload: &OpExecutionPayload) -> (bool, bool, bool) {
    (payload.as_v2().is_some(), payload.as_v3().is_some(), payload.as_v4().is_some())
}

fn transaction_bytes(payload: &OpExecutionPayload) -> usize {
    payload.as_v1().transactions.iter().map(|transaction| transaction.len()).sum()
}
