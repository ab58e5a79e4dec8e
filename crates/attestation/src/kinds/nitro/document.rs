//! The attestation document: a COSE_Sign1 (RFC 9052) around a CBOR map.
//!
//! The Nitro hypervisor emits one form, and that form alone is read: no tag, the algorithm alone in
//! the protected header, nothing in the unprotected one, and the payload's nine fields in one order,
//! null where absent.

use crate::{
    Code,
    encoding::{Malformed, algorithm::Signature, cbor::Reader},
};
use alloc::vec::Vec;

/// `{1: -35}`: the algorithm is ES384.
const PROTECTED_HEADER: &[u8] = &[0xa1, 0x01, 0x38, 0x22];
/// What stands before the payload in the signed `Sig_structure`: an array of four, its context, the
/// protected header and no additional data.
const SIGNED_PREFIX: &[u8] = b"\x84\x6aSignature1\x44\xa1\x01\x38\x22\x40";

const FIELDS: u64 = 9;
const DIGEST: &str = "SHA384";
pub(crate) const PCR_LEN: usize = 48;
const PCR_COUNT: usize = 32;
const MAX_MODULE_ID: usize = 256;
const MAX_CERTIFICATE: usize = 1024;
/// Most certificates in the bundle: the root and three authorities.
pub(crate) const MAX_BUNDLE: usize = 4;
const MAX_PUBLIC_KEY: usize = 1024;
const MAX_DATA: usize = 512;

/// A document, read but not judged.
pub(crate) struct Document<'a> {
    pub(crate) module_id: &'a str,
    /// Unix milliseconds.
    pub(crate) timestamp: u64,
    pub(crate) pcrs: Pcrs<'a>,
    /// The enclave's certificate, whose key signs the document.
    pub(crate) certificate: &'a [u8],
    /// Root first; at least one.
    pub(crate) bundle: Vec<&'a [u8]>,
    pub(crate) public_key: Option<&'a [u8]>,
    pub(crate) user_data: Option<&'a [u8]>,
    pub(crate) nonce: Option<&'a [u8]>,
    /// The `Sig_structure`, which is what is signed.
    pub(crate) signed: Vec<u8>,
    pub(crate) signature: Signature,
}

/// Platform configuration registers, by index; the first three are there.
pub(crate) struct Pcrs<'a>([Option<&'a [u8; PCR_LEN]>; PCR_COUNT]);

impl<'a> Pcrs<'a> {
    pub(crate) fn get(&self, index: usize) -> Option<&'a [u8; PCR_LEN]> {
        self.0.get(index).copied().flatten()
    }

    /// Those that the document states, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &'a [u8; PCR_LEN])> {
        self.0.iter().enumerate().filter_map(|(index, pcr)| pcr.map(|pcr| (index, pcr)))
    }
}

impl<'a> Document<'a> {
    pub(crate) fn parse(evidence: &'a [u8]) -> Result<Self, Code> {
        let cose = |Malformed| Code::CoseEncoding;
        let mut reader = Reader::new(evidence);
        if reader.array().map_err(cose)? != 4 {
            return Err(Code::CoseEncoding);
        }
        if reader.bytes().map_err(cose)? != PROTECTED_HEADER {
            return Err(Code::CoseAlgorithm);
        }
        if reader.map().map_err(cose)? != 0 {
            return Err(Code::CoseUnprotectedHeader);
        }
        let from_payload = reader;
        let payload = reader.bytes().map_err(cose)?;
        // The payload's encoding in the signed structure is the one it has here.
        let encoded_payload = from_payload.up_to(&reader);
        let signature = reader.bytes().map_err(cose)?;
        reader.finish().map_err(|Malformed| Code::CoseTrailingBytes)?;
        let signature =
            signature.try_into().ok().and_then(Signature::p384).ok_or(Code::SignatureEncoding)?;
        let signed = [SIGNED_PREFIX, encoded_payload].concat();
        Self::read(payload, signed, signature)
    }

    fn read(payload: &'a [u8], signed: Vec<u8>, signature: Signature) -> Result<Self, Code> {
        let malformed = |Malformed| Code::DocumentEncoding;
        let mut reader = Reader::new(payload);
        if reader.map().map_err(malformed)? != FIELDS {
            return Err(Code::DocumentEncoding);
        }
        let mut field = Fields(&mut reader);
        let module_id = field.named("module_id")?.text().map_err(malformed)?;
        if module_id.is_empty() || module_id.len() > MAX_MODULE_ID {
            return Err(Code::DocumentModuleId);
        }
        if field.named("digest")?.text().map_err(malformed)? != DIGEST {
            return Err(Code::DocumentDigest);
        }
        let timestamp = field.named("timestamp")?.unsigned().map_err(malformed)?;
        let pcrs = pcrs(field.named("pcrs")?)?;
        let certificate = certificate(field.named("certificate")?)?;
        let bundle = bundle(field.named("cabundle")?)?;
        let public_key = optional(field.named("public_key")?, 1, MAX_PUBLIC_KEY)?;
        let user_data = optional(field.named("user_data")?, 0, MAX_DATA)?;
        let nonce = optional(field.named("nonce")?, 0, MAX_DATA)?;
        reader.finish().map_err(malformed)?;
        Ok(Self {
            module_id,
            timestamp,
            pcrs,
            certificate,
            bundle,
            public_key,
            user_data,
            nonce,
            signed,
            signature,
        })
    }
}

/// The payload's fields, which stand in one order.
struct Fields<'r, 'a>(&'r mut Reader<'a>);

impl<'a> Fields<'_, 'a> {
    /// Reads the next field's name; gives the reader at its value.
    fn named(&mut self, name: &str) -> Result<&mut Reader<'a>, Code> {
        match self.0.text() {
            Ok(found) if found == name => Ok(self.0),
            _ => Err(Code::DocumentEncoding),
        }
    }
}

/// Reads the registers: indices ascend, so that none stands twice.
fn pcrs<'a>(reader: &mut Reader<'a>) -> Result<Pcrs<'a>, Code> {
    let count = reader.map().map_err(|Malformed| Code::DocumentEncoding)?;
    let mut pcrs = [None; PCR_COUNT];
    let mut next = 0;
    for _ in 0..count {
        let index = reader.unsigned().map_err(|Malformed| Code::DocumentEncoding)?;
        let value = reader.bytes().map_err(|Malformed| Code::DocumentEncoding)?;
        let index = usize::try_from(index).map_err(|_| Code::PcrIndex)?;
        let slot = pcrs.get_mut(index).filter(|_| index >= next).ok_or(Code::PcrIndex)?;
        *slot = Some(value.try_into().map_err(|_| Code::PcrLength)?);
        next = index + 1;
    }
    // The three that measure the enclave's image.
    if pcrs[..3].contains(&None) {
        return Err(Code::PcrIndex);
    }
    Ok(Pcrs(pcrs))
}

fn certificate<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Code> {
    let certificate = reader.bytes().map_err(|Malformed| Code::DocumentEncoding)?;
    if certificate.is_empty() || certificate.len() > MAX_CERTIFICATE {
        return Err(Code::DocumentFieldLength);
    }
    Ok(certificate)
}

fn bundle<'a>(reader: &mut Reader<'a>) -> Result<Vec<&'a [u8]>, Code> {
    let count = reader.array().map_err(|Malformed| Code::DocumentEncoding)?;
    if count == 0 || count > MAX_BUNDLE as u64 {
        return Err(Code::ChainLength);
    }
    (0..count).map(|_| certificate(reader)).collect()
}

fn optional<'a>(
    reader: &mut Reader<'a>,
    least: usize,
    most: usize,
) -> Result<Option<&'a [u8]>, Code> {
    let data = reader.optional_bytes().map_err(|Malformed| Code::DocumentEncoding)?;
    match data {
        Some(data) if data.len() < least || data.len() > most => Err(Code::DocumentFieldLength),
        data => Ok(data),
    }
}
