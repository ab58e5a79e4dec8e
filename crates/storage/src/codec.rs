//! Bytes of keys and values. Whatever is decoded may be damaged: nothing here panics on it.
//!
//! Compact decoders panic on bytes that no encoder writes, so each is guarded: small values by a
//! check of their length against their own flags, large ones by a checksum.

use crate::{StorageError, tables::Table};
use alloy_consensus::Header;
use alloy_eips::eip2718::Typed2718;
use alloy_primitives::{B256, BlockNumber, U256};
use alloy_rlp::{Decodable, Encodable};
use alloy_trie::{BranchNodeCompact, Nibbles, TrieMask};
use arrayvec::ArrayVec;
use assay_evm::Receipt;
use op_alloy_consensus::{OpReceipt, OpReceiptEnvelope};
use reth_codecs::Compact;
use reth_primitives_traits::Account;

/// Longest key: a run, hashed address, 64 nibbles and their end, and what sorts after a key.
pub(crate) const MAX_KEY: usize = 9 + 32 + 65 + 1;

/// Largest value that is written. MDBX aborts the process on one beyond its own limit, 2 GiB.
pub(crate) const MAX_VALUE: usize = 1 << 30;

/// A key in a buffer of its own.
pub(crate) type KeyBuf = ArrayVec<u8, MAX_KEY>;

/// Ends a path in a key: nibbles are written one above their value, so that no key is another's
/// prefix and a node comes before its descendants.
const PATH_END: u8 = 0;

/// Joins parts into one key.
pub(crate) fn key(parts: &[&[u8]]) -> KeyBuf {
    let mut key = KeyBuf::new();
    for part in parts {
        // Parts are hashes, paths of at most 64 nibbles and block numbers: they fit.
        let _ = key.try_extend_from_slice(part);
    }
    key
}

/// Appends a trie path to a key.
pub(crate) fn push_path(key: &mut KeyBuf, path: &Nibbles) {
    for nibble in path.iter() {
        let _ = key.try_push(nibble + 1);
    }
    let _ = key.try_push(PATH_END);
}

/// Reads a trie path back.
pub(crate) fn read_path(bytes: &[u8]) -> Option<Nibbles> {
    let (end, nibbles) = bytes.split_last()?;
    if *end != PATH_END || nibbles.len() > 64 {
        return None;
    }
    let mut path = Nibbles::new();
    for nibble in nibbles {
        path.push(nibble.checked_sub(1).filter(|nibble| *nibble < 16)?);
    }
    Some(path)
}

/// A block number as part of a key: sorted by bytes as by value.
pub(crate) const fn number(number: BlockNumber) -> [u8; 8] {
    number.to_be_bytes()
}

/// Reads a block number.
pub(crate) fn read_number(bytes: &[u8]) -> Option<BlockNumber> {
    Some(BlockNumber::from_be_bytes(bytes.try_into().ok()?))
}

/// An account's Compact encoding.
pub(crate) fn put_account(account: &Account, out: &mut Vec<u8>) {
    account.to_compact(out);
}

/// Reads an account. Its first two bytes say how long the fields are: 4 bits for the nonce, 6 for
/// the balance, 1 for the presence of a code hash.
pub(crate) fn read_account(bytes: &[u8]) -> Option<Account> {
    let flags = u16::from_le_bytes(bytes.first_chunk::<2>().copied()?);
    let nonce = usize::from(flags & 0xf);
    let balance = usize::from(flags >> 4 & 0x3f);
    let code = if flags >> 10 & 1 == 1 { 32 } else { 0 };
    let fits = flags >> 11 == 0 && nonce <= 8 && balance <= 32;
    (fits && bytes.len() == 2 + nonce + balance + code)
        .then(|| Account::from_compact(bytes, bytes.len()).0)
}

/// A slot's Compact encoding: big endian without leading zeros, so empty for zero.
pub(crate) fn put_slot(value: U256, out: &mut Vec<u8>) {
    let bytes = value.to_be_bytes::<32>();
    out.extend_from_slice(&bytes[value.leading_zeros() / 8..]);
}

/// Reads a slot.
pub(crate) fn read_slot(bytes: &[u8]) -> Option<U256> {
    U256::try_from_be_slice(bytes)
}

/// A branch node's Compact encoding.
pub(crate) fn put_node(node: &BranchNodeCompact, out: &mut Vec<u8>) {
    node.to_compact(out);
}

/// Reads a branch node: three masks, the second and third within the first, then one hash for each
/// bit of the third and perhaps the root's before them.
pub(crate) fn read_node(bytes: &[u8]) -> Option<BranchNodeCompact> {
    let (masks, hashes) = bytes.split_first_chunk::<6>()?;
    let mask = |at: usize| TrieMask::new(u16::from_be_bytes([masks[at], masks[at + 1]]));
    let (state, tree, hash) = (mask(0), mask(2), mask(4));
    let count = hashes.len() / 32;
    let within = tree.is_subset_of(state) && hash.is_subset_of(state);
    let expected = usize::from(hash.count_ones() as u8);
    let fits = hashes.len().is_multiple_of(32) && (count == expected || count == expected + 1);
    (within && fits).then(|| BranchNodeCompact::from_compact(bytes, bytes.len()).0)
}

/// A fast 32-bit digest of bytes on disk: finds damage, resists no one.
fn checksum(bytes: &[u8]) -> [u8; 4] {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |hash: u64, word: u64| {
        let product = u128::from(hash ^ word).wrapping_mul(u128::from(FACTOR));
        (product as u64) ^ ((product >> 64) as u64).rotate_left(29) ^ FACTOR
    };
    let mut hash = fold(FACTOR, bytes.len() as u64);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        // A chunk has eight bytes.
        hash = fold(hash, chunk.try_into().map_or(0, u64::from_le_bytes));
    }
    let mut last = [0; 8];
    last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    hash = fold(hash, u64::from_le_bytes(last));
    ((hash ^ (hash >> 32)) as u32).to_le_bytes()
}

/// Writes a value that carries its checksum.
pub(crate) fn seal(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = vec![0; 4];
    write(&mut out);
    let sum = checksum(&out[4..]);
    out[..4].copy_from_slice(&sum);
    out
}

/// Takes the checksum off a value.
pub(crate) fn open<'a>(
    table: Table,
    key: &[u8],
    value: &'a [u8],
) -> Result<&'a [u8], StorageError> {
    let (sum, bytes) = value
        .split_first_chunk::<4>()
        .ok_or_else(|| StorageError::corrupt(table, key, "too short"))?;
    if *sum != checksum(bytes) {
        return Err(StorageError::corrupt(table, key, "checksum does not match"));
    }
    Ok(bytes)
}

/// A header's Compact encoding.
pub(crate) fn put_header(header: &Header, out: &mut Vec<u8>) {
    header.to_compact(out);
}

/// Reads a header whose checksum was right.
pub(crate) fn read_header(bytes: &[u8]) -> Header {
    Header::from_compact(bytes, bytes.len()).0
}

/// Receipts as an RLP list, each without its bloom, in the layout of op-alloy's `OpReceipt`.
pub(crate) fn put_receipts(receipts: &[Receipt], out: &mut Vec<u8>) {
    let payload_length = receipts.iter().map(|receipt| receipt_header(receipt).1).sum();
    alloy_rlp::Header { list: true, payload_length }.encode(out);
    for receipt in receipts {
        let (header, _) = receipt_header(receipt);
        header.encode(out);
        receipt.ty().encode(out);
        let Some(inner) = receipt.as_receipt() else { continue };
        inner.status.encode(out);
        inner.cumulative_gas_used.encode(out);
        inner.logs.encode(out);
        if let Some(nonce) = receipt.deposit_nonce() {
            nonce.encode(out);
        }
        if let Some(version) = receipt.deposit_receipt_version() {
            version.encode(out);
        }
    }
}

/// A receipt's list header and its whole length.
fn receipt_header(receipt: &Receipt) -> (alloy_rlp::Header, usize) {
    let payload_length = receipt.ty().length()
        + receipt.as_receipt().map_or(0, |inner| {
            inner.status.length() + inner.cumulative_gas_used.length() + inner.logs.length()
        })
        + receipt.deposit_nonce().map_or(0, |nonce| nonce.length())
        + receipt.deposit_receipt_version().map_or(0, |version| version.length());
    let header = alloy_rlp::Header { list: true, payload_length };
    let length = header.length_with_payload();
    (header, length)
}

/// Reads receipts and computes their blooms.
pub(crate) fn read_receipts(mut bytes: &[u8]) -> Option<Vec<Receipt>> {
    let receipts = Vec::<OpReceipt>::decode(&mut bytes).ok()?;
    bytes.is_empty().then(|| {
        receipts
            .into_iter()
            .map(|receipt| {
                OpReceiptEnvelope::from(alloy_consensus::TxReceipt::into_with_bloom(receipt))
            })
            .collect()
    })
}

/// Reads a hash.
pub(crate) fn read_hash(bytes: &[u8]) -> Option<B256> {
    B256::try_from(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Bytes, Log};
    use proptest::{collection::vec, prelude::*};

    fn account() -> impl Strategy<Value = Account> {
        (any::<u64>(), any::<[u8; 32]>(), 0_usize..=256, any::<Option<[u8; 32]>>()).prop_map(
            |(nonce, balance, shift, code)| Account {
                nonce,
                balance: U256::from_be_bytes(balance).checked_shr(shift).unwrap_or_default(),
                bytecode_hash: code.map(B256::from),
            },
        )
    }

    fn node() -> impl Strategy<Value = BranchNodeCompact> {
        (any::<u16>(), any::<u16>(), any::<u16>(), any::<Option<[u8; 32]>>()).prop_map(
            |(state, tree, hash, root)| {
                let hash = hash & state;
                let hashes = (0..hash.count_ones()).map(|n| B256::repeat_byte(n as u8)).collect();
                BranchNodeCompact::new(state, tree & state, hash, hashes, root.map(B256::from))
            },
        )
    }

    fn encoded(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out);
        out
    }

    proptest! {
        #[test]
        fn values_come_back(account in account(), node in node(), slot in any::<[u8; 32]>()) {
            let slot = U256::from_be_bytes(slot);
            prop_assert_eq!(read_account(&encoded(|out| put_account(&account, out))), Some(account));
            prop_assert_eq!(read_node(&encoded(|out| put_node(&node, out))), Some(node));
            prop_assert_eq!(read_slot(&encoded(|out| put_slot(slot, out))), Some(slot));
        }

        #[test]
        fn decoders_bear_any_bytes(bytes in vec(any::<u8>(), 0..600)) {
            let _ = read_account(&bytes);
            let _ = read_node(&bytes);
            let _ = read_slot(&bytes);
            let _ = read_path(&bytes);
            let _ = read_receipts(&bytes);
            prop_assert!(open(Table::Bodies, &[], &bytes).is_err() || bytes.len() >= 4);
        }

        #[test]
        fn decoders_bear_damaged_values(account in account(), node in node(), at in 0_usize..600, flip: u8) {
            for mut bytes in [
                encoded(|out| put_account(&account, out)),
                encoded(|out| put_node(&node, out)),
            ] {
                let at = at % bytes.len();
                bytes[at] ^= flip;
                let _ = read_account(&bytes);
                let _ = read_node(&bytes);
                bytes.truncate(at);
                let _ = read_account(&bytes);
                let _ = read_node(&bytes);
            }
        }

        #[test]
        fn checksums_find_damage(bytes in vec(any::<u8>(), 0..200), at: usize, flip in 1_u8..) {
            let mut sealed = seal(|out| out.extend_from_slice(&bytes));
            prop_assert_eq!(open(Table::Bodies, &[], &sealed).unwrap(), &bytes[..]);
            let at = at % sealed.len();
            sealed[at] ^= flip;
            prop_assert!(open(Table::Bodies, &[], &sealed).is_err());
        }

        #[test]
        fn paths_sort_as_nibbles_and_are_prefix_free(
            a in vec(0_u8..16, 0..=64), b in vec(0_u8..16, 0..=64), shared in 0_usize..=64,
        ) {
            let mut b = b;
            let shared = shared.min(a.len()).min(b.len());
            b[..shared].copy_from_slice(&a[..shared]);
            let (a, b) = (Nibbles::from_nibbles(&a), Nibbles::from_nibbles(&b));
            let path = |path: &Nibbles| { let mut key = KeyBuf::new(); push_path(&mut key, path); key };
            prop_assert_eq!(path(&a).cmp(&path(&b)), a.cmp(&b));
            prop_assert_eq!(path(&a).starts_with(&path(&b)), a == b);
            prop_assert_eq!(read_path(&path(&a)), Some(a));
        }
    }

    #[test]
    fn receipts_come_back_with_their_blooms() {
        let log = Log::new_unchecked(
            alloy_primitives::Address::repeat_byte(7),
            vec![B256::repeat_byte(1)],
            Bytes::from_static(b"data"),
        );
        let inner = alloy_consensus::Receipt {
            status: true.into(),
            cumulative_gas_used: 5,
            logs: vec![log],
        };
        for version in [None, Some(1)] {
            let deposit = op_alloy_consensus::OpDepositReceipt {
                inner: inner.clone(),
                deposit_nonce: Some(0),
                deposit_receipt_version: version,
            };
            let receipts = vec![
                OpReceiptEnvelope::Deposit(deposit.with_bloom()),
                OpReceiptEnvelope::Legacy(inner.clone().into()),
                OpReceiptEnvelope::Eip7702(inner.clone().into()),
            ];
            let bytes = encoded(|out| put_receipts(&receipts, out));
            assert_eq!(read_receipts(&bytes), Some(receipts));
        }
    }
}
