//! Each precompile beside ecrecover, in one run: nanoseconds, gas, and how much gas a second of its
//! work is worth next to a second of ecrecover's. docs/gas.md has the table; no ratio may be under
//! 1.25.
//!
//! Criterion's own lines come first (throughput in elements = gas), then the table.
//!
//! An argument keeps to the cases whose names contain it, as in `-- apportion`.
#![allow(missing_docs, unused_crate_dependencies)]

#[path = "precompiles/attribution.rs"]
mod attribution;
#[path = "precompiles/collateral.rs"]
mod collateral;
#[path = "precompiles/gpu.rs"]
mod gpu;
#[path = "precompiles/zk.rs"]
mod zk;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use assay_attestation::{
    Anchors, Backend,
    dev::{DevDocument, DevNitro, DevSnp, DevSnpReport},
    kind,
};
use assay_chainspec::{AssayRules, PRECOMPILE_ADDRESSES};
use assay_precompiles::{
    Outcome, Precompiles, VerdictCache,
    contracts::{IAttestation, ISignatures},
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use k256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

const QUOTES: [(&str, &[u8], &[u8]); 3] = [
    (
        "verify SGX v3",
        include_bytes!("../../attestation/testdata/dcap/sgx_v3.quote"),
        include_bytes!("../../attestation/testdata/dcap/sgx_v3.collateral.json"),
    ),
    (
        "verify TDX v4",
        include_bytes!("../../attestation/testdata/dcap/tdx_v4.quote"),
        include_bytes!("../../attestation/testdata/dcap/tdx_v4.collateral.json"),
    ),
    (
        "verify TDX v5 1.5ex",
        include_bytes!("../../attestation/testdata/dcap/tdx_v5_15ex.quote"),
        include_bytes!("../../attestation/testdata/dcap/tdx_v5_15ex.collateral.json"),
    ),
];

const NITRO: &[u8] = include_bytes!("../../attestation/testdata/nitro/production.cose");
/// Inside the validity of that document, and of the development root's.
const NITRO_TIME: u64 = 1_736_180_000;

fn nitro_root() -> DevNitro {
    DevNitro::new(B256::repeat_byte(7), 1_700_000_000..1_800_000_000)
}

fn snp_root() -> DevSnp {
    DevSnp::new(B256::repeat_byte(7), 1_700_000_000..1_800_000_000)
}

/// ecrecover's price.
const ECRECOVER_GAS: u64 = 3_000;

struct Case {
    name: String,
    address: Address,
    data: Vec<u8>,
    gas: u64,
}

fn precompiles() -> Precompiles {
    // No room for a verdict: every call computes its own.
    let trust = [
        (kind::INTEL_DCAP, gpu::platforms().map(|platform| platform.root()).collect()),
        (kind::AWS_NITRO, vec![nitro_root().root()]),
        (kind::AMD_SEV_SNP, vec![snp_root().root()]),
        (kind::GROTH16, zk::pinned_keys()),
    ]
    .into_iter()
    .collect();
    let rules = AssayRules { trust, ..AssayRules::default() };
    Precompiles::new(&rules, VerdictCache::new(0)).unwrap()
}

fn case(name: impl Into<String>, interface: usize, data: Vec<u8>) -> Case {
    let address = PRECOMPILE_ADDRESSES[interface];
    let gas = match precompiles().call(&address, &data, U256::ZERO, u64::MAX) {
        Some(Outcome::Success { gas, .. } | Outcome::Revert { gas, .. }) => gas,
        other => panic!("{other:?}"),
    };
    Case { name: name.into(), address, data, gas }
}

fn verify(kind: u8, evidence: &[u8], collateral: &[u8], time: u64) -> Vec<u8> {
    IAttestation::verifyCall {
        kind,
        evidence: Bytes::copy_from_slice(evidence),
        collateral: Bytes::copy_from_slice(collateral),
        time,
    }
    .abi_encode()
}

fn secp256k1_evidence() -> (Vec<u8>, B256, Vec<u8>) {
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    let digest = keccak256("a statement");
    let signature: Signature = key.sign_prehash(digest.as_slice()).unwrap();
    let signature = signature.normalize_s().unwrap_or(signature);
    let point = key.verifying_key().to_encoded_point(false);
    (point.as_bytes().to_vec(), digest, signature.to_bytes().to_vec())
}

/// An attestation document as large as they get, by a development root.
fn largest_nitro_document() -> Bytes {
    let document = DevDocument {
        pcrs: (0..32).map(|index| (index, [index + 1; 48])).collect(),
        user_data: Some(vec![1; 512].into()),
        nonce: Some(vec![2; 512].into()),
        public_key: Some(vec![3; 1024].into()),
        time: NITRO_TIME,
    };
    nitro_root().attest(&document)
}

/// A report with the list beside it, with the list ahead, and the list alone.
fn snp_cases() -> [Case; 4] {
    let report = DevSnpReport {
        measurement: [1; 48],
        host_data: [2; 32],
        report_data: [3; 64],
        chip_id: [4; 64],
    };
    let made = snp_root().attest(&report);
    let anchors = [(kind::AMD_SEV_SNP, vec![snp_root().root()])].into_iter().collect();
    let anchors = Anchors::new(&anchors).unwrap();
    let list = assay_attestation::verify_collateral(
        kind::AMD_SEV_SNP,
        &made.collateral,
        &anchors,
        Backend::default(),
    )
    .unwrap();
    let (evidence, time) = (made.evidence.clone(), NITRO_TIME);
    let with = IAttestation::verifyWithCall {
        kind: kind::AMD_SEV_SNP,
        evidence,
        compact: list.compact.into(),
        time,
    };
    let alone = IAttestation::verifyCollateralCall {
        kind: kind::AMD_SEV_SNP,
        collateral: made.collateral.clone(),
        time,
    };
    // The last signature fails.
    let mut forged = made.evidence.to_vec();
    forged[0x2a0] ^= 1;
    let verify = |evidence: &[u8]| verify(kind::AMD_SEV_SNP, evidence, &made.collateral, time);
    [
        case("verify SEV-SNP", 0, verify(&made.evidence)),
        case("verify SEV-SNP, forged", 0, verify(&forged)),
        case("verifyWith SEV-SNP", 0, with.abi_encode()),
        case("verifyCollateral SEV-SNP", 0, alone.abi_encode()),
    ]
}

fn attestation_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, quote, collateral) in QUOTES {
        let claims = assay_attestation::verify(
            kind::INTEL_DCAP,
            quote,
            collateral,
            &Anchors::default(),
            Backend::default(),
        )
        .unwrap();
        cases.push(case(name, 0, verify(kind::INTEL_DCAP, quote, collateral, claims.not_before)));
    }
    cases.extend(collateral::ahead());
    cases.push(case("verify Nitro", 0, verify(kind::AWS_NITRO, NITRO, &[], NITRO_TIME)));
    let document = largest_nitro_document();
    cases.push(case(
        "verify Nitro, largest",
        0,
        verify(kind::AWS_NITRO, &document, &[], NITRO_TIME),
    ));
    cases.extend(snp_cases());
    cases.extend(gpu::cases());
    cases.extend(zk::cases());
    let (key, digest, signature) = secp256k1_evidence();
    let evidence = [key.as_slice(), &signature, digest.as_slice()].concat();
    cases.push(case("verify secp256k1", 0, verify(kind::SECP256K1, &evidence, &[], 0)));
    cases.extend(collateral::signatures(digest));
    let (key, signature) = bls_evidence(digest);
    let evidence = [key.as_slice(), &signature, digest.as_slice()].concat();
    cases.push(case("verify BLS12-381", 0, verify(kind::BLS12_381, &evidence, &[], 0)));
    cases
}

fn bls_evidence(digest: B256) -> (Vec<u8>, Vec<u8>) {
    let key = blst::min_pk::SecretKey::key_gen(&[7; 32], &[]).unwrap();
    let tag = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    let signature = key.sign(digest.as_slice(), tag, &[]);
    (key.sk_to_pk().compress().to_vec(), signature.compress().to_vec())
}

fn signature_cases() -> Vec<Case> {
    let (key, digest, signature) = secp256k1_evidence();
    let (bls_key, bls_signature) = bls_evidence(digest);
    let call = ISignatures::verifyManyCall {
        scheme: 32,
        digests: vec![digest; 100],
        keys: vec![key.into(); 100],
        signatures: vec![signature.into(); 100],
    };
    let bls = ISignatures::verifyManyCall {
        scheme: 35,
        digests: vec![digest; 100],
        keys: vec![bls_key.into(); 100],
        signatures: vec![bls_signature.into(); 100],
    };
    vec![
        case("verifyMany, 100 secp256k1", 2, call.abi_encode()),
        case("verifyMany, 100 BLS12-381", 2, bls.abi_encode()),
    ]
}

fn ecrecover_input() -> Vec<u8> {
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    let digest = keccak256("a statement");
    let (signature, recovery) = key.sign_prehash_recoverable(digest.as_slice()).unwrap();
    let mut input = digest.to_vec();
    input.extend_from_slice(&U256::from(27 + recovery.to_byte()).to_be_bytes::<32>());
    input.extend_from_slice(&signature.to_bytes());
    input
}

/// Nanoseconds of each of two calls: the least of many short rounds in turn, so that whatever else
/// the machine does falls out of both. The longer a call, the fewer a round.
fn nanoseconds(mut first: impl FnMut(), mut second: impl FnMut()) -> (f64, f64) {
    let time = |call: &mut dyn FnMut(), calls: u32| {
        let start = Instant::now();
        for _ in 0..calls {
            call();
        }
        start.elapsed().as_nanos() as f64 / f64::from(calls)
    };
    let calls = if time(&mut second, 1) > 200_000.0 { 1 } else { 4 };
    // Long calls need fewer rounds to find a quiet moment: they see many.
    let start = Instant::now();
    (0..200)
        .take_while(|round| *round < 20 || start.elapsed() < Duration::from_secs(3))
        .fold((f64::MAX, f64::MAX), |(one, two), _| {
            (one.min(time(&mut first, 4)), two.min(time(&mut second, calls)))
        })
}

fn benches(criterion: &mut Criterion) {
    let precompiles = precompiles();
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let cases: Vec<Case> = attestation_cases()
        .into_iter()
        .chain(attribution::cases())
        .chain(signature_cases())
        .filter(|case| only.as_ref().is_none_or(|only| case.name.contains(only)))
        .collect();
    let mut group = criterion.benchmark_group("precompiles");
    for case in &cases {
        group.throughput(Throughput::Elements(case.gas));
        group.bench_function(&case.name, |bencher| {
            bencher.iter(|| precompiles.call(&case.address, &case.data, U256::ZERO, u64::MAX));
        });
    }
    group.finish();

    let input = ecrecover_input();
    let ecrecover = || {
        let output = revm::precompile::secp256k1::ec_recover_run(&input, ECRECOVER_GAS);
        black_box(output.unwrap());
    };
    println!("\n| call | µs | gas | Mgas/s | to ecrecover |\n| --- | --- | --- | --- | --- |");
    for case in &cases {
        // Each beside ecrecover, so that a machine that changes its pace changes both.
        let (base, own) = nanoseconds(ecrecover, || {
            black_box(precompiles.call(&case.address, &case.data, U256::ZERO, u64::MAX));
        });
        let (speed, base_speed) = (case.gas as f64 / own * 1e3, ECRECOVER_GAS as f64 / base * 1e3);
        println!(
            "| {} | {:.1} | {} | {speed:.0} | {:.2} |",
            case.name,
            own / 1e3,
            case.gas,
            speed / base_speed
        );
    }
}

criterion_group!(all, benches);
criterion_main!(all);
