//! The index of the predeploys' logs: for each indexed parameter, and for each contributor that a
//! payout names, where the logs with that value are.
//!
//! It holds nothing that receipts do not hold: it is written with them, taken back with them, and
//! [`Store::rebuild_index`] makes it anew from them.

use crate::{
    ExecutedBlock, StorageError, Store,
    codec::{self, MAX_KEY, key, number},
    cursor::malformed,
    meta,
    snapshot::Snapshot,
    tables::{Handles, Table},
};
use alloy_primitives::{Address, B256, BlockNumber, Log, b256};
use assay_chainspec::PREDEPLOY_ADDRESSES;
use assay_evm::Receipt;
use signet_libmdbx::{WriteFlags, tx::aliases::RwTxUnsync};
use std::{collections::BTreeSet, ops::RangeInclusive};

/// Bytes of a [`LogSubject`] in a key: contract, position, start of the event's id, value.
const SUBJECT: usize = 1 + 1 + 4 + 32;
/// Blocks that a rebuild indexes in one transaction.
const REBUILD_BATCH: u64 = 2_000;
/// keccak256("Distributed(bytes32,bytes32,address,uint64[],address[],uint256[])"): the payout whose
/// contributors are indexed although the event cannot do so itself.
const DISTRIBUTED: B256 = b256!("67ddceb098f5312225a3064ccf51928f3246a9bc4129d6a1daecab2dce54323d");

const _: () = assert!(SUBJECT + 8 + 4 <= MAX_KEY);

/// What logs are found by: a contract's event, and perhaps the value of one of its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogSubject {
    /// Position of the contract in [`PREDEPLOY_ADDRESSES`].
    contract: u8,
    /// 0: every log of the event; 1 to 3: the topic of that number; 4: a contributor.
    position: u8,
    event: [u8; 4],
    value: B256,
}

impl LogSubject {
    /// Every log of an event, by its id (its first topic). `None`: not a predeploy's address.
    pub fn event(contract: Address, event: B256) -> Option<Self> {
        Self::new(contract, event, 0, B256::ZERO)
    }

    /// The logs of an event whose topic at `position` (1 to 3) is `value`.
    pub fn topic(contract: Address, event: B256, position: u8, value: B256) -> Option<Self> {
        Self::new(contract, event, position, value).filter(|_| (1..=3).contains(&position))
    }

    /// The payouts of `Datanets` that name this contributor.
    pub fn contributor(contributor: Address) -> Self {
        let event = event_prefix(DISTRIBUTED);
        Self { contract: DATANETS, position: 4, event, value: contributor.into_word() }
    }

    fn new(contract: Address, event: B256, position: u8, value: B256) -> Option<Self> {
        let contract = PREDEPLOY_ADDRESSES.iter().position(|address| *address == contract)?;
        let contract = u8::try_from(contract).ok()?;
        Some(Self { contract, position, event: event_prefix(event), value })
    }

    /// Everything that a log is found by.
    pub fn all_of(log: &Log) -> Vec<Self> {
        let topics = log.topics();
        let Some(event) = topics.first() else { return Vec::new() };
        let Some(whole) = Self::event(log.address, *event) else { return Vec::new() };
        let mut subjects = vec![whole];
        for (position, value) in (1..).zip(&topics[1..]) {
            subjects.push(Self { position, value: *value, ..whole });
        }
        if whole.contract == DATANETS && *event == DISTRIBUTED {
            subjects.extend(contributors(&log.data.data).into_iter().map(Self::contributor));
        }
        subjects
    }

    fn bytes(&self) -> [u8; SUBJECT] {
        let mut bytes = [0; SUBJECT];
        bytes[0] = self.contract;
        bytes[1] = self.position;
        bytes[2..6].copy_from_slice(&self.event);
        bytes[6..].copy_from_slice(self.value.as_slice());
        bytes
    }
}

/// `Datanets` in [`PREDEPLOY_ADDRESSES`].
const DATANETS: u8 = 3;

fn event_prefix(event: B256) -> [u8; 4] {
    [event[0], event[1], event[2], event[3]]
}

/// The contributors of a payout's log data `(address token, uint64[], address[] contributors,
/// uint256[])`, each once. Data that is not of this shape has none: only our contract writes it.
fn contributors(data: &[u8]) -> BTreeSet<Address> {
    let word = |at: usize| data.get(at..at.checked_add(32)?);
    let small = |at: usize| -> Option<usize> {
        let word = word(at)?;
        let (zeros, low) = word.split_at(24);
        let low = u64::from_be_bytes(low.try_into().ok()?);
        zeros.iter().all(|byte| *byte == 0).then(|| usize::try_from(low).ok())?
    };
    let read = || {
        let start = small(2 * 32)?;
        let count = small(start)?;
        let first = start.checked_add(32)?;
        let end = first.checked_add(count.checked_mul(32)?)?;
        let words = data.get(first..end)?;
        Some(words.chunks_exact(32).map(|word| Address::from_slice(&word[12..])).collect())
    };
    read().unwrap_or_default()
}

/// Where a log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPosition {
    /// Its block's number.
    pub block: BlockNumber,
    /// Its index in the block.
    pub log: u32,
    /// Its transaction's index in the block.
    pub transaction: u32,
}

/// The positions of all logs of a block's receipts, with what they are found by.
pub fn block_subjects(
    number: BlockNumber,
    receipts: &[Receipt],
) -> impl Iterator<Item = (LogSubject, LogPosition)> + '_ {
    let logs = receipts.iter().zip(0..).flat_map(|(receipt, transaction)| {
        receipt.logs().iter().map(move |log| (transaction, log))
    });
    logs.zip(0..).flat_map(move |((transaction, log), index)| {
        let position = LogPosition { block: number, log: index, transaction };
        LogSubject::all_of(log).into_iter().map(move |subject| (subject, position))
    })
}

fn entry_key(subject: &LogSubject, position: &LogPosition) -> codec::KeyBuf {
    key(&[&subject.bytes(), &number(position.block), &position.log.to_be_bytes()])
}

/// Adds the logs of `blocks`.
pub(crate) fn add<'a>(
    tx: &RwTxUnsync,
    handles: &Handles,
    blocks: impl IntoIterator<Item = &'a ExecutedBlock>,
) -> Result<(), StorageError> {
    for block in blocks {
        add_block(tx, handles, block.number(), &block.receipts)?;
    }
    Ok(())
}

fn add_block(
    tx: &RwTxUnsync,
    handles: &Handles,
    block: BlockNumber,
    receipts: &[Receipt],
) -> Result<(), StorageError> {
    let table = handles.get(Table::PredeployLogs);
    for (subject, position) in block_subjects(block, receipts) {
        let key = entry_key(&subject, &position);
        tx.put(table, key, position.transaction.to_be_bytes(), WriteFlags::UPSERT)?;
    }
    Ok(())
}

/// Takes back the logs of the blocks above `to`, whose receipts `snapshot` still has.
pub(crate) fn remove_above(
    tx: &RwTxUnsync,
    handles: &Handles,
    snapshot: &Snapshot,
    to: BlockNumber,
) -> Result<(), StorageError> {
    let table = handles.get(Table::PredeployLogs);
    for block in to + 1..=snapshot.head().number {
        let Some(receipts) = snapshot.receipts(block)? else { continue };
        for (subject, position) in block_subjects(block, &receipts) {
            tx.del(table, entry_key(&subject, &position), None)?;
        }
    }
    Ok(())
}

impl Snapshot {
    /// Positions of the logs that `subject` finds in `blocks`, oldest first, or, if `newest_first`,
    /// the other way; those after (before) `past`, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError::Index`] while the index is not whole.
    pub fn logs_of(
        &self,
        subject: &LogSubject,
        blocks: RangeInclusive<BlockNumber>,
        past: Option<LogPosition>,
        newest_first: bool,
        limit: usize,
    ) -> Result<Vec<LogPosition>, StorageError> {
        if let Some(indexed) = meta::indexed(self.reader())? {
            return Err(StorageError::Index { indexed });
        }
        let subject = subject.bytes();
        let low = key(&[&subject, &number(*blocks.start())]);
        let high = key(&[&subject, &number(*blocks.end()), &[u8::MAX; 4]]);
        let past = past.map(|at| key(&[&subject, &number(at.block), &at.log.to_be_bytes()]));
        let mut cursor = self.reader().cursor(Table::PredeployLogs)?;
        let mut entry = if newest_first {
            let bound = past.filter(|past| *past <= high).unwrap_or_else(|| after(&high));
            // The last entry below the bound.
            match cursor.set_range::<Vec<u8>, Vec<u8>>(&bound)? {
                Some(_) => cursor.prev::<Vec<u8>, Vec<u8>>()?,
                None => cursor.last::<Vec<u8>, Vec<u8>>()?,
            }
        } else {
            let bound =
                past.map(|past| after(&past)).filter(|past| *past > low).unwrap_or(low.clone());
            cursor.set_range::<Vec<u8>, Vec<u8>>(&bound)?
        };
        let mut found = Vec::new();
        while let Some((key, value)) = entry {
            let inside = *key >= *low && *key <= *high;
            if !inside || found.len() == limit {
                break;
            }
            found
                .push(position(&key, &value).ok_or_else(|| malformed(Table::PredeployLogs, &key))?);
            entry = if newest_first { cursor.prev()? } else { cursor.next()? };
        }
        Ok(found)
    }
}

/// The first key that sorts after `key` and those it begins.
fn after(key: &codec::KeyBuf) -> codec::KeyBuf {
    codec::key(&[key, &[0]])
}

fn position(key: &[u8], value: &[u8]) -> Option<LogPosition> {
    let (block, log) = key.get(SUBJECT..)?.split_first_chunk::<8>()?;
    Some(LogPosition {
        block: BlockNumber::from_be_bytes(*block),
        log: u32::from_be_bytes(log.try_into().ok()?),
        transaction: u32::from_be_bytes(value.try_into().ok()?),
    })
}

impl Store {
    /// Makes the index of the predeploys' logs anew from the stored receipts, and gives the number
    /// of its entries. `progress` hears of each block number that is done, up to the head's.
    ///
    /// Interrupted, it leaves an index that answers [`StorageError::Index`] until this is called
    /// again; it then goes on where it was.
    pub fn rebuild_index(
        &self,
        mut progress: impl FnMut(BlockNumber, BlockNumber),
    ) -> Result<usize, StorageError> {
        let snapshot = self.snapshot()?;
        let head = snapshot.head().number;
        let mut next = match meta::indexed(snapshot.reader())? {
            Some(indexed) => indexed.saturating_add(1),
            None => {
                let tx = self.begin_write()?;
                tx.clear_db(self.handles().get(Table::PredeployLogs))?;
                meta::put_indexed(&tx, self.handles(), Some(0))?;
                tx.commit()?;
                // Block 0 has no receipts.
                1
            }
        };
        while next <= head {
            let last = head.min(next.saturating_add(REBUILD_BATCH - 1));
            let tx = self.begin_write()?;
            for block in next..=last {
                if let Some(receipts) = snapshot.receipts(block)? {
                    add_block(&tx, self.handles(), block, &receipts)?;
                }
            }
            meta::put_indexed(&tx, self.handles(), Some(last))?;
            tx.commit()?;
            progress(last, head);
            next = last + 1;
        }
        let tx = self.begin_write()?;
        meta::put_indexed(&tx, self.handles(), None)?;
        tx.commit()?;
        self.snapshot()?.reader().entries(Table::PredeployLogs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Bytes, LogData, U256, keccak256};
    use proptest::{collection::vec, prelude::*};

    fn distributed(contributors: &[Address]) -> Bytes {
        let count = U256::from(contributors.len());
        let mut words = vec![U256::ZERO, U256::from(4 * 32), U256::from(5 * 32)];
        words.push(U256::from((6 + contributors.len()) * 32));
        words.extend([U256::ZERO, count]);
        words.extend(contributors.iter().map(|address| U256::from_be_bytes(address.into_word().0)));
        words.push(U256::ZERO);
        words.iter().flat_map(U256::to_be_bytes::<32>).collect()
    }

    #[test]
    fn the_payout_event_is_the_interfaces() {
        let signature = "Distributed(bytes32,bytes32,address,uint64[],address[],uint256[])";
        assert_eq!(DISTRIBUTED, keccak256(signature));
    }

    #[test]
    fn a_log_is_found_by_its_event_its_topics_and_its_contributors() {
        let [request, datanet] = [B256::repeat_byte(1), B256::repeat_byte(2)];
        let [first, second] = [Address::repeat_byte(3), Address::repeat_byte(4)];
        let address = PREDEPLOY_ADDRESSES[usize::from(DATANETS)];
        let topics = vec![DISTRIBUTED, request, datanet];
        let data = LogData::new_unchecked(topics, distributed(&[second, first, second]));
        let expected = [
            LogSubject::event(address, DISTRIBUTED).unwrap(),
            LogSubject::topic(address, DISTRIBUTED, 1, request).unwrap(),
            LogSubject::topic(address, DISTRIBUTED, 2, datanet).unwrap(),
            LogSubject::contributor(first),
            LogSubject::contributor(second),
        ];
        assert_eq!(LogSubject::all_of(&Log { address, data: data.clone() }), expected);
        assert_eq!(LogSubject::all_of(&Log { address: first, data }), []);
    }

    proptest! {
        #[test]
        fn any_payout_data_is_borne(data in vec(any::<u8>(), 0..400)) {
            contributors(&data);
        }
    }
}
