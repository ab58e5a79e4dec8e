mod ahead;
mod kitchen;
mod mutations;
mod oracle;
mod vectors;

use super::*;
use crate::{Refusal, status::COLLATERAL_ASSUMED};
use alloy_primitives::B256;

/// A report of a real chip, with the certificate of its key; SOURCE.md says whence.
const MILAN: (&[u8], &[u8]) = (
    include_bytes!("../../../../testdata/snp/sev_milan.report"),
    include_bytes!("../../../../testdata/snp/sev_milan.vcek.der"),
);
/// A report and a certificate of two other chips with the same versions.
const AZURE: (&[u8], &[u8]) = (
    include_bytes!("../../../../testdata/snp/azure_milan.report"),
    include_bytes!("../../../../testdata/snp/azure_milan.vcek.der"),
);
const ASK_MILAN: &[u8] = include_bytes!("../../../../testdata/snp/ask_milan.der");
const ASK_TURIN: &[u8] = include_bytes!("../../../../testdata/snp/ask_turin.der");
const VCEK_TURIN: &[u8] = include_bytes!("../../../../testdata/snp/sev_turin.vcek.der");
/// A report of a real chip whose certificate is not known.
const MILAN_V5: &[u8] = include_bytes!("../../../../testdata/snp/milan_v5.report");

const START: u64 = 1_700_000_000;
const END: u64 = 1_800_000_000;

/// The compact form of a list of one of AMD's roots that revokes these serial numbers.
fn compact(root: &[u8], revoked: &[u32]) -> Vec<u8> {
    let mut bytes = vec![1, 1];
    bytes.extend_from_slice(keccak256(root).as_slice());
    bytes.extend_from_slice(&START.to_be_bytes());
    bytes.extend_from_slice(&END.to_be_bytes());
    bytes.extend_from_slice(&[0; 20]);
    bytes.extend_from_slice(&(revoked.len() as u16).to_be_bytes());
    for serial in revoked {
        bytes.extend_from_slice(&[0; 16]);
        bytes.extend_from_slice(&serial.to_be_bytes());
    }
    bytes
}

/// The verdict through the public entrance, which both backends must share.
fn verdict(evidence: &[u8], collateral: &[u8], anchors: &Anchors) -> Result<Claims, Refusal> {
    let run = |backend| crate::verify(kind::AMD_SEV_SNP, evidence, collateral, anchors, backend);
    let native = run(Backend::Native);
    assert_eq!(native, run(Backend::Portable), "backends differ");
    native
}

/// As [`verdict`], over a list in compact form.
fn verdict_with(evidence: &[u8], compact: &[u8], anchors: &Anchors) -> Result<Claims, Refusal> {
    let run = |backend| crate::verify_with(kind::AMD_SEV_SNP, evidence, compact, anchors, backend);
    let native = run(Backend::Native);
    assert_eq!(native, run(Backend::Portable), "backends differ");
    native
}
