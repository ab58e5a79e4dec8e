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
use alloy_primitives::{Address, B256, BlockNumber, Log};
use alloy_sol_types::SolEvent;
use assay_chainspec::PREDEPLOY_ADDRESSES;
use assay_evm::Receipt;
use assay_precompiles::contracts::{IDatanets::Distributed, IInference::Settled};
use signet_libmdbx::{WriteFlags, tx::aliases::RwTxUnsync};
use std::{collections::BTreeSet, ops::RangeInclusive};

/// Bytes of a [`LogSubject`] in a key: contract, position, start of the event's id, value.
const SUBJECT: usize = 1 + 1 + 4 + 32;
const _: () = assert!(SUBJECT + 8 + 4 <= MAX_KEY);

/// What logs are found by: a contract's event, and perhaps the value of one of its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogSubject {
    /// Position of the contract in [`PREDEPLOY_ADDRESSES`].
    contract: u8,
    /// 0: every log of the event; 1 to 3: the topic of that number; 4: a contributor; 5: a requester.
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
        let event = event_prefix(Distributed::SIGNATURE_HASH);
        Self { contract: DATANETS, position: 4, event, value: contributor.into_word() }
    }

    /// The settled receipts of `Inference` that name this requester.
    pub fn requester(requester: Address) -> Self {
        let event = event_prefix(Settled::SIGNATURE_HASH);
        Self { contract: INFERENCE, position: 5, event, value: requester.into_word() }
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
        let (topics, data) = (topics.iter().copied(), &log.data.data);
        // Only our contracts write these, so data of another shape names nobody.
        if whole.contract == DATANETS && *event == Distributed::SIGNATURE_HASH {
            let payout = Distributed::decode_raw_log(topics, data);
            let contributors: BTreeSet<_> =
                payout.into_iter().flat_map(|payout| payout.contributors).collect();
            subjects.extend(contributors.into_iter().map(Self::contributor));
        } else if whole.contract == INFERENCE && *event == Settled::SIGNATURE_HASH {
            let settled = Settled::decode_raw_log(topics, data);
            subjects.extend(settled.map(|settled| Self::requester(settled.receipt.requester)));
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

/// `Inference` in [`PREDEPLOY_ADDRESSES`].
const INFERENCE: u8 = 2;
/// `Datanets` in [`PREDEPLOY_ADDRESSES`].
const DATANETS: u8 = 3;

fn event_prefix(event: B256) -> [u8; 4] {
    [event[0], event[1], event[2], event[3]]
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
    /// of its entries. Each `batch` of so many blocks (at least one) is one transaction, after which
    /// `progress` hears of the last block that is done and of the head's number.
    ///
    /// Interrupted, it leaves an index that answers [`StorageError::Index`] until this is called
    /// again; it then goes on where it was.
    pub fn rebuild_index(
        &self,
        batch: u64,
        mut progress: impl FnMut(BlockNumber, BlockNumber),
    ) -> Result<usize, StorageError> {
        let mut next = match meta::indexed(self.snapshot()?.reader())? {
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
        loop {
            // Each batch reads through a snapshot of its own: pages that a batch rewrites are used again
            // only once nobody reads what they were, and every batch rewrites much of the index.
            let snapshot = self.snapshot()?;
            let head = snapshot.head().number;
            if next > head {
                break;
            }
            let last = head.min(next.saturating_add(batch.saturating_sub(1)));
            let tx = self.begin_write()?;
            for block in next..=last {
                if let Some(receipts) = snapshot.receipts(block)? {
                    add_block(&tx, self.handles(), block, &receipts)?;
                }
            }
            meta::put_indexed(&tx, self.handles(), Some(last))?;
            tx.commit()?;
            drop(snapshot);
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
    use alloy_primitives::{LogData, U256};
    use assay_precompiles::contracts::IInference::InferenceReceipt;
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn a_payout_is_found_by_its_event_its_topics_and_its_contributors() {
        let [request, datanet] = [B256::repeat_byte(1), B256::repeat_byte(2)];
        let [first, second] = [Address::repeat_byte(3), Address::repeat_byte(4)];
        let event = Distributed {
            requestId: request,
            datanetId: datanet,
            token: Address::ZERO,
            indices: vec![1, 2, 3],
            contributors: vec![second, first, second],
            amounts: vec![U256::ONE; 3],
        };
        let address = PREDEPLOY_ADDRESSES[usize::from(DATANETS)];
        let id = Distributed::SIGNATURE_HASH;
        let expected = [
            LogSubject::event(address, id).unwrap(),
            LogSubject::topic(address, id, 1, request).unwrap(),
            LogSubject::topic(address, id, 2, datanet).unwrap(),
            LogSubject::contributor(first),
            LogSubject::contributor(second),
        ];
        let data = event.encode_log_data();
        assert_eq!(LogSubject::all_of(&Log { address, data: data.clone() }), expected);
        assert_eq!(LogSubject::all_of(&Log { address: first, data }), []);
    }

    #[test]
    fn a_settled_receipt_is_found_by_its_requester() {
        let requester = Address::repeat_byte(9);
        let event = Settled {
            requestId: B256::ZERO,
            modelId: B256::ZERO,
            provider: Address::ZERO,
            receiptHash: B256::ZERO,
            sessionId: B256::ZERO,
            receipt: InferenceReceipt {
                modelId: B256::ZERO,
                inputHash: B256::ZERO,
                outputHash: B256::ZERO,
                attributionRoot: B256::ZERO,
                requestId: B256::ZERO,
                requester,
                provider: Address::ZERO,
                price: U256::ZERO,
                nonce: 0,
                time: 0,
            },
        };
        let address = PREDEPLOY_ADDRESSES[usize::from(INFERENCE)];
        let subjects = LogSubject::all_of(&Log { address, data: event.encode_log_data() });
        assert_eq!(subjects[4..], [LogSubject::requester(requester)]);
    }

    proptest! {
        #[test]
        fn any_data_is_borne(data in vec(any::<u8>(), 0..400)) {
            for (contract, event) in
                [(INFERENCE, Settled::SIGNATURE_HASH), (DATANETS, Distributed::SIGNATURE_HASH)]
            {
                let address = PREDEPLOY_ADDRESSES[usize::from(contract)];
                let topics = vec![event, B256::ZERO, B256::ZERO, B256::ZERO];
                let data = LogData::new_unchecked(topics, data.clone().into());
                let subjects = LogSubject::all_of(&Log { address, data });
                prop_assert!(subjects.len() >= 4);
            }
        }
    }
}
