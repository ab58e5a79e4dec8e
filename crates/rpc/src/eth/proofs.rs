//! Merkle proofs in `eth_getProof`'s form.

use alloy_primitives::{KECCAK256_EMPTY, U256};
use alloy_rpc_types_eth::{EIP1186AccountProofResponse, EIP1186StorageProof};
use alloy_serde::JsonStorageKey;
use assay_trie::AccountProof;

/// The answer; keys are given back as they came, `0x0` or 32 bytes.
pub(crate) fn response(
    proof: AccountProof,
    keys: Vec<JsonStorageKey>,
) -> EIP1186AccountProofResponse {
    let account = proof.account.unwrap_or_default();
    EIP1186AccountProofResponse {
        address: proof.address,
        balance: account.balance,
        code_hash: account.bytecode_hash.unwrap_or(KECCAK256_EMPTY),
        nonce: account.nonce,
        storage_hash: proof.storage_root,
        account_proof: proof.proof,
        storage_proof: proof
            .storage
            .into_iter()
            .zip(keys)
            .map(|(slot, key)| EIP1186StorageProof {
                key,
                value: U256::from(slot.value),
                proof: slot.proof,
            })
            .collect(),
    }
}
