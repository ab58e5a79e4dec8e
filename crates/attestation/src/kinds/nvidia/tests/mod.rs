pub(crate) mod mutations;
mod oracle;
mod vectors;

use crate::{
    Anchors, Backend, Claims, Code, Refusal, check_time,
    claims::identity,
    dev::{DevGpu, gpu::Recipe, x509::Key},
    kind, status, verify, work,
};
use alloy_primitives::{B256, Bytes, keccak256};
use std::ops::Range;

const VALIDITY: Range<u64> = 1_800_000_000..1_800_003_600;
const NONCE: B256 = B256::repeat_byte(0xa5);

fn service() -> DevGpu {
    DevGpu::new(B256::repeat_byte(7), VALIDITY)
}

/// A key that is not the service's.
fn stranger() -> Key {
    Key::derive_p384(B256::ZERO, "nvidia")
}

pub(crate) fn recipe(gpus: u8) -> Recipe {
    service().recipe(NONCE, gpus)
}

/// The verdict under the default anchors, which both backends must share.
fn run(evidence: &[u8]) -> Result<Claims, Code> {
    run_with(evidence, &[], &Anchors::default())
}

fn run_with(evidence: &[u8], collateral: &[u8], anchors: &Anchors) -> Result<Claims, Code> {
    let run = |backend| verify(kind::NVIDIA_GPU, evidence, collateral, anchors, backend);
    let native = run(Backend::Native);
    assert_eq!(native, run(Backend::Portable));
    native.map_err(|refusal| match refusal {
        Refusal::Refused(code) => code,
        other => panic!("{other}"),
    })
}

fn text(value: &str) -> Vec<u8> {
    [&[value.len() as u8], value.as_bytes()].concat()
}

#[test]
fn evidence_gives_claims() {
    let evidence = service().attest(NONCE, 2);
    let claims = run(&evidence).unwrap();
    let firmware = [text("GH100"), text("595.71.05"), text("96.00.9F.00.04")].concat();
    let measurement = [&[2][..], &firmware, &firmware].concat();
    assert_eq!((claims.kind, claims.assurance), (kind::NVIDIA_GPU, 3));
    assert_eq!(claims.identity, identity(kind::NVIDIA_GPU, &measurement));
    assert_eq!(claims.measurement, measurement);
    assert_eq!(claims.bound, NONCE.as_slice());
    assert_eq!(claims.anchors, [B256::from_slice(&service().thumbprint())]);
    assert_eq!(claims.collateral, B256::ZERO);
    assert_eq!(claims.issued_at, VALIDITY.start);
    assert_eq!((claims.not_before, claims.not_after), (VALIDITY.start, VALIDITY.end));
    assert_eq!(claims.status, status::ANCHOR_LEFT_TO_POLICY);
    assert!(claims.tcb.is_empty());
    assert!(check_time(&claims, VALIDITY.end - 1).is_ok());
    assert!(check_time(&claims, VALIDITY.end).is_err());

    let overall = recipe(2).product().overall;
    let (signed, _) = overall.rsplit_once('.').unwrap();
    assert_eq!(claims.id, keccak256(signed));
    // One GPU of the two is another machine with other firmware.
    let one = run(&service().attest(NONCE, 1)).unwrap();
    assert!(one.platform != claims.platform && one.identity != claims.identity);
    assert!(one.id != claims.id);
}

#[test]
fn the_chain_pins_a_key() {
    let evidence = service().attest(NONCE, 1);
    let anchors = |thumbprints: Vec<Bytes>| {
        Anchors::new(&[(kind::NVIDIA_GPU, thumbprints)].into_iter().collect())
    };
    let pinned = anchors(vec![service().thumbprint()]).unwrap();
    let claims = run_with(&evidence, &[], &pinned).unwrap();
    assert_eq!(claims.status, 0);
    let other = DevGpu::new(B256::ZERO, VALIDITY).thumbprint();
    let claims = run_with(&evidence, &[], &anchors(vec![other]).unwrap()).unwrap();
    assert_eq!(claims.status, status::ANCHOR_LEFT_TO_POLICY);
    assert!(anchors(vec![Bytes::from(vec![1; 31])]).is_err());
    assert!(anchors(vec![service().thumbprint(), service().thumbprint()]).is_err());
}

#[test]
fn neither_names_nor_order_of_gpus_matter() {
    let mut recipe = recipe(3);
    for (index, (_, gpu)) in recipe.gpus.iter_mut().enumerate() {
        gpu.claims.set("hwmodel", ["\"B\"", "\"A\"", "\"CC\""][index]);
    }
    let claims = run(&recipe.product().evidence()).unwrap();
    recipe.gpus.reverse();
    recipe.gpus[0].0 = "GPU-999".to_owned();
    let reversed = run(&recipe.product().evidence()).unwrap();
    assert_eq!(claims.measurement, reversed.measurement);
    assert_eq!(claims.platform, reversed.platform);
    let firmware = |model| [text(model), text("595.71.05"), text("96.00.9F.00.04")].concat();
    let expected = [vec![3], firmware("A"), firmware("B"), firmware("CC")].concat();
    assert_eq!(claims.measurement, expected);
}

#[test]
fn the_window_is_what_all_tokens_share() {
    let mut recipe = recipe(3);
    recipe.gpus[0].1.claims.set("nbf", "1800000100");
    recipe.gpus[2].1.claims.set("exp", "1800000200");
    let claims = run(&recipe.product().evidence()).unwrap();
    assert_eq!((claims.not_before, claims.not_after), (1_800_000_100, 1_800_000_200));
    assert_eq!(claims.issued_at, VALIDITY.start);
    // No token holds before it was issued.
    recipe.gpus[1].1.claims.set("iat", "1800000150");
    let claims = run(&recipe.product().evidence()).unwrap();
    assert_eq!((claims.not_before, claims.not_after), (1_800_000_150, 1_800_000_200));
    recipe.overall.claims.set("iat", "1800000160");
    let claims = run(&recipe.product().evidence()).unwrap();
    assert_eq!((claims.not_before, claims.issued_at), (1_800_000_160, 1_800_000_160));
    recipe.overall.claims.set("iat", "1800000200");
    assert_eq!(run(&recipe.product().evidence()), Err(Code::EmptyWindow));
}

#[test]
fn warnings_are_a_status() {
    let warned = status::ANCHOR_LEFT_TO_POLICY | status::VENDOR_WARNING;
    for (name, value, expected) in [
        ("x-nvidia-attestation-warning", "\"certificate on hold\"", warned),
        ("x-nvidia-attestation-warning", "\"\"", warned),
        ("x-nvidia-attestation-warning", "null", status::ANCHOR_LEFT_TO_POLICY),
        (
            "x-nvidia-gpu-driver-rim-cert-chain",
            r#"{"x-nvidia-cert-status":"valid","x-nvidia-cert-ocsp-status":"good","a":[1]}"#,
            status::ANCHOR_LEFT_TO_POLICY,
        ),
        (
            "x-nvidia-gpu-driver-rim-cert-chain",
            r#"{"x-nvidia-cert-status":"valid","x-nvidia-cert-ocsp-status":"revoked"}"#,
            warned,
        ),
        ("x-nvidia-gpu-vbios-rim-cert-chain", r#"{"x-nvidia-cert-status":"valid"}"#, warned),
        // The answer about revocation is another question's, or nobody's.
        (
            "x-nvidia-gpu-vbios-rim-cert-chain",
            r#"{"x-nvidia-cert-status":"valid","x-nvidia-cert-ocsp-status":"good","x-nvidia-cert-ocsp-nonce-matches":false}"#,
            warned,
        ),
        (
            "x-nvidia-gpu-attestation-report-cert-chain",
            r#"{"x-nvidia-cert-ocsp-response-valid":false,"x-nvidia-cert-status":"valid","x-nvidia-cert-ocsp-status":"good"}"#,
            warned,
        ),
        (
            "x-nvidia-gpu-vbios-rim-cert-chain",
            r#"{"x-nvidia-cert-status":"valid","x-nvidia-cert-ocsp-status":"good","x-nvidia-cert-ocsp-nonce-matches":true,"x-nvidia-cert-ocsp-response-valid":true}"#,
            status::ANCHOR_LEFT_TO_POLICY,
        ),
        ("x-nvidia-error-details", "null", status::ANCHOR_LEFT_TO_POLICY),
    ] {
        let mut recipe = recipe(2);
        recipe.gpus[1].1.claims.set(name, value);
        let claims = run(&recipe.product().evidence()).unwrap();
        assert_eq!(claims.status, expected, "{name}: {value}");
    }
}

#[test]
fn work_counts_signatures() {
    for count in [1, 2, 16] {
        let evidence = service().attest(NONCE, count);
        assert!(run(&evidence).is_ok());
        let counted = work(kind::NVIDIA_GPU, &evidence, &[]).unwrap();
        assert_eq!(counted.p384, u32::from(count) + 1);
        assert_eq!(counted.evidence_bytes, evidence.len() as u64);
    }
    assert_eq!(work(kind::NVIDIA_GPU, &[], &[]).unwrap().p384, 0);
    assert_eq!(run(&service().attest(NONCE, 17)), Err(Code::GpuCount));
    assert_eq!(run(&service().attest(NONCE, 0)), Err(Code::GpuCount));
    let large = verify(
        kind::NVIDIA_GPU,
        &[0; super::MAX_EVIDENCE + 1],
        &[],
        &Anchors::default(),
        Backend::Native,
    );
    assert!(matches!(large, Err(Refusal::TooLarge { .. })));
}
