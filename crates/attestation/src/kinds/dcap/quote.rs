//! The quote's structure: header, report body and signature data, every length exact.
//!
//! Numbers are little-endian, as everywhere in Intel's formats.

use crate::Code;
use core::ops::RangeInclusive;

/// Intel's quoting enclave vendor.
const INTEL_VENDOR: [u8; 16] = alloy_primitives::hex!("939a7233f79c4ca9940a0db3957f0607");
const ECDSA_P256: u16 = 2;
const TEE_SGX: u32 = 0;
const TEE_TDX: u32 = 0x81;
const HEADER_LEN: usize = 48;
/// Type and size before the body of a version 5 quote.
const BODY_HEADER_LEN: usize = 6;

pub(crate) const ENCLAVE_REPORT_LEN: usize = 384;
pub(crate) const TD_REPORT_10_LEN: usize = 584;
pub(crate) const TD_REPORT_15_LEN: usize = 648;
pub(crate) const TD_REPORT_15_EX_LEN: usize = 885;

/// Ways in which the data names or carries the PCK's certificate. All but the last need that
/// certificate from elsewhere.
const CERTIFICATION_TYPES: RangeInclusive<u16> = 1..=PEM_CHAIN;
/// Certification data that is a PEM chain: leaf, authority, root.
const PEM_CHAIN: u16 = 5;
/// Certification data that nests the quoting enclave's report, in versions 4 and 5.
const QE_REPORT: u16 = 6;
const QE_AUTHENTICATION_LEN: usize = 32;

/// A quote, split into its parts; nothing in it is verified.
pub(crate) struct Quote<'a> {
    /// Header and body: what the attestation key signs.
    pub(crate) signed: &'a [u8],
    pub(crate) body: Body<'a>,
    /// `r ‖ s` by the attestation key over `signed`.
    pub(crate) signature: &'a [u8; 64],
    /// `x ‖ y`.
    pub(crate) attestation_key: &'a [u8; 64],
    pub(crate) qe_report: &'a [u8; ENCLAVE_REPORT_LEN],
    /// `r ‖ s` by the PCK over `qe_report`.
    pub(crate) qe_signature: &'a [u8; 64],
    pub(crate) qe_authentication: &'a [u8; QE_AUTHENTICATION_LEN],
    /// PEM text of the PCK chain, where the quote carries it.
    pub(crate) pck_chain: Option<&'a [u8]>,
}

/// The report about the attested code.
#[derive(Clone, Copy)]
pub(crate) enum Body<'a> {
    Sgx(&'a [u8; ENCLAVE_REPORT_LEN]),
    /// A TD report and, of TDX 1.5, what follows its first 584 bytes.
    Tdx(&'a [u8; TD_REPORT_10_LEN], Option<&'a [u8]>),
}

impl<'a> Quote<'a> {
    pub(crate) fn parse(evidence: &'a [u8]) -> Result<Self, Code> {
        let mut reader = Reader(evidence);
        let version = reader.u16()?;
        let key_type = reader.u16()?;
        let tee = reader.u32()?;
        let _qe_and_pce_svn = reader.u32()?;
        let vendor = reader.array::<16>()?;
        let _user_data = reader.array::<20>()?;
        if !(3..=5).contains(&version) {
            return Err(Code::QuoteVersion);
        }
        if tee != if version == 3 { TEE_SGX } else { TEE_TDX } {
            return Err(Code::QuoteTeeType);
        }
        if key_type != ECDSA_P256 {
            return Err(Code::QuoteKeyType);
        }
        if *vendor != INTEL_VENDOR {
            return Err(Code::QuoteVendor);
        }
        let body = match version {
            3 => Body::Sgx(reader.array()?),
            4 => Body::Tdx(reader.array()?, None),
            _ => Self::typed_body(&mut reader)?,
        };
        let body_header = if version == 5 { BODY_HEADER_LEN } else { 0 };
        let signed = &evidence[..HEADER_LEN + body_header + body.len()];

        let data_len = reader.u32()? as usize;
        let data = reader.take(data_len)?;
        if !reader.0.is_empty() {
            return Err(Code::QuoteTrailingBytes);
        }
        // Inside the signature data, a length that does not fit is its own code.
        Self::signature_data(version, signed, body, data).map_err(|_| Code::QuoteSignatureData)
    }

    fn typed_body(reader: &mut Reader<'a>) -> Result<Body<'a>, Code> {
        let body_type = reader.u16()?;
        let size = reader.u32()? as usize;
        let rest = match (body_type, size) {
            (2, TD_REPORT_10_LEN) => None,
            (3, TD_REPORT_15_LEN) | (4, TD_REPORT_15_EX_LEN) => Some(size - TD_REPORT_10_LEN),
            _ => return Err(Code::QuoteBody),
        };
        let report = reader.array()?;
        Ok(Body::Tdx(report, rest.map(|length| reader.take(length)).transpose()?))
    }

    fn signature_data(
        version: u16,
        signed: &'a [u8],
        body: Body<'a>,
        data: &'a [u8],
    ) -> Result<Self, Code> {
        let mut reader = Reader(data);
        let signature = reader.array()?;
        let attestation_key = reader.array()?;
        if version > 3 {
            let (kind, nested) = reader.certification_data()?;
            if kind != QE_REPORT || !reader.0.is_empty() {
                return Err(Code::QuoteSignatureData);
            }
            reader = Reader(nested);
        }
        let qe_report = reader.array()?;
        let qe_signature = reader.array()?;
        if usize::from(reader.u16()?) != QE_AUTHENTICATION_LEN {
            return Err(Code::QuoteSignatureData);
        }
        let qe_authentication = reader.array()?;
        let (kind, certification) = reader.certification_data()?;
        if !CERTIFICATION_TYPES.contains(&kind) || !reader.0.is_empty() {
            return Err(Code::QuoteSignatureData);
        }
        Ok(Self {
            signed,
            body,
            signature,
            attestation_key,
            qe_report,
            qe_signature,
            qe_authentication,
            pck_chain: (kind == PEM_CHAIN).then_some(certification),
        })
    }
}

impl Body<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Sgx(report) => report.len(),
            Self::Tdx(report, rest) => report.len() + rest.map_or(0, <[u8]>::len),
        }
    }
}

/// The quote without the bytes that some drivers pad it with; `None` if it is not a quote.
///
/// Verification refuses trailing bytes, so that one quote is one byte string. This is for those
/// who hand evidence on.
pub fn trim_quote(padded: &[u8]) -> Option<&[u8]> {
    let version = Reader(padded).u16().ok()?;
    let body_len = match version {
        3 => ENCLAVE_REPORT_LEN,
        4 => TD_REPORT_10_LEN,
        5 => {
            let size = padded.get(HEADER_LEN + 2..HEADER_LEN + BODY_HEADER_LEN)?;
            BODY_HEADER_LEN.checked_add(Reader(size).u32().ok()? as usize)?
        }
        _ => return None,
    };
    let mut reader = Reader(padded.get(HEADER_LEN.checked_add(body_len)?..)?);
    let data_len = reader.u32().ok()? as usize;
    reader.take(data_len).ok()?;
    Some(&padded[..padded.len() - reader.0.len()])
}

/// Reads little-endian fields; running out of bytes is a truncated quote.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Code> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Code::QuoteTruncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Code> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Code::QuoteTruncated)?;
        self.0 = rest;
        Ok(array)
    }

    fn u16(&mut self) -> Result<u16, Code> {
        self.array().map(|bytes| u16::from_le_bytes(*bytes))
    }

    fn u32(&mut self) -> Result<u32, Code> {
        self.array().map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// Type and contents.
    fn certification_data(&mut self) -> Result<(u16, &'a [u8]), Code> {
        let kind = self.u16()?;
        let length = self.u32()? as usize;
        Ok((kind, self.take(length)?))
    }
}
