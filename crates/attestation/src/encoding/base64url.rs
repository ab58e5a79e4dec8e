//! base64url without padding (RFC 4648 section 5, RFC 7515 section 2), the canonical form alone.

use super::Malformed;
use alloc::{string::String, vec::Vec};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const NOT_A_DIGIT: u8 = 0xff;
const VALUES: [u8; 256] = {
    let mut values = [NOT_A_DIGIT; 256];
    let mut value = 0;
    while value < 64 {
        values[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// Decodes text whose unused bits are zero.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.chunks(4) {
        let mut bits = 0u32;
        for character in group {
            let value = VALUES[usize::from(*character)];
            if value == NOT_A_DIGIT {
                return Err(Malformed);
            }
            bits = bits << 6 | u32::from(value);
        }
        match group.len() {
            4 => decoded.extend_from_slice(&bits.to_be_bytes()[1..]),
            3 if bits & 3 == 0 => decoded.extend_from_slice(&((bits >> 2) as u16).to_be_bytes()),
            2 if bits & 15 == 0 => decoded.push((bits >> 4) as u8),
            _ => return Err(Malformed),
        }
    }
    Ok(decoded)
}

/// Encodes bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        for index in 0..=group.len() {
            text.push(char::from(ALPHABET[(bits >> (18 - 6 * index) & 63) as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn published_examples() {
        // RFC 7515 appendix C, then RFC 4648 section 10 without padding.
        assert_eq!(encode(&[3, 236, 255, 224, 193]), "A-z_4ME");
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text.as_bytes()), Ok(bytes.as_bytes().to_vec()));
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in
            ["Z", "Zh", "Zm9", "Zg==", "Zm8=", "Zm9v\n", " Zg", "Zm9+", "Zm9/", "Zm9vZ", "Zé"]
        {
            assert_eq!(decode(text.as_bytes()), Err(Malformed), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn one_text_for_each_value(bytes in proptest::collection::vec(any::<u8>(), 0..80), text in "[A-Za-z0-9_=+/-]{0,40}") {
            prop_assert_eq!(decode(encode(&bytes).as_bytes()), Ok(bytes));
            if let Ok(decoded) = decode(text.as_bytes()) {
                prop_assert_eq!(encode(&decoded), text);
            }
        }
    }
}
