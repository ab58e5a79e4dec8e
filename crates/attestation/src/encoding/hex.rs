//! Hexadecimal digits of either case, two a byte, no prefix.

use super::Malformed;
use alloc::vec::Vec;

/// Decodes text of any even length.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Malformed> {
    if !text.len().is_multiple_of(2) {
        return Err(Malformed);
    }
    text.as_bytes().chunks_exact(2).map(|pair| Ok(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// Decodes text of exactly `N` bytes.
pub(crate) fn decode_array<const N: usize>(text: &str) -> Result<[u8; N], Malformed> {
    if text.len() != 2 * N {
        return Err(Malformed);
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Ok(bytes)
}

fn digit(character: u8) -> Result<u8, Malformed> {
    match character {
        b'0'..=b'9' => Ok(character - b'0'),
        b'a'..=b'f' => Ok(character - b'a' + 10),
        b'A'..=b'F' => Ok(character - b'A' + 10),
        _ => Err(Malformed),
    }
}
