//! `IAttestation`: evidence in, claims out.

use crate::{
    CachePart, VerdictCache,
    abi::Reader,
    contracts::IAttestation,
    gas,
    outcome::{Failure, Meter},
};
use alloy_primitives::{B256, U256};
use alloy_sol_types::{SolCall, SolValue};
use assay_attestation::{
    Anchors, Assessment, Backend, Claims, CollateralClaims, Refusal, TimeRefusal, Work,
    check_window,
};
use aws_lc_rs::digest;
use std::sync::Arc;

/// What a call says, whatever the time: an answer with a window, or a refusal that no passing of
/// time changes. Shared, not copied, between the cache and its readers.
pub type Verdict = Result<Arc<Answer>, Refusal>;

/// Return data, and when it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Unix seconds.
    pub not_before: u64,
    /// Unix seconds, exclusive.
    pub not_after: u64,
    /// The function's ABI-encoded result.
    pub output: Vec<u8>,
}

/// `Refused(0)`: the calldata is not the canonical ABI encoding of the function's arguments.
const NOT_CANONICAL: u16 = 0;

/// What verdicts depend on besides calldata.
#[derive(Debug, Clone)]
pub(crate) struct Attestation {
    pub(crate) anchors: Arc<Anchors>,
    pub(crate) backend: Backend,
    pub(crate) cache: VerdictCache,
    pub(crate) part: CachePart,
    /// Commitment to the rules, mixed into cache keys.
    pub(crate) rules: B256,
}

/// A function of the interface. All take a kind, then one or two byte strings, then a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Verify,
    VerifyCollateral,
    VerifyWith,
    Assess,
}

/// The arguments, `time` aside.
#[derive(Debug, Clone, Copy)]
struct Request<'a> {
    function: Function,
    kind: u8,
    /// Evidence or an earlier `tcb`; empty for [`Function::VerifyCollateral`].
    subject: &'a [u8],
    /// Collateral, whole or compact.
    collateral: &'a [u8],
}

impl Attestation {
    /// Runs a call whose calldata is charged for.
    pub(crate) fn call(
        &self,
        selector: [u8; 4],
        arguments: &[u8],
        meter: &mut Meter,
    ) -> Result<Vec<u8>, Failure> {
        let function = Function::of(selector).ok_or_else(|| Failure::Revert(Vec::new()))?;
        let (request, time) = Request::read(function, arguments)
            .ok_or_else(|| Failure::error(&IAttestation::Refused { code: NOT_CANONICAL }))?;
        let work = request.work().map_err(refuse)?;
        meter.charge(gas::evidence(&work))?;

        let key = request.key(&self.rules);
        let verdict = self.cache.get_or_compute(self.part, key, || {
            request.answer(&self.anchors, self.backend).map(Arc::new)
        });
        let answer = verdict.map_err(refuse)?;
        check_window(answer.not_before, answer.not_after, time).map_err(
            |refusal| match refusal {
                TimeRefusal::NotYetValid(start) => {
                    Failure::error(&IAttestation::NotYetValid { notBefore: start })
                }
                TimeRefusal::Expired(end) => {
                    Failure::error(&IAttestation::Expired { notAfter: end })
                }
            },
        )?;
        Ok(answer.output.clone())
    }
}

impl Function {
    const fn of(selector: [u8; 4]) -> Option<Self> {
        Some(match selector {
            IAttestation::verifyCall::SELECTOR => Self::Verify,
            IAttestation::verifyCollateralCall::SELECTOR => Self::VerifyCollateral,
            IAttestation::verifyWithCall::SELECTOR => Self::VerifyWith,
            IAttestation::assessCall::SELECTOR => Self::Assess,
            _ => return None,
        })
    }
}

impl<'a> Request<'a> {
    /// The arguments and the time, if they are in canonical form.
    fn read(function: Function, arguments: &'a [u8]) -> Option<(Self, u64)> {
        let takes_subject = function != Function::VerifyCollateral;
        let mut reader = Reader::new(arguments, if takes_subject { 4 } else { 3 })?;
        let kind = reader.u8()?;
        let subject = if takes_subject { reader.bytes()? } else { &[] };
        let (collateral, time) = (reader.bytes()?, reader.u64()?);
        reader.finish()?;
        Some((Self { function, kind, subject, collateral }, time))
    }

    fn work(&self) -> Result<Work, Refusal> {
        let Self { function, kind, subject, collateral } = *self;
        match function {
            Function::Verify => assay_attestation::work(kind, subject, collateral),
            Function::VerifyCollateral => assay_attestation::work_collateral(kind, collateral),
            Function::VerifyWith => assay_attestation::work_with(kind, subject, collateral),
            Function::Assess => assay_attestation::work_assess(kind, subject, collateral),
        }
    }

    fn answer(&self, anchors: &Anchors, backend: Backend) -> Result<Answer, Refusal> {
        use assay_attestation::{assess, verify, verify_collateral, verify_with};
        let Self { function, kind, subject, collateral } = *self;
        match function {
            Function::Verify => verify(kind, subject, collateral, anchors, backend).map(claims),
            Function::VerifyCollateral => {
                verify_collateral(kind, collateral, anchors, backend).map(collateral_claims)
            }
            Function::VerifyWith => {
                verify_with(kind, subject, collateral, anchors, backend).map(claims)
            }
            Function::Assess => assess(kind, subject, collateral, anchors, backend).map(assessment),
        }
    }

    /// SHA-256 over rules, function, kind, the first length and both inputs: all but the time.
    ///
    /// No consensus value: of the hashes that nobody finds collisions of, the fastest here.
    fn key(&self, rules: &B256) -> B256 {
        let mut hasher = digest::Context::new(&digest::SHA256);
        hasher.update(rules.as_slice());
        hasher.update(&[self.function as u8, self.kind]);
        hasher.update(&(self.subject.len() as u64).to_be_bytes());
        hasher.update(self.subject);
        hasher.update(self.collateral);
        B256::from_slice(hasher.finish().as_ref())
    }
}

fn refuse(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Refused(code) => Failure::error(&IAttestation::Refused { code: code.number() }),
        Refusal::UnknownKind(kind) => Failure::error(&IAttestation::UnknownKind { kind }),
        Refusal::TooLarge { size, limit } => Failure::error(&IAttestation::TooLarge {
            size: U256::from(size),
            limit: U256::from(limit),
        }),
    }
}

fn claims(claims: Claims) -> Answer {
    let (not_before, not_after) = (claims.not_before, claims.not_after);
    let encoded = IAttestation::Claims {
        kind: claims.kind,
        assurance: claims.assurance,
        measurement: claims.measurement.into(),
        identity: claims.identity,
        platform: claims.platform,
        bound: claims.bound.into(),
        id: claims.id,
        anchors: claims.anchors,
        collateral: claims.collateral,
        issuedAt: claims.issued_at,
        notBefore: not_before,
        notAfter: not_after,
        status: claims.status,
        tcb: claims.tcb.into(),
    };
    Answer { not_before, not_after, output: encoded.abi_encode() }
}

fn collateral_claims(claims: CollateralClaims) -> Answer {
    let (not_before, not_after) = (claims.not_before, claims.not_after);
    let encoded = IAttestation::CollateralClaims {
        key: claims.key,
        digest: claims.digest,
        version: claims.version,
        notBefore: not_before,
        notAfter: not_after,
        compact: claims.compact.into(),
    };
    Answer { not_before, not_after, output: encoded.abi_encode() }
}

fn assessment(assessment: Assessment) -> Answer {
    let Assessment { status, not_before, not_after } = assessment;
    let returned = IAttestation::assessReturn { status, notAfter: not_after };
    let output = IAttestation::assessCall::abi_encode_returns(&returned);
    Answer { not_before, not_after, output }
}

#[cfg(test)]
mod tests;
