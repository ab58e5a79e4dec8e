//! Every transaction in the pool, and its limits.

use crate::{
    BestTransactions, PoolConfig, PoolError, Pooled,
    queue::Queue,
    transaction::{AccountState, Admitted},
};
use alloy_primitives::{
    Address, B256,
    map::{AddressMap, B256Map},
};
use std::{cmp::Reverse, collections::BTreeSet, time::Instant};

/// How many transactions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolStatus {
    /// Executable now.
    pub pending: usize,
    /// Waiting for an earlier nonce or for funds.
    pub queued: usize,
    /// Encoded bytes of both.
    pub bytes: usize,
}

/// A sender's last transaction, as eviction ranks them: the lowest goes first. Queued before
/// pending, low tips before high, new before old.
type Tail = (bool, u128, Reverse<u64>, Address);

/// The pool's contents. Invariants, which the tests check: a queue is never empty; the pending of
/// a sender are contiguous from its nonce and within its balance; the counters and `tails` follow
/// the queues.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: PoolConfig,
    pub(crate) queues: AddressMap<Queue>,
    by_hash: B256Map<Pooled>,
    tails: BTreeSet<Tail>,
    /// Senders' transactions that name an account as authority (EIP-7702).
    authorities: AddressMap<usize>,
    pending: usize,
    bytes: usize,
    next_id: u64,
}

impl Inner {
    pub(crate) fn new(config: PoolConfig) -> Self {
        Self {
            config,
            queues: AddressMap::default(),
            by_hash: B256Map::default(),
            tails: BTreeSet::new(),
            authorities: AddressMap::default(),
            pending: 0,
            bytes: 0,
            next_id: 0,
        }
    }

    pub(crate) fn get(&self, hash: &B256) -> Option<&Pooled> {
        self.by_hash.get(hash)
    }

    pub(crate) fn queue(&self, sender: &Address) -> Option<&Queue> {
        self.queues.get(sender)
    }

    pub(crate) fn status(&self) -> PoolStatus {
        let queued = self.by_hash.len().saturating_sub(self.pending);
        PoolStatus { pending: self.pending, queued, bytes: self.bytes }
    }

    pub(crate) fn best(&self, base_fee: u64) -> BestTransactions {
        let runs = self.queues.values().map(|queue| queue.pending().clone());
        BestTransactions::new(base_fee, runs)
    }

    /// Adds a transaction. Returns the hashes of those that became pending by it.
    pub(crate) fn insert(
        &mut self,
        admitted: Admitted,
        now: Instant,
    ) -> Result<Vec<B256>, PoolError> {
        let account = admitted.account;
        let transaction = Pooled::new(admitted, self.next_id, now);
        let (hash, sender, nonce) = (transaction.hash(), transaction.sender(), transaction.nonce());
        if self.by_hash.contains_key(&hash) {
            return Err(PoolError::AlreadyKnown);
        }
        let replaces = match self.queues.get(&sender).and_then(|queue| queue.get(nonce)) {
            Some(old) if !transaction.outbids(old, self.config.price_bump) => {
                return Err(PoolError::ReplacementUnderpriced);
            }
            old => old.is_some(),
        };
        let waiting = self.queues.get(&sender).map_or(0, Queue::len);
        if !replaces && waiting >= self.config.max_per_sender {
            return Err(PoolError::Full);
        }
        self.check_delegation(&transaction, account, replaces)?;

        self.next_id += 1;
        let added = transaction.clone();
        let mut promoted = self.change(sender, |queue, removed| {
            queue.account = account;
            removed.extend(queue.take_used());
            removed.extend(queue.insert(added));
        });
        self.bytes += transaction.size();
        for authority in transaction.authorities() {
            *self.authorities.entry(*authority).or_default() += 1;
        }
        self.by_hash.insert(hash, transaction);
        self.enforce_limits();
        if !self.by_hash.contains_key(&hash) {
            return Err(PoolError::Full);
        }
        promoted.retain(|hash| self.by_hash.contains_key(hash));
        Ok(promoted)
    }

    /// EIP-7702: one transaction can void all others of an account that is, or is about to be,
    /// delegated. So such an account has one in flight, its next, and nobody becomes one with more
    /// than one waiting.
    fn check_delegation(
        &self,
        transaction: &Pooled,
        account: AccountState,
        replaces: bool,
    ) -> Result<(), PoolError> {
        let sender = transaction.sender();
        if account.delegated || self.authorities.contains_key(&sender) {
            if !replaces && self.queues.contains_key(&sender) {
                return Err(PoolError::DelegatedInFlight);
            }
            if transaction.nonce() != account.nonce {
                return Err(PoolError::DelegatedGap);
            }
        }
        let own = |authority: &Address| *authority == sender && !replaces;
        let crowded = transaction.authorities().iter().any(|authority| {
            let waiting = self.queues.get(authority).map_or(0, Queue::len);
            waiting > 1 || (waiting == 1 && own(authority))
        });
        if crowded { Err(PoolError::AuthorityReserved) } else { Ok(()) }
    }

    /// Changes a sender's queue and brings everything that depends on it up to date. `change`
    /// pushes what it takes out. Returns the hashes of what became pending.
    fn change(
        &mut self,
        sender: Address,
        change: impl FnOnce(&mut Queue, &mut Vec<Pooled>),
    ) -> Vec<B256> {
        let queue = self.queues.entry(sender).or_default();
        if let Some(tail) = tail(queue) {
            self.tails.remove(&tail);
        }
        let before = queue.pending().len();
        let mut removed = Vec::new();
        change(queue, &mut removed);
        let promoted = queue.refresh();
        self.pending = self.pending - before + queue.pending().len();
        match tail(queue) {
            Some(tail) => {
                self.tails.insert(tail);
            }
            None => {
                self.queues.remove(&sender);
            }
        }
        for transaction in removed {
            self.forget(&transaction);
        }
        promoted
    }

    fn forget(&mut self, transaction: &Pooled) {
        self.by_hash.remove(&transaction.hash());
        self.bytes -= transaction.size();
        for authority in transaction.authorities() {
            if let Some(count) = self.authorities.get_mut(authority) {
                *count -= 1;
                if *count == 0 {
                    self.authorities.remove(authority);
                }
            }
        }
    }

    fn enforce_limits(&mut self) {
        while self.by_hash.len() > self.config.max_transactions
            || self.bytes > self.config.max_bytes
        {
            let Some((_, _, _, sender)) = self.tails.first().copied() else { break };
            self.change(sender, |queue, removed| {
                let last = queue.last().map(Pooled::nonce);
                removed.extend(last.and_then(|nonce| queue.remove(nonce)));
            });
        }
    }

    /// Takes transactions out.
    pub(crate) fn remove(&mut self, hashes: &[B256]) {
        for hash in hashes {
            let Some(transaction) = self.by_hash.get(hash) else { continue };
            let (sender, nonce) = (transaction.sender(), transaction.nonce());
            self.change(sender, |queue, removed| removed.extend(queue.remove(nonce)));
        }
    }

    /// Sets what a sender's account is now: used nonces go, others become pending or queued.
    pub(crate) fn update(&mut self, sender: Address, account: AccountState) -> Vec<B256> {
        if !self.queues.contains_key(&sender) {
            return Vec::new();
        }
        self.change(sender, |queue, removed| {
            queue.account = account;
            removed.extend(queue.take_used());
        })
    }

    /// Takes out what has waited too long.
    pub(crate) fn expire(&mut self, now: Instant) -> usize {
        let waited = |transaction: &Pooled| now.saturating_duration_since(transaction.arrival());
        let (queued, any) = (self.config.queued_lifetime, self.config.lifetime);
        let expired: Vec<_> = self
            .queues
            .values()
            .flat_map(|queue| {
                let old = queue.iter().filter(move |transaction| waited(transaction) > any);
                old.chain(queue.queued().filter(move |transaction| waited(transaction) > queued))
            })
            .map(Pooled::hash)
            .collect();
        self.remove(&expired);
        expired.len()
    }
}

fn tail(queue: &Queue) -> Option<Tail> {
    let last = queue.last()?;
    let pending = queue.is_pending(last.nonce());
    Some((pending, last.max_tip(), Reverse(last.id()), last.sender()))
}

#[cfg(test)]
#[path = "inner_tests.rs"]
mod tests;
