//! Merkle proofs.

use crate::{
    HashedPostState, HashedStorage, StateTrie, TrieError, TrieSource,
    accounts::AccountChange,
    find::{self, Found},
    node::AccountValue,
    scan::first_key,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256, map::B256Map};
use alloy_trie::EMPTY_ROOT_HASH;
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
    StateTrie::load(source)?.account_proof(source, address, slots)
}

/// The trie nodes, by hash, on the paths to these accounts and slots (hashed slots by hashed
/// address), and the state root above them.
pub fn multiproof(
    source: &dyn TrieSource,
    targets: &B256Map<Vec<B256>>,
) -> Result<(B256, B256Map<Bytes>), TrieError> {
    StateTrie::load(source)?.multiproof(source, targets)
}

/// The trie nodes, by hash, that somebody without the state needs to read `targets` (as in
/// [`multiproof`]) and to compute the root after `changes`: the targets' and the changes' paths,
/// and the siblings that deletions merge into their parents, in whatever order one applies them.
pub fn witness(
    source: &dyn TrieSource,
    targets: &B256Map<Vec<B256>>,
    changes: &HashedPostState,
) -> Result<(B256, B256Map<Bytes>), TrieError> {
    StateTrie::load(source)?.witness(source, targets, changes)
}

impl StateTrie {
    /// As the function [`account_proof`], reading only what is not in memory.
    pub fn account_proof(
        &self,
        source: &dyn TrieSource,
        address: Address,
        slots: &[B256],
    ) -> Result<AccountProof, TrieError> {
        let key = keccak256(address);
        let slot_keys: Vec<_> = slots.iter().map(|slot| (key, keccak256(slot))).collect();
        let trie = self.prefetch(source, &[key], &slot_keys)?;
        let account = trie.account(&key);
        let storage = slots
            .iter()
            .zip(&slot_keys)
            .map(|(slot, (_, key))| {
                let (value, proof) = account.map_or((U256::ZERO, Vec::new()), |it| it.slot(key));
                StorageProof { slot: *slot, value, proof }
            })
            .collect();
        Ok(AccountProof {
            address,
            account: account.map(AccountValue::account),
            storage_root: account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root),
            proof: find::proof(trie.link(), &key),
            storage,
            state_root: trie.root(),
        })
    }

    /// As the function [`multiproof`], reading only what is not in memory.
    pub fn multiproof(
        &self,
        source: &dyn TrieSource,
        targets: &B256Map<Vec<B256>>,
    ) -> Result<(B256, B256Map<Bytes>), TrieError> {
        let mut nodes = B256Map::default();
        self.collect(source, targets, &mut nodes)?;
        Ok((self.root(), nodes))
    }

    /// As the function [`witness`], reading only what is not in memory.
    pub fn witness(
        &self,
        source: &dyn TrieSource,
        targets: &B256Map<Vec<B256>>,
        changes: &HashedPostState,
    ) -> Result<(B256, B256Map<Bytes>), TrieError> {
        let mut targets = targets.clone();
        for key in changes.accounts.keys() {
            targets.entry(*key).or_default();
        }
        for (key, storage) in &changes.storages {
            targets.entry(*key).or_default().extend(storage.slots.keys());
        }
        let mut nodes = B256Map::default();
        let trie = self.collect(source, &targets, &mut nodes)?;

        // One who applies changes one by one may delete what shares a branch with what is yet to
        // be inserted: with the deletions alone, most merges happen.
        let mut siblings: B256Map<Vec<B256>> = B256Map::default();
        for changes in [&deletions(changes), changes] {
            let sorted = AccountChange::sorted(changes);
            let (_, output) = trie.clone().change(source, &sorted)?;
            for (hashed_address, path) in output.merged {
                let below = first_key(&path);
                // The account trie goes by the zero hash; so does the storage of an account with
                // that hash, if there were one: then the key is looked up in both.
                if hashed_address.is_zero() {
                    siblings.entry(below).or_default();
                }
                if changes.storages.contains_key(&hashed_address) {
                    siblings.entry(hashed_address).or_default().push(below);
                }
            }
        }
        trie.collect(source, &siblings, &mut nodes)?;
        Ok((self.root(), nodes))
    }

    /// Adds the nodes on the way to `targets`. Gives the trie with them in memory.
    fn collect(
        &self,
        source: &dyn TrieSource,
        targets: &B256Map<Vec<B256>>,
        nodes: &mut B256Map<Bytes>,
    ) -> Result<Self, TrieError> {
        let accounts: Vec<_> = targets.keys().copied().collect();
        let slots: Vec<_> = targets
            .iter()
            .flat_map(|(key, slots)| slots.iter().map(|slot| (*key, *slot)))
            .collect();
        let trie = self.prefetch(source, &accounts, &slots)?;
        for (key, slots) in targets {
            find::collect(trie.link(), trie.root(), key, nodes);
            let Some(account) = trie.account(key) else { continue };
            let Some(storage) = &account.storage else { continue };
            for slot in slots {
                find::collect(&storage.link, account.storage_root, slot, nodes);
            }
        }
        Ok(trie)
    }
}

/// Only what `changes` takes away, but for whole storage tries.
fn deletions(changes: &HashedPostState) -> HashedPostState {
    let gone = changes.accounts.iter().filter(|(_, account)| account.is_none());
    let cleared = |storage: &HashedStorage| {
        let slots = storage.slots.iter().filter(|(_, value)| value.is_zero());
        HashedStorage { wiped: false, slots: slots.map(|(key, value)| (*key, *value)).collect() }
    };
    HashedPostState {
        accounts: gone.map(|(key, account)| (*key, *account)).collect(),
        storages: changes
            .storages
            .iter()
            .filter(|(_, storage)| !storage.wiped)
            .map(|(key, storage)| (*key, cleared(storage)))
            .collect(),
    }
}

impl AccountValue {
    /// A slot's value and proof; the way to it is in memory.
    fn slot(&self, key: &B256) -> (U256, Vec<Bytes>) {
        let Some(storage) = &self.storage else { return (U256::ZERO, Vec::new()) };
        let value = match find::find(&storage.link, key) {
            Found::Leaf(leaf) => leaf.value,
            Found::Absent | Found::Blind => U256::ZERO,
        };
        (value, find::proof(&storage.link, key))
    }
}
