//! ECDSA on P-384 over SHA-384 digests.

use super::scalar::{below, is_zero};
use crate::Backend;
use alloc::boxed::Box;
use alloy_primitives::hex;
#[cfg(feature = "native")]
use aws_lc_rs::{
    digest::{Digest, SHA384},
    signature::{ECDSA_P384_SHA384_FIXED, ParsedPublicKey, UnparsedPublicKey},
};
use p384::ecdsa::signature::hazmat::PrehashVerifier;

/// The base field's modulus, exclusive bound of a coordinate.
const FIELD: [u8; 48] = hex!(
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff"
);
/// The group's order, exclusive bound of r and s.
const ORDER: [u8; 48] = hex!(
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
);

/// Whether r and s both lie in `1..n`.
pub(crate) fn signature_in_range(signature: &[u8; 96]) -> bool {
    let (r, s) = signature.split_at(48);
    !is_zero(r) && !is_zero(s) && below(r, &ORDER) && below(s, &ORDER)
}

/// A P-384 public key, known to be a canonical point of the curve.
pub(crate) struct Key(Parsed);

enum Parsed {
    #[cfg(feature = "native")]
    Native(ParsedPublicKey),
    Portable(Box<p384::ecdsa::VerifyingKey>),
}

impl Key {
    /// Reads `0x04 ‖ x ‖ y`; `None` if a coordinate is not reduced or the point is off the curve.
    pub(crate) fn parse(key: &[u8; 97], backend: Backend) -> Option<Self> {
        let (x, y) = (&key[1..49], &key[49..]);
        if key[0] != 4 || !below(x, &FIELD) || !below(y, &FIELD) {
            return None;
        }
        let parsed = match backend {
            #[cfg(feature = "native")]
            Backend::Native => Parsed::Native(
                UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, key.as_slice()).parse().ok()?,
            ),
            Backend::Portable => {
                Parsed::Portable(Box::new(p384::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?))
            }
        };
        Some(Self(parsed))
    }

    /// Whether `signature`, with r and s in range, is this key's over the SHA-384 `digest`.
    pub(crate) fn holds(&self, digest: &[u8; 48], signature: &[u8; 96]) -> bool {
        match &self.0 {
            #[cfg(feature = "native")]
            Parsed::Native(key) => Digest::import_less_safe(digest, &SHA384)
                .is_ok_and(|digest| key.verify_digest_sig(&digest, signature).is_ok()),
            Parsed::Portable(key) => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()),
        }
    }
}
