//! Kind 1: Intel DCAP quotes, judged by Intel's collateral.
//!
//! The order of checks, which is consensus: the quote's structure, the report's safety, the
//! collateral's encoding, certificates and lists and how they relate, the window, every signature
//! from the root down, the quoting enclave, the platform. docs/attestation.md has them all.

mod chain;
mod collateral;
mod pck;
mod quote;
mod report;
mod statements;
mod tcb;

use crate::{
    Anchors, Backend, Claims, Code, Work,
    claims::identity,
    encoding::algorithm::{Algorithm, PublicKey, Signature},
    kinds::kind,
    window::Window,
};
use alloy_primitives::{B256, keccak256};
use chain::{Authorities, Chains};
use collateral::Collateral;
use pck::Platform;
use quote::Quote;
use report::{EnclaveReport, Report};
use statements::{QeIdentity, TcbInfo};

pub(crate) use chain::check_root;
pub use quote::trim_quote;

/// Most bytes of a quote.
pub(crate) const MAX_EVIDENCE: usize = 16 * 1024;
/// Most bytes of collateral.
pub(crate) const MAX_COLLATERAL: usize = 64 * 1024;

/// Intel's SGX root, valid to the end of 2049.
pub(crate) const INTEL_ROOT_DER: &[u8] = include_bytes!("intel_root.der");

const ASSURANCE_TEE: u8 = 3;
const TCB_LAYOUT_VERSION: u8 = 1;

/// The root, the PCK and its authority, two signers; their signatures but the root's, those of
/// two lists, two statements and two reports.
pub(crate) fn counts() -> Work {
    Work { certificates: 5, p256: 10, ..Work::default() }
}

/// Verifies a quote with its collateral; the window is in the claims, the time plays no part.
pub(crate) fn verify(
    evidence: &[u8],
    collateral: &[u8],
    anchors: &Anchors,
    backend: Backend,
) -> Result<Claims, Code> {
    let quote = Quote::parse(evidence)?;
    let report = Report::check(quote.body)?;
    let collateral = Collateral::parse(collateral)?;
    let info = TcbInfo::parse(&collateral.tcb_info)?;
    let qe_identity = QeIdentity::parse(&collateral.qe_identity)?;
    let pck_chain = match &collateral.pck_chain {
        Some(chain) => chain.as_bytes(),
        None => quote.pck_chain.ok_or(Code::QuoteCertificationType)?,
    };
    let chains = Chains::decode(pck_chain, &collateral)?;
    let authorities = Authorities::check(&chains, &collateral, anchors, backend)?;
    let platform = Platform::parse(authorities.pck.extension(pck::ARC))?;

    let mut window = Window::ALWAYS;
    authorities.narrow(&mut window);
    window.narrow_inclusive(info.issued, info.next_update);
    window.narrow_inclusive(qe_identity.issued, qe_identity.next_update);
    if window.start >= window.end {
        return Err(Code::EmptyWindow);
    }

    authorities.check_signatures(backend)?;
    check_statements(&authorities, &collateral, backend)?;
    check_reports(&authorities, &quote, backend)?;
    let qe_report = EnclaveReport(quote.qe_report);
    let enclave_status = tcb::judge_enclave(qe_report, &qe_identity, &report)?;
    let status = tcb::judge_platform(&platform, &info, &report, enclave_status)?;

    let measurement = report.measurement();
    Ok(Claims {
        kind: kind::INTEL_DCAP,
        assurance: ASSURANCE_TEE,
        identity: identity(kind::INTEL_DCAP, &measurement),
        measurement,
        platform: keccak256(platform.ppid),
        bound: report.report_data().to_vec(),
        id: keccak256(quote.signed),
        anchors: vec![authorities.anchor()],
        collateral: authorities.digest(&collateral),
        issued_at: 0,
        not_before: window.start,
        not_after: window.end,
        status,
        tcb: tcb_bytes(&report, qe_report, &platform, &info, &qe_identity, &authorities),
    })
}

fn check_statements(
    authorities: &Authorities<'_>,
    collateral: &Collateral<'_>,
    backend: Backend,
) -> Result<(), Code> {
    for (signer, statement, signature, code) in [
        (
            &authorities.tcb_signer,
            &collateral.tcb_info,
            &collateral.tcb_info_signature,
            Code::TcbInfoSignature,
        ),
        (
            authorities.qe_signer(),
            &collateral.qe_identity,
            &collateral.qe_identity_signature,
            Code::QeIdentitySignature,
        ),
    ] {
        if !holds(&signer.key, statement.as_bytes(), signature, backend) {
            return Err(code);
        }
    }
    Ok(())
}

/// The PCK signs the quoting enclave, which vouches for the attestation key, which signs the quote.
fn check_reports(
    authorities: &Authorities<'_>,
    quote: &Quote<'_>,
    backend: Backend,
) -> Result<(), Code> {
    if !holds(&authorities.pck.key, quote.qe_report, quote.qe_signature, backend) {
        return Err(Code::QeReportSignature);
    }
    let vouched = [&quote.attestation_key[..], quote.qe_authentication].concat();
    let report_data = EnclaveReport(quote.qe_report).report_data();
    let (hash, rest) = report_data.split_at(32);
    if backend.sha256(&vouched) != hash || rest.iter().any(|byte| *byte != 0) {
        return Err(Code::QeReportData);
    }
    let mut key = [4; 65];
    key[1..].copy_from_slice(quote.attestation_key);
    let key = Algorithm::EcdsaP256.key(&key, backend).ok_or(Code::QuoteSignature)?;
    if !holds(&key, quote.signed, quote.signature, backend) {
        return Err(Code::QuoteSignature);
    }
    Ok(())
}

/// Whether a raw signature, of any s but in range, is the key's over `data`.
fn holds(key: &PublicKey, data: &[u8], signature: &[u8; 64], backend: Backend) -> bool {
    Signature::p256(signature).is_some_and(|signature| key.holds(data, &signature, backend))
}

/// What newer collateral needs to judge this platform again; laid out in docs/attestation.md.
fn tcb_bytes(
    report: &Report<'_>,
    qe_report: EnclaveReport<'_>,
    platform: &Platform,
    info: &TcbInfo<'_>,
    qe_identity: &QeIdentity<'_>,
    authorities: &Authorities<'_>,
) -> Vec<u8> {
    let (tee, svn, current_svn, signer, attributes) = match report {
        Report::Sgx(_) => (0, [0; 16], None, &[0; 48][..], &[0; 8][..]),
        Report::Tdx(report) => (
            1,
            report.tcb_svn(),
            report.current_tcb_svn(),
            report.module_signer(),
            report.module_attributes(),
        ),
    };
    let pck_issuer: B256 = keccak256(authorities.pck.issuer);
    [
        &[TCB_LAYOUT_VERSION, tee][..],
        &info.evaluation.min(qe_identity.evaluation).to_be_bytes(),
        &platform.fmspc,
        &platform.pce_id,
        &platform.cpu_svn,
        &platform.pce_svn.to_be_bytes(),
        &svn,
        &[u8::from(current_svn.is_some())],
        &current_svn.unwrap_or_default(),
        signer,
        attributes,
        qe_report.mr_signer(),
        &qe_report.product_id().to_be_bytes(),
        &qe_report.svn().to_be_bytes(),
        qe_report.misc_select(),
        qe_report.attributes(),
        pck_issuer.as_slice(),
        &authorities.pck.serial,
        &authorities.pck_authority.serial,
    ]
    .concat()
}

#[cfg(test)]
mod tests;
