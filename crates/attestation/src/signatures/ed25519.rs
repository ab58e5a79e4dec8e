use crate::{Backend, Code};
use alloy_primitives::{B256, hex};
#[cfg(feature = "native")]
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use ed25519_dalek::Verifier;

/// The base field's modulus, big-endian: exclusive bound of a canonical y.
const FIELD: [u8; 32] = hex!("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
/// The prime order of the base point, big-endian: exclusive bound of S.
const ORDER: [u8; 32] = hex!("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed");
/// The canonical encodings of the points whose order divides 8.
const SMALL_ORDER: [[u8; 32]; 8] = [
    hex!("0100000000000000000000000000000000000000000000000000000000000000"),
    hex!("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    hex!("0000000000000000000000000000000000000000000000000000000000000000"),
    hex!("0000000000000000000000000000000000000000000000000000000000000080"),
    hex!("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    hex!("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
    hex!("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    hex!("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
];

/// A key or nonce off the curve gives `SignatureInvalid`: the equation cannot hold for it.
pub(super) fn check(
    digest: &B256,
    key: &[u8; 32],
    signature: &[u8; 64],
    backend: Backend,
) -> Result<(), Code> {
    let (nonce, s) = signature.split_at(32);
    let (nonce, s): (&[u8; 32], &[u8; 32]) = match (nonce.try_into(), s.try_into()) {
        (Ok(nonce), Ok(s)) => (nonce, s),
        _ => return Err(Code::SignatureEncoding),
    };
    if !is_canonical(key) {
        return Err(Code::KeyEncoding);
    }
    if SMALL_ORDER.contains(key) {
        return Err(Code::SmallOrder);
    }
    if !is_canonical(nonce) || reversed(s) >= ORDER {
        return Err(Code::SignatureEncoding);
    }
    if SMALL_ORDER.contains(nonce) {
        return Err(Code::SmallOrder);
    }
    if holds(digest, key, signature, backend) { Ok(()) } else { Err(Code::SignatureInvalid) }
}

/// Both libraries recompute R and compare encodings: the cofactorless equation.
fn holds(digest: &B256, key: &[u8; 32], signature: &[u8; 64], backend: Backend) -> bool {
    match backend {
        #[cfg(feature = "native")]
        Backend::Native => UnparsedPublicKey::new(&ED25519, key.as_slice())
            .verify(digest.as_slice(), signature)
            .is_ok(),
        Backend::Portable => {
            let signature = ed25519_dalek::Signature::from_bytes(signature);
            ed25519_dalek::VerifyingKey::from_bytes(key)
                .is_ok_and(|key| key.verify(digest.as_slice(), &signature).is_ok())
        }
    }
}

/// Whether y is reduced and the sign bit is not set on x = 0, which has no sign.
fn is_canonical(point: &[u8; 32]) -> bool {
    const ONE: [u8; 32] = hex!("0000000000000000000000000000000000000000000000000000000000000001");
    const MINUS_ONE: [u8; 32] =
        hex!("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec");
    let mut y = reversed(point);
    let sign = y[0] & 0x80 != 0;
    y[0] &= 0x7f;
    y < FIELD && !(sign && (y == ONE || y == MINUS_ONE))
}

fn reversed(bytes: &[u8; 32]) -> [u8; 32] {
    let mut reversed = *bytes;
    reversed.reverse();
    reversed
}
