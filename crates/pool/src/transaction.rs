//! A transaction in the pool.

use alloy_consensus::{Transaction as _, transaction::Recovered};
use alloy_primitives::{Address, B256, Bytes, U256};
use assay_evm::Transaction;
use std::{sync::Arc, time::Instant};

/// Where a transaction came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A user sent it.
    Rpc,
    /// It was in a block that is canonical no more.
    Reorg,
}

/// A transaction in the pool. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pooled(Arc<Entry>);

#[derive(Debug)]
struct Entry {
    transaction: Recovered<Transaction>,
    encoded: Bytes,
    cost: U256,
    max_fee: u128,
    tip: u128,
    arrival: Instant,
    /// Order of arrival.
    id: u64,
    authorities: Box<[Address]>,
}

impl Pooled {
    pub(crate) fn new(admitted: Admitted, id: u64, arrival: Instant) -> Self {
        let Admitted { transaction, encoded, cost, authorities, .. } = admitted;
        let (max_fee, tip) = fees(&transaction);
        Self(Arc::new(Entry { transaction, encoded, cost, max_fee, tip, arrival, id, authorities }))
    }

    /// The transaction with its sender.
    pub fn recovered(&self) -> &Recovered<Transaction> {
        &self.0.transaction
    }

    /// Its hash.
    pub fn hash(&self) -> B256 {
        self.0.transaction.tx_hash()
    }

    /// Its sender.
    pub fn sender(&self) -> Address {
        self.0.transaction.signer()
    }

    /// Its nonce.
    pub fn nonce(&self) -> u64 {
        self.0.transaction.nonce()
    }

    /// Its EIP-2718 encoding.
    pub fn encoded(&self) -> &Bytes {
        &self.0.encoded
    }

    /// What its sender must have: value, gas at the highest fee, L1 fee and operator fee as they
    /// were on admission, in wei.
    pub fn cost(&self) -> U256 {
        self.0.cost
    }

    /// The most that it pays per gas, in wei.
    pub fn max_fee(&self) -> u128 {
        self.0.max_fee
    }

    /// The most that it pays the fee recipient per gas, in wei.
    pub fn max_tip(&self) -> u128 {
        self.0.tip
    }

    /// What it pays the fee recipient per gas at this base fee, in wei; `None` where it does not
    /// pay the base fee.
    pub fn effective_tip(&self, base_fee: u64) -> Option<u128> {
        self.0.max_fee.checked_sub(base_fee.into()).map(|above| above.min(self.0.tip))
    }

    pub(crate) fn authorities(&self) -> &[Address] {
        &self.0.authorities
    }

    pub(crate) fn arrival(&self) -> Instant {
        self.0.arrival
    }

    pub(crate) fn id(&self) -> u64 {
        self.0.id
    }

    pub(crate) fn size(&self) -> usize {
        self.0.encoded.len()
    }

    /// Whether this one's fees are `bump` percent above `other`'s, exactly that much being enough.
    pub(crate) fn outbids(&self, other: &Self, bump: u8) -> bool {
        let enough = |new: u128, old: u128| {
            let least = U256::from(old) * U256::from(100 + u32::from(bump));
            U256::from(new) * U256::from(100) >= least
        };
        self.0.max_fee > other.0.max_fee
            && enough(self.0.max_fee, other.0.max_fee)
            && enough(self.0.tip, other.0.tip)
    }
}

/// A transaction that passed every check against the state.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) transaction: Recovered<Transaction>,
    pub(crate) encoded: Bytes,
    pub(crate) cost: U256,
    /// The sender's nonce and balance in that state.
    pub(crate) account: AccountState,
    /// Accounts that the transaction delegates (EIP-7702).
    pub(crate) authorities: Box<[Address]>,
}

/// What the pool knows of a sender's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct AccountState {
    pub(crate) nonce: u64,
    pub(crate) balance: U256,
    /// Has delegated code (EIP-7702).
    pub(crate) delegated: bool,
}

/// Highest fee and tip per gas; a legacy transaction's price is both.
pub(crate) fn fees(transaction: &Transaction) -> (u128, u128) {
    let fee = transaction.max_fee_per_gas();
    (fee, transaction.max_priority_fee_per_gas().unwrap_or(fee))
}
