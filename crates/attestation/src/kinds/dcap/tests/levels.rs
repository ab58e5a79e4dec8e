//! Levels of one version number, out of their order: Intel's library sorts them before it looks.

use super::*;

const LOW_GOOD: &str = r#"{"tcb":{"isvsvn":1},"tcbDate":"","tcbStatus":"UpToDate"}"#;
const HIGH_REVOKED: &str = r#"{"tcb":{"isvsvn":3},"tcbDate":"","tcbStatus":"Revoked"}"#;
const ABOVE: &str = r#"{"tcb":{"isvsvn":200},"tcbDate":"","tcbStatus":"UpToDate"}"#;
/// Of two levels of one number the first counts.
const HIGH_AGAIN: &str = r#"{"tcb":{"isvsvn":3},"tcbDate":"","tcbStatus":"UpToDate"}"#;

fn listed(levels: &[&str]) -> String {
    levels.join(",")
}

/// The list's own place in the development platform's statement.
fn replaced(statement: &str, first: &str, levels: &[&str]) -> String {
    let start = statement.find(first).unwrap();
    let end = start + statement[start..].find(']').unwrap();
    [&statement[..start], &listed(levels), &statement[end..]].concat()
}

#[test]
fn the_highest_level_met_counts() {
    let revoked = Err(Refusal::Refused(Code::TcbRevoked));
    for (levels, holds) in [
        (&[HIGH_REVOKED, LOW_GOOD][..], false),
        (&[LOW_GOOD, HIGH_REVOKED], false),
        (&[LOW_GOOD, ABOVE, HIGH_REVOKED, HIGH_AGAIN], false),
        (&[LOW_GOOD, HIGH_AGAIN, HIGH_REVOKED], true),
    ] {
        let honest = platform().recipe(&TDX);
        let mut enclave = honest.clone();
        enclave.qe_identity = replaced(&honest.qe_identity, r#"{"tcb":{"isvsvn":4}"#, levels);
        let mut module = honest.clone();
        module.tcb_info = replaced(&honest.tcb_info, r#"{"tcb":{"isvsvn":5}"#, levels);
        for recipe in [enclave, module] {
            let verdict = cook(&recipe);
            if holds {
                assert_eq!(verdict.map(|claims| claims.status), Ok(0), "{levels:?}");
            } else {
                assert_eq!(verdict, revoked, "{levels:?}");
            }
        }
    }
}
