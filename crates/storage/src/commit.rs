//! Writing blocks, and taking them back.

use crate::{
    ExecutedBlock, StorageError,
    changes::Changes,
    codec::{self, MAX_VALUE, number},
    meta,
    snapshot::{Labels, Snapshot},
    tables::{Handles, Kind, Table},
};
use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256, BlockNumber};
use alloy_rlp::Encodable;
use revm::{primitives::KECCAK_EMPTY, state::Bytecode};
use signet_libmdbx::{MdbxError, WriteFlags, tx::aliases::RwTxUnsync};
use std::{borrow::Cow, sync::Arc};

/// Writes `blocks`, which follow `head`, into one transaction and commits it.
pub(crate) fn commit(
    tx: RwTxUnsync,
    handles: &Handles,
    head: BlockNumHash,
    blocks: &[Arc<ExecutedBlock>],
    labels: Option<Labels>,
) -> Result<(), StorageError> {
    let mut tip = head;
    for block in blocks {
        if block.parent_hash() != tip.hash || Some(block.number()) != tip.number.checked_add(1) {
            return Err(StorageError::Misuse(format!(
                "block {} ({}) does not follow {} ({})",
                block.number(),
                block.hash(),
                tip.number,
                tip.hash
            )));
        }
        tip = BlockNumHash::new(block.number(), block.hash());
    }
    let first = head.number + 1;
    let mut lists = Vec::new();
    for kind in Kind::ALL {
        let changes = Changes::of(kind, blocks, &tx, handles)?;
        lists.push(changes.write(kind, first, blocks.len(), &tx, handles)?);
    }
    for (index, block) in blocks.iter().enumerate() {
        write_block(&tx, handles, block)?;
        for (kind, lists) in Kind::ALL.iter().zip(&lists) {
            let key = changes_key(block.number(), *kind);
            tx.append(handles.get(Table::Changes), key, checked(&lists[index])?)?;
        }
    }
    write_transactions(&tx, handles, blocks)?;
    for block in blocks {
        write_codes(&tx, handles, &block.bundle.contracts)?;
    }
    meta::put_head(&tx, handles, tip)?;
    if let Some(labels) = labels {
        meta::put_labels(&tx, handles, labels)?;
    }
    Ok(tx.commit()?)
}

/// Key of a block's list of changed keys.
fn changes_key(block: BlockNumber, kind: Kind) -> codec::KeyBuf {
    codec::key(&[&number(block), &[kind.id()]])
}

/// Refuses a value on which MDBX would abort the process.
fn checked(value: &[u8]) -> Result<&[u8], StorageError> {
    if value.len() > MAX_VALUE {
        return Err(StorageError::Misuse(format!("a value of {} bytes", value.len())));
    }
    Ok(value)
}

/// Writes a block's header, body, senders and receipts.
pub(crate) fn write_block(
    tx: &RwTxUnsync,
    handles: &Handles,
    block: &ExecutedBlock,
) -> Result<(), StorageError> {
    let key = number(block.number());
    let append = |table, value: Vec<u8>| -> Result<(), StorageError> {
        Ok(tx.append(handles.get(table), key, checked(&value)?)?)
    };
    let header = block.block.header();
    append(Table::Headers, codec::seal(|out| codec::put_header(header, out)))?;
    append(Table::CanonicalHashes, block.hash().to_vec())?;
    append(Table::Bodies, codec::seal(|out| block.block.body().encode(out)))?;
    append(Table::Receipts, codec::seal(|out| codec::put_receipts(&block.receipts, out)))?;
    let senders: &[Address] = block.block.senders();
    append(Table::Senders, senders.iter().flat_map(|sender| sender.0.0).collect())?;
    tx.put(handles.get(Table::HeaderNumbers), block.hash(), key, WriteFlags::UPSERT)?;
    Ok(())
}

fn write_transactions(
    tx: &RwTxUnsync,
    handles: &Handles,
    blocks: &[Arc<ExecutedBlock>],
) -> Result<(), StorageError> {
    let mut lookups: Vec<(B256, BlockNumber, u32)> = Vec::new();
    for block in blocks {
        let transactions = &block.block.body().transactions;
        let hashes = transactions.iter().zip(0..);
        lookups.extend(hashes.map(|(tx, index)| (tx.tx_hash(), block.number(), index)));
    }
    lookups.sort_unstable_by_key(|(hash, ..)| *hash);
    let mut cursor = tx.cursor(handles.get(Table::TransactionLookup))?;
    for (hash, block, index) in lookups {
        let value = codec::key(&[&number(block), &index.to_be_bytes()]);
        cursor.put(hash.as_slice(), &value, WriteFlags::UPSERT)?;
    }
    Ok(())
}

/// Writes code that is not there yet. Code is never removed: its key is its hash.
pub(crate) fn write_codes<'a>(
    tx: &RwTxUnsync,
    handles: &Handles,
    codes: impl IntoIterator<Item = (&'a B256, &'a Bytecode)>,
) -> Result<(), StorageError> {
    let table = handles.get(Table::Bytecodes);
    for (hash, code) in codes {
        let code = code.original_byte_slice();
        if *hash == KECCAK_EMPTY || code.is_empty() {
            continue;
        }
        let value = codec::seal(|out| out.extend_from_slice(code));
        match tx.put(table, hash, checked(&value)?, WriteFlags::NO_OVERWRITE) {
            Ok(()) | Err(MdbxError::KeyExist) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Takes back every block above `to`, which `snapshot` is the present store of, and commits.
pub(crate) fn unwind(
    tx: RwTxUnsync,
    handles: &Handles,
    snapshot: &Snapshot,
    to: BlockNumHash,
) -> Result<(), StorageError> {
    let head = snapshot.head().number;
    let first = to.number + 1;
    for kind in Kind::ALL {
        let mut changes = Changes::default();
        for block in first..=head {
            let key = changes_key(block, kind);
            let list = tx
                .get::<Cow<'_, [u8]>>(handles.get(Table::Changes).dbi(), &key)?
                .ok_or_else(|| StorageError::corrupt(Table::Changes, &key, "missing"))?;
            let index = u32::try_from(block - first)
                .map_err(|_| StorageError::Misuse("unwind of too many blocks".into()))?;
            codec::for_each_front_coded(&list, |logical| changes.push(logical, index, |_| ()))
                .ok_or_else(|| StorageError::corrupt(Table::Changes, &key, "malformed value"))?;
            tx.del(handles.get(Table::Changes), &key, None)?;
        }
        changes.sort();
        changes.unwind(kind, first, &tx, handles)?;
    }
    for block in first..=head {
        remove_block(&tx, handles, snapshot, block)?;
    }
    meta::put_head(&tx, handles, to)?;
    Ok(tx.commit()?)
}

fn remove_block(
    tx: &RwTxUnsync,
    handles: &Handles,
    snapshot: &Snapshot,
    n: BlockNumber,
) -> Result<(), StorageError> {
    let block = snapshot
        .block(n)?
        .ok_or_else(|| StorageError::corrupt(Table::Headers, &number(n), "missing"))?;
    let lookup = handles.get(Table::TransactionLookup);
    for transaction in &block.body().transactions {
        tx.del(lookup, transaction.tx_hash(), None)?;
    }
    tx.del(handles.get(Table::HeaderNumbers), block.hash(), None)?;
    for table in
        [Table::Headers, Table::CanonicalHashes, Table::Bodies, Table::Receipts, Table::Senders]
    {
        tx.del(handles.get(table), number(n), None)?;
    }
    Ok(())
}
