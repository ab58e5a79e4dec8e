//! Blobs as the pool takes them and the beacon API gives them.

use crate::error::Refusal;
use alloy_consensus::{
    EthereumTxEnvelope, Signed, TxEip4844Variant, TxEip4844WithSidecar, TxEnvelope,
};
use alloy_eips::{
    eip4844::{Blob, Bytes48, env_settings::EnvKzgSettings},
    eip7594::BlobTransactionSidecarVariant,
};
use alloy_primitives::B256;
use std::sync::Arc;

/// A transaction in network form: a blob transaction carries its sidecar, of either kind.
pub(super) type NetworkTransaction =
    EthereumTxEnvelope<TxEip4844WithSidecar<BlobTransactionSidecarVariant>>;

/// One blob of a block.
#[derive(Debug, Clone)]
pub struct BlockBlob {
    /// Its index in the block.
    pub index: u64,
    /// The versioned hash in the transaction.
    pub versioned_hash: B256,
    /// The blob.
    pub blob: Arc<Blob>,
    /// Its KZG commitment.
    pub commitment: Bytes48,
    /// The proof that the blob and the commitment belong together (EIP-4844).
    pub proof: Bytes48,
}

/// Takes a network transaction apart.
pub(super) fn split(
    transaction: NetworkTransaction,
) -> (TxEnvelope, Option<BlobTransactionSidecarVariant>) {
    match transaction {
        EthereumTxEnvelope::Legacy(tx) => (EthereumTxEnvelope::Legacy(tx), None),
        EthereumTxEnvelope::Eip2930(tx) => (EthereumTxEnvelope::Eip2930(tx), None),
        EthereumTxEnvelope::Eip1559(tx) => (EthereumTxEnvelope::Eip1559(tx), None),
        EthereumTxEnvelope::Eip7702(tx) => (EthereumTxEnvelope::Eip7702(tx), None),
        EthereumTxEnvelope::Eip4844(tx) => {
            let (tx, signature, hash) = tx.into_parts();
            let TxEip4844WithSidecar { tx, sidecar } = tx;
            let signed = Signed::new_unchecked(TxEip4844Variant::TxEip4844(tx), signature, hash);
            (EthereumTxEnvelope::Eip4844(signed), Some(sidecar))
        }
    }
}

/// Checks a sidecar against the transaction's hashes, its proofs included.
pub(super) fn check(
    sidecar: &BlobTransactionSidecarVariant,
    hashes: &[B256],
    osaka: bool,
) -> Result<(), Refusal> {
    match (sidecar, osaka) {
        (BlobTransactionSidecarVariant::Eip4844(_), true) => {
            return Err(Refusal::Blobs("blob proofs: cell proofs are required from Osaka".into()));
        }
        (BlobTransactionSidecarVariant::Eip7594(_), false) => {
            return Err(Refusal::Blobs("cell proofs: not before Osaka".into()));
        }
        _ => {}
    }
    sidecar
        .validate(hashes, EnvKzgSettings::Default.get())
        .map_err(|error| Refusal::Blobs(error.to_string()))
}

/// The blobs of a sidecar, `first` being the index of the first one in its block.
pub(super) fn block_blobs(
    sidecar: &BlobTransactionSidecarVariant,
    first: u64,
) -> Result<Vec<BlockBlob>, c_kzg::Error> {
    let mut blobs = Vec::with_capacity(sidecar.blobs().len());
    let parts = sidecar.blobs().iter().zip(sidecar.commitments()).zip(sidecar.versioned_hashes());
    for (index, ((blob, commitment), versioned_hash)) in (first..).zip(parts) {
        let proof = match sidecar {
            BlobTransactionSidecarVariant::Eip4844(sidecar) => {
                // Validated: as many proofs as blobs.
                sidecar.proofs[blobs.len()]
            }
            BlobTransactionSidecarVariant::Eip7594(_) => prove(blob, commitment)?,
        };
        blobs.push(BlockBlob {
            index,
            versioned_hash,
            blob: Arc::new(*blob),
            commitment: *commitment,
            proof,
        });
    }
    Ok(blobs)
}

/// The EIP-4844 proof that cell proofs leave out.
fn prove(blob: &Blob, commitment: &Bytes48) -> Result<Bytes48, c_kzg::Error> {
    let settings = EnvKzgSettings::Default.get();
    let blob = c_kzg::Blob::new(blob.0);
    let proof = settings.compute_blob_kzg_proof(&blob, &c_kzg::Bytes48::new(commitment.0))?;
    Ok(Bytes48::from(*proof.to_bytes()))
}
