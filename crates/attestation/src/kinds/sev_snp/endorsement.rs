//! What a VCEK or VLEK certificate says of the key (AMD 57230, "VCEK Certificate Format").

use super::{
    product::{Product, Tcb},
    report::SigningKey,
};
use crate::{
    Code,
    encoding::{
        Malformed,
        der::{self, Reader},
        x509::Certificate,
    },
};
use alloy_primitives::hex;

/// Extensions one below 1.3.6.1.4.1.3704.1.
const STRUCTURE: &[u8] = &hex!("2b060104019c780101");
const PRODUCT: &[u8] = &hex!("2b060104019c780102");
const BOOT_LOADER: &[u8] = &hex!("2b060104019c78010301");
const TEE: &[u8] = &hex!("2b060104019c78010302");
const SNP: &[u8] = &hex!("2b060104019c78010303");
const MICROCODE: &[u8] = &hex!("2b060104019c78010308");
const FMC: &[u8] = &hex!("2b060104019c78010309");
const HARDWARE_ID: &[u8] = &hex!("2b060104019c780104");
const PROVIDER_ID: &[u8] = &hex!("2b060104019c780105");

/// Newest known version of the extensions' structure.
const LAST_STRUCTURE: u8 = 1;
/// Most bytes of a provider's name.
const MAX_PROVIDER: usize = 256;

/// What the certificate of the signing key states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Endorsement<'a> {
    pub(super) product: Product,
    pub(super) tcb: Tcb,
    /// VCEK: the chip's hardware id. VLEK: the cloud provider's name.
    pub(super) holder: &'a [u8],
}

impl<'a> Endorsement<'a> {
    /// Reads the extensions that a key of this sort must have; the other sort's it must not.
    pub(super) fn parse(certificate: &Certificate<'a>, key: SigningKey) -> Result<Self, Code> {
        Self::read(certificate, key).map_err(|Malformed| Code::SnpEndorsement)
    }

    fn read(certificate: &Certificate<'a>, key: SigningKey) -> Result<Self, Malformed> {
        let find = |id| certificate.extension(id);
        let level = |id| small(find(id).ok_or(Malformed)?);
        if level(STRUCTURE)? > LAST_STRUCTURE {
            return Err(Malformed);
        }
        let name = text(find(PRODUCT).ok_or(Malformed)?)?;
        let product = Product::from_name(name).ok_or(Malformed)?;
        let fmc = match (product, find(FMC)) {
            (Product::Turin, Some(level)) => small(level)?,
            (Product::Milan | Product::Genoa, None) => 0,
            _ => return Err(Malformed),
        };
        let tcb = Tcb {
            fmc,
            boot_loader: level(BOOT_LOADER)?,
            tee: level(TEE)?,
            snp: level(SNP)?,
            microcode: level(MICROCODE)?,
        };
        let holder = match (key, find(HARDWARE_ID), find(PROVIDER_ID)) {
            (SigningKey::Vcek, Some(id), None) => hardware_id(id, product.hardware_id_len())?,
            (SigningKey::Vlek, None, Some(id)) => text(id)?,
            _ => return Err(Malformed),
        };
        Ok(Self { product, tcb, holder })
    }
}

/// An integer of one byte.
fn small(contents: &[u8]) -> Result<u8, Malformed> {
    let mut reader = Reader::new(contents);
    let magnitude = reader.unsigned()?;
    reader.finish()?;
    match magnitude {
        [] => Ok(0),
        [level] => Ok(*level),
        _ => Err(Malformed),
    }
}

/// An IA5String that is not empty.
fn text(contents: &[u8]) -> Result<&[u8], Malformed> {
    let mut reader = Reader::new(contents);
    let text = reader.expect(der::IA5_STRING)?.value;
    reader.finish()?;
    if text.is_empty() || text.len() > MAX_PROVIDER || !text.is_ascii() {
        return Err(Malformed);
    }
    Ok(text)
}

/// The id itself, as AMD's certificates have it, or an octet string of it, as AMD's document does.
fn hardware_id(contents: &[u8], length: usize) -> Result<&[u8], Malformed> {
    if contents.len() == length {
        return Ok(contents);
    }
    let mut reader = Reader::new(contents);
    let id = reader.expect(der::OCTET_STRING)?.value;
    reader.finish()?;
    if id.len() == length { Ok(id) } else { Err(Malformed) }
}
