//! Senders of a block's transactions.

use crate::{InvalidBlock, RecoveredBlock, SealedBlock, Transaction};
use alloy_consensus::transaction::SignerRecoverable;
use alloy_primitives::{Address, B256};
use rayon::prelude::*;

/// Fewer transactions than this are not worth the way to other threads.
const PARALLEL_FROM: usize = 4;

/// Who knows senders already, by transaction hash: the pool, which recovered them on admission.
pub trait KnownSenders: Sync {
    /// The sender of the transaction of this hash.
    fn sender(&self, transaction: &B256) -> Option<Address>;
}

/// Knows nobody.
impl KnownSenders for () {
    fn sender(&self, _: &B256) -> Option<Address> {
        None
    }
}

impl<F: Fn(&B256) -> Option<Address> + Sync> KnownSenders for F {
    fn sender(&self, transaction: &B256) -> Option<Address> {
        self(transaction)
    }
}

/// Recovers the senders of a block, in parallel.
///
/// # Errors
/// A signature that gives no sender, or with a high `s` (EIP-2).
pub fn recover_block(
    block: SealedBlock,
    known: &impl KnownSenders,
) -> Result<RecoveredBlock, InvalidBlock> {
    let senders = recover_senders(&block.body().transactions, known)?;
    Ok(RecoveredBlock::new_sealed(block, senders))
}

/// As [`recover_block`], of transactions alone.
///
/// # Errors
/// As [`recover_block`].
pub fn recover_senders(
    transactions: &[Transaction],
    known: &impl KnownSenders,
) -> Result<Vec<Address>, InvalidBlock> {
    let recover = |(index, transaction): (usize, &Transaction)| {
        if let Transaction::Deposit(deposit) = transaction {
            return Ok(deposit.from);
        }
        if let Some(sender) = known.sender(transaction.hash()) {
            return Ok(sender);
        }
        transaction.recover_signer().map_err(|_| InvalidBlock::Signature { index })
    };
    if transactions.len() < PARALLEL_FROM {
        transactions.iter().enumerate().map(recover).collect()
    } else {
        let results: Vec<_> = transactions.par_iter().enumerate().map(recover).collect();
        results.into_iter().collect()
    }
}
