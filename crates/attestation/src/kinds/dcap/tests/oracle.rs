//! dcap-qvl, whole, as a second opinion.
//!
//! What is accepted here must be accepted there, with the same status, at both ends of the window
//! and no longer after it. What is refused here and accepted there must be one of the points where
//! this verifier is stricter, and these are listed.
//!
//! The long run: `ASSAY_MUTATIONS=100000 cargo test -p assay-attestation --lib dcap::tests::oracle`,
//! that many mutations of quotes and collateral and a tenth as many invented statements.

use super::*;
use crate::{
    dev::recipe::{Product, dates},
    testing::cases,
};
use dcap_qvl::{
    QuoteCollateralV3,
    configs::{RingConfig, RustCryptoConfig},
    verify::QuoteVerifier,
};
use proptest::{prelude::*, sample::Index};
use std::{cmp::Reverse, collections::BTreeSet, fmt::Write as _, sync::LazyLock};

/// What this verifier refuses though dcap-qvl does not look: strict encodings, fields it leaves
/// unread, usages and names that webpki leaves open, Intel's PCE rule, the TCB's type, fields of TD
/// reports 1.5ex, statements that Intel's own library refuses (a TD_QE identity of version 3, attributes
/// of a TDX module, values outside of their masks), and caps.
const STRICTER: &[Code] = &[
    Code::QuoteTrailingBytes,
    Code::QuoteSignatureData,
    Code::ZeroMeasurement,
    Code::ServiceTd,
    Code::CollateralJson,
    Code::DateEncoding,
    Code::TcbLevelCount,
    Code::PemEncoding,
    Code::ChainLength,
    Code::CertificateEncoding,
    Code::CertificateExtension,
    Code::UnknownRoot,
    Code::RootMismatch,
    Code::CertificateUsage,
    Code::CertificateSubject,
    Code::PckExtension,
    Code::CrlEncoding,
    Code::CrlEntryCount,
    Code::QeReportData,
    Code::QeIdentityKind,
    Code::QeMiscSelect,
    Code::QeAttributes,
    Code::TcbInfoKind,
    Code::PceId,
    Code::TdxModuleAttributes,
];

struct Case {
    evidence: Vec<u8>,
    collateral: Vec<u8>,
    root: Vec<u8>,
    /// When the evidence holds, if it does.
    time: u64,
}

static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let intel = VECTORS.map(|(_, evidence, collateral)| (evidence.to_vec(), collateral.to_vec()));
    let intel = intel.map(|(evidence, collateral)| (evidence, collateral, INTEL_ROOT_DER.to_vec()));
    let made = [SGX, TDX].map(|report| {
        let made = platform().attest(&report);
        (made.evidence.to_vec(), made.collateral.to_vec(), platform().root().to_vec())
    });
    intel
        .into_iter()
        .chain(made)
        .map(|(evidence, collateral, root)| {
            let claims = verdict(&evidence, &collateral, &anchors());
            // The outdated quote's TCB info is of February 2026.
            let time = claims.map_or(1_771_500_000, |claims| claims.not_before);
            Case { evidence, collateral, root, time }
        })
        .collect()
});

/// dcap-qvl's status as bits, where it accepts.
fn theirs(evidence: &[u8], collateral: &[u8], root: &[u8], time: u64) -> Option<u32> {
    let collateral: QuoteCollateralV3 = serde_json::from_slice(collateral).ok()?;
    let verifier = QuoteVerifier::<RingConfig>::new_with_config(root.to_vec());
    let ring = verifier.verify(evidence, &collateral, time).ok().map(|report| report.status);
    let verifier = verifier.with_config::<RustCryptoConfig>();
    let rustcrypto = verifier.verify(evidence, &collateral, time).ok().map(|report| report.status);
    assert_eq!(ring, rustcrypto);
    Some(match ring?.as_str() {
        "UpToDate" => 0x0,
        "SWHardeningNeeded" => 0x1,
        "ConfigurationNeeded" => 0x2,
        "ConfigurationAndSWHardeningNeeded" => 0x3,
        "OutOfDate" => 0x4,
        "OutOfDateConfigurationNeeded" => 0x6,
        "TDRelaunchAdvised" => 0x8,
        "TDRelaunchAdvisedConfigurationNeeded" => 0xa,
        other => panic!("unexpected status {other}"),
    })
}

/// Compares the two; gives the code where only this verifier refuses.
fn compare(evidence: &[u8], collateral: &[u8], root: &[u8], time: u64) -> Option<Code> {
    let anchors = if root == INTEL_ROOT_DER {
        Anchors::default()
    } else {
        Anchors::new(&[(1, vec![root.to_vec().into()])].into_iter().collect()).unwrap()
    };
    match verdict(evidence, collateral, &anchors) {
        Ok(claims) => {
            for time in [claims.not_before, claims.not_after - 1] {
                assert_eq!(theirs(evidence, collateral, root, time), Some(claims.status));
            }
            assert_eq!(theirs(evidence, collateral, root, claims.not_after), None);
            None
        }
        Err(Refusal::Refused(code)) => {
            let accepted = theirs(evidence, collateral, root, time).is_some();
            assert!(!accepted || STRICTER.contains(&code), "{code:?} is accepted by dcap-qvl");
            accepted.then_some(code)
        }
        Err(refusal) => panic!("{refusal}"),
    }
}

#[test]
fn honest_and_swapped_evidence() {
    for case in CASES.iter() {
        compare(&case.evidence, &case.collateral, &case.root, case.time);
        for other in CASES.iter() {
            compare(&case.evidence, &other.collateral, &case.root, other.time);
        }
    }
}

#[test]
fn known_mistakes() {
    let mut stricter = BTreeSet::new();
    for (_, report, change) in mutations::SIGNED {
        let mut recipe = platform().recipe(report);
        change(&mut recipe);
        let Product { evidence, collateral } = recipe.product();
        stricter.extend(compare(&evidence, &collateral, &platform().root(), START));
    }
    let recipe = platform().recipe(&TDX);
    for (_, forge) in mutations::FORGED {
        let product = recipe.product();
        let (evidence, collateral) = forge(&recipe, (product.evidence, product.collateral));
        stricter.extend(compare(&evidence, &collateral, &platform().root(), START));
    }
    // The list is as short as it can be.
    assert_eq!(stricter, STRICTER.iter().copied().collect());
}

const WORDS: [&str; 7] = [
    "UpToDate",
    "SWHardeningNeeded",
    "ConfigurationNeeded",
    "ConfigurationAndSWHardeningNeeded",
    "OutOfDate",
    "OutOfDateConfigurationNeeded",
    "Revoked",
];

fn word() -> impl Strategy<Value = &'static str> {
    // Mostly those that go on.
    prop_oneof![4 => proptest::sample::select(&WORDS[..1]), 3 => proptest::sample::select(&WORDS[..])]
}

/// Version numbers of which only the first few vary, so that levels are met now and then.
fn svns() -> impl Strategy<Value = [u8; 16]> {
    (0u8..4, 0u8..4, 0u8..3).prop_map(|(a, b, c)| {
        let mut svns = [0; 16];
        svns[..3].copy_from_slice(&[a, b, c]);
        svns
    })
}

type Level = ([u8; 16], u16, [u8; 16], &'static str);

fn svn_levels() -> impl Strategy<Value = Vec<(u8, &'static str)>> {
    proptest::collection::vec((0u8..4, word()), 1..4)
}

fn svn_levels_json(levels: &[(u8, &str)]) -> String {
    let levels: Vec<String> = levels
        .iter()
        .map(|(svn, word)| {
            format!(
                r#"{{"tcb":{{"isvsvn":{svn}}},"tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"{word}"}}"#
            )
        })
        .collect();
    levels.join(",")
}

/// TCB info with these levels; the dates and identifiers are the development platform's.
fn tcb_info(is_tdx: bool, levels: &[Level], modules: &[(u8, Vec<(u8, &str)>)]) -> String {
    let components = |svns: [u8; 16]| svns.map(|svn| format!(r#"{{"svn":{svn}}}"#)).join(",");
    let mut text = format!(
        r#"{{"id":"{}","version":3,{},"fmspc":"{}","pceId":"0000","tcbType":0,"tcbEvaluationDataNumber":20"#,
        if is_tdx { "TDX" } else { "SGX" },
        dates(START, END - 1),
        alloy_primitives::hex::encode_upper(platform().platform().fmspc),
    );
    let module = format!(
        r#""mrsigner":"{}","attributes":"{}","attributesMask":"{}""#,
        "00".repeat(48),
        "00".repeat(8),
        "FF".repeat(8),
    );
    if is_tdx {
        let modules: Vec<String> = modules
            .iter()
            .map(|(version, levels)| {
                let levels = svn_levels_json(levels);
                format!(r#"{{"id":"TDX_{version:02X}",{module},"tcbLevels":[{levels}]}}"#)
            })
            .collect();
        let _ = write!(
            text,
            r#","tdxModule":{{{module}}},"tdxModuleIdentities":[{}]"#,
            modules.join(",")
        );
    }
    let levels: Vec<String> = levels
        .iter()
        .map(|(sgx, pce_svn, tdx, word)| {
            format!(
                r#"{{"tcb":{{"sgxtcbcomponents":[{}],"pcesvn":{pce_svn},"tdxtcbcomponents":[{}]}},"tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"{word}"}}"#,
                components(*sgx),
                components(*tdx),
            )
        })
        .collect();
    let _ = write!(text, r#","tcbLevels":[{}]}}"#, levels.join(","));
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(2_000)))]

    #[test]
    fn mutated_bytes(
        which in any::<Index>(),
        edits in proptest::collection::vec((any::<bool>(), any::<Index>(), any::<u8>(), 0u8..3), 1..3),
    ) {
        let case = which.get(&CASES);
        let (mut evidence, mut collateral) = (case.evidence.clone(), case.collateral.clone());
        for (in_evidence, at, byte, how) in edits {
            let target = if in_evidence { &mut evidence } else { &mut collateral };
            let at = at.index(target.len());
            match how {
                0 => target[at] = byte,
                1 => target.insert(at, byte),
                _ => drop(target.splice(at..=at, [])),
            }
        }
        compare(&evidence, &collateral, &case.root, case.time);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(4_000) / 10))]

    /// Statements of every shape, all honestly signed: the same level must be matched.
    #[test]
    fn judgements_agree(
        (is_tdx, relaunch) in any::<(bool, bool)>(),
        levels in proptest::collection::vec((svns(), 10u16..13, svns(), word()), 1..5),
        modules in proptest::collection::vec((0u8..4, svn_levels()), 0..4),
        cpu_svn in svns(),
        pce_svn in 10u16..13,
        svn in svns(),
        svn2 in svns(),
        enclave in svn_levels(),
        enclave_svn in 0u8..4,
    ) {
        // dcap-qvl takes these as they are listed, which Intel does from the highest down.
        let sorted = |mut levels: Vec<(u8, &'static str)>| {
            levels.sort_by_key(|(svn, _)| Reverse(*svn));
            levels
        };
        let enclave = sorted(enclave);
        let modules: Vec<_> =
            modules.into_iter().map(|(version, levels)| (version, sorted(levels))).collect();
        let mut recipe = platform().recipe(if is_tdx { &TDX } else { &SGX });
        let mut platform_state = platform().platform();
        // dcap-qvl compares the CPUSVN, which in Intel's certificates is the components joined.
        (platform_state.cpu_svn, platform_state.pce_svn) = (cpu_svn, pce_svn);
        platform_state.components = cpu_svn.map(u16::from);
        recipe.pck.extensions[2] = platform_state.extension();
        recipe.tcb_info = tcb_info(is_tdx, &levels, &modules);
        let honest = r#"{"tcb":{"isvsvn":4},"tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"UpToDate"}"#;
        recipe.qe_identity = recipe.qe_identity.replace(honest, &svn_levels_json(&enclave));
        recipe.qe_report[258] = enclave_svn;
        if is_tdx {
            recipe.signed[48..64].copy_from_slice(&svn);
            if relaunch {
                mutations::to_version_5(&mut recipe, 3, 648, &[&svn2[..], &[0; 48]].concat());
            }
        }
        let Product { evidence, collateral } = recipe.product();
        prop_assert_eq!(compare(&evidence, &collateral, &platform().root(), START), None);
    }
}
