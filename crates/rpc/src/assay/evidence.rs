//! A dry run of the evidence precompile that says which check failed.

use crate::{RpcContext, RpcError};
use alloy_primitives::{B256, Bytes};
use assay_attestation::{Anchors, Backend, Claims, Refusal, TimeRefusal, check_time, verify};
use serde::Serialize;

/// Whether evidence holds, what it claims, and why it is refused where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EvidenceVerdict {
    /// Whether `IAttestation.verify` would return claims at `time`.
    pub(crate) valid: bool,
    /// The time that the claims were checked against, in unix seconds.
    pub(crate) time: u64,
    /// What the evidence claims; also there when only the time does not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<EvidenceClaims>,
    /// The check that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refusal: Option<EvidenceRefusal>,
}

/// `IAttestation.Claims` in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EvidenceClaims {
    kind: u8,
    assurance: u8,
    measurement: Bytes,
    identity: B256,
    platform: B256,
    bound: Bytes,
    id: B256,
    anchors: Vec<B256>,
    collateral: B256,
    issued_at: u64,
    not_before: u64,
    not_after: u64,
    status: u32,
    tcb: Bytes,
}

impl From<Claims> for EvidenceClaims {
    fn from(claims: Claims) -> Self {
        Self {
            kind: claims.kind,
            assurance: claims.assurance,
            measurement: claims.measurement.into(),
            identity: claims.identity,
            platform: claims.platform,
            bound: claims.bound.into(),
            id: claims.id,
            anchors: claims.anchors,
            collateral: claims.collateral,
            issued_at: claims.issued_at,
            not_before: claims.not_before,
            not_after: claims.not_after,
            status: claims.status,
            tcb: claims.tcb.into(),
        }
    }
}

/// Which error `IAttestation.verify` would revert with, and in words why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EvidenceRefusal {
    /// The Solidity error: `Refused`, `UnknownKind`, `TooLarge`, `NotYetValid`, `Expired`.
    error: &'static str,
    /// The number of the failed check, for `Refused`: see docs/attestation.md.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    /// The check in words.
    message: String,
}

impl From<Refusal> for EvidenceRefusal {
    fn from(refusal: Refusal) -> Self {
        let (error, code) = match &refusal {
            Refusal::Refused(code) => ("Refused", Some(code.number())),
            Refusal::UnknownKind(_) => ("UnknownKind", None),
            Refusal::TooLarge { .. } => ("TooLarge", None),
        };
        Self { error, code, message: refusal.to_string() }
    }
}

impl From<TimeRefusal> for EvidenceRefusal {
    fn from(refusal: TimeRefusal) -> Self {
        let error = match refusal {
            TimeRefusal::NotYetValid(_) => "NotYetValid",
            TimeRefusal::Expired(_) => "Expired",
        };
        Self { error, code: None, message: refusal.to_string() }
    }
}

/// Verifies evidence under this chain's trust anchors, as of `time` or else of the head.
pub(super) fn dry_run(
    ctx: &RpcContext,
    kind: u8,
    evidence: &[u8],
    collateral: &[u8],
    time: Option<u64>,
) -> Result<EvidenceVerdict, RpcError> {
    let vendors = Anchors::default();
    let anchors = ctx.evm.anchors().unwrap_or(&vendors);
    let time = time.unwrap_or_else(|| ctx.head().timestamp);
    Ok(verdict(verify(kind, evidence, collateral, anchors, Backend::Native), time))
}

fn verdict(verified: Result<Claims, Refusal>, time: u64) -> EvidenceVerdict {
    match verified {
        Err(refusal) => {
            EvidenceVerdict { valid: false, time, claims: None, refusal: Some(refusal.into()) }
        }
        Ok(claims) => {
            let refusal = check_time(&claims, time).err();
            EvidenceVerdict {
                valid: refusal.is_none(),
                time,
                claims: Some(claims.into()),
                refusal: refusal.map(Into::into),
            }
        }
    }
}
