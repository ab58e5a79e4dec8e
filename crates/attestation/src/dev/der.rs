//! A writer of the DER that the readers in `encoding` accept.

use crate::encoding::der as tag;
use alloc::{format, vec, vec::Vec};

pub(crate) fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let length = contents.len().to_be_bytes();
    match contents.len() {
        0..=0x7f => bytes.push(length[7]),
        0x80..=0xff => bytes.extend_from_slice(&[0x81, length[7]]),
        0x100..=0xffff => bytes.extend_from_slice(&[0x82, length[6], length[7]]),
        _ => bytes.extend_from_slice(&[0x83, length[5], length[6], length[7]]),
    }
    bytes.extend_from_slice(contents);
    bytes
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(tag::SEQUENCE, &parts.concat())
}

/// A non-negative integer of any big-endian magnitude.
pub(crate) fn unsigned(magnitude: &[u8]) -> Vec<u8> {
    let start = magnitude.iter().position(|byte| *byte != 0).unwrap_or(magnitude.len());
    let digits = &magnitude[start..];
    let zero: &[u8] = if digits.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    element(tag::INTEGER, &[zero, digits].concat())
}

pub(crate) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(tag::BIT_STRING, &[&[0], bytes].concat())
}

pub(crate) fn octet_string(bytes: &[u8]) -> Vec<u8> {
    element(tag::OCTET_STRING, bytes)
}

pub(crate) fn oid(contents: &[u8]) -> Vec<u8> {
    element(tag::OID, contents)
}

/// An X.509 `Time` of `seconds` since 1970, in the form that RFC 5280 asks for.
pub(crate) fn time(seconds: u64) -> Vec<u8> {
    let [year, month, day, hour, minute, second] = super::calendar::civil(seconds);
    let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    if year < 2050 {
        element(tag::UTC_TIME, format!("{:02}{rest}", year % 100).as_bytes())
    } else {
        element(tag::GENERALIZED_TIME, format!("{year:04}{rest}").as_bytes())
    }
}

/// `r ‖ s` as an `Ecdsa-Sig-Value`.
pub(crate) fn ecdsa_signature(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    sequence(&[&unsigned(r), &unsigned(s)])
}
