//! Kind 1's collateral for those who hand it on: what a provider cuts out of what Intel's service
//! gives, where a store keeps each piece, and how the compact forms are put together. None of it
//! verifies anything.

use super::{
    chain::decode,
    collateral::Collateral,
    compact::{self, Authority, StatementType},
    evidence::PckChain,
    quote::Quote,
    report::Report,
    statement::Subject,
    statements::Tee,
    tcb::Tcb,
};
use crate::{Backend, Code};
use alloc::{vec, vec::Vec};
use alloy_primitives::{B256, keccak256};

pub use super::quote::trim_quote;

/// The keys under which a store holds the four statements about a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CollateralKeys {
    /// The root's revocation list.
    pub root_crl: B256,
    /// The PCK authority's revocation list.
    pub pck_crl: B256,
    /// TCB info of the platform's model.
    pub tcb_info: B256,
    /// Identity of the quoting enclave.
    pub qe_identity: B256,
}

/// Cuts a `QuoteCollateralV3` (JSON, as [`verify`](crate::verify) takes it) into the inputs of
/// [`verify_collateral`](crate::verify_collateral): root's list, PCK list, TCB info, QE identity.
///
/// # Errors
/// The code that `verify` gives for JSON or certificate chains of that form.
pub fn split_collateral(json: &[u8]) -> Result<[Vec<u8>; 4], Code> {
    let collateral = Collateral::parse(json)?;
    let [authority, authority_root] = decode(collateral.pck_crl_chain.as_bytes())?;
    let [tcb_signer, tcb_root] = decode(collateral.tcb_info_chain.as_bytes())?;
    let [qe_signer, qe_root] = decode(collateral.qe_identity_chain.as_bytes())?;
    Ok([
        input(StatementType::RootCrl, &tcb_root, &[&collateral.root_crl]),
        input(StatementType::PckCrl, &authority_root, &[&authority, &collateral.pck_crl]),
        input(
            StatementType::TcbInfo,
            &tcb_root,
            &[&tcb_signer, collateral.tcb_info.as_bytes(), &collateral.tcb_info_signature],
        ),
        input(
            StatementType::QeIdentity,
            &qe_root,
            &[&qe_signer, collateral.qe_identity.as_bytes(), &collateral.qe_identity_signature],
        ),
    ])
}

fn input(kind: StatementType, root: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![kind as u8];
    bytes.extend_from_slice(keccak256(root).as_slice());
    for part in parts {
        // The JSON that they come from is far shorter than 4 GiB in any use.
        bytes.extend_from_slice(&(part.len() as u32).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Joins the compact forms of root's list, PCK list, TCB info and QE identity into what
/// [`verify_with`](crate::verify_with) and [`assess`](crate::assess) take; `None` if one is longer
/// than compact forms are.
pub fn join_compact(parts: [&[u8]; 4]) -> Option<Vec<u8>> {
    compact::join(parts)
}

/// A quote's root, by the hash of its DER, and where its collateral of a TCB evaluation data number
/// is kept.
///
/// # Errors
/// The code that `verify` gives for a quote or certificates of that form; `QuoteCertificationType`
/// for a quote without certificates.
pub fn collateral_keys(quote: &[u8], evaluation: u32) -> Result<(B256, CollateralKeys), Code> {
    let quote = Quote::parse(quote)?;
    let tee = match Report::check(quote.body)? {
        Report::Sgx(_) => Tee::Sgx,
        Report::Tdx(_) => Tee::Tdx,
    };
    let chain = decode(quote.pck_chain.ok_or(Code::QuoteCertificationType)?)?;
    let chain = PckChain::parse(&chain, Backend::default())?;
    let fmspc = chain.platform()?.fmspc;
    let (anchor, issuer) = (chain.anchor(), Authority::of(&chain.authority).id());
    Ok((anchor, keys(anchor, issuer, fmspc, tee, evaluation)))
}

/// Where the collateral of an earlier claims' `tcb` is kept, under its root and for a TCB
/// evaluation data number.
///
/// # Errors
/// `TcbEncoding` where it is not a `tcb` of this kind.
pub fn collateral_keys_of_tcb(
    tcb: &[u8],
    anchor: B256,
    evaluation: u32,
) -> Result<CollateralKeys, Code> {
    let tcb = Tcb::decode(tcb)?;
    Ok(keys(anchor, tcb.pck_issuer, tcb.fmspc, tcb.tee(), evaluation))
}

fn keys(anchor: B256, issuer: B256, fmspc: [u8; 6], tee: Tee, evaluation: u32) -> CollateralKeys {
    CollateralKeys {
        root_crl: Subject::RootCrl.key(anchor),
        pck_crl: Subject::PckCrl(issuer).key(anchor),
        tcb_info: Subject::TcbInfo { fmspc, tee, evaluation }.key(anchor),
        qe_identity: Subject::QeIdentity { tee, evaluation }.key(anchor),
    }
}
