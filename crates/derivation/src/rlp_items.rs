//! RLP lists cut into their raw items, for rearranging transactions without decoding them.

use crate::DerivationError;
use alloy_rlp::Header;

/// One item of a list with its header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'a> {
    /// Header and payload.
    pub(crate) raw: &'a [u8],
    /// Payload alone.
    pub(crate) payload: &'a [u8],
    /// Whether it is a list.
    pub(crate) list: bool,
}

/// Takes the next item off `buf`.
pub(crate) fn next_item<'a>(
    buf: &mut &'a [u8],
    what: &'static str,
) -> Result<Item<'a>, DerivationError> {
    let start = *buf;
    let fail = || DerivationError::malformed(what, "broken RLP");
    let header = Header::decode(buf).map_err(|_| fail())?;
    let (payload, rest) = buf.split_at_checked(header.payload_length).ok_or_else(fail)?;
    *buf = rest;
    Ok(Item { raw: &start[..start.len() - rest.len()], payload, list: header.list })
}

/// The `N` items of the list `list`, which must be all there is.
pub(crate) fn list_items<'a, const N: usize>(
    list: Item<'a>,
    what: &'static str,
) -> Result<[Item<'a>; N], DerivationError> {
    let fail = |reason| DerivationError::malformed(what, reason);
    if !list.list {
        return Err(fail("a string where a list belongs"));
    }
    let mut items = [Item { raw: &[], payload: &[], list: false }; N];
    let mut rest = list.payload;
    for item in &mut items {
        *item = next_item(&mut rest, what)?;
    }
    if rest.is_empty() { Ok(items) } else { Err(fail("too many items in a list")) }
}

impl<'a> Item<'a> {
    /// Checks that this is a string.
    pub(crate) fn string(self, what: &'static str) -> Result<Self, DerivationError> {
        if self.list {
            return Err(DerivationError::malformed(what, "a list where a string belongs"));
        }
        Ok(self)
    }

    /// Checks that this is an integer in canonical form, of any length.
    pub(crate) fn integer(self, what: &'static str) -> Result<Self, DerivationError> {
        let item = self.string(what)?;
        if item.payload.first() == Some(&0) {
            return Err(DerivationError::malformed(what, "an integer with leading zeros"));
        }
        Ok(item)
    }

    /// Reads an integer of 64 bits.
    pub(crate) fn uint(self, what: &'static str) -> Result<u64, DerivationError> {
        let payload = self.integer(what)?.payload;
        if payload.len() > 8 {
            return Err(DerivationError::malformed(what, "an integer over 64 bits"));
        }
        Ok(payload.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// Reads an integer as 32 big-endian bytes.
    pub(crate) fn word(self, what: &'static str) -> Result<[u8; 32], DerivationError> {
        let payload = self.integer(what)?.payload;
        let mut word = [0; 32];
        let start = 32usize
            .checked_sub(payload.len())
            .ok_or(DerivationError::malformed(what, "an integer over 256 bits"))?;
        word[start..].copy_from_slice(payload);
        Ok(word)
    }
}
