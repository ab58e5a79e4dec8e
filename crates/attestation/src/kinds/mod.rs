//! One module per evidence kind, behind one dispatch.

mod composite;
pub(crate) mod dcap;
pub(crate) mod groth16;
pub(crate) mod nitro;
pub(crate) mod nvidia;
mod risc0;
pub(crate) mod sev_snp;
mod signature;
mod sp1;

use crate::{
    Anchors, Assessment, Backend, Claims, Code, CollateralClaims, Refusal, Work,
    status::COLLATERAL_ASSUMED,
};

/// Numbers of the evidence kinds, as contracts name them.
pub mod kind {
    /// Intel DCAP quotes: SGX version 3, TDX versions 4 and 5.
    pub const INTEL_DCAP: u8 = 1;
    /// AWS Nitro attestation documents.
    pub const AWS_NITRO: u8 = 2;
    /// AMD SEV-SNP attestation reports.
    pub const AMD_SEV_SNP: u8 = 3;
    /// NVIDIA GPUs, by tokens of NVIDIA's Remote Attestation Service.
    pub const NVIDIA_GPU: u8 = 4;
    /// A CPU of kind 1, 2 or 3 whose report data names the nonce of its GPUs' tokens.
    pub const CPU_WITH_GPU: u8 = 5;
    /// Groth16 proofs on BN254.
    pub const GROTH16: u8 = 16;
    /// SP1's Groth16 proofs.
    pub const SP1: u8 = 17;
    /// RISC Zero's Groth16 receipts.
    pub const RISC0: u8 = 18;
    /// An ECDSA signature on secp256k1.
    pub const SECP256K1: u8 = 32;
    /// An ECDSA signature on P-256.
    pub const P256: u8 = 33;
    /// An Ed25519 signature.
    pub const ED25519: u8 = 34;
    /// A BLS12-381 signature.
    pub const BLS12_381: u8 = 35;
}

/// Refuses unknown kinds and inputs over their caps: evidence first, then collateral.
pub(crate) fn check_sizes(kind: u8, evidence: &[u8], collateral: &[u8]) -> Result<(), Refusal> {
    let (most_evidence, most_collateral) = match kind {
        kind::INTEL_DCAP => (dcap::MAX_EVIDENCE, dcap::MAX_COLLATERAL),
        kind::AWS_NITRO => (nitro::MAX_EVIDENCE, nitro::MAX_COLLATERAL),
        kind::AMD_SEV_SNP => (sev_snp::MAX_EVIDENCE, sev_snp::MAX_COLLATERAL),
        kind::NVIDIA_GPU => (nvidia::MAX_EVIDENCE, nvidia::MAX_COLLATERAL),
        kind::CPU_WITH_GPU => return composite::check_sizes(evidence, collateral),
        kind::GROTH16 => (groth16::MAX_EVIDENCE, groth16::MAX_COLLATERAL),
        kind::SP1 => (sp1::MAX_EVIDENCE, sp1::MAX_COLLATERAL),
        kind::RISC0 => (risc0::MAX_EVIDENCE, risc0::MAX_COLLATERAL),
        kind::SECP256K1 | kind::P256 | kind::ED25519 | kind::BLS12_381 => {
            (signature::MAX_EVIDENCE, signature::MAX_COLLATERAL)
        }
        _ => return Err(Refusal::UnknownKind(kind)),
    };
    check_size(evidence, most_evidence)?;
    check_size(collateral, most_collateral)
}

const fn check_size(bytes: &[u8], limit: usize) -> Result<(), Refusal> {
    if bytes.len() > limit {
        return Err(Refusal::TooLarge { size: bytes.len() as u64, limit: limit as u64 });
    }
    Ok(())
}

/// Most bytes of the inputs that concern collateral verified ahead.
struct CollateralLimits {
    /// Of one statement, as [`verify_collateral`] takes it.
    statement: usize,
    /// Of the compact forms joined.
    compact: usize,
    /// Of an earlier claims' `tcb`.
    tcb: usize,
}

/// `None` for a kind that needs no collateral.
const fn collateral_limits(kind: u8) -> Option<CollateralLimits> {
    match kind {
        kind::INTEL_DCAP => Some(CollateralLimits {
            statement: dcap::MAX_STATEMENT,
            compact: dcap::MAX_COMPACT,
            tcb: dcap::MAX_TCB,
        }),
        kind::AMD_SEV_SNP => Some(CollateralLimits {
            statement: sev_snp::MAX_COLLATERAL,
            compact: sev_snp::MAX_COMPACT,
            tcb: sev_snp::MAX_TCB,
        }),
        _ => None,
    }
}

/// Refuses kinds without collateral, and a statement over its cap.
pub(crate) fn check_statement_size(kind: u8, collateral: &[u8]) -> Result<(), Refusal> {
    let limits = collateral_limits(kind).ok_or(Refusal::UnknownKind(kind))?;
    check_size(collateral, limits.statement)
}

/// Refuses unknown kinds and inputs over their caps: evidence first, then compact collateral,
/// whose cap for a kind that needs none is the collateral's.
pub(crate) fn check_compact_sizes(
    kind: u8,
    evidence: &[u8],
    compact: &[u8],
) -> Result<(), Refusal> {
    if kind == kind::CPU_WITH_GPU {
        return composite::check_compact_sizes(evidence, compact);
    }
    let Some(limits) = collateral_limits(kind) else { return check_sizes(kind, evidence, compact) };
    check_sizes(kind, evidence, &[])?;
    check_size(compact, limits.compact)
}

/// Refuses kinds without collateral and inputs over their caps: `tcb` first.
pub(crate) fn check_tcb_sizes(kind: u8, tcb: &[u8], compact: &[u8]) -> Result<(), Refusal> {
    if kind == kind::CPU_WITH_GPU {
        return composite::check_tcb_sizes(tcb, compact);
    }
    let limits = collateral_limits(kind).ok_or(Refusal::UnknownKind(kind))?;
    check_size(tcb, limits.tcb)?;
    check_size(compact, limits.compact)
}

/// Fixed-price steps of a kind; zero for an unknown one.
pub(crate) fn counts(kind: u8, evidence: &[u8]) -> Work {
    match kind {
        kind::INTEL_DCAP => dcap::counts(),
        kind::AWS_NITRO => nitro::counts(),
        kind::AMD_SEV_SNP => sev_snp::counts(),
        kind::NVIDIA_GPU => nvidia::counts(evidence),
        kind::CPU_WITH_GPU => composite::counts(evidence),
        kind::GROTH16 => groth16::counts(evidence),
        kind::SP1 => sp1::counts(),
        kind::RISC0 => risc0::counts(),
        kind::SECP256K1 => Work { secp256k1: 1, ..Work::default() },
        kind::P256 => Work { p256: 1, ..Work::default() },
        kind::ED25519 => Work { ed25519: 1, ..Work::default() },
        kind::BLS12_381 => Work { bls12_381: 1, ..Work::default() },
        _ => Work::default(),
    }
}

/// Fixed-price steps of verifying one statement of collateral.
pub(crate) fn counts_collateral(kind: u8) -> Work {
    match kind {
        kind::INTEL_DCAP => dcap::counts_collateral(),
        kind::AMD_SEV_SNP => sev_snp::counts_collateral(),
        _ => Work::default(),
    }
}

/// Fixed-price steps over compact collateral; those of [`counts`] for a kind that needs none.
pub(crate) fn counts_with(kind: u8, evidence: &[u8]) -> Work {
    match kind {
        kind::INTEL_DCAP => dcap::counts_with(),
        kind::AMD_SEV_SNP => sev_snp::counts_with(),
        kind::CPU_WITH_GPU => composite::counts_with(evidence),
        _ => counts(kind, evidence),
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
        kind::AWS_NITRO => nitro::verify(evidence, collateral, anchors, backend)?,
        kind::AMD_SEV_SNP => sev_snp::verify(evidence, collateral, anchors, backend)?,
        kind::NVIDIA_GPU => nvidia::verify(evidence, collateral, anchors, backend)?,
        kind::CPU_WITH_GPU => composite::verify(evidence, collateral, anchors, backend)?,
        kind::GROTH16 => groth16::verify(evidence, collateral, anchors)?,
        kind::SP1 => sp1::verify(evidence, collateral, backend)?,
        kind::RISC0 => risc0::verify(evidence, collateral, backend)?,
        kind::SECP256K1 | kind::P256 | kind::ED25519 | kind::BLS12_381 => {
            signature::verify(kind, evidence, collateral, backend)?
        }
        _ => return Err(Refusal::UnknownKind(kind)),
    };
    Ok(claims)
}

/// Verifies one statement whose size is checked.
pub(crate) fn verify_collateral(
    kind: u8,
    collateral: &[u8],
    anchors: &Anchors,
    backend: Backend,
) -> Result<CollateralClaims, Refusal> {
    let claims = match kind {
        kind::INTEL_DCAP => dcap::verify_collateral(collateral, anchors, backend)?,
        kind::AMD_SEV_SNP => sev_snp::verify_collateral(collateral, anchors, backend)?,
        _ => return Err(Refusal::UnknownKind(kind)),
    };
    Ok(claims)
}

/// Verifies evidence over compact collateral, sizes checked; the status gets its bit here.
pub(crate) fn verify_with(
    kind: u8,
    evidence: &[u8],
    compact: &[u8],
    anchors: &Anchors,
    backend: Backend,
) -> Result<Claims, Refusal> {
    let mut claims = match kind {
        kind::INTEL_DCAP => dcap::verify_with(evidence, compact, anchors, backend)?,
        kind::AMD_SEV_SNP => sev_snp::verify_with(evidence, compact, anchors, backend)?,
        kind::CPU_WITH_GPU => composite::verify_with(evidence, compact, anchors, backend)?,
        _ if !compact.is_empty() => return Err(Code::CollateralNotEmpty.into()),
        _ => verify(kind, evidence, &[], anchors, backend)?,
    };
    claims.status |= COLLATERAL_ASSUMED;
    Ok(claims)
}

/// Judges an earlier claims' `tcb`, sizes checked; the status gets its bit here.
pub(crate) fn assess(
    kind: u8,
    tcb: &[u8],
    compact: &[u8],
    anchors: &Anchors,
) -> Result<Assessment, Refusal> {
    let mut assessment = match kind {
        kind::INTEL_DCAP => dcap::assess(tcb, compact, anchors)?,
        kind::AMD_SEV_SNP => sev_snp::assess(tcb, compact)?,
        kind::CPU_WITH_GPU => composite::assess(tcb, compact, anchors)?,
        _ => return Err(Refusal::UnknownKind(kind)),
    };
    assessment.status |= COLLATERAL_ASSUMED;
    Ok(assessment)
}
