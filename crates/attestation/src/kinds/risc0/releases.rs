//! The releases of RISC Zero that are pinned.
//!
//! They share one verifying key and differ in the root of the recursion programs that they allow.
//! Left out are releases whose verifiers their maker has stopped (2.0 and 2.1, CVE-2025-52484 among
//! the reasons), those before them, and candidates (5.0.0-rc.1).

use crate::kinds::groth16::{PreparedKey, VerifyingKey, scalar};
use alloc::{boxed::Box, vec::Vec};
use alloy_primitives::{B256, b256};
use ark_bn254::Fr;
use once_cell::race::OnceBox;

/// Bytes at the head of a seal that name its release.
pub(super) const SELECTOR_LEN: usize = 4;

/// What one release's receipts are verified with.
pub(super) struct Release {
    /// Digest of the parameters: control root, identity program's id, verifying key.
    pub(super) parameters: B256,
    /// The key, with the parameters fixed: the halves of the claim's digest stay.
    pub(super) key: PreparedKey,
}

impl Release {
    /// `key` takes five public inputs: the control root's halves, the claim's, the program's id.
    pub(super) fn new(parameters: B256, control_root: B256, key: &PreparedKey) -> Option<Self> {
        let [low, high] = split_digest(control_root).map(Some);
        let id = scalar(&IDENTITY_PROGRAM.0)?;
        Some(Self { parameters, key: key.fix(&[low, high, None, None, Some(id)]) })
    }

    /// The first bytes of a seal made for this release.
    pub(super) fn selector(&self) -> &[u8] {
        &self.parameters[..SELECTOR_LEN]
    }
}

/// Id of the recursion program whose proof is wrapped, as a scalar: the same in every release.
pub(super) const IDENTITY_PROGRAM: B256 =
    b256!("04446e66d300eb7fb45c9726bb53c793dda407a62e9601618bb43c5c14657ac0");

/// The verifying key, in this project's encoding.
pub(super) const KEY: &[u8] = include_bytes!("groth16.vk");

/// Digest of the parameters, and control root, of releases 2.2 and 3.0.
pub(super) const PINNED: [(B256, B256); 2] = [
    (
        b256!("bb001d444841d70e8bc0c7d034b349044bf3cf0117afb702b2f1e898b7dd13cc"),
        b256!("ce52bf56033842021af3cf6db8a50d1b7535c125a34f1a22c6fdcf002c5a1529"),
    ),
    (
        b256!("73c457ba541936f0d907daf0c7253a39a9c5c427c225ba7709e44702d3c6eedc"),
        b256!("a54dc85ac99f851c92d7c96d7318af41dbe7c0194edfcc37eb4d422a998c1f56"),
    ),
];

/// Made ready at the first receipt. A test sees that none falls out.
pub(super) fn releases() -> &'static [Release] {
    static RELEASES: OnceBox<Vec<Release>> = OnceBox::new();
    RELEASES.get_or_init(|| {
        let Ok(key) = VerifyingKey::decode(KEY) else { return Box::default() };
        let key = PreparedKey::new(&key);
        let release =
            |(parameters, control_root): &_| Release::new(*parameters, *control_root, &key);
        Box::new(PINNED.iter().filter_map(release).collect())
    })
}

/// A digest as two scalars of 128 bits: its halves, read as little-endian integers.
pub(super) fn split_digest(digest: B256) -> [Fr; 2] {
    let (halves, _) = digest.as_chunks::<16>();
    let mut scalars = [Fr::default(); 2];
    for (scalar, half) in scalars.iter_mut().zip(halves) {
        let half = u128::from_le_bytes(*half);
        *scalar = Fr::from(half);
    }
    scalars
}
