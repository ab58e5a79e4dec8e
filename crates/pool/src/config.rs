//! What the operator can set.

use std::time::Duration;

/// The pool's limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolConfig {
    /// The most transactions, pending and queued.
    pub max_transactions: usize,
    /// The most bytes of encoded transactions.
    pub max_bytes: usize,
    /// The most transactions of one sender.
    pub max_per_sender: usize,
    /// The most bytes of one encoded transaction.
    pub max_transaction_bytes: usize,
    /// By how many percent both fees of a replacement must be above those of what it replaces.
    pub price_bump: u8,
    /// The least priority fee, in wei.
    pub min_priority_fee: u128,
    /// How long a transaction may wait without being executable.
    pub queued_lifetime: Duration,
    /// How long a transaction may wait at all.
    pub lifetime: Duration,
    /// CPU time per second that each sender's transactions may take to be verified ahead. Zero
    /// verifies nothing ahead.
    pub speculation_budget: Duration,
    /// Transactions that may wait to be verified ahead; what comes when it is full is not.
    pub speculation_queue: usize,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            max_transactions: 100_000,
            max_bytes: 128 << 20,
            max_per_sender: 4_096,
            max_transaction_bytes: 128 << 10,
            price_bump: 10,
            min_priority_fee: 0,
            queued_lifetime: Duration::from_secs(3 * 3_600),
            lifetime: Duration::from_secs(24 * 3_600),
            speculation_budget: Duration::from_millis(50),
            speculation_queue: 256,
        }
    }
}
