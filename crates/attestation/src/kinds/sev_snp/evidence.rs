//! The evidence's wrapping: a report and the certificates that AMD issues apart from it.

use super::report::REPORT_LEN;
use crate::Code;
use alloc::vec::Vec;

/// The parts of the evidence, not yet looked at.
#[derive(Clone, Copy)]
pub(super) struct Evidence<'a> {
    pub(super) report: &'a [u8; REPORT_LEN],
    /// DER of the VCEK or VLEK.
    pub(super) reporter: &'a [u8],
    /// DER of the ASK or ASVK.
    pub(super) authority: &'a [u8],
}

impl<'a> Evidence<'a> {
    /// Report, then both certificates with a length of two bytes before each.
    pub(super) fn split(bytes: &'a [u8]) -> Result<Self, Code> {
        Self::read(bytes).ok_or(Code::SnpLayout)
    }

    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (report, rest) = bytes.split_first_chunk()?;
        let (reporter, rest) = prefixed(rest)?;
        let (authority, rest) = prefixed(rest)?;
        rest.is_empty().then_some(Self { report, reporter, authority })
    }
}

fn prefixed(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// Joins a report with the DER of its VCEK or VLEK and of the ASK or ASVK, as evidence has them.
///
/// `None` unless the report has its length and both certificates fit into theirs.
pub fn join_snp_evidence(report: &[u8], reporter: &[u8], authority: &[u8]) -> Option<Vec<u8>> {
    if report.len() != REPORT_LEN {
        return None;
    }
    let mut evidence = report.to_vec();
    for certificate in [reporter, authority] {
        evidence.extend_from_slice(&u16::try_from(certificate.len()).ok()?.to_be_bytes());
        evidence.extend_from_slice(certificate);
    }
    Some(evidence)
}
