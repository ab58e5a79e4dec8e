//! The trie's cursors over current and past state.
//!
//! Past state is the current table with, for every key that a later block changed, the value that
//! the first such change replaced. The table and the runs are sorted by the same prefix-free keys,
//! so one pass over all in step gives the past state in order. Between two keys of the result lie
//! only keys that were deleted since or created since.

use crate::{
    StorageError,
    codec::{self, KeyBuf, key},
    reader::{Past, Reader},
    runs::{first_change, seek_key},
    tables::{Kind, Table},
};
use alloy_primitives::{B256, U256};
use alloy_trie::{BranchNodeCompact, Nibbles};
use assay_trie::{AccountCursor, StorageCursor, TrieCursor, TrieError, TrieReader};
use reth_primitives_traits::Account;
use signet_libmdbx::{Cursor, RoSync};
use std::borrow::Cow;

type Bytes<'a> = Cow<'a, [u8]>;
type Entry<'a> = (Bytes<'a>, Bytes<'a>);
/// A key and the value that its first change after a block replaced, if there was one.
type Changed<'a> = (KeyBuf, Option<Bytes<'a>>);

/// Makes a bound that only this key itself is before: keys are prefix-free.
const AFTER: [u8; 1] = [0];

/// State as of one block, to one thread.
pub(crate) struct StateReader<'a> {
    pub(crate) reader: Reader<'a>,
    /// The past block, or `None` for the head.
    pub(crate) past: Option<Past<'a>>,
}

impl StateReader<'_> {
    fn cursor(&self, kind: Kind, prefix: &[u8]) -> Result<StateCursor<'_>, StorageError> {
        let history = match self.past {
            Some(past) => Some(History {
                cursor: self.reader.cursor(kind.history())?,
                heads: vec![Head::Unknown; past.runs.len()],
                past,
            }),
            None => None,
        };
        Ok(StateCursor {
            kind,
            prefix: key(&[prefix]),
            current: self.reader.cursor(kind.current())?,
            candidate: None,
            history,
            position: None,
        })
    }
}

impl TrieReader for StateReader<'_> {
    fn accounts(&self) -> Result<Box<dyn AccountCursor + '_>, TrieError> {
        Ok(Box::new(self.cursor(Kind::Account, &[])?))
    }

    fn storage(&self, hashed_address: B256) -> Result<Box<dyn StorageCursor + '_>, TrieError> {
        Ok(Box::new(self.cursor(Kind::Storage, hashed_address.as_slice())?))
    }

    fn account_trie(&self) -> Result<Box<dyn TrieCursor + '_>, TrieError> {
        Ok(Box::new(self.cursor(Kind::AccountNode, &[])?))
    }

    fn storage_trie(&self, hashed_address: B256) -> Result<Box<dyn TrieCursor + '_>, TrieError> {
        Ok(Box::new(self.cursor(Kind::StorageNode, hashed_address.as_slice())?))
    }
}

/// The runs with changes after the past block.
struct History<'a> {
    cursor: Cursor<'a, RoSync>,
    past: Past<'a>,
    /// Of each run, its first key that has not been passed.
    heads: Vec<Head>,
}

#[derive(Clone)]
enum Head {
    Unknown,
    At(KeyBuf),
    End,
}

/// A cursor over one kind of state, over the keys that begin with a prefix.
struct StateCursor<'a> {
    kind: Kind,
    prefix: KeyBuf,
    current: Cursor<'a, RoSync>,
    /// The first entry of the current table that has not been passed.
    candidate: Option<Entry<'a>>,
    history: Option<History<'a>>,
    /// The last key given.
    position: Option<KeyBuf>,
}

impl<'a> History<'a> {
    /// The first key of all runs at or after `from`.
    fn first_key(&mut self, table: Table, from: &[u8]) -> Result<Option<KeyBuf>, StorageError> {
        let mut first: Option<&KeyBuf> = None;
        for (run, head) in self.past.runs.iter().zip(&mut self.heads) {
            let stale = match head {
                Head::Unknown => true,
                Head::At(key) => **key < *from,
                Head::End => false,
            };
            if stale {
                *head = seek_key(&mut self.cursor, table, run, from)?.map_or(Head::End, Head::At);
            }
            if let Head::At(key) = head
                && first.is_none_or(|first| *key < *first)
            {
                first = Some(key);
            }
        }
        Ok(first.cloned())
    }

    /// The value that the first change of a key replaced: of the first run that has one.
    fn value(&mut self, table: Table, logical: &KeyBuf) -> Result<Option<Bytes<'a>>, StorageError> {
        for (run, head) in self.past.runs.iter().zip(&self.heads) {
            if !matches!(head, Head::At(key) if key == logical) {
                continue;
            }
            let change = first_change(&mut self.cursor, table, run, logical, self.past.at)?;
            if let Some((_, value)) = change {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

impl<'a> StateCursor<'a> {
    /// The first entry at or after prefix ‖ `from`.
    fn seek_bytes(&mut self, from: &[u8]) -> Result<Option<Entry<'a>>, StorageError> {
        let from = key(&[&self.prefix, from]);
        if let Some(history) = &mut self.history {
            history.heads.fill(Head::Unknown);
        }
        self.candidate = self.current.set_range(&from)?;
        self.settle(from)
    }

    /// The entry after the last one given.
    fn next_bytes(&mut self) -> Result<Option<Entry<'a>>, StorageError> {
        let Some(position) = self.position.take() else { return Ok(None) };
        if self.candidate.as_ref().is_some_and(|(key, _)| **key == *position) {
            self.candidate = self.current.next()?;
        }
        self.settle(key(&[&position, &AFTER]))
    }

    /// The first entry at or after `from`, given that `candidate` is the current table's.
    fn settle(&mut self, mut from: KeyBuf) -> Result<Option<Entry<'a>>, StorageError> {
        loop {
            self.candidate.take_if(|(key, _)| !key.starts_with(&self.prefix));
            let Some((logical, past)) = self.next_past(&from)? else {
                return Ok(self.give(self.candidate.clone()));
            };
            let same = self.candidate.as_ref().is_some_and(|(key, _)| **key == *logical);
            match past {
                Some(value) if !value.is_empty() => {
                    return Ok(self.give(Some((Cow::Owned(logical.to_vec()), value))));
                }
                // Created since: absent at that block.
                Some(_) if same => self.candidate = self.current.next()?,
                None if same => return Ok(self.give(self.candidate.clone())),
                _ => {}
            }
            from = key(&[&logical, &AFTER]);
        }
    }

    /// The first key at or after `from`, and not after the candidate, that later blocks changed.
    fn next_past(&mut self, from: &[u8]) -> Result<Option<Changed<'a>>, StorageError> {
        let Some(history) = &mut self.history else { return Ok(None) };
        let table = self.kind.history();
        let Some(logical) = history.first_key(table, from)? else { return Ok(None) };
        let after_candidate =
            self.candidate.as_ref().is_some_and(|(candidate, _)| *logical > **candidate);
        if after_candidate || !logical.starts_with(&self.prefix) {
            return Ok(None);
        }
        let value = history.value(table, &logical)?;
        Ok(Some((logical, value)))
    }

    fn give(&mut self, entry: Option<Entry<'a>>) -> Option<Entry<'a>> {
        self.position = entry.as_ref().map(|(logical, _)| key(&[logical]));
        entry
    }

    /// Decodes an entry's key behind the prefix, and its value.
    fn decode<K, V>(
        &self,
        entry: Option<Entry<'a>>,
        read_key: impl FnOnce(&[u8]) -> Option<K>,
        read_value: impl FnOnce(&[u8]) -> Option<V>,
    ) -> Result<Option<(K, V)>, TrieError> {
        let Some((key, value)) = entry else { return Ok(None) };
        let table = self.kind.current();
        let logical = key
            .get(self.prefix.len()..)
            .and_then(read_key)
            .ok_or_else(|| StorageError::corrupt(table, &key, "malformed key"))?;
        let value = read_value(&value).ok_or_else(|| malformed(table, &key))?;
        Ok(Some((logical, value)))
    }
}

/// The error for a value that does not decode.
pub(crate) fn malformed(table: Table, key: &[u8]) -> StorageError {
    StorageError::corrupt(table, key, "malformed value")
}

impl AccountCursor for StateCursor<'_> {
    fn seek(&mut self, key: B256) -> Result<Option<(B256, Account)>, TrieError> {
        let entry = self.seek_bytes(key.as_slice())?;
        self.decode(entry, codec::read_hash, codec::read_account)
    }

    fn next(&mut self) -> Result<Option<(B256, Account)>, TrieError> {
        let entry = self.next_bytes()?;
        self.decode(entry, codec::read_hash, codec::read_account)
    }
}

impl StorageCursor for StateCursor<'_> {
    fn seek(&mut self, key: B256) -> Result<Option<(B256, U256)>, TrieError> {
        let entry = self.seek_bytes(key.as_slice())?;
        self.decode(entry, codec::read_hash, codec::read_slot)
    }

    fn next(&mut self) -> Result<Option<(B256, U256)>, TrieError> {
        let entry = self.next_bytes()?;
        self.decode(entry, codec::read_hash, codec::read_slot)
    }
}

impl TrieCursor for StateCursor<'_> {
    fn seek_exact(&mut self, path: Nibbles) -> Result<Option<BranchNodeCompact>, TrieError> {
        let found = TrieCursor::seek(self, path)?;
        Ok(found.and_then(|(found, node)| (found == path).then_some(node)))
    }

    fn seek(&mut self, path: Nibbles) -> Result<Option<(Nibbles, BranchNodeCompact)>, TrieError> {
        let mut from = KeyBuf::new();
        codec::push_path(&mut from, &path);
        let entry = self.seek_bytes(&from)?;
        self.decode(entry, codec::read_path, codec::read_node)
    }

    fn next(&mut self) -> Result<Option<(Nibbles, BranchNodeCompact)>, TrieError> {
        let entry = self.next_bytes()?;
        self.decode(entry, codec::read_path, codec::read_node)
    }
}
