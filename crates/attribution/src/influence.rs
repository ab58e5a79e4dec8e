//! Influence: how far each datum's gradient points the output's way, over committed sketches.

use crate::{Refusal, RowValues, Rows, leaf_hash, rows::inner_product};

/// The inner product of each row with the output's sketch, and each row's leaf hash. Multiplies and
/// adds `rows * dimension` pairs, and hashes each row.
///
/// # Errors
/// [`MalformedCode::VectorLength`](crate::MalformedCode::VectorLength).
pub fn influence(output: &[u8], sketches: &Rows<'_>) -> Result<RowValues, Refusal> {
    sketches.check_vector(output)?;
    Ok(RowValues {
        values: sketches.iter().map(|row| inner_product(output, row).into()).collect(),
        leaf_hashes: sketches.iter().map(leaf_hash).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MalformedCode;
    use proptest::prelude::*;

    #[test]
    fn a_row_that_points_the_other_way_has_a_negative_value() {
        let output = [3u8, 0, 0xfe];
        let bytes = [1u8, 9, 0, 0xff, 9, 1];
        let rows = Rows::new(&bytes, 3).unwrap();
        let result = influence(&output, &rows).unwrap();
        assert_eq!(result.values, [3, -5]);
        assert_eq!(result.leaf_hashes, [leaf_hash(&bytes[..3]), leaf_hash(&bytes[3..])]);
        assert_eq!(influence(&output[1..], &rows), Err(MalformedCode::VectorLength.into()));
        let none = influence(&output, &Rows::new(&[], 3).unwrap()).unwrap();
        assert!(none.values.is_empty() && none.leaf_hashes.is_empty());
    }

    proptest! {
        #[test]
        fn values_are_those_of_wide_integers(
            dimension in 1usize..70,
            count in 0usize..12,
            seed in prop::collection::vec(any::<u8>(), 70 * 13),
        ) {
            let (output, rest) = seed.split_at(dimension);
            let bytes = &rest[..dimension * count];
            let rows = Rows::new(bytes, dimension as u32).unwrap();
            let result = influence(output, &rows).unwrap();
            prop_assert_eq!(result.values.len(), count);
            for row in 0..count {
                let sum: i128 = (0..dimension)
                    .map(|at| {
                        let value = bytes[row * dimension + at].cast_signed();
                        i128::from(output[at].cast_signed()) * i128::from(value)
                    })
                    .sum();
                prop_assert_eq!(i128::from(result.values[row]), sum);
            }
        }
    }
}
