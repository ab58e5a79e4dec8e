//! Certificate revocation lists (RFC 5280, version 2) of one issuer, complete and not partitioned.

use super::{
    Malformed,
    algorithm::{Algorithm, Signature},
    der::{self, Reader},
    x509::{self, Serial},
};
use crate::Code;
use alloc::vec::Vec;
use alloy_primitives::hex;

/// Most revoked certificates in a list.
pub(crate) const MAX_ENTRIES: usize = 1024;

const AUTHORITY_KEY_ID: &[u8] = &hex!("551d23");
const CRL_NUMBER: &[u8] = &hex!("551d14");
const REASON_CODE: &[u8] = &hex!("551d15");
const INVALIDITY_DATE: &[u8] = &hex!("551d18");

/// A revocation list. Its signature is not checked by reading it.
pub(crate) struct RevocationList<'a> {
    /// The signed part, whole.
    pub(crate) tbs: &'a [u8],
    pub(crate) issuer: &'a [u8],
    /// Unix seconds: in force from the first, replaced at the second.
    pub(crate) this_update: u64,
    pub(crate) next_update: u64,
    pub(crate) signature: Signature,
    /// The CRL number, zero where the list states none.
    pub(crate) number: Serial,
    revoked: Vec<Serial>,
}

impl<'a> RevocationList<'a> {
    /// Reads a list signed with `signed_with`, or by another algorithm not at all.
    pub(crate) fn parse(bytes: &'a [u8], signed_with: Algorithm) -> Result<Self, Code> {
        let list = Self::read(bytes, signed_with).map_err(|Malformed| Code::CrlEncoding)?;
        list.ok_or(Code::CrlEntryCount)
    }

    pub(crate) fn revokes(&self, serial: &Serial) -> bool {
        self.revoked.contains(serial)
    }

    /// The revoked serial numbers as listed: in any order, perhaps some of them twice.
    pub(crate) fn revoked(&self) -> &[Serial] {
        &self.revoked
    }

    /// `Ok(None)` is too many entries.
    fn read(bytes: &'a [u8], signed_with: Algorithm) -> Result<Option<Self>, Malformed> {
        let mut outer = Reader::only(bytes, der::SEQUENCE)?;
        let tbs = outer.expect(der::SEQUENCE)?;
        let algorithm = outer.expect(der::SEQUENCE)?.whole;
        let signature = signed_with.signature(outer.bit_string()?)?;
        outer.finish()?;

        let mut inner = Reader::new(tbs.value);
        let version = inner.unsigned()?;
        let inner_algorithm = inner.expect(der::SEQUENCE)?.whole;
        if version != [1] || !signed_with.is_stated_by(algorithm) || inner_algorithm != algorithm {
            return Err(Malformed);
        }
        let issuer = x509::name(&mut inner)?;
        let (this_update, next_update) = (inner.time()?, inner.time()?);
        let mut revoked = Vec::new();
        if inner.next_is(der::SEQUENCE) {
            let mut entries = inner.nested(der::SEQUENCE)?;
            while !entries.is_empty() {
                if revoked.len() == MAX_ENTRIES {
                    return Ok(None);
                }
                revoked.push(entry(entries.nested(der::SEQUENCE)?)?);
            }
        }
        let mut tagged = inner.nested(der::CONTEXT_0)?;
        inner.finish()?;
        let extensions = tagged.nested(der::SEQUENCE)?;
        tagged.finish()?;
        // Anything else (delta lists, partitions) changes what the list means.
        let [_, number] = known_extensions(extensions, &[AUTHORITY_KEY_ID, CRL_NUMBER])?;
        let number = number.map_or(Ok(Serial::default()), crl_number)?;
        Ok(Some(Self {
            tbs: tbs.whole,
            issuer,
            this_update,
            next_update,
            signature,
            number,
            revoked,
        }))
    }
}

/// Reads a revoked certificate's serial number. Whatever the reason, it is revoked.
fn entry(mut entry: Reader<'_>) -> Result<Serial, Malformed> {
    let serial = x509::serial(&mut entry)?;
    entry.time()?;
    if !entry.is_empty() {
        let extensions = entry.nested(der::SEQUENCE)?;
        entry.finish()?;
        known_extensions(extensions, &[REASON_CODE, INVALIDITY_DATE])?;
    }
    Ok(serial)
}

/// Reads a CRL number (RFC 5280, 5.2.3): at most twenty bytes.
fn crl_number(contents: &[u8]) -> Result<Serial, Malformed> {
    let mut reader = Reader::new(contents);
    let number = x509::serial(&mut reader)?;
    reader.finish()?;
    Ok(number)
}

/// Passes over extensions, none twice, all among `known`; gives the contents of each of those.
fn known_extensions<'a, const N: usize>(
    mut reader: Reader<'a>,
    known: &[&[u8]; N],
) -> Result<[Option<&'a [u8]>; N], Malformed> {
    let mut found = [None; N];
    while !reader.is_empty() {
        let (id, _, contents) = x509::extension(&mut reader)?;
        let index = known.iter().position(|known| *known == id).ok_or(Malformed)?;
        if found[index].replace(contents).is_some() {
            return Err(Malformed);
        }
    }
    Ok(found)
}
