//! `eth_getProof`.

use super::{chain::L1, state::State};
use crate::L1Error;
use alloy_consensus::constants::KECCAK_EMPTY;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rpc_types_eth::{BlockId, EIP1186AccountProofResponse, EIP1186StorageProof};
use alloy_serde::JsonStorageKey;
use alloy_trie::{HashBuilder, Nibbles, proof::ProofRetainer};

impl L1 {
    /// Merkle proofs of an account and of slots of it.
    ///
    /// # Errors
    /// An unknown block.
    pub fn proof(
        &self,
        address: Address,
        slots: &[JsonStorageKey],
        block: BlockId,
    ) -> Result<EIP1186AccountProofResponse, L1Error> {
        let number = self.number_of(block)?;
        let state: &State = self.state();
        let account = state.basic(address, number);
        let storage = state.slots(address, number);
        let storage_proof = slots
            .iter()
            .map(|key| {
                let slot = key.as_b256();
                EIP1186StorageProof {
                    key: *key,
                    value: state.storage(address, slot.into(), number),
                    proof: prove(
                        keccak256(slot),
                        storage.iter().map(|(slot, value)| (*slot, alloy_rlp::encode(value))),
                    ),
                }
            })
            .collect();
        Ok(EIP1186AccountProofResponse {
            address,
            balance: account.map_or(U256::ZERO, |account| account.balance),
            code_hash: account.map_or(KECCAK_EMPTY, |account| account.code_hash),
            nonce: account.map_or(0, |account| account.nonce),
            storage_hash: state.storage_root(address, number),
            account_proof: prove(
                keccak256(address),
                state.leaves(number).map(|(hash, account)| (hash, alloy_rlp::encode(account))),
            ),
            storage_proof,
        })
    }
}

/// The nodes on the way to `key` in the trie of these leaves, which ascend.
fn prove(key: B256, leaves: impl Iterator<Item = (B256, Vec<u8>)>) -> Vec<Bytes> {
    let target = Nibbles::unpack(key);
    let mut builder =
        HashBuilder::default().with_proof_retainer(ProofRetainer::from_iter([target]));
    for (hash, value) in leaves {
        builder.add_leaf(Nibbles::unpack(hash), &value);
    }
    builder.root();
    let nodes = builder.take_proof_nodes().into_nodes_sorted();
    nodes.into_iter().map(|(_, node)| node).collect()
}
