//! Proofs of receipts for other chains.

use super::types::{OutputRootParts, ReceiptProof};
use crate::{RpcContext, RpcError, eth::state};
use alloy_consensus::BlockHeader;
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, U256, address, keccak256};
use alloy_serde::JsonStorageKey;
use assay_chainspec::{OpHardforks, predeploys::INFERENCE};

/// `L2ToL1MessagePasser`, whose storage root is part of every output root.
const MESSAGE_PASSER: Address = address!("4200000000000000000000000000000000000016");
/// Slot of the mapping from requests to receipts in `Inference`.
const RECEIPTS_SLOT: U256 = U256::ZERO;

/// `assay_getReceiptProof`.
pub(super) fn receipt_proof(
    ctx: &RpcContext,
    request_id: B256,
    block: BlockId,
) -> Result<ReceiptProof, RpcError> {
    let header = ctx.header(block)?;
    let id = BlockId::from(header.hash());
    let slot = keccak256([request_id.0, RECEIPTS_SLOT.to_be_bytes::<32>()].concat());
    let proof = state::proof(ctx, INFERENCE, vec![JsonStorageKey::Hash(slot)], Some(id))?;
    let storage = proof.storage_proof.into_iter().next();
    let storage = storage.ok_or_else(|| RpcError::internal("no storage proof was made"))?;
    if storage.value.is_zero() {
        return Err(RpcError::params("the request is not settled at this block"));
    }
    let parts = OutputRootParts {
        version: B256::ZERO,
        state_root: header.state_root(),
        message_passer_storage_root: message_passer_root(ctx, &header, id)?,
        latest_blockhash: header.hash(),
    };
    let output_root = keccak256(
        [
            parts.version,
            parts.state_root,
            parts.message_passer_storage_root,
            parts.latest_blockhash,
        ]
        .concat(),
    );
    Ok(ReceiptProof {
        request_id,
        receipt_hash: storage.value.into(),
        block_number: header.number(),
        output_root,
        output_root_parts: parts,
        contract: INFERENCE,
        slot,
        account_proof: proof.account_proof,
        storage_proof: storage.proof,
    })
}

/// The message passer's storage root: from Isthmus on the header has it.
fn message_passer_root(
    ctx: &RpcContext,
    header: &assay_evm::SealedHeader,
    id: BlockId,
) -> Result<B256, RpcError> {
    if ctx.spec().is_isthmus_active_at_timestamp(header.timestamp())
        && let Some(root) = header.withdrawals_root()
    {
        return Ok(root);
    }
    Ok(state::proof(ctx, MESSAGE_PASSER, Vec::new(), Some(id))?.storage_hash)
}
