//! Of two mistakes the one counts that docs/attestation.md checks first.

use super::{mutations::SIGNED, *};
use crate::dev::recipe::Product;
use std::{
    mem::discriminant,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Codes in the order of the document; those of one row are given in turn by several parts of the
/// collateral, so that either may come first.
const ORDER: &[&[Code]] = &[
    &[Code::QuoteVersion],
    &[Code::QuoteTeeType],
    &[Code::QuoteKeyType],
    &[Code::QuoteVendor],
    &[Code::QuoteBody],
    &[Code::DebugEnclave],
    &[Code::ZeroMeasurement],
    &[Code::TdAttributes],
    &[Code::ServiceTd],
    &[Code::TcbInfoJson, Code::QeIdentityJson, Code::TcbLevelCount, Code::DateEncoding],
    &[Code::CertificateEncoding, Code::CertificateAlgorithm, Code::CertificateExtension],
    &[Code::CrlEncoding, Code::CrlEntryCount],
    &[Code::CertificateIssuer],
    &[Code::CertificateUsage],
    &[Code::CertificateSubject],
    &[Code::CrlIssuer],
    &[Code::CertificateRevoked],
    &[Code::PckExtension],
    &[Code::EmptyWindow],
    &[Code::PckCrlSignature],
    &[Code::TcbInfoSignature],
    &[Code::QeIdentitySignature],
    &[Code::QeReportSignature],
    &[Code::QeReportData],
    &[Code::QeIdentityKind],
    &[Code::QeSigner],
    &[Code::QeDebug],
    &[Code::QeProduct],
    &[Code::QeMiscSelect],
    &[Code::QeAttributes],
    &[Code::QeTcbLevel],
    &[Code::TcbInfoKind],
    &[Code::Fmspc],
    &[Code::PceId],
    &[Code::TdxModuleIdentity],
    &[Code::TdxModuleSigner],
    &[Code::TdxModuleAttributes],
    &[Code::TcbLevel],
    &[Code::TdxModuleTcbLevel],
    &[Code::TcbRevoked],
];

fn rank(code: Code) -> Option<usize> {
    ORDER.iter().position(|row| row.contains(&code))
}

/// Changes that a second one undoes: a PCK certificate restated, and a statement that is no longer
/// for TDX and so need not state TDX components.
const UNDONE: [(Code, Code); 3] = [
    (Code::Fmspc, Code::PceId),
    (Code::PceId, Code::TcbLevel),
    (Code::TcbInfoKind, Code::TcbInfoJson),
];

#[test]
fn the_first_of_two_mistakes_counts() {
    let mut compared = 0;
    for (first, (code, report, change)) in SIGNED.iter().enumerate() {
        for step in [1, 29, 53] {
            let (other, other_report, other_change) = &SIGNED[(first + step) % SIGNED.len()];
            let (Some(one), Some(two)) = (rank(*code), rank(*other)) else { continue };
            let is_comparable = discriminant(*report) == discriminant(*other_report)
                && one != two
                && !UNDONE.contains(&(*code, *other));
            if !is_comparable {
                continue;
            }
            let mut recipe = platform().recipe(report);
            change(&mut recipe);
            // Some changes look for text that the first has taken away.
            if catch_unwind(AssertUnwindSafe(|| other_change(&mut recipe))).is_err() {
                continue;
            }
            let Product { evidence, collateral } = recipe.product();
            let verdict = crate::verify(1, &evidence, &collateral, &anchors(), Backend::Native);
            let expected = if one < two { *code } else { *other };
            let pair = format!("{first} and {step} on: {code:?}, {other:?}");
            assert_eq!(verdict, Err(Refusal::Refused(expected)), "{pair}");
            compared += 1;
        }
    }
    assert!(compared > 200, "{compared}");
}
