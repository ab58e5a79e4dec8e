//! Kind 18: RISC Zero's Groth16 receipts.
//!
//! Evidence is `image id ‖ seal ‖ journal`, the seal being what RISC Zero's verifier contracts
//! take: a selector that names the release, then the proof. The claim is made here, from the image
//! id and the journal, for a run that halted with exit code 0 and rests on no assumption; any other
//! run has another claim, and its proof does not hold for this one.

mod claim;
mod releases;
#[cfg(test)]
mod tests;

use crate::{
    Backend, Claims, Code, Work,
    kinds::{
        groth16::{Proof, claims},
        kind,
    },
};
use alloc::vec;
use alloy_primitives::{B256, keccak256};
use releases::{Release, SELECTOR_LEN, releases, split_digest};

/// Most bytes of evidence.
pub(crate) const MAX_EVIDENCE: usize = 16 * 1024;
/// Most bytes of collateral; anything but none is then refused by code.
pub(crate) const MAX_COLLATERAL: usize = 1024;

/// One proof under a pinned key: the two halves of the claim's digest vary.
pub(crate) fn counts() -> Work {
    Work { groth16: 1, groth16_inputs: 2, ..Work::default() }
}

/// Verifies a receipt of one of the pinned releases.
pub(crate) fn verify(evidence: &[u8], collateral: &[u8], backend: Backend) -> Result<Claims, Code> {
    verify_under(releases(), evidence, collateral, backend)
}

fn verify_under(
    releases: &[Release],
    evidence: &[u8],
    collateral: &[u8],
    backend: Backend,
) -> Result<Claims, Code> {
    let (image, rest) = evidence.split_first_chunk::<32>().ok_or(Code::Risc0Truncated)?;
    let (selector, rest) = rest.split_first_chunk::<SELECTOR_LEN>().ok_or(Code::Risc0Truncated)?;
    let (proof, journal) = rest.split_first_chunk().ok_or(Code::Risc0Truncated)?;
    if !collateral.is_empty() {
        return Err(Code::CollateralNotEmpty);
    }
    let release =
        releases.iter().find(|release| release.selector() == selector).ok_or(Code::Risc0Version)?;
    let image = B256::new(*image);
    if image.is_zero() {
        return Err(Code::ZeroMeasurement);
    }
    let digest = claim::digest(image, journal, backend);
    let proof = Proof::decode(proof)?;
    if !release.key.holds(&split_digest(digest), &proof) {
        return Err(Code::Groth16Equation);
    }
    Ok(Claims {
        id: keccak256(digest),
        anchors: vec![release.parameters],
        ..claims(kind::RISC0, image, journal)
    })
}
