//! The transactions of one sender, by nonce.

use crate::{Pooled, transaction::AccountState};
use alloy_primitives::{B256, U256};
use std::{collections::BTreeMap, sync::Arc};

/// The transactions of one sender. Those that can be executed one after the other, from the
/// account's nonce on and with its balance, are pending; the rest is queued.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queue {
    pub(crate) account: AccountState,
    transactions: BTreeMap<u64, Pooled>,
    /// Ascending by nonce without a gap. Shared with iterators over the best.
    pending: Arc<Vec<Pooled>>,
}

impl Queue {
    pub(crate) fn get(&self, nonce: u64) -> Option<&Pooled> {
        self.transactions.get(&nonce)
    }

    pub(crate) fn len(&self) -> usize {
        self.transactions.len()
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.transactions.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Pooled> {
        self.transactions.values()
    }

    /// What has the highest nonce: what is evicted first.
    pub(crate) fn last(&self) -> Option<&Pooled> {
        self.transactions.values().next_back()
    }

    pub(crate) const fn pending(&self) -> &Arc<Vec<Pooled>> {
        &self.pending
    }

    /// Those that wait for something.
    pub(crate) fn queued(&self) -> impl Iterator<Item = &Pooled> {
        self.transactions.range(self.next_nonce()..).map(|(_, transaction)| transaction)
    }

    /// The nonce after the last pending transaction.
    pub(crate) fn next_nonce(&self) -> u64 {
        self.pending.last().map_or(self.account.nonce, |last| last.nonce().saturating_add(1))
    }

    pub(crate) fn is_pending(&self, nonce: u64) -> bool {
        nonce < self.next_nonce()
    }

    /// Puts a transaction at its nonce; gives back what was there.
    pub(crate) fn insert(&mut self, transaction: Pooled) -> Option<Pooled> {
        self.transactions.insert(transaction.nonce(), transaction)
    }

    pub(crate) fn remove(&mut self, nonce: u64) -> Option<Pooled> {
        self.transactions.remove(&nonce)
    }

    /// Takes out what the account has used already.
    pub(crate) fn take_used(&mut self) -> Vec<Pooled> {
        let kept = self.transactions.split_off(&self.account.nonce);
        std::mem::replace(&mut self.transactions, kept).into_values().collect()
    }

    /// Finds the pending ones anew. Returns the hashes of those that were not pending before.
    pub(crate) fn refresh(&mut self) -> Vec<B256> {
        let mut spent = U256::ZERO;
        let mut next = self.account.nonce;
        let mut pending = Vec::with_capacity(self.pending.len() + 1);
        for (nonce, transaction) in self.transactions.range(next..) {
            let Some(total) = spent.checked_add(transaction.cost()) else { break };
            if *nonce != next || total > self.account.balance {
                break;
            }
            spent = total;
            next = next.saturating_add(1);
            pending.push(transaction.clone());
        }
        let before = std::mem::replace(&mut self.pending, Arc::new(pending));
        let first = before.first().map_or(0, Pooled::nonce);
        self.pending
            .iter()
            .filter(|transaction| {
                let at = transaction.nonce().checked_sub(first);
                let old = at.and_then(|at| before.get(usize::try_from(at).ok()?));
                old.is_none_or(|old| old.id() != transaction.id())
            })
            .map(Pooled::hash)
            .collect()
    }
}
