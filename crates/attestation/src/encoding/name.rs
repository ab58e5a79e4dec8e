//! Distinguished names (X.501), read for their common names alone.

use super::{
    Malformed,
    der::{self, Reader},
};
use alloy_primitives::hex;

const COMMON_NAME: &[u8] = &hex!("550403");

/// Longest common name in bytes (RFC 5280, appendix A.1: `ub-common-name`).
const MAX_COMMON_NAME: usize = 64;

/// Whether the one common name in `name`, which is whole, contains `phrase`.
///
/// A UTF8String or PrintableString of at most 64 bytes. A name that is no sequence of sets of
/// attributes, or that has several common names, has none.
pub(crate) fn has_common_name(name: &[u8], phrase: &str) -> bool {
    read(name, phrase.as_bytes()).unwrap_or(false)
}

fn read(name: &[u8], phrase: &[u8]) -> Result<bool, Malformed> {
    let mut common = None;
    let mut parts = Reader::only(name, der::SEQUENCE)?;
    while !parts.is_empty() {
        let mut attributes = parts.nested(der::SET)?;
        while !attributes.is_empty() {
            let mut attribute = attributes.nested(der::SEQUENCE)?;
            let id = attribute.expect(der::OID)?.value;
            let value = attribute.element()?;
            attribute.finish()?;
            if id == COMMON_NAME && common.replace(value).is_some() {
                return Err(Malformed);
            }
        }
    }
    let text = common.filter(|value| {
        matches!(value.tag, der::UTF8_STRING | der::PRINTABLE_STRING)
            && value.value.len() <= MAX_COMMON_NAME
    });
    Ok(text.is_some_and(|text| text.value.windows(phrase.len()).any(|part| part == phrase)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        encoding::x509,
        kinds::{dcap::INTEL_ROOT_DER, sev_snp::AMD_ROOTS_DER},
    };
    use proptest::prelude::*;

    fn common(tag: u8, text: &str) -> Vec<u8> {
        let value = [&[tag, text.len() as u8], text.as_bytes()].concat();
        attribute(COMMON_NAME, &value)
    }

    fn attribute(id: &[u8], value: &[u8]) -> Vec<u8> {
        let pair = [&[der::OID, id.len() as u8], id, value].concat();
        wrap(der::SET, &wrap(der::SEQUENCE, &pair))
    }

    fn wrap(tag: u8, contents: &[u8]) -> Vec<u8> {
        [&[tag, contents.len() as u8], contents].concat()
    }

    #[test]
    fn common_names_contain_phrases() {
        for tag in [der::UTF8_STRING, der::PRINTABLE_STRING] {
            let name = wrap(der::SEQUENCE, &common(tag, "Intel SGX Root CA"));
            for phrase in ["SGX Root CA", "Intel", "CA"] {
                assert!(has_common_name(&name, phrase));
            }
            for phrase in ["sgx root ca", "SGX Root  CA", "Intel SGX Root CA."] {
                assert!(!has_common_name(&name, phrase));
            }
        }
        let organization = attribute(&hex!("55040a"), &wrap(der::UTF8_STRING, b"Intel"));
        let both = [organization, common(der::UTF8_STRING, "Root")].concat();
        assert!(has_common_name(&wrap(der::SEQUENCE, &both), "Root"));
        assert!(!has_common_name(&wrap(der::SEQUENCE, &both), "Intel"));
        // Two of them, one too long, another sort of string, and names that are none.
        let twice = common(der::UTF8_STRING, "Root").repeat(2);
        assert!(!has_common_name(&wrap(der::SEQUENCE, &twice), "Root"));
        for (length, is_short) in [(64, true), (65, false)] {
            let name = wrap(der::SEQUENCE, &common(der::UTF8_STRING, &"x".repeat(length)));
            assert_eq!(has_common_name(&name, "x"), is_short);
        }
        assert!(!has_common_name(&wrap(der::SEQUENCE, &common(der::IA5_STRING, "Root")), "Root"));
        let root = common(der::UTF8_STRING, "Root");
        assert!(!has_common_name(&root, "Root"));
        assert!(!has_common_name(&[&wrap(der::SEQUENCE, &root)[..], &[0]].concat(), "Root"));
        assert!(!has_common_name(&wrap(der::SEQUENCE, &[&root[..], &[5, 0]].concat()), "Root"));
        assert!(!has_common_name(&[], "Root"));
    }

    #[test]
    fn names_of_vendors() {
        let intel = x509::subject(INTEL_ROOT_DER).unwrap();
        assert!(has_common_name(intel, "SGX Root CA"));
        assert!(!has_common_name(intel, "SGX TCB Signing"));
        assert!(has_common_name(x509::subject(AMD_ROOTS_DER[0]).unwrap(), "ARK-Milan"));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80), at in 0..40usize, byte: u8) {
            let _ = has_common_name(&bytes, "CA");
            let mut name = wrap(der::SEQUENCE, &common(der::UTF8_STRING, "Intel SGX Root CA"));
            if let Some(changed) = name.get_mut(at) {
                *changed = byte;
            }
            let _ = has_common_name(&name, "CA");
        }
    }
}
