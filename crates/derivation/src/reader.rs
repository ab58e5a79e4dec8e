//! Reading of varints, fixed-length fields and bit lists, shared by the decoders.

use crate::DerivationError;
use alloy_primitives::Address;

/// A cursor over bytes that never reads past their end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    /// `what` names the structure in errors.
    pub(crate) const fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { bytes, what }
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) const fn fail(&self, reason: &'static str) -> DerivationError {
        DerivationError::malformed(self.what, reason)
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], DerivationError> {
        let (taken, rest) =
            self.bytes.split_at_checked(length).ok_or_else(|| self.fail("it ends too early"))?;
        self.bytes = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DerivationError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, DerivationError> {
        Ok(self.array::<1>()?[0])
    }

    /// An unsigned base-128 varint of 64 bits. Longer forms than needed are accepted, as Go's
    /// `binary.ReadUvarint`, on which the protocol rests, accepts them.
    pub(crate) fn uvarint(&mut self) -> Result<u64, DerivationError> {
        let mut value = 0u64;
        for index in 0..10 {
            let byte = self.byte()?;
            if index == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.fail("a varint overflows 64 bits"))
    }

    /// A 64-bit integer in an ABI word.
    pub(crate) fn padded_u64(&mut self) -> Result<u64, DerivationError> {
        if self.array::<24>()? != [0; 24] {
            return Err(self.fail("padding is set"));
        }
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// An address in an ABI word.
    pub(crate) fn padded_address(&mut self) -> Result<Address, DerivationError> {
        if self.array::<12>()? != [0; 12] {
            return Err(self.fail("padding is set"));
        }
        Ok(Address::new(self.array()?))
    }

    /// A bit list of `length` bits: a big-endian integer, left-padded to whole bytes.
    pub(crate) fn bits(&mut self, length: usize) -> Result<Bits, DerivationError> {
        let bits = Bits { bytes: self.take(length.div_ceil(8))?.iter().rev().copied().collect() };
        match (length % 8, bits.bytes.last()) {
            (used @ 1.., Some(last)) if last >> used != 0 => {
                Err(self.fail("a bit list is longer than its length"))
            }
            _ => Ok(bits),
        }
    }
}

/// Appends an unsigned base-128 varint.
pub(crate) fn put_uvarint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bits in ascending order of index; encoded in reverse, as a big-endian integer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    /// Least significant byte first.
    bytes: Vec<u8>,
}

impl Bits {
    pub(crate) fn get(&self, index: usize) -> bool {
        self.bytes.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1)
    }

    pub(crate) fn set(&mut self, index: usize, value: bool) {
        let byte = index / 8;
        if byte >= self.bytes.len() {
            self.bytes.resize(byte + 1, 0);
        }
        if value {
            self.bytes[byte] |= 1 << (index % 8);
        } else {
            self.bytes[byte] &= !(1 << (index % 8));
        }
    }

    pub(crate) fn count_ones(&self) -> usize {
        self.bytes.iter().map(|byte| byte.count_ones() as usize).sum()
    }

    /// Appends the list as `length` bits.
    pub(crate) fn put(&self, out: &mut Vec<u8>, length: usize) {
        let bytes = length.div_ceil(8);
        out.extend((0..bytes).rev().map(|index| self.bytes.get(index).copied().unwrap_or(0)));
    }
}

#[cfg(test)]
mod tests {
    use super::{Bits, Reader, put_uvarint};
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    #[test]
    fn varints_follow_go() {
        let read = |bytes: &[u8]| Reader::new(bytes, "test").uvarint();
        assert_eq!(read(&[0x80, 0x00]), Ok(0), "longer than needed");
        assert_eq!(read(&[0xff; 9]).ok(), None, "ends too early");
        let mut most = [0xff; 10];
        most[9] = 1;
        assert_eq!(read(&most), Ok(u64::MAX));
        most[9] = 2;
        assert!(read(&most).is_err(), "overflow");
    }

    #[test]
    fn excess_bits_are_refused() {
        assert!(Reader::new(&[0b0000_0100], "test").bits(2).is_err());
        assert!(Reader::new(&[0b0000_0011], "test").bits(2).is_ok());
        assert!(Reader::new(&[], "test").bits(1).is_err());
        assert!(Reader::new(&[], "test").bits(0).is_ok());
    }

    proptest! {
        #[test]
        fn varints_round_trip(value in any::<u64>()) {
            let mut out = Vec::new();
            put_uvarint(&mut out, value);
            prop_assert_eq!(Reader::new(&out, "test").uvarint(), Ok(value));
        }

        #[test]
        fn bits_round_trip(values in proptest::collection::vec(any::<bool>(), 0..70)) {
            let mut bits = Bits::default();
            for (index, value) in values.iter().enumerate() {
                bits.set(index, *value);
            }
            let mut out = Vec::new();
            bits.put(&mut out, values.len());
            let mut reader = Reader::new(&out, "test");
            let read = reader.bits(values.len()).unwrap();
            prop_assert!(reader.is_empty());
            for (index, value) in values.iter().enumerate() {
                prop_assert_eq!(read.get(index), *value);
            }
        }
    }
}
