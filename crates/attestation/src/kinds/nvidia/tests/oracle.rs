//! A second opinion by other code: jsonwebtoken for signatures, serde_json for claims.

use super::{VALIDITY, recipe, run};
use crate::{
    Backend, Code,
    dev::gpu::{Product, Recipe},
    encoding::base64url,
    testing::cases,
};
use alloy_primitives::{B256, hex};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use proptest::{prelude::*, sample::Index};
use serde_json::Value;
use std::collections::BTreeSet;

/// The report's certificate chain, in claims of version 2.0 and in those of version 3.0.
const CHAIN_CHECK: &str = "x-nvidia-gpu-attestation-report-cert-chain-validated";
const CHAIN: &str = "x-nvidia-gpu-attestation-report-cert-chain";

/// What NVIDIA's policies for claims of version 2.0 ask for beside them, without the prefix.
const ASKED_2: [&str; 13] = [
    "arch-check",
    "attestation-report-parsed",
    "driver-rim-fetched",
    "driver-rim-schema-validated",
    "driver-rim-cert-validated",
    "driver-rim-signature-verified",
    "driver-rim-measurements-available",
    "vbios-rim-fetched",
    "vbios-rim-schema-validated",
    "vbios-rim-cert-validated",
    "vbios-rim-signature-verified",
    "vbios-rim-measurements-available",
    "vbios-index-no-conflict",
];
/// What NVIDIA's SDK reads of every GPU's claims of version 3.0.
const ASKED_3: [&str; 12] = [
    "arch-check",
    "attestation-report-parsed",
    "attestation-report-cert-chain-fwid-match",
    "driver-rim-fetched",
    "driver-rim-signature-verified",
    "driver-rim-version-match",
    "driver-rim-measurements-available",
    "vbios-rim-fetched",
    "vbios-rim-signature-verified",
    "vbios-rim-version-match",
    "vbios-rim-measurements-available",
    "vbios-index-no-conflict",
];
const CHAINS_3: [&str; 2] = ["driver-rim-cert-chain", "vbios-rim-cert-chain"];

/// The same tokens in claims of version 3.0.
fn to_version_3(recipe: &mut Recipe) {
    recipe.overall.claims.set("x-nvidia-ver", "\"3.0\"");
    let chain = r#"{"x-nvidia-cert-status":"valid","x-nvidia-cert-ocsp-status":"good"}"#;
    for (_, gpu) in &mut recipe.gpus {
        gpu.claims.remove(CHAIN_CHECK);
        gpu.claims.set(CHAIN, chain);
        for name in ["driver", "vbios"] {
            gpu.claims.remove(&format!("x-nvidia-gpu-{name}-rim-schema-validated"));
            gpu.claims.remove(&format!("x-nvidia-gpu-{name}-rim-cert-validated"));
        }
        ASKED_3.iter().for_each(|name| gpu.claims.set(&format!("x-nvidia-gpu-{name}"), "true"));
        CHAINS_3.iter().for_each(|name| gpu.claims.set(&format!("x-nvidia-gpu-{name}"), chain));
        gpu.claims.set("x-nvidia-error-details", "null");
    }
}

/// Nonce and window of evidence that it would accept.
fn second_opinion(product: &Product) -> Option<(Vec<u8>, u64, u64)> {
    let (x, y) = product.key.split_at_checked(48)?;
    let key = DecodingKey::from_ec_components(&base64url::encode(x), &base64url::encode(y)).ok()?;
    let mut rules = Validation::new(Algorithm::ES384);
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    rules.set_issuer(&["https://nras.attestation.nvidia.com"]);
    rules.set_required_spec_claims(&["iss"]);
    let claims = |token: &str| decode::<Value>(token, &key, &rules).ok().map(|data| data.claims);
    let overall = claims(&product.overall)?;
    let is_sound = overall["sub"] == "NVIDIA-PLATFORM-ATTESTATION"
        && (overall["x-nvidia-ver"] == "2.0" || overall["x-nvidia-ver"] == "3.0")
        && overall["x-nvidia-overall-att-result"] == true
        && overall["iat"].is_u64()
        && overall["x-nvidia-error-details"].is_null();
    let is_version_2 = overall["x-nvidia-ver"] == "2.0";
    let submodules = overall["submods"].as_object()?;
    if !is_sound || submodules.len() != product.gpus.len() || product.gpus.is_empty() {
        return None;
    }
    let digests: BTreeSet<&str> = submodules
        .values()
        .filter(|entry| entry[0] == "DIGEST" && entry[1][0] == "SHA-256")
        .filter_map(|entry| entry[1][1].as_str())
        .collect();
    let nonce = overall["eat_nonce"].as_str()?;
    // As NVIDIA's SDK, whose library of tokens looks at all three.
    let begins = |claims: &Value| Some(claims["nbf"].as_u64()?.max(claims["iat"].as_u64()?));
    let (mut start, mut end) = (begins(&overall)?, overall["exp"].as_u64()?);
    let mut ids = BTreeSet::new();
    for token in &product.gpus {
        let digest = hex::encode(Backend::Portable.sha256(token.as_bytes()));
        let gpu = claims(token)?;
        let is_sound = digests.contains(digest.as_str())
            && gpu["eat_nonce"].as_str()?.eq_ignore_ascii_case(nonce)
            && gpu["measres"] == "success"
            && gpu["secboot"] == true
            && gpu["dbgstat"] == "disabled"
            && gpu["x-nvidia-gpu-attestation-report-nonce-match"] == true
            && gpu["x-nvidia-gpu-attestation-report-signature-verified"] == true
            && gpu["iat"].is_u64()
            && gpu["x-nvidia-error-details"].is_null();
        let (checked, chain) = (&gpu[CHAIN_CHECK], &gpu[CHAIN]);
        // Typed alike in either version; stated in its own.
        let has_chain = (checked == true || !is_version_2 && gpu.get(CHAIN_CHECK).is_none())
            && (chain.is_object() || is_version_2 && gpu.get(CHAIN).is_none());
        let stated = |name: &&str| gpu.get(format!("x-nvidia-gpu-{name}"));
        let is_asked = if is_version_2 {
            ASKED_2.iter().all(|name| stated(name) == Some(&Value::Bool(true)))
        } else {
            ASKED_3.iter().all(|name| stated(name) == Some(&Value::Bool(true)))
                && CHAINS_3.iter().all(|name| stated(name).is_some_and(Value::is_object))
        };
        let checks = gpu.as_object()?.iter().filter(|(name, _)| name.starts_with("x-nvidia-gpu-"));
        let texts =
            ["hwmodel", "ueid", "x-nvidia-gpu-driver-version", "x-nvidia-gpu-vbios-version"];
        let has_texts = texts
            .iter()
            .all(|name| gpu[name].as_str().is_some_and(|text| (1..=64).contains(&text.len())));
        let passed = checks.into_iter().all(|(_, value)| match value {
            Value::Bool(passed) => *passed,
            Value::Null => false,
            Value::Object(chain) => chain.get("x-nvidia-cert-status") == Some(&"valid".into()),
            _ => true,
        });
        let is_good = is_sound && has_chain && is_asked && has_texts && passed;
        if !is_good || !ids.insert(gpu["ueid"].to_string()) {
            return None;
        }
        start = start.max(begins(&gpu)?);
        end = end.min(gpu["exp"].as_u64()?);
    }
    let nonce = hex::decode(nonce).ok().filter(|nonce| nonce.len() == 32)?;
    (start < end).then_some((nonce, start, end))
}

fn compare(product: &Product) -> Result<bool, TestCaseError> {
    let ours = run(&product.evidence()).ok();
    let ours = ours.map(|claims| (claims.bound, claims.not_before, claims.not_after));
    let theirs = second_opinion(product);
    prop_assert_eq!(&ours, &theirs);
    Ok(ours.is_some())
}

/// Values that a claim might be changed to; some are what it was.
const VALUES: [&str; 20] = [
    "true",
    "false",
    "null",
    "0",
    "1",
    "1800000000",
    "1800001000",
    "1800003600",
    "9999999999",
    "\"\"",
    "\"success\"",
    "\"disabled\"",
    "\"2.0\"",
    "\"3.0\"",
    "\"https://nras.attestation.nvidia.com\"",
    "\"NVIDIA-PLATFORM-ATTESTATION\"",
    "{}",
    "[]",
    r#"{"x-nvidia-cert-status":"valid"}"#,
    "\"A5A5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5\"",
];

fn change(recipe: &mut Recipe, token: &Index, member: &Index, value: Option<&Index>) {
    let at = token.index(recipe.gpus.len() + 1);
    let claims = match at.checked_sub(1) {
        None => &mut recipe.overall.claims,
        Some(gpu) => &mut recipe.gpus[gpu].1.claims,
    };
    let name = claims.0[member.index(claims.0.len())].0.clone();
    match value {
        Some(value) => claims.set(&name, VALUES[value.index(VALUES.len())]),
        None => claims.remove(&name),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(100)))]

    /// Claims changed and then signed as they should be. A long run:
    /// `ASSAY_MUTATIONS=100000 cargo test -p assay-attestation --lib nvidia::tests::oracle`.
    #[test]
    fn changed_claims_are_judged_alike(
        gpus in 1u8..4,
        is_version_3: bool,
        changes in proptest::collection::vec(
            (any::<Index>(), any::<Index>(), proptest::option::weighted(0.9, any::<Index>())), 1..4,
        ),
    ) {
        let mut recipe = recipe(gpus);
        if is_version_3 {
            to_version_3(&mut recipe);
        }
        for (token, member, value) in &changes {
            change(&mut recipe, token, member, value.as_ref());
        }
        compare(&recipe.product())?;
    }

    /// Tokens and keys changed after signing, in their text.
    #[test]
    fn changed_tokens_are_judged_alike(
        flips in proptest::collection::vec((any::<Index>(), any::<Index>(), "[A-Za-z0-9_-]"), 1..3),
    ) {
        let mut product = recipe(1).product();
        for (which, at, character) in flips {
            match which.index(5) {
                0 => {
                    let at = at.index(product.key.len());
                    product.key[at] ^= character.as_bytes()[0];
                }
                1 | 2 => replace(&mut product.overall, at, &character),
                _ => replace(&mut product.gpus[0], at, &character),
            }
        }
        compare(&product)?;
    }
}

fn replace(token: &mut String, at: Index, character: &str) {
    let at = at.index(token.len());
    token.replace_range(at..=at, character);
}

/// A check that is not stated was not made, and one that is stated in another form neither.
#[test]
fn every_check_is_asked_for() {
    for (is_version_3, names) in [(false, &ASKED_2[..]), (true, &ASKED_3), (true, &CHAINS_3)] {
        for name in names {
            for value in [None, Some("\"true\""), Some("1"), Some("[]")] {
                let mut changed = recipe(2);
                if is_version_3 {
                    to_version_3(&mut changed);
                }
                assert!(run(&changed.product().evidence()).is_ok());
                let claims = &mut changed.gpus[1].1.claims;
                let name = format!("x-nvidia-gpu-{name}");
                match value {
                    None => claims.remove(&name),
                    Some(value) => claims.set(&name, value),
                }
                let product = changed.product();
                assert_eq!(run(&product.evidence()), Err(Code::GpuClaims), "{name}: {value:?}");
                assert!(!compare(&product).unwrap());
            }
        }
    }
}

#[test]
fn both_accept_what_is_sound() {
    for gpus in 1..=16 {
        assert!(compare(&recipe(gpus).product()).unwrap());
    }
    let mut changed = recipe(2);
    to_version_3(&mut changed);
    changed.gpus[0].1.claims.set("exp", "1800001000");
    assert!(compare(&changed.product()).unwrap());
    let nonce = second_opinion(&changed.product()).unwrap();
    assert_eq!(nonce, (vec![0xa5; 32], VALIDITY.start, 1_800_001_000));
    assert_eq!(B256::from_slice(&nonce.0), super::NONCE);
}
