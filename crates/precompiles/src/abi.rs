//! Canonical ABI calldata, read in place.
//!
//! Solidity's decoder takes many encodings for the same arguments: offsets in any order, shared or
//! overlapping tails, dirty padding, trailing bytes. Here only the one that `abi.encode` makes is
//! accepted, so that equal arguments are equal bytes: tails in the order of their arguments without
//! gaps, padding zero, nothing after the last. Reading copies nothing and allocates nothing that
//! the calldata's own length does not bound.

use alloy_primitives::{B256, U256};

/// A 32-byte word.
type Word = [u8; 32];

/// Reads arguments one after the other. Every method gives `None` where the calldata is not
/// canonical.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    /// All words of the arguments, after the selector.
    words: &'a [Word],
    /// The next word of the head.
    head: usize,
    /// Words in the head.
    head_words: usize,
    /// The next word of the tail, where the next dynamic argument must be.
    tail: usize,
}

impl<'a> Reader<'a> {
    /// A reader over the arguments, of which the head has `head_words` words.
    pub(crate) fn new(arguments: &'a [u8], head_words: usize) -> Option<Self> {
        let (words, rest) = arguments.as_chunks::<32>();
        (rest.is_empty() && words.len() >= head_words).then_some(Self {
            words,
            head: 0,
            head_words,
            tail: head_words,
        })
    }

    /// The next static argument.
    pub(crate) fn word(&mut self) -> Option<&'a Word> {
        if self.head >= self.head_words {
            return None;
        }
        let word = self.words.get(self.head)?;
        self.head += 1;
        Some(word)
    }

    /// `uint8`.
    pub(crate) fn u8(&mut self) -> Option<u8> {
        as_u64(self.word()?).and_then(|value| u8::try_from(value).ok())
    }

    /// `uint32`.
    pub(crate) fn u32(&mut self) -> Option<u32> {
        as_u32(self.word()?)
    }

    /// `uint64`.
    pub(crate) fn u64(&mut self) -> Option<u64> {
        as_u64(self.word()?)
    }

    /// `uint256`.
    pub(crate) fn u256(&mut self) -> Option<U256> {
        Some(U256::from_be_bytes(*self.word()?))
    }

    /// `bytes32`.
    pub(crate) fn b256(&mut self) -> Option<B256> {
        Some(B256::new(*self.word()?))
    }

    /// `bytes`.
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        self.enter_tail()?;
        let (bytes, next) = bytes_at(self.words, self.tail)?;
        self.tail = next;
        Some(bytes)
    }

    /// `bytes32[]` or `uint256[]`: any words.
    pub(crate) fn words(&mut self) -> Option<&'a [Word]> {
        self.enter_tail()?;
        let count = as_usize(self.words.get(self.tail)?)?;
        let start = self.tail + 1;
        let end = start.checked_add(count)?;
        let words = self.words.get(start..end)?;
        self.tail = end;
        Some(words)
    }

    /// An array of structs of `N` static members each.
    pub(crate) fn structs<const N: usize>(&mut self) -> Option<&'a [[Word; N]]> {
        self.enter_tail()?;
        let count = as_usize(self.words.get(self.tail)?)?;
        let start = self.tail + 1;
        let end = start.checked_add(count.checked_mul(N)?)?;
        let (structs, _) = self.words.get(start..end)?.as_chunks();
        self.tail = end;
        Some(structs)
    }

    /// `bytes[]`.
    pub(crate) fn bytes_array(&mut self) -> Option<Vec<&'a [u8]>> {
        self.enter_tail()?;
        let count = as_usize(self.words.get(self.tail)?)?;
        let start = self.tail + 1;
        // Offsets count from the word after the length.
        let elements = self.words.get(start..)?;
        let offsets = elements.get(..count)?;
        let mut next = count;
        let mut array = Vec::with_capacity(count);
        for offset in offsets {
            if as_usize(offset)? != next.checked_mul(32)? {
                return None;
            }
            let (bytes, end) = bytes_at(elements, next)?;
            array.push(bytes);
            next = end;
        }
        self.tail = start + next;
        Some(array)
    }

    /// All of the calldata is read.
    pub(crate) fn finish(self) -> Option<()> {
        (self.head == self.head_words && self.tail == self.words.len()).then_some(())
    }

    /// The next head word is an offset, and must lead to where the tail goes on.
    fn enter_tail(&mut self) -> Option<()> {
        let offset = as_usize(self.word()?)?;
        (offset == self.tail.checked_mul(32)?).then_some(())
    }
}

/// `bytes` at this word: a length, then the bytes, zero-padded to a whole word. Also the index of
/// the word after them.
fn bytes_at(words: &[Word], at: usize) -> Option<(&[u8], usize)> {
    let length = as_usize(words.get(at)?)?;
    let start = at + 1;
    let end = start.checked_add(length.div_ceil(32))?;
    let padded = words.get(start..end)?.as_flattened();
    let (bytes, padding) = padded.split_at_checked(length)?;
    padding.iter().all(|byte| *byte == 0).then_some((bytes, end))
}

/// A word that fits 64 bits.
pub(crate) fn as_u64(word: &Word) -> Option<u64> {
    let (high, low) = word.split_last_chunk::<8>()?;
    high.iter().all(|byte| *byte == 0).then(|| u64::from_be_bytes(*low))
}

/// A word that fits 32 bits.
pub(crate) fn as_u32(word: &Word) -> Option<u32> {
    as_u64(word).and_then(|value| u32::try_from(value).ok())
}

/// A word that fits the machine's addresses. Where those have 32 bits, a greater value would lie
/// outside of any calldata just as well: it is `None` on every machine.
fn as_usize(word: &Word) -> Option<usize> {
    as_u64(word).and_then(|value| usize::try_from(value).ok())
}

#[cfg(test)]
mod tests;
