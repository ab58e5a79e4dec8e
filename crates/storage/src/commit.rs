//! Writing blocks, and taking them back.

use crate::{
    ExecutedBlock, StorageError,
    changes::{Changes, restore},
    codec::{self, MAX_VALUE, number},
    index, meta,
    runs::{self, Run, RunWriter},
    snapshot::{Labels, Snapshot},
    tables::{Handles, Kind, Table},
};
use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256, BlockNumber};
use alloy_rlp::Encodable;
use revm::{primitives::KECCAK_EMPTY, state::Bytecode};
use signet_libmdbx::{MdbxError, WriteFlags, tx::aliases::RwTxUnsync};
use std::sync::Arc;

/// Writes `blocks`, which follow the head of `snapshot`, the present store, and commits.
pub(crate) fn commit(
    tx: RwTxUnsync,
    handles: &Handles,
    snapshot: &Snapshot,
    blocks: &[Arc<ExecutedBlock>],
    labels: Option<Labels>,
) -> Result<(), StorageError> {
    let head = snapshot.head();
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
    if blocks.is_empty() {
        return Ok(());
    }
    let run = Run::new(head.number + 1, tip.number);
    let mut bytes = 0;
    for kind in Kind::ALL {
        bytes += Changes::of(kind, blocks, &tx, handles)?.write(kind, &run, &tx, handles)?;
    }
    bytes += write_transactions(&tx, handles, &run, blocks)?;
    for block in blocks {
        write_block(&tx, handles, block)?;
    }
    for block in blocks {
        write_codes(&tx, handles, &block.bundle.contracts)?;
    }
    index::add(&tx, handles, blocks.iter().map(AsRef::as_ref))?;
    meta::put_head(&tx, handles, tip)?;
    if let Some(labels) = labels {
        meta::put_labels(&tx, handles, labels)?;
    }
    let run = run.sized(bytes);
    runs::put_run(&tx, handles, &run)?;
    let mut runs = snapshot.runs().to_vec();
    runs.push(run);
    runs::compact(&tx, handles, &mut runs)?;
    Ok(tx.commit()?)
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
    run: &Run,
    blocks: &[Arc<ExecutedBlock>],
) -> Result<u64, StorageError> {
    let mut lookups: Vec<(B256, BlockNumber, u32)> = Vec::new();
    for block in blocks {
        let transactions = &block.block.body().transactions;
        let hashes = transactions.iter().zip(0..);
        lookups.extend(hashes.map(|(tx, index)| (tx.tx_hash(), block.number(), index)));
    }
    lookups.sort_unstable_by_key(|(hash, ..)| *hash);
    let mut writer = RunWriter::new(tx, handles, Table::TransactionLookup, run)?;
    for (hash, block, index) in lookups {
        writer.push(hash.as_slice(), block, &index.to_be_bytes())?;
    }
    writer.finish()
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
    let gone = snapshot.runs_after(to.number);
    for kind in Kind::ALL {
        restore(kind, gone, to.number, &tx, handles)?;
    }
    for run in gone {
        if run.first > to.number {
            runs::remove(&tx, handles, run)?;
        } else {
            runs::put_run(&tx, handles, &run.up_to(to.number))?;
        }
    }
    index::remove_above(&tx, handles, snapshot, to.number)?;
    for block in to.number + 1..=head {
        if let Some(hash) = snapshot.hash(block)? {
            tx.del(handles.get(Table::HeaderNumbers), hash, None)?;
        }
        for table in
            [Table::Headers, Table::CanonicalHashes, Table::Bodies, Table::Receipts, Table::Senders]
        {
            tx.del(handles.get(table), number(block), None)?;
        }
    }
    meta::put_head(&tx, handles, to)?;
    Ok(tx.commit()?)
}
