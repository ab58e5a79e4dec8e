//! Kind 3: AMD SEV-SNP attestation reports, with the certificate of the key that signed them.
//!
//! The order of checks, which is consensus: the evidence's parts, the report's own contents, the
//! certificates' and the list's encoding and how they relate, what the signing key's certificate
//! says, the window, every signature from the root down. docs/attestation.md has them all.

mod chain;
mod endorsement;
mod evidence;
mod list;
mod product;
mod report;
mod tcb;

use crate::{
    Anchors, Assessment, Backend, Claims, Code, Work, claims::identity,
    encoding::algorithm::Signature, kinds::kind, window::Window,
};
use alloc::vec;
use alloy_primitives::{B256, b256, keccak256};
use chain::Chain;
use endorsement::Endorsement;
use evidence::Evidence;
use list::{Revocations, read_compact};
use product::Product;
use report::{Report, SigningKey, Tcbs};
use tcb::EarlierTcb;

pub(crate) use chain::check_root;
pub use evidence::join_snp_evidence;
pub use list::snp_collateral_key;
pub(crate) use list::verify_collateral;

/// Most bytes of evidence: a report and two certificates.
pub(crate) const MAX_EVIDENCE: usize = 8 * 1024;
/// Most bytes of a revocation list.
pub(crate) const MAX_COLLATERAL: usize = 64 * 1024;
/// Most bytes of a revocation list in compact form.
pub(crate) const MAX_COMPACT: usize = list::MAX_COMPACT;
/// Most bytes of an earlier claims' `tcb`, which has this length.
pub(crate) const MAX_TCB: usize = tcb::LEN;

/// AMD's roots (ARK) for Milan, Genoa and Turin, valid to 2045, 2047 and 2048.
pub(crate) const AMD_ROOTS_DER: [&[u8]; 3] = [
    include_bytes!("ark_milan.der"),
    include_bytes!("ark_genoa.der"),
    include_bytes!("ark_turin.der"),
];
/// Each behind keccak256 of it.
pub(crate) const AMD_ROOTS: [(B256, &[u8]); 3] = [
    (b256!("631fd564035c8ccf97866e09d5dbda438859755418716a746f7598a268fc23bd"), AMD_ROOTS_DER[0]),
    (b256!("67d8fc62175313b97969a686cb3c0567fab12e8b3b8d962cf21c33f7a4a5ed84"), AMD_ROOTS_DER[1]),
    (b256!("5d5329805074e13bc72fe986a83fbdbe5a37b84a521672f8a78330a925f4b955"), AMD_ROOTS_DER[2]),
];

const ASSURANCE_TEE: u8 = 3;

/// The root, the signing key and its authority; the signatures of the latter two, of the list and
/// of the report.
pub(crate) fn counts() -> Work {
    Work { rsa4096: 3, ..counts_with() }
}

/// As [`counts`], without the list's signature.
pub(crate) fn counts_with() -> Work {
    Work { certificates: 3, p384: 1, rsa4096: 2, ..Work::default() }
}

/// The root, and the list's signature.
pub(crate) fn counts_collateral() -> Work {
    Work { certificates: 1, rsa4096: 1, ..Work::default() }
}

/// Verifies evidence with the root's revocation list; the window is in the claims, the time plays
/// no part.
pub(crate) fn verify(
    evidence: &[u8],
    collateral: &[u8],
    anchors: &Anchors,
    backend: Backend,
) -> Result<Claims, Code> {
    judge(evidence, || Revocations::published(collateral), anchors, backend)
}

/// As [`verify`], with the list in its compact form.
pub(crate) fn verify_with(
    evidence: &[u8],
    compact: &[u8],
    anchors: &Anchors,
    backend: Backend,
) -> Result<Claims, Code> {
    judge(evidence, || Revocations::compact(compact), anchors, backend)
}

fn judge<'a>(
    evidence: &[u8],
    list: impl FnOnce() -> Result<Revocations<'a>, Code>,
    anchors: &Anchors,
    backend: Backend,
) -> Result<Claims, Code> {
    let evidence = Evidence::split(evidence)?;
    let report = Report::check(evidence.report)?;
    let chain = Chain::parse(&evidence, anchors, backend)?;
    let list = list()?;
    chain.check_relations(&list)?;
    let endorsement = Endorsement::parse(&chain.reporter, report.signing_key)?;
    let tcbs = check_endorsement(&report, &endorsement)?;

    let mut window = Window::ALWAYS;
    chain.narrow(&mut window);
    window.narrow_to(list.window());
    window.check()?;

    list.check_signature(&chain.root, backend)?;
    chain.check_signatures(backend)?;
    let signature = Signature::p384(&report.signature).ok_or(Code::SignatureEncoding)?;
    if !chain.reporter.key.holds(report.signed(), &signature, backend) {
        return Err(Code::SnpReportSignature);
    }

    let measurement = report.measurement();
    let platform = keccak256(match report.signing_key {
        SigningKey::Vcek => report.chip_id(),
        SigningKey::Vlek => endorsement.holder,
    });
    let earlier = EarlierTcb {
        product: endorsement.product,
        signing_key: report.signing_key,
        tcbs,
        platform,
        anchor: chain.root.anchor,
        root: chain.root.certificate.serial,
        authority: chain.authority.serial,
        reporter: chain.reporter.serial,
    };
    Ok(Claims {
        kind: kind::AMD_SEV_SNP,
        assurance: ASSURANCE_TEE,
        identity: identity(kind::AMD_SEV_SNP, &measurement),
        measurement,
        platform,
        bound: report.report_data().to_vec(),
        id: keccak256(report.signed()),
        anchors: vec![chain.root.anchor],
        collateral: list.digest(&chain.root),
        issued_at: 0,
        not_before: window.start,
        not_after: window.end,
        status: tcbs.status(),
        tcb: earlier.encode(),
    })
}

/// Whether the certificate is of the report's product, TCB and chip.
fn check_endorsement(report: &Report<'_>, endorsement: &Endorsement<'_>) -> Result<Tcbs, Code> {
    let product = endorsement.product;
    let is_of_product = match report.processor {
        Some(processor) => processor == product,
        // Reports of version 2 are older than Turin.
        None => product != Product::Turin,
    };
    if !is_of_product {
        return Err(Code::SnpProduct);
    }
    let tcbs = report.tcbs(product).ok_or(Code::SnpReserved)?;
    if tcbs.reported != endorsement.tcb {
        return Err(Code::SnpTcb);
    }
    if report.signing_key == SigningKey::Vcek {
        let chip_id = report.chip_id();
        let is_of_chip =
            chip_id.split_at_checked(endorsement.holder.len()).is_some_and(|(id, rest)| {
                id == endorsement.holder
                    && id.iter().any(|byte| *byte != 0)
                    && rest.iter().all(|byte| *byte == 0)
            });
        if !is_of_chip {
            return Err(Code::SnpChipId);
        }
    }
    Ok(tcbs)
}

/// Judges earlier claims' `tcb` by a list in compact form.
pub(crate) fn assess(tcb: &[u8], compact: &[u8]) -> Result<Assessment, Code> {
    let earlier = EarlierTcb::decode(tcb)?;
    let list = read_compact(compact)?;
    if list.header.anchor != earlier.anchor {
        return Err(Code::RootMismatch);
    }
    if list.revokes(&earlier.root) || list.revokes(&earlier.authority) {
        return Err(Code::CertificateRevoked);
    }
    Ok(Assessment {
        status: earlier.tcbs.status(),
        not_before: list.header.window.start,
        not_after: list.header.window.end,
    })
}

#[cfg(test)]
mod tests;
