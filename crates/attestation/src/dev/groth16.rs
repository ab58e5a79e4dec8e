//! Groth16 keys whose trapdoor is known, for development chains and tests.

use crate::kinds::groth16::{GROUP_ORDER, PROOF_LEN, WORD, scalar};
use alloc::vec::Vec;
use alloy_primitives::{B256, Bytes, keccak256};
use ark_bn254::{Fq, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, Field, PrimeField};

/// A verifying key of kind 16 with its trapdoor: it proves any public inputs, true or not.
///
/// A development chain pins [`verifying_key`](Self::verifying_key) in its genesis; proofs made here
/// then go through the very same verifier as a circuit's.
#[derive(Clone, Debug)]
pub struct DevGroth16 {
    alpha: Fr,
    beta: Fr,
    gamma: Fr,
    delta: Fr,
    ic: Vec<Fr>,
}

impl DevGroth16 {
    /// A key for a circuit with `inputs` public inputs, made from a seed.
    pub fn new(seed: B256, inputs: usize) -> Self {
        let drawn = |index: usize| {
            let hash = keccak256([seed.as_slice(), &(index as u64).to_be_bytes()].concat());
            Fr::from_be_bytes_mod_order(hash.as_slice())
        };
        let [alpha, beta, gamma, delta] = [0, 1, 2, 3].map(drawn);
        Self { alpha, beta, gamma, delta, ic: (4..=4 + inputs).map(drawn).collect() }
    }

    /// The key in kind 16's encoding.
    pub fn verifying_key(&self) -> Bytes {
        let mut bytes = Vec::new();
        g1(&mut bytes, self.alpha);
        for value in [self.beta, self.gamma, self.delta] {
            g2(&mut bytes, value);
        }
        for value in &self.ic {
            g1(&mut bytes, *value);
        }
        bytes.into()
    }

    /// A proof of these public inputs, 32 bytes big-endian each; other salts give other proofs.
    ///
    /// `None` where an input is not below the group's order, or there are not as many as the key
    /// takes.
    pub fn prove(&self, inputs: &[B256], salt: u64) -> Option<[u8; PROOF_LEN]> {
        let (first, rest) = self.ic.split_first()?;
        if rest.len() != inputs.len() {
            return None;
        }
        let mut sum = *first;
        for (value, input) in rest.iter().zip(inputs) {
            sum += *value * scalar(&input.0)?;
        }
        let (a, b) = (Fr::from(salt) + self.alpha, Fr::from(salt) + self.delta);
        let c = (a * b - self.alpha * self.beta - self.gamma * sum) * self.delta.inverse()?;
        let mut bytes = Vec::with_capacity(PROOF_LEN);
        g1(&mut bytes, a);
        g2(&mut bytes, b);
        g1(&mut bytes, c);
        bytes.try_into().ok()
    }

    /// Evidence of kind 16 that brings its key along, or names it by its hash.
    pub fn attest(&self, inputs: &[B256], pinned: bool) -> Option<Bytes> {
        let key = self.verifying_key();
        let mut bytes = if pinned {
            [&[1], keccak256(&key).as_slice()].concat()
        } else {
            [&[0], key.as_ref()].concat()
        };
        bytes.extend_from_slice(&self.prove(inputs, 1)?);
        for input in inputs {
            bytes.extend_from_slice(input.as_slice());
        }
        Some(bytes.into())
    }

    /// The largest public input: the group's order less one.
    pub const fn largest_input() -> B256 {
        let mut word = GROUP_ORDER;
        word[WORD - 1] -= 1;
        B256::new(word)
    }
}

fn coordinate(bytes: &mut Vec<u8>, value: Fq) {
    bytes.extend_from_slice(&value.into_bigint().to_bytes_be());
}

fn g1(bytes: &mut Vec<u8>, value: Fr) {
    let point = (G1Affine::generator() * value).into_affine();
    for value in [point.x, point.y] {
        coordinate(bytes, value);
    }
}

fn g2(bytes: &mut Vec<u8>, value: Fr) {
    let point = (G2Affine::generator() * value).into_affine();
    for value in [point.x.c1, point.x.c0, point.y.c1, point.y.c0] {
        coordinate(bytes, value);
    }
}
