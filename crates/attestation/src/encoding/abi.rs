//! Evidence that is itself ABI-encoded: the one encoding that Solidity's `abi.encode` makes.
//!
//! Tails stand in the order of their fields without gaps, padding is zero, nothing follows.

use super::Malformed;
use alloc::vec::Vec;

/// A 32-byte word.
type Word = [u8; 32];

/// Reads the fields of a tuple one after the other, copying nothing.
pub(crate) struct Reader<'a> {
    words: &'a [Word],
    /// The next word of the head.
    head: usize,
    /// Words in the head.
    fields: usize,
    /// The word where the next tail starts.
    tail: usize,
}

impl<'a> Reader<'a> {
    /// A reader over `abi.encode` of a tuple with this many fields.
    pub(crate) fn new(bytes: &'a [u8], fields: usize) -> Result<Self, Malformed> {
        let (words, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() || words.len() < fields {
            return Err(Malformed);
        }
        Ok(Self { words, head: 0, fields, tail: fields })
    }

    /// `uint8`.
    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        u8::try_from(number(self.field()?)?).map_err(|_| Malformed)
    }

    /// `bytes`.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let tail = self.tail()?;
        let (bytes, words) = padded(tail)?;
        self.tail += words;
        Ok(bytes)
    }

    /// `bytes[]`, at most `limit` of them; `Ok(None)` is too many.
    pub(crate) fn bytes_array(&mut self, limit: usize) -> Result<Option<Vec<&'a [u8]>>, Malformed> {
        let (count, elements) = self.tail()?.split_first().ok_or(Malformed)?;
        let count = number(count)?;
        if count > limit {
            return Ok(None);
        }
        let offsets = elements.get(..count).ok_or(Malformed)?;
        let mut next = count;
        let mut array = Vec::with_capacity(count);
        for offset in offsets {
            if number(offset)? != next * 32 {
                return Err(Malformed);
            }
            let (bytes, words) = padded(elements.get(next..).ok_or(Malformed)?)?;
            array.push(bytes);
            next += words;
        }
        self.tail += 1 + next;
        Ok(Some(array))
    }

    /// Every field and every byte is read.
    pub(crate) const fn finish(self) -> Result<(), Malformed> {
        if self.head == self.fields && self.tail == self.words.len() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    fn field(&mut self) -> Result<&'a Word, Malformed> {
        if self.head == self.fields {
            return Err(Malformed);
        }
        let word = self.words.get(self.head).ok_or(Malformed)?;
        self.head += 1;
        Ok(word)
    }

    /// What the next field's offset leads to, which must be where the last tail ended.
    fn tail(&mut self) -> Result<&'a [Word], Malformed> {
        if number(self.field()?)? != self.tail * 32 {
            return Err(Malformed);
        }
        self.words.get(self.tail..).ok_or(Malformed)
    }
}

/// A length and as many bytes, padded with zeros; also the words that takes.
fn padded(words: &[Word]) -> Result<(&[u8], usize), Malformed> {
    let (length, rest) = words.split_first().ok_or(Malformed)?;
    let length = number(length)?;
    let count = length.div_ceil(32);
    let (bytes, padding) = rest
        .get(..count)
        .and_then(|words| words.as_flattened().split_at_checked(length))
        .ok_or(Malformed)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(Malformed);
    }
    Ok((bytes, 1 + count))
}

/// A word that fits 32 bits: no evidence is as long as that.
fn number(word: &Word) -> Result<usize, Malformed> {
    match word.split_last_chunk::<4>() {
        Some((high, low)) if high.iter().all(|byte| *byte == 0) => {
            usize::try_from(u32::from_be_bytes(*low)).map_err(|_| Malformed)
        }
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Bytes, U256};
    use alloy_sol_types::SolValue;
    use proptest::prelude::*;

    type Fields = (u8, Vec<u8>, Option<Vec<Vec<u8>>>);

    fn read(bytes: &[u8]) -> Result<Fields, Malformed> {
        let mut reader = Reader::new(bytes, 3)?;
        let first = reader.u8()?;
        let second = reader.bytes()?.to_vec();
        let Some(third) = reader.bytes_array(4)? else { return Ok((first, second, None)) };
        reader.finish()?;
        Ok((first, second, Some(third.into_iter().map(<[u8]>::to_vec).collect())))
    }

    fn encode(first: u8, second: &[u8], third: &[Vec<u8>]) -> Vec<u8> {
        let third: Vec<Bytes> = third.iter().map(|bytes| bytes.clone().into()).collect();
        (U256::from(first), Bytes::copy_from_slice(second), third).abi_encode_params()
    }

    #[test]
    fn every_other_encoding_is_malformed() {
        let third = vec![vec![1; 31], vec![], vec![2; 33]];
        let good = encode(7, &[3; 5], &third);
        assert_eq!(read(&good), Ok((7, vec![3; 5], Some(third))));
        for length in 0..good.len() {
            assert_eq!(read(&good[..length]), Err(Malformed), "{length}");
        }
        assert_eq!(read(&[&good[..], &[0; 32]].concat()), Err(Malformed));
        // Each bit is either a value or not free.
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut changed = good.clone();
                changed[at] ^= 1 << bit;
                if let Ok((first, second, Some(third))) = read(&changed) {
                    assert_eq!(encode(first, &second, &third), changed);
                }
            }
        }
        assert_eq!(read(&encode(7, &[], &vec![vec![]; 5])), Ok((7, vec![], None)));
    }

    proptest! {
        #[test]
        fn round_trips(
            first: u8,
            second in proptest::collection::vec(any::<u8>(), 0..100),
            third in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..70), 0..5),
        ) {
            let encoded = encode(first, &second, &third);
            prop_assert_eq!(read(&encoded), Ok((first, second, Some(third))));
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..400)) {
            let _ = read(&bytes);
        }

        #[test]
        fn small_words_never_panic(words in proptest::collection::vec(0u8..200, 0..16)) {
            let bytes: Vec<u8> =
                words.iter().flat_map(|word| U256::from(*word).to_be_bytes::<32>()).collect();
            if let Ok((first, second, Some(third))) = read(&bytes) {
                prop_assert_eq!(encode(first, &second, &third), bytes);
            }
        }
    }
}
