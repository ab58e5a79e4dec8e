//! Bytes into tokens. A network fixes one way for its corpus; models' own tokenizers serve as well,
//! by way of [`Tokenizer::Raw`].

use alloy_primitives::keccak256;
use std::{fmt, ops::Range, str::FromStr};

/// How bytes become tokens, uint32 each. docs/attribution.md fixes each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tokenizer {
    /// Words: the longest runs of ASCII letters and digits and of bytes from 0x80 up (so of all that
    /// UTF-8 writes letters beyond ASCII with). A token is the first four bytes of keccak256 of the
    /// word with its ASCII letters in lower case. What lies between words is no part of any token.
    #[default]
    Words,
    /// Each byte is a token.
    Bytes,
    /// The data is tokens already: uint32, big-endian.
    Raw,
}

/// The data is not what the tokenizer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Raw tokens have four bytes each.
    #[error("{0} bytes are not a whole number of raw tokens, which have four each")]
    NotWhole(usize),
    /// There is no such tokenizer.
    #[error("there is no tokenizer of this name: words, bytes or raw")]
    Unknown,
}

impl Tokenizer {
    /// The data's tokens, and where each stands in the data.
    ///
    /// # Errors
    /// [`TokenError::NotWhole`].
    pub fn tokens(self, data: &[u8]) -> Result<Vec<(u32, Range<usize>)>, TokenError> {
        match self {
            Self::Words => {
                Ok(words(data).map(|range| (word_token(&data[range.clone()]), range)).collect())
            }
            Self::Bytes => {
                Ok((0..).zip(data).map(|(at, byte)| (u32::from(*byte), at..at + 1)).collect())
            }
            Self::Raw => match data.as_chunks() {
                (tokens, []) => Ok((0..)
                    .step_by(4)
                    .zip(tokens)
                    .map(|(at, token)| (u32::from_be_bytes(*token), at..at + 4))
                    .collect()),
                _ => Err(TokenError::NotWhole(data.len())),
            },
        }
    }

    /// The least length of a span that says something, in tokens.
    pub const fn default_min_length(self) -> u32 {
        match self {
            Self::Words => 6,
            Self::Bytes => 32,
            Self::Raw => 8,
        }
    }

    const NAMES: [(&str, Self); 3] =
        [("words", Self::Words), ("bytes", Self::Bytes), ("raw", Self::Raw)];
}

impl FromStr for Tokenizer {
    type Err = TokenError;

    fn from_str(name: &str) -> Result<Self, TokenError> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, tokenizer)| *tokenizer).ok_or(TokenError::Unknown)
    }
}

impl fmt::Display for Tokenizer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = Self::NAMES.iter().find(|(_, tokenizer)| tokenizer == self);
        formatter.write_str(found.map_or("", |(name, _)| name))
    }
}

/// Tokens as the precompile takes them: four bytes each, big-endian.
pub fn token_bytes(tokens: &[u32]) -> Vec<u8> {
    tokens.iter().flat_map(|token| token.to_be_bytes()).collect()
}

/// Where the words stand.
fn words(data: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80;
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + data.get(at..)?.iter().position(is_word)?;
        let length = data[start..].iter().position(|byte| !is_word(byte));
        at = length.map_or(data.len(), |length| start + length);
        Some(start..at)
    })
}

fn word_token(word: &[u8]) -> u32 {
    let hash = keccak256(word.to_ascii_lowercase());
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        let text = "It's 2026, says Zoë: IT";
        let tokens = Tokenizer::Words.tokens(text.as_bytes()).unwrap();
        let words: Vec<&str> = tokens.iter().map(|(_, range)| &text[range.clone()]).collect();
        assert_eq!(words, ["It", "s", "2026", "says", "Zoë", "IT"]);
        assert_eq!(tokens[0].0, tokens[5].0);
        // keccak256("it") begins with these bytes.
        assert_eq!(tokens[0].0.to_be_bytes(), keccak256("it")[..4]);
        assert!(Tokenizer::Words.tokens(b" .,").unwrap().is_empty());
    }

    #[test]
    fn raw_tokens_are_whole() {
        assert_eq!(Tokenizer::Raw.tokens(&[0; 5]), Err(TokenError::NotWhole(5)));
        assert_eq!(Tokenizer::Raw.tokens(&[0, 0, 1, 2]).unwrap(), [(258, 0..4)]);
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for tokenizer in [Tokenizer::Words, Tokenizer::Bytes, Tokenizer::Raw] {
            assert_eq!(tokenizer.to_string().parse(), Ok(tokenizer));
        }
        assert_eq!("letters".parse::<Tokenizer>(), Err(TokenError::Unknown));
    }

    proptest! {
        #[test]
        fn tokens_stand_in_order_where_they_say(data in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut end = 0;
            for (token, range) in Tokenizer::Words.tokens(&data).unwrap() {
                prop_assert!(range.start >= end && range.start < range.end);
                end = range.end;
                // A word alone is one token, the same.
                let alone = Tokenizer::Words.tokens(&data[range.clone()]).unwrap();
                prop_assert_eq!(alone, vec![(token, 0..range.len())]);
            }
            let raw = Tokenizer::Raw.tokens(&data[..data.len() / 4 * 4]).unwrap();
            let raw: Vec<u32> = raw.into_iter().map(|(token, _)| token).collect();
            prop_assert_eq!(token_bytes(&raw), &data[..data.len() / 4 * 4]);
            prop_assert_eq!(Tokenizer::Bytes.tokens(&data).unwrap().len(), data.len());
        }
    }
}
