//! The circuit versions of SP1 that are pinned.
//!
//! Left out are versions superseded before this list began (up to 4) and 6.0, whose recursion does
//! not bind what it verifies (GHSA-63x8-x938-vx33).

use crate::kinds::groth16::{PreparedKey, VerifyingKey, WORD, scalar};
use alloc::{boxed::Box, vec::Vec};
use alloy_primitives::{B256, b256, hex};
use once_cell::race::OnceBox;

/// Bytes at the head of a proof that name its circuit.
pub(super) const PREFIX_LEN: usize = 4;

/// A version of the circuit that wraps SP1's proofs.
pub(super) struct Circuit {
    /// SHA-256 of gnark's encoding of the verifying key: what SP1 calls VERIFIER_HASH.
    pub(super) hash: B256,
    /// Root of the recursion programs' keys, where it is a public input, as it is from version 6 on.
    pub(super) key_root: Option<[u8; WORD]>,
    /// The key, with the exit code fixed to zero and the root to its value.
    pub(super) key: PreparedKey,
}

impl Circuit {
    /// `key` takes two public inputs, or with a `key_root` five.
    pub(super) fn new(
        hash: B256,
        key_root: Option<[u8; WORD]>,
        key: &VerifyingKey,
    ) -> Option<Self> {
        let key = PreparedKey::new(key);
        let key = match &key_root {
            Some(root) => {
                key.fix(&[None, None, Some(scalar(&[0; WORD])?), Some(scalar(root)?), None])
            }
            None => key,
        };
        Some(Self { hash, key_root, key })
    }

    /// The first bytes of a proof made for this circuit.
    pub(super) fn prefix(&self) -> &[u8] {
        &self.hash[..PREFIX_LEN]
    }
}

/// What a circuit version is known by.
pub(super) struct Pinned {
    /// VERIFIER_HASH.
    pub(super) hash: B256,
    pub(super) key_root: Option<[u8; WORD]>,
    /// The key in this project's encoding.
    pub(super) key: &'static [u8],
}

pub(super) const PINNED: [Pinned; 2] = [
    Pinned {
        hash: b256!("a4594c59bbc142f3b81c3ecb7f50a7c34bc9af7c4c444b5d48b795427e285913"),
        key_root: None,
        key: include_bytes!("v5.0.0.vk"),
    },
    Pinned {
        hash: b256!("4388a21c687fdd5f218d7e3d13190cac4c5355818d3605fd5fb811df468ee696"),
        key_root: Some(hex!("002f850ee998974d6cc00e50cd0814b098c05bfade466d28573240d057f25352")),
        key: include_bytes!("v6.1.0.vk"),
    },
];

/// Made ready at the first proof. A test sees that none falls out.
pub(super) fn circuits() -> &'static [Circuit] {
    static CIRCUITS: OnceBox<Vec<Circuit>> = OnceBox::new();
    CIRCUITS.get_or_init(|| {
        let circuit = |pinned: &Pinned| {
            let key = VerifyingKey::decode(pinned.key).ok()?;
            Circuit::new(pinned.hash, pinned.key_root, &key)
        };
        Box::new(PINNED.iter().filter_map(circuit).collect())
    })
}
