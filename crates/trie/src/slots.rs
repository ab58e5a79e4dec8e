//! Storage tries.

use crate::{
    HashedStorage, StorageCursor, TrieCursor, TrieError,
    scan::Scan,
    task::{Backend, Change, Effect, Reading, Task},
};
use alloy_primitives::{B256, U256};
use alloy_trie::{BranchNodeCompact, Nibbles};
use rayon::slice::ParallelSliceMut;

/// From this many slots on, they are sorted on several threads.
const PARALLEL_SORT: usize = 4096;

/// The storage trie of one account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slots {
    pub(crate) hashed_address: B256,
}

/// What happens to one slot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SlotChange {
    key: B256,
    /// Zero: the slot is cleared. `None`: it is only brought into memory.
    value: Option<U256>,
}

impl SlotChange {
    pub(crate) const fn touch(key: B256) -> Self {
        Self { key, value: None }
    }

    /// What `storage` writes, in order.
    pub(crate) fn sorted(storage: &HashedStorage) -> Vec<Self> {
        let mut changes: Vec<_> = storage
            .slots
            .iter()
            .map(|(key, value)| Self { key: *key, value: Some(*value) })
            .collect();
        if changes.len() < PARALLEL_SORT {
            changes.sort_unstable_by_key(|change| change.key);
        } else {
            changes.par_sort_unstable_by_key(|change| change.key);
        }
        changes
    }
}

impl Change for SlotChange {
    fn key(&self) -> &B256 {
        &self.key
    }

    fn weight(&self) -> usize {
        1
    }
}

#[derive(Default)]
pub(crate) struct SlotCursors<'r> {
    slots: Option<Box<dyn StorageCursor + 'r>>,
    nodes: Option<Box<dyn TrieCursor + 'r>>,
    scan: Scan<U256>,
}

impl Backend for Slots {
    type Value = U256;
    type Change = SlotChange;
    type Cursors<'r> = SlotCursors<'r>;

    fn name(&self) -> B256 {
        self.hashed_address
    }

    fn seek_node<'r>(
        &self,
        reading: &'r Reading<'_>,
        cursors: &mut SlotCursors<'r>,
        path: Nibbles,
    ) -> Result<Option<(Nibbles, BranchNodeCompact)>, TrieError> {
        let cursor = match &mut cursors.nodes {
            Some(cursor) => cursor,
            none => none.insert(reading.reader()?.storage_trie(self.hashed_address)?),
        };
        cursor.seek(path)
    }

    fn leaves(
        task: &mut Task<'_, '_, Self>,
        path: &Nibbles,
    ) -> Result<Vec<(B256, U256)>, TrieError> {
        let SlotCursors { slots, scan, .. } = &mut task.cursors;
        let cursor = match slots {
            Some(cursor) => cursor,
            none => none.insert(task.reading.reader()?.storage(task.backend.hashed_address)?),
        };
        scan.range(path, |from| match from {
            Some(key) => cursor.seek(key),
            None => cursor.next(),
        })
    }

    fn update(
        _: &mut Task<'_, '_, Self>,
        value: &mut U256,
        change: &SlotChange,
    ) -> Result<Effect, TrieError> {
        Ok(match change.value {
            None => Effect::None,
            Some(U256::ZERO) => Effect::Removed,
            Some(new) if new == *value => Effect::None,
            Some(new) => {
                *value = new;
                Effect::Changed
            }
        })
    }

    fn insert(_: &mut Task<'_, '_, Self>, change: &SlotChange) -> Result<Option<U256>, TrieError> {
        Ok(change.value.filter(|value| !value.is_zero()))
    }
}
