//! Rows of int8, packed: gradient sketches, and points.

use crate::{MAX_BYTES, MAX_DIMENSION, MAX_ITEMS, MalformedCode, Refusal, limits::capped};
use alloy_primitives::B256;

/// A value for each row, and each row's leaf hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowValues {
    /// In the order of the rows. None needs more than 63 bits: an inner product stays within 2^30,
    /// a Shapley value within 10^18 and the rounding's 2^16.
    pub values: Vec<i64>,
    /// In the order of the rows.
    pub leaf_hashes: Vec<B256>,
}

/// Vectors of one dimension, within the caps.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    bytes: &'a [u8],
    dimension: usize,
}

impl<'a> Rows<'a> {
    /// Rows of `dimension` bytes each. Checks in this order: bytes within [`MAX_BYTES`]; dimension
    /// from 1 to [`MAX_DIMENSION`]; whole rows; at most [`MAX_ITEMS`] of them.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`], [`MalformedCode::Dimension`], [`MalformedCode::RowBytes`].
    pub fn new(bytes: &'a [u8], dimension: u32) -> Result<Self, Refusal> {
        capped(bytes.len(), MAX_BYTES)?;
        if dimension == 0 || dimension > MAX_DIMENSION {
            return Err(MalformedCode::Dimension.into());
        }
        // At most 65,536.
        let dimension = dimension as usize;
        if !bytes.len().is_multiple_of(dimension) {
            return Err(MalformedCode::RowBytes.into());
        }
        capped(bytes.len() / dimension, MAX_ITEMS)?;
        Ok(Self { bytes, dimension })
    }

    /// Rows.
    pub const fn count(&self) -> usize {
        self.bytes.len() / self.dimension
    }

    /// Numbers in a row.
    pub const fn dimension(&self) -> usize {
        self.dimension
    }

    /// Each row.
    pub(crate) fn iter(&self) -> std::slice::ChunksExact<'a, u8> {
        self.bytes.chunks_exact(self.dimension)
    }

    /// A vector beside these: of the same length.
    ///
    /// # Errors
    /// [`MalformedCode::VectorLength`].
    pub(crate) fn check_vector(&self, vector: &[u8]) -> Result<(), Refusal> {
        if vector.len() != self.dimension {
            return Err(MalformedCode::VectorLength.into());
        }
        Ok(())
    }
}

/// The inner product of two vectors of int8, at most [`MAX_DIMENSION`] long: within 2^30.
pub(crate) fn inner_product(a: &[u8], b: &[u8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| widen(*a) * widen(*b)).sum()
}

/// The squared distance of two vectors of int8, at most [`MAX_DIMENSION`] long: 65,536 times 255^2
/// fits 32 bits without a sign.
pub(crate) fn squared_distance(a: &[u8], b: &[u8]) -> u32 {
    // With a sign, so many fit as make up a block: signed sums of products are what machines have.
    const BLOCK: usize = 1 << 14;
    a.chunks(BLOCK)
        .zip(b.chunks(BLOCK))
        .map(|(a, b)| {
            let sum: i32 = a
                .iter()
                .zip(b)
                .map(|(a, b)| {
                    let difference = widen(*a) - widen(*b);
                    difference * difference
                })
                .sum();
            sum.unsigned_abs()
        })
        .sum()
}

fn widen(byte: u8) -> i32 {
    i32::from(byte.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn products_and_distances_are_those_of_wide_integers(
            pairs in prop::collection::vec((any::<i8>(), any::<i8>()), 0..300),
            times in 1usize..120,
        ) {
            let pairs: Vec<(i8, i8)> =
                pairs.iter().copied().cycle().take(pairs.len() * times).collect();
            let (a, b): (Vec<u8>, Vec<u8>) =
                pairs.iter().map(|(a, b)| (a.cast_unsigned(), b.cast_unsigned())).unzip();
            let product: i128 = pairs.iter().map(|(a, b)| i128::from(*a) * i128::from(*b)).sum();
            let distance: i128 =
                pairs.iter().map(|(a, b)| (i128::from(*a) - i128::from(*b)).pow(2)).sum();
            prop_assert_eq!(i128::from(inner_product(&a, &b)), product);
            prop_assert_eq!(i128::from(squared_distance(&a, &b)), distance);
        }
    }

    #[test]
    fn the_greatest_sums_fit() {
        let size = MAX_DIMENSION as usize;
        let (low, high) = (vec![0x80u8; size], vec![0x7fu8; size]);
        assert_eq!(inner_product(&low, &low), 1 << 30);
        assert_eq!(inner_product(&low, &high), -((128 * 127) << 16));
        assert_eq!(squared_distance(&low, &high), 255 * 255 * 65_536);
    }

    #[test]
    fn order_of_checks() {
        let rows = |bytes: usize, dimension| {
            Rows::new(&vec![0; bytes], dimension).map(|rows| rows.count())
        };
        let too_large = |size, limit| Err(crate::TooLarge { size, limit }.into());
        assert_eq!(rows(MAX_BYTES + 1, 0), too_large(MAX_BYTES + 1, MAX_BYTES));
        assert_eq!(rows(7, 0), Err(MalformedCode::Dimension.into()));
        assert_eq!(rows(7, MAX_DIMENSION + 1), Err(MalformedCode::Dimension.into()));
        assert_eq!(rows(7, 2), Err(MalformedCode::RowBytes.into()));
        assert_eq!(rows(MAX_ITEMS + 1, 1), too_large(MAX_ITEMS + 1, MAX_ITEMS));
        assert_eq!(rows(0, MAX_DIMENSION), Ok(0));
        assert_eq!(rows(MAX_ITEMS, 1), Ok(MAX_ITEMS));
        assert_eq!(rows(MAX_BYTES, MAX_DIMENSION), Ok(64));
    }
}
