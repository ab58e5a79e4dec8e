//! The digest of a receipt's claim: RISC Zero's tagged hashes of structures, over SHA-256.
//!
//! `sha256(sha256(tag) ‖ fields that are digests ‖ fields that are integers ‖ number of the former)`,
//! integers little-endian, the number in two bytes.

use crate::Backend;
use alloy_primitives::{B256, b256};

/// Digest of the machine's state after it has halted: program counter and memory root zero.
const HALTED_STATE: B256 =
    b256!("a3acc27117418996340b84e5a90f3ef4c49d22c79e44aad822ec9c313e1eb8e2");

/// Exit code of a run that halted with success: system part, user part.
pub(super) const SUCCESS: [u32; 2] = [0, 0];

/// The claim that `image` ran on no committed input, wrote `journal`, halted with exit code 0 and
/// assumed nothing.
pub(super) fn digest(image: B256, journal: &[u8], backend: Backend) -> B256 {
    claim(image, SUCCESS, journal, B256::ZERO, backend)
}

/// The claim in general: `exit` has the system and the user part, `assumptions` is zero for none.
pub(super) fn claim(
    image: B256,
    exit: [u32; 2],
    journal: &[u8],
    assumptions: B256,
    backend: Backend,
) -> B256 {
    let journal = backend.sha256(journal);
    let output = structure("risc0.Output", &[journal, assumptions], &[], backend);
    let fields = [B256::ZERO, image, HALTED_STATE, output];
    structure("risc0.ReceiptClaim", &fields, &exit, backend)
}

/// The tagged hash of a structure of at most 255 digests.
pub(super) fn structure(tag: &str, digests: &[B256], words: &[u32], backend: Backend) -> B256 {
    let mut bytes = backend.sha256(tag.as_bytes()).to_vec();
    for digest in digests {
        bytes.extend_from_slice(digest.as_slice());
    }
    for word in words {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes.extend_from_slice(&[digests.len() as u8, 0]);
    backend.sha256(&bytes)
}
