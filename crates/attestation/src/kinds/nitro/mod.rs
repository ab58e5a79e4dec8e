//! Kind 2: AWS Nitro attestation documents.
//!
//! The order of checks, which is consensus: the document's structure, its registers, certificates
//! and how they relate, the window, every signature from the root down. docs/attestation.md has
//! them all.

mod chain;
mod document;

use crate::{
    Anchors, Backend, Claims, Code, Work,
    claims::identity,
    encoding::{
        algorithm::Algorithm,
        x509::{self, Profile, Role},
    },
    kinds::kind,
};
use alloc::{vec, vec::Vec};
use alloy_primitives::{B256, b256, keccak256};
use chain::Chain;
use document::{Document, MAX_BUNDLE, PCR_LEN, Pcrs};

/// Most bytes of a document: a little over its largest fields together.
pub(crate) const MAX_EVIDENCE: usize = 10 * 1024;
/// Most bytes of collateral; anything but none is then refused by code.
pub(crate) const MAX_COLLATERAL: usize = 1024;

/// AWS's Nitro Enclaves root G1, valid to October 2049.
pub(crate) const AWS_ROOT_DER: &[u8] = include_bytes!("aws_root.der");
/// keccak256 of it.
pub(crate) const AWS_ROOT_HASH: B256 =
    b256!("311d96fcd5c5e0ccf72ef548e2ea7d4c0cd53ad7c4cc49e67471aed41d61f185");

/// Every certificate's algorithms.
pub(crate) const PROFILE: Profile =
    Profile { key: Algorithm::EcdsaP384, signed_with: Algorithm::EcdsaP384, extensions: &[] };

const ASSURANCE_TEE: u8 = 3;
const TCB_LAYOUT_VERSION: u8 = 1;
/// Registers that identify the parent instance, not the code: its role and its id.
const PARENT_PCRS: [usize; 2] = [3, 4];
/// As many bytes as every other kind's report data has; shorter user data is padded to it.
const REPORT_DATA_LEN: usize = 64;
/// Stands for the length of an absent field.
const ABSENT: u16 = u16::MAX;
/// Joins the instance's id and the enclave's in a module id.
const ENCLAVE_SEPARATOR: &str = "-enc";

/// The root, three authorities and the enclave's certificate; their signatures but the root's, and
/// the document's.
pub(crate) fn counts() -> Work {
    let certificates = MAX_BUNDLE as u32 + 1;
    Work { certificates, p384: certificates, ..Work::default() }
}

/// Whether a genesis may name `der` as a root.
pub(crate) fn check_root(der: &[u8]) -> Result<(), Code> {
    let below = MAX_BUNDLE as u8 - 1;
    x509::check_root(der, PROFILE, Role::Issuer { below })
}

/// Verifies a document; the window is in the claims, the time plays no part.
pub(crate) fn verify(
    evidence: &[u8],
    collateral: &[u8],
    anchors: &Anchors,
    backend: Backend,
) -> Result<Claims, Code> {
    if !collateral.is_empty() {
        return Err(Code::CollateralNotEmpty);
    }
    let document = Document::parse(evidence)?;
    check_image(&document.pcrs)?;
    let chain = Chain::check(&document, anchors, backend)?;
    let window = chain.window();
    if window.start >= window.end {
        return Err(Code::EmptyWindow);
    }
    let issued_at = document.timestamp / 1000;
    if issued_at < window.start || issued_at >= window.end {
        return Err(Code::DocumentTimestamp);
    }
    chain.check_signatures(&document, backend)?;

    let measurement = measurement(&document.pcrs);
    let host = document.module_id.rsplit_once(ENCLAVE_SEPARATOR);
    let host = host.map_or(document.module_id, |(host, _)| host);
    Ok(Claims {
        kind: kind::AWS_NITRO,
        assurance: ASSURANCE_TEE,
        identity: identity(kind::AWS_NITRO, &measurement),
        measurement,
        platform: keccak256(host),
        bound: bound(&document),
        id: keccak256(&document.signed),
        anchors: vec![chain.anchor()],
        collateral: B256::ZERO,
        issued_at,
        not_before: window.start,
        not_after: window.end,
        status: 0,
        tcb: tcb_bytes(&document, &chain),
    })
}

/// A debug enclave's image registers are all zero; no register of another is.
fn check_image(pcrs: &Pcrs<'_>) -> Result<(), Code> {
    let zeros = (0..3).filter(|index| pcrs.get(*index).is_none_or(is_zero)).count();
    match zeros {
        0 => Ok(()),
        3 => Err(Code::DebugEnclave),
        _ => Err(Code::ZeroMeasurement),
    }
}

fn is_zero(pcr: &[u8; PCR_LEN]) -> bool {
    pcr.iter().all(|byte| *byte == 0)
}

/// The set of registers that follow, and these: all that were ever extended, but the parent's.
fn measurement(pcrs: &Pcrs<'_>) -> Vec<u8> {
    let mut set = 0u32;
    let mut values = Vec::new();
    for (index, pcr) in pcrs.iter() {
        if !PARENT_PCRS.contains(&index) && !is_zero(pcr) {
            set |= 1 << index;
            values.extend_from_slice(pcr);
        }
    }
    [&set.to_be_bytes()[..], &values].concat()
}

/// User data, padded; nonce; public key; then the three lengths, so that no two documents that
/// bind different things are laid out alike.
///
/// The padding keeps the first 64 bytes the user data's alone: a nonce, which whoever asks for a
/// document chooses, can never stand where the enclave's own statement is looked for.
fn bound(document: &Document<'_>) -> Vec<u8> {
    let fields = [document.user_data, document.nonce, document.public_key];
    let mut bound = document.user_data.unwrap_or_default().to_vec();
    bound.resize(bound.len().max(REPORT_DATA_LEN), 0);
    bound.extend_from_slice(document.nonce.unwrap_or_default());
    bound.extend_from_slice(document.public_key.unwrap_or_default());
    for field in fields {
        let length = field.map_or(ABSENT, |field| field.len() as u16);
        bound.extend_from_slice(&length.to_be_bytes());
    }
    bound
}

/// What else a policy may ask for; laid out in docs/attestation.md.
fn tcb_bytes(document: &Document<'_>, chain: &Chain<'_>) -> Vec<u8> {
    let stated = document.pcrs.iter().fold(0u32, |set, (index, _)| set | 1 << index);
    let mut tcb = vec![TCB_LAYOUT_VERSION];
    tcb.extend_from_slice(&stated.to_be_bytes());
    tcb.extend_from_slice(keccak256(document.module_id).as_slice());
    for index in PARENT_PCRS {
        tcb.extend_from_slice(document.pcrs.get(index).unwrap_or(&[0; PCR_LEN]));
    }
    for certificate in chain.below_root() {
        tcb.extend_from_slice(keccak256(certificate.issuer).as_slice());
        tcb.extend_from_slice(&certificate.serial);
    }
    tcb
}

#[cfg(test)]
mod tests;
