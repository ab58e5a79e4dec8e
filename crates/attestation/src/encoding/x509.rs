//! X.509 certificates (RFC 5280), read strictly, in the algorithms that the caller asks for.

use super::{
    Malformed,
    algorithm::{Algorithm, PublicKey, Signature},
    der::{self, Element, Reader},
};
use crate::{Backend, Code};
use alloc::vec::Vec;
use alloy_primitives::hex;

/// `INTEGER 2` in `[0]`: version 3.
const VERSION_3: &[u8] = &hex!("a003020102");

const KEY_USAGE: &[u8] = &hex!("551d0f");
const BASIC_CONSTRAINTS: &[u8] = &hex!("551d13");
const NAME_CONSTRAINTS: &[u8] = &hex!("551d1e");
const EXTENDED_KEY_USAGE: &[u8] = &hex!("551d25");

/// Longest serial number in bytes (RFC 5280, 4.1.2.2).
pub(crate) const SERIAL_LEN: usize = 20;
const MAX_EXTENSIONS: usize = 16;

/// A serial number, left-padded with zeros.
pub(crate) type Serial = [u8; SERIAL_LEN];

/// Key usage bits, most significant first as in the encoding.
const DIGITAL_SIGNATURE: u8 = 0x80;
const KEY_CERT_SIGN: u8 = 0x04;
const CRL_SIGN: u8 = 0x02;

/// What a vendor's certificates look like, beyond RFC 5280.
#[derive(Clone, Copy)]
pub(crate) struct Profile {
    /// The certified key's algorithm.
    pub(crate) key: Algorithm,
    /// The issuer's, with which the certificate is signed.
    pub(crate) signed_with: Algorithm,
    /// Extensions that the caller reads itself, by object identifier: they may be critical.
    pub(crate) extensions: &'static [&'static [u8]],
}

/// What evidence verification needs of a certificate. Its signature is not checked by reading it.
pub(crate) struct Certificate<'a> {
    /// The signed part, whole.
    pub(crate) tbs: &'a [u8],
    pub(crate) serial: Serial,
    /// Distinguished names, whole, compared byte by byte.
    pub(crate) issuer: &'a [u8],
    pub(crate) subject: &'a [u8],
    /// Unix seconds; the last second of validity is included.
    pub(crate) not_before: u64,
    pub(crate) not_after: u64,
    /// The certified key's `SubjectPublicKeyInfo`, whole.
    pub(crate) key_info: &'a [u8],
    pub(crate) key: PublicKey,
    pub(crate) signature: Signature,
    extensions: Extensions<'a>,
}

/// The part a certificate plays in its chain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Signs certificates and revocation lists; this many authorities may stand below it.
    Authority { below: u8 },
    /// Signs certificates, where nobody asks its vendor for revocation lists; as above.
    Issuer { below: u8 },
    /// Signs statements or reports.
    Signer,
    /// Signs reports, under a vendor that states no key usage.
    Reporter,
}

#[derive(Default)]
struct Extensions<'a> {
    authority: bool,
    path_length: Option<u8>,
    key_usage: Option<u8>,
    extended_key_usage: bool,
    name_constraints: bool,
    /// Object identifiers and contents of all.
    all: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Certificate<'a> {
    /// The codes, in their order: `CertificateEncoding`, `CertificateAlgorithm` (also of a key that
    /// is not canonical), `CertificateEncoding` of the signature, `CertificateExtension`.
    pub(crate) fn parse(bytes: &'a [u8], profile: Profile, backend: Backend) -> Result<Self, Code> {
        let fields = Fields::parse(bytes).map_err(|Malformed| Code::CertificateEncoding)?;
        let stated = profile.signed_with.is_stated_by(fields.algorithm);
        if !stated || fields.inner_algorithm != fields.algorithm {
            return Err(Code::CertificateAlgorithm);
        }
        let key = public_key(fields.key_info.value, profile.key, backend)
            .ok_or(Code::CertificateAlgorithm)?;
        let signature = profile
            .signed_with
            .signature(fields.signature)
            .map_err(|Malformed| Code::CertificateEncoding)?;
        let extensions = Extensions::parse(fields.extensions, profile.extensions)
            .map_err(|Malformed| Code::CertificateExtension)?;
        Ok(Self {
            tbs: fields.tbs,
            serial: fields.serial,
            issuer: fields.issuer,
            subject: fields.subject,
            not_before: fields.not_before,
            not_after: fields.not_after,
            key_info: fields.key_info.whole,
            key,
            signature,
            extensions,
        })
    }

    /// Whether the certificate may play `role`: authority flag, path length and key usage.
    ///
    /// Key usage must be stated, but by a [`Role::Reporter`]; an extended key usage or name constraints may not.
    pub(crate) fn may(&self, role: Role) -> bool {
        let extensions = &self.extensions;
        if extensions.extended_key_usage || extensions.name_constraints {
            return false;
        }
        let usage = match (extensions.key_usage, role) {
            (Some(usage), _) => usage,
            (None, Role::Reporter) => DIGITAL_SIGNATURE,
            (None, _) => return false,
        };
        let issues = |below| {
            extensions.authority
                && usage & KEY_CERT_SIGN != 0
                && extensions.path_length.is_none_or(|most| below <= most)
        };
        match role {
            Role::Authority { below } => issues(below) && usage & CRL_SIGN != 0,
            Role::Issuer { below } => issues(below),
            Role::Signer | Role::Reporter => {
                !extensions.authority && usage & DIGITAL_SIGNATURE != 0
            }
        }
    }

    /// Contents of the extension with this object identifier.
    pub(crate) fn extension(&self, id: &[u8]) -> Option<&'a [u8]> {
        self.extensions.all.iter().find(|(known, _)| *known == id).map(|(_, contents)| *contents)
    }

    /// Whether `subject`'s signature is this certificate's key's. Names are not compared.
    pub(crate) fn has_signed(&self, subject: &Certificate<'_>, backend: Backend) -> bool {
        self.key.holds(subject.tbs, &subject.signature, backend)
    }
}

/// The subject of a certificate of any algorithm, whole.
pub(crate) fn subject(bytes: &[u8]) -> Result<&[u8], Malformed> {
    Ok(Fields::parse(bytes)?.subject)
}

/// Whether a genesis may name `der` as a root: strict, self-signed, with `role`.
pub(crate) fn check_root(der: &[u8], profile: Profile, role: Role) -> Result<(), Code> {
    let backend = Backend::Portable;
    let root = Certificate::parse(der, profile, backend)?;
    if root.issuer != root.subject {
        return Err(Code::CertificateIssuer);
    }
    if !root.may(role) {
        return Err(Code::CertificateUsage);
    }
    if root.has_signed(&root, backend) { Ok(()) } else { Err(Code::SignatureInvalid) }
}

/// The encoding's fields, before their meaning is looked at.
struct Fields<'a> {
    tbs: &'a [u8],
    serial: Serial,
    inner_algorithm: &'a [u8],
    issuer: &'a [u8],
    not_before: u64,
    not_after: u64,
    subject: &'a [u8],
    key_info: Element<'a>,
    extensions: Reader<'a>,
    algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Fields<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut outer = Reader::only(bytes, der::SEQUENCE)?;
        let tbs = outer.expect(der::SEQUENCE)?;
        let algorithm = outer.expect(der::SEQUENCE)?.whole;
        let signature = outer.bit_string()?;
        outer.finish()?;

        let mut inner = Reader::new(tbs.value);
        if inner.expect(der::CONTEXT_0)?.whole != VERSION_3 {
            return Err(Malformed);
        }
        let serial = serial(&mut inner)?;
        let inner_algorithm = inner.expect(der::SEQUENCE)?.whole;
        let issuer = name(&mut inner)?;
        let mut validity = inner.nested(der::SEQUENCE)?;
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        validity.finish()?;
        let subject = name(&mut inner)?;
        let key_info = inner.expect(der::SEQUENCE)?;
        let mut tagged = inner.nested(der::CONTEXT_3)?;
        inner.finish()?;
        let extensions = tagged.nested(der::SEQUENCE)?;
        tagged.finish()?;
        Ok(Self {
            tbs: tbs.whole,
            serial,
            inner_algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            key_info,
            extensions,
            algorithm,
            signature,
        })
    }
}

/// Reads a serial number of at most twenty bytes.
pub(crate) fn serial(reader: &mut Reader<'_>) -> Result<Serial, Malformed> {
    let mut serial = [0; SERIAL_LEN];
    der::pad_left(reader.unsigned()?, &mut serial)?;
    Ok(serial)
}

/// Reads a distinguished name that is not empty.
pub(crate) fn name<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    let name = reader.expect(der::SEQUENCE)?;
    if name.value.is_empty() { Err(Malformed) } else { Ok(name.whole) }
}

/// Reads the contents of a `SubjectPublicKeyInfo`.
fn public_key(key_info: &[u8], algorithm: Algorithm, backend: Backend) -> Option<PublicKey> {
    let mut reader = Reader::new(key_info);
    if reader.expect(der::SEQUENCE).ok()?.whole != algorithm.key_identifier() {
        return None;
    }
    let bits = reader.bit_string().ok()?;
    reader.finish().ok()?;
    algorithm.key(bits, backend)
}

/// One extension: object identifier, whether critical, contents.
pub(crate) fn extension<'a>(
    reader: &mut Reader<'a>,
) -> Result<(&'a [u8], bool, &'a [u8]), Malformed> {
    let mut extension = reader.nested(der::SEQUENCE)?;
    let id = extension.expect(der::OID)?.value;
    let critical = extension.next_is(der::BOOLEAN);
    // DER leaves out a value that equals its default, so a stated one is true.
    if critical && !extension.boolean()? {
        return Err(Malformed);
    }
    let contents = extension.expect(der::OCTET_STRING)?.value;
    extension.finish()?;
    Ok((id, critical, contents))
}

impl<'a> Extensions<'a> {
    fn parse(mut reader: Reader<'a>, read_by_caller: &[&[u8]]) -> Result<Self, Malformed> {
        let mut extensions = Self::default();
        while !reader.is_empty() {
            let (id, critical, contents) = extension(&mut reader)?;
            let all = &mut extensions.all;
            if all.len() == MAX_EXTENSIONS || all.iter().any(|(known, _)| *known == id) {
                return Err(Malformed);
            }
            all.push((id, contents));
            match id {
                KEY_USAGE => extensions.key_usage = Some(key_usage(contents)?),
                BASIC_CONSTRAINTS => {
                    (extensions.authority, extensions.path_length) = basic_constraints(contents)?;
                }
                EXTENDED_KEY_USAGE => extensions.extended_key_usage = true,
                NAME_CONSTRAINTS => extensions.name_constraints = true,
                _ if critical && !read_by_caller.contains(&id) => return Err(Malformed),
                _ => {}
            }
        }
        Ok(extensions)
    }
}

/// The first eight key usage bits; the ninth (decipherOnly) is of no use here.
fn key_usage(contents: &[u8]) -> Result<u8, Malformed> {
    let mut reader = Reader::new(contents);
    let value = reader.expect(der::BIT_STRING)?.value;
    reader.finish()?;
    // A named bit list ends in its last set bit.
    match value {
        [unused @ 0..8, bits] if bits.trailing_zeros() == u32::from(*unused) => Ok(*bits),
        [7, bits, 0x80] => Ok(*bits),
        // keyCertSign and a zero bit too many, in AMD's ASKs.
        [1, bits @ KEY_CERT_SIGN] => Ok(*bits),
        _ => Err(Malformed),
    }
}

/// Whether an authority, and how many authorities may stand below it.
fn basic_constraints(contents: &[u8]) -> Result<(bool, Option<u8>), Malformed> {
    let mut reader = Reader::only(contents, der::SEQUENCE)?;
    if reader.is_empty() {
        return Ok((false, None));
    }
    if !reader.boolean()? {
        return Err(Malformed);
    }
    if reader.is_empty() {
        return Ok((true, None));
    }
    let length = match reader.unsigned()? {
        [] => 0,
        [length] => *length,
        _ => return Err(Malformed),
    };
    reader.finish()?;
    Ok((true, Some(length)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{dcap::INTEL_ROOT_DER, nitro::AWS_ROOT_DER};
    use proptest::prelude::*;

    const INTEL: Profile =
        Profile { key: Algorithm::EcdsaP256, signed_with: Algorithm::EcdsaP256, extensions: &[] };
    const AWS: Profile =
        Profile { key: Algorithm::EcdsaP384, signed_with: Algorithm::EcdsaP384, extensions: &[] };

    #[test]
    fn reads_intels_root() {
        let root = Certificate::parse(INTEL_ROOT_DER, INTEL, Backend::Native).unwrap();
        assert_eq!(root.issuer, root.subject);
        assert_eq!(root.not_after, 2_524_607_999);
        assert!(root.may(Role::Authority { below: 1 }));
        assert!(!root.may(Role::Authority { below: 2 }));
        assert!(!root.may(Role::Signer));
        assert!(root.extension(&hex!("2a864886f84d010d01")).is_none());
        assert!(root.extension(KEY_USAGE).is_some());
        assert_eq!(check_root(INTEL_ROOT_DER, INTEL, Role::Authority { below: 1 }), Ok(()));
    }

    #[test]
    fn reads_awss_root() {
        for backend in [Backend::Native, Backend::Portable] {
            let root = Certificate::parse(AWS_ROOT_DER, AWS, backend).unwrap();
            assert_eq!(root.issuer, root.subject);
            assert_eq!(root.not_after, 2_519_044_085);
            assert!(root.may(Role::Authority { below: 200 }));
            assert!(root.has_signed(&root, backend));
        }
        assert_eq!(check_root(AWS_ROOT_DER, AWS, Role::Authority { below: 200 }), Ok(()));
    }

    #[test]
    fn algorithms_are_the_ones_asked_for() {
        let read = |der, profile| Certificate::parse(der, profile, Backend::Native).err();
        assert_eq!(read(AWS_ROOT_DER, INTEL), Some(Code::CertificateAlgorithm));
        assert_eq!(read(INTEL_ROOT_DER, AWS), Some(Code::CertificateAlgorithm));
        let mixed = Profile { key: Algorithm::EcdsaP384, ..INTEL };
        assert_eq!(read(INTEL_ROOT_DER, mixed), Some(Code::CertificateAlgorithm));
        let mixed = Profile { signed_with: Algorithm::EcdsaP256, ..AWS };
        assert_eq!(read(AWS_ROOT_DER, mixed), Some(Code::CertificateAlgorithm));
    }

    #[test]
    fn key_usage_is_a_minimal_bit_list() {
        assert_eq!(key_usage(&[3, 2, 1, 6]), Ok(6));
        assert_eq!(key_usage(&[3, 2, 6, 0xc0]), Ok(0xc0));
        assert_eq!(key_usage(&[3, 2, 1, 4]), Ok(4));
        assert_eq!(key_usage(&[3, 2, 2, 4]), Ok(4));
        for bytes in [&[3, 2, 0, 6][..], &[3, 2, 2, 6], &[3, 1, 0], &[3, 2, 8, 0], &[3, 2, 1, 6, 0]]
        {
            assert_eq!(key_usage(bytes), Err(Malformed));
        }
    }

    #[test]
    fn basic_constraints_leave_out_the_default() {
        assert_eq!(basic_constraints(&[0x30, 0]), Ok((false, None)));
        assert_eq!(basic_constraints(&[0x30, 3, 1, 1, 0xff]), Ok((true, None)));
        assert_eq!(basic_constraints(&[0x30, 6, 1, 1, 0xff, 2, 1, 0]), Ok((true, Some(0))));
        assert_eq!(basic_constraints(&[0x30, 3, 1, 1, 0]), Err(Malformed));
        assert_eq!(basic_constraints(&[0x30, 3, 1, 1, 1]), Err(Malformed));
        assert_eq!(basic_constraints(&[0x30, 3, 2, 1, 0]), Err(Malformed));
    }

    proptest! {
        #[test]
        fn never_panics(at in 0..INTEL_ROOT_DER.len(), byte: u8, cut in 0..INTEL_ROOT_DER.len()) {
            let mut bytes = INTEL_ROOT_DER.to_vec();
            bytes[at] = byte;
            let _ = Certificate::parse(&bytes, INTEL, Backend::Native);
            prop_assert!(Certificate::parse(&INTEL_ROOT_DER[..cut], INTEL, Backend::Native).is_err());
        }
    }
}
