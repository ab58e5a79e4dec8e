//! Distinguished encoding rules (X.690): definite, minimal lengths, nothing trailing.

use super::{Malformed, calendar};

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
/// Constructed, context-specific tags 0 and 3.
pub(crate) const CONTEXT_0: u8 = 0xa0;
pub(crate) const CONTEXT_3: u8 = 0xa3;

/// One element: tag, contents, and the whole encoding.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) value: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// Reads elements off the front of a byte string.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Reads the one element of `tag` that `bytes` are, as a reader of its contents.
    pub(crate) fn only(bytes: &'a [u8], tag: u8) -> Result<Self, Malformed> {
        let mut reader = Self::new(bytes);
        let inner = reader.nested(tag)?;
        reader.finish()?;
        Ok(inner)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) const fn finish(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed) }
    }

    pub(crate) fn next_is(&self, tag: u8) -> bool {
        self.rest.first() == Some(&tag)
    }

    /// Reads any element of a low tag number.
    pub(crate) fn element(&mut self) -> Result<Element<'a>, Malformed> {
        let (&tag, after_tag) = self.rest.split_first().ok_or(Malformed)?;
        if tag & 0x1f == 0x1f {
            return Err(Malformed);
        }
        let (&first, after_first) = after_tag.split_first().ok_or(Malformed)?;
        let (length, body) = match first {
            0..=0x7f => (usize::from(first), after_first),
            0x81..=0x83 => {
                let count = usize::from(first & 0x7f);
                let (bytes, body) = after_first.split_at_checked(count).ok_or(Malformed)?;
                let length =
                    bytes.iter().fold(0usize, |length, byte| length << 8 | usize::from(*byte));
                // The shortest form, and no more length bytes than it needs.
                if length < 0x80 || bytes[0] == 0 {
                    return Err(Malformed);
                }
                (length, body)
            }
            _ => return Err(Malformed),
        };
        let (value, rest) = body.split_at_checked(length).ok_or(Malformed)?;
        let whole = &self.rest[..self.rest.len() - rest.len()];
        self.rest = rest;
        Ok(Element { tag, value, whole })
    }

    pub(crate) fn expect(&mut self, tag: u8) -> Result<Element<'a>, Malformed> {
        let element = self.element()?;
        if element.tag == tag { Ok(element) } else { Err(Malformed) }
    }

    pub(crate) fn nested(&mut self, tag: u8) -> Result<Self, Malformed> {
        Ok(Self::new(self.expect(tag)?.value))
    }

    /// Reads a non-negative integer; gives its magnitude without a leading zero byte.
    pub(crate) fn unsigned(&mut self) -> Result<&'a [u8], Malformed> {
        match self.expect(INTEGER)?.value {
            [] => Err(Malformed),
            [0] => Ok(&[]),
            [0, rest @ ..] if rest[0] >= 0x80 => Ok(rest),
            [0, ..] => Err(Malformed),
            [first, ..] if *first >= 0x80 => Err(Malformed),
            value => Ok(value),
        }
    }

    /// Reads a boolean, which DER writes as one of two bytes.
    pub(crate) fn boolean(&mut self) -> Result<bool, Malformed> {
        match self.expect(BOOLEAN)?.value {
            [0] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(Malformed),
        }
    }

    /// Reads a bit string of whole bytes.
    pub(crate) fn bit_string(&mut self) -> Result<&'a [u8], Malformed> {
        match self.expect(BIT_STRING)?.value {
            [0, bytes @ ..] => Ok(bytes),
            _ => Err(Malformed),
        }
    }

    /// Reads a `Time`, as unix seconds.
    pub(crate) fn time(&mut self) -> Result<u64, Malformed> {
        let element = self.element()?;
        match element.tag {
            UTC_TIME => calendar::utc_time(element.value),
            GENERALIZED_TIME => calendar::generalized_time(element.value),
            _ => Err(Malformed),
        }
    }
}

/// Reads an `Ecdsa-Sig-Value` as `r ‖ s`, each half of `N` bytes.
pub(crate) fn ecdsa_signature<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Malformed> {
    let mut reader = Reader::only(bytes, SEQUENCE)?;
    let mut signature = [0; N];
    let (r, s) = signature.split_at_mut(N / 2);
    for half in [r, s] {
        pad_left(reader.unsigned()?, half)?;
    }
    reader.finish()?;
    Ok(signature)
}

/// Writes a magnitude into a wider big-endian number of zeros.
pub(crate) fn pad_left(magnitude: &[u8], number: &mut [u8]) -> Result<(), Malformed> {
    let start = number.len().checked_sub(magnitude.len()).ok_or(Malformed)?;
    number[start..].copy_from_slice(magnitude);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_minimal_and_definite() {
        let long = [&[0x04, 0x81, 0x80][..], &[7; 0x80]].concat();
        assert_eq!(Reader::new(&long).element().unwrap().value, [7; 0x80]);
        for bytes in [
            &[0x04][..],
            &[0x04, 1],
            &[0x04, 0x80, 0, 0],
            &[0x04, 0x81, 0x7f],
            &[0x1f, 0x81, 0],
            &[0x04, 0x82, 0, 0x80],
            &[0x04, 0x84, 0, 0, 0, 0],
            &[0x04, 0xff],
        ] {
            let padded = [bytes, &[0; 0x80]].concat();
            assert!(Reader::new(bytes).element().is_err());
            if bytes.len() > 2 {
                assert!(Reader::new(&padded).element().is_err(), "{bytes:?}");
            }
        }
    }

    #[test]
    fn integers_are_minimal_and_not_negative() {
        let read = |bytes: &[u8]| Reader::new(bytes).unsigned().map(<[u8]>::to_vec);
        assert_eq!(read(&[2, 1, 0]), Ok(vec![]));
        assert_eq!(read(&[2, 1, 0x7f]), Ok(vec![0x7f]));
        assert_eq!(read(&[2, 2, 0, 0x80]), Ok(vec![0x80]));
        for bytes in [&[2, 0][..], &[2, 1, 0x80], &[2, 2, 0, 0x7f], &[2, 2, 0, 0], &[3, 1, 0]] {
            assert_eq!(read(bytes), Err(Malformed));
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader::new(&bytes);
            while reader.element().is_ok() {}
            let mut reader = Reader::new(&bytes);
            let _ = (reader.unsigned(), reader.boolean(), reader.bit_string(), reader.time());
            let _ = (ecdsa_signature::<64>(&bytes), ecdsa_signature::<96>(&bytes));
        }
    }
}
