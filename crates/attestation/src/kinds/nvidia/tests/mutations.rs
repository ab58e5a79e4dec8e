//! What each check refuses, and with which code.

use super::{recipe, run, run_with, service, stranger};
use crate::{
    Anchors, Code,
    dev::gpu::{Product, Recipe, coordinates, sign_parts},
    encoding::base64url,
};
use alloy_primitives::{B256, U256, hex};
use proptest::prelude::*;
use std::collections::BTreeSet;

pub(crate) type Change = fn(&mut Recipe);

/// Changes of what is signed, and the code that each must give.
pub(crate) const SIGNED: &[(&str, Change, Code)] = &[
    ("algorithm", |r| r.overall.header.set("alg", "\"ES256\""), Code::GpuTokenHeader),
    ("no algorithm", |r| r.overall.header.set("alg", "\"none\""), Code::GpuTokenHeader),
    ("HMAC", |r| r.gpus[0].1.header.set("alg", "\"HS384\""), Code::GpuTokenHeader),
    ("algorithm missing", |r| r.overall.header.remove("alg"), Code::GpuTokenHeader),
    ("key id missing", |r| r.gpus[1].1.header.remove("kid"), Code::GpuTokenHeader),
    ("key id empty", |r| r.overall.header.set("kid", "\"\""), Code::GpuTokenHeader),
    ("key id a number", |r| r.overall.header.set("kid", "1"), Code::GpuTokenHeader),
    ("critical", |r| r.overall.header.set("crit", "[\"exp\"]"), Code::GpuTokenHeader),
    ("key in header", |r| r.overall.header.set("jwk", "{}"), Code::GpuTokenHeader),
    ("key's address", |r| r.overall.header.set("jku", "\"a\""), Code::GpuTokenHeader),
    ("certificate's address", |r| r.overall.header.set("x5u", "\"a\""), Code::GpuTokenHeader),
    ("certificates", |r| r.gpus[0].1.header.set("x5c", "[]"), Code::GpuTokenHeader),
    ("payload not encoded", |r| r.overall.header.set("b64", "false"), Code::GpuTokenHeader),
    ("type", |r| r.overall.header.set("typ", "\"JOSE\""), Code::GpuTokenHeader),
    ("algorithm twice", |r| r.overall.header.twice("alg"), Code::GpuTokenHeader),
    //
    ("issuer", |r| r.overall.claims.set("iss", "\"https://nras\""), Code::GpuIssuer),
    (
        "staging",
        |r| {
            let staging = "\"https://nras.attestation-stg.nvidia.com\"";
            r.gpus[1].1.claims.set("iss", staging);
        },
        Code::GpuIssuer,
    ),
    ("no issuer", |r| r.overall.claims.remove("iss"), Code::GpuClaims),
    ("no subject", |r| r.overall.claims.remove("sub"), Code::GpuClaims),
    ("subject", |r| r.overall.claims.set("sub", "\"NVIDIA\""), Code::GpuSubject),
    ("version", |r| r.overall.claims.set("x-nvidia-ver", "\"1.0\""), Code::GpuClaimsVersion),
    ("no version", |r| r.overall.claims.remove("x-nvidia-ver"), Code::GpuClaims),
    ("result", |r| r.overall.claims.set(RESULT, "false"), Code::GpuOverallResult),
    ("result a text", |r| r.overall.claims.set(RESULT, "\"true\""), Code::GpuClaims),
    ("no result", |r| r.overall.claims.remove(RESULT), Code::GpuClaims),
    ("result twice", |r| r.overall.claims.twice(RESULT), Code::GpuClaims),
    //
    ("no nonce", |r| r.overall.claims.remove("eat_nonce"), Code::GpuClaims),
    ("nonce's length", |r| r.overall.claims.set("eat_nonce", "\"a5\""), Code::GpuNonce),
    ("nonces", |r| r.overall.claims.set("eat_nonce", "[\"a5\"]"), Code::GpuClaims),
    (
        "nonce not hexadecimal",
        |r| r.overall.claims.set("eat_nonce", &format!("\"{}\"", "g".repeat(64))),
        Code::GpuNonce,
    ),
    (
        "prefixed nonce",
        |r| r.gpus[0].1.claims.set("eat_nonce", &format!("\"0x{}\"", "a5".repeat(32))),
        Code::GpuNonce,
    ),
    (
        "GPU's other nonce",
        |r| r.gpus[1].1.claims.set("eat_nonce", &format!("\"{}\"", "a6".repeat(32))),
        Code::GpuNonceMismatch,
    ),
    //
    ("no expiry", |r| r.overall.claims.remove("exp"), Code::GpuClaims),
    ("no start", |r| r.gpus[0].1.claims.remove("nbf"), Code::GpuClaims),
    ("no issue", |r| r.gpus[0].1.claims.remove("iat"), Code::GpuClaims),
    ("expiry a text", |r| r.overall.claims.set("exp", "\"1\""), Code::GpuClaims),
    ("expiry a fraction", |r| r.overall.claims.set("exp", "1800003600.5"), Code::GpuClaims),
    ("expiry negative", |r| r.overall.claims.set("exp", "-1"), Code::GpuClaims),
    ("expiry too long", |r| r.overall.claims.set("exp", "18000036000"), Code::GpuClaims),
    ("expired at start", |r| r.overall.claims.set("exp", "1800000000"), Code::EmptyWindow),
    ("GPU's window", |r| r.gpus[1].1.claims.set("nbf", "1800003600"), Code::EmptyWindow),
    //
    ("measurements", |r| r.gpus[1].1.claims.set("measres", "\"fail\""), Code::GpuMeasurements),
    (
        "measurements not compared",
        |r| r.gpus[0].1.claims.set("measres", "\"comparison-not-run\""),
        Code::GpuMeasurements,
    ),
    ("no measurements", |r| r.gpus[0].1.claims.remove("measres"), Code::GpuClaims),
    ("debug", |r| r.gpus[1].1.claims.set("dbgstat", "\"enabled\""), Code::GpuDebug),
    (
        "debugged since boot",
        |r| r.gpus[0].1.claims.set("dbgstat", "\"disabled-since-boot\""),
        Code::GpuDebug,
    ),
    ("debug unknown", |r| r.gpus[0].1.claims.set("dbgstat", "null"), Code::GpuDebug),
    ("no debug", |r| r.gpus[0].1.claims.remove("dbgstat"), Code::GpuClaims),
    ("no secure boot", |r| r.gpus[0].1.claims.set("secboot", "false"), Code::GpuSecureBoot),
    ("boot unknown", |r| r.gpus[1].1.claims.set("secboot", "null"), Code::GpuSecureBoot),
    ("boot a text", |r| r.gpus[1].1.claims.set("secboot", "\"true\""), Code::GpuClaims),
    ("a check", |r| r.gpus[1].1.claims.set("x-nvidia-gpu-arch-check", "false"), Code::GpuCheck),
    (
        "a check not made",
        |r| r.gpus[1].1.claims.set("x-nvidia-gpu-vbios-rim-fetched", "null"),
        Code::GpuCheck,
    ),
    (
        "certificates not looked at",
        |r| r.gpus[0].1.claims.set("x-nvidia-gpu-driver-rim-cert-chain", "null"),
        Code::GpuCheck,
    ),
    (
        "a check of tomorrow",
        |r| r.gpus[0].1.claims.set("x-nvidia-gpu-anything", "false"),
        Code::GpuCheck,
    ),
    (
        "report's nonce",
        |r| r.gpus[0].1.claims.set("x-nvidia-gpu-attestation-report-nonce-match", "false"),
        Code::GpuCheck,
    ),
    (
        "report's signature",
        |r| {
            let name = "x-nvidia-gpu-attestation-report-signature-verified";
            r.gpus[0].1.claims.set(name, "false");
        },
        Code::GpuCheck,
    ),
    (
        "report's nonce not checked",
        |r| r.gpus[0].1.claims.remove("x-nvidia-gpu-attestation-report-nonce-match"),
        Code::GpuClaims,
    ),
    (
        "certificate expired",
        |r| {
            let chain = r#"{"x-nvidia-cert-status":"expired","x-nvidia-cert-ocsp-status":"good"}"#;
            r.gpus[1].1.claims.set("x-nvidia-gpu-driver-rim-cert-chain", chain);
        },
        Code::GpuCertificate,
    ),
    (
        "certificate without a status",
        |r| r.gpus[1].1.claims.set("x-nvidia-gpu-vbios-rim-cert-chain", "{}"),
        Code::GpuCertificate,
    ),
    (
        "report's certificates",
        |r| {
            let name = "x-nvidia-gpu-attestation-report-cert-chain-validated";
            r.gpus[0].1.claims.set(name, "false");
        },
        Code::GpuCheck,
    ),
    (
        "report's certificates not checked",
        |r| {
            let name = "x-nvidia-gpu-attestation-report-cert-chain-validated";
            r.gpus[1].1.claims.remove(name);
        },
        Code::GpuClaims,
    ),
    (
        "report's certificates of another version",
        |r| r.overall.claims.set("x-nvidia-ver", "\"3.0\""),
        Code::GpuClaims,
    ),
    (
        "report's certificates no object",
        |r| r.gpus[0].1.claims.set("x-nvidia-gpu-attestation-report-cert-chain", "true"),
        Code::GpuClaims,
    ),
    (
        "an error",
        |r| r.gpus[1].1.claims.set("x-nvidia-error-details", r#"{"code":4010}"#),
        Code::GpuCheck,
    ),
    (
        "an overall error",
        |r| r.overall.claims.set("x-nvidia-error-details", "\"\""),
        Code::GpuOverallResult,
    ),
    (
        "version of tomorrow",
        |r| r.overall.claims.set("x-nvidia-ver", "\"4.0\""),
        Code::GpuClaimsVersion,
    ),
    ("model empty", |r| r.gpus[0].1.claims.set("hwmodel", "\"\""), Code::GpuText),
    (
        "version too long",
        |r| r.gpus[0].1.claims.set("x-nvidia-gpu-driver-version", &long_text()),
        Code::GpuText,
    ),
    ("model escaped", |r| r.gpus[0].1.claims.set("hwmodel", r#""GH\/100""#), Code::GpuClaims),
    ("no id", |r| r.gpus[0].1.claims.remove("ueid"), Code::GpuClaims),
    ("id a number", |r| r.gpus[0].1.claims.set("ueid", "1"), Code::GpuClaims),
    (
        "an id twice",
        |r| {
            for (_, gpu) in &mut r.gpus {
                gpu.claims.set("ueid", "\"1\"");
            }
        },
        Code::GpuDuplicate,
    ),
    //
    ("a name twice", |r| r.gpus[1].0 = "GPU-0".to_owned(), Code::GpuSubmodules),
    ("a switch", |r| r.gpus[1].0 = "SWITCH-0".to_owned(), Code::GpuSubmodules),
    ("a padded number", |r| r.gpus[1].0 = "GPU-01".to_owned(), Code::GpuSubmodules),
    ("no number", |r| r.gpus[1].0 = "GPU-".to_owned(), Code::GpuSubmodules),
    ("no submodules", |r| r.overall.claims.set("submods", "{}"), Code::GpuSubmodules),
    ("submodules listed", |r| r.overall.claims.set("submods", "[]"), Code::GpuClaims),
    ("digest's form", |r| submodules(r, r#"["HASH",["SHA-256","DIGEST"]]"#), Code::GpuClaims),
    ("digest's algorithm", |r| submodules(r, r#"["DIGEST",["SHA-1","DIGEST"]]"#), Code::GpuClaims),
    ("no digest", |r| submodules(r, r#"["DIGEST",["SHA-256"]]"#), Code::GpuClaims),
    (
        "two digests",
        |r| submodules(r, r#"["DIGEST",["SHA-256","DIGEST","DIGEST"]]"#),
        Code::GpuClaims,
    ),
    (
        "a third element",
        |r| submodules(r, r#"["DIGEST",["SHA-256","DIGEST"],["SHA-256","DIGEST"]]"#),
        Code::GpuClaims,
    ),
    ("another digest", |r| submodules(r, r#"["DIGEST",["SHA-256","DIGEST"]]"#), Code::GpuDigest),
    //
    ("another key", |r| r.key = stranger(), Code::GpuOverallSignature),
];

#[test]
fn signed_changes() {
    assert!(run(&recipe(2).product().evidence()).is_ok());
    for (name, change, code) in SIGNED {
        let mut recipe = recipe(2);
        let key = coordinates(&recipe.key);
        change(&mut recipe);
        // The key stays what it was, whoever signs.
        let product = Product { key, ..recipe.product() };
        assert_eq!(run(&product.evidence()), Err(*code), "{name}");
    }
}

const RESULT: &str = "x-nvidia-overall-att-result";

fn long_text() -> String {
    format!("\"{}\"", "1".repeat(65))
}

/// Lists both GPUs by a template with some digest in it.
fn submodules(recipe: &mut Recipe, template: &str) {
    let entry = template.replace("DIGEST\"]", &format!("{}\"]", "ab".repeat(32)));
    let entry = entry.replace("DIGEST\",\"", &format!("{}\",\"", "ab".repeat(32)));
    let entry = entry.replace(&format!("[\"{}\",", "ab".repeat(32)), "[\"DIGEST\",");
    let submodules = format!(r#"{{"GPU-0":{entry},"GPU-1":{entry}}}"#);
    recipe.overall.claims.set("submods", &submodules);
}

/// Changes of what surrounds the signatures, and of the signatures.
pub(crate) fn token_changes(good: &Product) -> Vec<(&'static str, Product, Code)> {
    let parts: Vec<&str> = good.overall.split('.').collect();
    let overall = |overall: String| Product { overall, ..good.clone() };
    let signed = |signature: &[u8]| {
        overall(format!("{}.{}.{}", parts[0], parts[1], base64url::encode(signature)))
    };
    let signature = base64url::decode(parts[2].as_bytes()).unwrap();
    let order =
        U256::from_str_radix("ffffffffffffffffffffffffffffffffffffffffffffffff", 16).unwrap();
    let mut r_too_large = signature.clone();
    r_too_large[..24].copy_from_slice(&order.to_be_bytes::<32>()[8..]);
    r_too_large[24..48].fill(0xff);
    let mut zero_s = signature.clone();
    zero_s[48..].fill(0);
    let mut flipped = signature.clone();
    flipped[95] ^= 1;
    let other = service().recipe(B256::ZERO, 2).product();

    let mut token_of_another_key = recipe(2);
    token_of_another_key.key = stranger();
    let strangers = token_of_another_key.product().gpus;
    let over_strangers = recipe(2).over(strangers);

    vec![
        ("two parts", overall(format!("{}.{}", parts[0], parts[1])), Code::GpuToken),
        ("four parts", overall(format!("{}.", good.overall)), Code::GpuToken),
        ("nothing", overall(String::new()), Code::GpuToken),
        ("padding", overall(format!("{}==", good.overall)), Code::GpuToken),
        ("space", overall(format!("{} ", good.overall)), Code::GpuToken),
        ("line feed", overall(good.overall.replacen('.', ".\n", 1)), Code::GpuToken),
        ("standard alphabet", overall(good.overall.replacen('.', "+.", 1)), Code::GpuToken),
        ("too long", overall("A".repeat(8 * 1024 + 1)), Code::GpuToken),
        ("signature's length", signed(&signature[1..]), Code::SignatureEncoding),
        ("no signature", signed(&[]), Code::SignatureEncoding),
        (
            "DER signature",
            signed(&[&[0x30, 0x66][..], &signature].concat()),
            Code::SignatureEncoding,
        ),
        ("r too large", signed(&r_too_large), Code::SignatureEncoding),
        ("s zero", signed(&zero_s), Code::SignatureEncoding),
        ("flipped", signed(&flipped), Code::GpuOverallSignature),
        ("header not an object", resigned(good, b"[]", &[]), Code::GpuTokenHeader),
        ("header empty", resigned(good, b"", &[]), Code::GpuTokenHeader),
        ("claims empty", resigned(good, HEADER, b""), Code::GpuClaims),
        ("claims not ASCII", resigned(good, HEADER, "{\"é\":1}".as_bytes()), Code::GpuClaims),
        ("claims a list", resigned(good, HEADER, b"[]"), Code::GpuClaims),
        ("GPU's strange key", over_strangers, Code::GpuSignature),
        (
            "swapped GPUs",
            Product { gpus: good.gpus.iter().rev().cloned().collect(), ..good.clone() },
            Code::GpuDigest,
        ),
        (
            "a GPU twice",
            Product { gpus: vec![good.gpus[0].clone(); 2], ..good.clone() },
            Code::GpuDigest,
        ),
        (
            "a GPU left out",
            Product { gpus: good.gpus[..1].to_vec(), ..good.clone() },
            Code::GpuSubmodules,
        ),
        (
            "a GPU too many",
            Product { gpus: [&good.gpus[..], &good.gpus[..1]].concat(), ..good.clone() },
            Code::GpuSubmodules,
        ),
        ("no GPUs", Product { gpus: vec![], ..good.clone() }, Code::GpuCount),
        ("tokens of another nonce", Product { gpus: other.gpus, ..good.clone() }, Code::GpuDigest),
        (
            "another key given",
            Product { key: coordinates(&stranger()), ..good.clone() },
            Code::GpuOverallSignature,
        ),
        ("no key", Product { key: vec![], ..good.clone() }, Code::KeyEncoding),
        (
            "a longer key",
            Product { key: [&good.key[..], &[0]].concat(), ..good.clone() },
            Code::KeyEncoding,
        ),
        (
            "a prefixed key",
            Product { key: [&[4], &good.key[..]].concat(), ..good.clone() },
            Code::KeyEncoding,
        ),
        ("key at infinity", Product { key: vec![0; 96], ..good.clone() }, Code::KeyEncoding),
        (
            "key off the curve",
            Product { key: flip(&good.key, 95), ..good.clone() },
            Code::KeyEncoding,
        ),
        (
            "coordinate not reduced",
            Product { key: vec![0xff; 96], ..good.clone() },
            Code::KeyEncoding,
        ),
    ]
}

#[test]
fn changes_of_tokens() {
    let good = recipe(2).product();
    for (name, product, code) in token_changes(&good) {
        assert_eq!(run(&product.evidence()), Err(code), "{name}");
    }
    let collateral = run_with(&good.evidence(), &[0], &Anchors::default());
    assert_eq!(collateral, Err(Code::CollateralNotEmpty));
}

#[test]
fn every_code_of_this_kind_is_tested() {
    let changes = token_changes(&recipe(2).product());
    let mut tested: BTreeSet<Code> = SIGNED.iter().map(|(_, _, code)| *code).collect();
    tested.extend(changes.iter().map(|(_, _, code)| *code));
    // In `encodings`.
    tested.insert(Code::GpuEvidence);
    let own = Code::ALL.iter().filter(|code| (300..330).contains(&code.number()));
    assert_eq!(own.filter(|code| !tested.contains(code)).collect::<Vec<_>>(), [] as [&Code; 0]);
}

const HEADER: &[u8] = br#"{"alg":"ES384","kid":"a"}"#;

fn resigned(good: &Product, header: &[u8], claims: &[u8]) -> Product {
    Product { overall: sign_parts(header, claims, &recipe(2).key), ..good.clone() }
}

fn flip(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

/// The overall token's signature binds a GPU's token with its signature: not even another valid
/// one for the same claims may stand in its place.
#[test]
fn malleated_signatures() {
    const ORDER: [u8; 48] = hex!(
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
    );
    let negated = |token: &str| {
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut signature = base64url::decode(signature.as_bytes()).unwrap();
        let mut borrow = 0;
        for at in (0..48).rev() {
            let difference = i16::from(ORDER[at]) - i16::from(signature[48 + at]) - borrow;
            borrow = i16::from(difference < 0);
            signature[48 + at] = difference.rem_euclid(256) as u8;
        }
        format!("{signed}.{}", base64url::encode(&signature))
    };
    let good = recipe(1).product();
    let claims = run(&good.evidence()).unwrap();
    let gpu = Product { gpus: vec![negated(&good.gpus[0])], ..good.clone() };
    assert_eq!(run(&gpu.evidence()), Err(Code::GpuDigest));
    // The overall token's own is a signature like any other; its id does not change with it.
    let overall = Product { overall: negated(&good.overall), ..good.clone() };
    assert_ne!(overall.overall, good.overall);
    assert_eq!(run(&overall.evidence()), Ok(claims));
}

#[test]
fn encodings() {
    let good = service().attest(super::NONCE, 2);
    assert_eq!(run(&[]), Err(Code::GpuEvidence));
    for length in (0..good.len()).step_by(7) {
        assert_eq!(run(&good[..length]), Err(Code::GpuEvidence), "{length}");
    }
    assert_eq!(run(&[&good[..], &[0; 32]].concat()), Err(Code::GpuEvidence));
    for word in 0..3 {
        let mut changed = good.to_vec();
        changed[word * 32 + 31] ^= 32;
        assert_eq!(run(&changed), Err(Code::GpuEvidence), "{word}");
    }
    let dirty = good.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    assert!(dirty < good.len());
    let mut changed = good.to_vec();
    changed[dirty] = 1;
    assert_eq!(run(&changed), Err(Code::GpuEvidence));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(run(&bytes).is_err());
        let product = Product { overall: String::from_utf8_lossy(&bytes).into(), ..recipe(1).product() };
        prop_assert!(run(&product.evidence()).is_err());
    }

    #[test]
    fn arbitrary_claims_never_panic(claims in r#"\{("[a-z_]{1,4}"|"iss"|"exp"|[\[\]{},:0-9"]){0,40}\}"#) {
        let good = recipe(1).product();
        prop_assert!(run(&resigned(&good, HEADER, claims.as_bytes()).evidence()).is_err());
        let as_header = resigned(&good, claims.as_bytes(), b"[]");
        prop_assert!(run(&as_header.evidence()).is_err());
    }
}
