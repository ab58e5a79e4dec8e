//! Comparison of the stored branch nodes with computed ones.

use crate::{
    StorageError,
    codec::{self, KeyBuf, key},
    snapshot::Snapshot,
    tables::Table,
};
use alloy_trie::BranchNodeCompact;
use assay_trie::TrieUpdates;

/// Checks that exactly `nodes` are stored.
pub(crate) fn stored_nodes(snapshot: &Snapshot, nodes: &TrieUpdates) -> Result<(), StorageError> {
    let mut counts = [0, 0];
    for (path, node) in &nodes.account_nodes {
        let mut key = KeyBuf::new();
        codec::push_path(&mut key, path);
        counts[0] += check(snapshot, Table::AccountsTrie, &key, node.as_ref())?;
    }
    for (address, trie) in &nodes.storage_tries {
        for (path, node) in &trie.nodes {
            let mut key = key(&[address.as_slice()]);
            codec::push_path(&mut key, path);
            counts[1] += check(snapshot, Table::StoragesTrie, &key, node.as_ref())?;
        }
    }
    for (table, count) in [Table::AccountsTrie, Table::StoragesTrie].into_iter().zip(counts) {
        if snapshot.reader().entries(table)? != count {
            return Err(StorageError::corrupt(table, &[], "nodes that the state does not have"));
        }
    }
    Ok(())
}

fn check(
    snapshot: &Snapshot,
    table: Table,
    key: &[u8],
    node: Option<&BranchNodeCompact>,
) -> Result<usize, StorageError> {
    let Some(node) = node else { return Ok(0) };
    let mut expected = Vec::new();
    codec::put_node(node, &mut expected);
    if snapshot.reader().get(table, key)?.as_deref() != Some(&expected) {
        return Err(StorageError::corrupt(table, key, "not the node that the state has"));
    }
    Ok(1)
}
