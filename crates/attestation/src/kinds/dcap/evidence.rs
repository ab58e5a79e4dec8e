//! A quote with its certificates, judged by Intel's statements: the way that whole and compact
//! collateral share.

use super::{
    chain::{Authorities, certificate},
    compact::Authority,
    judge,
    pck::{self, Platform},
    quote::Quote,
    report::{EnclaveReport, Report},
    statement::holds,
    statements::{QeIdentity, TcbInfo},
    tcb::Tcb,
};
use crate::{
    Backend, Claims, Code,
    claims::identity,
    encoding::{algorithm::Algorithm, x509::Certificate},
    kinds::kind,
    window::Window,
};
use alloc::{vec, vec::Vec};
use alloy_primitives::{B256, keccak256};

const ASSURANCE_TEE: u8 = 3;

/// The certificates that vouch for a quote's platform.
pub(crate) struct PckChain<'a> {
    root_der: &'a [u8],
    pub(crate) root: Certificate<'a>,
    pub(crate) authority: Certificate<'a>,
    pub(crate) pck: Certificate<'a>,
}

impl<'a> PckChain<'a> {
    /// Reads the DER of leaf, authority and root; the root first.
    pub(crate) fn parse(
        [pck, authority, root]: &'a [Vec<u8>; 3],
        backend: Backend,
    ) -> Result<Self, Code> {
        Ok(Self {
            root_der: root,
            root: certificate(root, backend)?,
            authority: certificate(authority, backend)?,
            pck: certificate(pck, backend)?,
        })
    }

    /// keccak256 of the root's DER.
    pub(crate) fn anchor(&self) -> B256 {
        keccak256(self.root_der)
    }

    /// The chain alone, without signers and lists.
    pub(crate) fn authorities(&self) -> Authorities<'_, 'a> {
        Authorities {
            root: &self.root,
            authority: Some(&self.authority),
            pck: Some(&self.pck),
            signers: Vec::new(),
            assumed_signers: &[],
            root_list: None,
            pck_list: None,
        }
    }

    pub(crate) fn platform(&self) -> Result<Platform, Code> {
        Platform::parse(self.pck.extension(pck::ARC))
    }
}

/// A quote whose certificates hold.
pub(crate) struct Evidence<'r, 'a> {
    pub(crate) quote: &'r Quote<'a>,
    pub(crate) report: &'r Report<'a>,
    pub(crate) chain: &'r PckChain<'a>,
    pub(crate) platform: &'r Platform,
}

impl Evidence<'_, '_> {
    /// Checks the reports' signatures and judges them. `collateral` is left to the caller.
    pub(crate) fn judge(
        &self,
        info: &TcbInfo,
        qe_identity: &QeIdentity,
        window: Window,
        backend: Backend,
    ) -> Result<Claims, Code> {
        self.check_reports(backend)?;
        let tcb = self.tcb(info.evaluation.min(qe_identity.evaluation));
        let status = judge::judge(&tcb, info, qe_identity)?;
        let measurement = self.report.measurement();
        Ok(Claims {
            kind: kind::INTEL_DCAP,
            assurance: ASSURANCE_TEE,
            identity: identity(kind::INTEL_DCAP, &measurement),
            measurement,
            platform: keccak256(self.platform.ppid),
            bound: self.report.report_data().to_vec(),
            id: keccak256(self.report.reported()),
            anchors: vec![self.chain.anchor()],
            collateral: B256::ZERO,
            issued_at: 0,
            not_before: window.start,
            not_after: window.end,
            status,
            tcb: tcb.encode(),
        })
    }

    /// The PCK signs the quoting enclave, which vouches for the attestation key, which signs the
    /// quote.
    fn check_reports(&self, backend: Backend) -> Result<(), Code> {
        let quote = self.quote;
        if !holds(&self.chain.pck.key, quote.qe_report, quote.qe_signature, backend) {
            return Err(Code::QeReportSignature);
        }
        let vouched = [&quote.attestation_key[..], quote.qe_authentication].concat();
        let report_data = EnclaveReport(quote.qe_report).report_data();
        let (hash, rest) = report_data.split_at(32);
        if backend.sha256(&vouched) != hash || rest.iter().any(|byte| *byte != 0) {
            return Err(Code::QeReportData);
        }
        let mut key = [4; 65];
        key[1..].copy_from_slice(quote.attestation_key);
        let key = Algorithm::EcdsaP256.key(&key, backend).ok_or(Code::QuoteSignature)?;
        if !holds(&key, quote.signed, quote.signature, backend) {
            return Err(Code::QuoteSignature);
        }
        Ok(())
    }

    fn tcb(&self, evaluation: u32) -> Tcb {
        let PckChain { authority, pck, .. } = self.chain;
        let certified = (Authority::of(authority).id(), pck.serial, authority.serial);
        let enclave = EnclaveReport(self.quote.qe_report);
        Tcb::new(self.platform, self.report, enclave, evaluation, certified)
    }
}
