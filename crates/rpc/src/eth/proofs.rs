//! Merkle proofs in `eth_getProof`'s form.

use alloy_primitives::{Bytes, KECCAK256_EMPTY};
use alloy_rlp::EMPTY_STRING_CODE;
use alloy_rpc_types_eth::{EIP1186AccountProofResponse, EIP1186StorageProof};
use alloy_serde::JsonStorageKey;
use assay_trie::AccountProof;

/// RLP of the empty string.
const EMPTY_NODE: Bytes = Bytes::from_static(&[EMPTY_STRING_CODE]);

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
                value: slot.value,
                // An empty trie is one node to geth and reth: the empty string.
                proof: if slot.proof.is_empty() { vec![EMPTY_NODE] } else { slot.proof },
            })
            .collect(),
    }
}
