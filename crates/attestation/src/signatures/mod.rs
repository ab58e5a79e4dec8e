//! Checks of single signatures over 32-byte digests: `ISignatures` and evidence kinds 32 to 35.
//!
//! Encodings are checked here, before a library sees them, so that both backends accept the same.

mod bls;
mod ed25519;
pub(crate) mod montgomery;
pub(crate) mod p256;
pub(crate) mod p384;
pub(crate) mod rsa_pss;
mod scalar;
mod secp256k1;

use crate::{Backend, Code};
use alloy_primitives::B256;

/// A signature scheme, numbered as the evidence kind that carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Scheme {
    /// ECDSA on secp256k1: key `0x04 ‖ x ‖ y`, signature `r ‖ s` with low s.
    Secp256k1 = 32,
    /// ECDSA on P-256: key `0x04 ‖ x ‖ y`, signature `r ‖ s` with any s.
    P256 = 33,
    /// Ed25519 (RFC 8032, cofactorless) over the digest's 32 bytes; small-order points refused.
    Ed25519 = 34,
    /// BLS12-381 over the digest's 32 bytes: compressed key in G1, compressed signature in G2, the
    /// proof-of-possession suite; identities and points outside the subgroups refused.
    Bls12381 = 35,
}

impl Scheme {
    /// The scheme of this number, if there is one.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            32 => Some(Self::Secp256k1),
            33 => Some(Self::P256),
            34 => Some(Self::Ed25519),
            35 => Some(Self::Bls12381),
            _ => None,
        }
    }

    /// Exact length of a public key in bytes.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Secp256k1 | Self::P256 => 65,
            Self::Ed25519 => 32,
            Self::Bls12381 => bls::KEY_LEN,
        }
    }

    /// Exact length of a signature in bytes.
    pub const fn signature_len(self) -> usize {
        match self {
            Self::Secp256k1 | Self::P256 | Self::Ed25519 => 64,
            Self::Bls12381 => bls::SIGNATURE_LEN,
        }
    }

    /// Checks one signature and says which check failed.
    ///
    /// Key first (length, encoding, then small order), then signature, then the equation.
    pub fn check(
        self,
        digest: &B256,
        key: &[u8],
        signature: &[u8],
        backend: Backend,
    ) -> Result<(), Code> {
        match self {
            Self::Secp256k1 => {
                let key = key.try_into().map_err(|_| Code::KeyEncoding)?;
                let signature = signature.try_into().map_err(|_| Code::SignatureEncoding)?;
                secp256k1::check(digest, key, signature, backend)
            }
            Self::P256 => {
                let key = key.try_into().map_err(|_| Code::KeyEncoding)?;
                let signature = signature.try_into().map_err(|_| Code::SignatureEncoding)?;
                p256::check(digest, key, signature, backend)
            }
            Self::Ed25519 => {
                let key = key.try_into().map_err(|_| Code::KeyEncoding)?;
                let signature = signature.try_into().map_err(|_| Code::SignatureEncoding)?;
                ed25519::check(digest, key, signature, backend)
            }
            Self::Bls12381 => {
                let key = key.try_into().map_err(|_| Code::KeyEncoding)?;
                let signature = signature.try_into().map_err(|_| Code::SignatureEncoding)?;
                bls::check(digest, key, signature, backend)
            }
        }
    }
}

/// Whether `signature` over `digest` by `key` holds; anything malformed does not.
pub fn verify(
    scheme: Scheme,
    digest: &B256,
    key: &[u8],
    signature: &[u8],
    backend: Backend,
) -> bool {
    scheme.check(digest, key, signature, backend).is_ok()
}

#[cfg(test)]
mod edges;
#[cfg(test)]
mod tests;
