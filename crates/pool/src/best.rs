//! Pending transactions in the order in which a block wants them.

use crate::Pooled;
use alloy_primitives::{Address, map::AddressSet};
use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    sync::Arc,
};

/// Pending transactions by effective tip, highest first, each sender's in order of nonce; equal
/// tips in order of arrival. A snapshot: what comes later is not in it.
#[derive(Debug)]
pub struct BestTransactions {
    base_fee: u64,
    heads: BinaryHeap<Head>,
    /// Senders of which nothing more is wanted.
    skipped: AddressSet,
}

/// A sender's next transaction.
#[derive(Debug)]
struct Head {
    tip: u128,
    id: Reverse<u64>,
    run: Arc<Vec<Pooled>>,
    at: usize,
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.tip, self.id).cmp(&(other.tip, other.id))
    }
}

impl BestTransactions {
    pub(crate) fn new(base_fee: u64, runs: impl Iterator<Item = Arc<Vec<Pooled>>>) -> Self {
        Self {
            base_fee,
            heads: runs.filter_map(|run| head(run, 0, base_fee)).collect(),
            skipped: AddressSet::default(),
        }
    }

    /// Leaves out what depends on this transaction: the sender's later ones.
    pub fn mark_invalid(&mut self, transaction: &Pooled) {
        self.skip_sender(transaction.sender());
    }

    /// Leaves out everything else of this sender.
    pub fn skip_sender(&mut self, sender: Address) {
        self.skipped.insert(sender);
    }
}

impl Iterator for BestTransactions {
    type Item = Pooled;

    fn next(&mut self) -> Option<Pooled> {
        loop {
            let Head { run, at, .. } = self.heads.pop()?;
            let Some(transaction) = run.get(at).cloned() else { continue };
            if self.skipped.contains(&transaction.sender()) {
                continue;
            }
            // A transaction that does not pay the base fee holds up the sender's later ones.
            self.heads.extend(head(run, at + 1, self.base_fee));
            return Some(transaction);
        }
    }
}

fn head(run: Arc<Vec<Pooled>>, at: usize, base_fee: u64) -> Option<Head> {
    let transaction = run.get(at)?;
    let tip = transaction.effective_tip(base_fee)?;
    Some(Head { tip, id: Reverse(transaction.id()), run, at })
}
