//! What a block changed of the stored branch nodes.

use alloy_primitives::map::{B256Map, HashMap};
use alloy_trie::{BranchNodeCompact, Nibbles};

/// Stored branch nodes that a block (or several) added, changed or removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrieUpdates {
    /// The account trie's nodes; `None`: removed.
    pub account_nodes: HashMap<Nibbles, Option<BranchNodeCompact>>,
    /// By hashed address.
    pub storage_tries: B256Map<StorageTrieUpdates>,
}

/// Changes to one storage trie's stored nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StorageTrieUpdates {
    /// Whether every node that was there before is gone.
    pub wiped: bool,
    /// Nodes; `None`: removed.
    pub nodes: HashMap<Nibbles, Option<BranchNodeCompact>>,
}

/// [`TrieUpdates`] in the order of its paths, for cursors over it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrieUpdatesSorted {
    /// Ascending by path; `None`: removed.
    pub account_nodes: Vec<(Nibbles, Option<BranchNodeCompact>)>,
    /// By hashed address.
    pub storage_tries: B256Map<StorageTrieUpdatesSorted>,
}

/// [`StorageTrieUpdates`] in the order of its paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StorageTrieUpdatesSorted {
    /// As in [`StorageTrieUpdates::wiped`].
    pub wiped: bool,
    /// Ascending by path; `None`: removed.
    pub nodes: Vec<(Nibbles, Option<BranchNodeCompact>)>,
}

impl TrieUpdates {
    /// Whether no stored node changed.
    pub fn is_empty(&self) -> bool {
        self.account_nodes.is_empty() && self.storage_tries.is_empty()
    }

    /// Adds what `later`, a following block, changed.
    pub fn extend(&mut self, later: &Self) {
        self.account_nodes
            .extend(later.account_nodes.iter().map(|(path, node)| (*path, node.clone())));
        for (key, storage) in &later.storage_tries {
            self.storage_tries.entry(*key).or_default().extend(storage);
        }
    }

    /// The same in the order of its paths.
    pub fn to_sorted(&self) -> TrieUpdatesSorted {
        TrieUpdatesSorted {
            account_nodes: sorted(&self.account_nodes),
            storage_tries: self
                .storage_tries
                .iter()
                .map(|(key, storage)| (*key, storage.to_sorted()))
                .collect(),
        }
    }

    /// The same in the order of its paths.
    pub fn into_sorted(self) -> TrieUpdatesSorted {
        self.to_sorted()
    }
}

impl StorageTrieUpdates {
    /// Adds what `later`, a following block, changed.
    pub fn extend(&mut self, later: &Self) {
        if later.wiped {
            self.wiped = true;
            self.nodes.clone_from(&later.nodes);
        } else {
            self.nodes.extend(later.nodes.iter().map(|(path, node)| (*path, node.clone())));
        }
    }

    /// The same in the order of its paths.
    pub fn to_sorted(&self) -> StorageTrieUpdatesSorted {
        StorageTrieUpdatesSorted { wiped: self.wiped, nodes: sorted(&self.nodes) }
    }
}

fn sorted(
    nodes: &HashMap<Nibbles, Option<BranchNodeCompact>>,
) -> Vec<(Nibbles, Option<BranchNodeCompact>)> {
    let mut nodes: Vec<_> = nodes.iter().map(|(path, node)| (*path, node.clone())).collect();
    nodes.sort_unstable_by_key(|(path, _)| *path);
    nodes
}
