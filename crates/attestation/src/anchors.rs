use crate::{
    Code,
    kinds::{
        dcap,
        groth16::{PreparedKey, VerifyingKey},
        kind, nitro, nvidia, sev_snp,
    },
};
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};
use alloy_primitives::{B256, Bytes, keccak256};
use thiserror::Error;

/// Most extra anchors that a chain may name for one kind.
const MAX_ANCHORS_PER_KIND: usize = 8;

/// The anchors a chain trusts: the vendors' own, built in, and those its genesis adds.
///
/// `Anchors::default()` trusts the vendors alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchors {
    /// Extra anchors by kind, in genesis order, each behind its hash: nothing that a call pays for
    /// may depend on how many they are or how long.
    extra: BTreeMap<u8, Vec<(B256, Bytes)>>,
    /// The verifying keys among them (kind 16), made ready.
    groth16: Vec<Arc<PreparedKey>>,
}

/// A genesis names trust anchors that no verifier can use. The configuration must be corrected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AnchorError {
    /// The kind takes no extra anchors.
    #[error("evidence kind {0} takes no extra trust anchors")]
    Kind(u8),
    /// The anchor is not of its kind's form.
    #[error("trust anchor {index} of kind {kind} is unusable: {reason}")]
    Anchor {
        /// Evidence kind the anchor was named for.
        kind: u8,
        /// Position in the kind's list.
        index: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The kind's list is too long.
    #[error("{count} trust anchors for kind {kind}, at most {limit}")]
    TooMany {
        /// Evidence kind the anchors were named for.
        kind: u8,
        /// Anchors given.
        count: usize,
        /// Most anchors allowed.
        limit: usize,
    },
}

/// What a kind trusts by itself, and what it can be told to trust.
struct Rules {
    /// Each behind its hash.
    built_in: &'static [(B256, &'static [u8])],
    /// Gives what is wrong with an extra anchor.
    check: fn(&[u8]) -> Result<(), &'static str>,
}

/// `None` where a kind takes no anchors.
fn rules(kind: u8) -> Option<Rules> {
    Some(match kind {
        kind::INTEL_DCAP => Rules {
            built_in: &[(dcap::INTEL_ROOT_HASH, dcap::INTEL_ROOT_DER)],
            check: |der| dcap::check_root(der).map_err(Code::text),
        },
        kind::AWS_NITRO => Rules {
            built_in: &[(nitro::AWS_ROOT_HASH, nitro::AWS_ROOT_DER)],
            check: |der| nitro::check_root(der).map_err(Code::text),
        },
        kind::NVIDIA_GPU => Rules { built_in: &[], check: nvidia::check_thumbprint },
        kind::AMD_SEV_SNP => Rules {
            built_in: &sev_snp::AMD_ROOTS,
            check: |der| sev_snp::check_root(der).map_err(Code::text),
        },
        kind::GROTH16 => Rules {
            built_in: &[],
            check: |key| VerifyingKey::decode(key).map(drop).map_err(Code::text),
        },
        _ => return None,
    })
}

impl Anchors {
    /// Reads the extra anchors of a genesis (`assay.trust`), by kind.
    ///
    /// Kinds 1, 2 and 3 take root certificates in DER, kind 4 thumbprints of keys (RFC 7638), kind 16
    /// encoded verifying keys. An anchor given twice, or one that is built in, is an error.
    pub fn new(extra: &BTreeMap<u8, Vec<Bytes>>) -> Result<Self, AnchorError> {
        let mut anchors = Self::default();
        for (&kind, given) in extra {
            let rules = rules(kind).ok_or(AnchorError::Kind(kind))?;
            if given.len() > MAX_ANCHORS_PER_KIND {
                let limit = MAX_ANCHORS_PER_KIND;
                return Err(AnchorError::TooMany { kind, count: given.len(), limit });
            }
            for (index, anchor) in given.iter().enumerate() {
                let fail = |reason| AnchorError::Anchor { kind, index, reason };
                (rules.check)(anchor).map_err(fail)?;
                if anchors.of(kind).any(|known| known == anchor.as_ref()) {
                    return Err(fail("it is trusted already"));
                }
                let hashed = (keccak256(anchor), anchor.clone());
                anchors.extra.entry(kind).or_default().push(hashed);
            }
        }
        anchors.groth16 = anchors
            .of(kind::GROTH16)
            .filter_map(|key| VerifyingKey::decode(key).ok())
            .map(|key| Arc::new(PreparedKey::new(&key)))
            .collect();
        Ok(anchors)
    }

    /// The verifying keys that the chain pins for kind 16.
    pub(crate) fn groth16_keys(&self) -> impl Iterator<Item = &PreparedKey> {
        self.groth16.iter().map(AsRef::as_ref)
    }

    /// A kind's anchors: the vendor's, then the chain's own.
    pub(crate) fn of(&self, kind: u8) -> impl Iterator<Item = &[u8]> {
        self.hashed(kind).map(|(_, anchor)| anchor)
    }

    /// The same, each behind keccak256 of it.
    pub(crate) fn hashed(&self, kind: u8) -> impl Iterator<Item = (B256, &[u8])> {
        let built_in = rules(kind).map_or(&[][..], |rules| rules.built_in);
        let extra = self.extra.get(&kind).into_iter().flatten();
        let extra = extra.map(|(hash, anchor)| (*hash, anchor.as_ref()));
        built_in.iter().copied().chain(extra)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::{DevNitro, DevPlatform, DevSnp};

    /// Roots are looked for by their hashes, which nobody computes again.
    #[test]
    fn hashes_are_of_their_anchors() {
        let (seed, validity) = (B256::repeat_byte(7), 1_700_000_000..1_800_000_000);
        let own = [
            (kind::INTEL_DCAP, DevPlatform::new(seed, validity.clone()).root()),
            (kind::AWS_NITRO, DevNitro::new(seed, validity.clone()).root()),
            (kind::AMD_SEV_SNP, DevSnp::new(seed, validity).root()),
            (kind::NVIDIA_GPU, seed.0.into()),
        ];
        let named = own.iter().cloned().map(|(kind, anchor)| (kind, vec![anchor])).collect();
        let anchors = Anchors::new(&named).unwrap();
        for ((kind, own), vendors) in own.iter().zip([1, 1, 3, 0]) {
            let hashed: Vec<_> = anchors.hashed(*kind).collect();
            assert_eq!(hashed.len(), vendors + 1, "{kind}");
            assert!(hashed.iter().all(|(hash, anchor)| *hash == keccak256(anchor)), "{kind}");
            assert_eq!(hashed.last().map(|(_, anchor)| *anchor), Some(own.as_ref()));
        }
    }
}
