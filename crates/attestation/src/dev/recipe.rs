//! Everything that goes into a quote and its collateral, before it is signed and put together.

use super::{calendar, der};
use crate::encoding::algorithm::Algorithm;
use alloy_primitives::{B256, hex, keccak256};
use p256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

const COMMON_NAME: &[u8] = &hex!("550403");
const ECDSA_WITH_SHA256: &[u8] = Algorithm::EcdsaP256.signature_identifier();
const KEY_ON_P256: &[u8] = Algorithm::EcdsaP256.key_identifier();
const INTEL_SGX: &[u8] = &hex!("2a864886f84d010d01");
const UTF8_STRING: u8 = 0x0c;
const SET: u8 = 0x31;

/// A P-256 key, derived from the seed and what it is for. Signatures are RFC 6979's.
#[derive(Clone)]
pub(crate) struct Key(SigningKey);

impl Key {
    pub(crate) fn derive(seed: B256, purpose: &str) -> Self {
        let mut secret = keccak256([seed.as_slice(), purpose.as_bytes()].concat());
        // All but one scalar in 2^32 is valid at once.
        loop {
            match SigningKey::from_slice(secret.as_slice()) {
                Ok(key) => return Self(key),
                Err(_) => secret = keccak256(secret),
            }
        }
    }

    /// `0x04 ‖ x ‖ y`.
    pub(crate) fn public(&self) -> [u8; 65] {
        let mut key = [0; 65];
        key.copy_from_slice(self.0.verifying_key().to_encoded_point(false).as_bytes());
        key
    }

    pub(crate) fn sign(&self, data: &[u8]) -> [u8; 64] {
        let digest = Sha256::digest(data);
        // Signing fails only for a nonce that RFC 6979 does not produce.
        let signature: Result<Signature, _> = self.0.sign_prehash(&digest);
        signature.map_or([0; 64], |signature| signature.to_bytes().into())
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
    pub(crate) key: [u8; 65],
    pub(crate) extensions: Vec<Extension>,
}

impl Certificate {
    pub(crate) fn signed(&self, issuer: &Key) -> Vec<u8> {
        let extensions = self.extensions.iter().map(extension).collect::<Vec<_>>().concat();
        let tbs = der::sequence(&[
            &hex!("a003020102"),
            &der::unsigned(&self.serial),
            ECDSA_WITH_SHA256,
            &name(&self.issuer),
            &der::sequence(&[&der::time(self.not_before), &der::time(self.not_after)]),
            &name(&self.subject),
            &der::sequence(&[KEY_ON_P256, &der::bit_string(&self.key)]),
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
            ECDSA_WITH_SHA256,
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
    let signature = der::bit_string(&der::ecdsa_signature(&issuer.sign(tbs)));
    der::sequence(&[tbs, ECDSA_WITH_SHA256, &signature])
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

/// The platform as its PCK certificate states it.
#[derive(Clone)]
pub(crate) struct Platform {
    pub(crate) ppid: [u8; 16],
    pub(crate) cpu_svn: [u8; 16],
    pub(crate) pce_svn: u16,
    pub(crate) pce_id: [u8; 2],
    pub(crate) fmspc: [u8; 6],
}

impl Platform {
    pub(crate) fn extension(&self) -> Extension {
        let field =
            |id: &[u8], value: &[u8]| der::sequence(&[&der::oid(&[INTEL_SGX, id].concat()), value]);
        let mut versions = Vec::new();
        for (index, svn) in (1u8..).zip(self.cpu_svn) {
            versions.extend(field(&[2, index], &der::unsigned(&[svn])));
        }
        versions.extend(field(&[2, 17], &der::unsigned(&self.pce_svn.to_be_bytes())));
        versions.extend(field(&[2, 18], &der::octet_string(&self.cpu_svn)));
        let contents = der::sequence(&[
            &field(&[1], &der::octet_string(&self.ppid)),
            &field(&[2], &der::sequence(&[&versions])),
            &field(&[3], &der::octet_string(&self.pce_id)),
            &field(&[4], &der::octet_string(&self.fmspc)),
            &field(&[5], &hex!("0a0101")),
        ]);
        (INTEL_SGX.to_vec(), false, contents)
    }
}

/// A quote and its collateral, to be signed.
#[derive(Clone)]
pub(crate) struct Recipe {
    pub(crate) root_key: Key,
    pub(crate) authority_key: Key,
    pub(crate) pck_key: Key,
    pub(crate) signer_key: Key,
    pub(crate) attestation_key: Key,
    pub(crate) root: Certificate,
    pub(crate) authority: Certificate,
    pub(crate) pck: Certificate,
    pub(crate) tcb_signer: Certificate,
    pub(crate) qe_signer: Certificate,
    pub(crate) root_crl: RevocationList,
    pub(crate) pck_crl: RevocationList,
    pub(crate) tcb_info: String,
    pub(crate) qe_identity: String,
    /// Header and body.
    pub(crate) signed: Vec<u8>,
    /// The quoting enclave's report; its report data is filled in.
    pub(crate) qe_report: Vec<u8>,
}

/// Bytes that the verifier takes.
pub(crate) struct Product {
    pub(crate) evidence: Vec<u8>,
    pub(crate) collateral: Vec<u8>,
}

impl Recipe {
    pub(crate) fn product(&self) -> Product {
        let root = self.root.signed(&self.root_key);
        let authority = self.authority.signed(&self.root_key);
        let pck = self.pck.signed(&self.authority_key);
        let chain = pem(&[&pck, &authority, &root]);
        Product { evidence: self.quote(chain.as_bytes()), collateral: self.collateral(&root) }
    }

    pub(crate) fn quote(&self, chain: &[u8]) -> Vec<u8> {
        let authentication: Vec<u8> = (0..32).collect();
        let attestation_key = &self.attestation_key.public()[1..];
        let mut qe_report = self.qe_report.clone();
        let vouched = Sha256::digest([attestation_key, &authentication].concat());
        qe_report[320..352].copy_from_slice(&vouched);
        let certified = [
            &qe_report[..],
            &self.pck_key.sign(&qe_report),
            &32u16.to_le_bytes(),
            &authentication,
            &certification(5, chain),
        ]
        .concat();
        let is_nested = self.signed[0] > 3;
        let certified = if is_nested { certification(6, &certified) } else { certified };
        let data =
            [&self.attestation_key.sign(&self.signed)[..], attestation_key, &certified].concat();
        [&self.signed[..], &(data.len() as u32).to_le_bytes(), &data].concat()
    }

    fn collateral(&self, root: &[u8]) -> Vec<u8> {
        let authority = self.authority.signed(&self.root_key);
        let fields = [
            ("pck_crl_issuer_chain", pem(&[&authority, root])),
            ("root_ca_crl", hex::encode(self.root_crl.signed(&self.root_key))),
            ("pck_crl", hex::encode(self.pck_crl.signed(&self.authority_key))),
            ("tcb_info_issuer_chain", pem(&[&self.tcb_signer.signed(&self.root_key), root])),
            ("tcb_info", self.tcb_info.clone()),
            ("tcb_info_signature", hex::encode(self.signer_key.sign(self.tcb_info.as_bytes()))),
            ("qe_identity_issuer_chain", pem(&[&self.qe_signer.signed(&self.root_key), root])),
            ("qe_identity", self.qe_identity.clone()),
            (
                "qe_identity_signature",
                hex::encode(self.signer_key.sign(self.qe_identity.as_bytes())),
            ),
        ];
        let mut json = String::from("{");
        for (index, (name, value)) in fields.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(json, "{comma}\"{name}\":\"{value}\"");
        }
        json.push('}');
        json.into_bytes()
    }
}

fn certification(kind: u16, contents: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(contents.len() as u32).to_le_bytes(), contents].concat()
}

pub(crate) fn pem(certificates: &[&[u8]]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for certificate in certificates {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        for line in certificate.chunks(48) {
            for group in line.chunks(3) {
                let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
                let bits = bits << (8 * (3 - group.len()));
                for index in 0..4 {
                    let character = ALPHABET[(bits >> (18 - 6 * index) & 63) as usize];
                    text.push(if index > group.len() { '=' } else { char::from(character) });
                }
            }
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

/// Both dates of a statement.
pub(crate) fn dates(from: u64, last: u64) -> String {
    let (from, last) = (calendar::rfc3339(from), calendar::rfc3339(last));
    format!(r#""issueDate":"{from}","nextUpdate":"{last}""#)
}
