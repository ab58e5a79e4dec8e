//! Block 0 of a new store.

use crate::{
    ExecutedBlock, StorageError, Store,
    codec::{self, KeyBuf, key},
    commit::{write_block, write_codes},
    meta,
    tables::{Handles, Table},
};
use alloy_consensus::BlockBody;
use alloy_eips::BlockNumHash;
use alloy_primitives::{B256, Bytes, U256, keccak256};
use assay_chainspec::{ChainSpec, Genesis};
use assay_evm::{Block, RecoveredBlock};
use assay_trie::{HashedPostState, StateTrie, TrieUpdates, recompute_state_root};
use reth_primitives_traits::Account;
use revm::{database::BundleState, state::Bytecode};
use signet_libmdbx::{Environment, WriteFlags};
use std::{collections::BTreeMap, sync::Arc};

/// Writes the genesis block and state. The genesis hash comes last, in the same transaction as the
/// trie: a store that lacks it is made anew.
pub(crate) fn write_genesis(
    store: &Store,
    environment: &Environment,
    handles: &Handles,
    spec: &ChainSpec,
) -> Result<(), StorageError> {
    let header = spec.genesis_header();
    let head = BlockNumHash::new(header.number, header.hash());
    write_state(environment, handles, spec.genesis(), head)?;
    let snapshot = store.snapshot()?;
    let (root, nodes) = recompute_state_root(&snapshot)?;
    drop(snapshot);
    if root != header.state_root {
        return Err(StorageError::StateRoot {
            number: header.number,
            expected: header.state_root,
            computed: root,
        });
    }
    let tx = environment.begin_rw_unsync()?;
    let mut entries = BTreeMap::new();
    for (path, node) in
        nodes.account_nodes.iter().filter_map(|(path, node)| Some((path, node.as_ref()?)))
    {
        let mut key = KeyBuf::new();
        codec::push_path(&mut key, path);
        entries.insert((Table::AccountsTrie as usize, key), node);
    }
    for (address, trie) in &nodes.storage_tries {
        for (path, node) in
            trie.nodes.iter().filter_map(|(path, node)| Some((path, node.as_ref()?)))
        {
            let mut key = key(&[address.as_slice()]);
            codec::push_path(&mut key, path);
            entries.insert((Table::StoragesTrie as usize, key), node);
        }
    }
    for ((table, key), node) in entries {
        let mut value = Vec::new();
        codec::put_node(node, &mut value);
        tx.append(handles.get(Table::ALL[table]), key, value)?;
    }
    write_block(&tx, handles, &genesis_block(spec))?;
    tx.put(handles.get(Table::Meta), meta::GENESIS, head.hash, WriteFlags::UPSERT)?;
    Ok(tx.commit()?)
}

/// The genesis block, which changes nothing.
fn genesis_block(spec: &ChainSpec) -> ExecutedBlock {
    let header = spec.genesis_header();
    let withdrawals = header.withdrawals_root.map(|_| Default::default());
    let body = BlockBody { withdrawals, ..Default::default() };
    let block = Block { header: header.inner().clone(), body };
    ExecutedBlock {
        block: Arc::new(RecoveredBlock::new(block, Vec::new(), header.hash())),
        receipts: Arc::default(),
        bundle: Arc::new(BundleState::default()),
        hashed: Arc::new(HashedPostState::default()),
        trie_updates: Arc::new(TrieUpdates::default()),
        trie: StateTrie::cold(header.state_root),
    }
}

fn write_state(
    environment: &Environment,
    handles: &Handles,
    genesis: &Genesis,
    head: BlockNumHash,
) -> Result<(), StorageError> {
    let mut accounts: Vec<_> =
        genesis.alloc.iter().map(|(address, account)| (keccak256(address), account)).collect();
    accounts.sort_unstable_by_key(|(address, _)| *address);
    let tx = environment.begin_rw_unsync()?;
    // What an earlier attempt left.
    for table in Table::ALL.iter().filter(|table| **table != Table::Meta) {
        tx.clear_db(handles.get(*table))?;
    }
    let mut value = Vec::new();
    for (address, account) in accounts {
        let code = account.code.as_ref().filter(|code| !code.is_empty());
        let code_hash = code.map(keccak256);
        let entry = Account {
            nonce: account.nonce.unwrap_or_default(),
            balance: account.balance,
            bytecode_hash: code_hash,
        };
        value.clear();
        codec::put_account(&entry, &mut value);
        tx.append(handles.get(Table::Accounts), address, &value)?;
        if let (Some(code), Some(hash)) = (code, code_hash) {
            write_codes(&tx, handles, [(&hash, &raw(code))])?;
        }
        let slots = account.storage.iter().flatten();
        let slots: BTreeMap<B256, U256> = slots
            .map(|(slot, value)| (keccak256(slot), U256::from_be_bytes(value.0)))
            .filter(|(_, value)| !value.is_zero())
            .collect();
        for (slot, slot_value) in slots {
            value.clear();
            codec::put_slot(slot_value, &mut value);
            let key = key(&[address.as_slice(), slot.as_slice()]);
            tx.append(handles.get(Table::Storages), key, &value)?;
        }
    }
    meta::put_head(&tx, handles, head)?;
    Ok(tx.commit()?)
}

/// Code as the genesis has it. A malformed EIP-7702 delegation is kept as plain code.
fn raw(code: &Bytes) -> Bytecode {
    Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code.clone()))
}
