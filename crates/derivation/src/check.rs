//! What the validity rules of both kinds of batch share.

use crate::{KnownL2Block, L1BlockInfo, L1Origin, L2BlockInfo};
use alloy_primitives::Bytes;
use assay_chainspec::{OpHardfork, OpHardforks, RollupConfig};
use op_alloy_consensus::OpTxType;
use std::{collections::BTreeMap, sync::Arc};

/// Whether a batch can be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Apply it.
    Accept,
    /// Invalid, for good.
    Drop,
    /// More L1 blocks are needed to tell.
    Undecided,
    /// It may apply later; only before Holocene.
    Future,
    /// It brings nothing new; only from Holocene on.
    Past,
    /// The L2 block of this number is needed to tell.
    NeedL2(u64),
}

/// Against what a batch is checked.
#[derive(Debug, Clone, Copy)]
pub struct CheckContext<'a> {
    /// The chain.
    pub config: &'a RollupConfig,
    /// Consecutive L1 blocks from the safe head's origin (or the one after it) on.
    pub l1_blocks: &'a [Arc<L1Origin>],
    /// The L2 block to build on.
    pub safe_head: &'a L2BlockInfo,
    /// The L1 block that carried the batch.
    pub inclusion: &'a L1BlockInfo,
    /// Blocks of the safe chain, by number.
    pub l2_blocks: &'a BTreeMap<u64, KnownL2Block>,
}

/// Whether derivation drops a batch with transactions at this L2 timestamp: the activation blocks
/// of Jovian, Karst and Interop.
pub fn must_be_empty(config: &RollupConfig, timestamp: u64) -> bool {
    [OpHardfork::Jovian, OpHardfork::Karst, OpHardfork::Interop]
        .into_iter()
        .any(|fork| config.is_activation_block(fork, timestamp))
}

/// The rules for a batch's transactions.
pub(crate) fn check_transactions(
    config: &RollupConfig,
    timestamp: u64,
    transactions: &[Bytes],
) -> Validity {
    let set_code = config.is_isthmus_active_at_timestamp(timestamp);
    let valid = transactions.iter().all(|transaction| match transaction.first() {
        None => false,
        Some(&kind) => {
            kind != OpTxType::Deposit as u8 && (set_code || kind != OpTxType::Eip7702 as u8)
        }
    });
    if valid { Validity::Accept } else { Validity::Drop }
}
