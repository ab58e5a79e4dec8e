//! Following the chain.

use crate::{Origin, Pool, PoolError, pool::account, transaction::AccountState};
use alloy_consensus::transaction::Recovered;
use alloy_primitives::{
    Address,
    map::{AddressSet, B256Set},
};
use assay_chain::{CanonicalUpdate, ExecutedBlock};
use assay_evm::Transaction;
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::RecvError;

/// How often what has waited too long is looked for.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(60);

impl Pool {
    /// Follows the chain until it is shut down: takes out what blocks used, brings back what a
    /// reorg threw out, and drops what has waited too long.
    pub async fn maintain(self) {
        let mut updates = self.chain().subscribe();
        let mut expiry = tokio::time::interval(EXPIRY_INTERVAL);
        loop {
            tokio::select! {
                update = updates.recv() => match update {
                    Ok(update) => self.follow(move |pool| pool.on_update(&update)).await,
                    // Some updates are lost: look at every sender again.
                    Err(RecvError::Lagged(_)) => self.follow(Self::refresh_all).await,
                    Err(RecvError::Closed) => return,
                },
                _ = expiry.tick() => {
                    let expired = self.inner().write().expire(Instant::now());
                    if expired > 0 {
                        tracing::debug!(expired, "transactions waited too long");
                    }
                }
            }
        }
    }

    /// Runs `work`, which reads the state, where it does not hold up other tasks.
    async fn follow(&self, work: impl FnOnce(&Self) -> Result<(), PoolError> + Send + 'static) {
        let pool = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&pool)).await;
        match done {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the pool could not follow the chain"),
            Err(error) => tracing::error!(%error, "the pool's maintenance failed"),
        }
    }

    /// Brings the pool up to a change of the canonical chain.
    ///
    /// # Errors
    /// The state could not be read: the pool stays as it was.
    pub fn on_update(&self, update: &CanonicalUpdate) -> Result<(), PoolError> {
        // Blocks that came back from disk do not say what they changed.
        let unknown = |block: &ExecutedBlock| {
            block.bundle.state.is_empty() && !block.block.body().transactions.is_empty()
        };
        if update.removed.iter().chain(&update.added).any(|block| unknown(block)) {
            self.refresh_all()?;
        } else {
            let changed: AddressSet = {
                let inner = self.inner().read();
                let blocks = update.removed.iter().chain(&update.added);
                blocks
                    .flat_map(|block| block.bundle.state.keys().copied())
                    .filter(|address| inner.queues.contains_key(address))
                    .collect()
            };
            self.refresh(changed)?;
        }
        self.bring_back(update);
        Ok(())
    }

    fn refresh_all(&self) -> Result<(), PoolError> {
        let senders = self.inner().read().queues.keys().copied().collect();
        self.refresh(senders)
    }

    fn refresh(&self, senders: AddressSet) -> Result<(), PoolError> {
        if senders.is_empty() {
            return Ok(());
        }
        let (head, state) = self.head_state()?;
        let accounts: Vec<(Address, AccountState)> = senders
            .into_iter()
            .map(|sender| Ok((sender, account(&state, sender)?.state)))
            .collect::<Result<_, PoolError>>()?;
        let mut inner = self.inner().write();
        let mut promoted = Vec::new();
        for (sender, account) in accounts {
            promoted.extend(inner.update(sender, account));
        }
        drop(inner);
        self.verify_ahead(&head, &promoted);
        self.announce(promoted);
        Ok(())
    }

    /// Takes in again what was in blocks that are canonical no more.
    fn bring_back(&self, update: &CanonicalUpdate) {
        if update.removed.is_empty() {
            return;
        }
        let mined: B256Set = update
            .added
            .iter()
            .flat_map(|block| block.block.body().transactions.iter().map(Transaction::tx_hash))
            .collect();
        for block in &update.removed {
            let transactions = block.block.body().transactions.iter();
            for (transaction, sender) in transactions.zip(block.block.senders()) {
                if transaction.is_deposit() || mined.contains(transaction.hash()) {
                    continue;
                }
                let transaction = Recovered::new_unchecked(transaction.clone(), *sender);
                if let Err(error) = self.add(transaction, Origin::Reorg) {
                    tracing::trace!(%error, "a transaction did not come back after a reorg");
                }
            }
        }
    }
}
