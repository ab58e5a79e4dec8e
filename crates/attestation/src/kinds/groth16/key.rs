//! Verifying keys, proofs and the equation between them.

use super::point::{G1_LEN, G2_LEN, PointFault, Reader, WORD, scalar};
use crate::Code;
use alloc::vec::Vec;
use alloy_primitives::{B256, keccak256};
use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{
    AffineRepr, CurveGroup,
    pairing::{Pairing, PairingOutput},
};
use ark_ff::{AdditiveGroup, PrimeField};
use core::fmt;

/// Bytes of an encoded proof: A, B, C.
pub(crate) const PROOF_LEN: usize = 2 * G1_LEN + G2_LEN;
/// Bytes of an encoded verifying key but its IC: alpha, beta, gamma, delta.
pub(crate) const KEY_HEAD_LEN: usize = G1_LEN + 3 * G2_LEN;
/// Most public inputs.
pub(crate) const MAX_INPUTS: usize = 128;

type G2Prepared = <Bn254 as Pairing>::G2Prepared;

/// A proof whose points are on their curves and in their subgroups.
pub(crate) struct Proof {
    a: G1Affine,
    b: G2Affine,
    c: G1Affine,
}

impl Proof {
    /// Decodes `A ‖ B ‖ C`.
    pub(crate) fn decode(bytes: &[u8; PROOF_LEN]) -> Result<Self, Code> {
        let code = |fault| match fault {
            PointFault::Coordinate => Code::Groth16ProofCoordinate,
            PointFault::Curve => Code::Groth16ProofPoint,
            PointFault::Subgroup => Code::Groth16ProofSubgroup,
        };
        let mut reader = Reader(bytes);
        let a = reader.g1().map_err(code)?;
        let b = reader.g2().map_err(code)?;
        let c = reader.g1().map_err(code)?;
        Ok(Self { a, b, c })
    }
}

/// Decodes public inputs, each below r.
pub(crate) fn decode_inputs(bytes: &[u8]) -> Result<Vec<Fr>, Code> {
    let (words, _) = bytes.as_chunks::<WORD>();
    words.iter().map(|word| scalar(word).ok_or(Code::Groth16Input)).collect()
}

/// A verifying key whose points are on their curves and in their subgroups.
pub(crate) struct VerifyingKey {
    /// keccak256 of the encoding.
    hash: B256,
    alpha: G1Affine,
    beta: G2Affine,
    gamma: G2Affine,
    delta: G2Affine,
    inputs: Combination,
}

impl VerifyingKey {
    /// Decodes `alpha ‖ beta ‖ gamma ‖ delta ‖ IC[0] ‖ … ‖ IC[n]`, n from 1 to [`MAX_INPUTS`].
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Code> {
        let code = |fault| match fault {
            PointFault::Coordinate => Code::Groth16KeyCoordinate,
            PointFault::Curve => Code::Groth16KeyPoint,
            PointFault::Subgroup => Code::Groth16KeySubgroup,
        };
        let ic_len = bytes.len().checked_sub(KEY_HEAD_LEN).ok_or(Code::EvidenceLength)?;
        let points = ic_len / G1_LEN;
        if !ic_len.is_multiple_of(G1_LEN) || !(2..=MAX_INPUTS + 1).contains(&points) {
            return Err(Code::EvidenceLength);
        }
        let mut reader = Reader(bytes);
        let alpha = reader.g1().map_err(code)?;
        let beta = reader.g2().map_err(code)?;
        let gamma = reader.g2().map_err(code)?;
        let delta = reader.g2().map_err(code)?;
        let base = reader.g1().map_err(code)?;
        let ic = (1..points).map(|_| reader.g1()).collect::<Result<Vec<_>, _>>().map_err(code)?;
        // Equal, or opposite.
        if gamma.x == delta.x {
            return Err(Code::Groth16KeyDegenerate);
        }
        let inputs = Combination::new(base, ic);
        Ok(Self { hash: keccak256(bytes), alpha, beta, gamma, delta, inputs })
    }

    pub(crate) const fn hash(&self) -> B256 {
        self.hash
    }

    /// Public inputs of the circuit.
    pub(crate) const fn input_count(&self) -> usize {
        self.inputs.tables.len()
    }

    /// Whether e(A, B) = e(alpha, beta) · e(L, gamma) · e(C, delta), L = IC[0] + Σ inputs[i]·IC[i+1].
    pub(crate) fn holds(&self, inputs: &[Fr], proof: &Proof) -> bool {
        let sum = self.inputs.at(inputs);
        let product = Bn254::multi_pairing(
            [proof.a, -self.alpha, -sum, -proof.c],
            [proof.b, self.beta, self.gamma, self.delta],
        );
        product == PairingOutput::ZERO
    }
}

/// A verifying key made ready: one pairing and most of two others done ahead.
pub(crate) struct PreparedKey {
    hash: B256,
    alpha_beta: PairingOutput<Bn254>,
    gamma: G2Prepared,
    delta: G2Prepared,
    inputs: Combination,
}

impl PreparedKey {
    pub(crate) fn new(key: &VerifyingKey) -> Self {
        Self {
            hash: key.hash,
            alpha_beta: Bn254::pairing(key.alpha, key.beta),
            gamma: key.gamma.into(),
            delta: key.delta.into(),
            inputs: key.inputs.clone(),
        }
    }

    /// The same circuit with some inputs fixed: those that are `None` stay, in their order.
    pub(crate) fn fix(&self, values: &[Option<Fr>]) -> Self {
        let (mut constants, mut tables) = (Vec::new(), Vec::new());
        for (table, value) in self.inputs.tables.iter().zip(values) {
            constants.push(value.unwrap_or(Fr::ZERO));
            if value.is_none() {
                tables.push(*table);
            }
        }
        Self {
            hash: self.hash,
            alpha_beta: self.alpha_beta,
            gamma: self.gamma.clone(),
            delta: self.delta.clone(),
            inputs: Combination { base: self.inputs.at(&constants), tables },
        }
    }

    pub(crate) const fn hash(&self) -> B256 {
        self.hash
    }

    /// Public inputs of the circuit that are not fixed.
    pub(crate) const fn input_count(&self) -> usize {
        self.inputs.tables.len()
    }

    /// The same equation as [`VerifyingKey::holds`].
    pub(crate) fn holds(&self, inputs: &[Fr], proof: &Proof) -> bool {
        let sum = self.inputs.at(inputs);
        let product = Bn254::multi_pairing(
            [proof.a, -sum, -proof.c],
            [proof.b.into(), self.gamma.clone(), self.delta.clone()],
        );
        product == self.alpha_beta
    }
}

impl PartialEq for PreparedKey {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.inputs.base == other.inputs.base
    }
}

impl Eq for PreparedKey {}

impl fmt::Debug for PreparedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedKey").field("hash", &self.hash).finish_non_exhaustive()
    }
}

/// `base + Σ scalars[i]·points[i]`, with the first fifteen multiples of each point at hand.
///
/// Every scalar costs the same 64 additions at most, so that no choice of inputs is slower than
/// another, and all share one chain of doublings.
#[derive(Clone)]
struct Combination {
    base: G1Affine,
    tables: Vec<[G1Affine; 15]>,
}

impl Combination {
    fn new(base: G1Affine, points: Vec<G1Affine>) -> Self {
        let mut multiples = Vec::with_capacity(points.len() * 15);
        for point in points {
            let mut multiple = point.into_group();
            for _ in 0..15 {
                multiples.push(multiple);
                multiple += point;
            }
        }
        let affine = G1Projective::normalize_batch(&multiples);
        let (tables, _) = affine.as_chunks();
        Self { base, tables: tables.to_vec() }
    }

    /// The sum for as many scalars as there are points.
    fn at(&self, scalars: &[Fr]) -> G1Affine {
        let scalars: Vec<_> = scalars.iter().map(|scalar| scalar.into_bigint()).collect();
        let mut sum = G1Projective::ZERO;
        for nibble in (0..64).rev() {
            for _ in 0..4 {
                sum.double_in_place();
            }
            for (table, scalar) in self.tables.iter().zip(&scalars) {
                let digit = (scalar.0[nibble / 16] >> (nibble % 16 * 4)) & 0xf;
                if digit != 0 {
                    sum += table[digit as usize - 1];
                }
            }
        }
        (sum + self.base).into_affine()
    }
}
