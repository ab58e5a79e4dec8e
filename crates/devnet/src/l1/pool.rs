//! The L1's transaction pool: by sender and nonce, with geth's rules of replacement.

use super::blobs::{self, NetworkTransaction};
use crate::error::Refusal;
use alloy_consensus::{
    EthereumTxEnvelope, Transaction, TxEnvelope,
    transaction::{Recovered, SignerRecoverable},
};
use alloy_eips::{eip2718::Decodable2718, eip7594::BlobTransactionSidecarVariant};
use alloy_primitives::{Address, B256, U256, map::HashMap};
use std::{collections::BTreeMap, sync::Arc};

/// The least more that a replacement pays, in percent.
const PRICE_BUMP: u128 = 10;
/// The same of a blob transaction.
const BLOB_PRICE_BUMP: u128 = 100;
/// The largest transaction without blobs, in bytes.
const MAX_SIZE: usize = 128 * 1024;
/// The largest with blobs, their sidecar not counted.
const MAX_BLOB_TX_SIZE: usize = 1024 * 1024;

/// A transaction in the pool.
#[derive(Debug, Clone)]
pub(super) struct Pooled {
    pub(super) transaction: Recovered<TxEnvelope>,
    pub(super) sidecar: Option<Arc<BlobTransactionSidecarVariant>>,
}

impl Pooled {
    pub(super) fn hash(&self) -> B256 {
        *self.transaction.tx_hash()
    }

    /// The most that it can cost, blobs included.
    fn cost(&self) -> U256 {
        let tx = &*self.transaction;
        let gas = U256::from(tx.gas_limit()) * U256::from(tx.max_fee_per_gas());
        let blobs = U256::from(tx.blob_gas_used().unwrap_or_default())
            * U256::from(tx.max_fee_per_blob_gas().unwrap_or_default());
        gas.saturating_add(blobs).saturating_add(tx.value())
    }

    fn has_blobs(&self) -> bool {
        self.sidecar.is_some()
    }

    /// Whether it may take `old`'s place: every fee is the bump higher.
    fn replaces(&self, old: &Self) -> bool {
        let bump = if old.has_blobs() { BLOB_PRICE_BUMP } else { PRICE_BUMP };
        let enough =
            |new: u128, old: u128| new > old && new >= old.saturating_mul(100 + bump).div_ceil(100);
        let (new, old) = (&*self.transaction, &*old.transaction);
        let tip = |tx: &TxEnvelope| tx.max_priority_fee_per_gas().unwrap_or(tx.max_fee_per_gas());
        enough(new.max_fee_per_gas(), old.max_fee_per_gas())
            && enough(tip(new), tip(old))
            && match (new.max_fee_per_blob_gas(), old.max_fee_per_blob_gas()) {
                (Some(new), Some(old)) => enough(new, old),
                _ => true,
            }
    }
}

/// What the pool has to know of the chain to judge a transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) chain_id: u64,
    pub(super) gas_limit: u64,
    pub(super) osaka: bool,
    pub(super) max_blobs: u64,
    pub(super) exclusive: bool,
}

/// A sender's account at the head.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sender {
    pub(super) nonce: u64,
    pub(super) balance: U256,
}

/// The pool.
#[derive(Debug, Default)]
pub(super) struct Pool {
    senders: BTreeMap<Address, BTreeMap<u64, Pooled>>,
    by_hash: HashMap<B256, (Address, u64)>,
}

/// Decodes a raw transaction, recovers its sender and checks what needs no state.
pub(super) fn decode(raw: &[u8], rules: Rules) -> Result<Pooled, Refusal> {
    let transaction = NetworkTransaction::decode_2718_exact(raw)
        .map_err(|error| Refusal::Undecodable(error.to_string()))?;
    let (transaction, sidecar) = blobs::split(transaction);
    let sender = transaction.recover_signer().map_err(|_| Refusal::Signature)?;
    let tx = &transaction;
    match tx.chain_id() {
        Some(id) if id == rules.chain_id => {}
        other => {
            let have = other.unwrap_or_default();
            return Err(Refusal::ChainId { have, want: rules.chain_id });
        }
    }
    let (size, limit) = match &sidecar {
        Some(sidecar) => {
            (raw.len().saturating_sub(sidecar.rlp_encoded_fields_length()), MAX_BLOB_TX_SIZE)
        }
        None => (raw.len(), MAX_SIZE),
    };
    if size > limit {
        return Err(Refusal::Oversized { size, limit });
    }
    if tx.max_priority_fee_per_gas().is_some_and(|tip| tip > tx.max_fee_per_gas()) {
        return Err(Refusal::TipAboveFeeCap);
    }
    if tx.gas_limit() > rules.gas_limit
        || rules.osaka && tx.gas_limit() > alloy_eips::eip7825::MAX_TX_GAS_LIMIT_OSAKA
    {
        return Err(Refusal::GasLimit);
    }
    let needed = intrinsic_gas(tx);
    if tx.gas_limit() < needed {
        return Err(Refusal::IntrinsicGas { gas: tx.gas_limit(), needed });
    }
    if let EthereumTxEnvelope::Eip4844(blob_tx) = tx {
        check_blobs(blob_tx.tx(), sidecar.as_ref(), rules)?;
    }
    Ok(Pooled {
        transaction: Recovered::new_unchecked(transaction, sender),
        sidecar: sidecar.map(Arc::new),
    })
}

fn check_blobs(
    tx: &impl Transaction,
    sidecar: Option<&BlobTransactionSidecarVariant>,
    rules: Rules,
) -> Result<(), Refusal> {
    let hashes = tx.blob_versioned_hashes().unwrap_or_default();
    if hashes.is_empty() || hashes.len() as u64 > rules.max_blobs {
        return Err(Refusal::Blobs(format!(
            "{} blobs, 1 to {} are allowed",
            hashes.len(),
            rules.max_blobs
        )));
    }
    if tx.max_priority_fee_per_gas().unwrap_or_default() == 0 {
        return Err(Refusal::Underpriced("gas tip cap 0, minimum needed 1"));
    }
    if tx.max_fee_per_blob_gas().unwrap_or_default() == 0 {
        return Err(Refusal::Underpriced("blob fee cap 0, minimum needed 1"));
    }
    let sidecar = sidecar.ok_or_else(|| Refusal::Blobs("missing".into()))?;
    blobs::check(sidecar, hashes, rules.osaka)
}

/// EIP-2028, EIP-2930, EIP-3860, EIP-7702 and the floor of EIP-7623.
fn intrinsic_gas(tx: &TxEnvelope) -> u64 {
    let (mut zeros, mut others) = (0u64, 0u64);
    for byte in tx.input() {
        if *byte == 0 { zeros += 1 } else { others += 1 }
    }
    let tokens = zeros + others * 4;
    let mut gas = 21_000 + tokens * 4;
    if tx.is_create() {
        gas += 32_000 + 2 * (tx.input().len() as u64).div_ceil(32);
    }
    for item in tx.access_list().into_iter().flat_map(|list| list.iter()) {
        gas += 2_400 + 1_900 * item.storage_keys.len() as u64;
    }
    gas += 25_000 * tx.authorization_list().unwrap_or_default().len() as u64;
    gas.max(21_000 + tokens * 10)
}

impl Pool {
    /// Takes a decoded transaction, or refuses it.
    pub(super) fn add(
        &mut self,
        pooled: Pooled,
        sender: Sender,
        rules: Rules,
    ) -> Result<(), Refusal> {
        let (hash, address) = (pooled.hash(), pooled.transaction.signer());
        let nonce = pooled.transaction.nonce();
        if self.by_hash.contains_key(&hash) {
            return Err(Refusal::Known(hash));
        }
        if nonce < sender.nonce {
            return Err(Refusal::NonceTooLow { next: sender.nonce, nonce });
        }
        let next = self.next_nonce(address, sender.nonce);
        if pooled.has_blobs() && nonce > next {
            return Err(Refusal::NonceGapped { next, nonce });
        }
        let queue = self.senders.entry(address).or_default();
        if rules.exclusive && queue.values().any(|other| other.has_blobs() != pooled.has_blobs()) {
            return Err(Refusal::Reserved);
        }
        if let Some(old) = queue.get(&nonce)
            && !pooled.replaces(old)
        {
            return Err(Refusal::ReplacementUnderpriced);
        }
        let others = queue.iter().filter(|(other, _)| **other != nonce).map(|(_, tx)| tx.cost());
        let cost = others.fold(pooled.cost(), U256::saturating_add);
        if cost > sender.balance {
            let error = Refusal::Funds { balance: sender.balance, cost };
            if queue.is_empty() {
                self.senders.remove(&address);
            }
            return Err(error);
        }
        if let Some(old) = queue.insert(nonce, pooled) {
            self.by_hash.remove(&old.hash());
        }
        self.by_hash.insert(hash, (address, nonce));
        Ok(())
    }

    /// A sender's next nonce, `state` being that at the head.
    pub(super) fn next_nonce(&self, address: Address, state: u64) -> u64 {
        let Some(queue) = self.senders.get(&address) else { return state };
        (state..).find(|nonce| !queue.contains_key(nonce)).unwrap_or(state)
    }

    pub(super) fn get(&self, hash: B256) -> Option<&Pooled> {
        let (address, nonce) = self.by_hash.get(&hash)?;
        self.senders.get(address)?.get(nonce)
    }

    pub(super) fn remove(&mut self, hash: B256) -> Option<Pooled> {
        let (address, nonce) = self.by_hash.remove(&hash)?;
        let queue = self.senders.get_mut(&address)?;
        let removed = queue.remove(&nonce);
        if queue.is_empty() {
            self.senders.remove(&address);
        }
        removed
    }

    pub(super) fn len(&self) -> usize {
        self.by_hash.len()
    }

    /// Drops what the chain has overtaken: used nonces.
    pub(super) fn prune(&mut self, nonce: impl Fn(Address) -> u64) {
        let stale: Vec<B256> = self
            .senders
            .iter()
            .flat_map(|(address, queue)| queue.range(..nonce(*address)).map(|(_, tx)| tx.hash()))
            .collect();
        for hash in stale {
            self.remove(hash);
        }
    }

    /// Each sender's executable transactions in order of nonce.
    pub(super) fn executable(&self, nonce: impl Fn(Address) -> u64) -> Vec<Vec<Pooled>> {
        self.senders
            .iter()
            .map(|(address, queue)| {
                (nonce(*address)..)
                    .map_while(|nonce| queue.get(&nonce).cloned())
                    .collect::<Vec<_>>()
            })
            .filter(|queue| !queue.is_empty())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULES: Rules =
        Rules { chain_id: 1, gas_limit: 30_000_000, osaka: false, max_blobs: 6, exclusive: true };

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_decoded(raw in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = decode(&raw, RULES);
        }

        #[test]
        fn any_typed_bytes_are_refused_or_decoded(
            kind in 1u8..5,
            raw in proptest::collection::vec(any::<u8>(), 0..400),
        ) {
            let _ = decode(&[&[kind], &raw[..]].concat(), RULES);
        }
    }
}
