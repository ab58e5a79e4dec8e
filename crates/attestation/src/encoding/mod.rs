//! Strict readers of the encodings that evidence arrives in.
//!
//! Each accepts one form of a value where the standard leaves a choice, and refuses the rest, so
//! that two nodes can never read the same bytes differently.

pub(crate) mod abi;
pub(crate) mod algorithm;
pub(crate) mod base64url;
pub(crate) mod calendar;
pub(crate) mod cbor;
pub(crate) mod crl;
pub(crate) mod der;
pub(crate) mod hex;
pub(crate) mod json;
pub(crate) mod name;
pub(crate) mod pem;
pub(crate) mod x509;

/// Bytes that are not the encoding they should be. The caller knows the code for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;
