//! Kind 1's collateral ahead of evidence, honest and at its slowest; and single signatures.

use crate::{Case, QUOTES, case, secp256k1_evidence, verify};
use alloy_primitives::{B256, Bytes};
use alloy_sol_types::SolCall;
use assay_attestation::{
    Anchors, Backend, CollateralClaims, dcap, kind, verify_collateral, verify_with,
};
use assay_precompiles::contracts::IAttestation;

const LABELS: [&str; 4] = ["root list", "PCK list", "TCB info", "QE identity"];
/// Bytes before a list's count in its compact form: the root's own, a PCK authority's.
const COUNT_AT: [usize; 2] = [70, 134];
const MOST_SERIALS: u16 = 1_024;

fn statements(collateral: &[u8]) -> [(Vec<u8>, CollateralClaims); 4] {
    let anchors = Anchors::default();
    dcap::split_collateral(collateral).unwrap().map(|input| {
        let claims =
            verify_collateral(kind::INTEL_DCAP, &input, &anchors, Backend::default()).unwrap();
        (input, claims)
    })
}

fn with(evidence: &[u8], compact: &[u8], time: u64) -> Vec<u8> {
    let (evidence, compact) = (Bytes::copy_from_slice(evidence), Bytes::copy_from_slice(compact));
    IAttestation::verifyWithCall { kind: kind::INTEL_DCAP, evidence, compact, time }.abi_encode()
}

fn assess(tcb: &[u8], compact: &[u8], time: u64) -> Vec<u8> {
    let (tcb, compact) = (Bytes::copy_from_slice(tcb), Bytes::copy_from_slice(compact));
    IAttestation::assessCall { kind: kind::INTEL_DCAP, tcb, compact, time }.abi_encode()
}

fn join(forms: [&[u8]; 4]) -> Vec<u8> {
    dcap::join_compact(forms).unwrap()
}

/// The form of a list with as many serial numbers as there may be. Nobody signs it, so anyone can
/// hand it to `verifyWith` and `assess`.
fn longest(form: &[u8], count_at: usize) -> Vec<u8> {
    let mut form = form[..count_at].to_vec();
    form.extend(MOST_SERIALS.to_be_bytes());
    for index in 0..MOST_SERIALS {
        form.extend([0; 18]);
        form.extend(index.to_be_bytes());
    }
    form
}

/// One element in DER.
fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len().to_be_bytes();
    let length = match contents.len() {
        0..=0x7f => vec![length[7]],
        0x80..=0xff => vec![0x81, length[7]],
        _ => vec![0x82, length[6], length[7]],
    };
    [&[tag], &length[..], contents].concat()
}

/// Splits the first element off: its whole encoding, and the rest.
fn first(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (header, length) = match bytes[1] {
        0x81 => (3, usize::from(bytes[2])),
        0x82 => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
        short => (2, usize::from(short)),
    };
    bytes.split_at(header + length)
}

fn contents(element: &[u8]) -> &[u8] {
    let header = match element[1] {
        0x81 => 3,
        0x82 => 4,
        _ => 2,
    };
    &element[header..]
}

/// A root list of as many entries as there may be: all of it is read before its signature fails.
fn longest_list(input: &[u8]) -> Vec<u8> {
    let list = &input[1 + 32 + 4..];
    let (tbs, after) = first(contents(list));
    let mut parts = Vec::new();
    let mut rest = contents(tbs);
    while !rest.is_empty() {
        let (part, after) = first(rest);
        parts.push(part);
        rest = after;
    }
    let this_update = parts[3];
    let entries: Vec<u8> = (0..MOST_SERIALS)
        .rev()
        .flat_map(|index| {
            let serial = [&[0x7f; 18][..], &index.to_be_bytes()].concat();
            element(0x30, &[element(2, &serial), this_update.to_vec()].concat())
        })
        .collect();
    let entries = element(0x30, &entries);
    let extensions = parts[parts.len() - 1];
    let tbs = element(0x30, &[&parts[..5].concat()[..], &entries, extensions].concat());
    let list = element(0x30, &[&tbs[..], after].concat());
    [&input[..33], &(list.len() as u32).to_be_bytes(), &list].concat()
}

/// Collateral of the most bytes, which still holds: a field that nothing relies on is one long
/// string of escapes, the slowest JSON found.
fn padded(collateral: &[u8]) -> Vec<u8> {
    const MOST: usize = 64 * 1024;
    let text = std::str::from_utf8(collateral).unwrap();
    let field = text.find("pck_crl_issuer_chain").unwrap();
    let at = field + text[field..].find("-----BEGIN").unwrap();
    let escapes = "\\n".repeat((MOST - text.len()) / 2);
    [&text[..at], &escapes, &text[at..]].concat().into_bytes()
}

/// `verifyCollateral`, `verifyWith`, `assess`.
pub(crate) fn ahead() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, quote, collateral) in QUOTES {
        let name = name.replace("verify ", "");
        let statements = statements(collateral);
        let forms = statements.each_ref().map(|(_, claims)| claims.compact.as_slice());
        let compact = join(forms);
        let claims =
            verify_with(kind::INTEL_DCAP, quote, &compact, &Anchors::default(), Backend::default())
                .unwrap();
        let time = claims.not_before;
        cases.push(case(format!("verifyWith {name}"), 0, with(quote, &compact, time)));
        cases.push(case(format!("assess {name}"), 0, assess(&claims.tcb, &compact, time)));
        if name != "TDX v4" {
            continue;
        }
        for ((input, claims), label) in statements.iter().zip(LABELS) {
            let call = IAttestation::verifyCollateralCall {
                kind: kind::INTEL_DCAP,
                collateral: input.clone().into(),
                time: claims.not_before,
            };
            cases.push(case(format!("verifyCollateral {label}"), 0, call.abi_encode()));
        }
        let call = IAttestation::verifyCollateralCall {
            kind: kind::INTEL_DCAP,
            collateral: longest_list(&statements[0].0).into(),
            time,
        };
        cases.push(case("verifyCollateral, longest list", 0, call.abi_encode()));
        let padded = padded(collateral);
        let data = verify(kind::INTEL_DCAP, quote, &padded, time);
        cases.push(case("verify TDX v4, collateral padded with escapes", 0, data));
        let [root, pck] = [0, 1].map(|place| longest(forms[place], COUNT_AT[place]));
        let long = join([&root, &pck, forms[2], forms[3]]);
        cases.push(case("verifyWith, longest lists", 0, with(quote, &long, time)));
        cases.push(case("assess, longest lists", 0, assess(&claims.tcb, &long, time)));
        // Looked for among as many roots as a genesis may name.
        let unknown = forms.map(|form| [&form[..2], &[1; 32], &form[34..]].concat());
        let unknown = join(unknown.each_ref().map(Vec::as_slice));
        let data = assess(&claims.tcb, &unknown, time);
        cases.push(case("assess, a root that nobody named", 0, data));
    }
    cases
}

/// Kinds 33 and 34.
pub(crate) fn signatures(digest: B256) -> Vec<Case> {
    use p256::ecdsa::signature::hazmat::PrehashSigner;
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let signature: p256::ecdsa::Signature = key.sign_prehash(digest.as_slice()).unwrap();
    let point = key.verifying_key().to_encoded_point(false);
    let p256 = [point.as_bytes(), &signature.to_bytes(), digest.as_slice()].concat();
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let signature = ed25519_dalek::Signer::sign(&key, digest.as_slice());
    let ed25519 =
        [&key.verifying_key().to_bytes()[..], &signature.to_bytes(), digest.as_slice()].concat();
    // A key off its curve is refused before any multiplication.
    let (mut key, digest, signature) = secp256k1_evidence();
    key[64] ^= 1;
    let off_curve = [key.as_slice(), &signature, digest.as_slice()].concat();
    vec![
        case("verify P-256", 0, verify(kind::P256, &p256, &[], 0)),
        case("verify Ed25519", 0, verify(kind::ED25519, &ed25519, &[], 0)),
        case("verify secp256k1, off the curve", 0, verify(kind::SECP256K1, &off_curve, &[], 0)),
    ]
}
