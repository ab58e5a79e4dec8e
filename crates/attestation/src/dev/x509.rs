//! A writer of the certificates and revocation lists that the readers in `encoding` accept.

use super::{der, rsa::RsaKey};
use crate::encoding::algorithm::Algorithm;
use alloc::{boxed::Box, string::String, vec, vec::Vec};
use alloy_primitives::{B256, hex, keccak256};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use sha2::{Digest as _, Sha256, Sha384};

const COMMON_NAME: &[u8] = &hex!("550403");
const UTF8_STRING: u8 = 0x0c;
const SET: u8 = 0x31;

/// A key, derived from the seed and what it is for, or one that everybody has. A key gives one
/// signature of a message: RFC 6979's, or one with a salt made from the message.
#[derive(Clone)]
pub(crate) enum Key {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    Rsa(Box<RsaKey>),
}

impl Key {
    /// A key on P-256.
    pub(crate) fn derive(seed: B256, purpose: &str) -> Self {
        let mut secret = keccak256([seed.as_slice(), purpose.as_bytes()].concat());
        // All but one scalar in 2^32 is valid at once.
        loop {
            match p256::ecdsa::SigningKey::from_slice(secret.as_slice()) {
                Ok(key) => return Self::P256(key),
                Err(_) => secret = keccak256(secret),
            }
        }
    }

    /// A key on P-384.
    pub(crate) fn derive_p384(seed: B256, purpose: &str) -> Self {
        let mut secret = keccak256([seed.as_slice(), purpose.as_bytes()].concat());
        loop {
            let next = keccak256(secret);
            let scalar = [secret.as_slice(), &next[..16]].concat();
            match p384::ecdsa::SigningKey::from_slice(&scalar) {
                Ok(key) => return Self::P384(key),
                Err(_) => secret = next,
            }
        }
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::P256(_) => Algorithm::EcdsaP256,
            Self::P384(_) => Algorithm::EcdsaP384,
            Self::Rsa(_) => Algorithm::RsaPss4096,
        }
    }

    /// The bits that `SubjectPublicKeyInfo` holds: `0x04 ‖ x ‖ y`, or an `RSAPublicKey`.
    pub(crate) fn public(&self) -> Vec<u8> {
        match self {
            Self::P256(key) => key.verifying_key().to_encoded_point(false).as_bytes().to_vec(),
            Self::P384(key) => key.verifying_key().to_encoded_point(false).as_bytes().to_vec(),
            Self::Rsa(key) => key.public(),
        }
    }

    /// `r ‖ s` over the data's hash, or an RSASSA-PSS signature.
    pub(crate) fn sign(&self, data: &[u8]) -> Vec<u8> {
        // Signing fails only for a nonce that RFC 6979 does not produce.
        match self {
            Self::P256(key) => {
                let signature: Result<p256::ecdsa::Signature, _> =
                    key.sign_prehash(&Sha256::digest(data));
                signature.map_or_else(|_| vec![0; 64], |signature| signature.to_bytes().to_vec())
            }
            Self::P384(key) => {
                let signature: Result<p384::ecdsa::Signature, _> =
                    key.sign_prehash(&Sha384::digest(data));
                signature.map_or_else(|_| vec![0; 96], |signature| signature.to_bytes().to_vec())
            }
            Self::Rsa(key) => key.sign(data),
        }
    }

    /// The signature as a certificate's bits hold it.
    pub(crate) fn signature_bits(&self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::P256(_) | Self::P384(_) => der::ecdsa_signature(&self.sign(data)),
            Self::Rsa(_) => self.sign(data),
        }
    }
}

/// An extension's object identifier, criticality and contents.
pub(crate) type Extension = (Vec<u8>, bool, Vec<u8>);

#[derive(Clone)]
pub(crate) struct Certificate {
    pub(crate) serial: Vec<u8>,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) not_before: u64,
    pub(crate) not_after: u64,
    pub(crate) key_algorithm: Algorithm,
    pub(crate) key: Vec<u8>,
    pub(crate) extensions: Vec<Extension>,
}

impl Certificate {
    pub(crate) fn signed(&self, issuer: &Key) -> Vec<u8> {
        let extensions = self.extensions.iter().map(extension).collect::<Vec<_>>().concat();
        let tbs = der::sequence(&[
            &hex!("a003020102"),
            &der::unsigned(&self.serial),
            issuer.algorithm().signature_identifier(),
            &name(&self.issuer),
            &der::sequence(&[&der::time(self.not_before), &der::time(self.not_after)]),
            &name(&self.subject),
            &der::sequence(&[self.key_algorithm.key_identifier(), &der::bit_string(&self.key)]),
            &der::element(0xa3, &der::sequence(&[&extensions])),
        ]);
        signed(&tbs, issuer)
    }
}

#[derive(Clone)]
pub(crate) struct RevocationList {
    pub(crate) issuer: String,
    pub(crate) this_update: u64,
    pub(crate) next_update: u64,
    pub(crate) revoked: Vec<Vec<u8>>,
    pub(crate) extensions: Vec<Extension>,
}

impl RevocationList {
    pub(crate) fn signed(&self, issuer: &Key) -> Vec<u8> {
        let entries: Vec<u8> = self
            .revoked
            .iter()
            .flat_map(|serial| {
                der::sequence(&[&der::unsigned(serial), &der::time(self.this_update)])
            })
            .collect();
        // An empty list is left out.
        let entries = if entries.is_empty() { entries } else { der::sequence(&[&entries]) };
        let extensions = self.extensions.iter().map(extension).collect::<Vec<_>>().concat();
        let tbs = der::sequence(&[
            &der::unsigned(&[1]),
            issuer.algorithm().signature_identifier(),
            &name(&self.issuer),
            &der::time(self.this_update),
            &der::time(self.next_update),
            &entries,
            &der::element(0xa0, &der::sequence(&[&extensions])),
        ]);
        signed(&tbs, issuer)
    }
}

fn signed(tbs: &[u8], issuer: &Key) -> Vec<u8> {
    let signature = der::bit_string(&issuer.signature_bits(tbs));
    der::sequence(&[tbs, issuer.algorithm().signature_identifier(), &signature])
}

fn extension((id, critical, contents): &Extension) -> Vec<u8> {
    let critical: &[u8] = if *critical { &hex!("0101ff") } else { &[] };
    der::sequence(&[&der::oid(id), critical, &der::octet_string(contents)])
}

fn name(common: &str) -> Vec<u8> {
    let attribute =
        der::sequence(&[&der::oid(COMMON_NAME), &der::element(UTF8_STRING, common.as_bytes())]);
    der::sequence(&[&der::element(SET, &attribute)])
}

/// Basic constraints and key usage of an authority over `below` levels of authorities.
pub(crate) fn authority_extensions(below: u8) -> Vec<Extension> {
    let constraints = der::sequence(&[&hex!("0101ff"), &der::unsigned(&[below])]);
    vec![
        (hex!("551d0f").to_vec(), true, hex!("03020106").to_vec()),
        (hex!("551d13").to_vec(), true, constraints),
    ]
}

/// Key usage and basic constraints of a certificate that signs statements.
pub(crate) fn signer_extensions() -> Vec<Extension> {
    vec![
        (hex!("551d0f").to_vec(), true, hex!("030206c0").to_vec()),
        (hex!("551d13").to_vec(), true, hex!("3000").to_vec()),
    ]
}

/// The number that revocation lists must carry.
pub(crate) fn list_extensions() -> Vec<Extension> {
    vec![(hex!("551d14").to_vec(), false, der::unsigned(&[1]))]
}
