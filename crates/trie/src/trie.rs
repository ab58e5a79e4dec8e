//! The warm state trie.

use crate::{
    HashedPostState, TrieError, TrieSource, TrieUpdates,
    accounts::{AccountChange, Accounts},
    find::{Found, find},
    node::{AccountValue, Link},
    prune,
    task::{Change, Output, Reading, Task, Work},
};
use alloy_primitives::B256;
use alloy_trie::EMPTY_ROOT_HASH;

/// The state trie of one block, as far as it is in memory: accounts and their storage tries.
///
/// Nodes are shared between blocks and copied when written; what is not in memory is known by its
/// hash and read from a [`TrieSource`] of the same block's state when needed. Clones are cheap.
#[derive(Clone)]
pub struct StateTrie {
    root: B256,
    link: Link<AccountValue>,
    bytes: usize,
    /// How often a trie was applied to come here.
    epoch: u32,
}

impl std::fmt::Debug for StateTrie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StateTrie")
            .field("root", &self.root)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl StateTrie {
    /// The trie with this root, with nothing of it in memory.
    pub fn cold(state_root: B256) -> Self {
        let link = if state_root == EMPTY_ROOT_HASH { Link::Empty } else { Link::Blind };
        Self { root: state_root, link, bytes: 0, epoch: 0 }
    }

    /// The trie of `source`, with its root node in memory. Where the root is known already, use
    /// [`Self::cold`]: what is read is then checked against it.
    pub fn load(source: &dyn TrieSource) -> Result<Self, TrieError> {
        let reading = Reading::new(source);
        let accounts = Accounts::default();
        let mut task = Task::new(&accounts, &reading, Work::new(1, 0));
        let (link, root) = task.load_root(None)?;
        Ok(Self { root, link, bytes: 0usize.saturating_add_signed(task.output.bytes), epoch: 0 })
    }

    /// The state root.
    pub const fn root(&self) -> B256 {
        self.root
    }

    /// The trie after a block that made these changes, and the stored nodes that it changed.
    /// `source` is the state before the block. Spread over rayon's threads when there is much.
    ///
    /// Changes to the storage of an account that neither is there nor is made by `changes` are
    /// ignored.
    pub fn apply(
        &self,
        source: &dyn TrieSource,
        changes: &HashedPostState,
    ) -> Result<(Self, TrieUpdates), TrieError> {
        self.clone().apply_owned(source, changes)
    }

    /// As [`Self::apply`], but nodes that no other trie shares are changed in place.
    pub fn apply_owned(
        self,
        source: &dyn TrieSource,
        changes: &HashedPostState,
    ) -> Result<(Self, TrieUpdates), TrieError> {
        let (trie, output) = self.change(source, &AccountChange::sorted(changes))?;
        let updates = TrieUpdates {
            account_nodes: output.nodes.into_iter().collect(),
            storage_tries: output.storages.into_iter().collect(),
        };
        Ok((Self { epoch: trie.epoch.saturating_add(1), ..trie }, updates))
    }

    /// Applies changes that may only bring nodes into memory.
    pub(crate) fn change(
        self,
        source: &dyn TrieSource,
        changes: &[AccountChange<'_>],
    ) -> Result<(Self, Output), TrieError> {
        let reading = Reading::new(source);
        let accounts = Accounts::default();
        let weight = changes.iter().map(Change::weight).sum();
        let work = Work::new(self.epoch.saturating_add(1), weight);
        let mut task = Task::new(&accounts, &reading, work);
        let (link, root) = task.update_root(self.link, self.root, changes)?;
        let output = task.output;
        let bytes = self.bytes.saturating_add_signed(output.bytes);
        Ok((Self { root, link, bytes, epoch: self.epoch }, output))
    }

    /// The storage root of an account, empty if there is no such account.
    pub fn storage_root(
        &self,
        source: &dyn TrieSource,
        hashed_address: B256,
    ) -> Result<B256, TrieError> {
        let trie = self.prefetch(source, &[hashed_address], &[])?;
        Ok(trie.account(&hashed_address).map_or(EMPTY_ROOT_HASH, |account| account.storage_root))
    }

    /// The same trie with the paths to these accounts and slots (hashed address, hashed slot) in
    /// memory. Changes no result, only the time that [`Self::apply`] takes.
    pub fn prefetch(
        &self,
        source: &dyn TrieSource,
        accounts: &[B256],
        slots: &[(B256, B256)],
    ) -> Result<Self, TrieError> {
        let sort = |mut keys: Vec<B256>| {
            keys.sort_unstable();
            keys.dedup();
            keys
        };
        let missing = |key: &&B256| matches!(find(&self.link, key), Found::Blind);
        let accounts = sort(accounts.iter().filter(missing).copied().collect());
        let mut slots: Vec<_> =
            slots.iter().filter(|(key, slot)| self.misses_slot(key, slot)).copied().collect();
        slots.sort_unstable();
        slots.dedup();
        if accounts.is_empty() && slots.is_empty() {
            return Ok(self.clone());
        }
        Ok(self.clone().change(source, &AccountChange::touches(&accounts, &slots))?.0)
    }

    /// The same trie with at most `budget` bytes in memory: what was used longest ago goes first,
    /// and of the same age, what is deepest. Looks at every node in memory.
    pub fn prune(&self, budget: usize) -> Self {
        if self.bytes <= budget {
            return self.clone();
        }
        let (link, bytes) = prune::prune(&self.link, budget);
        Self { root: self.root, link, bytes, epoch: self.epoch }
    }

    /// Bytes of memory that this trie's nodes take, shared ones included.
    pub const fn memory(&self) -> usize {
        self.bytes
    }

    /// As [`Self::memory`], by looking at every node.
    #[cfg(test)]
    pub(crate) fn measured(&self) -> usize {
        prune::memory(&self.link)
    }

    pub(crate) const fn link(&self) -> &Link<AccountValue> {
        &self.link
    }

    /// An account, if there is one and the way to it is in memory.
    pub(crate) fn account(&self, hashed_address: &B256) -> Option<&AccountValue> {
        match find(&self.link, hashed_address) {
            Found::Leaf(leaf) => Some(&leaf.value),
            Found::Absent | Found::Blind => None,
        }
    }

    fn misses_slot(&self, hashed_address: &B256, slot: &B256) -> bool {
        match find(&self.link, hashed_address) {
            Found::Absent => false,
            Found::Blind => true,
            Found::Leaf(leaf) => match &leaf.value.storage {
                Some(storage) => matches!(find(&storage.link, slot), Found::Blind),
                None => leaf.value.storage_root != EMPTY_ROOT_HASH,
            },
        }
    }
}
