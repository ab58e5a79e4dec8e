//! Signed transactions, with KZG proofs where they carry blobs.

use crate::{BatcherError, TxFees, TxTarget, tx_data::Payload};
use alloy_consensus::{
    SignableTransaction, TxEip1559, TxEip4844, TxEip4844Variant, TxEip4844WithSidecar, TxEnvelope,
};
use alloy_eips::{
    eip2718::Encodable2718,
    eip4844::{Blob, BlobTransactionSidecar, env_settings::EnvKzgSettings},
    eip7594::{BlobTransactionSidecarEip7594, BlobTransactionSidecarVariant},
};
use alloy_primitives::{B256, Bytes, TxKind, U256};
use alloy_signer::SignerSync;

/// A transaction, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) hash: B256,
    /// As pools take it: blobs included.
    pub(crate) raw: Bytes,
    /// Whether its blobs have EIP-7594 cell proofs.
    pub(crate) cell_proofs: bool,
}

/// A batcher transaction.
pub(crate) async fn sign(
    target: &TxTarget,
    nonce: u64,
    fees: TxFees,
    payload: Payload,
    cells: bool,
) -> Result<Signed, BatcherError> {
    match payload {
        Payload::Calldata(input) => {
            sign_calldata(target, nonce, fees, TxKind::Call(target.inbox), input)
        }
        Payload::Blobs(blobs) => {
            let sidecar = sidecar(blobs, cells).await?;
            sign_blobs(target, nonce, fees, target.inbox, sidecar, cells)
        }
    }
}

/// A transaction of the batcher to itself that does nothing, with a blob if the fees are a blob
/// transaction's.
pub(crate) async fn sign_empty(
    target: &TxTarget,
    nonce: u64,
    fees: TxFees,
    cells: bool,
) -> Result<Signed, BatcherError> {
    let to = target.signer.address();
    if fees.max_blob_fee.is_none() {
        return sign_calldata(target, nonce, fees, TxKind::Call(to), Bytes::new());
    }
    let sidecar = sidecar(vec![Blob::ZERO], cells).await?;
    sign_blobs(target, nonce, fees, to, sidecar, cells)
}

fn sign_calldata(
    target: &TxTarget,
    nonce: u64,
    fees: TxFees,
    to: TxKind,
    input: Bytes,
) -> Result<Signed, BatcherError> {
    let transaction = TxEip1559 {
        chain_id: target.l1.chain_id,
        nonce,
        gas_limit: crate::fees::calldata_gas(&input),
        max_fee_per_gas: fees.max_fee,
        max_priority_fee_per_gas: fees.tip,
        to,
        value: U256::ZERO,
        access_list: Default::default(),
        input,
    };
    let signature = target
        .signer
        .sign_hash_sync(&transaction.signature_hash())
        .map_err(|error| cannot_sign(&error))?;
    Ok(finish(&transaction.into_signed(signature).into(), false))
}

fn sign_blobs(
    target: &TxTarget,
    nonce: u64,
    fees: TxFees,
    to: alloy_primitives::Address,
    sidecar: BlobTransactionSidecarVariant,
    cell_proofs: bool,
) -> Result<Signed, BatcherError> {
    let transaction = TxEip4844 {
        chain_id: target.l1.chain_id,
        nonce,
        gas_limit: crate::fees::calldata_gas(&[]),
        max_fee_per_gas: fees.max_fee,
        max_priority_fee_per_gas: fees.tip,
        to,
        value: U256::ZERO,
        access_list: Default::default(),
        blob_versioned_hashes: sidecar.versioned_hashes().collect(),
        max_fee_per_blob_gas: fees.max_blob_fee.unwrap_or_default(),
        input: Bytes::new(),
    };
    let signature = target
        .signer
        .sign_hash_sync(&transaction.signature_hash())
        .map_err(|error| cannot_sign(&error))?;
    let transaction = TxEip4844Variant::TxEip4844WithSidecar(
        TxEip4844WithSidecar::from_tx_and_sidecar(transaction, sidecar),
    );
    Ok(finish(&TxEnvelope::Eip4844(transaction.into_signed(signature)), cell_proofs))
}

fn finish(transaction: &TxEnvelope, cell_proofs: bool) -> Signed {
    let raw = transaction.encoded_2718().into();
    Signed { hash: *transaction.tx_hash(), raw, cell_proofs }
}

/// Commitments and proofs take long enough to be kept off the runtime's threads.
async fn sidecar(
    blobs: Vec<Blob>,
    cells: bool,
) -> Result<BlobTransactionSidecarVariant, BatcherError> {
    let compute = move || {
        let settings = EnvKzgSettings::Default.get();
        if cells {
            BlobTransactionSidecarEip7594::try_from_blobs_with_settings(blobs, settings)
                .map(BlobTransactionSidecarVariant::Eip7594)
        } else {
            BlobTransactionSidecar::try_from_blobs_with_settings(blobs, settings)
                .map(BlobTransactionSidecarVariant::Eip4844)
        }
    };
    tokio::task::spawn_blocking(compute)
        .await
        .map_err(|error| BatcherError::Critical(format!("KZG proofs: {error}")))?
        .map_err(|error| BatcherError::Critical(format!("KZG proofs: {error}")))
}

fn cannot_sign(error: &alloy_signer::Error) -> BatcherError {
    BatcherError::Critical(format!("cannot sign: {error}"))
}
