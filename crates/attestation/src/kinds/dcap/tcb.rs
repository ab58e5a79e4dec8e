//! What Intel's statements judge of a platform: the contents of `Claims::tcb`.

use super::{
    pck::Platform,
    report::{EnclaveReport, Report},
    statements::Tee,
};
use crate::{Code, encoding::x509::Serial};
use alloc::vec::Vec;
use alloy_primitives::B256;

/// Length of the encoding, which docs/attestation.md lays out.
pub(crate) const TCB_LEN: usize = 249;
const LAYOUT_VERSION: u8 = 1;
/// SGX attribute flag: the enclave's memory can be read and written from outside.
const SGX_DEBUG: u8 = 0x02;

/// A platform with its TDX module and quoting enclave, and who certified it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tcb {
    /// The TCB evaluation data number that it was judged by: the lower of the two statements'.
    pub(crate) evaluation: u32,
    pub(crate) fmspc: [u8; 6],
    pub(crate) pce_id: [u8; 2],
    /// Of the SGX TCB, as the PCK certificate lists them.
    pub(crate) components: [u8; 16],
    pub(crate) pce_svn: u16,
    /// `None` for SGX.
    pub(crate) td: Option<TdxTcb>,
    pub(crate) enclave: EnclaveTcb,
    /// [`Authority::id`](super::compact::Authority::id) of the PCK's issuer.
    pub(crate) pck_issuer: B256,
    pub(crate) pck_serial: Serial,
    pub(crate) authority_serial: Serial,
}

/// The TDX module that measured the TD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TdxTcb {
    pub(crate) svn: [u8; 16],
    /// The TCB in force when quoted, where it may differ from the one at launch.
    pub(crate) current_svn: Option<[u8; 16]>,
    pub(crate) module_signer: [u8; 48],
    pub(crate) module_attributes: [u8; 8],
}

/// The quoting enclave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EnclaveTcb {
    pub(crate) signer: [u8; 32],
    pub(crate) product_id: u16,
    pub(crate) svn: u16,
    pub(crate) misc_select: [u8; 4],
    pub(crate) attributes: [u8; 16],
}

impl EnclaveTcb {
    pub(crate) fn of(report: EnclaveReport<'_>) -> Self {
        Self {
            signer: copy(report.mr_signer()),
            product_id: report.product_id(),
            svn: report.svn(),
            misc_select: copy(report.misc_select()),
            attributes: copy(report.attributes()),
        }
    }

    pub(crate) const fn is_debug(&self) -> bool {
        self.attributes[0] & SGX_DEBUG != 0
    }
}

impl TdxTcb {
    pub(crate) fn of(report: &Report<'_>) -> Option<Self> {
        let Report::Tdx(report) = report else { return None };
        Some(Self {
            svn: report.tcb_svn(),
            current_svn: report.current_tcb_svn(),
            module_signer: copy(report.module_signer()),
            module_attributes: copy(report.module_attributes()),
        })
    }
}

/// A field of a report, whose length its accessor fixes.
fn copy<const N: usize>(field: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(field);
    bytes
}

impl Tcb {
    /// Platform and reports, certified by a PCK with this issuer and serial numbers.
    pub(crate) fn new(
        platform: &Platform,
        report: &Report<'_>,
        enclave: EnclaveReport<'_>,
        evaluation: u32,
        (pck_issuer, pck_serial, authority_serial): (B256, Serial, Serial),
    ) -> Self {
        Self {
            evaluation,
            fmspc: platform.fmspc,
            pce_id: platform.pce_id,
            components: platform.components,
            pce_svn: platform.pce_svn,
            td: TdxTcb::of(report),
            enclave: EnclaveTcb::of(enclave),
            pck_issuer,
            pck_serial,
            authority_serial,
        }
    }

    pub(crate) const fn tee(&self) -> Tee {
        if self.td.is_some() { Tee::Tdx } else { Tee::Sgx }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(TCB_LEN);
        let mut put = |field: &[u8]| bytes.extend_from_slice(field);
        put(&[LAYOUT_VERSION, u8::from(self.td.is_some())]);
        put(&self.evaluation.to_be_bytes());
        put(&self.fmspc);
        put(&self.pce_id);
        put(&self.components);
        put(&self.pce_svn.to_be_bytes());
        match &self.td {
            Some(td) => {
                put(&td.svn);
                put(&[u8::from(td.current_svn.is_some())]);
                put(&td.current_svn.unwrap_or_default());
                put(&td.module_signer);
                put(&td.module_attributes);
            }
            None => put(&[0; 89]),
        }
        put(&self.enclave.signer);
        put(&self.enclave.product_id.to_be_bytes());
        put(&self.enclave.svn.to_be_bytes());
        put(&self.enclave.misc_select);
        put(&self.enclave.attributes);
        put(self.pck_issuer.as_slice());
        put(&self.pck_serial);
        put(&self.authority_serial);
        bytes
    }

    /// Reads exactly what [`encode`](Self::encode) writes.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Code> {
        let tcb = Self::read(bytes).filter(|tcb| tcb.encode() == bytes);
        tcb.ok_or(Code::TcbEncoding)
    }

    /// Leaves open whether fields that mean nothing are zero.
    fn read(mut bytes: &[u8]) -> Option<Self> {
        let rest = &mut bytes;
        let [_version, is_tdx] = take(rest)?;
        let evaluation = u32::from_be_bytes(take(rest)?);
        let (fmspc, pce_id, components) = (take(rest)?, take(rest)?, take(rest)?);
        let pce_svn = u16::from_be_bytes(take(rest)?);
        let (svn, [has_current], current_svn) = (take(rest)?, take(rest)?, take(rest)?);
        let td = TdxTcb {
            svn,
            current_svn: (has_current != 0).then_some(current_svn),
            module_signer: take(rest)?,
            module_attributes: take(rest)?,
        };
        let tcb = Self {
            evaluation,
            fmspc,
            pce_id,
            components,
            pce_svn,
            td: (is_tdx != 0).then_some(td),
            enclave: EnclaveTcb {
                signer: take(rest)?,
                product_id: u16::from_be_bytes(take(rest)?),
                svn: u16::from_be_bytes(take(rest)?),
                misc_select: take(rest)?,
                attributes: take(rest)?,
            },
            pck_issuer: B256::new(take(rest)?),
            pck_serial: take(rest)?,
            authority_serial: take(rest)?,
        };
        rest.is_empty().then_some(tcb)
    }
}

/// The next bytes, as many as there are to be.
fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (field, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decoding_is_canonical(
            mut bytes in proptest::collection::vec(any::<u8>(), TCB_LEN),
            (layout, tee, flag) in (0u8..3, 0u8..3, 0u8..3),
            clear in any::<[bool; 2]>(),
        ) {
            (bytes[0], bytes[1], bytes[48]) = (layout, tee, flag);
            if clear[0] { bytes[32..121].fill(0) }
            if clear[1] { bytes[49..65].fill(0) }
            let expected = layout == 1
                && (tee == 1 && (bytes[48] == 1 || bytes[48] == 0 && bytes[49..65].iter().all(|byte| *byte == 0))
                    || tee == 0 && bytes[32..121].iter().all(|byte| *byte == 0));
            match Tcb::decode(&bytes) {
                Ok(tcb) => prop_assert_eq!(tcb.encode(), bytes.clone()),
                Err(code) => prop_assert_eq!(code, Code::TcbEncoding),
            }
            prop_assert_eq!(Tcb::decode(&bytes).is_ok(), expected);
            prop_assert!(Tcb::decode(&bytes[1..]).is_err());
            bytes.push(0);
            prop_assert!(Tcb::decode(&bytes).is_err());
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Tcb::decode(&bytes);
        }
    }
}
