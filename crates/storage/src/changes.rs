//! Changes to one kind of state, of a batch of blocks, in the order of the tables.

use crate::{
    ExecutedBlock, StorageError,
    codec::{self, KeyBuf, key},
    runs::{self, Run, RunWriter},
    tables::{Handles, Kind},
};
use alloy_primitives::{B256, BlockNumber};
use signet_libmdbx::{Cursor, Rw, WriteFlags, tx::aliases::RwTxUnsync};
use std::{borrow::Cow, collections::BTreeSet, ops::Range, sync::Arc};

type Bytes<'a> = Cow<'a, [u8]>;

/// Keys with the block that wrote them and the value it wrote, empty where it removed it. Keys and
/// values stand one after another in one buffer.
#[derive(Default)]
pub(crate) struct Changes {
    buffer: Vec<u8>,
    entries: Vec<Entry>,
}

struct Entry {
    /// The first bytes of the key: decides most comparisons.
    prefix: u64,
    start: usize,
    key: u32,
    value: u32,
    /// Index of the block in the batch.
    block: u32,
}

impl Changes {
    /// What each of `blocks` wrote, one entry for each key and block.
    pub(crate) fn of(
        kind: Kind,
        blocks: &[Arc<ExecutedBlock>],
        tx: &RwTxUnsync,
        handles: &Handles,
    ) -> Result<Self, StorageError> {
        let mut changes = Self::default();
        let mut wiped = Vec::new();
        for (index, block) in blocks.iter().enumerate() {
            let index = index as u32;
            changes.collect(kind, block, index, &mut wiped);
        }
        changes.sort();
        if !wiped.is_empty() {
            let mut cursor = tx.cursor(handles.get(kind.current()))?;
            let sorted = changes.entries.len();
            for (address, block) in wiped {
                changes.wipe(&mut cursor, sorted, address, block)?;
            }
            changes.sort();
        }
        Ok(changes)
    }

    fn collect(
        &mut self,
        kind: Kind,
        block: &ExecutedBlock,
        index: u32,
        wiped: &mut Vec<(B256, u32)>,
    ) {
        let removed = || block.hashed.accounts.iter().filter(|(_, account)| account.is_none());
        match kind {
            Kind::Account => {
                for (address, account) in &block.hashed.accounts {
                    self.push(address.as_slice(), index, |out| {
                        if let Some(account) = account {
                            codec::put_account(account, out);
                        }
                    });
                }
            }
            Kind::Storage => {
                wiped.extend(removed().map(|(address, _)| (*address, index)));
                for (address, storage) in &block.hashed.storages {
                    if storage.wiped {
                        wiped.push((*address, index));
                    }
                    for (slot, value) in &storage.slots {
                        let key = key(&[address.as_slice(), slot.as_slice()]);
                        self.push(&key, index, |out| codec::put_slot(*value, out));
                    }
                }
            }
            Kind::AccountNode => {
                for (path, node) in &block.trie_updates.account_nodes {
                    let mut key = KeyBuf::new();
                    codec::push_path(&mut key, path);
                    self.push(&key, index, |out| {
                        if let Some(node) = node {
                            codec::put_node(node, out);
                        }
                    });
                }
            }
            Kind::StorageNode => {
                wiped.extend(removed().map(|(address, _)| (*address, index)));
                for (address, trie) in &block.trie_updates.storage_tries {
                    if trie.wiped {
                        wiped.push((*address, index));
                    }
                    for (path, node) in &trie.nodes {
                        let mut key = key(&[address.as_slice()]);
                        codec::push_path(&mut key, path);
                        self.push(&key, index, |out| {
                            if let Some(node) = node {
                                codec::put_node(node, out);
                            }
                        });
                    }
                }
            }
        }
    }

    /// Adds an entry. Keys are short; a value's length is that of an account, a slot or a node.
    fn push(&mut self, key: &[u8], block: u32, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.buffer.len();
        self.buffer.extend_from_slice(key);
        write(&mut self.buffer);
        let mut prefix = [0; 8];
        let shared = key.len().min(8);
        prefix[..shared].copy_from_slice(&key[..shared]);
        self.entries.push(Entry {
            prefix: u64::from_be_bytes(prefix),
            start,
            key: key.len() as u32,
            value: (self.buffer.len() - start - key.len()) as u32,
            block,
        });
    }

    fn sort(&mut self) {
        let Self { buffer, entries } = self;
        entries.sort_unstable_by(|a, b| {
            a.prefix
                .cmp(&b.prefix)
                .then_with(|| buffer[a.key_range()].cmp(&buffer[b.key_range()]))
                .then(a.block.cmp(&b.block))
        });
    }

    /// Removes everything of one account that was there before `block` and that it did not write.
    /// Entries behind the first `sorted` were added by earlier wipes and repeat their keys.
    fn wipe(
        &mut self,
        cursor: &mut Cursor<'_, Rw>,
        sorted: usize,
        address: B256,
        block: u32,
    ) -> Result<(), StorageError> {
        let mut before = BTreeSet::new();
        let mut entry = cursor.set_range::<Bytes<'_>, Bytes<'_>>(address.as_slice())?;
        while let Some((key, _)) = entry.filter(|(key, _)| key.starts_with(address.as_slice())) {
            before.insert(key.to_vec());
            entry = cursor.next()?;
        }
        let mut written = BTreeSet::new();
        let entries = &self.entries[..sorted];
        let start =
            entries.partition_point(|entry| self.buffer[entry.key_range()] < *address.as_slice());
        for entry in &entries[start..] {
            let key = &self.buffer[entry.key_range()];
            if !key.starts_with(address.as_slice()) {
                break;
            }
            if entry.block < block {
                before.insert(key.to_vec());
            } else if entry.block == block {
                written.insert(key.to_vec());
            }
        }
        for key in before.difference(&written) {
            self.push(key, block, |_| ());
        }
        Ok(())
    }

    /// Ranges of entries with the same key.
    fn groups(&self) -> impl Iterator<Item = &[Entry]> {
        self.entries.chunk_by(|a, b| {
            a.prefix == b.prefix && self.buffer[a.key_range()] == self.buffer[b.key_range()]
        })
    }

    /// Writes the state after the last block, and the run of what each block replaced; gives the
    /// bytes of the run.
    pub(crate) fn write(
        &self,
        kind: Kind,
        run: &Run,
        tx: &RwTxUnsync,
        handles: &Handles,
    ) -> Result<u64, StorageError> {
        let mut current = tx.cursor(handles.get(kind.current()))?;
        let mut history = RunWriter::new(tx, handles, kind.history(), run)?;
        for group in self.groups() {
            let logical = &self.buffer[group[0].key_range()];
            let stored = current.set::<Vec<u8>>(logical)?;
            let original = stored.as_deref().unwrap_or_default();
            let mut prior = original;
            for entry in group {
                let value = &self.buffer[entry.value_range()];
                if value != prior {
                    history.push(logical, run.first + u64::from(entry.block), prior)?;
                    prior = value;
                }
            }
            set(&mut current, logical, original, prior)?;
        }
        history.finish()
    }
}

/// Gives each key that `runs` changed after block `to` the value that the first such change
/// replaced.
pub(crate) fn restore(
    kind: Kind,
    runs: &[Run],
    to: BlockNumber,
    tx: &RwTxUnsync,
    handles: &Handles,
) -> Result<(), StorageError> {
    let mut current = tx.cursor(handles.get(kind.current()))?;
    let mut last: Option<KeyBuf> = None;
    runs::merge(tx, handles, kind.history(), runs, |logical, block, value| {
        if block <= to || last.as_deref() == Some(logical) {
            return Ok(());
        }
        last = Some(key(&[logical]));
        let stored = current.set::<Vec<u8>>(logical)?.unwrap_or_default();
        set(&mut current, logical, &stored, value)
    })
}

impl Entry {
    fn key_range(&self) -> Range<usize> {
        self.start..self.start + self.key as usize
    }

    fn value_range(&self) -> Range<usize> {
        let start = self.start + self.key as usize;
        start..start + self.value as usize
    }
}

/// Replaces the value at which the cursor stands, empty meaning none.
fn set(
    cursor: &mut Cursor<'_, Rw>,
    key: &[u8],
    stored: &[u8],
    value: &[u8],
) -> Result<(), StorageError> {
    if value == stored {
        return Ok(());
    }
    if value.is_empty() {
        cursor.del()?;
    } else {
        cursor.put(key, value, WriteFlags::UPSERT)?;
    }
    Ok(())
}
