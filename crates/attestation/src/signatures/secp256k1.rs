use super::scalar::{below, is_zero};
use crate::{Backend, Code};
use alloc::boxed::Box;
use alloy_primitives::{B256, hex};
use k256::ecdsa::signature::hazmat::PrehashVerifier;
#[cfg(feature = "native")]
use secp256k1::{Message, SECP256K1};

/// The base field's modulus, exclusive bound of a coordinate.
const FIELD: [u8; 32] = hex!("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
/// The group's order, exclusive bound of r.
const ORDER: [u8; 32] = hex!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
/// Half the order, rounded down, plus one: exclusive bound of a low s.
const HALF_ORDER: [u8; 32] =
    hex!("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1");

pub(super) fn check(
    digest: &B256,
    key: &[u8; 65],
    signature: &[u8; 64],
    backend: Backend,
) -> Result<(), Code> {
    let (x, y) = (&key[1..33], &key[33..]);
    if key[0] != 4 || !below(x, &FIELD) || !below(y, &FIELD) {
        return Err(Code::KeyEncoding);
    }
    // The key is parsed before the signature is looked at: a key off the curve comes first.
    let verifier = Key::parse(key, backend).ok_or(Code::KeyEncoding)?;
    let (r, s) = signature.split_at(32);
    if is_zero(r) || is_zero(s) || !below(r, &ORDER) || !below(s, &HALF_ORDER) {
        return Err(Code::SignatureEncoding);
    }
    if verifier.holds(digest, signature) { Ok(()) } else { Err(Code::SignatureInvalid) }
}

enum Key {
    #[cfg(feature = "native")]
    Native(secp256k1::PublicKey),
    Portable(Box<k256::ecdsa::VerifyingKey>),
}

impl Key {
    fn parse(key: &[u8; 65], backend: Backend) -> Option<Self> {
        match backend {
            #[cfg(feature = "native")]
            Backend::Native => {
                secp256k1::PublicKey::from_byte_array_uncompressed(*key).ok().map(Self::Native)
            }
            Backend::Portable => k256::ecdsa::VerifyingKey::from_sec1_bytes(key)
                .ok()
                .map(|key| Self::Portable(Box::new(key))),
        }
    }

    fn holds(&self, digest: &B256, signature: &[u8; 64]) -> bool {
        match self {
            #[cfg(feature = "native")]
            Self::Native(key) => {
                let message = Message::from_digest(digest.0);
                secp256k1::ecdsa::Signature::from_compact(signature)
                    .is_ok_and(|signature| SECP256K1.verify_ecdsa(message, &signature, key).is_ok())
            }
            Self::Portable(key) => k256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_prehash(&digest.0, &signature).is_ok()),
        }
    }
}
