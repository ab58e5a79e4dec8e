//! PEM certificates (RFC 7468, the strict form): 64-character lines that end in a line feed.

use super::Malformed;
use alloc::vec::Vec;

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----\n";
const END: &[u8] = b"-----END CERTIFICATE-----";
const LINE: usize = 64;

/// Decodes a run of certificates, at most `limit` of them and at least one.
///
/// Nothing may stand between or around them, except that the last line feed may be missing and
/// that one zero byte may end the text, as it does in Intel's quotes. `Ok(None)` is too many.
pub(crate) fn certificates(text: &[u8], limit: usize) -> Result<Option<Vec<Vec<u8>>>, Malformed> {
    let mut rest = text.strip_suffix(&[0]).unwrap_or(text);
    let mut certificates = Vec::new();
    while !rest.is_empty() {
        if certificates.len() == limit {
            return Ok(None);
        }
        rest = rest.strip_prefix(BEGIN).ok_or(Malformed)?;
        let (certificate, after) = body(rest)?;
        certificates.push(certificate);
        rest = match after.strip_prefix(b"\n") {
            Some(rest) => rest,
            None if after.is_empty() => after,
            None => return Err(Malformed),
        };
    }
    if certificates.is_empty() { Err(Malformed) } else { Ok(Some(certificates)) }
}

/// Decodes base64 lines up to the end marker; gives what follows the marker.
fn body(mut rest: &[u8]) -> Result<(Vec<u8>, &[u8]), Malformed> {
    let mut decoded = Vec::new();
    let mut ended = false;
    loop {
        if let Some(after) = rest.strip_prefix(END) {
            return if decoded.is_empty() { Err(Malformed) } else { Ok((decoded, after)) };
        }
        // A short line is the last one.
        if ended {
            return Err(Malformed);
        }
        let window = &rest[..rest.len().min(LINE + 1)];
        let length = window.iter().position(|byte| *byte == b'\n').ok_or(Malformed)?;
        let line = &rest[..length];
        let padded = base64(line, &mut decoded)?;
        ended = padded || length < LINE;
        rest = &rest[length + 1..];
    }
}

/// Decodes one line; says whether it was padded. Unused bits must be zero.
fn base64(line: &[u8], decoded: &mut Vec<u8>) -> Result<bool, Malformed> {
    if line.is_empty() || !line.len().is_multiple_of(4) {
        return Err(Malformed);
    }
    let padding = line.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let data = &line[..line.len() - padding];
    for group in data.chunks(4) {
        let mut bits = 0u32;
        for character in group {
            bits = bits << 6 | u32::from(sextet(*character)?);
        }
        match group.len() {
            4 => decoded.extend_from_slice(&bits.to_be_bytes()[1..]),
            3 if bits & 3 == 0 => decoded.extend_from_slice(&((bits >> 2) as u16).to_be_bytes()),
            2 if bits & 15 == 0 => decoded.push((bits >> 4) as u8),
            _ => return Err(Malformed),
        }
    }
    Ok(padding > 0)
}

fn sextet(character: u8) -> Result<u8, Malformed> {
    match character {
        b'A'..=b'Z' => Ok(character - b'A'),
        b'a'..=b'z' => Ok(character - b'a' + 26),
        b'0'..=b'9' => Ok(character - b'0' + 52),
        b'+' => Ok(62),
        b'/' => Ok(63),
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Option<Vec<Vec<u8>>>, Malformed> {
        certificates(text.as_bytes(), 3)
    }

    fn wrap(base64: &str) -> String {
        format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
    }

    #[test]
    fn accepts_the_strict_form() {
        assert_eq!(read(&wrap("TWFu")), Ok(Some(vec![b"Man".to_vec()])));
        assert_eq!(read(&wrap("TWE=")), Ok(Some(vec![b"Ma".to_vec()])));
        assert_eq!(read(&wrap("TQ==")), Ok(Some(vec![b"M".to_vec()])));
        assert_eq!(read(wrap("TWFu").trim_end()), Ok(Some(vec![b"Man".to_vec()])));
        assert_eq!(read(&(wrap("TWFu") + "\0")), Ok(Some(vec![b"Man".to_vec()])));
        let two = wrap(&format!("{}\nTWFu", "A".repeat(64)));
        assert_eq!(read(&two).unwrap().unwrap()[0].len(), 51);
        assert_eq!(read(&wrap("TWFu").repeat(4)), Ok(None));
    }

    #[test]
    fn refuses_the_rest() {
        let good = wrap("TWFu");
        for text in [
            String::new(),
            "\0".to_owned(),
            format!(" {good}"),
            format!("{good} "),
            format!("{good}\n"),
            format!("{good}\0\0"),
            wrap(""),
            wrap("TWF"),
            wrap("TWF=TWFu"),
            wrap("TWF="),
            wrap("TR=="),
            wrap("T==="),
            wrap("===="),
            wrap("TWFu\n\n"),
            wrap("TWFu\nTWFu"),
            wrap(&"A".repeat(68)),
            wrap("TW-_"),
            good.replace('\n', "\r\n"),
            good.replace("CERTIFICATE", "X509 CRL"),
            good.replace("END", "FIN"),
        ] {
            assert_eq!(read(&text), Err(Malformed), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = certificates(&text, 3);
            let _ = certificates(&[BEGIN, &text, b"\n", END].concat(), 3);
        }
    }
}
