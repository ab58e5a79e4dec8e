//! What `optimism_*` answers with, in op-node's JSON.

use alloy_primitives::{B256, keccak256};
use assay_chainspec::BlockId;
use assay_derivation::{L1BlockInfo, L2BlockInfo};
use serde::{Deserialize, Serialize};

/// An L1 block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct L1BlockRef {
    /// Hash.
    pub hash: B256,
    /// Number.
    pub number: u64,
    /// Hash of the parent.
    pub parent_hash: B256,
    /// Unix seconds.
    pub timestamp: u64,
}

impl From<L1BlockInfo> for L1BlockRef {
    fn from(info: L1BlockInfo) -> Self {
        Self {
            hash: info.hash,
            number: info.number,
            parent_hash: info.parent_hash,
            timestamp: info.timestamp,
        }
    }
}

/// An L2 block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct L2BlockRef {
    /// Hash.
    pub hash: B256,
    /// Number.
    pub number: u64,
    /// Hash of the parent.
    pub parent_hash: B256,
    /// Unix seconds.
    pub timestamp: u64,
    /// L1 origin.
    #[serde(rename = "l1origin")]
    pub l1_origin: BlockId,
    /// Place in the epoch.
    pub sequence_number: u64,
}

impl From<L2BlockInfo> for L2BlockRef {
    fn from(info: L2BlockInfo) -> Self {
        Self {
            hash: info.hash,
            number: info.number,
            parent_hash: info.parent_hash,
            timestamp: info.timestamp,
            l1_origin: info.l1_origin,
            sequence_number: info.sequence_number,
        }
    }
}

/// `optimism_syncStatus`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncStatus {
    /// The L1 block at which derivation stands.
    pub current_l1: L1BlockRef,
    /// Kept for op-node's clients: always the finalized L1 block.
    pub current_l1_finalized: L1BlockRef,
    /// L1's head.
    pub head_l1: L1BlockRef,
    /// L1's safe block.
    pub safe_l1: L1BlockRef,
    /// L1's finalized block.
    pub finalized_l1: L1BlockRef,
    /// The head of L2.
    pub unsafe_l2: L2BlockRef,
    /// The last block that L1's data vouches for.
    pub safe_l2: L2BlockRef,
    /// The last block that L1's finalized data vouches for.
    pub finalized_l2: L2BlockRef,
    /// The last block derived, also within an unfinished span.
    pub pending_safe_l2: L2BlockRef,
    /// Without interop: as `unsafe_l2`.
    pub cross_unsafe_l2: L2BlockRef,
    /// Without interop: as `safe_l2`.
    pub local_safe_l2: L2BlockRef,
}

/// `optimism_outputAtBlock`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// Version of the output: zero.
    pub version: B256,
    /// keccak256(version ‖ state root ‖ withdrawal storage root ‖ block hash).
    pub output_root: B256,
    /// The block.
    pub block_ref: L2BlockRef,
    /// Storage root of L2ToL1MessagePasser.
    pub withdrawal_storage_root: B256,
    /// State root.
    pub state_root: B256,
    /// The node's status.
    pub sync_status: SyncStatus,
}

/// The output root of version 0.
///
/// Spec: [L2 output commitment](https://specs.optimism.io/protocol/proposals.html#l2-output-commitment-construction).
pub(crate) fn output_root(state_root: B256, withdrawals: B256, block_hash: B256) -> B256 {
    let mut bytes = [0; 128];
    bytes[32..64].copy_from_slice(state_root.as_slice());
    bytes[64..96].copy_from_slice(withdrawals.as_slice());
    bytes[96..].copy_from_slice(block_hash.as_slice());
    keccak256(bytes)
}
