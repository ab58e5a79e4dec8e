//! Kind 4: NVIDIA GPUs, as NVIDIA's Remote Attestation Service vouches for them.
//!
//! The order of checks, which is consensus: the encoding, the key, the overall token's form and
//! claims, each GPU token's digest, form and claims, the GPUs together, the window, the signatures.
//! docs/attestation.md has them all.

mod claims;
mod jws;

use crate::{
    Anchors, Backend, Claims, Code, Work,
    claims::identity,
    encoding::{Malformed, abi, base64url},
    kinds::kind,
    signatures::p384,
    status,
};
use alloc::{format, vec, vec::Vec};
use alloy_primitives::{B256, keccak256};
use claims::{Gpu, Overall};
use jws::Jws;

/// Most bytes of evidence: sixteen of NVIDIA's tokens.
pub(crate) const MAX_EVIDENCE: usize = 64 * 1024;
/// Most bytes of collateral; anything but none is then refused by code.
pub(crate) const MAX_COLLATERAL: usize = 1024;
/// Bytes of the nonce, and so of what is bound.
pub(crate) const NONCE_LEN: usize = 32;

/// Most GPUs in one evidence.
const MAX_GPUS: usize = 16;
/// A point of P-384 without its prefix: x ‖ y.
const KEY_LEN: usize = 96;
const ASSURANCE_TEE: u8 = 3;
/// Head words of the evidence.
const FIELDS: usize = 3;

/// The parts of the evidence: `abi.encode(bytes key, bytes overall, bytes[] gpus)`.
struct Evidence<'a> {
    key: &'a [u8],
    overall: &'a [u8],
    gpus: Vec<&'a [u8]>,
}

impl<'a> Evidence<'a> {
    fn decode(bytes: &'a [u8]) -> Result<Option<Self>, Malformed> {
        let mut reader = abi::Reader::new(bytes, FIELDS)?;
        let (key, overall) = (reader.bytes()?, reader.bytes()?);
        let Some(gpus) = reader.bytes_array(MAX_GPUS)? else { return Ok(None) };
        reader.finish()?;
        Ok((!gpus.is_empty()).then_some(Self { key, overall, gpus }))
    }
}

/// A signature for each token. Only the encoding is read; what has none is refused for it.
pub(crate) fn counts(evidence: &[u8]) -> Work {
    let tokens = match Evidence::decode(evidence) {
        Ok(Some(evidence)) => evidence.gpus.len() as u32 + 1,
        Ok(None) | Err(Malformed) => 0,
    };
    Work { p384: tokens, ..Work::default() }
}

/// Whether a genesis may name `anchor`: the RFC 7638 thumbprint of a key.
pub(crate) fn check_thumbprint(anchor: &[u8]) -> Result<(), &'static str> {
    if anchor.len() == 32 { Ok(()) } else { Err("it is not a thumbprint of 32 bytes") }
}

/// Verifies tokens; the window is in the claims, the time plays no part.
pub(crate) fn verify(
    evidence: &[u8],
    collateral: &[u8],
    anchors: &Anchors,
    backend: Backend,
) -> Result<Claims, Code> {
    if !collateral.is_empty() {
        return Err(Code::CollateralNotEmpty);
    }
    let evidence =
        Evidence::decode(evidence).map_err(|Malformed| Code::GpuEvidence)?.ok_or(Code::GpuCount)?;
    let point = [&[4], evidence.key].concat();
    let point = point.as_slice().try_into().map_err(|_| Code::KeyEncoding)?;
    let key = p384::Key::parse(point, backend).ok_or(Code::KeyEncoding)?;

    let token = Jws::parse(evidence.overall)?;
    let overall = Overall::parse(&token.claims, evidence.gpus.len())?;
    let mut summary = Summary::new(&overall);
    let mut tokens = Vec::with_capacity(evidence.gpus.len());
    for (gpu, digest) in evidence.gpus.iter().zip(&overall.digests) {
        if backend.sha256(gpu) != *digest {
            return Err(Code::GpuDigest);
        }
        let token = Jws::parse(gpu)?;
        summary.add(&Gpu::parse(&token.claims, overall.version, &overall.issue.nonce)?);
        tokens.push(token);
    }
    summary.check()?;

    if !token.is_signed_by(&key, backend) {
        return Err(Code::GpuOverallSignature);
    }
    if !tokens.iter().all(|token| token.is_signed_by(&key, backend)) {
        return Err(Code::GpuSignature);
    }

    let thumbprint = thumbprint(evidence.key, backend);
    let is_pinned = anchors.of(kind::NVIDIA_GPU).any(|anchor| anchor == thumbprint.as_slice());
    let left_to_policy = if is_pinned { 0 } else { status::ANCHOR_LEFT_TO_POLICY };
    let warning = if summary.has_warning { status::VENDOR_WARNING } else { 0 };
    let measurement = list(&summary.firmware);
    Ok(Claims {
        kind: kind::NVIDIA_GPU,
        assurance: ASSURANCE_TEE,
        identity: identity(kind::NVIDIA_GPU, &measurement),
        measurement,
        platform: keccak256(list(&summary.ids)),
        bound: overall.issue.nonce.to_vec(),
        id: keccak256(token.signed),
        anchors: vec![thumbprint],
        collateral: B256::ZERO,
        issued_at: overall.issue.issued,
        not_before: summary.start,
        not_after: summary.end,
        status: left_to_policy | warning,
        tcb: Vec::new(),
    })
}

/// What the tokens say together.
struct Summary {
    start: u64,
    end: u64,
    has_warning: bool,
    /// Model, driver and VBIOS of each GPU.
    firmware: Vec<Vec<u8>>,
    /// Id of each GPU.
    ids: Vec<Vec<u8>>,
}

impl Summary {
    const fn new(overall: &Overall) -> Self {
        Self {
            start: overall.issue.not_before,
            end: overall.issue.expires,
            has_warning: false,
            firmware: Vec::new(),
            ids: Vec::new(),
        }
    }

    fn add(&mut self, gpu: &Gpu<'_>) {
        self.start = self.start.max(gpu.issue.not_before);
        self.end = self.end.min(gpu.issue.expires);
        self.has_warning |= gpu.has_warning;
        self.firmware
            .push([prefixed(gpu.model), prefixed(gpu.driver), prefixed(gpu.vbios)].concat());
        self.ids.push(prefixed(gpu.id));
    }

    fn check(&mut self) -> Result<(), Code> {
        // The service numbers GPUs as it likes: neither list may depend on that.
        self.firmware.sort_unstable();
        self.ids.sort_unstable();
        if self.ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Code::GpuDuplicate);
        }
        if self.start < self.end { Ok(()) } else { Err(Code::EmptyWindow) }
    }
}

/// A text behind its length in one byte; it is known to be short.
fn prefixed(text: &str) -> Vec<u8> {
    [&[text.len() as u8], text.as_bytes()].concat()
}

/// Entries behind their number in one byte.
fn list(entries: &[Vec<u8>]) -> Vec<u8> {
    [vec![entries.len() as u8], entries.concat()].concat()
}

/// SHA-256 of the key's JWK with its required members alone, in their order (RFC 7638).
pub(crate) fn thumbprint(key: &[u8], backend: Backend) -> B256 {
    let (x, y) = key.split_at(KEY_LEN / 2);
    let (x, y) = (base64url::encode(x), base64url::encode(y));
    let jwk = format!(r#"{{"crv":"P-384","kty":"EC","x":"{x}","y":"{y}"}}"#);
    backend.sha256(jwk.as_bytes())
}

#[cfg(test)]
pub(crate) mod tests;
