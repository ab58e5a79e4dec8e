//! Algorithms of certificates' keys and signatures, chosen by whoever reads the certificate.
//!
//! A signature algorithm is an algorithm of keys together with the one hash used with it, so that
//! one name says both. A new one is a variant of [`Algorithm`], [`PublicKey`] and [`Signature`];
//! nothing else in this crate distinguishes them.

use super::{Malformed, der};
use crate::{
    Backend,
    signatures::{p256, p384},
};
use alloy_primitives::hex;

/// How a certificate's key signs, or how a certificate or list is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256,
    /// ECDSA on P-384 with SHA-384.
    EcdsaP384,
}

impl Algorithm {
    /// The `AlgorithmIdentifier` of a key in `SubjectPublicKeyInfo`, whole.
    pub(crate) const fn key_identifier(self) -> &'static [u8] {
        match self {
            Self::EcdsaP256 => &hex!("301306072a8648ce3d020106082a8648ce3d030107"),
            Self::EcdsaP384 => &hex!("301006072a8648ce3d020106052b81040022"),
        }
    }

    /// The `AlgorithmIdentifier` of a signature, whole.
    pub(crate) const fn signature_identifier(self) -> &'static [u8] {
        match self {
            Self::EcdsaP256 => &hex!("300a06082a8648ce3d040302"),
            Self::EcdsaP384 => &hex!("300a06082a8648ce3d040303"),
        }
    }

    /// Reads the bits of a `SubjectPublicKeyInfo`; `None` if they are not a canonical key.
    pub(crate) fn key(self, bits: &[u8], backend: Backend) -> Option<PublicKey> {
        Some(match self {
            Self::EcdsaP256 => PublicKey::P256(p256::Key::parse(bits.try_into().ok()?, backend)?),
            Self::EcdsaP384 => PublicKey::P384(p384::Key::parse(bits.try_into().ok()?, backend)?),
        })
    }

    /// Reads the bits of a signature, its numbers in range.
    pub(crate) fn signature(self, bits: &[u8]) -> Result<Signature, Malformed> {
        let signature = match self {
            Self::EcdsaP256 => Signature::p256(&der::ecdsa_signature(bits)?),
            Self::EcdsaP384 => Signature::p384(&der::ecdsa_signature(bits)?),
        };
        signature.ok_or(Malformed)
    }
}

/// A key, known to be canonical and, if a point, on its curve.
pub(crate) enum PublicKey {
    P256(p256::Key),
    P384(p384::Key),
}

impl PublicKey {
    /// Whether `signature` is this key's over `message`, which is hashed by the key's algorithm.
    pub(crate) fn holds(&self, message: &[u8], signature: &Signature, backend: Backend) -> bool {
        match (self, signature) {
            (Self::P256(key), Signature::P256(signature)) => {
                key.holds(&backend.sha256(message), signature)
            }
            (Self::P384(key), Signature::P384(signature)) => {
                key.holds(&backend.sha384(message), signature)
            }
            _ => false,
        }
    }
}

/// A signature, its numbers in range. ECDSA's are `r ‖ s` with any s.
pub(crate) enum Signature {
    P256([u8; 64]),
    P384([u8; 96]),
}

impl Signature {
    /// `None` unless r and s lie in `1..n`.
    pub(crate) fn p256(signature: &[u8; 64]) -> Option<Self> {
        p256::signature_in_range(signature).then_some(Self::P256(*signature))
    }

    /// `None` unless r and s lie in `1..n`.
    pub(crate) fn p384(signature: &[u8; 96]) -> Option<Self> {
        p384::signature_in_range(signature).then_some(Self::P384(*signature))
    }
}
