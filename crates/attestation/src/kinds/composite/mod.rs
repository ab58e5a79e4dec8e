//! Kind 5: a CPU's evidence that commits to the nonce of its GPUs' tokens.
//!
//! Each half is verified as its own kind; here they are taken apart, held together and summed up.

use super::check_size;
use crate::{
    Anchors, Assessment, Backend, Claims, Code, Refusal, Work,
    claims::identity,
    encoding::{Malformed, abi},
    kinds::{self, dcap, kind, nvidia},
};
use alloy_primitives::keccak256;

/// Most bytes of evidence: the largest CPU's and GPU's, and what joins them. Each half has its own
/// kind's cap besides.
const MAX_EVIDENCE: usize = dcap::MAX_EVIDENCE + nvidia::MAX_EVIDENCE + 256;
/// Most bytes of collateral: the CPU kind's cap holds besides.
const MAX_COLLATERAL: usize = dcap::MAX_COLLATERAL;
/// Most bytes of an earlier `tcb`: the CPU kind's cap holds besides.
const MAX_TCB: usize = 4 * 1024;

const ASSURANCE_TEE_WITH_GPU: u8 = 4;
/// Head words of the evidence.
const FIELDS: usize = 3;
/// Where the CPU's report data carries the nonce; before it stands what the CPU's code binds.
const NONCE_AT: usize = 32;

/// The parts of the evidence: `abi.encode(uint8 cpuKind, bytes cpu, bytes gpu)`.
struct Evidence<'a> {
    cpu_kind: u8,
    cpu: &'a [u8],
    gpu: &'a [u8],
}

impl<'a> Evidence<'a> {
    fn decode(bytes: &'a [u8]) -> Result<Self, Code> {
        let read = || {
            let mut reader = abi::Reader::new(bytes, FIELDS)?;
            let read = (reader.u8()?, reader.bytes()?, reader.bytes()?);
            reader.finish()?;
            Ok(read)
        };
        let (cpu_kind, cpu, gpu) = read().map_err(|Malformed| Code::CompositeEvidence)?;
        if !is_cpu(cpu_kind) {
            return Err(Code::CompositeCpuKind);
        }
        Ok(Self { cpu_kind, cpu, gpu })
    }
}

/// Kinds 1, 2 and 3.
const fn is_cpu(number: u8) -> bool {
    matches!(number, kind::INTEL_DCAP..kind::NVIDIA_GPU)
}

/// The CPU's kind and its own `tcb`.
fn split_tcb(tcb: &[u8]) -> Result<(u8, &[u8]), Code> {
    match tcb.split_first() {
        Some((cpu_kind, tcb)) if is_cpu(*cpu_kind) => Ok((*cpu_kind, tcb)),
        _ => Err(Code::CompositeCpuKind),
    }
}

/// Sizes of the whole, then of the halves. Evidence that cannot be taken apart is refused later.
pub(crate) fn check_sizes(evidence: &[u8], collateral: &[u8]) -> Result<(), Refusal> {
    check_outer(evidence, collateral)?;
    let Ok(parts) = Evidence::decode(evidence) else { return Ok(()) };
    kinds::check_sizes(parts.cpu_kind, parts.cpu, collateral)?;
    kinds::check_sizes(kind::NVIDIA_GPU, parts.gpu, &[])
}

/// As [`check_sizes`], with compact collateral.
pub(crate) fn check_compact_sizes(evidence: &[u8], compact: &[u8]) -> Result<(), Refusal> {
    check_outer(evidence, compact)?;
    let Ok(parts) = Evidence::decode(evidence) else { return Ok(()) };
    kinds::check_compact_sizes(parts.cpu_kind, parts.cpu, compact)?;
    kinds::check_sizes(kind::NVIDIA_GPU, parts.gpu, &[])
}

/// Sizes of the whole, then what the CPU's kind says.
pub(crate) fn check_tcb_sizes(tcb: &[u8], compact: &[u8]) -> Result<(), Refusal> {
    check_size(tcb, MAX_TCB)?;
    check_size(compact, MAX_COLLATERAL)?;
    let Ok((cpu_kind, tcb)) = split_tcb(tcb) else { return Ok(()) };
    kinds::check_tcb_sizes(cpu_kind, tcb, compact)
}

fn check_outer(evidence: &[u8], collateral: &[u8]) -> Result<(), Refusal> {
    check_size(evidence, MAX_EVIDENCE)?;
    check_size(collateral, MAX_COLLATERAL)
}

/// Steps of both halves; none where the evidence cannot be taken apart.
pub(crate) fn counts(evidence: &[u8]) -> Work {
    Evidence::decode(evidence).map_or_else(
        |_| Work::default(),
        |parts| {
            kinds::counts(parts.cpu_kind, parts.cpu)
                .plus(kinds::counts(kind::NVIDIA_GPU, parts.gpu))
        },
    )
}

/// As [`counts`], over compact collateral.
pub(crate) fn counts_with(evidence: &[u8]) -> Work {
    Evidence::decode(evidence).map_or_else(
        |_| Work::default(),
        |parts| {
            kinds::counts_with(parts.cpu_kind, parts.cpu)
                .plus(kinds::counts(kind::NVIDIA_GPU, parts.gpu))
        },
    )
}

/// Verifies both halves, the CPU's by `collateral`, and that they belong together.
pub(crate) fn verify(
    evidence: &[u8],
    collateral: &[u8],
    anchors: &Anchors,
    backend: Backend,
) -> Result<Claims, Refusal> {
    let parts = Evidence::decode(evidence)?;
    let cpu = kinds::verify(parts.cpu_kind, parts.cpu, collateral, anchors, backend)?;
    Ok(combine(cpu, nvidia::verify(parts.gpu, &[], anchors, backend)?)?)
}

/// As [`verify`], over the CPU's compact collateral.
pub(crate) fn verify_with(
    evidence: &[u8],
    compact: &[u8],
    anchors: &Anchors,
    backend: Backend,
) -> Result<Claims, Refusal> {
    let parts = Evidence::decode(evidence)?;
    let cpu = kinds::verify_with(parts.cpu_kind, parts.cpu, compact, anchors, backend)?;
    Ok(combine(cpu, nvidia::verify(parts.gpu, &[], anchors, backend)?)?)
}

/// Judges the CPU's part of an earlier `tcb`.
pub(crate) fn assess(tcb: &[u8], compact: &[u8], anchors: &Anchors) -> Result<Assessment, Refusal> {
    let (cpu_kind, tcb) = split_tcb(tcb)?;
    kinds::assess(cpu_kind, tcb, compact, anchors)
}

/// One claims of two, if the CPU's code put the GPUs' nonce into its report data.
fn combine(cpu: Claims, gpu: Claims) -> Result<Claims, Code> {
    let named = cpu.bound.get(NONCE_AT..NONCE_AT + nvidia::NONCE_LEN);
    // Zeros are what code that knows of no GPU leaves there.
    if named != Some(gpu.bound.as_slice()) || gpu.bound.iter().all(|byte| *byte == 0) {
        return Err(Code::CompositeNonce);
    }
    let (not_before, not_after) =
        (cpu.not_before.max(gpu.not_before), cpu.not_after.min(gpu.not_after));
    if not_before >= not_after {
        return Err(Code::EmptyWindow);
    }
    let measurement = [
        &[cpu.kind][..],
        &(cpu.measurement.len() as u32).to_be_bytes(),
        &cpu.measurement,
        &(gpu.measurement.len() as u32).to_be_bytes(),
        &gpu.measurement,
    ]
    .concat();
    // The older of two statements; a quote carries no time.
    let issued_at =
        if cpu.issued_at == 0 { gpu.issued_at } else { cpu.issued_at.min(gpu.issued_at) };
    Ok(Claims {
        kind: kind::CPU_WITH_GPU,
        assurance: ASSURANCE_TEE_WITH_GPU,
        identity: identity(kind::CPU_WITH_GPU, &measurement),
        measurement,
        platform: keccak256([cpu.platform, gpu.platform].concat()),
        bound: cpu.bound,
        // The CPU's statement names the nonce, and so decides which tokens may stand beside it:
        // asking the service for other tokens over that nonce makes no new evidence.
        id: cpu.id,
        anchors: [cpu.anchors, gpu.anchors].concat(),
        collateral: cpu.collateral,
        issued_at,
        not_before,
        not_after,
        status: cpu.status | gpu.status,
        tcb: [&[cpu.kind][..], &cpu.tcb].concat(),
    })
}

#[cfg(test)]
mod tests;
