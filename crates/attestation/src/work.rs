use crate::{Refusal, kinds};

/// The most work a verification can do, known before any of it is done: what gas is charged for.
///
/// Work that grows with input (parsing, hashing, scanning revocation entries) grows linearly with
/// the two byte counts; the rest are counts of fixed-price steps. Fields are upper bounds: a
/// refusal that comes early costs the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Work {
    /// Bytes of evidence, or of an earlier `tcb`.
    pub evidence_bytes: u64,
    /// Bytes of collateral, whole or compact.
    pub collateral_bytes: u64,
    /// Certificates parsed.
    pub certificates: u32,
    /// ECDSA verifications on secp256k1.
    pub secp256k1: u32,
    /// ECDSA verifications on P-256.
    pub p256: u32,
    /// ECDSA verifications on P-384.
    pub p384: u32,
    /// RSASSA-PSS verifications of 4,096 bits.
    pub rsa4096: u32,
    /// Ed25519 verifications.
    pub ed25519: u32,
    /// BLS12-381 verifications: two decompressions, a hash to G2 and two pairings.
    pub bls12_381: u32,
    /// Groth16 proofs under a key made ready ahead: three pairings, one subgroup check.
    pub groth16: u32,
    /// Groth16 verifying keys decoded: three subgroup checks, and one more pairing for the proof.
    pub groth16_keys: u32,
    /// Public inputs of Groth16 proofs: one multiplication in G1 each.
    pub groth16_inputs: u32,
}

/// Bounds the work of [`verify`](crate::verify), or refuses it for its kind or sizes alone.
///
/// Constant time, as the functions below: nothing but lengths is read, kind 16's first byte, and how
/// kinds 4 and 5 are put together.
pub fn work(kind: u8, evidence: &[u8], collateral: &[u8]) -> Result<Work, Refusal> {
    kinds::check_sizes(kind, evidence, collateral)?;
    Ok(kinds::counts(kind, evidence).over(evidence, collateral))
}

/// Bounds the work of [`verify_collateral`](crate::verify_collateral), or refuses it.
pub fn work_collateral(kind: u8, collateral: &[u8]) -> Result<Work, Refusal> {
    kinds::check_statement_size(kind, collateral)?;
    Ok(kinds::counts_collateral(kind).over(&[], collateral))
}

/// Bounds the work of [`verify_with`](crate::verify_with), or refuses it.
pub fn work_with(kind: u8, evidence: &[u8], compact: &[u8]) -> Result<Work, Refusal> {
    kinds::check_compact_sizes(kind, evidence, compact)?;
    Ok(kinds::counts_with(kind, evidence).over(evidence, compact))
}

/// Bounds the work of [`assess`](crate::assess), or refuses it: reading its inputs is all there is.
pub fn work_assess(kind: u8, tcb: &[u8], compact: &[u8]) -> Result<Work, Refusal> {
    kinds::check_tcb_sizes(kind, tcb, compact)?;
    Ok(Work::default().over(tcb, compact))
}

impl Work {
    /// The steps of both.
    pub(crate) const fn plus(self, other: Self) -> Self {
        // Every field is named, so that a new one cannot be left out.
        let Self {
            evidence_bytes,
            collateral_bytes,
            certificates,
            secp256k1,
            p256,
            p384,
            rsa4096,
            ed25519,
            bls12_381,
            groth16,
            groth16_keys,
            groth16_inputs,
        } = other;
        Self {
            evidence_bytes: self.evidence_bytes + evidence_bytes,
            collateral_bytes: self.collateral_bytes + collateral_bytes,
            certificates: self.certificates + certificates,
            secp256k1: self.secp256k1 + secp256k1,
            p256: self.p256 + p256,
            p384: self.p384 + p384,
            rsa4096: self.rsa4096 + rsa4096,
            ed25519: self.ed25519 + ed25519,
            bls12_381: self.bls12_381 + bls12_381,
            groth16: self.groth16 + groth16,
            groth16_keys: self.groth16_keys + groth16_keys,
            groth16_inputs: self.groth16_inputs + groth16_inputs,
        }
    }

    /// These steps, over inputs of these lengths.
    const fn over(mut self, evidence: &[u8], collateral: &[u8]) -> Self {
        self.evidence_bytes = evidence.len() as u64;
        self.collateral_bytes = collateral.len() as u64;
        self
    }
}
