//! `IAttestation`: evidence in, claims out.

use crate::{
    CachePart, IAttestation, VerdictCache,
    abi::Reader,
    gas,
    outcome::{Failure, Meter},
};
use alloy_primitives::{B256, Bytes, Keccak256, U256};
use alloy_sol_types::{SolCall, SolValue};
use assay_attestation::{Anchors, Backend, Claims, Refusal, TimeRefusal, check_time};
use std::sync::Arc;

/// What verification says, whatever the time: claims with a window, or a refusal that no passing
/// of time changes. Shared, not copied, between the cache and its readers.
pub type Verdict = Result<Arc<Claims>, Refusal>;

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

impl Attestation {
    /// Runs a call whose calldata is charged for.
    pub(crate) fn call(
        &self,
        selector: [u8; 4],
        arguments: &[u8],
        meter: &mut Meter,
    ) -> Result<Vec<u8>, Failure> {
        match selector {
            IAttestation::verifyCall::SELECTOR => self.verify(arguments, meter),
            _ => Err(Failure::Revert(Vec::new())),
        }
    }

    fn verify(&self, arguments: &[u8], meter: &mut Meter) -> Result<Vec<u8>, Failure> {
        let read = || {
            let mut reader = Reader::new(arguments, 4)?;
            let read = (reader.u8()?, reader.bytes()?, reader.bytes()?, reader.u64()?);
            reader.finish()?;
            Some(read)
        };
        let (kind, evidence, collateral, time) =
            read().ok_or_else(|| Failure::error(&IAttestation::Refused { code: NOT_CANONICAL }))?;
        let work = assay_attestation::work(kind, evidence, collateral).map_err(refuse)?;
        meter.charge(gas::evidence(&work))?;

        let key = self.key(kind, evidence, collateral);
        let verdict = self.cache.get(&key).unwrap_or_else(|| {
            let verdict =
                assay_attestation::verify(kind, evidence, collateral, &self.anchors, self.backend)
                    .map(Arc::new);
            self.cache.insert(self.part, key, verdict.clone());
            verdict
        });
        let claims = verdict.map_err(refuse)?;
        check_time(&claims, time).map_err(|refusal| match refusal {
            TimeRefusal::NotYetValid(start) => {
                Failure::error(&IAttestation::NotYetValid { notBefore: start })
            }
            TimeRefusal::Expired(end) => Failure::error(&IAttestation::Expired { notAfter: end }),
        })?;
        Ok(encode(&claims))
    }

    /// keccak256 over rules, function, kind, both lengths and both inputs: all but the time.
    fn key(&self, kind: u8, evidence: &[u8], collateral: &[u8]) -> B256 {
        let mut hasher = Keccak256::new();
        hasher.update(self.rules);
        hasher.update(IAttestation::verifyCall::SELECTOR);
        hasher.update([kind]);
        hasher.update((evidence.len() as u64).to_be_bytes());
        hasher.update(evidence);
        hasher.update(collateral);
        hasher.finalize()
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

fn encode(claims: &Claims) -> Vec<u8> {
    IAttestation::Claims {
        kind: claims.kind,
        assurance: claims.assurance,
        measurement: Bytes::copy_from_slice(&claims.measurement),
        identity: claims.identity,
        platform: claims.platform,
        bound: Bytes::copy_from_slice(&claims.bound),
        id: claims.id,
        anchors: claims.anchors.clone(),
        collateral: claims.collateral,
        issuedAt: claims.issued_at,
        notBefore: claims.not_before,
        notAfter: claims.not_after,
        status: claims.status,
        tcb: Bytes::copy_from_slice(&claims.tcb),
    }
    .abi_encode()
}

#[cfg(test)]
mod tests;
