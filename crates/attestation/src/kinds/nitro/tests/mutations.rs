//! One mistake at a time, each with the one code it must give.

use super::*;
use crate::dev::{
    cbor,
    nitro::bundle,
    x509::{Certificate, Key, authority_extensions, signer_extensions},
};
use std::collections::BTreeSet;

pub(super) type Change = fn(&mut Recipe);

/// Changes made before signing: every signature holds.
pub(super) const SIGNED: &[(Code, Change)] = &[
    (Code::CoseAlgorithm, |r| r.protected = vec![0xa1, 0x01, 0x26]),
    (Code::CoseAlgorithm, |r| r.protected = vec![0xa1, 0x01, 0x38, 0x23]),
    (Code::CoseAlgorithm, |r| r.protected = vec![0xa2, 0x01, 0x38, 0x22, 0x04, 0x41, 0x01]),
    (Code::CoseAlgorithm, |r| r.protected = vec![0xa1, 0x18, 0x01, 0x38, 0x22]),
    (Code::CoseAlgorithm, |r| r.protected = vec![0xa1, 0x01, 0x39, 0x00, 0x22]),
    (Code::CoseAlgorithm, |r| r.protected.clear()),
    (Code::DocumentEncoding, |r| drop(r.fields.pop())),
    (Code::DocumentEncoding, |r| r.fields.push(("extra", cbor::unsigned(1)))),
    (Code::DocumentEncoding, |r| r.fields.push(r.fields[8].clone())),
    (Code::DocumentEncoding, |r| r.fields[1] = r.fields[0].clone()),
    (Code::DocumentEncoding, |r| r.fields[8] = r.fields[7].clone()),
    (Code::DocumentEncoding, |r| r.fields.swap(0, 1)),
    (Code::DocumentEncoding, |r| r.fields.swap(6, 7)),
    (Code::DocumentEncoding, |r| r.fields.swap(7, 8)),
    (Code::DocumentEncoding, |r| r.fields[0].0 = "Module_id"),
    (Code::DocumentEncoding, |r| r.fields[0].1 = cbor::bytes(b"i-0123-enc4567")),
    (Code::DocumentEncoding, |r| r.fields[0].1 = vec![0x62, 0xc3, 0x28]),
    (Code::DocumentEncoding, |r| r.fields[0].1 = vec![0x78, 3, b'i', b'-', b'0']),
    (Code::DocumentEncoding, |r| r.fields[0].1 = vec![0x7f, 0x61, b'i', 0xff]),
    (Code::DocumentModuleId, |r| r.fields[0].1 = cbor::text("")),
    (Code::DocumentModuleId, |r| r.fields[0].1 = cbor::text(&"i".repeat(257))),
    (Code::DocumentDigest, |r| r.fields[1].1 = cbor::text("SHA256")),
    (Code::DocumentDigest, |r| r.fields[1].1 = cbor::text("SHA512")),
    (Code::DocumentDigest, |r| r.fields[1].1 = cbor::text("sha384")),
    (Code::DocumentEncoding, |r| r.fields[1].1 = vec![0xf6]),
    // Two to the fortieth as a tagged big number, as a float, and as text.
    (Code::DocumentEncoding, |r| r.fields[2].1 = vec![0xc2, 0x46, 1, 0, 0, 0, 0, 0]),
    (Code::DocumentEncoding, |r| r.fields[2].1 = vec![0xfb, 0x42, 0x70, 0, 0, 0, 0, 0, 0]),
    (Code::DocumentEncoding, |r| r.fields[2].1 = cbor::text("1099511627776")),
    (Code::DocumentEncoding, |r| r.fields[2].1 = vec![0x1b, 0, 0, 0, 0, 0, 0, 0, 1]),
    (Code::DocumentEncoding, |r| r.fields[2].1 = vec![0x3b, 0, 0, 1, 0, 0, 0, 0, 0]),
    (Code::DocumentEncoding, |r| r.fields[3].1 = vec![0xf6]),
    (Code::DocumentEncoding, |r| r.fields[3].1 = cbor::array(&[])),
    (Code::DocumentEncoding, |r| r.fields[3].1[1..3].copy_from_slice(&[0x20, 0x58])),
    (Code::DocumentEncoding, |r| set_pcrs(r, &[(0, 1), (1, 1), (2, 1)], |p| p[1] = 0x18)),
    (Code::DocumentEncoding, |r| {
        // An indefinite map.
        set_pcrs(r, &[(0, 1), (1, 1), (2, 1)], |p| {
            p[0] = 0xbf;
            p.push(0xff);
        });
    }),
    (Code::PcrIndex, |r| set_pcrs(r, &[], |_| ())),
    (Code::PcrIndex, |r| set_pcrs(r, &[(1, 1), (2, 1)], |_| ())),
    (Code::PcrIndex, |r| set_pcrs(r, &[(0, 1), (2, 1)], |_| ())),
    (Code::PcrIndex, |r| set_pcrs(r, &[(0, 1), (1, 1), (3, 1)], |_| ())),
    (Code::PcrIndex, |r| set_pcrs(r, &[(1, 1), (0, 1), (2, 1)], |_| ())),
    (Code::PcrIndex, |r| set_pcrs(r, &[(0, 1), (0, 1), (1, 1), (2, 1)], |_| ())),
    (Code::PcrIndex, |r| set_pcrs(r, &[(0, 1), (1, 1), (2, 1), (2, 2)], |_| ())),
    (Code::PcrIndex, |r| set_pcrs(r, &[(0, 1), (1, 1), (2, 1), (32, 1)], |_| ())),
    (Code::PcrIndex, |r| set_pcrs(r, &[(0, 1), (1, 1), (2, 1), (u64::MAX, 1)], |_| ())),
    (Code::PcrLength, |r| r.fields[3].1 = pcr_map(&[(0, vec![1; 32])])),
    (Code::PcrLength, |r| r.fields[3].1 = pcr_map(&[(0, vec![1; 64])])),
    (Code::PcrLength, |r| r.fields[3].1 = pcr_map(&[(0, vec![1; 47])])),
    (Code::PcrLength, |r| r.fields[3].1 = pcr_map(&[(0, vec![])])),
    (Code::DocumentFieldLength, |r| r.fields[4].1 = cbor::bytes(&[])),
    (Code::DocumentFieldLength, |r| r.fields[4].1 = cbor::bytes(&[0x30; 1025])),
    (Code::DocumentEncoding, |r| r.fields[4].1 = vec![0xf6]),
    (Code::DocumentEncoding, |r| r.fields[5].1 = vec![0xf6]),
    (Code::DocumentEncoding, |r| r.fields[5].1 = [&[0x9f][..], &[0xff]].concat()),
    (Code::ChainLength, |r| r.fields[5].1 = cbor::array(&[])),
    (Code::ChainLength, |r| r.fields[5].1 = bundle(&[r.chain(), r.chain()].concat()[..5])),
    (Code::DocumentFieldLength, |r| r.fields[5].1 = bundle(&[vec![]])),
    (Code::DocumentFieldLength, |r| r.fields[5].1 = bundle(&[vec![0x30; 1025]])),
    (Code::DocumentFieldLength, |r| r.fields[6].1 = cbor::bytes(&[])),
    (Code::DocumentFieldLength, |r| r.fields[6].1 = cbor::bytes(&[1; 1025])),
    (Code::DocumentFieldLength, |r| r.fields[7].1 = cbor::bytes(&[1; 513])),
    (Code::DocumentFieldLength, |r| r.fields[8].1 = cbor::bytes(&[1; 513])),
    (Code::DocumentEncoding, |r| r.fields[7].1 = vec![0xf7]),
    (Code::DocumentEncoding, |r| r.fields[7].1 = vec![0xf4]),
    (Code::DocumentEncoding, |r| r.fields[8].1.push(0)),
    (Code::DocumentEncoding, |r| r.fields[8].1 = cbor::text("nonce")),
    (Code::DebugEnclave, |r| set_pcrs(r, &[(0, 0), (1, 0), (2, 0), (3, 1)], |_| ())),
    (Code::ZeroMeasurement, |r| set_pcrs(r, &[(0, 0), (1, 1), (2, 1)], |_| ())),
    (Code::ZeroMeasurement, |r| set_pcrs(r, &[(0, 1), (1, 0), (2, 1)], |_| ())),
    (Code::ZeroMeasurement, |r| set_pcrs(r, &[(0, 1), (1, 1), (2, 0)], |_| ())),
    (Code::ZeroMeasurement, |r| set_pcrs(r, &[(0, 1), (1, 0), (2, 0)], |_| ())),
    (Code::UnknownRoot, |r| set_bundle(r, |chain| chain.remove(0))),
    (Code::UnknownRoot, |r| set_bundle(r, |chain| chain[0].push(0))),
    (Code::UnknownRoot, |r| set_bundle(r, |chain| chain.swap(0, 1))),
    (Code::UnknownRoot, |r| set_bundle(r, |chain| chain[..4].reverse())),
    (Code::UnknownRoot, |r| {
        // The same root with a signature that holds just as well.
        set_bundle(r, |chain| chain[0] = negated_certificate(&chain[0]));
    }),
    (Code::UnknownRoot, |r| r.certificates[0].serial = vec![9]),
    (Code::CertificateEncoding, |r| r.certificates[1].serial = vec![1; 21]),
    (Code::CertificateEncoding, |r| r.certificates[4].not_before = 253_402_300_800),
    (Code::CertificateEncoding, |r| set_bundle(r, |chain| chain[1].push(0))),
    (Code::CertificateEncoding, |r| set_bundle(r, |chain| chain[2].pop())),
    (Code::CertificateEncoding, |r| set_bundle(r, |chain| chain[3] = vec![0x30, 0])),
    (Code::CertificateAlgorithm, |r| r.certificates[2].key[96] ^= 1),
    (Code::CertificateAlgorithm, |r| r.certificates[4].key[0] = 2),
    (Code::CertificateAlgorithm, |r| r.certificates[4].key.truncate(49)),
    (Code::CertificateAlgorithm, |r| r.certificates[3].key[1..].fill(0xff)),
    (Code::CertificateAlgorithm, |r| {
        // Another curve, which everything but its name fits.
        let key = Key::derive(B256::ZERO, "");
        (r.certificates[4].key_algorithm, r.certificates[4].key) = (key.algorithm(), key.public());
    }),
    (Code::CertificateAlgorithm, |r| r.keys[3] = Key::derive(B256::ZERO, "")),
    (Code::CertificateExtension, |r| {
        r.certificates[1].extensions.push(r.certificates[1].extensions[0].clone());
    }),
    (Code::CertificateExtension, |r| {
        r.certificates[4].extensions.push((vec![0x55, 0x1d, 0x24], true, vec![]));
    }),
    (Code::CertificateExtension, |r| {
        for index in 0..17 {
            r.certificates[4].extensions.push((vec![0x2a, index], false, vec![]));
        }
    }),
    (Code::CertificateIssuer, |r| r.certificates[1].issuer.push('x')),
    (Code::CertificateIssuer, |r| r.certificates[2].subject.push('x')),
    (Code::CertificateIssuer, |r| r.certificates[3].issuer.push('x')),
    (Code::CertificateIssuer, |r| r.certificates[4].issuer.push('x')),
    (Code::CertificateIssuer, |r| set_bundle(r, |chain| chain.swap(1, 2))),
    (Code::CertificateIssuer, |r| set_bundle(r, |chain| chain.swap(2, 3))),
    (Code::CertificateIssuer, |r| set_bundle(r, |chain| chain.remove(2))),
    (Code::CertificateIssuer, |r| set_bundle(r, |chain| chain[3] = chain[4].clone())),
    (Code::CertificateIssuer, |r| r.fields[4].1 = cbor::bytes(&r.chain()[0])),
    (Code::CertificateUsage, |r| r.fields[4].1 = cbor::bytes(&as_leaf(r, authority_extensions(0)))),
    (Code::CertificateUsage, |r| r.certificates[1].extensions = authority_extensions(1)),
    (Code::CertificateUsage, |r| r.certificates[2].extensions = authority_extensions(0)),
    (Code::CertificateUsage, |r| r.certificates[1].extensions = signer_extensions()),
    (Code::CertificateUsage, |r| r.certificates[3].extensions.truncate(1)),
    (Code::CertificateUsage, |r| drop(r.certificates[3].extensions.remove(0))),
    (Code::CertificateUsage, |r| r.certificates[3].extensions[0].2 = vec![3, 2, 1, 2]),
    (Code::CertificateUsage, |r| r.certificates[4].extensions[0].2 = vec![3, 2, 6, 0x40]),
    (Code::CertificateUsage, |r| drop(r.certificates[4].extensions.remove(0))),
    (Code::CertificateUsage, |r| {
        r.certificates[4].extensions.push((vec![0x55, 0x1d, 0x25], false, vec![]));
    }),
    (Code::CertificateUsage, |r| {
        r.certificates[2].extensions.push((vec![0x55, 0x1d, 0x1e], true, vec![]));
    }),
    (Code::EmptyWindow, |r| r.certificates[4].not_after = START - 1),
    (Code::EmptyWindow, |r| r.certificates[1].not_before = END),
    (Code::EmptyWindow, |r| {
        r.certificates[2].not_after = TIME - 1;
        r.certificates[3].not_before = TIME;
    }),
    (Code::DocumentTimestamp, |r| r.fields[2].1 = cbor::unsigned((START - 1) * 1000 + 999)),
    (Code::DocumentTimestamp, |r| r.fields[2].1 = cbor::unsigned(END * 1000)),
    (Code::DocumentTimestamp, |r| r.fields[2].1 = cbor::unsigned(TIME)),
    (Code::DocumentTimestamp, |r| r.fields[2].1 = cbor::unsigned(u64::MAX)),
    (Code::DocumentTimestamp, |r| r.certificates[4].not_before = TIME + 1),
    (Code::DocumentTimestamp, |r| r.certificates[3].not_after = TIME - 1),
    (Code::CertificateSignature, |r| sign_with_other(r, 0)),
    (Code::CertificateSignature, |r| sign_with_other(r, 1)),
    (Code::CertificateSignature, |r| sign_with_other(r, 2)),
    (Code::CertificateSignature, |r| sign_with_other(r, 3)),
    (Code::DocumentSignature, |r| r.keys[4] = Key::derive_p384(B256::ZERO, "")),
];

fn pcr_map(pcrs: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let pairs: Vec<_> =
        pcrs.iter().map(|(index, value)| (cbor::unsigned(*index), cbor::bytes(value))).collect();
    cbor::map(&pairs)
}

/// Registers filled with a byte each, and a change to their encoding.
fn set_pcrs(recipe: &mut Recipe, pcrs: &[(u64, u8)], change: fn(&mut Vec<u8>)) {
    let pcrs: Vec<_> = pcrs.iter().map(|(index, byte)| (*index, vec![*byte; 48])).collect();
    recipe.fields[3].1 = pcr_map(&pcrs);
    change(&mut recipe.fields[3].1);
}

/// Changes the certificates, root to leaf, after they are signed and before the document is.
fn set_bundle<T>(recipe: &mut Recipe, change: impl FnOnce(&mut Vec<Vec<u8>>) -> T) {
    let mut chain = recipe.chain();
    let leaf = chain[4].clone();
    change(&mut chain);
    let below = chain.iter().position(|der| *der == leaf).map_or(4, |at| at.max(1));
    recipe.fields[5].1 = bundle(&chain[..below.min(4)]);
}

fn as_leaf(recipe: &Recipe, extensions: Vec<crate::dev::x509::Extension>) -> Vec<u8> {
    Certificate { extensions, ..recipe.certificates[4].clone() }.signed(&recipe.keys[3])
}

/// Signs what the authority at `index` issues with a key that is not its own.
fn sign_with_other(recipe: &mut Recipe, index: usize) {
    let mut chain = recipe.chain();
    let other = Key::derive_p384(B256::ZERO, "");
    chain[index + 1] = recipe.certificates[index + 1].signed(&other);
    recipe.fields[4].1 = cbor::bytes(&chain[4]);
    recipe.fields[5].1 = bundle(&chain[..4]);
}

#[test]
fn signed_mistakes_have_their_codes() {
    assert!(verdict(&instance().recipe(&document()).product(), &anchors()).is_ok());
    let honest = instance().recipe(&document());
    for (index, (code, change)) in SIGNED.iter().enumerate() {
        let mut recipe = honest.clone();
        change(&mut recipe);
        let verdict = verdict(&recipe.product(), &anchors());
        assert_eq!(verdict, refused(*code), "change {index} to {code:?}");
    }
}

pub(super) type Forge = fn(&Recipe, Vec<u8>) -> Vec<u8>;

/// Where the payload's head and contents begin in a made document.
const PAYLOAD: usize = 7;

/// Changes made after signing.
pub(super) const FORGED: &[(Code, Forge)] = &[
    (Code::CoseEncoding, |_, _| vec![]),
    (Code::CoseEncoding, |_, d| [&[0xd2][..], &d].concat()),
    (Code::CoseEncoding, |_, d| edit(d, 0, 0x83)),
    (Code::CoseEncoding, |_, d| edit(d, 0, 0x85)),
    (Code::CoseEncoding, |_, d| [&[0x9f][..], &d[1..], &[0xff]].concat()),
    (Code::CoseEncoding, |_, d| [&[0x98, 4][..], &d[1..]].concat()),
    (Code::CoseEncoding, |_, d| [&[0x84, 0x58, 4][..], &d[2..]].concat()),
    (Code::CoseEncoding, |_, d| edit(d, 6, 0x80)),
    (Code::CoseEncoding, |_, d| [&d[..6], &[0xbf, 0xff], &d[7..]].concat()),
    (Code::CoseEncoding, |_, d| [&d[..PAYLOAD], &[0xf6], &d[d.len() - 98..]].concat()),
    (Code::CoseEncoding, |_, d| {
        // The payload's length one byte wider than it needs.
        [&d[..PAYLOAD], &[0x5a, 0, 0], &d[PAYLOAD + 1..]].concat()
    }),
    (Code::CoseEncoding, |_, d| {
        let end = d.len() - 98;
        [&d[..PAYLOAD], &[0x5f], &d[PAYLOAD..end], &[0xff], &d[end..]].concat()
    }),
    (Code::CoseEncoding, |_, d| d[..d.len() - 1].to_vec()),
    (Code::CoseAlgorithm, |_, d| edit(d, 5, 0x23)),
    (Code::CoseAlgorithm, |_, d| edit(d, 4, 0x39)),
    (Code::CoseUnprotectedHeader, |_, d| [&d[..6], &[0xa1, 0x04, 0x41, 7], &d[7..]].concat()),
    (Code::CoseTrailingBytes, |_, d| [&d[..], &[0]].concat()),
    (Code::CoseTrailingBytes, |_, d| [&d[..], &d].concat()),
    (Code::SignatureEncoding, |_, d| signature(&d, |_| vec![])),
    (Code::SignatureEncoding, |_, d| signature(&d, |s| s[1..].to_vec())),
    (Code::SignatureEncoding, |_, d| signature(&d, |s| [s, &[0]].concat())),
    (Code::SignatureEncoding, |_, d| signature(&d, |s| [&[0; 48], &s[48..]].concat())),
    (Code::SignatureEncoding, |_, d| signature(&d, |s| [&s[..48], &[0; 48]].concat())),
    (Code::SignatureEncoding, |_, d| signature(&d, |s| [&s[..48], &ORDER].concat())),
    (Code::SignatureEncoding, |_, d| signature(&d, |s| [&ORDER, &s[48..]].concat())),
    (Code::SignatureEncoding, |_, d| signature(&d, |_| vec![0xff; 96])),
    (Code::DocumentSignature, |_, d| signature(&d, |s| [&s[48..], &s[..48]].concat())),
    (Code::DocumentSignature, |_, d| signature(&d, |_| vec![1; 96])),
    (Code::DocumentSignature, |_, d| replace(&d, &[0xaa; 32], &[0xab; 32])),
    (Code::DocumentSignature, |_, d| replace(&d, &[0xbb; 20], &[0xbc; 20])),
    (Code::DocumentSignature, |_, d| replace(&d, &[0x59; 48], &[0x61; 48])),
    (Code::DocumentSignature, |_, d| replace(&d, &[0x51; 48], &[0x61; 48])),
    (Code::DocumentSignature, |_, d| replace(&d, b"-enc", b"-enk")),
    (Code::DocumentSignature, |r, d| {
        // Another document's signature by the same key.
        let other = r.signed(&[0xa0]);
        signature(&d, |_| other[other.len() - 96..].to_vec())
    }),
    (Code::ZeroMeasurement, |_, d| replace(&d, &[0x51; 48], &[0; 48])),
    (Code::DocumentDigest, |_, d| replace(&d, b"SHA384", b"SHA512")),
    (Code::DocumentEncoding, |_, d| replace(&d, b"user_data", b"user-data")),
    (Code::DocumentEncoding, |_, d| edit(d, PAYLOAD + 3, 0xa8)),
    (Code::DocumentEncoding, |_, d| edit(d, PAYLOAD + 3, 0xbf)),
    (Code::UnknownRoot, |r, _| {
        // An honest hierarchy of another seed.
        let other = DevNitro::new(B256::repeat_byte(8), START..END);
        assert_ne!(r.chain()[0], other.root());
        other.attest(&document()).to_vec()
    }),
    (Code::CertificateSignature, |_, d| replace(&d, b"Nitro region", b"Nitro rigeon")),
];

const ORDER: [u8; 48] = alloy_primitives::hex!(
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
);

fn edit(mut document: Vec<u8>, at: usize, byte: u8) -> Vec<u8> {
    document[at] = byte;
    document
}

/// Replaces every place of `from`, which must be there, by as many bytes.
fn replace(document: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut document = document.to_vec();
    let places: Vec<_> =
        (0..document.len()).filter(|at| document[*at..].starts_with(from)).collect();
    assert!(!places.is_empty());
    for at in places {
        document[at..at + to.len()].copy_from_slice(to);
    }
    document
}

/// Replaces the signature, which ends the document.
fn signature(document: &[u8], change: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let (rest, signature) = document.split_at(document.len() - 96);
    [&rest[..rest.len() - 2], &cbor::bytes(&change(signature))].concat()
}

/// n − s, of as many bytes.
fn negated(s: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut negated: Vec<u8> = ORDER
        .iter()
        .zip(s)
        .rev()
        .map(|(n, s)| {
            let difference = i16::from(*n) - i16::from(*s) - borrow;
            borrow = i16::from(difference < 0);
            difference.rem_euclid(256) as u8
        })
        .collect();
    negated.reverse();
    negated
}

/// The same certificate with s negated: it verifies, but is other bytes.
fn negated_certificate(der: &[u8]) -> Vec<u8> {
    use crate::{dev::der as write, encoding::der};
    let mut outer = der::Reader::only(der, der::SEQUENCE).unwrap();
    let (tbs, algorithm) = (outer.element().unwrap().whole, outer.element().unwrap().whole);
    let signature = der::ecdsa_signature::<96>(outer.bit_string().unwrap()).unwrap();
    let signature = [&signature[..48], &negated(&signature[48..])].concat();
    let bits = write::bit_string(&write::ecdsa_signature(&signature));
    write::sequence(&[tbs, algorithm, &bits])
}

#[test]
fn forged_documents_have_their_codes() {
    let recipe = instance().recipe(&document());
    for (index, (code, forge)) in FORGED.iter().enumerate() {
        let verdict = verdict(&forge(&recipe, recipe.product()), &anchors());
        assert_eq!(verdict, refused(*code), "forgery {index} to {code:?}");
    }
}

#[test]
fn every_code_of_this_kind_is_tested() {
    let tested: BTreeSet<Code> =
        SIGNED.iter().map(|(code, _)| *code).chain(FORGED.iter().map(|(code, _)| *code)).collect();
    let own = Code::ALL.iter().filter(|code| (200..250).contains(&code.number()));
    assert_eq!(own.filter(|code| !tested.contains(code)).collect::<Vec<_>>(), [] as [&Code; 0]);
}

/// Anyone can negate s. The claims stay the same, and the id is theirs.
#[test]
fn a_negated_signature_gives_the_same_claims() {
    for (document, anchors) in [
        (PRODUCTION.to_vec(), Anchors::default()),
        (instance().attest(&document()).to_vec(), anchors()),
    ] {
        let honest = verdict(&document, &anchors).unwrap();
        let negated = signature(&document, |s| [&s[..48], &negated(&s[48..])].concat());
        assert_ne!(document, negated);
        assert_eq!(verdict(&negated, &anchors).unwrap(), honest);
    }
}

/// The chain may be shorter than AWS's, and every certificate's validity counts.
#[test]
fn shorter_chains_and_narrower_windows() {
    let mut recipe = instance().recipe(&document());
    // Region and zone left out: the root signs the instance's certificate.
    recipe.certificates[3].issuer = recipe.certificates[0].subject.clone();
    let instance_certificate = recipe.certificates[3].signed(&recipe.keys[0]);
    recipe.fields[5].1 = bundle(&[recipe.chain()[0].clone(), instance_certificate]);
    assert!(verdict(&recipe.product(), &anchors()).is_ok());

    for index in 1..5 {
        let mut recipe = instance().recipe(&document());
        recipe.certificates[index].not_before = TIME - index as u64;
        recipe.certificates[index].not_after = TIME + index as u64;
        let claims = verdict(&recipe.product(), &anchors()).unwrap();
        let window = (TIME - index as u64, TIME + index as u64 + 1);
        assert_eq!((claims.not_before, claims.not_after), window);
        assert_eq!(crate::check_time(&claims, window.0), Ok(()));
        assert_eq!(crate::check_time(&claims, window.1 - 1), Ok(()));
        assert!(crate::check_time(&claims, window.0 - 1).is_err());
        assert!(crate::check_time(&claims, window.1).is_err());
    }
}

/// The last moment of the window is still inside, the first too.
#[test]
fn timestamps_at_the_window_edges() {
    for milliseconds in [START * 1000, END * 1000 - 1] {
        let mut recipe = instance().recipe(&document());
        recipe.fields[2].1 = cbor::unsigned(milliseconds);
        let claims = verdict(&recipe.product(), &anchors()).unwrap();
        assert_eq!(claims.issued_at, milliseconds / 1000);
    }
}

#[test]
fn a_genesis_names_roots_that_can_be_used() {
    let new =
        |root: Vec<u8>| Anchors::new(&[(kind::AWS_NITRO, vec![root.into()])].into_iter().collect());
    let recipe = instance().recipe(&document());
    let root = |change: fn(&mut Certificate)| {
        let mut root = recipe.certificates[0].clone();
        change(&mut root);
        root.signed(&recipe.keys[0])
    };
    assert!(new(root(|_| ())).is_ok());
    assert!(new(AWS_ROOT_DER.to_vec()).is_err());
    assert!(new(root(|r| r.issuer.push('x'))).is_err());
    assert!(new(root(|r| r.extensions = authority_extensions(2))).is_err());
    assert!(new(root(|r| r.extensions = signer_extensions())).is_err());
    assert!(new(recipe.certificates[0].signed(&recipe.keys[1])).is_err());
    assert!(new(recipe.chain()[1].clone()).is_err());
}
