use super::scalar::{below, is_zero};
use crate::{Backend, Code};
use alloc::boxed::Box;
use alloy_primitives::{B256, hex};
#[cfg(feature = "native")]
use aws_lc_rs::{
    digest::{Digest, SHA256},
    signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey, UnparsedPublicKey},
};
use p256::ecdsa::signature::hazmat::PrehashVerifier;

/// The base field's modulus, exclusive bound of a coordinate.
const FIELD: [u8; 32] = hex!("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
/// The group's order, exclusive bound of r and s.
const ORDER: [u8; 32] = hex!("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

pub(super) fn check(
    digest: &B256,
    key: &[u8; 65],
    signature: &[u8; 64],
    backend: Backend,
) -> Result<(), Code> {
    let key = Key::parse(key, backend).ok_or(Code::KeyEncoding)?;
    if !signature_in_range(signature) {
        return Err(Code::SignatureEncoding);
    }
    if key.holds(digest, signature) { Ok(()) } else { Err(Code::SignatureInvalid) }
}

/// Whether r and s both lie in `1..n`.
pub(crate) fn signature_in_range(signature: &[u8; 64]) -> bool {
    let (r, s) = signature.split_at(32);
    !is_zero(r) && !is_zero(s) && below(r, &ORDER) && below(s, &ORDER)
}

/// A P-256 public key, known to be a canonical point of the curve.
pub(crate) struct Key(Parsed);

enum Parsed {
    #[cfg(feature = "native")]
    Native(ParsedPublicKey),
    Portable(Box<p256::ecdsa::VerifyingKey>),
}

impl Key {
    /// Reads `0x04 ‖ x ‖ y`; `None` if a coordinate is not reduced or the point is off the curve.
    pub(crate) fn parse(key: &[u8; 65], backend: Backend) -> Option<Self> {
        let (x, y) = (&key[1..33], &key[33..]);
        if key[0] != 4 || !below(x, &FIELD) || !below(y, &FIELD) {
            return None;
        }
        let parsed = match backend {
            #[cfg(feature = "native")]
            Backend::Native => Parsed::Native(
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.as_slice()).parse().ok()?,
            ),
            Backend::Portable => {
                Parsed::Portable(Box::new(p256::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?))
            }
        };
        Some(Self(parsed))
    }

    /// Whether `signature`, with r and s in range, is this key's over `digest`.
    pub(crate) fn holds(&self, digest: &B256, signature: &[u8; 64]) -> bool {
        match &self.0 {
            #[cfg(feature = "native")]
            Parsed::Native(key) => Digest::import_less_safe(digest.as_slice(), &SHA256)
                .is_ok_and(|digest| key.verify_digest_sig(&digest, signature).is_ok()),
            Parsed::Portable(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_prehash(&digest.0, &signature).is_ok()),
        }
    }
}
