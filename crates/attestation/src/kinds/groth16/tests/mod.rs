pub(crate) mod mutations;
pub(crate) mod oracle;
mod vectors;

use super::*;
use crate::{Backend, Refusal, dev::DevGroth16};
use alloy_primitives::{Bytes, hex};
use point::G2_LEN;

/// snarkjs, a circuit of four public inputs.
const SNARKJS: &[u8] = include_bytes!("../../../../testdata/groth16/snarkjs.evidence");
/// The same statement under the same key, proven again.
const SNARKJS_AGAIN: &[u8] = include_bytes!("../../../../testdata/groth16/snarkjs_again.evidence");
/// snarkjs, another circuit, of one public input.
const MULTIPLIER: &[u8] = include_bytes!("../../../../testdata/groth16/multiplier.evidence");
/// snarkjs with a key whose second phase was left out.
const DEGENERATE: &[u8] = include_bytes!("../../../../testdata/groth16/degenerate.evidence");

/// Places in [`SNARKJS`].
const ALPHA: usize = 1;
const BETA: usize = ALPHA + G1_LEN;
const GAMMA: usize = BETA + G2_LEN;
const DELTA: usize = GAMMA + G2_LEN;
const IC: usize = DELTA + G2_LEN;
const A: usize = IC + 5 * G1_LEN;
const B: usize = A + G1_LEN;
const C: usize = B + G2_LEN;
const INPUTS: usize = C + G1_LEN;

/// The point of the twist with x = 1, which is not of order r.
pub(crate) const OFF_SUBGROUP: [u8; G2_LEN] = hex!(
    "0000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000001"
    "0d1271953ed9ea0836846e70a1934187998c7f790cb4d7511b7f8da82de048a4"
    "2869111d5381f072f8e2728fdb825a51aadd70e52c9830e9ab4b871c0531f1bb"
);

/// The field's modulus.
pub(crate) const P: [u8; WORD] =
    hex!("30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47");

/// A scalar below r: the word cut to 253 bits.
pub(crate) fn cut(mut word: [u8; WORD]) -> B256 {
    word[0] &= 0x1f;
    B256::new(word)
}

/// The key of evidence that brings it along.
fn key_of(evidence: &[u8]) -> Bytes {
    let Key::Given(key) = Parts::split(evidence).unwrap().key else { panic!("a hash") };
    Bytes::copy_from_slice(key)
}

/// Anchors that pin the key of this evidence.
fn pinning(evidence: &[u8]) -> Anchors {
    Anchors::new(&[(kind::GROTH16, vec![key_of(evidence)])].into_iter().collect()).unwrap()
}

/// The same evidence with its key named by its hash.
fn by_hash(evidence: &[u8]) -> Vec<u8> {
    let key = key_of(evidence);
    [&[FORM_HASH], keccak256(&key).as_slice(), &evidence[1 + key.len()..]].concat()
}

/// The verdict through the public entrance, which both backends must share.
fn verdict(evidence: &[u8], anchors: &Anchors) -> Result<Claims, Refusal> {
    let run = |backend| crate::verify(kind::GROTH16, evidence, &[], anchors, backend);
    let native = run(Backend::Native);
    assert_eq!(native, run(Backend::Portable), "backends differ");
    native
}
