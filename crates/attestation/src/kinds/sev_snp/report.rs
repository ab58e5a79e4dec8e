//! Attestation reports (AMD 56860, table "ATTESTATION_REPORT"). Numbers inside are little-endian.

use super::product::{Product, Tcb};
use crate::{Code, signatures::p384};
use alloc::vec::Vec;

/// Bytes of a report.
pub(super) const REPORT_LEN: usize = 0x4a0;
/// Bytes of a report that are signed.
const SIGNED_LEN: usize = 0x2a0;
/// Bytes of r and of s, of which P-384 uses the lower 48.
const HALF_LEN: usize = 72;
const SCALAR_LEN: usize = 48;

/// Version 4 came with firmware before its specification and has version 3's fields.
const FIRST_VERSION: u32 = 2;
const LAST_VERSION: u32 = 5;

const ECDSA_P384_SHA384: u32 = 1;
/// Bits of the flags (0x48): author key given, VCEK not used, which key signed.
const AUTHOR_KEY_EN: u32 = 1;
const MASK_CHIP_KEY: u32 = 1 << 1;
const SIGNING_KEY_SHIFT: u32 = 2;
const FLAGS: u32 = 0x1f;

/// Bits of the guest policy (0x8).
const POLICY_ALWAYS_SET: u64 = 1 << 17;
const POLICY_MIGRATE_MA: u64 = 1 << 18;
const POLICY_DEBUG: u64 = 1 << 19;
const POLICY_RESERVED: u64 = !((1 << 26) - 1);

/// Least privileged level that a guest can ask from; the host asks as 2^32 − 1.
const LAST_VMPL: u32 = 3;

/// Which key signed a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SigningKey {
    /// The chip's own, versioned.
    Vcek,
    /// A cloud provider's, versioned, loaded into the chip.
    Vlek,
}

/// The four versions of the platform that a report states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tcbs {
    /// What runs.
    pub(super) current: Tcb,
    /// What the signing key is derived from.
    pub(super) reported: Tcb,
    /// What cannot be rolled back any more.
    pub(super) committed: Tcb,
    /// What ran when the guest was launched.
    pub(super) launch: Tcb,
}

/// A report whose own contents are acceptable, whoever signed it.
#[derive(Clone, Copy)]
pub(super) struct Report<'a> {
    bytes: &'a [u8; REPORT_LEN],
    pub(super) signing_key: SigningKey,
    /// The product that its CPUID fields name; `None` for version 2, which has none.
    pub(super) processor: Option<Product>,
    /// `r ‖ s`, big-endian, in range.
    pub(super) signature: [u8; 96],
}

impl<'a> Report<'a> {
    pub(super) fn check(bytes: &'a [u8; REPORT_LEN]) -> Result<Self, Code> {
        let version = number(bytes, 0x00);
        if !(FIRST_VERSION..=LAST_VERSION).contains(&version) {
            return Err(Code::SnpVersion);
        }
        if number(bytes, 0x34) != ECDSA_P384_SHA384 {
            return Err(Code::SnpSignatureAlgorithm);
        }
        let flags = number(bytes, 0x48);
        let signing_key = match (flags & FLAGS) >> SIGNING_KEY_SHIFT {
            0 if flags & MASK_CHIP_KEY == 0 => SigningKey::Vcek,
            1 => SigningKey::Vlek,
            _ => return Err(Code::SnpSigningKey),
        };
        let processor = check_processor(bytes, version)?;
        if flags & !FLAGS != 0 || !reserved_is_zero(bytes, version) {
            return Err(Code::SnpReserved);
        }
        let policy = u64::from_le_bytes(array(bytes, 0x08));
        if policy & POLICY_DEBUG != 0 {
            return Err(Code::DebugEnclave);
        }
        if array::<48>(bytes, 0x90) == [0; 48] {
            return Err(Code::ZeroMeasurement);
        }
        if policy & POLICY_ALWAYS_SET == 0 || policy & POLICY_RESERVED != 0 {
            return Err(Code::SnpPolicy);
        }
        if policy & POLICY_MIGRATE_MA != 0 {
            return Err(Code::SnpMigrationAgent);
        }
        if number(bytes, 0x30) > LAST_VMPL {
            return Err(Code::SnpVmpl);
        }
        if flags & AUTHOR_KEY_EN == 0 && array::<48>(bytes, 0x110) != [0; 48] {
            return Err(Code::SnpAuthorKey);
        }
        let signature = signature(bytes).ok_or(Code::SignatureEncoding)?;
        Ok(Self { bytes, signing_key, processor, signature })
    }

    /// The bytes that are signed.
    pub(super) fn signed(&self) -> &'a [u8] {
        &self.bytes[..SIGNED_LEN]
    }

    pub(super) fn report_data(&self) -> &'a [u8] {
        &self.bytes[0x50..0x90]
    }

    pub(super) fn chip_id(&self) -> &'a [u8] {
        &self.bytes[0x1a0..0x1e0]
    }

    /// The platform's versions, in the layout of `product`; `None` where reserved bytes are set.
    pub(super) fn tcbs(&self, product: Product) -> Option<Tcbs> {
        let tcb = |at| Tcb::from_report(product, array(self.bytes, at));
        Some(Tcbs {
            current: tcb(0x38)?,
            reported: tcb(0x180)?,
            committed: tcb(0x1e0)?,
            launch: tcb(0x1f0)?,
        })
    }

    /// What identifies the guest; laid out in docs/attestation.md.
    pub(super) fn measurement(&self) -> Vec<u8> {
        let field = |from, to| &self.bytes[from..to];
        [
            field(0x90, 0xc0),
            field(0xc0, 0xe0),
            field(0xe0, 0x110),
            field(0x110, 0x140),
            field(0x10, 0x20),
            field(0x20, 0x30),
            &number(self.bytes, 0x04).to_be_bytes(),
            &number(self.bytes, 0x30).to_be_bytes(),
            field(0x08, 0x10),
            field(0x40, 0x48),
        ]
        .concat()
    }
}

/// The product by family and model, which reports state from version 3 on.
fn check_processor(bytes: &[u8; REPORT_LEN], version: u32) -> Result<Option<Product>, Code> {
    let [family, model] = array(bytes, 0x188);
    match (version, family, model) {
        (2, ..) => Ok(None),
        (_, 0x19, 0x00..=0x0f) => Ok(Some(Product::Milan)),
        (_, 0x19, 0x10..=0x1f | 0xa0..=0xaf) => Ok(Some(Product::Genoa)),
        (_, 0x1a, 0x00..=0x11) => Ok(Some(Product::Turin)),
        _ => Err(Code::SnpProcessor),
    }
}

/// Whether everything between the fields of this version is zero.
fn reserved_is_zero(bytes: &[u8; REPORT_LEN], version: u32) -> bool {
    let cpuid_end = if version == 2 { 0x188 } else { 0x18b };
    let fields_end = if version == 5 { 0x208 } else { 0x1f8 };
    [(0x4c, 0x50), (cpuid_end, 0x1a0), (0x1eb, 0x1ec), (0x1ef, 0x1f0), (fields_end, SIGNED_LEN)]
        .into_iter()
        .all(|(from, to)| is_zero(&bytes[from..to]))
}

/// Reads r and s; `None` unless both lie in `1..n` and nothing else follows.
fn signature(bytes: &[u8; REPORT_LEN]) -> Option<[u8; 96]> {
    let mut signature = [0; 2 * SCALAR_LEN];
    for (half, from) in
        signature.chunks_exact_mut(SCALAR_LEN).zip([SIGNED_LEN, SIGNED_LEN + HALF_LEN])
    {
        let (scalar, padding) = bytes[from..from + HALF_LEN].split_at(SCALAR_LEN);
        if !is_zero(padding) {
            return None;
        }
        half.copy_from_slice(scalar);
        half.reverse();
    }
    let rest = &bytes[SIGNED_LEN + 2 * HALF_LEN..];
    (is_zero(rest) && p384::signature_in_range(&signature)).then_some(signature)
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

fn number(bytes: &[u8; REPORT_LEN], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

/// The `N` bytes at an offset that leaves room for them.
fn array<const N: usize>(bytes: &[u8; REPORT_LEN], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[at..at + N]);
    field
}
