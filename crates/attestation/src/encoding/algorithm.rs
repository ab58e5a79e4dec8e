//! Algorithms of certificates' keys and signatures, chosen by whoever reads the certificate.
//!
//! A signature algorithm is an algorithm of keys together with the one hash used with it, so that
//! one name says both. A new one is a variant of [`Algorithm`], [`PublicKey`] and [`Signature`];
//! nothing else in this crate distinguishes them.

use super::{Malformed, der};
use crate::{
    Backend,
    signatures::{p256, p384, rsa_pss},
};
use alloc::boxed::Box;
use alloy_primitives::hex;

/// How a certificate's key signs, or how a certificate or list is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256,
    /// ECDSA on P-384 with SHA-384.
    EcdsaP384,
    /// RSASSA-PSS of 4,096 bits with SHA-384, MGF1 with SHA-384 and a salt of 48 bytes.
    RsaPss4096,
}

/// RSASSA-PSS with SHA-384 and a salt of 48 bytes (RFC 4055), the trailer left out as DER has it.
const RSA_PSS_SHA384: &[u8] = &hex!(
    "304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130"
);
/// The same with the trailer stated, as most of AMD's certificates have it.
const RSA_PSS_SHA384_TRAILER: &[u8] = &hex!(
    "304606092a864886f70d01010a3039a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130a303020101"
);

impl Algorithm {
    /// The `AlgorithmIdentifier` of a key in `SubjectPublicKeyInfo`, whole.
    pub(crate) const fn key_identifier(self) -> &'static [u8] {
        match self {
            Self::EcdsaP256 => &hex!("301306072a8648ce3d020106082a8648ce3d030107"),
            Self::EcdsaP384 => &hex!("301006072a8648ce3d020106052b81040022"),
            Self::RsaPss4096 => &hex!("300d06092a864886f70d0101010500"),
        }
    }

    /// The `AlgorithmIdentifier` of a signature, whole.
    pub(crate) const fn signature_identifier(self) -> &'static [u8] {
        match self {
            Self::EcdsaP256 => &hex!("300a06082a8648ce3d040302"),
            Self::EcdsaP384 => &hex!("300a06082a8648ce3d040303"),
            Self::RsaPss4096 => RSA_PSS_SHA384,
        }
    }

    /// Whether a certificate or list states this algorithm; `identifier` is whole.
    pub(crate) fn is_stated_by(self, identifier: &[u8]) -> bool {
        identifier == self.signature_identifier()
            || (self == Self::RsaPss4096 && identifier == RSA_PSS_SHA384_TRAILER)
    }

    /// Reads the bits of a `SubjectPublicKeyInfo`; `None` if they are not a canonical key.
    pub(crate) fn key(self, bits: &[u8], backend: Backend) -> Option<PublicKey> {
        Some(match self {
            Self::EcdsaP256 => PublicKey::P256(p256::Key::parse(bits.try_into().ok()?, backend)?),
            Self::EcdsaP384 => PublicKey::P384(p384::Key::parse(bits.try_into().ok()?, backend)?),
            Self::RsaPss4096 => PublicKey::RsaPss(Box::new(rsa_pss::Key::parse(bits, backend)?)),
        })
    }

    /// Reads the bits of a signature, its numbers in range.
    pub(crate) fn signature(self, bits: &[u8]) -> Result<Signature, Malformed> {
        let signature = match self {
            Self::EcdsaP256 => Signature::p256(&der::ecdsa_signature(bits)?),
            Self::EcdsaP384 => Signature::p384(&der::ecdsa_signature(bits)?),
            Self::RsaPss4096 => bits
                .try_into()
                .ok()
                .map(|bits: [u8; rsa_pss::MODULUS_LEN]| Signature::RsaPss(Box::new(bits))),
        };
        signature.ok_or(Malformed)
    }
}

/// A key, known to be canonical and, if a point, on its curve.
pub(crate) enum PublicKey {
    P256(p256::Key),
    P384(p384::Key),
    RsaPss(Box<rsa_pss::Key>),
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
            (Self::RsaPss(key), Signature::RsaPss(signature)) => key.holds(message, signature),
            _ => false,
        }
    }
}

/// A signature, its numbers in range. ECDSA's are `r ‖ s` with any s; RSA's is compared with its
/// key's modulus when it is checked.
pub(crate) enum Signature {
    P256([u8; 64]),
    P384([u8; 96]),
    RsaPss(Box<[u8; rsa_pss::MODULUS_LEN]>),
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
