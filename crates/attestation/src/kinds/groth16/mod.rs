//! Kind 16: Groth16 proofs on BN254.
//!
//! The order of checks, which is consensus: form and lengths, collateral, the verifying key, the
//! public inputs, the proof's points, the equation. docs/attestation.md has them all.

mod key;
mod point;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use key::{MAX_INPUTS, PROOF_LEN, PreparedKey, Proof, VerifyingKey};
pub(crate) use point::{GROUP_ORDER, WORD, scalar};

use crate::{Anchors, Claims, Code, Work, claims::timeless, kinds::kind, status};
use alloc::{boxed::Box, vec};
use alloy_primitives::{B256, keccak256};
use key::{KEY_HEAD_LEN, decode_inputs};
use point::G1_LEN;

/// Bytes of a key with no input.
const LEAST_KEY_LEN: usize = KEY_HEAD_LEN + G1_LEN;
/// Most bytes of evidence: a key and its inputs.
pub(crate) const MAX_EVIDENCE: usize = 1 + LEAST_KEY_LEN + PROOF_LEN + MAX_INPUTS * (G1_LEN + WORD);
/// Most bytes of collateral; anything but none is then refused by code.
pub(crate) const MAX_COLLATERAL: usize = 1024;

pub(crate) const ASSURANCE_PROOF: u8 = 2;

const FORM_KEY: u8 = 0;
const FORM_HASH: u8 = 1;

/// One proof, its inputs and, unless only its hash is given, its key.
pub(crate) fn counts(evidence: &[u8]) -> Work {
    let keys = u32::from(evidence.first() != Some(&FORM_HASH));
    let (fixed, input) = if keys == 0 {
        (1 + WORD + PROOF_LEN, WORD)
    } else {
        (1 + LEAST_KEY_LEN + PROOF_LEN, G1_LEN + WORD)
    };
    let inputs = (evidence.len().saturating_sub(fixed) / input).min(MAX_INPUTS);
    Work { groth16: 1, groth16_keys: keys, groth16_inputs: inputs as u32, ..Work::default() }
}

/// Evidence taken apart by its lengths.
struct Parts<'a> {
    key: Key<'a>,
    proof: &'a [u8; PROOF_LEN],
    inputs: &'a [u8],
}

enum Key<'a> {
    Given(&'a [u8]),
    Hash(B256),
}

impl<'a> Parts<'a> {
    fn split(evidence: &'a [u8]) -> Result<Self, Code> {
        let (form, rest) = evidence.split_first().ok_or(Code::EvidenceLength)?;
        let (fixed, input) = match *form {
            FORM_KEY => (LEAST_KEY_LEN + PROOF_LEN, G1_LEN + WORD),
            FORM_HASH => (WORD + PROOF_LEN, WORD),
            _ => return Err(Code::Groth16Form),
        };
        let variable = rest.len().checked_sub(fixed).ok_or(Code::EvidenceLength)?;
        let count = variable / input;
        if !variable.is_multiple_of(input) || !(1..=MAX_INPUTS).contains(&count) {
            return Err(Code::EvidenceLength);
        }
        let key_len = rest.len() - PROOF_LEN - count * WORD;
        let (key, rest) = rest.split_at_checked(key_len).ok_or(Code::EvidenceLength)?;
        let (proof, inputs) = rest.split_first_chunk().ok_or(Code::EvidenceLength)?;
        let key =
            if *form == FORM_HASH { Key::Hash(B256::from_slice(key)) } else { Key::Given(key) };
        Ok(Self { key, proof, inputs })
    }
}

/// A key in use, pinned by the chain or brought by the evidence.
enum Trusted<'a> {
    Pinned(&'a PreparedKey),
    Given(Box<VerifyingKey>),
}

impl<'a> Trusted<'a> {
    fn find(key: &Key<'_>, anchors: &'a Anchors) -> Result<Self, Code> {
        let hash = match key {
            Key::Given(bytes) => keccak256(bytes),
            Key::Hash(hash) => *hash,
        };
        if let Some(pinned) = anchors.groth16_keys().find(|pinned| pinned.hash() == hash) {
            return Ok(Self::Pinned(pinned));
        }
        match key {
            Key::Given(bytes) => Ok(Self::Given(Box::new(VerifyingKey::decode(bytes)?))),
            Key::Hash(_) => Err(Code::Groth16KeyUnknown),
        }
    }
}

/// Verifies a proof. Both backends are arkworks, which is pure Rust.
pub(crate) fn verify(
    evidence: &[u8],
    collateral: &[u8],
    anchors: &Anchors,
) -> Result<Claims, Code> {
    let parts = Parts::split(evidence)?;
    if !collateral.is_empty() {
        return Err(Code::CollateralNotEmpty);
    }
    let key = Trusted::find(&parts.key, anchors)?;
    let (hash, count, status) = match &key {
        Trusted::Pinned(key) => (key.hash(), key.input_count(), 0),
        Trusted::Given(key) => (key.hash(), key.input_count(), status::ANCHOR_LEFT_TO_POLICY),
    };
    if parts.inputs.len() != count * WORD {
        return Err(Code::Groth16InputCount);
    }
    let inputs = decode_inputs(parts.inputs)?;
    let proof = Proof::decode(parts.proof)?;
    let holds = match &key {
        Trusted::Pinned(key) => key.holds(&inputs, &proof),
        Trusted::Given(key) => key.holds(&inputs, &proof),
    };
    if !holds {
        return Err(Code::Groth16Equation);
    }
    Ok(Claims {
        id: keccak256([hash.as_slice(), parts.inputs].concat()),
        anchors: vec![hash],
        status,
        ..claims(kind::GROTH16, hash, parts.inputs)
    })
}

/// Claims of a proof about a program, but the id and the anchors.
pub(crate) fn claims(kind: u8, measurement: B256, bound: &[u8]) -> Claims {
    timeless(kind, ASSURANCE_PROOF, measurement.as_slice(), bound)
}
