//! Kind 17: SP1's Groth16 proofs.
//!
//! Evidence is `hash mode ‖ program's verifying key ‖ proof ‖ public values`, the proof being what
//! SP1's SDK gives as bytes: it names its circuit version in its first four.

mod circuits;
#[cfg(test)]
mod tests;

use crate::{
    Backend, Claims, Code, Work,
    kinds::{
        groth16::{Proof, WORD, claims, scalar},
        kind,
    },
};
use alloc::vec;
use alloy_primitives::{B256, keccak256};
use circuits::{Circuit, PREFIX_LEN, circuits};

/// Most bytes of evidence.
pub(crate) const MAX_EVIDENCE: usize = 16 * 1024;
/// Most bytes of collateral; anything but none is then refused by code.
pub(crate) const MAX_COLLATERAL: usize = 1024;

const HASH_SHA256: u8 = 0;
const HASH_BLAKE3: u8 = 1;

/// One proof under a pinned key: the program's key, the digest and the nonce vary.
pub(crate) fn counts() -> Work {
    Work { groth16: 1, groth16_inputs: 3, ..Work::default() }
}

/// Verifies a proof under one of the pinned circuits.
pub(crate) fn verify(evidence: &[u8], collateral: &[u8], backend: Backend) -> Result<Claims, Code> {
    verify_under(circuits(), evidence, collateral, backend)
}

fn verify_under(
    circuits: &[Circuit],
    evidence: &[u8],
    collateral: &[u8],
    backend: Backend,
) -> Result<Claims, Code> {
    let (mode, rest) = evidence.split_first().ok_or(Code::Sp1Truncated)?;
    let (program, rest) = rest.split_first_chunk::<WORD>().ok_or(Code::Sp1Truncated)?;
    let (prefix, rest) = rest.split_first_chunk::<PREFIX_LEN>().ok_or(Code::Sp1Truncated)?;
    if !collateral.is_empty() {
        return Err(Code::CollateralNotEmpty);
    }
    if ![HASH_SHA256, HASH_BLAKE3].contains(mode) {
        return Err(Code::Sp1HashMode);
    }
    let circuit =
        circuits.iter().find(|circuit| circuit.prefix() == prefix).ok_or(Code::Sp1Version)?;
    let (outcome, rest) = match circuit.key_root {
        Some(root) => {
            let (outcome, rest) = Outcome::split(rest).ok_or(Code::Sp1Truncated)?;
            (Some((outcome, root)), rest)
        }
        None => (None, rest),
    };
    let (proof, values) = rest.split_first_chunk().ok_or(Code::Sp1Truncated)?;
    if *program == [0; WORD] {
        return Err(Code::ZeroMeasurement);
    }
    let digest = values_digest(*mode, values, backend);
    let mut inputs = vec![
        scalar(program).ok_or(Code::Sp1ProgramKey)?,
        scalar(&digest).ok_or(Code::Groth16Input)?,
    ];
    if let Some((outcome, root)) = outcome {
        if *outcome.exit_code != [0; WORD] {
            return Err(Code::Sp1ExitCode);
        }
        if *outcome.key_root != root {
            return Err(Code::Sp1KeyRoot);
        }
        inputs.push(scalar(outcome.nonce).ok_or(Code::Sp1Nonce)?);
    }
    if !circuit.key.holds(&inputs, &Proof::decode(proof)?) {
        return Err(Code::Groth16Equation);
    }
    Ok(Claims {
        id: keccak256([program, values].concat()),
        anchors: vec![circuit.hash],
        ..claims(kind::SP1, B256::new(*program), values)
    })
}

/// What a proof from version 6 on carries beside its points: three more public inputs.
struct Outcome<'a> {
    exit_code: &'a [u8; WORD],
    key_root: &'a [u8; WORD],
    nonce: &'a [u8; WORD],
}

impl<'a> Outcome<'a> {
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (exit_code, rest) = bytes.split_first_chunk()?;
        let (key_root, rest) = rest.split_first_chunk()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        Some((Self { exit_code, key_root, nonce }, rest))
    }
}

/// The hash of the public values, cut to 253 bits so that it is below r.
fn values_digest(mode: u8, values: &[u8], backend: Backend) -> [u8; WORD] {
    let mut digest =
        if mode == HASH_SHA256 { backend.sha256(values).0 } else { blake3::hash(values).into() };
    digest[0] &= 0x1f;
    digest
}
