use crate::{Refusal, kinds};

/// The most work a verification can do, known before any of it is done: what gas is charged for.
///
/// Work that grows with input (parsing, hashing, scanning revocation entries) grows linearly with
/// the two byte counts; the rest are counts of fixed-price steps. Fields are upper bounds: a
/// refusal that comes early costs the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Work {
    /// Bytes of evidence.
    pub evidence_bytes: u64,
    /// Bytes of collateral.
    pub collateral_bytes: u64,
    /// Certificates parsed.
    pub certificates: u32,
    /// ECDSA verifications on secp256k1.
    pub secp256k1: u32,
    /// ECDSA verifications on P-256.
    pub p256: u32,
    /// Ed25519 verifications.
    pub ed25519: u32,
}

/// Bounds the work of verifying `evidence` of `kind`, or refuses it for its kind or size alone.
///
/// Constant time: nothing but lengths is read.
pub fn work(kind: u8, evidence: &[u8], collateral: &[u8]) -> Result<Work, Refusal> {
    kinds::check_sizes(kind, evidence, collateral)?;
    let counts = kinds::counts(kind);
    Ok(Work {
        evidence_bytes: evidence.len() as u64,
        collateral_bytes: collateral.len() as u64,
        ..counts
    })
}
