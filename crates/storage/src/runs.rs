//! History: what each block replaced, in sorted runs.
//!
//! Each commit writes one run, the entries of its blocks sorted by key and block. Runs cover the
//! blocks one after another, and when enough of one size stand at the end they are merged into one
//! of the next size. So a write is sequential however large the history is, and a read looks into a
//! number of runs that grows with the logarithm of the depth.
//!
//! A run's entries are packed into chunks, values of some tens of kilobytes whose key is the run
//! and the chunk's first key. All entries of one key are in one chunk.

use crate::{
    StorageError,
    codec::{self, KeyBuf, MAX_VALUE, key, number},
    reader::Reader,
    tables::{Handles, Table},
};
use alloy_primitives::BlockNumber;
use signet_libmdbx::{Cursor, Rw, TransactionKind, WriteFlags, tx::aliases::RwTxUnsync};
use std::borrow::Cow;

type Bytes<'a> = Cow<'a, [u8]>;

/// Tables that hold runs.
pub(crate) const RUN_TABLES: [Table; 5] = [
    Table::AccountHistory,
    Table::StorageHistory,
    Table::AccountsTrieHistory,
    Table::StoragesTrieHistory,
    Table::TransactionLookup,
];

/// Runs of one level that are merged into one of the next.
const FANOUT: usize = 8;
/// Runs are not merged into one of more bytes than this: it would hold up the writer for seconds.
const MAX_MERGED: u64 = 256 << 20;
/// Bytes of entries after which a chunk ends.
const CHUNK: usize = 32 << 10;

/// The blocks that one run covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) first: BlockNumber,
    /// Entries of later blocks were taken back and are void.
    pub(crate) last: BlockNumber,
    level: u8,
    bytes: u64,
}

impl Run {
    /// A run as a commit writes it.
    pub(crate) const fn new(first: BlockNumber, last: BlockNumber) -> Self {
        Self { first, last, level: 0, bytes: 0 }
    }

    /// The same run with its size known.
    pub(crate) const fn sized(self, bytes: u64) -> Self {
        Self { bytes, ..self }
    }

    /// The same run without the blocks above `last`, whose entries are void from now on.
    pub(crate) const fn up_to(self, last: BlockNumber) -> Self {
        Self { last, ..self }
    }

    /// What the keys of its chunks begin with. New runs come last in their table.
    fn prefix(&self) -> [u8; 9] {
        let mut prefix = [u8::MAX - self.level; 9];
        prefix[1..].copy_from_slice(&number(self.first));
        prefix
    }

    fn read(first: &[u8], value: &[u8]) -> Option<Self> {
        let (last, value) = value.split_first_chunk::<8>()?;
        let (&level, bytes) = value.split_first()?;
        let (first, bytes) = (codec::read_number(first)?, codec::read_number(bytes)?);
        Some(Self { first, last: BlockNumber::from_be_bytes(*last), level, bytes })
    }
}

/// All runs, oldest first.
pub(crate) fn directory(reader: Reader<'_>) -> Result<Vec<Run>, StorageError> {
    let mut runs = Vec::new();
    let mut cursor = reader.cursor(Table::Runs)?;
    let mut entry = cursor.first::<Bytes<'_>, Bytes<'_>>()?;
    while let Some((first, value)) = entry {
        let run = Run::read(&first, &value)
            .ok_or_else(|| StorageError::corrupt(Table::Runs, &first, "malformed value"))?;
        runs.push(run);
        entry = cursor.next()?;
    }
    Ok(runs)
}

/// Writes a run to the directory.
pub(crate) fn put_run(tx: &RwTxUnsync, handles: &Handles, run: &Run) -> Result<(), StorageError> {
    let value = key(&[&number(run.last), &[run.level], &number(run.bytes)]);
    Ok(tx.put(handles.get(Table::Runs), number(run.first), value, WriteFlags::UPSERT)?)
}

/// One entry of a run.
#[derive(Debug, Clone, Copy)]
struct EntryRef<'c> {
    key: &'c [u8],
    block: BlockNumber,
    value: &'c [u8],
}

/// Entries: their count, where each begins, and then one after another length of the key, key,
/// block, value. Whatever the bytes are, reading them does not panic.
struct Chunk<B>(B);

impl<B: AsRef<[u8]>> Chunk<B> {
    fn count(&self) -> usize {
        self.word(0).unwrap_or(0)
    }

    fn word(&self, index: usize) -> Option<usize> {
        let bytes = self.0.as_ref().get(index * 4..index * 4 + 4)?;
        usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
    }

    fn entry(&self, index: usize) -> Option<EntryRef<'_>> {
        let count = self.count();
        let data = self.0.as_ref().get(count.checked_add(1)?.checked_mul(4)?..)?;
        let start = self.word(index + 1)?;
        let end = if index + 1 < count { self.word(index + 2)? } else { data.len() };
        let (&length, rest) = data.get(start..end)?.split_first()?;
        let (key, rest) = rest.split_at_checked(usize::from(length))?;
        let (block, value) = rest.split_first_chunk::<8>()?;
        Some(EntryRef { key, block: BlockNumber::from_be_bytes(*block), value })
    }

    /// The index of the first entry that is not before this key and block.
    fn find(&self, key: &[u8], block: BlockNumber) -> Option<usize> {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = low + (high - low) / 2;
            let entry = self.entry(middle)?;
            if (entry.key, entry.block) < (key, block) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Some(low)
    }
}

fn damaged(table: Table, run: &Run) -> StorageError {
    StorageError::corrupt(table, &run.prefix(), "malformed chunk")
}

type Place<'tx> = (Option<Chunk<Bytes<'tx>>>, Option<KeyBuf>);

/// The chunk that has `logical` if the run has it, and the first key of the chunk after it.
fn find_chunk<'tx, K: TransactionKind>(
    cursor: &mut Cursor<'tx, K>,
    run: &Run,
    logical: &[u8],
) -> Result<Place<'tx>, StorageError> {
    let prefix = run.prefix();
    let from = key(&[&prefix, logical]);
    let after = cursor.set_range::<Bytes<'tx>, Bytes<'tx>>(&from)?;
    let before = match after {
        Some((found, value)) if *found == *from => return Ok((Some(Chunk(value)), None)),
        Some(_) => cursor.prev::<Bytes<'tx>, Bytes<'tx>>()?,
        None => cursor.last::<Bytes<'tx>, Bytes<'tx>>()?,
    };
    let of_run = |found: &[u8]| found.strip_prefix(&prefix).map(|logical| key(&[logical]));
    let next = after.and_then(|(found, _)| of_run(&found));
    let chunk = before.and_then(|(found, value)| of_run(&found).map(|_| Chunk(value)));
    Ok((chunk, next))
}

/// The first change of `logical` in the run after block `at`: its block, and the value that it
/// replaced, empty if there was none.
pub(crate) fn first_change<'tx, K: TransactionKind>(
    cursor: &mut Cursor<'tx, K>,
    table: Table,
    run: &Run,
    logical: &[u8],
    at: BlockNumber,
) -> Result<Option<(BlockNumber, Bytes<'tx>)>, StorageError> {
    let (Some(chunk), _) = find_chunk(cursor, run, logical)? else { return Ok(None) };
    let corrupt = || damaged(table, run);
    let index = chunk.find(logical, at.saturating_add(1)).ok_or_else(corrupt)?;
    if index == chunk.count() {
        return Ok(None);
    }
    let entry = chunk.entry(index).ok_or_else(corrupt)?;
    if entry.key != logical || entry.block > run.last {
        return Ok(None);
    }
    let (block, length) = (entry.block, entry.value.len());
    let value = match chunk.0 {
        Cow::Borrowed(bytes) => {
            Cow::Borrowed(Chunk(bytes).value_at(index, length).ok_or_else(corrupt)?)
        }
        Cow::Owned(_) => Cow::Owned(entry.value.to_vec()),
    };
    Ok(Some((block, value)))
}

impl<'tx> Chunk<&'tx [u8]> {
    /// An entry's value, for as long as the chunk's bytes live.
    fn value_at(self, index: usize, length: usize) -> Option<&'tx [u8]> {
        let count = self.count();
        let end =
            if index + 1 < count { (count + 1) * 4 + self.word(index + 2)? } else { self.0.len() };
        self.0.get(end.checked_sub(length)?..end)
    }
}

/// The first key of the run at or after `from`, whatever the block.
pub(crate) fn seek_key<K: TransactionKind>(
    cursor: &mut Cursor<'_, K>,
    table: Table,
    run: &Run,
    from: &[u8],
) -> Result<Option<KeyBuf>, StorageError> {
    let (chunk, next) = find_chunk(cursor, run, from)?;
    if let Some(chunk) = chunk {
        let index = chunk.find(from, 0).ok_or_else(|| damaged(table, run))?;
        if index < chunk.count() {
            let entry = chunk.entry(index).ok_or_else(|| damaged(table, run))?;
            return Ok(Some(key(&[entry.key])));
        }
    }
    Ok(next)
}

/// Writes one run's entries into a table, in ascending order of key and block.
pub(crate) struct RunWriter<'tx> {
    cursor: Cursor<'tx, Rw>,
    prefix: [u8; 9],
    first: KeyBuf,
    last: KeyBuf,
    offsets: Vec<u32>,
    data: Vec<u8>,
    written: u64,
}

impl<'tx> RunWriter<'tx> {
    pub(crate) fn new(
        tx: &'tx RwTxUnsync,
        handles: &Handles,
        table: Table,
        run: &Run,
    ) -> Result<Self, StorageError> {
        Ok(Self {
            cursor: tx.cursor(handles.get(table))?,
            prefix: run.prefix(),
            first: KeyBuf::new(),
            last: KeyBuf::new(),
            offsets: Vec::new(),
            data: Vec::with_capacity(CHUNK),
            written: 0,
        })
    }

    pub(crate) fn push(
        &mut self,
        logical: &[u8],
        block: BlockNumber,
        value: &[u8],
    ) -> Result<(), StorageError> {
        if self.data.len() >= CHUNK && *self.last != *logical {
            self.flush()?;
        }
        if self.offsets.is_empty() {
            self.first = key(&[logical]);
        }
        if *self.last != *logical {
            self.last = key(&[logical]);
        }
        self.offsets.push(u32::try_from(self.data.len()).unwrap_or(u32::MAX));
        // Keys are at most `MAX_KEY` bytes long.
        self.data.push(logical.len() as u8);
        self.data.extend_from_slice(logical);
        self.data.extend_from_slice(&number(block));
        self.data.extend_from_slice(value);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StorageError> {
        if self.offsets.is_empty() {
            return Ok(());
        }
        let mut chunk = Vec::with_capacity((self.offsets.len() + 1) * 4 + self.data.len());
        chunk.extend_from_slice(&(self.offsets.len() as u32).to_le_bytes());
        chunk.extend(self.offsets.iter().flat_map(|offset| offset.to_le_bytes()));
        chunk.extend_from_slice(&self.data);
        if chunk.len() > MAX_VALUE {
            return Err(StorageError::Misuse(format!("a chunk of {} bytes", chunk.len())));
        }
        self.cursor.put(&key(&[&self.prefix, &self.first]), &chunk, WriteFlags::UPSERT)?;
        self.written += chunk.len() as u64;
        self.offsets.clear();
        self.data.clear();
        Ok(())
    }

    /// Writes what is left; gives the bytes written.
    pub(crate) fn finish(mut self) -> Result<u64, StorageError> {
        self.flush()?;
        Ok(self.written)
    }
}

/// The entries of one run, one after another.
struct Stream<'tx> {
    cursor: Cursor<'tx, Rw>,
    run: Run,
    chunk: Chunk<Vec<u8>>,
    index: usize,
}

impl<'tx> Stream<'tx> {
    fn open(
        tx: &'tx RwTxUnsync,
        handles: &Handles,
        table: Table,
        run: Run,
    ) -> Result<Self, StorageError> {
        let mut cursor = tx.cursor(handles.get(table))?;
        let entry = cursor.set_range::<Bytes<'_>, Vec<u8>>(&run.prefix())?;
        let mut stream = Self { cursor, run, chunk: Chunk(Vec::new()), index: 0 };
        stream.load(entry);
        Ok(stream)
    }

    fn load(&mut self, entry: Option<(Bytes<'_>, Vec<u8>)>) {
        let prefix = self.run.prefix();
        let chunk = entry.filter(|(found, _)| found.starts_with(&prefix));
        self.chunk = Chunk(chunk.map(|(_, chunk)| chunk).unwrap_or_default());
        self.index = 0;
    }

    fn entry(&self, table: Table) -> Result<Option<EntryRef<'_>>, StorageError> {
        if self.index == self.chunk.count() {
            return Ok(None);
        }
        self.chunk.entry(self.index).map(Some).ok_or_else(|| damaged(table, &self.run))
    }

    fn advance(&mut self) -> Result<(), StorageError> {
        self.index += 1;
        if self.index == self.chunk.count() {
            let entry = self.cursor.next()?;
            self.load(entry);
        }
        Ok(())
    }
}

/// Calls `visit` with every entry of `runs` that is not void, by key, then block.
pub(crate) fn merge(
    tx: &RwTxUnsync,
    handles: &Handles,
    table: Table,
    runs: &[Run],
    mut visit: impl FnMut(&[u8], BlockNumber, &[u8]) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let mut streams = runs
        .iter()
        .map(|run| Stream::open(tx, handles, table, *run))
        .collect::<Result<Vec<_>, _>>()?;
    loop {
        let mut lowest: Option<(usize, EntryRef<'_>)> = None;
        for (index, stream) in streams.iter().enumerate() {
            let Some(entry) = stream.entry(table)? else { continue };
            // Of equal keys the older run's first: runs follow one another.
            if lowest.is_none_or(|(_, lowest)| entry.key < lowest.key) {
                lowest = Some((index, entry));
            }
        }
        let Some((index, entry)) = lowest else { return Ok(()) };
        if entry.block <= streams[index].run.last {
            visit(entry.key, entry.block, entry.value)?;
        }
        streams[index].advance()?;
    }
}

/// Removes a run.
pub(crate) fn remove(tx: &RwTxUnsync, handles: &Handles, run: &Run) -> Result<(), StorageError> {
    let prefix = run.prefix();
    for table in RUN_TABLES {
        let mut cursor = tx.cursor(handles.get(table))?;
        let mut entry = cursor.set_range::<Bytes<'_>, ()>(&prefix)?;
        while entry.is_some_and(|(found, ())| found.starts_with(&prefix)) {
            cursor.del()?;
            entry = cursor.set_range(&prefix)?;
        }
    }
    tx.del(handles.get(Table::Runs), number(run.first), None)?;
    Ok(())
}

/// Merges runs while enough of one level stand at the end.
pub(crate) fn compact(
    tx: &RwTxUnsync,
    handles: &Handles,
    runs: &mut Vec<Run>,
) -> Result<(), StorageError> {
    while let Some(from) = mergeable(runs) {
        let old = runs.split_off(from);
        let (Some(oldest), Some(newest)) = (old.first(), old.last()) else { return Ok(()) };
        let mut merged =
            Run { first: oldest.first, last: newest.last, level: oldest.level + 1, bytes: 0 };
        for table in RUN_TABLES {
            let mut writer = RunWriter::new(tx, handles, table, &merged)?;
            merge(tx, handles, table, &old, |key, block, value| writer.push(key, block, value))?;
            merged.bytes += writer.finish()?;
        }
        for run in &old {
            remove(tx, handles, run)?;
        }
        put_run(tx, handles, &merged)?;
        runs.push(merged);
    }
    Ok(())
}

/// Where the runs begin that should become one.
fn mergeable(runs: &[Run]) -> Option<usize> {
    let level = runs.last()?.level;
    let same = runs.iter().rev().take_while(|run| run.level == level).count();
    let from = runs.len().checked_sub(FANOUT)?;
    let bytes: u64 = runs[from..].iter().map(|run| run.bytes).sum();
    (same >= FANOUT && level < u8::MAX - 1 && bytes <= MAX_MERGED).then_some(from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    proptest! {
        #[test]
        fn chunks_bear_any_bytes(bytes in vec(any::<u8>(), 0..300), key in vec(any::<u8>(), 0..9)) {
            let chunk = Chunk(&bytes[..]);
            for index in 0..chunk.count().min(100) {
                let _ = chunk.entry(index);
                let _ = Chunk(&bytes[..]).value_at(index, key.len());
            }
            let _ = chunk.find(&key, 7);
        }
    }

    #[test]
    fn runs_merge_level_by_level_unless_they_are_large() {
        let run = |first, level, bytes| Run { first, last: first, level, bytes };
        let small: Vec<_> = (0..8).map(|first| run(first, 0, 1)).collect();
        assert_eq!(mergeable(&small), Some(0));
        assert_eq!(mergeable(&small[1..]), None);
        let mut mixed = vec![run(0, 1, 1)];
        mixed.extend(&small[1..]);
        assert_eq!(mergeable(&mixed), None);
        let large: Vec<_> = (0..8).map(|first| run(first, 3, MAX_MERGED / 7)).collect();
        assert_eq!(mergeable(&large), None);
    }
}
