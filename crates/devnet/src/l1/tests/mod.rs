//! Action tests: transactions, blocks and reorgs by plain calls.

mod chain;
mod contracts;
mod pool;
mod server;

use super::{L1, L1Config};
use alloy_consensus::{
    SignableTransaction, Signed, TxEip1559, TxEip4844, TxEip4844WithSidecar,
    transaction::RlpEcdsaEncodableTx,
};
use alloy_eips::{
    BlockId,
    eip4844::{
        BYTES_PER_BLOB, Blob, BlobTransactionSidecar, Bytes48, env_settings::EnvKzgSettings,
    },
    eip7594::BlobTransactionSidecarVariant,
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_signer::{Signature, SignerSync};
use alloy_signer_local::PrivateKeySigner;
use assay_chainspec::preset::{DEV_ACCOUNTS, DevAccount, L1Contracts, Preset};

const CHAIN_ID: u64 = 31_337;
const GENESIS_TIME: u64 = 1_750_000_000;
const GWEI: u128 = 1_000_000_000;

/// An L1 with the dev preset's rollup.
fn l1() -> L1 {
    L1::new(config())
}

fn config() -> L1Config {
    L1Config::new(CHAIN_ID, GENESIS_TIME, 2).with_rollup(&Preset::Dev.builder())
}

/// A sender, with the fees that it offers.
#[derive(Debug, Clone, Copy)]
struct Actor {
    account: DevAccount,
    tip: u128,
    fee: u128,
    blob_fee: u128,
}

impl Actor {
    const fn dev(index: usize) -> Self {
        Self::new(DEV_ACCOUNTS[index])
    }

    const fn new(account: DevAccount) -> Self {
        Self { account, tip: GWEI, fee: 100 * GWEI, blob_fee: 100 * GWEI }
    }

    const fn paying(mut self, tip: u128, fee: u128, blob_fee: u128) -> Self {
        (self.tip, self.fee, self.blob_fee) = (tip, fee, blob_fee);
        self
    }

    const fn address(&self) -> Address {
        self.account.address
    }

    fn sign(&self, hash: B256) -> Signature {
        let signer = PrivateKeySigner::from_bytes(&self.account.key).unwrap();
        signer.sign_hash_sync(&hash).unwrap()
    }

    fn call(&self, nonce: u64, to: Address, value: u128, input: impl Into<Bytes>) -> Vec<u8> {
        self.encode(&TxEip1559 {
            chain_id: CHAIN_ID,
            nonce,
            gas_limit: 1_000_000,
            max_fee_per_gas: self.fee,
            max_priority_fee_per_gas: self.tip,
            to: TxKind::Call(to),
            value: U256::from(value),
            input: input.into(),
            ..Default::default()
        })
    }

    fn transfer(&self, nonce: u64, to: Address) -> Vec<u8> {
        self.call(nonce, to, 1, Bytes::new())
    }

    fn encode(&self, tx: &TxEip1559) -> Vec<u8> {
        let signature = self.sign(tx.signature_hash());
        let mut raw = Vec::new();
        tx.eip2718_encode(&signature, &mut raw);
        raw
    }

    /// A transaction with this sidecar, in network form.
    fn blobs(&self, nonce: u64, sidecar: BlobTransactionSidecarVariant) -> Vec<u8> {
        let tx = TxEip4844 {
            chain_id: CHAIN_ID,
            nonce,
            gas_limit: 21_000,
            max_fee_per_gas: self.fee,
            max_priority_fee_per_gas: self.tip,
            max_fee_per_blob_gas: self.blob_fee,
            to: Preset::Dev.builder().batch_inbox(),
            blob_versioned_hashes: sidecar.versioned_hashes().collect(),
            ..Default::default()
        };
        let signature = self.sign(tx.signature_hash());
        let signed: Signed<_> = TxEip4844WithSidecar { tx, sidecar }.into_signed(signature);
        let mut raw = Vec::new();
        signed.tx().eip2718_encode(signed.signature(), &mut raw);
        raw
    }
}

/// A sidecar of blobs with EIP-4844 proofs, their bytes made of `seed`.
fn sidecar(count: usize, seed: u8) -> BlobTransactionSidecarVariant {
    let settings = EnvKzgSettings::Default.get();
    let (mut blobs, mut commitments, mut proofs) = (Vec::new(), Vec::new(), Vec::new());
    for index in 0..count {
        // The highest byte of each field element stays zero.
        let mut bytes = [0; BYTES_PER_BLOB];
        bytes[1] = seed;
        bytes[33] = index as u8;
        let blob = c_kzg::Blob::new(bytes);
        let commitment = settings.blob_to_kzg_commitment(&blob).unwrap().to_bytes();
        let proof = settings.compute_blob_kzg_proof(&blob, &commitment).unwrap().to_bytes();
        blobs.push(Blob::from(bytes));
        commitments.push(Bytes48::from(*commitment));
        proofs.push(Bytes48::from(*proof));
    }
    BlobTransactionSidecarVariant::Eip4844(BlobTransactionSidecar { blobs, commitments, proofs })
}

/// Calls a contract of the rollup.
fn call(l1: &L1, to: Address, input: impl Into<Bytes>) -> Bytes {
    use alloy_rpc_types_eth::TransactionRequest;
    let input: Bytes = input.into();
    let request = TransactionRequest::default().to(to).input(input.into());
    l1.call(request, BlockId::latest()).unwrap()
}

const CONTRACTS: L1Contracts = L1Contracts::DEV;
