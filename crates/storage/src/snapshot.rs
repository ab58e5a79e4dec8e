//! Consistent reads of the store at one moment.

use crate::{
    StorageError,
    codec::{self, number},
    cursor::{StateReader, malformed},
    meta,
    reader::{Past, Reader, Readers},
    runs::{Run, directory, first_change},
    tables::{Kind, Table},
};
use alloy_consensus::{BlockBody, Header, Sealed};
use alloy_eips::BlockNumHash;
use alloy_primitives::{
    Address, B256, BlockNumber, Bytes, KECCAK256_EMPTY, TxHash, U256, keccak256,
};
use alloy_rlp::Decodable;
use assay_evm::{Receipt, RecoveredBlock, SealedHeader, Transaction};
use assay_trie::{TrieError, TrieReader, TrieSource};
use reth_primitives_traits::Account;
use revm::{
    DatabaseRef,
    state::{AccountInfo, Bytecode},
};
use std::sync::Arc;

/// The safe and finalized blocks, as last stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Labels {
    /// The safe block's hash.
    pub safe: Option<B256>,
    /// The finalized block's hash.
    pub finalized: Option<B256>,
}

/// The store at one moment, whatever is written afterwards. Cheap to clone; any thread can read.
///
/// While it lives the database cannot reuse the space of what it sees: drop it within seconds.
/// Reads of state are as of [`Self::head`]; [`Self::at`] gives those of earlier blocks.
#[derive(Debug, Clone)]
pub struct Snapshot(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    readers: Readers,
    head: BlockNumHash,
    labels: Labels,
    runs: Vec<Run>,
}

impl Snapshot {
    pub(crate) fn new(readers: Readers) -> Result<Self, StorageError> {
        let head = meta::head(readers.get())?;
        let labels = meta::labels(readers.get())?;
        let runs = directory(readers.get())?;
        Ok(Self(Arc::new(Inner { readers, head, labels, runs })))
    }

    /// All runs of history, oldest first.
    pub(crate) fn runs(&self) -> &[Run] {
        &self.0.runs
    }

    /// Those with blocks after `number`.
    pub(crate) fn runs_after(&self, number: BlockNumber) -> &[Run] {
        let runs = &self.0.runs;
        &runs[runs.partition_point(|run| run.last <= number)..]
    }

    /// How state as of block `at` is read; `None`: at the head.
    fn past(&self, at: Option<BlockNumber>) -> Option<Past<'_>> {
        at.map(|at| Past { at, runs: self.runs_after(at) })
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        self.0.readers.get()
    }

    /// The last block.
    pub fn head(&self) -> BlockNumHash {
        self.0.head
    }

    /// The safe and finalized blocks.
    pub fn labels(&self) -> Labels {
        self.0.labels
    }

    /// The hash of canonical block `n`.
    pub fn hash(&self, n: BlockNumber) -> Result<Option<B256>, StorageError> {
        self.read(Table::CanonicalHashes, &number(n), codec::read_hash)
    }

    /// The number of the canonical block with this hash.
    pub fn number(&self, hash: B256) -> Result<Option<BlockNumber>, StorageError> {
        self.read(Table::HeaderNumbers, hash.as_slice(), codec::read_number)
    }

    /// The header of canonical block `n`.
    pub fn header(&self, n: BlockNumber) -> Result<Option<SealedHeader>, StorageError> {
        let Some(header) =
            self.sealed(Table::Headers, n, |bytes| Some(codec::read_header(bytes)))?
        else {
            return Ok(None);
        };
        let hash = self.hash(n)?.ok_or_else(|| missing(Table::CanonicalHashes, n))?;
        Ok(Some(Sealed::new_unchecked(header, hash)))
    }

    /// The header of the canonical block with this hash.
    pub fn header_by_hash(&self, hash: B256) -> Result<Option<SealedHeader>, StorageError> {
        match self.number(hash)? {
            Some(n) => self.header(n),
            None => Ok(None),
        }
    }

    /// Canonical block `n` with its senders.
    pub fn block(&self, n: BlockNumber) -> Result<Option<RecoveredBlock>, StorageError> {
        let Some(header) = self.header(n)? else { return Ok(None) };
        let (header, hash) = header.into_parts();
        let body = self
            .sealed(Table::Bodies, n, decode_all::<BlockBody<Transaction, Header>>)?
            .ok_or_else(|| missing(Table::Bodies, n))?;
        let senders = self.senders(n)?.ok_or_else(|| missing(Table::Senders, n))?;
        if senders.len() != body.transactions.len() {
            return Err(StorageError::corrupt(Table::Senders, &number(n), "wrong count"));
        }
        Ok(Some(RecoveredBlock::new(assay_evm::Block { header, body }, senders, hash)))
    }

    /// The senders of canonical block `n`'s transactions.
    pub fn senders(&self, n: BlockNumber) -> Result<Option<Vec<Address>>, StorageError> {
        self.read(Table::Senders, &number(n), |bytes| {
            let (senders, rest) = bytes.as_chunks::<20>();
            rest.is_empty().then(|| senders.iter().map(Address::from).collect())
        })
    }

    /// The receipts of canonical block `n`.
    pub fn receipts(&self, n: BlockNumber) -> Result<Option<Vec<Receipt>>, StorageError> {
        self.sealed(Table::Receipts, n, codec::read_receipts)
    }

    /// The canonical block of a transaction and its index in it.
    pub fn transaction(&self, hash: TxHash) -> Result<Option<(BlockNumber, u32)>, StorageError> {
        let table = Table::TransactionLookup;
        let mut cursor = self.reader().cursor(table)?;
        for run in self.runs().iter().rev() {
            // No transaction is in block 0.
            if let Some((block, index)) = first_change(&mut cursor, table, run, &*hash, 0)? {
                let index = index.as_ref().try_into().map(u32::from_be_bytes);
                return index
                    .map(|index| Some((block, index)))
                    .map_err(|_| malformed(table, &*hash));
            }
        }
        Ok(None)
    }

    /// Code by its hash.
    pub fn code(&self, hash: B256) -> Result<Option<Bytecode>, StorageError> {
        if hash == KECCAK256_EMPTY {
            return Ok(Some(Bytecode::default()));
        }
        let key = hash.as_slice();
        let Some(value) = self.reader().get(Table::Bytecodes, key)? else { return Ok(None) };
        let code = Bytes::copy_from_slice(codec::open(Table::Bytecodes, key, &value)?);
        let code = Bytecode::new_raw_checked(code);
        code.map(Some).map_err(|_| malformed(Table::Bytecodes, key))
    }

    /// The account with this hashed address, at the head.
    pub fn account(&self, hashed_address: B256) -> Result<Option<Account>, StorageError> {
        self.account_at(hashed_address, None)
    }

    /// The slot's value at the head; zero if it was never set.
    pub fn slot(&self, hashed_address: B256, hashed_slot: B256) -> Result<U256, StorageError> {
        self.slot_at(hashed_address, hashed_slot, None)
    }

    /// State as of canonical block `n`.
    ///
    /// # Errors
    /// [`StorageError::Misuse`] if the store does not reach up to `n`.
    pub fn at(&self, n: BlockNumber) -> Result<HistoricalSnapshot, StorageError> {
        if n > self.0.head.number || self.hash(n)?.is_none() {
            return Err(StorageError::Misuse(format!("block {n} is not stored")));
        }
        Ok(HistoricalSnapshot { snapshot: self.clone(), number: n })
    }

    /// How many accounts and slots there are at the head.
    pub fn state_size(&self) -> Result<(usize, usize), StorageError> {
        let reader = self.reader();
        Ok((reader.entries(Table::Accounts)?, reader.entries(Table::Storages)?))
    }

    fn account_at(
        &self,
        hashed_address: B256,
        at: Option<BlockNumber>,
    ) -> Result<Option<Account>, StorageError> {
        let key = hashed_address.as_slice();
        let value = self.reader().state(Kind::Account, key, self.past(at))?;
        value
            .map(|value| codec::read_account(&value).ok_or_else(|| malformed(Table::Accounts, key)))
            .transpose()
    }

    fn slot_at(
        &self,
        hashed_address: B256,
        hashed_slot: B256,
        at: Option<BlockNumber>,
    ) -> Result<U256, StorageError> {
        let key = codec::key(&[hashed_address.as_slice(), hashed_slot.as_slice()]);
        match self.reader().state(Kind::Storage, &key, self.past(at))? {
            Some(value) => codec::read_slot(&value).ok_or_else(|| malformed(Table::Storages, &key)),
            None => Ok(U256::ZERO),
        }
    }

    fn info_at(
        &self,
        address: Address,
        at: Option<BlockNumber>,
    ) -> Result<Option<AccountInfo>, StorageError> {
        Ok(self.account_at(keccak256(address), at)?.map(|account| AccountInfo {
            balance: account.balance,
            nonce: account.nonce,
            code_hash: account.get_bytecode_hash(),
            account_id: None,
            code: None,
        }))
    }

    fn read<T>(
        &self,
        table: Table,
        key: &[u8],
        decode: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, StorageError> {
        let value = self.reader().get(table, key)?;
        value.map(|value| decode(&value).ok_or_else(|| malformed(table, key))).transpose()
    }

    /// Reads a value that carries its checksum.
    fn sealed<T>(
        &self,
        table: Table,
        n: BlockNumber,
        decode: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, StorageError> {
        let key = number(n);
        let Some(value) = self.reader().get(table, &key)? else { return Ok(None) };
        let bytes = codec::open(table, &key, &value)?;
        decode(bytes).map(Some).ok_or_else(|| malformed(table, &key))
    }
}

fn decode_all<T: Decodable>(mut bytes: &[u8]) -> Option<T> {
    T::decode(&mut bytes).ok().filter(|_| bytes.is_empty())
}

fn missing(table: Table, n: BlockNumber) -> StorageError {
    StorageError::corrupt(table, &number(n), "missing")
}

impl TrieSource for Snapshot {
    fn reader(&self) -> Result<Box<dyn TrieReader + '_>, TrieError> {
        Ok(Box::new(StateReader { reader: self.reader(), past: None }))
    }
}

impl DatabaseRef for Snapshot {
    type Error = StorageError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, StorageError> {
        self.info_at(address, None)
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, StorageError> {
        self.code(hash)?
            .ok_or_else(|| StorageError::corrupt(Table::Bytecodes, hash.as_slice(), "missing"))
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, StorageError> {
        self.slot(keccak256(address), keccak256(slot.to_be_bytes::<32>()))
    }

    fn block_hash_ref(&self, n: u64) -> Result<B256, StorageError> {
        Ok(self.hash(n)?.unwrap_or_default())
    }
}

/// State as of one canonical block, at the head or before it, and what else a [`Snapshot`] has.
#[derive(Debug, Clone)]
pub struct HistoricalSnapshot {
    snapshot: Snapshot,
    number: BlockNumber,
}

impl HistoricalSnapshot {
    /// The block's number.
    pub const fn number(&self) -> BlockNumber {
        self.number
    }

    /// The snapshot that it reads from.
    pub const fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The account with this hashed address.
    pub fn account(&self, hashed_address: B256) -> Result<Option<Account>, StorageError> {
        self.snapshot.account_at(hashed_address, self.past())
    }

    /// The slot's value; zero if it was not set.
    pub fn slot(&self, hashed_address: B256, hashed_slot: B256) -> Result<U256, StorageError> {
        self.snapshot.slot_at(hashed_address, hashed_slot, self.past())
    }

    fn past(&self) -> Option<BlockNumber> {
        (self.number < self.snapshot.head().number).then_some(self.number)
    }
}

impl TrieSource for HistoricalSnapshot {
    fn reader(&self) -> Result<Box<dyn TrieReader + '_>, TrieError> {
        let past = self.snapshot.past(self.past());
        Ok(Box::new(StateReader { reader: self.snapshot.reader(), past }))
    }
}

impl DatabaseRef for HistoricalSnapshot {
    type Error = StorageError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, StorageError> {
        self.snapshot.info_at(address, self.past())
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, StorageError> {
        self.snapshot.code_by_hash_ref(hash)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, StorageError> {
        self.slot(keccak256(address), keccak256(slot.to_be_bytes::<32>()))
    }

    fn block_hash_ref(&self, n: u64) -> Result<B256, StorageError> {
        if n > self.number {
            return Ok(B256::ZERO);
        }
        self.snapshot.block_hash_ref(n)
    }
}
