//! Time of one verification per kind and backend, on the largest honest inputs at hand.

use alloy_primitives::{B256, Bytes};
use assay_attestation::{
    Anchors, Backend,
    dev::{DevGpu, DevPlatform, DevReport},
    kind, verify,
};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

struct Case {
    name: &'static str,
    kind: u8,
    evidence: Bytes,
    collateral: Bytes,
}

fn cases(platform: &DevPlatform) -> Vec<Case> {
    let intel = |name, evidence: &'static [u8], collateral: &'static [u8]| Case {
        name,
        kind: kind::INTEL_DCAP,
        evidence: evidence.into(),
        collateral: collateral.into(),
    };
    let signature = |name, kind, evidence: Vec<u8>| Case {
        name,
        kind,
        evidence: evidence.into(),
        collateral: Bytes::new(),
    };
    let report = DevReport::Tdx { mr_td: [1; 48], registers: [[2; 48]; 4], report_data: [3; 64] };
    let made = platform.attest(&report);
    let digest = B256::repeat_byte(0x5a);
    vec![
        intel(
            "dcap_sgx_v3",
            include_bytes!("../testdata/dcap/sgx_v3.quote"),
            include_bytes!("../testdata/dcap/sgx_v3.collateral.json"),
        ),
        intel(
            "dcap_tdx_v4",
            include_bytes!("../testdata/dcap/tdx_v4.quote"),
            include_bytes!("../testdata/dcap/tdx_v4.collateral.json"),
        ),
        intel(
            "dcap_tdx_v5",
            include_bytes!("../testdata/dcap/tdx_v5_15ex.quote"),
            include_bytes!("../testdata/dcap/tdx_v5_15ex.collateral.json"),
        ),
        Case {
            name: "dcap_dev_tdx",
            kind: kind::INTEL_DCAP,
            evidence: made.evidence,
            collateral: made.collateral,
        },
        Case {
            name: "nvidia_8",
            kind: kind::NVIDIA_GPU,
            evidence: DevGpu::new(digest, 1_700_000_000..1_800_000_000).attest(digest, 8),
            collateral: Bytes::new(),
        },
        signature(
            "groth16_4_inputs",
            kind::GROTH16,
            include_bytes!("../testdata/groth16/snarkjs.evidence").to_vec(),
        ),
        signature("sp1", kind::SP1, include_bytes!("../testdata/sp1/v6.1.0.evidence").to_vec()),
        signature("risc0", kind::RISC0, include_bytes!("../testdata/risc0/v3.0.evidence").to_vec()),
        signature("secp256k1", kind::SECP256K1, secp256k1(digest)),
        signature("p256", kind::P256, p256(digest)),
        signature("ed25519", kind::ED25519, ed25519(digest)),
        signature("bls12_381", kind::BLS12_381, bls12_381(digest)),
    ]
}

fn secp256k1(digest: B256) -> Vec<u8> {
    use k256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
    let key = SigningKey::from_slice(&[7; 32]).expect("valid scalar");
    let signature: Signature = key.sign_prehash(digest.as_slice()).expect("signs");
    let public = key.verifying_key().to_encoded_point(false);
    [public.as_bytes(), &signature.to_bytes(), digest.as_slice()].concat()
}

fn p256(digest: B256) -> Vec<u8> {
    use p256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
    let key = SigningKey::from_slice(&[7; 32]).expect("valid scalar");
    let signature: Signature = key.sign_prehash(digest.as_slice()).expect("signs");
    let public = key.verifying_key().to_encoded_point(false);
    [public.as_bytes(), &signature.to_bytes(), digest.as_slice()].concat()
}

fn ed25519(digest: B256) -> Vec<u8> {
    use ed25519_dalek::{Signer, SigningKey};
    let key = SigningKey::from_bytes(&[7; 32]);
    let signature = key.sign(digest.as_slice());
    [&key.verifying_key().to_bytes()[..], &signature.to_bytes(), digest.as_slice()].concat()
}

fn bls12_381(digest: B256) -> Vec<u8> {
    let key = blst::min_pk::SecretKey::key_gen(&[7; 32], &[]).expect("enough material");
    let tag = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    let signature = key.sign(digest.as_slice(), tag, &[]);
    [&key.sk_to_pk().compress()[..], &signature.compress(), digest.as_slice()].concat()
}

fn bench(criterion: &mut Criterion) {
    let platform = DevPlatform::new(B256::repeat_byte(7), 1_700_000_000..1_800_000_000);
    let anchors =
        Anchors::new(&[(1, vec![platform.root()])].into_iter().collect()).expect("valid root");
    for case in cases(&platform) {
        let mut group = criterion.benchmark_group(case.name);
        for backend in [Backend::Native, Backend::Portable] {
            let run = || verify(case.kind, &case.evidence, &case.collateral, &anchors, backend);
            assert!(run().is_ok(), "{} is refused", case.name);
            group.bench_function(format!("{backend:?}"), |bencher| {
                bencher.iter(|| black_box(run()));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
