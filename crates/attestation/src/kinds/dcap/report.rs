//! Meaning of the reports: what they measure, what they bind, and which attributes are unsafe.

use super::quote::{Body, ENCLAVE_REPORT_LEN, TD_REPORT_10_LEN};
use crate::Code;
use alloc::vec::Vec;
use core::ops::Range;

/// SGX attribute flag: the enclave's memory can be read and written from outside.
const SGX_DEBUG: u8 = 0x02;
/// TD attributes: debug (bit 0) and the profiling bits 4 to 6.
const TD_DEBUG: u64 = 0x71;
/// TD attributes that the TDX 1.5 ABI reserves as zero: 1–3, 7–15, 23–26 and 32–61.
const TD_RESERVED: u64 = 0x3fff_ffff_0780_ff8e;
/// The TD is bound to service TDs.
const TD_SERVICE_EXTENSION: u64 = 1 << 17;
/// The TD takes no virtualization exceptions on pages that the host has taken away.
const TD_SEPT_VE_DISABLE: u64 = 1 << 28;
/// The TD can be migrated to another platform.
const TD_MIGRATABLE: u64 = 1 << 29;

/// An enclave report's fields, by offset (`sgx_report_body_t`).
#[derive(Clone, Copy)]
pub(crate) struct EnclaveReport<'a>(pub(crate) &'a [u8; ENCLAVE_REPORT_LEN]);

impl<'a> EnclaveReport<'a> {
    pub(crate) fn misc_select(self) -> &'a [u8] {
        &self.0[16..20]
    }
    pub(crate) fn attributes(self) -> &'a [u8] {
        &self.0[48..64]
    }
    fn mr_enclave(self) -> &'a [u8] {
        &self.0[64..96]
    }
    pub(crate) fn mr_signer(self) -> &'a [u8] {
        &self.0[128..160]
    }
    fn config_id(self) -> &'a [u8] {
        &self.0[192..256]
    }
    pub(crate) fn product_id(self) -> u16 {
        u16::from_le_bytes([self.0[256], self.0[257]])
    }
    pub(crate) fn svn(self) -> u16 {
        u16::from_le_bytes([self.0[258], self.0[259]])
    }
    fn config_svn(self) -> u16 {
        u16::from_le_bytes([self.0[260], self.0[261]])
    }
    pub(crate) fn report_data(self) -> &'a [u8] {
        &self.0[320..384]
    }
    pub(crate) fn is_debug(self) -> bool {
        self.attributes()[0] & SGX_DEBUG != 0
    }
}

/// A TD report's fields, by offset (`sgx_report2_body_t`).
#[derive(Clone, Copy)]
pub(crate) struct TdReport<'a> {
    base: &'a [u8; TD_REPORT_10_LEN],
    /// Of TDX 1.5: `TEE_TCB_SVN2` and the rest.
    extension: Option<&'a [u8]>,
}

impl<'a> TdReport<'a> {
    pub(crate) fn tcb_svn(self) -> [u8; 16] {
        let mut svn = [0; 16];
        svn.copy_from_slice(&self.base[..16]);
        svn
    }
    /// The TCB in force now, where it may differ from the one at launch.
    pub(crate) fn current_tcb_svn(self) -> Option<[u8; 16]> {
        let mut svn = [0; 16];
        svn.copy_from_slice(&self.extension?[..16]);
        Some(svn)
    }
    pub(crate) fn module_signer(self) -> &'a [u8] {
        &self.base[64..112]
    }
    pub(crate) fn module_attributes(self) -> &'a [u8] {
        &self.base[112..120]
    }
    fn attributes(self) -> &'a [u8] {
        &self.base[120..128]
    }
    fn xfam(self) -> &'a [u8] {
        &self.base[128..136]
    }
    fn mr_td(self) -> &'a [u8] {
        &self.base[136..184]
    }
    /// MRCONFIGID, MROWNER and MROWNERCONFIG.
    fn configuration(self) -> &'a [u8] {
        &self.base[184..328]
    }
    /// RTMR0 to RTMR3.
    fn runtime_registers(self) -> &'a [u8] {
        &self.base[328..520]
    }
    fn report_data(self) -> &'a [u8] {
        &self.base[520..584]
    }
    /// Whether a field about service TDs is set: `MRSERVICETD` and, of TDX 1.5ex, hash and
    /// attributes of those bound at creation and of those bound now.
    fn names_service_td(self) -> bool {
        const FIELDS: [Range<usize>; 3] = [16..64, 145..201, 245..301];
        self.extension.is_some_and(|extension| {
            FIELDS.into_iter().filter_map(|field| extension.get(field)).any(|field| !is_zero(field))
        })
    }
}

/// The report about the attested code, by TEE.
#[derive(Clone, Copy)]
pub(crate) enum Report<'a> {
    Sgx(EnclaveReport<'a>),
    Tdx(TdReport<'a>),
}

impl<'a> Report<'a> {
    /// Takes a body whose attributes are safe and whose code is measured.
    pub(crate) fn check(body: Body<'a>) -> Result<Self, Code> {
        match body {
            Body::Sgx(report) => {
                let report = EnclaveReport(report);
                if report.is_debug() {
                    return Err(Code::DebugEnclave);
                }
                if is_zero(report.mr_enclave()) {
                    return Err(Code::ZeroMeasurement);
                }
                Ok(Self::Sgx(report))
            }
            Body::Tdx(base, extension) => {
                let report = TdReport { base, extension };
                let mut attributes = [0; 8];
                attributes.copy_from_slice(report.attributes());
                let attributes = u64::from_le_bytes(attributes);
                if attributes & TD_DEBUG != 0 {
                    return Err(Code::DebugEnclave);
                }
                if is_zero(report.mr_td()) {
                    return Err(Code::ZeroMeasurement);
                }
                if attributes & (TD_RESERVED | TD_MIGRATABLE) != 0
                    || attributes & TD_SEPT_VE_DISABLE == 0
                {
                    return Err(Code::TdAttributes);
                }
                if attributes & TD_SERVICE_EXTENSION != 0 || report.names_service_td() {
                    return Err(Code::ServiceTd);
                }
                Ok(Self::Tdx(report))
            }
        }
    }

    /// The registers that identify the code; the two TEEs' lengths differ.
    pub(crate) fn measurement(&self) -> Vec<u8> {
        match self {
            Self::Sgx(report) => [
                report.mr_enclave(),
                report.mr_signer(),
                report.attributes(),
                report.misc_select(),
                &report.product_id().to_be_bytes(),
                &report.svn().to_be_bytes(),
                report.config_id(),
                &report.config_svn().to_be_bytes(),
            ]
            .concat(),
            Self::Tdx(report) => [
                report.mr_td(),
                report.runtime_registers(),
                report.configuration(),
                report.attributes(),
                report.xfam(),
            ]
            .concat(),
        }
    }

    /// What the CPU reported, in fields that every version of a quote has. A host can have one report
    /// quoted again, under another header or with less of it: this part stays the same.
    pub(crate) fn reported(&self) -> &'a [u8] {
        match self {
            Self::Sgx(report) => report.0,
            Self::Tdx(report) => report.base,
        }
    }

    pub(crate) fn report_data(&self) -> &'a [u8] {
        match self {
            Self::Sgx(report) => report.report_data(),
            Self::Tdx(report) => report.report_data(),
        }
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}
