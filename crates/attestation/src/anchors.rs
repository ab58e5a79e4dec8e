use crate::kinds::{dcap, kind};
use alloy_primitives::Bytes;
use std::collections::BTreeMap;
use thiserror::Error;

/// Most extra roots that a chain may name for one kind.
const MAX_ROOTS_PER_KIND: usize = 8;

/// The roots a chain trusts: the vendors' own, built in, and those its genesis adds.
///
/// `Anchors::default()` trusts the vendors alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchors {
    /// DER of the extra roots of kind 1, in genesis order.
    dcap: Vec<Bytes>,
}

/// A genesis names trust roots that no verifier can use. The configuration must be corrected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AnchorError {
    /// The kind takes no extra roots.
    #[error("evidence kind {0} takes no extra trust roots")]
    Kind(u8),
    /// The root is not a self-signed P-256 authority certificate in strict DER.
    #[error("trust root {index} of kind {kind} is unusable: {reason}")]
    Root {
        /// Evidence kind the root was named for.
        kind: u8,
        /// Position in the kind's list.
        index: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The kind's list is too long.
    #[error("{count} trust roots for kind {kind}, at most {limit}")]
    TooMany {
        /// Evidence kind the roots were named for.
        kind: u8,
        /// Roots given.
        count: usize,
        /// Most roots allowed.
        limit: usize,
    },
}

impl Anchors {
    /// Reads the extra roots of a genesis (`assay.trust`), by kind.
    ///
    /// Kind 1 takes certificates in DER. A root given twice, or one that is built in, is an error.
    pub fn new(extra: &BTreeMap<u8, Vec<Bytes>>) -> Result<Self, AnchorError> {
        let mut anchors = Self::default();
        for (&kind, roots) in extra {
            if kind != kind::INTEL_DCAP {
                return Err(AnchorError::Kind(kind));
            }
            if roots.len() > MAX_ROOTS_PER_KIND {
                let limit = MAX_ROOTS_PER_KIND;
                return Err(AnchorError::TooMany { kind, count: roots.len(), limit });
            }
            for (index, root) in roots.iter().enumerate() {
                let fail = |reason: String| AnchorError::Root { kind, index, reason };
                dcap::check_root(root).map_err(|code| fail(code.to_string()))?;
                if anchors.dcap_roots().any(|known| known == root.as_ref()) {
                    return Err(fail("it is trusted already".to_owned()));
                }
                anchors.dcap.push(root.clone());
            }
        }
        Ok(anchors)
    }

    /// Intel's root, then the chain's own.
    pub(crate) fn dcap_roots(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(dcap::INTEL_ROOT_DER).chain(self.dcap.iter().map(AsRef::as_ref))
    }
}
