//! The platform's versions: what they say of it, and what claims keep of them.

use super::{
    product::{Product, Tcb},
    report::{SigningKey, Tcbs},
};
use crate::{
    Code,
    encoding::x509::{SERIAL_LEN, Serial},
    status,
};
use alloc::vec::Vec;
use alloy_primitives::B256;

const LAYOUT_VERSION: u8 = 1;
/// Bytes of a claims' `tcb`.
pub(super) const LEN: usize = 3 + 4 * 5 + 2 * 32 + 3 * SERIAL_LEN;

impl Tcbs {
    /// AMD makes no statement of which versions are up to date; these bits say how the platform's
    /// own four relate.
    pub(super) fn status(&self) -> u32 {
        let mut bits = 0;
        if self.committed.is_below(self.reported) {
            bits |= status::CONFIGURATION_NEEDED;
        }
        if self.launch.is_below(self.reported) {
            bits |= status::RELAUNCH_ADVISED;
        }
        bits
    }
}

/// A claims' `tcb`: what a newer list is held against, and what policies read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EarlierTcb {
    pub(super) product: Product,
    pub(super) signing_key: SigningKey,
    pub(super) tcbs: Tcbs,
    /// The claims' `platform`.
    pub(super) platform: B256,
    /// keccak256 of the root's DER.
    pub(super) anchor: B256,
    /// Serial numbers of ARK, ASK or ASVK, VCEK or VLEK.
    pub(super) root: Serial,
    pub(super) authority: Serial,
    pub(super) reporter: Serial,
}

impl EarlierTcb {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LEN);
        let signing_key = match self.signing_key {
            SigningKey::Vcek => 0,
            SigningKey::Vlek => 1,
        };
        bytes.extend_from_slice(&[LAYOUT_VERSION, self.product as u8, signing_key]);
        let Tcbs { current, reported, committed, launch } = self.tcbs;
        for tcb in [reported, committed, current, launch] {
            bytes.extend_from_slice(&tcb.parts());
        }
        bytes.extend_from_slice(self.platform.as_slice());
        bytes.extend_from_slice(self.anchor.as_slice());
        for serial in [self.root, self.authority, self.reporter] {
            bytes.extend_from_slice(&serial);
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Code> {
        Self::read(bytes).ok_or(Code::TcbEncoding)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let ([LAYOUT_VERSION, product, signing_key], rest) = bytes.split_first_chunk()? else {
            return None;
        };
        let product = Product::from_number(*product)?;
        let signing_key = match signing_key {
            0 => SigningKey::Vcek,
            1 => SigningKey::Vlek,
            _ => return None,
        };
        let (reported, rest) = rest.split_first_chunk()?;
        let (committed, rest) = rest.split_first_chunk()?;
        let (current, rest) = rest.split_first_chunk()?;
        let (launch, rest) = rest.split_first_chunk()?;
        let tcb = |parts: &[u8; 5]| Tcb::from_parts(product, *parts);
        let tcbs = Tcbs {
            reported: tcb(reported)?,
            committed: tcb(committed)?,
            current: tcb(current)?,
            launch: tcb(launch)?,
        };
        let (platform, rest) = rest.split_first_chunk()?;
        let (anchor, rest) = rest.split_first_chunk()?;
        let (root, rest) = rest.split_first_chunk()?;
        let (authority, rest) = rest.split_first_chunk()?;
        let (reporter, rest) = rest.split_first_chunk()?;
        rest.is_empty().then_some(Self {
            product,
            signing_key,
            tcbs,
            platform: B256::new(*platform),
            anchor: B256::new(*anchor),
            root: *root,
            authority: *authority,
            reporter: *reporter,
        })
    }
}
