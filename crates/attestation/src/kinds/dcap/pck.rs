//! Intel's SGX extension in a PCK certificate: the platform's identity and versions.

use crate::{
    Code,
    encoding::{
        Malformed,
        der::{self, Reader},
    },
};
use alloy_primitives::hex;

/// 1.2.840.113741.1.13.1, the extension; each field's identifier continues it.
pub(crate) const ARC: &[u8] = &hex!("2a864886f84d010d01");
const PPID: u8 = 1;
const TCB: u8 = 2;
const PCE_ID: u8 = 3;
const FMSPC: u8 = 4;
const SGX_TYPE: u8 = 5;
const TCB_PCE_SVN: u8 = 17;
const TCB_CPU_SVN: u8 = 18;

/// What the platform is, as certified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Platform {
    pub(crate) ppid: [u8; 16],
    /// The components of the SGX TCB, which levels are compared with. The CPUSVN beside them is the
    /// processor's own form, of which only Intel knows the order.
    pub(crate) components: [u8; 16],
    pub(crate) pce_svn: u16,
    pub(crate) pce_id: [u8; 2],
    pub(crate) fmspc: [u8; 6],
}

impl Platform {
    pub(crate) fn parse(extension: Option<&[u8]>) -> Result<Self, Code> {
        extension.ok_or(Malformed).and_then(Self::read).map_err(|Malformed| Code::PckExtension)
    }

    fn read(extension: &[u8]) -> Result<Self, Malformed> {
        let (mut ppid, mut tcb, mut pce_id, mut fmspc, mut sgx_type) =
            (None, None, None, None, None);
        let mut fields = Reader::only(extension, der::SEQUENCE)?;
        while !fields.is_empty() {
            let (id, mut value) = field(&mut fields, ARC)?;
            match id {
                PPID => once(&mut ppid, octets(&mut value)?)?,
                TCB => once(&mut tcb, versions(value.nested(der::SEQUENCE)?)?)?,
                PCE_ID => once(&mut pce_id, octets(&mut value)?)?,
                FMSPC => once(&mut fmspc, octets(&mut value)?)?,
                SGX_TYPE => once(&mut sgx_type, value.expect(der::ENUMERATED).map(drop)?)?,
                // Platform instance id and configuration flags, which decide nothing here.
                _ => value.element().map(drop)?,
            }
            value.finish()?;
        }
        let (components, pce_svn) = tcb.ok_or(Malformed)?;
        sgx_type.ok_or(Malformed)?;
        Ok(Self {
            ppid: ppid.ok_or(Malformed)?,
            components,
            pce_svn,
            pce_id: pce_id.ok_or(Malformed)?,
            fmspc: fmspc.ok_or(Malformed)?,
        })
    }
}

/// Components and PCESVN. The CPUSVN must be there too, but decides nothing.
fn versions(mut fields: Reader<'_>) -> Result<([u8; 16], u16), Malformed> {
    let arc = [ARC, &[TCB]].concat();
    let (mut components, mut pce_svn, mut cpu_svn) = ([None; 16], None, None);
    while !fields.is_empty() {
        let (id, mut value) = field(&mut fields, &arc)?;
        match id {
            1..=16 => {
                let component = u8::try_from(number(&mut value)?).map_err(|_| Malformed)?;
                once(&mut components[usize::from(id) - 1], component)?;
            }
            TCB_PCE_SVN => once(&mut pce_svn, number(&mut value)?)?,
            TCB_CPU_SVN => once(&mut cpu_svn, octets::<16>(&mut value)?)?,
            _ => return Err(Malformed),
        }
        value.finish()?;
    }
    cpu_svn.ok_or(Malformed)?;
    let mut svns = [0; 16];
    for (svn, component) in svns.iter_mut().zip(components) {
        *svn = component.ok_or(Malformed)?;
    }
    Ok((svns, pce_svn.ok_or(Malformed)?))
}

/// A field's last identifier component, and a reader of its value.
fn field<'a>(fields: &mut Reader<'a>, arc: &[u8]) -> Result<(u8, Reader<'a>), Malformed> {
    let mut field = fields.nested(der::SEQUENCE)?;
    match field.expect(der::OID)?.value.strip_prefix(arc) {
        Some([id @ 0..0x80]) => Ok((*id, field)),
        _ => Err(Malformed),
    }
}

fn octets<const N: usize>(value: &mut Reader<'_>) -> Result<[u8; N], Malformed> {
    value.expect(der::OCTET_STRING)?.value.try_into().map_err(|_| Malformed)
}

fn number(value: &mut Reader<'_>) -> Result<u16, Malformed> {
    let mut number = [0; 2];
    der::pad_left(value.unsigned()?, &mut number)?;
    Ok(u16::from_be_bytes(number))
}

fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), Malformed> {
    if slot.replace(value).is_none() { Ok(()) } else { Err(Malformed) }
}
