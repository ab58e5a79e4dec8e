//! Kinds 32 to 35: evidence that is one signature over a 32-byte digest.
//!
//! Evidence is packed: `key ‖ signature ‖ digest`, of exactly one length per kind.

use crate::{Backend, Claims, Code, claims::timeless, signatures::Scheme};
use alloy_primitives::{B256, keccak256};

/// Most bytes of evidence; the exact length is checked as the first code.
pub(crate) const MAX_EVIDENCE: usize = 1024;
/// Most bytes of collateral; anything but none is then refused by code.
pub(crate) const MAX_COLLATERAL: usize = 1024;

const DIGEST_LEN: usize = 32;
/// A key signature proves possession of a key and nothing else.
const ASSURANCE_KEY_SIGNATURE: u8 = 1;

pub(crate) fn verify(
    kind: u8,
    evidence: &[u8],
    collateral: &[u8],
    backend: Backend,
) -> Result<Claims, Code> {
    let scheme = Scheme::from_number(kind).ok_or(Code::EvidenceLength)?;
    let (key_len, signature_len) = (scheme.key_len(), scheme.signature_len());
    if evidence.len() != key_len + signature_len + DIGEST_LEN {
        return Err(Code::EvidenceLength);
    }
    if !collateral.is_empty() {
        return Err(Code::CollateralNotEmpty);
    }
    let (key, rest) = evidence.split_at(key_len);
    let (signature, digest) = rest.split_at(signature_len);
    let digest = B256::from_slice(digest);
    scheme.check(&digest, key, signature, backend)?;
    let claims = timeless(kind, ASSURANCE_KEY_SIGNATURE, key, digest.as_slice());
    Ok(Claims { id: keccak256(digest), ..claims })
}
