//! Development evidence, changed before it is signed. What is not changed is signed once.

use super::*;
use crate::dev::{
    DevSnp, DevSnpReport,
    snp::{Recipe, authority_key, root_key},
    x509::{Certificate, Key, RevocationList},
};
use std::sync::LazyLock;

pub(super) const REPORT: DevSnpReport = DevSnpReport {
    measurement: [1; 48],
    host_data: [2; 32],
    report_data: [3; 64],
    chip_id: [4; 64],
};

pub(super) fn platform() -> DevSnp {
    DevSnp::new(B256::repeat_byte(7), START..END)
}

/// The parts of evidence and collateral, signed.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) report: Vec<u8>,
    pub(super) reporter: Vec<u8>,
    pub(super) authority: Vec<u8>,
    pub(super) list: Vec<u8>,
}

pub(super) struct Honest {
    pub(super) recipe: Recipe,
    pub(super) parts: Parts,
    /// AMD's roots and the development platform's.
    pub(super) anchors: Anchors,
    pub(super) root: Vec<u8>,
}

pub(super) static HONEST: LazyLock<Honest> = LazyLock::new(|| {
    let recipe = platform().recipe(&REPORT);
    let root = platform().root();
    let parts = Parts {
        report: recipe.report(),
        reporter: recipe.reporter.signed(&authority_key()),
        authority: recipe.authority.signed(&root_key()),
        list: recipe.list.signed(&root_key()),
    };
    let anchors = Anchors::new(&[(3, vec![root.clone()])].into_iter().collect()).unwrap();
    Honest { recipe, parts, anchors, root: root.to_vec() }
});

impl Parts {
    pub(super) fn evidence(&self) -> Vec<u8> {
        join_snp_evidence(&self.report, &self.reporter, &self.authority).unwrap()
    }

    pub(super) fn verdict(&self) -> Result<Claims, Refusal> {
        verdict(&self.evidence(), &self.list, &HONEST.anchors)
    }
}

pub(super) fn honest() -> Parts {
    HONEST.parts.clone()
}

/// Changes the parts as they are, signatures and all.
pub(super) fn with_parts(change: impl FnOnce(&mut Parts)) -> Result<Claims, Refusal> {
    let mut parts = honest();
    change(&mut parts);
    parts.verdict()
}

/// Changes the report before it is signed.
pub(super) fn with_report(change: impl FnOnce(&mut [u8])) -> Result<Claims, Refusal> {
    with_both(change, |_| {})
}

/// Changes report and VCEK before they are signed.
pub(super) fn with_both(
    report: impl FnOnce(&mut [u8]),
    reporter: impl FnOnce(&mut Certificate),
) -> Result<Claims, Refusal> {
    let mut recipe = HONEST.recipe.clone();
    report(&mut recipe.signed);
    let before = recipe.reporter.clone();
    reporter(&mut recipe.reporter);
    let is_changed =
        before.signed(&recipe.reporter_key) != recipe.reporter.signed(&recipe.reporter_key);
    with_parts(|parts| {
        parts.report = recipe.report();
        if is_changed {
            parts.reporter = recipe.reporter.signed(&authority_key());
        }
    })
}

/// Changes the VCEK before it is signed.
pub(super) fn with_reporter(change: impl FnOnce(&mut Certificate)) -> Result<Claims, Refusal> {
    with_both(|_| {}, change)
}

/// Changes the ASK before it is signed.
pub(super) fn with_authority(change: impl FnOnce(&mut Certificate)) -> Result<Claims, Refusal> {
    let mut authority = HONEST.recipe.authority.clone();
    change(&mut authority);
    with_parts(|parts| parts.authority = authority.signed(&root_key()))
}

/// Changes the list before it is signed.
pub(super) fn with_list(change: impl FnOnce(&mut RevocationList)) -> Result<Claims, Refusal> {
    with_list_by(&root_key(), change)
}

/// As [`with_list`], signed with another key.
pub(super) fn with_list_by(
    key: &Key,
    change: impl FnOnce(&mut RevocationList),
) -> Result<Claims, Refusal> {
    let mut list = HONEST.recipe.list.clone();
    change(&mut list);
    with_parts(|parts| parts.list = list.signed(key))
}

/// Replaces an extension's contents, or takes it away, by the last byte or bytes of its identifier.
pub(super) fn set(certificate: &mut Certificate, id: &[u8], contents: Option<&[u8]>) {
    let id = [&alloy_primitives::hex!("2b060104019c7801"), id].concat();
    certificate.extensions.retain(|(known, ..)| *known != id);
    if let Some(contents) = contents {
        certificate.extensions.push((id, false, contents.to_vec()));
    }
}

pub(super) fn refused(code: Code) -> Result<Claims, Refusal> {
    Err(Refusal::Refused(code))
}
