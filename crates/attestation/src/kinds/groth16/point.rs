//! Canonical encodings on BN254, as EIP-196 and EIP-197 have them: 32-byte big-endian integers, a
//! point of G1 as `x ‖ y`, one of G2 as `x imaginary ‖ x real ‖ y imaginary ‖ y real`.
//!
//! EIP-197's point at infinity, all zero, is on neither curve and so refused like any other such.

use alloy_primitives::hex;
use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ff::{BigInt, PrimeField};

/// Bytes of a field element or scalar.
pub(crate) const WORD: usize = 32;
/// Bytes of a point of G1.
pub(crate) const G1_LEN: usize = 2 * WORD;
/// Bytes of a point of G2.
pub(crate) const G2_LEN: usize = 4 * WORD;

/// The field's modulus p.
const FIELD_MODULUS: [u8; WORD] =
    hex!("30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47");
/// The groups' order r.
pub(crate) const GROUP_ORDER: [u8; WORD] =
    hex!("30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001");

/// What is wrong with an encoded point, in the order of checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PointFault {
    /// A coordinate is not below p.
    Coordinate,
    /// The point is at infinity or not on its curve.
    Curve,
    /// The point is not of order r.
    Subgroup,
}

/// Reads values off the front of bytes whose length is known.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next `N` bytes; `None` where fewer are left, which callers rule out by length.
    pub(crate) fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(head)
    }

    fn coordinate(&mut self) -> Result<Fq, PointFault> {
        let word: &[u8; WORD] = self.take().ok_or(PointFault::Coordinate)?;
        if *word >= FIELD_MODULUS {
            return Err(PointFault::Coordinate);
        }
        Fq::from_bigint(integer(word)).ok_or(PointFault::Coordinate)
    }

    /// A point of G1, which has no subgroup but itself.
    pub(crate) fn g1(&mut self) -> Result<G1Affine, PointFault> {
        let (x, y) = (self.coordinate()?, self.coordinate()?);
        let point = G1Affine::new_unchecked(x, y);
        if !point.is_on_curve() {
            return Err(PointFault::Curve);
        }
        Ok(point)
    }

    /// A point of G2, of order r.
    pub(crate) fn g2(&mut self) -> Result<G2Affine, PointFault> {
        let [x1, x0, y1, y0] =
            [self.coordinate()?, self.coordinate()?, self.coordinate()?, self.coordinate()?];
        let point = G2Affine::new_unchecked(Fq2::new(x0, x1), Fq2::new(y0, y1));
        if !point.is_on_curve() {
            return Err(PointFault::Curve);
        }
        if !point.is_in_correct_subgroup_assuming_on_curve() {
            return Err(PointFault::Subgroup);
        }
        Ok(point)
    }
}

/// A scalar below r.
pub(crate) fn scalar(word: &[u8; WORD]) -> Option<Fr> {
    if *word >= GROUP_ORDER {
        return None;
    }
    Fr::from_bigint(integer(word))
}

/// The integer of big-endian bytes.
pub(crate) fn integer(word: &[u8; WORD]) -> BigInt<4> {
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().zip(word.rchunks_exact(8)) {
        *limb = bytes.iter().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
    }
    BigInt::new(limbs)
}
