//! Kind 1: Intel DCAP quotes, judged by Intel's collateral.
//!
//! The order of checks, which is consensus: the quote's structure, the report's safety, the
//! collateral's encoding, certificates and lists and how they relate, the window, every signature
//! from the root down, the quoting enclave, the platform. docs/attestation.md has them all.
//!
//! Collateral comes whole, with its signatures, or as compact forms of statements that were
//! verified one by one before. Both ways lead through the same rules to the same claims.

mod chain;
mod collateral;
pub(crate) mod compact;
mod evidence;
mod judge;
pub mod offchain;
mod pck;
mod quote;
mod report;
mod statement;
mod statements;
mod tcb;

use crate::{Anchors, Assessment, Backend, Claims, Code, Work, kinds::kind, window::Window};
use alloc::vec;
use alloy_primitives::{B256, b256, keccak256};
use chain::{Authorities, Listed, certificate, decode, revocation_list};
use collateral::Collateral;
use compact::Statements;
use evidence::{Evidence, PckChain};
use quote::Quote;
use report::Report;
use statement::{Held, check_statement};
use statements::{QeIdentity, TcbInfo};
use tcb::Tcb;

pub(crate) use chain::check_root;
pub use quote::trim_quote;
pub(crate) use statement::{list_version, verify_collateral};

/// Most bytes of a quote.
pub(crate) const MAX_EVIDENCE: usize = 16 * 1024;
/// Most bytes of collateral.
pub(crate) const MAX_COLLATERAL: usize = 64 * 1024;
/// Most bytes of one statement with its certificates.
pub(crate) const MAX_STATEMENT: usize = 64 * 1024;
/// Most bytes of the four compact forms joined; none there are fill it.
pub(crate) const MAX_COMPACT: usize = 64 * 1024;
/// Most bytes of an earlier claims' `tcb`; the exact length is checked as a code.
pub(crate) const MAX_TCB: usize = 1024;

/// Intel's SGX root, valid to the end of 2049.
pub(crate) const INTEL_ROOT_DER: &[u8] = include_bytes!("intel_root.der");
/// keccak256 of it.
pub(crate) const INTEL_ROOT_HASH: B256 =
    b256!("a1acc73eb45794fa1734f14d882e91925b6006f79d3bb2460df9d01b333d7009");

/// The root, the PCK and its authority, two signers; their signatures but the root's, those of
/// two lists, two statements and two reports.
pub(crate) fn counts() -> Work {
    Work { certificates: 5, p256: 10, ..Work::default() }
}

/// The root and an authority or signer; its signature and the list's or statement's.
pub(crate) fn counts_collateral() -> Work {
    Work { certificates: 2, p256: 2, ..Work::default() }
}

/// The root, the PCK and its authority; their signatures but the root's, and two reports'.
pub(crate) fn counts_with() -> Work {
    Work { certificates: 3, p256: 4, ..Work::default() }
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
    let (info, info_window) = TcbInfo::parse(&collateral.tcb_info)?;
    let (identity, identity_window) = QeIdentity::parse(&collateral.qe_identity)?;
    let pck_chain = match &collateral.pck_chain {
        Some(chain) => chain.as_bytes(),
        None => quote.pck_chain.ok_or(Code::QuoteCertificationType)?,
    };
    let pck_chain = decode(pck_chain)?;
    let [tcb_signer, tcb_root] = decode(collateral.tcb_info_chain.as_bytes())?;
    // Intel signs both statements with one certificate: its chain is read once.
    let [qe_signer, qe_root] = if collateral.qe_identity_chain == collateral.tcb_info_chain {
        [None, None]
    } else {
        decode(collateral.qe_identity_chain.as_bytes())?.map(Some)
    };
    let root_der = &pck_chain[2];
    trusted(anchors, |_, root| root == root_der)?;
    if tcb_root != *root_der || qe_root.is_some_and(|root| root != *root_der) {
        return Err(Code::RootMismatch);
    }
    let chain = PckChain::parse(&pck_chain, backend)?;
    let qe_signer = qe_signer.filter(|signer| *signer != tcb_signer);
    let tcb_signer = certificate(&tcb_signer, backend)?;
    let other_signer = qe_signer.as_ref().map(|der| certificate(der, backend)).transpose()?;
    let qe_signer = other_signer.as_ref().unwrap_or(&tcb_signer);
    let root_crl = revocation_list(&collateral.root_crl)?;
    let pck_crl = revocation_list(&collateral.pck_crl)?;
    let mut signers = vec![(&tcb_signer, Code::TcbSignerSignature)];
    signers.extend(other_signer.iter().map(|signer| (signer, Code::QeSignerSignature)));
    let authorities = Authorities {
        signers,
        root_list: Some(Listed::Shown(&root_crl)),
        pck_list: Some(Listed::Shown(&pck_crl)),
        ..chain.authorities()
    };
    authorities.check_relations()?;
    let platform = chain.platform()?;
    let mut window = authorities.window();
    window.narrow_to(info_window);
    window.narrow_to(identity_window);
    window.check()?;
    authorities.check_signatures(backend)?;
    let (text, signature) = (&collateral.tcb_info, &collateral.tcb_info_signature);
    check_statement(&tcb_signer, text, signature, Code::TcbInfoSignature, backend)?;
    let (text, signature) = (&collateral.qe_identity, &collateral.qe_identity_signature);
    check_statement(qe_signer, text, signature, Code::QeIdentitySignature, backend)?;

    let evidence = Evidence { quote: &quote, report: &report, chain: &chain, platform: &platform };
    let mut claims = evidence.judge(&info, &identity, window, backend)?;
    let anchor = chain.anchor();
    let digest = |held: &Held<'_, '_>| held.digest(&chain.root, anchor);
    claims.collateral = collateral_of([
        digest(&Held::RootList(&root_crl))?,
        digest(&Held::PckList(&chain.authority, &pck_crl))?,
        digest(&Held::TcbInfo(&tcb_signer, &info, info_window))?,
        digest(&Held::QeIdentity(qe_signer, &identity, identity_window))?,
    ]);
    Ok(claims)
}

/// As [`verify`], over compact forms that somebody else vouches for.
pub(crate) fn verify_with(
    evidence: &[u8],
    compact: &[u8],
    anchors: &Anchors,
    backend: Backend,
) -> Result<Claims, Code> {
    let quote = Quote::parse(evidence)?;
    let report = Report::check(quote.body)?;
    let statements = Statements::decode(compact)?;
    let pck_chain = decode(quote.pck_chain.ok_or(Code::QuoteCertificationType)?)?;
    trusted(anchors, |_, root| root == pck_chain[2])?;
    let anchor = keccak256(&pck_chain[2]);
    if statements.headers().iter().any(|header| header.anchor != anchor) {
        return Err(Code::RootMismatch);
    }
    let chain = PckChain::parse(&pck_chain, backend)?;
    let authorities = Authorities {
        assumed_signers: &statements.signers(),
        root_list: Some(Listed::Assumed(&statements.root_list)),
        pck_list: Some(Listed::Assumed(&statements.pck_list)),
        ..chain.authorities()
    };
    authorities.check_relations()?;
    let platform = chain.platform()?;
    let mut window = authorities.window();
    window.narrow_to(statements.tcb_info.header.window);
    window.narrow_to(statements.qe_identity.header.window);
    window.check()?;
    authorities.check_signatures(backend)?;

    let evidence = Evidence { quote: &quote, report: &report, chain: &chain, platform: &platform };
    let (info, identity) = (&statements.tcb_info.statement, &statements.qe_identity.statement);
    let mut claims = evidence.judge(info, identity, window, backend)?;
    claims.collateral = collateral_of(
        statements.parts.map(|part| crate::collateral_digest(kind::INTEL_DCAP, anchor, part)),
    );
    Ok(claims)
}

/// Judges an earlier claims' `tcb` by compact forms that somebody else vouches for.
pub(crate) fn assess(tcb: &[u8], compact: &[u8], anchors: &Anchors) -> Result<Assessment, Code> {
    let tcb = Tcb::decode(tcb)?;
    let statements = Statements::decode(compact)?;
    let [first, others @ ..] = statements.headers();
    trusted(anchors, |hash, _| hash == first.anchor)?;
    if others.iter().any(|header| header.anchor != first.anchor) {
        return Err(Code::RootMismatch);
    }
    let (root_list, pck_list) = (&statements.root_list, &statements.pck_list);
    if pck_list.authority.is_none_or(|authority| authority.id() != tcb.pck_issuer) {
        return Err(Code::CrlIssuer);
    }
    let revoked = root_list.revokes(&tcb.authority_serial)
        || pck_list.revokes(&tcb.pck_serial)
        || statements.signers().iter().any(|signer| root_list.revokes(signer));
    if revoked {
        return Err(Code::CertificateRevoked);
    }
    let mut window = Window::ALWAYS;
    for header in statements.headers() {
        window.narrow_to(header.window);
    }
    window.check()?;
    let (info, identity) = (&statements.tcb_info.statement, &statements.qe_identity.statement);
    if info.evaluation.min(identity.evaluation) < tcb.evaluation {
        return Err(Code::EvaluationNumber);
    }
    let status = judge::judge(&tcb, info, identity)?;
    Ok(Assessment { status, not_before: window.start, not_after: window.end })
}

/// The first trusted root that is the one sought, by its hash or its DER.
fn trusted(anchors: &Anchors, sought: impl Fn(B256, &[u8]) -> bool) -> Result<&[u8], Code> {
    let root = anchors.hashed(kind::INTEL_DCAP).find(|(hash, root)| sought(*hash, root));
    root.map(|(_, root)| root).ok_or(Code::UnknownRoot)
}

/// `Claims::collateral`: the hash of the four statements' digests joined.
fn collateral_of(digests: [B256; 4]) -> B256 {
    keccak256(digests.map(|digest| digest.0).as_flattened())
}

#[cfg(test)]
pub(crate) mod tests;
