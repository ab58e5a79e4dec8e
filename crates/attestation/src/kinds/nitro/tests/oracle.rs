//! A second implementation, out of other parts: ciborium reads, webpki builds the path, ring checks
//! the document's signature.
//!
//! What is accepted here must be accepted there, with the same contents, at both ends of the window
//! and no longer outside it. What is refused here and accepted there must be one of the points where
//! this verifier is stricter, and these are listed.
//!
//! The long run: `ASSAY_MUTATIONS=100000 cargo test -p assay-attestation --lib nitro::tests::oracle`.

use super::*;
use crate::{dev::cbor, testing::cases};
use ciborium::Value;
use proptest::{prelude::*, sample::Index};
use rustls_pki_types::{CertificateDer, UnixTime};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
    time::Duration,
};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// What this verifier refuses though the other does not look: strict encodings, limits, the order of
/// certificates, key usages, moments that contradict each other, and debug mode.
const STRICTER: &[Code] = &[
    Code::ZeroMeasurement,
    Code::DebugEnclave,
    Code::ChainLength,
    Code::CertificateEncoding,
    Code::CertificateExtension,
    Code::UnknownRoot,
    Code::CertificateIssuer,
    Code::CertificateUsage,
    Code::CoseEncoding,
    Code::CoseAlgorithm,
    Code::CoseUnprotectedHeader,
    Code::CoseTrailingBytes,
    Code::DocumentEncoding,
    Code::DocumentModuleId,
    Code::PcrIndex,
    Code::PcrLength,
    Code::DocumentFieldLength,
    Code::DocumentTimestamp,
];

/// A document's contents as the other implementation reads them.
#[derive(Debug, PartialEq, Eq)]
struct Contents {
    module_id: String,
    seconds: u64,
    pcrs: BTreeMap<u64, Vec<u8>>,
    optional: [Option<Vec<u8>>; 3],
    /// keccak256 of what is signed.
    id: B256,
}

fn read(bytes: &[u8]) -> Option<Value> {
    ciborium::from_reader(bytes).ok()
}

fn field<'v>(map: &'v Value, name: &str) -> Option<&'v Value> {
    let pairs = map.as_map()?;
    pairs.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
}

fn theirs(document: &[u8], root: &[u8], time: u64) -> Option<Contents> {
    let document = match read(document)? {
        Value::Tag(18, document) => *document,
        document => document,
    };
    let [protected, unprotected, payload, signature] = document.as_array()?.as_slice() else {
        return None;
    };
    unprotected.as_map()?;
    let header = read(protected.as_bytes()?)?;
    let is_es384 =
        |(key, value): &(Value, Value)| *key == Value::from(1) && *value == Value::from(-35);
    if !header.as_map()?.iter().any(is_es384) {
        return None;
    }
    let structure = Value::Array(vec![
        "Signature1".into(),
        protected.clone(),
        Value::Bytes(vec![]),
        payload.clone(),
    ]);
    let mut signed = Vec::new();
    ciborium::into_writer(&structure, &mut signed).unwrap();

    let payload = read(payload.as_bytes()?)?;
    if field(&payload, "digest")?.as_text()? != "SHA384" {
        return None;
    }
    let ders: Option<Vec<_>> =
        field(&payload, "cabundle")?.as_array()?.iter().map(Value::as_bytes).collect();
    let bundle: Vec<_> = ders?.into_iter().map(|der| CertificateDer::from(der.clone())).collect();
    let leaf = CertificateDer::from(field(&payload, "certificate")?.as_bytes()?.clone());
    let leaf = EndEntityCert::try_from(&leaf).ok()?;
    let root = CertificateDer::from(root);
    leaf.verify_for_usage(
        &[webpki::ring::ECDSA_P384_SHA384],
        &[anchor_from_trusted_cert(&root).unwrap()],
        &bundle,
        UnixTime::since_unix_epoch(Duration::from_secs(time)),
        KeyUsage::client_auth(),
        None,
        None,
    )
    .ok()?;
    let key_info = leaf.subject_public_key_info();
    let key = &key_info[key_info.len().checked_sub(97)?..];
    ring::signature::UnparsedPublicKey::new(&ring::signature::ECDSA_P384_SHA384_FIXED, key)
        .verify(&signed, signature.as_bytes()?)
        .ok()?;

    let number = |value: &Value| u64::try_from(value.as_integer()?).ok();
    let pcrs = field(&payload, "pcrs")?
        .as_map()?
        .iter()
        .map(|(index, pcr)| Some((number(index)?, pcr.as_bytes()?.clone())));
    let optional = ["user_data", "nonce", "public_key"]
        .map(|name| field(&payload, name).and_then(Value::as_bytes).cloned());
    Some(Contents {
        module_id: field(&payload, "module_id")?.as_text()?.to_owned(),
        seconds: number(field(&payload, "timestamp")?)? / 1000,
        pcrs: pcrs.collect::<Option<_>>()?,
        optional,
        id: keccak256(&signed),
    })
}

/// The contents that claims speak of, as far as each can be told from them.
fn check_contents(claims: &Claims, contents: &Contents) {
    assert_eq!(claims.id, contents.id);
    assert_eq!(claims.issued_at, contents.seconds);
    assert_eq!(claims.tcb[5..37], keccak256(&contents.module_id)[..]);
    let stated: u32 = contents.pcrs.keys().map(|index| 1 << index).sum();
    assert_eq!(claims.tcb[1..5], stated.to_be_bytes());
    let of_code =
        contents.pcrs.iter().filter(|(index, pcr)| ![3, 4].contains(*index) && **pcr != [0; 48]);
    let set: u32 = of_code.clone().map(|(index, _)| 1 << index).sum();
    let values: Vec<u8> = of_code.flat_map(|(_, pcr)| pcr.clone()).collect();
    assert_eq!(claims.measurement, [&set.to_be_bytes()[..], &values].concat());
    let (rest, lengths) = claims.bound.split_at(claims.bound.len() - 6);
    let mut rest = rest;
    for (index, data) in contents.optional.iter().enumerate() {
        let length = data.as_ref().map_or(u16::MAX, |data| data.len() as u16);
        assert_eq!(lengths[2 * index..2 * index + 2], length.to_be_bytes());
        let mut data = data.clone().unwrap_or_default();
        if index == 0 {
            data.resize(data.len().max(64), 0);
        }
        rest = rest.strip_prefix(data.as_slice()).unwrap();
    }
    assert!(rest.is_empty());
}

/// Compares the two; gives the code where only this verifier refuses.
fn compare(document: &[u8], root: &[u8]) -> Option<Code> {
    let (anchors, time, (root_start, root_end)) = if root == AWS_ROOT_DER {
        (Anchors::default(), 1_736_180_000, (1_572_269_285, 2_519_044_086))
    } else {
        (anchors(), TIME, (START, END))
    };
    match verdict(document, &anchors) {
        Ok(claims) => {
            let theirs = |time| theirs(document, root, time);
            for time in [claims.not_before, claims.not_after - 1] {
                check_contents(&claims, &theirs(time).expect("accepted here"));
            }
            // The other does not look at when its own root holds.
            if claims.not_before > root_start {
                assert_eq!(theirs(claims.not_before - 1), None);
            }
            if claims.not_after < root_end {
                assert_eq!(theirs(claims.not_after), None);
            }
            None
        }
        Err(Refusal::Refused(code)) => {
            let accepted = theirs(document, root, time).is_some();
            assert!(!accepted || STRICTER.contains(&code), "{code:?} is accepted there");
            accepted.then_some(code)
        }
        // Insertions may reach the cap.
        Err(Refusal::TooLarge { .. }) => None,
        Err(refusal) => panic!("{refusal}"),
    }
}

#[test]
fn honest_documents() {
    assert_eq!(compare(PRODUCTION, AWS_ROOT_DER), None);
    assert_eq!(compare(&instance().attest(&document()), &instance().root()), None);
    let time = 1_614_963_709;
    assert!(theirs(DEBUG, AWS_ROOT_DER, time).is_some());
}

#[test]
fn known_mistakes() {
    let root = instance().root();
    let honest = instance().recipe(&document());
    let mut stricter = BTreeSet::new();
    for (_, change) in mutations::SIGNED {
        let mut recipe = honest.clone();
        change(&mut recipe);
        stricter.extend(compare(&recipe.product(), &root));
    }
    let product = honest.product();
    for (_, forge) in mutations::FORGED {
        stricter.extend(compare(&forge(&honest, product.clone()), &root));
    }
    // The list is as short as it can be.
    assert_eq!(stricter, STRICTER.iter().copied().collect());
}

/// A document made honestly, its payload, and what it was made from.
static MADE: LazyLock<(Vec<u8>, Vec<u8>, Recipe)> = LazyLock::new(|| {
    let recipe = instance().recipe(&document());
    let product = recipe.product();
    let value = read(&product).unwrap();
    let payload = value.as_array().unwrap()[2].as_bytes().unwrap().clone();
    (product, payload, recipe)
});

type Edit = (Index, u8, u8);

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    proptest::collection::vec((any::<Index>(), any::<u8>(), 0u8..4), 1..3)
}

fn apply(bytes: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, byte, how) in edits {
        let at = at.index(bytes.len());
        match how {
            0 => bytes[at] = *byte,
            1 => bytes[at] ^= 1 << (byte % 8),
            2 => bytes.insert(at, *byte),
            _ => drop(bytes.splice(at..=at, [])),
        }
    }
    bytes
}

/// A certificate's changes: what it is, when it holds, who names it, which key signs it.
type Shape = (u8, u64, u64, bool, u8);

fn shapes() -> impl Strategy<Value = Vec<Shape>> {
    // Mostly those that go on.
    let shape = (0u8..30, 0u64..40, 0u64..40, proptest::bool::weighted(0.02), 0u8..60);
    proptest::collection::vec(shape, 4)
}

fn shape(recipe: &mut Recipe, index: usize, (what, before, after, renamed, _): Shape) {
    use crate::dev::x509::{authority_extensions, signer_extensions};
    let certificate = &mut recipe.certificates[index];
    match what {
        0..5 => certificate.extensions = authority_extensions(what),
        5 => certificate.extensions = signer_extensions(),
        6 => certificate.extensions.truncate(1),
        7 => drop(certificate.extensions.remove(0)),
        8 => certificate.extensions.push((vec![0x2a, 3, 4], true, vec![])),
        9 => certificate.extensions.push((vec![0x2a, 3, 4], false, vec![])),
        _ => {}
    }
    certificate.not_before = (TIME + 5).saturating_sub(before * 5);
    certificate.not_after = (TIME + after * 5).saturating_sub(5);
    if renamed {
        certificate.subject.push('x');
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(400) / 2))]

    /// Half of what the long run is asked for: bytes of AWS's document and of one made here.
    #[test]
    fn mutated_bytes(by_aws: bool, edits in edits()) {
        if by_aws {
            compare(&apply(PRODUCTION, &edits), AWS_ROOT_DER);
        } else {
            compare(&apply(&MADE.0, &edits), &instance().root());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(200) / 4))]

    /// A quarter: payloads changed before they are signed.
    #[test]
    fn mutated_payloads(edits in edits()) {
        let (_, payload, recipe) = &*MADE;
        compare(&recipe.signed(&apply(payload, &edits)), &instance().root());
    }

    /// A quarter: hierarchies of every shape, all honestly signed but for a key now and then.
    #[test]
    fn hierarchies(shapes in shapes(), left_out in 0usize..12, seconds in 0u64..40) {
        let mut recipe = MADE.2.clone();
        for (index, changes) in (1..).zip(&shapes) {
            shape(&mut recipe, index, *changes);
        }
        let mut chain = recipe.chain();
        for (index, changes) in (1..5).zip(&shapes) {
            if changes.4 == 0 {
                chain[index] = recipe.certificates[index].signed(&recipe.keys[index]);
            }
        }
        let leaf = chain.pop().unwrap();
        if left_out < 4 {
            chain.remove(left_out);
        }
        recipe.fields[2].1 = cbor::unsigned((TIME - 10 + seconds) * 1000);
        recipe.fields[4].1 = cbor::bytes(&leaf);
        recipe.fields[5].1 = crate::dev::nitro::bundle(&chain);
        compare(&recipe.product(), &instance().root());
    }
}
