//! Concise binary object representation (RFC 8949) in its deterministic core: definite lengths, and
//! every length and number in its shortest form. No tags, floats or negative numbers.

use super::Malformed;

const UNSIGNED: u8 = 0;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const NULL: u8 = 0xf6;

/// Reads items off the front of a byte string.
///
/// Nothing is skipped and nothing nests by itself: the caller reads every item it expects.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn finish(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed) }
    }

    /// What lies between here and `later`, which has read on from here.
    pub(crate) fn up_to(&self, later: &Self) -> &'a [u8] {
        &self.rest[..self.rest.len().saturating_sub(later.rest.len())]
    }

    /// Reads a major type's head: its number, length or count.
    fn head(&mut self, major: u8) -> Result<u64, Malformed> {
        let (&first, rest) = self.rest.split_first().ok_or(Malformed)?;
        if first >> 5 != major {
            return Err(Malformed);
        }
        // How many bytes the number takes, and the least that needs them.
        let (width, least) = match first & 0x1f {
            small @ 0..24 => {
                self.rest = rest;
                return Ok(small.into());
            }
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            _ => return Err(Malformed),
        };
        let (number, rest) = rest.split_at_checked(width).ok_or(Malformed)?;
        let number = number.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        if number < least {
            return Err(Malformed);
        }
        self.rest = rest;
        Ok(number)
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64, Malformed> {
        self.head(UNSIGNED)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        self.string(BYTES)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        core::str::from_utf8(self.string(TEXT)?).map_err(|_| Malformed)
    }

    /// Reads an array's head: how many items follow.
    pub(crate) fn array(&mut self) -> Result<u64, Malformed> {
        self.head(ARRAY)
    }

    /// Reads a map's head: how many pairs follow.
    pub(crate) fn map(&mut self) -> Result<u64, Malformed> {
        self.head(MAP)
    }

    /// Reads a byte string, or nothing for a null.
    pub(crate) fn optional_bytes(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        if let Some((&NULL, rest)) = self.rest.split_first() {
            self.rest = rest;
            return Ok(None);
        }
        self.bytes().map(Some)
    }

    fn string(&mut self, major: u8) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(self.head(major)?).map_err(|_| Malformed)?;
        let (string, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_and_lengths_are_shortest() {
        let read = |bytes: &[u8]| {
            let mut reader = Reader::new(bytes);
            reader.unsigned().and_then(|number| reader.finish().map(|()| number))
        };
        for (bytes, number) in [
            (&[0x17][..], 23),
            (&[0x18, 24], 24),
            (&[0x18, 0xff], 0xff),
            (&[0x19, 1, 0], 0x100),
            (&[0x1a, 0, 1, 0, 0], 0x1_0000),
            (&[0x1b, 0, 0, 0, 1, 0, 0, 0, 0], 1 << 32),
            (&[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], u64::MAX),
        ] {
            assert_eq!(read(bytes), Ok(number));
        }
        for bytes in [
            &[][..],
            &[0x18],
            &[0x18, 23],
            &[0x19, 0, 0xff],
            &[0x1a, 0, 0, 0xff, 0xff],
            &[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
            &[0x1b, 0, 0, 0, 1, 0, 0, 0],
            &[0x1c],
            &[0x1f],
            &[0x20],
            &[0x17, 0],
        ] {
            assert_eq!(read(bytes), Err(Malformed), "{bytes:?}");
        }
    }

    #[test]
    fn strings_are_definite_and_whole() {
        assert_eq!(Reader::new(&[0x42, 7, 8]).bytes(), Ok(&[7, 8][..]));
        assert_eq!(Reader::new(&[0x62, b'h', b'i']).text(), Ok("hi"));
        assert_eq!(Reader::new(&[0xf6]).optional_bytes(), Ok(None));
        assert_eq!(Reader::new(&[0x40]).optional_bytes(), Ok(Some(&[][..])));
        for bytes in [
            &[0x5f, 0x41, 7, 0xff][..],
            &[0x42, 7],
            &[0x58, 2, 7, 8],
            &[0x62, 7, 8],
            &[0xf7],
            &[0xc2, 0x41, 7],
            &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 7],
        ] {
            assert_eq!(Reader::new(bytes).bytes(), Err(Malformed), "{bytes:?}");
            assert_eq!(Reader::new(bytes).optional_bytes(), Err(Malformed), "{bytes:?}");
        }
        assert_eq!(Reader::new(&[0x61, 0xff]).text(), Err(Malformed));
        assert_eq!(Reader::new(&[0x9f, 0xff]).array(), Err(Malformed));
        assert_eq!(Reader::new(&[0xbf, 0xff]).map(), Err(Malformed));
    }

    proptest! {
        #[test]
        fn numbers_read_back(number: u64, width in 0usize..4, tail: u8) {
            // Every wider form of the number is refused.
            let forms: [(u8, u64); 4] = [(24, 0xff), (25, 0xffff), (26, 0xffff_ffff), (27, u64::MAX)];
            let (info, most) = forms[width];
            let number = number & most;
            let bytes = &number.to_be_bytes()[8 - (1 << width)..];
            let encoded = [&[info][..], bytes, &[tail]].concat();
            let least = if width == 0 { 24 } else { forms[width - 1].1 + 1 };
            let mut reader = Reader::new(&encoded);
            if number >= least {
                prop_assert_eq!(reader.unsigned(), Ok(number));
                prop_assert_eq!(reader.rest, &[tail]);
            } else {
                prop_assert_eq!(reader.unsigned(), Err(Malformed));
            }
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let reader = Reader::new(&bytes);
            let _ = (reader.clone().unsigned(), reader.clone().bytes(), reader.clone().text());
            let _ = (reader.clone().array(), reader.clone().map(), reader.clone().optional_bytes());
        }
    }
}
