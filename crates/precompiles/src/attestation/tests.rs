//! The precompile's face of attestation: gas, refusals, windows, the cache.

use crate::{CachePart, Outcome, Precompiles, VerdictCache, contracts::IAttestation, gas};
use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolValue};
use assay_attestation::{
    Backend, Code,
    dev::{DevGpu, DevPlatform, DevReport, composite_evidence},
};
use assay_chainspec::{AssayRules, PRECOMPILE_ADDRESSES};
use k256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};

const KIND: u8 = assay_attestation::kind::SECP256K1;

fn precompiles() -> Precompiles {
    Precompiles::new(&AssayRules::default(), VerdictCache::default()).unwrap()
}

/// Key, signature and digest of kind 32, as docs/attestation.md lays them out.
fn evidence() -> Vec<u8> {
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    let digest = keccak256("a statement");
    let signature: Signature = key.sign_prehash(digest.as_slice()).unwrap();
    let signature = signature.normalize_s().unwrap_or(signature);
    let point = key.verifying_key().to_encoded_point(false);
    [point.as_bytes(), &signature.to_bytes(), digest.as_slice()].concat()
}

fn calldata(kind: u8, evidence: &[u8], time: u64) -> Vec<u8> {
    IAttestation::verifyCall {
        kind,
        evidence: Bytes::copy_from_slice(evidence),
        collateral: Bytes::new(),
        time,
    }
    .abi_encode()
}

fn call(precompiles: &Precompiles, data: &[u8], gas: u64) -> Outcome {
    precompiles.call(&PRECOMPILE_ADDRESSES[0], data, U256::ZERO, gas).unwrap()
}

fn reverts(outcome: &Outcome, error: &impl SolError) -> bool {
    matches!(outcome, Outcome::Revert { bytes, .. } if *bytes == error.abi_encode())
}

#[test]
fn claims_come_back_and_gas_is_exact() {
    let evidence = evidence();
    let data = calldata(KIND, &evidence, 1_000);
    let Outcome::Success { gas: used, bytes } = call(&precompiles(), &data, 1_000_000) else {
        panic!("refused");
    };
    let claims = IAttestation::Claims::abi_decode(&bytes).unwrap();
    assert_eq!((claims.kind, claims.assurance, claims.status), (KIND, 1, 0));
    assert_eq!(claims.bound.as_ref(), keccak256("a statement").as_slice());
    assert_eq!(claims.platform, B256::ZERO);
    assert_eq!(Ok(Some(used)), gas::verify_call(KIND, &evidence, &[]));

    // One gas less is not enough, and says so instead of being free.
    assert_eq!(call(&precompiles(), &data, used - 1), Outcome::OutOfGas);
    assert!(matches!(call(&precompiles(), &data, used), Outcome::Success { .. }));
}

/// A chain that trusts a development platform's root and pins a development GPU key.
#[test]
fn gpus_alone_and_beside_their_cpu() {
    let validity = 1_800_000_000..1_800_003_600;
    let nonce = B256::repeat_byte(9);
    let gpus = DevGpu::new(B256::repeat_byte(1), validity.clone());
    let platform = DevPlatform::new(B256::repeat_byte(2), validity.clone());
    let trust = [(1, vec![platform.root()]), (4, vec![gpus.thumbprint()])].into_iter().collect();
    let rules = AssayRules { trust, ..AssayRules::default() };
    let precompiles = Precompiles::new(&rules, VerdictCache::default()).unwrap();
    let mut report_data = [0; 64];
    report_data[32..].copy_from_slice(nonce.as_slice());
    let report = DevReport::Tdx { mr_td: [1; 48], registers: [[2; 48]; 4], report_data };
    let cpu = platform.attest(&report);
    let tokens = gpus.attest(nonce, 2);
    let joined = composite_evidence(1, &cpu.evidence, &tokens);
    let mut costs = Vec::new();
    for (kind, evidence, collateral, assurance) in [
        (4, &tokens, &Bytes::new(), 3),
        (1, &cpu.evidence, &cpu.collateral, 3),
        (5, &joined, &cpu.collateral, 4),
    ] {
        let call = IAttestation::verifyCall {
            kind,
            evidence: evidence.clone(),
            collateral: collateral.clone(),
            time: validity.start,
        };
        let outcome = self::call(&precompiles, &call.abi_encode(), 1_000_000);
        let Outcome::Success { gas: used, bytes } = outcome else { panic!("{kind}: {outcome:?}") };
        let claims = IAttestation::Claims::abi_decode(&bytes).unwrap();
        assert_eq!((claims.kind, claims.assurance, claims.status), (kind, assurance, 0));
        assert_eq!(Ok(Some(used)), gas::verify_call(kind, evidence, collateral));
        costs.push(used);
    }
    // Together they cost what they cost apart, but for a call and its words.
    let apart = costs[0] + costs[1];
    assert!(costs[2] < apart + 200 && costs[2] > apart - 200, "{costs:?}");
}

#[test]
fn a_refusal_costs_as_much() {
    let mut evidence = evidence();
    let good = call(&precompiles(), &calldata(KIND, &evidence, 1), 1_000_000);
    evidence[70] ^= 1;
    let bad = call(&precompiles(), &calldata(KIND, &evidence, 1), 1_000_000);
    let code = Code::SignatureInvalid.number();
    assert!(reverts(&bad, &IAttestation::Refused { code }), "{bad:?}");
    let (Outcome::Success { gas: paid, .. }, Outcome::Revert { gas: lost, .. }) = (good, bad)
    else {
        panic!("outcomes");
    };
    assert_eq!(paid, lost);
}

#[test]
fn refusals_by_kind_size_and_encoding() {
    let precompiles = precompiles();
    let unknown = call(&precompiles, &calldata(99, &[], 1), 1_000_000);
    assert!(reverts(&unknown, &IAttestation::UnknownKind { kind: 99 }));
    let long = call(&precompiles, &calldata(KIND, &[0; 10_000], 1), 1_000_000);
    assert!(
        matches!(&long, Outcome::Revert { bytes, .. } if bytes.starts_with(&IAttestation::TooLarge::SELECTOR))
    );
    let mut trailing = calldata(KIND, &evidence(), 1);
    trailing.extend_from_slice(&[0; 32]);
    let trailing = call(&precompiles, &trailing, 1_000_000);
    assert!(reverts(&trailing, &IAttestation::Refused { code: 0 }));
}

#[test]
fn cached_computed_and_portable_agree() {
    let data = calldata(KIND, &evidence(), 5);
    let cache = VerdictCache::default();
    let cached = Precompiles::new(&AssayRules::default(), cache.clone()).unwrap();
    let first = call(&cached, &data, 100_000);
    assert_eq!((cache.stats().hits, cache.stats().entries), (0, 1));
    // Another time, the same verdict.
    let second = call(&cached, &calldata(KIND, &evidence(), 6), 100_000);
    assert_eq!(cache.stats().hits, 1);
    let portable = precompiles().with_backend(Backend::Portable);
    assert_eq!(first, second);
    assert_eq!(first, call(&portable, &data, 100_000));
}

#[test]
fn a_cached_verdict_is_not_free() {
    let data = calldata(KIND, &evidence(), 5);
    let precompiles = precompiles().with_cache_part(CachePart::Pool);
    let Outcome::Success { gas, .. } = call(&precompiles, &data, 100_000) else { panic!() };
    assert_eq!(call(&precompiles, &data, gas - 1), Outcome::OutOfGas);
}

#[test]
fn a_kind_without_collateral_takes_none_ahead() {
    let precompiles = precompiles();
    let with = |evidence: &[u8], compact: &[u8]| {
        let arguments = IAttestation::verifyWithCall {
            kind: KIND,
            evidence: Bytes::copy_from_slice(evidence),
            compact: Bytes::copy_from_slice(compact),
            time: 1,
        };
        call(&precompiles, &arguments.abi_encode(), 1_000_000)
    };
    let Outcome::Success { bytes, .. } = with(&evidence(), &[]) else { panic!("refused") };
    let assumed = IAttestation::Claims::abi_decode(&bytes).unwrap();
    let Outcome::Success { bytes, .. } =
        call(&precompiles, &calldata(KIND, &evidence(), 1), 1_000_000)
    else {
        panic!("refused")
    };
    let mut claims = IAttestation::Claims::abi_decode(&bytes).unwrap();
    claims.status |= 1 << 31;
    assert_eq!(assumed, claims);
    let code = Code::CollateralNotEmpty.number();
    assert!(reverts(&with(&evidence(), &[0]), &IAttestation::Refused { code }));
    assert!(reverts(&with(&[], &[0]), &IAttestation::Refused { code }));

    let unknown = IAttestation::UnknownKind { kind: KIND };
    let collateral =
        IAttestation::verifyCollateralCall { kind: KIND, collateral: Bytes::new(), time: 1 };
    assert!(reverts(&call(&precompiles, &collateral.abi_encode(), 1_000_000), &unknown));
    let assess =
        IAttestation::assessCall { kind: KIND, tcb: Bytes::new(), compact: Bytes::new(), time: 1 };
    assert!(reverts(&call(&precompiles, &assess.abi_encode(), 1_000_000), &unknown));
}

#[test]
fn every_function_is_dispatched() {
    use alloy_sol_types::SolInterface;
    let precompiles = precompiles();
    for selector in IAttestation::IAttestationCalls::selectors() {
        // Known functions refuse an empty argument list, unknown ones do not even do that.
        let outcome = call(&precompiles, &selector, 1_000_000);
        assert!(reverts(&outcome, &IAttestation::Refused { code: 0 }), "{selector:?}");
    }
}
