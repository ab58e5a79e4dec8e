//! Kinds 4 and 5: tokens like NVIDIA's in size, and the longest that are accepted.

use crate::{Case, case, verify};
use alloy_primitives::{B256, Bytes, hex};
use alloy_sol_types::SolValue;
use assay_attestation::{
    Anchors, Backend,
    dev::{DevGpu, DevPlatform, DevReport, composite_evidence},
    kind,
};
use p384::ecdsa::signature::Signer;
use sha2::{Digest, Sha256};
use std::ops::Range;

const VALIDITY: Range<u64> = 1_800_000_000..1_800_003_600;

/// Platforms whose roots the benchmark's chain trusts: as many as a genesis may name.
pub(crate) fn platforms() -> impl Iterator<Item = DevPlatform> {
    (2..10).map(|seed| DevPlatform::new(B256::repeat_byte(seed), VALIDITY))
}

/// One of them.
const fn platform() -> DevPlatform {
    DevPlatform::new(B256::repeat_byte(2), VALIDITY)
}

pub(crate) fn cases() -> Vec<Case> {
    let nonce = B256::repeat_byte(9);
    let gpus = DevGpu::new(B256::repeat_byte(1), VALIDITY);
    let mut cases: Vec<Case> = [1, 8, 16]
        .into_iter()
        .map(|count| {
            let data = verify(kind::NVIDIA_GPU, &gpus.attest(nonce, count), &[], VALIDITY.start);
            case(format!("verify {count} GPUs"), 0, data)
        })
        .collect();
    for (name, filling) in [("fields", "\"a\":0,"), ("lists", "[],"), ("numbers", "0,")] {
        for count in [1, 6] {
            let tokens = longest_tokens(filling, count);
            // One that is refused halfway would look cheap.
            let verdict = assay_attestation::verify(
                kind::NVIDIA_GPU,
                &tokens,
                &[],
                &Anchors::default(),
                Backend::default(),
            );
            assert!(verdict.is_ok(), "tokens full of {name}: {verdict:?}");
            let data = verify(kind::NVIDIA_GPU, &tokens, &[], 0);
            cases.push(case(format!("verify {count} GPUs, tokens full of {name}"), 0, data));
        }
    }
    let mut report_data = [0; 64];
    report_data[32..].copy_from_slice(nonce.as_slice());
    let report = DevReport::Tdx { mr_td: [1; 48], registers: [[2; 48]; 4], report_data };
    let cpu = platform().attest(&report);
    let joined = composite_evidence(kind::INTEL_DCAP, &cpu.evidence, &gpus.attest(nonce, 8));
    let data = verify(kind::CPU_WITH_GPU, &joined, &cpu.collateral, VALIDITY.start);
    cases.push(case("verify TDX with 8 GPUs", 0, data));
    cases
}

/// GPUs whose tokens are as long as they may be, full of what the verifier passes over.
fn longest_tokens(filling: &str, count: usize) -> Vec<u8> {
    const LONGEST: usize = 8_192;
    let key = p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap();
    let token = |claims: &str| {
        let token = |claims: &str| {
            let header = base64url(br#"{"alg":"ES384","kid":"a"}"#);
            let signed = format!("{header}.{}", base64url(claims.as_bytes()));
            let signature: p384::ecdsa::Signature = key.sign(signed.as_bytes());
            format!("{signed}.{}", base64url(&signature.to_bytes()))
        };
        let room = (LONGEST - token(claims).len()) / 4 * 3 - 24;
        let filling = filling.repeat(room / filling.len());
        let filling = filling.trim_end_matches(',');
        let open = if filling.starts_with('"') {
            filling.to_owned()
        } else {
            format!("\"a\":[{filling}]")
        };
        token(&format!("{{{open},{}", &claims[1..]))
    };
    let common = format!(
        r#""iss":"https://nras.attestation.nvidia.com","eat_nonce":"{}","nbf":0,"iat":0,"exp":9999999999"#,
        "a5".repeat(32)
    );
    // Stated by every one of the service's tokens.
    let checks: String =
        DevGpu::CHECKS.iter().map(|check| format!(r#","x-nvidia-gpu-{check}":true"#)).collect();
    let gpus: Vec<String> = (0..count)
        .map(|index| {
            token(&format!(
                r#"{{{common}{checks},"hwmodel":"GH100","ueid":"{index}","measres":"success","secboot":true,"dbgstat":"disabled","x-nvidia-gpu-driver-version":"1","x-nvidia-gpu-vbios-version":"1"}}"#
            ))
        })
        .collect();
    let submodules: Vec<String> = gpus
        .iter()
        .enumerate()
        .map(|(index, token)| {
            let digest = hex::encode(Sha256::digest(token));
            format!(r#""GPU-{index}":["DIGEST",["SHA-256","{digest}"]]"#)
        })
        .collect();
    let overall = token(&format!(
        r#"{{{common},"sub":"NVIDIA-PLATFORM-ATTESTATION","x-nvidia-ver":"2.0","x-nvidia-overall-att-result":true,"submods":{{{}}}}}"#,
        submodules.join(",")
    ));
    let point = key.verifying_key().to_encoded_point(false);
    let gpus: Vec<Bytes> = gpus.into_iter().map(|token| token.into_bytes().into()).collect();
    let key = Bytes::copy_from_slice(&point.as_bytes()[1..]);
    (key, Bytes::from(overall.into_bytes()), gpus).abi_encode_params()
}

fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        text.extend(
            (0..=group.len())
                .map(|index| char::from(ALPHABET[(bits >> (18 - 6 * index) & 63) as usize])),
        );
    }
    text
}
