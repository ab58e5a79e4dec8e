//! The ARK's revocation list: as AMD publishes it, and in compact form, which is kind 1's of a
//! root's list.

use super::chain::{LIST_SIGNED_WITH, Root};
use crate::{
    Anchors, Backend, Code, CollateralClaims, collateral_digest,
    encoding::{
        crl::{MAX_ENTRIES, RevocationList},
        x509::{SERIAL_LEN, Serial},
    },
    kinds::{
        dcap::compact::{Header, List, StatementType},
        dcap::list_version,
        kind,
    },
    window::Window,
};
use alloy_primitives::{B256, U256, keccak256};

/// Most bytes of the compact form: layout, type, anchor, window, number, count, serial numbers.
pub(super) const MAX_COMPACT: usize = 2 + 32 + 16 + SERIAL_LEN + 2 + MAX_ENTRIES * SERIAL_LEN;

/// A list whose signature is still to be checked, or one that nothing vouches for.
pub(super) enum Revocations<'a> {
    Published(RevocationList<'a>),
    Compact(List<'a>, &'a [u8]),
}

impl<'a> Revocations<'a> {
    /// Reads a list as AMD publishes it.
    pub(super) fn published(der: &'a [u8]) -> Result<Self, Code> {
        RevocationList::parse(der, LIST_SIGNED_WITH).map(Self::Published)
    }

    pub(super) fn compact(bytes: &'a [u8]) -> Result<Self, Code> {
        Ok(Self::Compact(read_compact(bytes)?, bytes))
    }

    /// Whether the list is of this root.
    pub(super) fn check_issuer(&self, root: &Root<'_>) -> Result<(), Code> {
        match self {
            Self::Published(list) if list.issuer != root.certificate.subject => {
                Err(Code::CrlIssuer)
            }
            Self::Compact(list, _) if list.header.anchor != root.anchor => Err(Code::RootMismatch),
            _ => Ok(()),
        }
    }

    pub(super) fn revokes(&self, serial: &Serial) -> bool {
        match self {
            Self::Published(list) => list.revokes(serial),
            Self::Compact(list, _) => list.revokes(serial),
        }
    }

    pub(super) const fn window(&self) -> Window {
        match self {
            Self::Published(list) => Window { start: list.this_update, end: list.next_update },
            Self::Compact(list, _) => list.header.window,
        }
    }

    pub(super) fn check_signature(&self, root: &Root<'_>, backend: Backend) -> Result<(), Code> {
        match self {
            Self::Published(list) => check_signature(list, root, backend),
            Self::Compact(..) => Ok(()),
        }
    }

    /// The digest that [`verify_collateral`] gives of the list.
    pub(super) fn digest(&self, root: &Root<'_>) -> B256 {
        match self {
            Self::Published(list) => {
                let compact = List::encode(header(list, root), None, list);
                collateral_digest(kind::AMD_SEV_SNP, root.anchor, &compact)
            }
            Self::Compact(_, bytes) => collateral_digest(kind::AMD_SEV_SNP, root.anchor, bytes),
        }
    }
}

/// Reads a list in compact form.
pub(super) fn read_compact(bytes: &[u8]) -> Result<List<'_>, Code> {
    List::decode(StatementType::RootCrl, bytes)
}

fn check_signature(
    list: &RevocationList<'_>,
    root: &Root<'_>,
    backend: Backend,
) -> Result<(), Code> {
    if root.certificate.key.holds(list.tbs, &list.signature, backend) {
        Ok(())
    } else {
        Err(Code::SnpCrlSignature)
    }
}

/// The root, and when it and its list hold.
fn header(list: &RevocationList<'_>, root: &Root<'_>) -> Header {
    let mut window = Window { start: list.this_update, end: list.next_update };
    window.narrow_inclusive(root.certificate.not_before, root.certificate.not_after);
    Header { anchor: root.anchor, window }
}

/// Verifies a list up to its root.
pub(crate) fn verify_collateral(
    collateral: &[u8],
    anchors: &Anchors,
    backend: Backend,
) -> Result<CollateralClaims, Code> {
    let list = RevocationList::parse(collateral, LIST_SIGNED_WITH)?;
    let root = Root::find(anchors, list.issuer, backend)?;
    if list.revokes(&root.certificate.serial) {
        return Err(Code::CertificateRevoked);
    }
    let header = header(&list, &root);
    header.window.check()?;
    check_signature(&list, &root, backend)?;
    let compact = List::encode(header, None, &list);
    Ok(CollateralClaims {
        key: snp_collateral_key(root.anchor),
        digest: collateral_digest(kind::AMD_SEV_SNP, root.anchor, &compact),
        version: list_version(&list.number, list.this_update),
        not_before: header.window.start,
        not_after: header.window.end,
        compact,
    })
}

/// Where a store keeps a root's list: `keccak256(abi.encode(uint8 kind, bytes32 anchor, uint8 type,
/// bytes32 subject, uint32 evaluation))`, of type 1, the last two zero.
pub fn snp_collateral_key(anchor: B256) -> B256 {
    let word = |number: u8| U256::from(number).to_be_bytes::<32>();
    let words =
        [word(kind::AMD_SEV_SNP), anchor.0, word(StatementType::RootCrl as u8), word(0), word(0)];
    keccak256(words.as_flattened())
}
