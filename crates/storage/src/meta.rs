//! The table of single values: schema, genesis, head, labels.

use crate::{
    StorageError,
    codec::{self, number},
    reader::Reader,
    snapshot::Labels,
    tables::{Handles, Table},
};
use alloy_eips::BlockNumHash;
use alloy_primitives::{B256, BlockNumber};
use signet_libmdbx::{WriteFlags, tx::aliases::RwTxUnsync};

pub(crate) const SCHEMA: &[u8] = b"schema";
/// Written last of all when a store is made: a store without it was never finished.
pub(crate) const GENESIS: &[u8] = b"genesis";
const HEAD: &[u8] = b"head";
const SAFE: &[u8] = b"safe";
const FINALIZED: &[u8] = b"finalized";
/// The last block that an interrupted rebuild of the index reached; absent when the index is whole.
const INDEXED: &[u8] = b"indexed";

/// The last block.
pub(crate) fn head(reader: Reader<'_>) -> Result<BlockNumHash, StorageError> {
    let value = reader.get(Table::Meta, HEAD)?;
    let head = value.as_deref().and_then(|value| {
        let (block, hash) = value.split_first_chunk::<8>()?;
        Some(BlockNumHash::new(u64::from_be_bytes(*block), codec::read_hash(hash)?))
    });
    head.ok_or_else(|| StorageError::corrupt(Table::Meta, HEAD, "missing or malformed"))
}

/// The labels.
pub(crate) fn labels(reader: Reader<'_>) -> Result<Labels, StorageError> {
    let label = |key: &[u8]| {
        let value = reader.get(Table::Meta, key)?;
        Ok::<_, StorageError>(value.as_deref().and_then(codec::read_hash))
    };
    Ok(Labels { safe: label(SAFE)?, finalized: label(FINALIZED)? })
}

/// Where a rebuild of the index stands; `None`: the index is whole.
pub(crate) fn indexed(reader: Reader<'_>) -> Result<Option<BlockNumber>, StorageError> {
    let Some(value) = reader.get(Table::Meta, INDEXED)? else { return Ok(None) };
    let indexed = codec::read_number(&value);
    indexed.map(Some).ok_or_else(|| StorageError::corrupt(Table::Meta, INDEXED, "malformed"))
}

/// Writes where a rebuild of the index stands; `None`: the index is whole.
pub(crate) fn put_indexed(
    tx: &RwTxUnsync,
    handles: &Handles,
    indexed: Option<BlockNumber>,
) -> Result<(), StorageError> {
    let meta = handles.get(Table::Meta);
    match indexed {
        Some(block) => tx.put(meta, INDEXED, number(block), WriteFlags::UPSERT)?,
        None => {
            tx.del(meta, INDEXED, None)?;
        }
    }
    Ok(())
}

/// Writes the last block.
pub(crate) fn put_head(
    tx: &RwTxUnsync,
    handles: &Handles,
    head: BlockNumHash,
) -> Result<(), StorageError> {
    let value = codec::key(&[&number(head.number), head.hash.as_slice()]);
    Ok(tx.put(handles.get(Table::Meta), HEAD, value, WriteFlags::UPSERT)?)
}

/// Writes the labels.
pub(crate) fn put_labels(
    tx: &RwTxUnsync,
    handles: &Handles,
    labels: Labels,
) -> Result<(), StorageError> {
    let meta = handles.get(Table::Meta);
    for (key, label) in [(SAFE, labels.safe), (FINALIZED, labels.finalized)] {
        let value: B256 = label.unwrap_or_default();
        if label.is_some() {
            tx.put(meta, key, value, WriteFlags::UPSERT)?;
        } else {
            tx.del(meta, key, None)?;
        }
    }
    Ok(())
}
