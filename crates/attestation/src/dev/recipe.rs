//! Everything that goes into a quote and its collateral, before it is signed and put together.

use super::{
    calendar, der,
    x509::{Certificate, Extension, Key, RevocationList},
};
use alloc::{format, string::String, vec::Vec};
use alloy_primitives::hex;
use core::fmt::Write as _;
use sha2::{Digest as _, Sha256};

const INTEL_SGX: &[u8] = &hex!("2a864886f84d010d01");

/// The platform as its PCK certificate states it.
#[derive(Clone)]
pub(crate) struct Platform {
    pub(crate) ppid: [u8; 16],
    pub(crate) components: [u16; 16],
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
        for (index, svn) in (1u8..).zip(self.components) {
            versions.extend(field(&[2, index], &der::unsigned(&svn.to_be_bytes())));
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
