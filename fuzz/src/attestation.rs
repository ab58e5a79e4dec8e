//! Evidence, and the precompiles' calldata.

use alloy_primitives::U256;
use assay_attestation::{
    Anchors, Backend, assess, collateral_digest, dcap, kind, verify, verify_collateral, verify_with,
};
use assay_chainspec::{AssayRules, PRECOMPILE_ADDRESSES};
use assay_precompiles::{Outcome, Precompiles, VerdictCache};
use std::{collections::BTreeMap, sync::LazyLock};

/// More than a block's: the limit is not what stops a call here.
const GAS: u64 = 1 << 30;

static ANCHORS: LazyLock<Anchors> =
    LazyLock::new(|| Anchors::new(&BTreeMap::new()).expect("built-in anchors"));
// Too small to hold a verdict, so that each run does the work.
static PRECOMPILES: LazyLock<Precompiles> = LazyLock::new(|| {
    Precompiles::new(&AssayRules::default(), VerdictCache::new(1)).expect("default rules")
});

fn check(kind: u8, data: &[u8]) {
    // A big-endian length, the evidence, and the rest is collateral.
    let Some((length, rest)) = data.split_first_chunk::<2>() else { return };
    let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
    let (evidence, collateral) = rest.split_at(length);
    let verdict = verify(kind, evidence, collateral, &ANCHORS, Backend::Native);
    assert_eq!(verdict, verify(kind, evidence, collateral, &ANCHORS, Backend::Portable));
}

/// Kind 1.
pub fn attestation_dcap(data: &[u8]) {
    check(kind::INTEL_DCAP, data);
}

/// Kind 2.
pub fn attestation_nitro(data: &[u8]) {
    check(kind::AWS_NITRO, data);
}

/// Kind 3: what follows the evidence is a list, or one in compact form, or both a `tcb`.
pub fn attestation_snp(data: &[u8]) {
    check(kind::AMD_SEV_SNP, data);
    let Some((length, rest)) = data.split_first_chunk::<2>() else { return };
    let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
    let (evidence, list) = rest.split_at(length);
    let run = |backend| verify_with(kind::AMD_SEV_SNP, evidence, list, &ANCHORS, backend);
    assert_eq!(run(Backend::Native), run(Backend::Portable));
    let run = |backend| verify_collateral(kind::AMD_SEV_SNP, list, &ANCHORS, backend);
    assert_eq!(run(Backend::Native), run(Backend::Portable));
    let _ = assess(kind::AMD_SEV_SNP, evidence, list, &ANCHORS, Backend::default());
}

/// Kind 4.
pub fn attestation_nvidia(data: &[u8]) {
    check(kind::NVIDIA_GPU, data);
}

/// Kind 5.
pub fn attestation_composite(data: &[u8]) {
    check(kind::CPU_WITH_GPU, data);
}

/// Kinds 16 to 18: the first byte chooses.
pub fn attestation_proofs(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    check(kind::GROTH16 + first % 3, rest);
}

/// Kinds 32 to 35: the first byte chooses.
pub fn attestation_signatures(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    check(kind::SECP256K1 + first % 4, rest);
}

/// Kind 1's single statements, and whole collateral cut into them.
pub fn attestation_dcap_statement(data: &[u8]) {
    let run = |input: &[u8]| {
        let verdict = verify_collateral(kind::INTEL_DCAP, input, &ANCHORS, Backend::default());
        if let Ok(claims) = verdict {
            assert!(claims.not_before < claims.not_after);
            let (_, anchor) = input.split_at(1);
            let anchor = alloy_primitives::B256::from_slice(&anchor[..32]);
            let digest = collateral_digest(kind::INTEL_DCAP, anchor, &claims.compact);
            assert_eq!(claims.digest, digest);
        }
    };
    run(data);
    if let Ok(inputs) = dcap::split_collateral(data) {
        inputs.iter().for_each(|input| run(input));
    }
}

/// Kind 1 over compact forms: a length (2 bytes), a quote or a `tcb`, and the forms joined.
pub fn attestation_dcap_compact(data: &[u8]) {
    let Some((length, rest)) = data.split_first_chunk::<2>() else { return };
    let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
    let (subject, compact) = rest.split_at(length);
    let backend = Backend::default();
    if let Ok(claims) = verify_with(kind::INTEL_DCAP, subject, compact, &ANCHORS, backend) {
        // What was verified over these forms is judged by them to be the same.
        let judged = assess(kind::INTEL_DCAP, &claims.tcb, compact, &ANCHORS, backend);
        let judged = judged.expect("forms that held");
        assert_eq!(judged.status, claims.status);
    }
    let _ = assess(kind::INTEL_DCAP, subject, compact, &ANCHORS, backend);
    let _ = dcap::collateral_keys(subject, 0);
}

fn call(index: usize, data: &[u8]) {
    let address = &PRECOMPILE_ADDRESSES[index];
    let outcome = PRECOMPILES.call(address, data, U256::ZERO, GAS).expect("a precompile");
    // What a call uses is enough for it, and one less is not.
    if let Outcome::Success { gas, .. } | Outcome::Revert { gas, .. } = &outcome {
        let exact = PRECOMPILES.call(address, data, U256::ZERO, *gas).expect("a precompile");
        assert_eq!(exact, outcome);
        if let Some(less) = gas.checked_sub(1) {
            let short = PRECOMPILES.call(address, data, U256::ZERO, less).expect("a precompile");
            assert_eq!(short, Outcome::OutOfGas);
        }
    }
}

/// `IAttestation`.
pub fn precompile_attestation(data: &[u8]) {
    call(0, data);
}

/// `IAttribution`.
pub fn precompile_attribution(data: &[u8]) {
    call(1, data);
}

/// `ISignatures`.
pub fn precompile_signatures(data: &[u8]) {
    call(2, data);
}
