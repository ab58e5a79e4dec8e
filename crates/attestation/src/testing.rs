//! Golden files of claims, and how long random tests run.

use crate::Claims;
use alloy_primitives::{B256, hex};

/// One field a line, as the golden files have it.
pub(crate) fn render(claims: &Claims) -> String {
    let anchors: Vec<String> = claims.anchors.iter().map(B256::to_string).collect();
    format!(
        "kind {}\nassurance {}\nmeasurement {}\nidentity {}\nplatform {}\nbound {}\nid {}\nanchors {}\ncollateral {}\nissued_at {}\nnot_before {}\nnot_after {}\nstatus {:#x}\ntcb {}\n",
        claims.kind,
        claims.assurance,
        hex::encode(&claims.measurement),
        claims.identity,
        claims.platform,
        hex::encode(&claims.bound),
        claims.id,
        anchors.join(" "),
        claims.collateral,
        claims.issued_at,
        claims.not_before,
        claims.not_after,
        claims.status,
        hex::encode(&claims.tcb),
    )
}

/// Random cases of a test against a second implementation: as many as `ASSAY_MUTATIONS` says, or
/// else `default`. Tests whose every case is slow divide it.
pub(crate) fn cases(default: u32) -> u32 {
    std::env::var("ASSAY_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(default)
}

/// Compares with `testdata/<name>.claims`, or writes it where `UPDATE_GOLDEN` is set.
pub(crate) fn check_golden(name: &str, claims: &Claims) {
    let path = format!("{}/testdata/{name}.claims", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, render(claims)).unwrap();
    }
    assert_eq!(render(claims), std::fs::read_to_string(&path).unwrap(), "{name}");
}
