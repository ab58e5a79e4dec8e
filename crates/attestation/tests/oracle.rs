//! dcap-qvl, whole, as a second opinion on kind 1.
//!
//! What is accepted here must be accepted there, with the same status, at both ends of the window.
//! What is refused here and accepted there must be one of the known points where this verifier is
//! stricter.

use alloy_primitives::{B256, Bytes};
use assay_attestation::{
    Anchors, Backend, Claims, Code, Refusal,
    dev::{DevPlatform, DevReport},
    kind, status, verify,
};
use dcap_qvl::{
    QuoteCollateralV3,
    configs::{RingConfig, RustCryptoConfig},
    verify::QuoteVerifier,
};
use proptest::{prelude::*, sample::Index};

/// What this verifier refuses though dcap-qvl does not look: strict encodings, unread fields.
const STRICTER: &[Code] = &[
    Code::QuoteTrailingBytes,
    Code::QuoteSignatureData,
    Code::CollateralJson,
    Code::TcbInfoJson,
    Code::QeIdentityJson,
    Code::PemEncoding,
    Code::ChainLength,
    Code::CertificateEncoding,
    Code::UnknownRoot,
    Code::RootMismatch,
];

struct Case {
    evidence: Bytes,
    collateral: Bytes,
    root: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let intel = |evidence: &'static [u8], collateral: &'static [u8]| Case {
        evidence: evidence.into(),
        collateral: collateral.into(),
        root: include_bytes!("../src/kinds/dcap/intel_root.der").to_vec(),
    };
    let made = |report| {
        let evidence = platform().attest(&report);
        Case {
            evidence: evidence.evidence,
            collateral: evidence.collateral,
            root: platform().root().to_vec(),
        }
    };
    vec![
        intel(
            include_bytes!("../testdata/dcap/sgx_v3.quote"),
            include_bytes!("../testdata/dcap/sgx_v3.collateral.json"),
        ),
        intel(
            include_bytes!("../testdata/dcap/tdx_v4.quote"),
            include_bytes!("../testdata/dcap/tdx_v4.collateral.json"),
        ),
        intel(
            include_bytes!("../testdata/dcap/tdx_v5.quote"),
            include_bytes!("../testdata/dcap/tdx_v5.collateral.json"),
        ),
        intel(
            include_bytes!("../testdata/dcap/tdx_v5_15ex.quote"),
            include_bytes!("../testdata/dcap/tdx_v5_15ex.collateral.json"),
        ),
        made(DevReport::Sgx {
            mr_enclave: B256::repeat_byte(1),
            mr_signer: B256::repeat_byte(2),
            report_data: [3; 64],
        }),
        made(DevReport::Tdx { mr_td: [1; 48], registers: [[2; 48]; 4], report_data: [3; 64] }),
    ]
}

fn platform() -> DevPlatform {
    DevPlatform::new(B256::repeat_byte(7), 1_700_000_000..1_800_000_000)
}

fn anchors() -> Anchors {
    Anchors::new(&[(1, vec![platform().root()])].into_iter().collect()).unwrap()
}

fn ours(evidence: &[u8], collateral: &[u8]) -> Result<Claims, Refusal> {
    let run = |backend| verify(kind::INTEL_DCAP, evidence, collateral, &anchors(), backend);
    let native = run(Backend::Native);
    assert_eq!(native, run(Backend::Portable));
    native
}

/// dcap-qvl's status as bits, where it accepts.
fn theirs(evidence: &[u8], collateral: &[u8], root: &[u8], time: u64) -> Option<u32> {
    let collateral: QuoteCollateralV3 = serde_json::from_slice(collateral).ok()?;
    let verifier = QuoteVerifier::<RingConfig>::new_with_config(root.to_vec());
    let ring = verifier.verify(evidence, &collateral, time).ok().map(|report| report.status);
    let verifier = verifier.with_config::<RustCryptoConfig>();
    let rustcrypto = verifier.verify(evidence, &collateral, time).ok().map(|report| report.status);
    assert_eq!(ring, rustcrypto);
    Some(match ring?.as_str() {
        "UpToDate" => 0,
        "SWHardeningNeeded" => status::SW_HARDENING_NEEDED,
        "ConfigurationNeeded" => status::CONFIGURATION_NEEDED,
        "ConfigurationAndSWHardeningNeeded" => {
            status::CONFIGURATION_NEEDED | status::SW_HARDENING_NEEDED
        }
        "OutOfDate" => status::OUT_OF_DATE,
        "OutOfDateConfigurationNeeded" => status::OUT_OF_DATE | status::CONFIGURATION_NEEDED,
        "TDRelaunchAdvised" => status::RELAUNCH_ADVISED,
        "TDRelaunchAdvisedConfigurationNeeded" => {
            status::RELAUNCH_ADVISED | status::CONFIGURATION_NEEDED
        }
        other => panic!("unexpected status {other}"),
    })
}

/// Compares the two; `time` is one at which the honest evidence holds.
fn compare(evidence: &[u8], collateral: &[u8], root: &[u8], time: u64) {
    match ours(evidence, collateral) {
        Ok(claims) => {
            for time in [claims.not_before, claims.not_after - 1] {
                assert_eq!(theirs(evidence, collateral, root, time), Some(claims.status));
            }
            assert_eq!(theirs(evidence, collateral, root, claims.not_after), None);
        }
        Err(Refusal::Refused(code)) => {
            let accepted = theirs(evidence, collateral, root, time).is_some();
            assert!(!accepted || STRICTER.contains(&code), "{code:?} is accepted by dcap-qvl");
        }
        Err(refusal) => panic!("{refusal}"),
    }
}

fn honest_time(case: &Case) -> u64 {
    ours(&case.evidence, &case.collateral).map_or(1_771_500_000, |claims| claims.not_before)
}

#[test]
fn honest_evidence() {
    for case in cases() {
        compare(&case.evidence, &case.collateral, &case.root, honest_time(&case));
    }
}

#[test]
fn swapped_collateral() {
    for case in cases() {
        for other in cases() {
            compare(&case.evidence, &other.collateral, &case.root, honest_time(&other));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn mutated_evidence(
        which in any::<Index>(),
        edits in proptest::collection::vec((any::<bool>(), any::<Index>(), any::<u8>(), 0u8..3), 1..3),
    ) {
        let mut cases = cases();
        let case = cases.swap_remove(which.index(cases.len()));
        let time = honest_time(&case);
        let (mut evidence, mut collateral) = (case.evidence.to_vec(), case.collateral.to_vec());
        for (in_evidence, at, byte, how) in edits {
            let target = if in_evidence { &mut evidence } else { &mut collateral };
            let at = at.index(target.len());
            match how {
                0 => target[at] = byte,
                1 => target.insert(at, byte),
                _ => drop(target.remove(at)),
            }
        }
        compare(&evidence, &collateral, &case.root, time);
    }
}
