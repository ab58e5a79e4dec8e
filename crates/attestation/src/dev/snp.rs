//! Software-made SEV-SNP reports.

use super::{
    DevEvidence, der,
    rsa::RsaKey,
    x509::{self, Certificate, Extension, Key, RevocationList},
};
use crate::kinds::sev_snp::join_snp_evidence;
use alloc::{borrow::ToOwned, boxed::Box, format, string::String, vec, vec::Vec};
use alloy_primitives::{B256, Bytes, hex};
use core::ops::Range;

/// Private keys of every development ARK and ASK, in DER. They are public.
pub(crate) const ROOT_KEY: &[u8] = include_bytes!("snp/dev_ark.key");
pub(crate) const AUTHORITY_KEY: &[u8] = include_bytes!("snp/dev_ask.key");

/// Bytes of a report that are signed.
const SIGNED_LEN: usize = 0x2a0;
const REPORT_LEN: usize = 0x4a0;
const HALF_LEN: usize = 72;
/// Boot loader, TEE, four reserved, SNP firmware, microcode.
const TCB: [u8; 8] = [10, 0, 0, 0, 0, 0, 23, 84];
const IA5_STRING: u8 = 0x16;
const ASK_SERIAL: u8 = 2;

/// What a software-made report says of its guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DevSnpReport {
    /// Measurement of the guest at its launch.
    pub measurement: [u8; 48],
    /// What the host gave the guest at its launch.
    pub host_data: [u8; 32],
    /// What the guest binds.
    pub report_data: [u8; 64],
    /// The chip; all zeros are refused.
    pub chip_id: [u8; 64],
}

/// A made-up Genoa platform with its whole hierarchy: ARK, ASK, VCEK, revocation list.
///
/// All of it follows from the seed and the validity, so that genesis and evidence agree, but for the
/// RSA keys of ARK and ASK: those are files of this crate that everybody has. Whoever reads this can
/// attest to anything under such a root, without knowing the seed.
#[derive(Clone)]
pub struct DevSnp {
    seed: B256,
    validity: Range<u64>,
    /// The list's window.
    listed: Range<u64>,
    /// The list names the ASK.
    revoked: bool,
}

impl DevSnp {
    /// A platform whose every statement holds exactly during `validity`, in unix seconds.
    ///
    /// The range must not be empty and must lie before the year 10,000; evidence outside that is
    /// refused like any other without a window.
    pub const fn new(seed: B256, validity: Range<u64>) -> Self {
        let listed = validity.start..validity.end;
        Self { seed, validity, listed, revoked: false }
    }

    /// The same platform with another revocation list: of `window`, in unix seconds, not empty; with
    /// the ASK in it where `revoked`.
    #[must_use]
    pub const fn listing(mut self, window: Range<u64>, revoked: bool) -> Self {
        self.listed.start = window.start;
        self.listed.end = window.end;
        self.revoked = revoked;
        self
    }

    /// DER of the root, for the genesis entry `assay.trust` under kind 3.
    pub fn root(&self) -> Bytes {
        self.root_certificate().signed(&root_key()).into()
    }

    /// Attests to `report`.
    pub fn attest(&self, report: &DevSnpReport) -> DevEvidence {
        let recipe = self.recipe(report);
        let reporter = recipe.reporter.signed(&authority_key());
        let authority = recipe.authority.signed(&root_key());
        let collateral = recipe.list.signed(&root_key());
        // The certificates are some hundred bytes each.
        let evidence =
            join_snp_evidence(&recipe.report(), &reporter, &authority).unwrap_or_default();
        DevEvidence { evidence: evidence.into(), collateral: collateral.into() }
    }

    pub(crate) fn recipe(&self, report: &DevSnpReport) -> Recipe {
        let reporter_key = Key::derive_p384(self.seed, "vcek");
        let authority = self.certificate(
            &self.name("ASK"),
            &self.name("ARK"),
            ASK_SERIAL,
            &authority_key(),
            x509::authority_extensions(0),
        );
        let mut reporter =
            self.certificate("SEV-VCEK", &self.name("ASK"), 0, &reporter_key, Vec::new());
        reporter.extensions = endorsement_extensions(&report.chip_id);
        let list = RevocationList {
            issuer: self.name("ARK"),
            this_update: self.listed.start,
            next_update: self.listed.end,
            revoked: if self.revoked { vec![vec![ASK_SERIAL]] } else { vec![vec![0xff, 1]] },
            extensions: x509::list_extensions(),
        };
        Recipe { authority, reporter, list, reporter_key, signed: signed_part(report) }
    }

    pub(crate) fn root_certificate(&self) -> Certificate {
        let name = self.name("ARK");
        self.certificate(&name, &name, 1, &root_key(), x509::authority_extensions(1))
    }

    /// Roots of different seeds have different names, by which the verifier finds them.
    fn name(&self, of: &str) -> String {
        format!("Assay development {of} {}", hex::encode(&self.seed[..8]))
    }

    fn certificate(
        &self,
        subject: &str,
        issuer: &str,
        serial: u8,
        key: &Key,
        extensions: Vec<Extension>,
    ) -> Certificate {
        Certificate {
            serial: vec![serial],
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            not_before: self.validity.start,
            not_after: self.validity.end.saturating_sub(1),
            key_algorithm: key.algorithm(),
            key: key.public(),
            extensions,
        }
    }
}

pub(crate) fn root_key() -> Key {
    rsa_key(ROOT_KEY)
}

pub(crate) fn authority_key() -> Key {
    rsa_key(AUTHORITY_KEY)
}

fn rsa_key(file: &[u8]) -> Key {
    Key::Rsa(Box::new(RsaKey::parse(file).expect("a key of this crate, which a test reads")))
}

/// A report and its certificates, to be signed.
#[derive(Clone)]
pub(crate) struct Recipe {
    pub(crate) authority: Certificate,
    pub(crate) reporter: Certificate,
    pub(crate) list: RevocationList,
    pub(crate) reporter_key: Key,
    /// The report's first bytes, up to its signature.
    pub(crate) signed: Vec<u8>,
}

impl Recipe {
    /// The report with its signature, little-endian.
    pub(crate) fn report(&self) -> Vec<u8> {
        let mut report = self.signed.clone();
        for half in self.reporter_key.sign(&self.signed).chunks(48) {
            report.extend(half.iter().rev());
            report.resize(report.len() + HALF_LEN - 48, 0);
        }
        report.resize(REPORT_LEN, 0);
        report
    }
}

/// What a VCEK says of its key: structure, product, levels, chip.
fn endorsement_extensions(chip_id: &[u8; 64]) -> Vec<Extension> {
    let extension =
        |id: &[u8], contents: Vec<u8>| ([&hex!("2b060104019c7801"), id].concat(), false, contents);
    let level = |id: u8, level: u8| extension(&[3, id], der::unsigned(&[level]));
    let [boot_loader, tee, _, _, _, _, snp, microcode] = TCB;
    vec![
        extension(&[1], der::unsigned(&[0])),
        extension(&[2], der::element(IA5_STRING, b"Genoa")),
        level(1, boot_loader),
        level(2, tee),
        level(3, snp),
        level(8, microcode),
        extension(&[4], chip_id.to_vec()),
    ]
}

/// A report of version 5, asked for by the guest at VMPL 0.
fn signed_part(report: &DevSnpReport) -> Vec<u8> {
    let mut bytes = vec![0; SIGNED_LEN];
    let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
    put(0x00, &5u32.to_le_bytes());
    // The bit that is always set, and SMT allowed.
    put(0x08, &0x30000u64.to_le_bytes());
    put(0x34, &1u32.to_le_bytes());
    // SMT, ECC, alias check complete.
    put(0x40, &0x25u64.to_le_bytes());
    put(0x50, &report.report_data);
    put(0x90, &report.measurement);
    put(0xc0, &report.host_data);
    // No migration agent.
    put(0x160, &[0xff; 32]);
    for at in [0x38, 0x180, 0x1e0, 0x1f0] {
        put(at, &TCB);
    }
    // Family 25, model 17, stepping 1.
    put(0x188, &[0x19, 0x11, 1]);
    put(0x1a0, &report.chip_id);
    bytes
}
