//! A second opinion: the `sev` crate, which checks the chain's and the report's signatures with the
//! RustCrypto `rsa`, `p384` and `x509-cert` crates.

use super::{kitchen::*, *};
use crate::testing::cases;
use ::sev::{
    certs::snp::{Certificate, Chain as OracleChain, Verifiable, ca},
    firmware::guest::AttestationReport,
    parser::ByteParser,
};
use proptest::prelude::*;

/// Whether the signatures hold from `root` to the report; what reports say is not judged.
fn signatures_hold(parts: &Parts, root: &[u8]) -> Option<bool> {
    let certificate = |der: &[u8]| Certificate::from_der(der).ok();
    let report: [u8; 0x4a0] = parts.report.as_slice().try_into().ok()?;
    // It reads no report of a processor that it does not know.
    let report = AttestationReport::from_bytes(&report).ok()?;
    let ca = ca::Chain { ark: certificate(root)?, ask: certificate(&parts.authority)? };
    let chain = OracleChain { ca, vek: certificate(&parts.reporter)? };
    Some(chain.verify().is_ok() && (&chain, &report).verify().is_ok())
}

/// What this verifier refuses for a signature, the oracle refuses; what it accepts, the oracle
/// accepts. In between lies what the oracle does not look at.
fn compare(parts: &Parts, root: &[u8]) -> Result<(), TestCaseError> {
    // The list's window is the same under every root, and it revokes nothing.
    let list = compact(root, &[]);
    let evidence = parts.evidence();
    let ours = verdict_with(&evidence, &list, &HONEST.anchors);
    let oracles = signatures_hold(parts, root);
    match ours {
        Ok(_) => prop_assert_eq!(oracles, Some(true)),
        Err(Refusal::Refused(
            code @ (Code::SnpAskSignature | Code::SnpVekSignature | Code::SnpReportSignature),
        )) => prop_assert_ne!(oracles, Some(true), "{}", code),
        Err(_) => {}
    }
    Ok(())
}

/// Real and development evidence, with its root.
fn samples() -> Vec<(Parts, Vec<u8>)> {
    let real = |(report, vcek): (&[u8], &[u8])| Parts {
        report: report.to_vec(),
        reporter: vcek.to_vec(),
        authority: ASK_MILAN.to_vec(),
        list: Vec::new(),
    };
    vec![(honest(), HONEST.root.clone()), (real(MILAN), AMD_ROOTS_DER[0].to_vec())]
}

#[test]
fn agrees_on_the_samples() {
    for (at, (parts, root)) in samples().into_iter().enumerate() {
        assert_eq!(signatures_hold(&parts, &root), Some(true), "sample {at}");
        compare(&parts, &root).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(300)))]

    /// Random edits of every part, both backends and the oracle side by side. For the long run:
    ///
    ///     ASSAY_MUTATIONS=100000 cargo test --release -p assay-attestation sev_snp::tests::oracle
    #[test]
    fn agrees_on_mutations(
        which in 0..2usize,
        edits in proptest::collection::vec(
            (0..6usize, any::<proptest::sample::Index>(), any::<u8>(), any::<bool>()),
            1..3,
        ),
    ) {
        let (mut parts, root) = samples().swap_remove(which);
        for (part, at, byte, is_flip) in edits {
            // The report more often: its bytes are not all signed.
            let bytes = match part {
                0 => &mut parts.authority,
                1 => &mut parts.reporter,
                _ => &mut parts.report,
            };
            let at = at.index(bytes.len());
            bytes[at] = if is_flip { bytes[at] ^ 1 << (byte % 8) } else { byte };
        }
        compare(&parts, &root)?;
    }

    /// Reports that are signed as they are: what they say is judged alike by both backends, and
    /// whatever is accepted holds for the oracle.
    #[test]
    fn agrees_on_signed_reports(
        edits in proptest::collection::vec((0..0x2a0usize, any::<u8>()), 1..4),
    ) {
        let mut recipe = HONEST.recipe.clone();
        for (at, byte) in edits {
            recipe.signed[at] = byte;
        }
        let mut parts = honest();
        parts.report = recipe.report();
        compare(&parts, &HONEST.root)?;
    }
}
