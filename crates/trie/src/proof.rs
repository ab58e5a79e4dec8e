//! Merkle proofs.

use crate::{HashedPostState, TrieError, TrieSource};
use alloy_primitives::{Address, B256, Bytes, U256, map::B256Map};
use reth_primitives_traits::Account;

/// What `eth_getProof` answers, without its encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountProof {
    /// The account's address.
    pub address: Address,
    /// `None`: there is no such account, and `proof` shows it.
    pub account: Option<Account>,
    /// Root of the account's storage trie.
    pub storage_root: B256,
    /// Nodes from the state root down. Empty for an empty trie.
    pub proof: Vec<Bytes>,
    /// In the order asked for.
    pub storage: Vec<StorageProof>,
    /// The state root that `proof` starts from.
    pub state_root: B256,
}

/// The proof of one slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageProof {
    /// The slot (not hashed).
    pub slot: B256,
    /// Zero: not set, and `proof` shows it.
    pub value: U256,
    /// Nodes from the storage root down. Empty for an empty trie.
    pub proof: Vec<Bytes>,
}

/// The proof of an account and of some of its slots, in a number of reads that depends on the
/// depth of the trie, not on its size.
pub fn account_proof(
    source: &dyn TrieSource,
    address: Address,
    slots: &[B256],
) -> Result<AccountProof, TrieError> {
    let _ = (source, address, slots);
    todo!()
}

/// The trie nodes, by hash, on the paths to these accounts and slots (hashed slots by hashed
/// address), and the state root above them.
pub fn multiproof(
    source: &dyn TrieSource,
    targets: &B256Map<Vec<B256>>,
) -> Result<(B256, B256Map<Bytes>), TrieError> {
    let _ = (source, targets);
    todo!()
}

/// The trie nodes, by hash, that somebody without the state needs to read `targets` (as in
/// [`multiproof`]) and to compute the root after `changes`: the targets' and the changes' paths,
/// and the siblings that deletions merge into their parents.
pub fn witness(
    source: &dyn TrieSource,
    targets: &B256Map<Vec<B256>>,
    changes: &HashedPostState,
) -> Result<(B256, B256Map<Bytes>), TrieError> {
    let _ = (source, targets, changes);
    todo!()
}
