//! A pretended L1: a pool with the rules that matter here, and blocks.

use super::l2::l1_info;
use crate::{BatcherError, L1Head, L1Rpc, NonceAt, TxTarget};
use alloy_consensus::{Transaction, TxEip4844Variant, TxEnvelope, transaction::SignerRecoverable};
use alloy_eips::{
    eip2718::Decodable2718,
    eip4844::{Blob, env_settings::EnvKzgSettings},
    eip7594::BlobTransactionSidecarVariant,
};
use alloy_primitives::{Address, B256, Bytes};
use alloy_signer_local::PrivateKeySigner;
use assay_chainspec::{BlockId, L1ChainConfig};
use async_trait::async_trait;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

pub(crate) fn signer() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap()
}

pub(crate) fn target(osaka: bool) -> TxTarget {
    TxTarget { l1: L1ChainConfig::dev(900, osaka), inbox: super::l2::INBOX, signer: signer() }
}

/// A block's transactions with their blobs.
#[derive(Debug, Clone, Default)]
pub(crate) struct MinedBlock {
    pub(crate) transactions: Vec<(TxEnvelope, Vec<Blob>)>,
    /// Told apart from the block of the same number in another history.
    salt: u8,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) blocks: Vec<MinedBlock>,
    /// By nonce.
    pub(crate) pool: BTreeMap<u64, (TxEnvelope, Vec<Blob>)>,
    /// Everything that was ever sent, refused or not.
    pub(crate) sent: Vec<TxEnvelope>,
    /// Answers nothing.
    pub(crate) down: bool,
    /// What the next transactions are refused with.
    pub(crate) refusals: Vec<&'static str>,
    pub(crate) base_fee: u64,
    /// Whether blob transactions need cell proofs.
    pub(crate) osaka: bool,
}

/// L1 with one account that matters.
#[derive(Debug)]
pub(crate) struct L1 {
    pub(crate) state: Mutex<State>,
}

impl L1 {
    pub(crate) fn new() -> Arc<Self> {
        let state = State { blocks: vec![MinedBlock::default()], base_fee: 7, ..State::default() };
        Arc::new(Self { state: Mutex::new(state) })
    }

    pub(crate) fn blocks(&self) -> Vec<MinedBlock> {
        self.state.lock().unwrap().blocks.clone()
    }

    /// Mines a block with what the pool can give.
    pub(crate) fn mine(&self) {
        let mut state = self.state.lock().unwrap();
        let mut nonce = state.next_nonce();
        let mut block = MinedBlock::default();
        while let Some(transaction) = state.pool.remove(&nonce) {
            block.transactions.push(transaction);
            nonce += 1;
        }
        state.blocks.push(block);
    }

    /// Mines a block with nothing in it.
    pub(crate) fn mine_empty(&self) {
        self.state.lock().unwrap().blocks.push(MinedBlock::default());
    }

    /// Takes the newest blocks back; their transactions are lost.
    pub(crate) fn reorg(&self, depth: usize) {
        let mut state = self.state.lock().unwrap();
        let length = state.blocks.len() - depth;
        state.blocks.truncate(length);
        for _ in 0..depth {
            state.blocks.push(MinedBlock { salt: 1, ..MinedBlock::default() });
        }
    }
}

impl State {
    fn next_nonce(&self) -> u64 {
        self.blocks.iter().map(|block| block.transactions.len() as u64).sum()
    }

    fn add(&mut self, transaction: TxEnvelope) -> Result<(), &'static str> {
        self.sent.push(transaction.clone());
        if !self.refusals.is_empty() {
            return Err(self.refusals.remove(0));
        }
        if transaction.recover_signer().unwrap() != signer().address() {
            return Err("a stranger");
        }
        let nonce = transaction.nonce();
        if nonce < self.next_nonce() {
            return Err("nonce too low");
        }
        if self.pool.values().any(|(pooled, _)| pooled.tx_hash() == transaction.tx_hash()) {
            return Err("already known");
        }
        if self.pool.values().any(|(pooled, _)| pooled.is_eip4844() != transaction.is_eip4844()) {
            return Err("address already reserved");
        }
        if let Some((old, _)) = self.pool.get(&nonce) {
            // As geth and reth ask for it, at their strictest.
            let percent = if old.is_eip4844() { 200 } else { 110 };
            let above = |new: u128, old: u128| new * 100 > old * percent;
            let fits = above(transaction.max_fee_per_gas(), old.max_fee_per_gas())
                && above(
                    transaction.max_priority_fee_per_gas().unwrap(),
                    old.max_priority_fee_per_gas().unwrap(),
                )
                && transaction
                    .max_fee_per_blob_gas()
                    .zip(old.max_fee_per_blob_gas())
                    .is_none_or(|(new, old)| above(new, old));
            if !fits {
                return Err("replacement transaction underpriced");
            }
        }
        let (stripped, blobs) = self.check_blobs(transaction)?;
        self.pool.insert(nonce, (stripped, blobs));
        Ok(())
    }

    /// Checks the proofs of a blob transaction, and takes the blobs off it.
    fn check_blobs(
        &self,
        transaction: TxEnvelope,
    ) -> Result<(TxEnvelope, Vec<Blob>), &'static str> {
        let TxEnvelope::Eip4844(signed) = transaction else { return Ok((transaction, Vec::new())) };
        let (variant, signature, hash) = signed.into_parts();
        let TxEip4844Variant::TxEip4844WithSidecar(with) = variant else {
            return Err("no sidecar");
        };
        if matches!(with.sidecar, BlobTransactionSidecarVariant::Eip7594(_)) != self.osaka {
            return Err("wrong kind of sidecar");
        }
        with.sidecar
            .validate(&with.tx.blob_versioned_hashes, EnvKzgSettings::Default.get())
            .map_err(|_| "invalid proof")?;
        let blobs = with.sidecar.blobs().to_vec();
        let variant = TxEip4844Variant::TxEip4844(with.tx);
        let signed = alloy_consensus::Signed::new_unchecked(variant, signature, hash);
        Ok((TxEnvelope::Eip4844(signed), blobs))
    }
}

#[async_trait]
impl L1Rpc for L1 {
    async fn head(&self) -> Result<L1Head, BatcherError> {
        let state = self.state.lock().unwrap();
        if state.down {
            return Err(BatcherError::Transport("down".into()));
        }
        let number = state.blocks.len() as u64 - 1;
        let info = l1_info(number);
        Ok(L1Head {
            number,
            hash: info.hash,
            timestamp: info.timestamp,
            base_fee: state.base_fee,
            excess_blob_gas: Some(0),
        })
    }

    async fn tip(&self) -> Result<u128, BatcherError> {
        Ok(1)
    }

    async fn nonce(&self, _: Address, at: NonceAt) -> Result<u64, BatcherError> {
        let state = self.state.lock().unwrap();
        let latest = state.next_nonce();
        Ok(match at {
            NonceAt::Latest => latest,
            NonceAt::Pending => latest + state.pool.len() as u64,
        })
    }

    async fn send(&self, raw: Bytes) -> Result<B256, BatcherError> {
        let mut state = self.state.lock().unwrap();
        if state.down {
            return Err(BatcherError::Transport("down".into()));
        }
        let transaction = TxEnvelope::decode_2718_exact(&raw).unwrap();
        let hash = *transaction.tx_hash();
        match state.add(transaction) {
            Ok(()) => Ok(hash),
            Err(message) => Err(BatcherError::Rejected { code: -32000, message: message.into() }),
        }
    }

    async fn inclusion(&self, hash: B256) -> Result<Option<BlockId>, BatcherError> {
        let state = self.state.lock().unwrap();
        if state.down {
            return Err(BatcherError::Transport("down".into()));
        }
        let position = state.blocks.iter().position(|block| {
            block.transactions.iter().any(|(transaction, _)| *transaction.tx_hash() == hash)
        });
        Ok(position.map(|number| BlockId {
            hash: B256::with_last_byte(state.blocks[number].salt),
            number: number as u64,
        }))
    }
}
