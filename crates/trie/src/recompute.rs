//! The root from all of the state: for genesis, for checks, and as the oracle of the tests.

use crate::{StorageTrieUpdates, TrieError, TrieReader, TrieSource, TrieUpdates};
use alloy_primitives::{B256, map::HashMap};
use alloy_rlp::Encodable;
use alloy_trie::{BranchNodeCompact, EMPTY_ROOT_HASH, HashBuilder, Nibbles};

/// The state root of everything the accounts and storage cursors of `source` give, and all nodes
/// to store for it. Reads no stored node; holds no more than one path and the updates in memory.
pub fn recompute_state_root(source: &dyn TrieSource) -> Result<(B256, TrieUpdates), TrieError> {
    let reader = source.reader()?;
    let mut updates = TrieUpdates::default();
    let mut builder = HashBuilder::default().with_updates(true);
    let mut value = Vec::with_capacity(128);
    let mut accounts = reader.accounts()?;
    let mut entry = accounts.seek(B256::ZERO)?;
    while let Some((key, account)) = entry {
        let (storage_root, nodes) = storage_root(reader.as_ref(), key)?;
        if !nodes.is_empty() {
            let nodes = nodes.into_iter().map(|(path, node)| (path, Some(node))).collect();
            updates.storage_tries.insert(key, StorageTrieUpdates { wiped: false, nodes });
        }
        value.clear();
        account.into_trie_account(storage_root).encode(&mut value);
        builder.add_leaf(Nibbles::unpack(key), &value);
        entry = accounts.next()?;
    }
    let root = builder.root();
    let (_, nodes) = builder.split();
    updates.account_nodes = nodes.into_iter().map(|(path, node)| (path, Some(node))).collect();
    Ok((root, updates))
}

fn storage_root(
    reader: &dyn TrieReader,
    hashed_address: B256,
) -> Result<(B256, HashMap<Nibbles, BranchNodeCompact>), TrieError> {
    let mut storage = reader.storage(hashed_address)?;
    let mut entry = storage.seek(B256::ZERO)?;
    if entry.is_none() {
        return Ok((EMPTY_ROOT_HASH, HashMap::default()));
    }
    let mut builder = HashBuilder::default().with_updates(true);
    let mut rlp = Vec::with_capacity(33);
    while let Some((slot, value)) = entry {
        rlp.clear();
        value.encode(&mut rlp);
        builder.add_leaf(Nibbles::unpack(slot), &rlp);
        entry = storage.next()?;
    }
    let root = builder.root();
    Ok((root, builder.split().1))
}
