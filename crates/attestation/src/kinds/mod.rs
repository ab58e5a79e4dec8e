//! One module per evidence kind, behind one dispatch.

pub(crate) mod dcap;
pub(crate) mod nitro;
mod signature;

use crate::{Anchors, Backend, Claims, Refusal, Work};

/// Numbers of the evidence kinds, as contracts name them.
pub mod kind {
    /// Intel DCAP quotes: SGX version 3, TDX versions 4 and 5.
    pub const INTEL_DCAP: u8 = 1;
    /// AWS Nitro attestation documents.
    pub const AWS_NITRO: u8 = 2;
    /// An ECDSA signature on secp256k1.
    pub const SECP256K1: u8 = 32;
    /// An ECDSA signature on P-256.
    pub const P256: u8 = 33;
    /// An Ed25519 signature.
    pub const ED25519: u8 = 34;
}

/// Refuses unknown kinds and inputs over their caps: evidence first, then collateral.
pub(crate) fn check_sizes(kind: u8, evidence: &[u8], collateral: &[u8]) -> Result<(), Refusal> {
    let (most_evidence, most_collateral) = match kind {
        kind::INTEL_DCAP => (dcap::MAX_EVIDENCE, dcap::MAX_COLLATERAL),
        kind::SECP256K1 | kind::P256 | kind::ED25519 => {
            (signature::MAX_EVIDENCE, signature::MAX_COLLATERAL)
        }
        _ => return Err(Refusal::UnknownKind(kind)),
    };
    for (bytes, limit) in [(evidence, most_evidence), (collateral, most_collateral)] {
        if bytes.len() > limit {
            return Err(Refusal::TooLarge { size: bytes.len() as u64, limit: limit as u64 });
        }
    }
    Ok(())
}

/// Fixed-price steps of a kind; zero for an unknown one.
pub(crate) fn counts(kind: u8) -> Work {
    match kind {
        kind::INTEL_DCAP => dcap::counts(),
        kind::SECP256K1 => Work { secp256k1: 1, ..Work::default() },
        kind::P256 => Work { p256: 1, ..Work::default() },
        kind::ED25519 => Work { ed25519: 1, ..Work::default() },
        _ => Work::default(),
    }
}

/// Verifies evidence whose sizes are checked.
pub(crate) fn verify(
    kind: u8,
    evidence: &[u8],
    collateral: &[u8],
    anchors: &Anchors,
    backend: Backend,
) -> Result<Claims, Refusal> {
    let claims = match kind {
        kind::INTEL_DCAP => dcap::verify(evidence, collateral, anchors, backend)?,
        kind::SECP256K1 | kind::P256 | kind::ED25519 => {
            signature::verify(kind, evidence, collateral, backend)?
        }
        _ => return Err(Refusal::UnknownKind(kind)),
    };
    Ok(claims)
}
