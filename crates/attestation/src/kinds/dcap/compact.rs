//! Intel's statements in compact form: what verification needs of each, in one canonical encoding.
//!
//! A compact form carries no signature. Whoever relies on one holds its digest from
//! [`verify_collateral`](crate::verify_collateral); bytes that nobody vouches for must do no harm
//! here but to be refused or believed. docs/attestation.md lays the encoding out.

use super::statements::{
    MAX_LEVELS, MAX_MODULES, ModuleIdentity, QeIdentity, SvnLevel, TcbInfo, TcbLevel, TcbStatus,
    TdxModule, Tee,
};
use crate::{
    Code,
    encoding::{
        crl::{MAX_ENTRIES, RevocationList},
        x509::{Certificate, SERIAL_LEN, Serial},
    },
    window::Window,
};
use alloc::vec::Vec;
use alloy_primitives::{B256, keccak256};

/// What every layout begins with.
const LAYOUT_VERSION: u8 = 1;
/// Layout, type, anchor and window.
const HEADER_LEN: usize = 2 + 32 + 16;

/// The four statements about a platform, in the order of their numbers and of their joined form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum StatementType {
    RootCrl = 1,
    PckCrl = 2,
    TcbInfo = 3,
    QeIdentity = 4,
}

impl StatementType {
    pub(crate) const ALL: [Self; 4] =
        [Self::RootCrl, Self::PckCrl, Self::TcbInfo, Self::QeIdentity];

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// A statement's root and when all of it holds: itself, its root and its signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) anchor: B256,
    pub(crate) window: Window,
}

/// A revocation list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List<'a> {
    pub(crate) header: Header,
    /// Who issued a PCK list; `None` of the root's own.
    pub(crate) authority: Option<Authority>,
    revoked: &'a [Serial],
}

/// A PCK authority, by the hashes of its name and of its key, both in DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(crate) name: B256,
    pub(crate) key: B256,
}

impl Authority {
    pub(crate) fn of(certificate: &Certificate<'_>) -> Self {
        Self { name: keccak256(certificate.subject), key: keccak256(certificate.key_info) }
    }

    /// Names the authority by both: another key under the same name is another authority.
    pub(crate) fn id(&self) -> B256 {
        keccak256([self.name.0, self.key.0].as_flattened())
    }
}

/// TCB info or QE identity, and the serial number of the certificate that signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed<T> {
    pub(crate) header: Header,
    pub(crate) signer: Serial,
    pub(crate) statement: T,
}

/// The four statements, joined.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Statements<'a> {
    /// Their bytes, in the order of their numbers.
    pub(crate) parts: [&'a [u8]; 4],
    pub(crate) root_list: List<'a>,
    pub(crate) pck_list: List<'a>,
    pub(crate) tcb_info: Signed<TcbInfo>,
    pub(crate) qe_identity: Signed<QeIdentity>,
}

impl<'a> Statements<'a> {
    pub(crate) fn decode(joined: &'a [u8]) -> Result<Self, Code> {
        let parts = split(joined).ok_or(Code::CompactParts)?;
        let [root_list, pck_list, tcb_info, qe_identity] = parts;
        Ok(Self {
            parts,
            root_list: List::decode(StatementType::RootCrl, root_list)?,
            pck_list: List::decode(StatementType::PckCrl, pck_list)?,
            tcb_info: Signed::<TcbInfo>::decode(tcb_info)?,
            qe_identity: Signed::<QeIdentity>::decode(qe_identity)?,
        })
    }

    pub(crate) fn headers(&self) -> [&Header; 4] {
        [
            &self.root_list.header,
            &self.pck_list.header,
            &self.tcb_info.header,
            &self.qe_identity.header,
        ]
    }

    /// Serial numbers of the certificates that signed TCB info and QE identity.
    pub(crate) const fn signers(&self) -> [Serial; 2] {
        [self.tcb_info.signer, self.qe_identity.signer]
    }
}

/// Joins the four compact forms, each with its length before it; `None` if one is too long for
/// its length's two bytes, as no compact form is.
pub(crate) fn join(parts: [&[u8]; 4]) -> Option<Vec<u8>> {
    let mut joined = Vec::new();
    for part in parts {
        joined.extend_from_slice(&u16::try_from(part.len()).ok()?.to_be_bytes());
        joined.extend_from_slice(part);
    }
    Some(joined)
}

fn split(mut rest: &[u8]) -> Option<[&[u8]; 4]> {
    let mut parts = [&[][..]; 4];
    for part in &mut parts {
        let (length, after) = rest.split_first_chunk()?;
        (*part, rest) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    }
    rest.is_empty().then_some(parts)
}

impl<'a> List<'a> {
    /// The root's own list where there is no authority.
    pub(crate) fn encode(
        header: Header,
        authority: Option<Authority>,
        list: &RevocationList<'_>,
    ) -> Vec<u8> {
        let mut bytes = match authority {
            None => header.encode(StatementType::RootCrl),
            Some(Authority { name, key }) => {
                let mut bytes = header.encode(StatementType::PckCrl);
                bytes.extend_from_slice(name.as_slice());
                bytes.extend_from_slice(key.as_slice());
                bytes
            }
        };
        let mut serials: Vec<&Serial> = list.revoked().iter().collect();
        serials.sort_unstable();
        serials.dedup();
        bytes.extend_from_slice(&list.number);
        // The list's reader takes at most `MAX_ENTRIES`.
        bytes.extend_from_slice(&(serials.len() as u16).to_be_bytes());
        for serial in serials {
            bytes.extend_from_slice(serial);
        }
        bytes
    }

    /// Reads a list of one of the two types.
    pub(crate) fn decode(kind: StatementType, bytes: &'a [u8]) -> Result<Self, Code> {
        let (header, mut reader) = Header::decode(bytes, kind)?;
        let authority = if kind == StatementType::RootCrl {
            None
        } else {
            Some(Authority { name: B256::new(reader.array()?), key: B256::new(reader.array()?) })
        };
        let _number: Serial = reader.array()?;
        let revoked = reader.serials()?;
        reader.finish()?;
        Ok(Self { header, authority, revoked })
    }

    pub(crate) fn revokes(&self, serial: &Serial) -> bool {
        self.revoked.binary_search(serial).is_ok()
    }
}

impl Signed<TcbInfo> {
    /// `None` where the statement is about no kind of quote, or lists more than layouts have.
    pub(crate) fn encode(header: Header, signer: &Serial, info: &TcbInfo) -> Option<Vec<u8>> {
        let tee = info.tee?;
        let mut bytes = header.encode(StatementType::TcbInfo);
        bytes.extend_from_slice(signer);
        bytes.push(tee as u8);
        bytes.extend_from_slice(&info.evaluation.to_be_bytes());
        bytes.extend_from_slice(&info.fmspc);
        bytes.extend_from_slice(&info.pce_id);
        if tee == Tee::Tdx {
            bytes.push(u8::from(info.module.is_some()));
            if let Some(module) = &info.module {
                put_module(&mut bytes, module);
            }
            // The first of equal versions is the one that counts.
            let mut modules: Vec<&ModuleIdentity> = info.modules.iter().collect();
            modules.sort_by_key(|identity| identity.version);
            modules.dedup_by_key(|identity| identity.version);
            bytes.push(u8::try_from(modules.len()).ok()?);
            for identity in modules {
                bytes.push(identity.version);
                put_module(&mut bytes, &identity.module);
                put_svn_levels(&mut bytes, &identity.levels)?;
            }
        }
        bytes.push(u8::try_from(info.levels.len()).ok()?);
        for level in &info.levels {
            bytes.extend_from_slice(&level.sgx);
            bytes.extend_from_slice(&level.pce_svn.to_be_bytes());
            if tee == Tee::Tdx {
                bytes.extend_from_slice(&level.tdx);
            }
            bytes.push(level.status as u8);
        }
        Some(bytes)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Code> {
        let (header, mut reader) = Header::decode(bytes, StatementType::TcbInfo)?;
        let signer = reader.array()?;
        let tee = reader.tee()?;
        let evaluation = u32::from_be_bytes(reader.array()?);
        let (fmspc, pce_id) = (reader.array()?, reader.array()?);
        let (mut module, mut modules) = (None, Vec::new());
        if tee == Tee::Tdx {
            module = match reader.array()? {
                [0] => None,
                [1] => Some(reader.module()?),
                _ => return Err(Code::CompactEncoding),
            };
            for _ in 0..reader.count(MAX_MODULES)? {
                let [version] = reader.array()?;
                if modules.last().is_some_and(|last: &ModuleIdentity| last.version >= version) {
                    return Err(Code::CompactOrder);
                }
                let (module, levels) = (reader.module()?, reader.svn_levels()?);
                modules.push(ModuleIdentity { version, module, levels });
            }
        }
        let mut levels = Vec::new();
        for _ in 0..reader.count(MAX_LEVELS)? {
            levels.push(TcbLevel {
                sgx: reader.array()?,
                pce_svn: u16::from_be_bytes(reader.array()?),
                tdx: if tee == Tee::Tdx { reader.array()? } else { [0; 16] },
                status: reader.status()?,
            });
        }
        reader.finish()?;
        let statement =
            TcbInfo { tee: Some(tee), fmspc, pce_id, evaluation, levels, module, modules };
        Ok(Self { header, signer, statement })
    }
}

impl Signed<QeIdentity> {
    /// `None` where the statement is about no kind of quote, or lists more than layouts have.
    pub(crate) fn encode(
        header: Header,
        signer: &Serial,
        identity: &QeIdentity,
    ) -> Option<Vec<u8>> {
        let tee = identity.tee?;
        let mut bytes = header.encode(StatementType::QeIdentity);
        bytes.extend_from_slice(signer);
        bytes.push(tee as u8);
        bytes.extend_from_slice(&identity.evaluation.to_be_bytes());
        bytes.extend_from_slice(&identity.misc_select);
        bytes.extend_from_slice(&identity.misc_select_mask);
        bytes.extend_from_slice(&identity.attributes);
        bytes.extend_from_slice(&identity.attributes_mask);
        bytes.extend_from_slice(&identity.signer);
        bytes.extend_from_slice(&identity.product_id.to_be_bytes());
        put_svn_levels(&mut bytes, &identity.levels)?;
        Some(bytes)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Code> {
        let (header, mut reader) = Header::decode(bytes, StatementType::QeIdentity)?;
        let signer = reader.array()?;
        let statement = QeIdentity {
            tee: Some(reader.tee()?),
            evaluation: u32::from_be_bytes(reader.array()?),
            misc_select: reader.array()?,
            misc_select_mask: reader.array()?,
            attributes: reader.array()?,
            attributes_mask: reader.array()?,
            signer: reader.array()?,
            product_id: u16::from_be_bytes(reader.array()?),
            levels: reader.svn_levels()?,
        };
        reader.finish()?;
        Ok(Self { header, signer, statement })
    }
}

impl Header {
    fn encode(&self, kind: StatementType) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_LEN + 512);
        bytes.extend_from_slice(&[LAYOUT_VERSION, kind as u8]);
        bytes.extend_from_slice(self.anchor.as_slice());
        bytes.extend_from_slice(&self.window.start.to_be_bytes());
        bytes.extend_from_slice(&self.window.end.to_be_bytes());
        bytes
    }

    /// Also the reader of what follows.
    fn decode(bytes: &[u8], expected: StatementType) -> Result<(Self, Reader<'_>), Code> {
        let mut reader = Reader(bytes);
        let [layout, kind] = reader.array()?;
        if layout != LAYOUT_VERSION || kind != expected as u8 {
            return Err(Code::CompactType);
        }
        let anchor = B256::new(reader.array()?);
        let start = u64::from_be_bytes(reader.array()?);
        let end = u64::from_be_bytes(reader.array()?);
        if start >= end {
            return Err(Code::CompactWindow);
        }
        Ok((Self { anchor, window: Window { start, end } }, reader))
    }
}

fn put_module(bytes: &mut Vec<u8>, module: &TdxModule) {
    bytes.extend_from_slice(&module.signer);
    bytes.extend_from_slice(&module.attributes);
    bytes.extend_from_slice(&module.attributes_mask);
}

fn put_svn_levels(bytes: &mut Vec<u8>, levels: &[SvnLevel]) -> Option<()> {
    bytes.push(u8::try_from(levels.len()).ok()?);
    for level in levels {
        bytes.extend_from_slice(&level.svn.to_be_bytes());
        bytes.push(level.status as u8);
    }
    Some(())
}

/// Reads fields off the front; running out of bytes is a malformed statement.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Code> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Code::CompactEncoding)?;
        self.0 = rest;
        Ok(*array)
    }

    fn finish(&self) -> Result<(), Code> {
        if self.0.is_empty() { Ok(()) } else { Err(Code::CompactEncoding) }
    }

    fn count(&mut self, most: usize) -> Result<u8, Code> {
        let [count] = self.array()?;
        if usize::from(count) > most { Err(Code::CompactCount) } else { Ok(count) }
    }

    fn tee(&mut self) -> Result<Tee, Code> {
        match self.array()? {
            [0] => Ok(Tee::Sgx),
            [1] => Ok(Tee::Tdx),
            _ => Err(Code::CompactEncoding),
        }
    }

    fn status(&mut self) -> Result<TcbStatus, Code> {
        let [number] = self.array()?;
        TcbStatus::from_number(number).ok_or(Code::CompactEncoding)
    }

    fn module(&mut self) -> Result<TdxModule, Code> {
        Ok(TdxModule {
            signer: self.array()?,
            attributes: self.array()?,
            attributes_mask: self.array()?,
        })
    }

    fn svn_levels(&mut self) -> Result<Vec<SvnLevel>, Code> {
        let mut levels = Vec::new();
        for _ in 0..self.count(MAX_LEVELS)? {
            levels
                .push(SvnLevel { svn: u16::from_be_bytes(self.array()?), status: self.status()? });
        }
        Ok(levels)
    }

    /// Serial numbers in ascending order, each once.
    fn serials(&mut self) -> Result<&'a [Serial], Code> {
        let count = usize::from(u16::from_be_bytes(self.array()?));
        if count > MAX_ENTRIES {
            return Err(Code::CompactCount);
        }
        let (serials, rest) =
            self.0.split_at_checked(count * SERIAL_LEN).ok_or(Code::CompactEncoding)?;
        let (serials, _) = serials.as_chunks();
        if !serials.is_sorted_by(|left, right| left < right) {
            return Err(Code::CompactOrder);
        }
        self.0 = rest;
        Ok(serials)
    }
}
