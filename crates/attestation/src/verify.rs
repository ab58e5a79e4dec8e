use crate::{Anchors, Backend, Claims, Refusal, TimeRefusal, kinds};

/// Verifies `evidence` of `kind` against `collateral` and the chain's trust anchors.
///
/// The verdict knows no time and is a pure function of its arguments; `backend` never changes it.
pub fn verify(
    kind: u8,
    evidence: &[u8],
    collateral: &[u8],
    anchors: &Anchors,
    backend: Backend,
) -> Result<Claims, Refusal> {
    kinds::check_sizes(kind, evidence, collateral)?;
    kinds::verify(kind, evidence, collateral, anchors, backend)
}

/// Claims hold at `time` if and only if `not_before <= time < not_after`.
pub fn check_time(claims: &Claims, time: u64) -> Result<(), TimeRefusal> {
    if time < claims.not_before {
        return Err(TimeRefusal::NotYetValid(claims.not_before));
    }
    if time >= claims.not_after {
        return Err(TimeRefusal::Expired(claims.not_after));
    }
    Ok(())
}
