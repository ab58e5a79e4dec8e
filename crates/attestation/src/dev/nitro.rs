//! Software-made attestation documents in AWS Nitro's format.

use super::{
    cbor,
    x509::{self, Certificate, Key},
};
use alloc::{borrow::ToOwned, collections::BTreeMap, format, string::String, vec, vec::Vec};
use alloy_primitives::{B256, Bytes, hex, keccak256};
use core::ops::Range;

/// Names from the root to the enclave, as deep as AWS's own chains.
const NAMES: [&str; 5] = [
    "Assay development Nitro root",
    "Assay development Nitro region",
    "Assay development Nitro zone",
    "Assay development Nitro instance",
    "Assay development Nitro enclave",
];
const PROTECTED_HEADER: [u8; 4] = hex!("a1013822");

/// What a software-made document says about the enclave it speaks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DevDocument {
    /// Platform configuration registers by index, 0 to 31; PCR0 to PCR2 must be there and not be
    /// zero. Nitro states 0 to 15, zero where never extended.
    pub pcrs: BTreeMap<u8, [u8; 48]>,
    /// At most 512 bytes.
    pub user_data: Option<Bytes>,
    /// At most 512 bytes.
    pub nonce: Option<Bytes>,
    /// From 1 to 1,024 bytes.
    pub public_key: Option<Bytes>,
    /// When it is made, unix seconds, inside the validity.
    pub time: u64,
}

/// A made-up instance with its whole hierarchy: root, region, zone, instance, enclave.
///
/// All of it follows from the seed and the validity, so that genesis and evidence agree.
#[derive(Clone)]
pub struct DevNitro {
    seed: B256,
    validity: Range<u64>,
}

impl DevNitro {
    /// An instance whose every certificate holds exactly during `validity`, in unix seconds.
    ///
    /// The range must not be empty and must lie before the year 10,000; evidence outside that is
    /// refused like any other without a window.
    pub const fn new(seed: B256, validity: Range<u64>) -> Self {
        Self { seed, validity }
    }

    /// DER of the root, for the genesis entry `assay.trust` under kind 2.
    pub fn root(&self) -> Bytes {
        let Recipe { certificates, keys, .. } = self.recipe(&DevDocument::default());
        certificates[0].signed(&keys[0]).into()
    }

    /// Attests to `document`: evidence of kind 2, which needs no collateral.
    pub fn attest(&self, document: &DevDocument) -> Bytes {
        self.recipe(document).product().into()
    }

    pub(crate) fn recipe(&self, document: &DevDocument) -> Recipe {
        let keys = NAMES.map(|name| Key::derive_p384(self.seed, name));
        let certificates = core::array::from_fn(|index| {
            let extensions = match index {
                0..4 => x509::authority_extensions(3 - index as u8),
                _ => x509::signer_extensions(),
            };
            Certificate {
                serial: vec![index as u8 + 1],
                issuer: NAMES[index.saturating_sub(1)].to_owned(),
                subject: NAMES[index].to_owned(),
                not_before: self.validity.start,
                not_after: self.validity.end.saturating_sub(1),
                key_algorithm: keys[index].algorithm(),
                key: keys[index].public(),
                extensions,
            }
        });
        let pcrs: Vec<_> = document
            .pcrs
            .iter()
            .map(|(index, pcr)| (cbor::unsigned((*index).into()), cbor::bytes(pcr)))
            .collect();
        let optional =
            |data: &Option<Bytes>| cbor::optional_bytes(data.as_deref().map(AsRef::as_ref));
        let fields = vec![
            ("module_id", cbor::text(&self.module_id())),
            ("digest", cbor::text("SHA384")),
            ("timestamp", cbor::unsigned(document.time.saturating_mul(1000))),
            ("pcrs", cbor::map(&pcrs)),
            (CERTIFICATE, Vec::new()),
            (BUNDLE, Vec::new()),
            ("public_key", optional(&document.public_key)),
            ("user_data", optional(&document.user_data)),
            ("nonce", optional(&document.nonce)),
        ];
        Recipe { keys, certificates, protected: PROTECTED_HEADER.to_vec(), fields }
    }

    /// An instance's id and an enclave's, as AWS joins them.
    fn module_id(&self) -> String {
        let id = hex::encode(keccak256([self.seed.as_slice(), b"module"].concat()));
        format!("i-{}-enc{}", &id[..17], &id[17..33])
    }
}

const CERTIFICATE: &str = "certificate";
const BUNDLE: &str = "cabundle";

/// A document before it is signed.
#[derive(Clone)]
pub(crate) struct Recipe {
    /// From the root's to the enclave's.
    pub(crate) keys: [Key; 5],
    pub(crate) certificates: [Certificate; 5],
    pub(crate) protected: Vec<u8>,
    /// Names and encoded values; the two of certificates are filled in where they are empty.
    pub(crate) fields: Vec<(&'static str, Vec<u8>)>,
}

impl Recipe {
    /// DER from the root to the enclave, each signed by the key above it.
    pub(crate) fn chain(&self) -> Vec<Vec<u8>> {
        self.certificates
            .iter()
            .enumerate()
            .map(|(index, certificate)| certificate.signed(&self.keys[index.saturating_sub(1)]))
            .collect()
    }

    pub(crate) fn product(&self) -> Vec<u8> {
        let chain = self.chain();
        let fields: Vec<_> = self
            .fields
            .iter()
            .map(|(name, value)| {
                let value = match *name {
                    CERTIFICATE if value.is_empty() => cbor::bytes(&chain[4]),
                    BUNDLE if value.is_empty() => bundle(&chain[..4]),
                    _ => value.clone(),
                };
                (cbor::text(name), value)
            })
            .collect();
        self.signed(&cbor::map(&fields))
    }

    /// A document around this payload.
    pub(crate) fn signed(&self, payload: &[u8]) -> Vec<u8> {
        let protected = cbor::bytes(&self.protected);
        let payload = cbor::bytes(payload);
        let structure = cbor::array(&[
            cbor::text("Signature1"),
            protected.clone(),
            cbor::bytes(&[]),
            payload.clone(),
        ]);
        let signature = cbor::bytes(&self.keys[4].sign(&structure));
        cbor::array(&[protected, cbor::map(&[]), payload, signature])
    }
}

/// The encoded bundle of these certificates.
pub(crate) fn bundle(certificates: &[Vec<u8>]) -> Vec<u8> {
    let certificates: Vec<_> = certificates.iter().map(|der| cbor::bytes(der)).collect();
    cbor::array(&certificates)
}
