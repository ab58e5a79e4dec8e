//! A writer of the CBOR that the reader in `encoding` accepts.

use alloc::{vec, vec::Vec};

/// A head of a major type, in its shortest form.
pub(crate) fn head(major: u8, number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let (info, width) = match number {
        0..24 => return vec![major << 5 | bytes[7]],
        24..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    [&[major << 5 | info][..], &bytes[8 - width..]].concat()
}

pub(crate) fn unsigned(number: u64) -> Vec<u8> {
    head(0, number)
}

pub(crate) fn bytes(bytes: &[u8]) -> Vec<u8> {
    [&head(2, bytes.len() as u64), bytes].concat()
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [&head(3, text.len() as u64), text.as_bytes()].concat()
}

/// An array of encoded items.
pub(crate) fn array(items: &[Vec<u8>]) -> Vec<u8> {
    [head(4, items.len() as u64), items.concat()].concat()
}

/// A map of encoded pairs, in the order given.
pub(crate) fn map(pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let pairs_encoded: Vec<u8> =
        pairs.iter().flat_map(|(key, value)| [key.as_slice(), value].concat()).collect();
    [head(5, pairs.len() as u64), pairs_encoded].concat()
}

pub(crate) fn optional_bytes(value: Option<&[u8]>) -> Vec<u8> {
    value.map_or_else(|| vec![0xf6], bytes)
}
