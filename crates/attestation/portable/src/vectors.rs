//! Evidence of every kind, real where this project has it, made by the development vendors elsewhere.

use alloc::{vec, vec::Vec};
use alloy_primitives::{B256, Bytes, hex};
use assay_attestation::{
    Anchors,
    dev::{DevGpu, DevPlatform, DevReport, DevSnp, DevSnpReport, composite_evidence},
    kind,
};
use core::ops::Range;

/// What is verified, and what it is verified by.
pub(crate) struct Vector {
    pub(crate) kind: u8,
    pub(crate) evidence: Bytes,
    pub(crate) collateral: Bytes,
    pub(crate) anchors: Anchors,
}

/// Files of real evidence that need no other collateral.
const FILES: [(u8, &[u8], &[u8]); 5] = [
    (
        kind::INTEL_DCAP,
        include_bytes!("../../testdata/dcap/tdx_v4.quote"),
        include_bytes!("../../testdata/dcap/tdx_v4.collateral.json"),
    ),
    (kind::AWS_NITRO, include_bytes!("../../testdata/nitro/production.cose"), &[]),
    (kind::GROTH16, include_bytes!("../../testdata/groth16/snarkjs.evidence"), &[]),
    (kind::SP1, include_bytes!("../../testdata/sp1/v6.1.0.evidence"), &[]),
    (kind::RISC0, include_bytes!("../../testdata/risc0/v3.0.evidence"), &[]),
];

/// Single signatures as OpenSSL made them, and BLS12-381 as Ethereum's tests of it have them.
const SIGNATURES: [(u8, &[u8]); 4] = [
    (kind::SECP256K1, &SECP256K1),
    (kind::P256, &P256),
    (kind::ED25519, &ED25519),
    (kind::BLS12_381, &BLS12_381),
];

const SECP256K1: [u8; 161] = hex!(
    "045cbdf0646e5db4eaa398f365f2ea7a0e3d419b7e0330e39ce92bddedcac4f9bc6aebca40ba255960a3178d6d861a54\
     dba813d0b813fde7b5a5082628087264da84225b41c3b82a775528ac7bea626cbe33e57eb4fe498a9b74006827572734\
     5007ce96d548a6820849e6dafb407289e256f2e3cfc663ee76c39ce8034e6880df5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a\
     5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
);
const P256: [u8; 161] = hex!(
    "048e533b6fa0bf7b4625bb30667c01fb607ef9f8b8a80fef5b300628703187b2a373eb1dbde03318366d069f83a6f590\
     0053c73633cb041b21c55e1a86c1f400b4700359f2d5198ff57a8426e80d1e6f130e08a55d583aace238a0667a6c7988\
     3d90824ad8ad59333b261c3312bc328774be7d50e50852eaff57602c38fbf561755a5a5a5a5a5a5a5a5a5a5a5a5a5a5a\
     5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
);
const ED25519: [u8; 128] = hex!(
    "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22cbc89ad4fb4e28c4657542ecf400fd635\
     b6a098823d32ee3c401d6c6f65f37913071fd40efdbe12fb6c391b2a69b5ee0b6037ccff3dda56b61880d092d9403c06\
     5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
);
const BLS12_381: [u8; 176] = hex!(
    "a491d1b0ecd9bb917989f0e74f0dea0422eac4a873e5e2644f368dffb9a6e20fd6e10c1b77654d067c0618f6e5a7f79a\
     b6ed936746e01f8ecf281f020953fbf1f01debd5657c4a383940b020b26507f6076334f91e2366c96e9ab279fb515809\
     0352ea1c5b0c9274504f4f0e7053af24802e51e4568d164fe986834f41e55c8e850ce1f98458c0cfc9ab380b55285a55\
     0000000000000000000000000000000000000000000000000000000000000000"
);

const SEED: B256 = B256::repeat_byte(7);
const VALIDITY: Range<u64> = 1_700_000_000..1_800_000_000;
const NONCE: B256 = B256::repeat_byte(9);

/// A vector of each kind.
pub(crate) fn all() -> Vec<Vector> {
    let real =
        FILES.into_iter().chain(SIGNATURES.map(|(kind, evidence)| (kind, evidence, &[][..])));
    let mut all: Vec<Vector> = real
        .map(|(kind, evidence, collateral)| Vector {
            kind,
            evidence: Bytes::from_static(evidence),
            collateral: Bytes::from_static(collateral),
            anchors: Anchors::default(),
        })
        .collect();
    all.extend([snp(), gpu(), cpu_with_gpu()]);
    all
}

/// The anchors of a chain that trusts these development vendors.
fn anchors<const N: usize>(roots: [(u8, Bytes); N]) -> Anchors {
    let roots = roots.into_iter().map(|(kind, root)| (kind, vec![root])).collect();
    Anchors::new(&roots).expect("development roots are usable")
}

fn snp() -> Vector {
    let platform = DevSnp::new(SEED, VALIDITY);
    let made = platform.attest(&DevSnpReport {
        measurement: [1; 48],
        host_data: [2; 32],
        report_data: [3; 64],
        chip_id: [4; 64],
    });
    let anchors = anchors([(kind::AMD_SEV_SNP, platform.root())]);
    Vector {
        kind: kind::AMD_SEV_SNP,
        evidence: made.evidence,
        collateral: made.collateral,
        anchors,
    }
}

fn gpu() -> Vector {
    let gpus = DevGpu::new(SEED, VALIDITY);
    Vector {
        kind: kind::NVIDIA_GPU,
        evidence: gpus.attest(NONCE, 2),
        collateral: Bytes::new(),
        anchors: anchors([(kind::NVIDIA_GPU, gpus.thumbprint())]),
    }
}

fn cpu_with_gpu() -> Vector {
    let (platform, gpus) = (DevPlatform::new(SEED, VALIDITY), DevGpu::new(SEED, VALIDITY));
    let mut report_data = [0; 64];
    report_data[32..].copy_from_slice(NONCE.as_slice());
    let report = DevReport::Tdx { mr_td: [1; 48], registers: [[2; 48]; 4], report_data };
    let cpu = platform.attest(&report);
    Vector {
        kind: kind::CPU_WITH_GPU,
        evidence: composite_evidence(kind::INTEL_DCAP, &cpu.evidence, &gpus.attest(NONCE, 1)),
        collateral: cpu.collateral,
        anchors: anchors([
            (kind::INTEL_DCAP, platform.root()),
            (kind::NVIDIA_GPU, gpus.thumbprint()),
        ]),
    }
}
