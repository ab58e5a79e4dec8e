use crate::{Anchors, Assessment, Backend, Claims, CollateralClaims, Refusal, TimeRefusal, kinds};

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

/// Verifies one statement of a vendor's collateral and gives it in its compact form.
///
/// # Errors
/// `UnknownKind` also for a kind that needs no collateral.
pub fn verify_collateral(
    kind: u8,
    collateral: &[u8],
    anchors: &Anchors,
    backend: Backend,
) -> Result<CollateralClaims, Refusal> {
    kinds::check_statement_size(kind, collateral)?;
    kinds::verify_collateral(kind, collateral, anchors, backend)
}

/// As [`verify`], over the compact forms that [`verify_collateral`] gave, joined as
/// docs/attestation.md lays out. Nothing vouches for them: the status has
/// [`COLLATERAL_ASSUMED`](crate::status::COLLATERAL_ASSUMED), which only a caller that holds their
/// digests may clear.
///
/// A kind that needs no collateral takes an empty `compact` and has that bit too.
pub fn verify_with(
    kind: u8,
    evidence: &[u8],
    compact: &[u8],
    anchors: &Anchors,
    backend: Backend,
) -> Result<Claims, Refusal> {
    kinds::check_compact_sizes(kind, evidence, compact)?;
    kinds::verify_with(kind, evidence, compact, anchors, backend)
}

/// Judges an earlier [`Claims::tcb`] by other collateral in compact form; as with [`verify_with`],
/// nothing vouches for it. No kind so far checks a signature here.
///
/// # Errors
/// `UnknownKind` also for a kind that needs no collateral.
pub fn assess(
    kind: u8,
    tcb: &[u8],
    compact: &[u8],
    anchors: &Anchors,
    _backend: Backend,
) -> Result<Assessment, Refusal> {
    kinds::check_tcb_sizes(kind, tcb, compact)?;
    kinds::assess(kind, tcb, compact, anchors)
}

/// Claims hold at `time` if and only if `not_before <= time < not_after`.
pub const fn check_time(claims: &Claims, time: u64) -> Result<(), TimeRefusal> {
    check_window(claims.not_before, claims.not_after, time)
}

/// Whatever has a window holds at `time` if and only if `not_before <= time < not_after`.
pub const fn check_window(not_before: u64, not_after: u64, time: u64) -> Result<(), TimeRefusal> {
    if time < not_before {
        return Err(TimeRefusal::NotYetValid(not_before));
    }
    if time >= not_after {
        return Err(TimeRefusal::Expired(not_after));
    }
    Ok(())
}
