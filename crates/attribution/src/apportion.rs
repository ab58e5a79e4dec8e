//! Splitting an amount exactly: largest remainder (Hamilton's method) over 512-bit products.

use crate::{Malformed, MalformedCode};
use alloy_primitives::{U256, U512};

/// Splits `pool` by `weights`: part i is `floor(pool * w_i / sum)`, and what is left goes one unit
/// each to the largest remainders, ties to the lowest index. The parts sum to `pool` exactly.
///
/// A pool of zero gives zeros whatever the weights. Costs one 512-by-256-bit division a weight and
/// one selection over the remainders.
///
/// # Errors
/// [`MalformedCode::NoWeight`], [`MalformedCode::WeightOverflow`].
pub fn apportion(pool: U256, weights: &[U256]) -> Result<Vec<U256>, Malformed> {
    if pool.is_zero() {
        return Ok(vec![U256::ZERO; weights.len()]);
    }
    let sum = weights
        .iter()
        .try_fold(U256::ZERO, |sum, weight| sum.checked_add(*weight))
        .ok_or(MalformedCode::WeightOverflow)?;
    if sum.is_zero() {
        return Err(MalformedCode::NoWeight.into());
    }
    let wide_sum = U512::from(sum);
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut given = U256::ZERO;
    for (index, weight) in weights.iter().enumerate() {
        let product: U512 = pool.widening_mul(*weight);
        let (part, remainder) = product.div_rem(wide_sum);
        // part <= pool and remainder < sum: both fit.
        let part = part.saturating_to::<U256>();
        given += part;
        parts.push(part);
        remainders.push((remainder.saturating_to::<U256>(), index));
    }
    // The floors lose less than one unit each, so that fewer units than weights are left.
    let left = (pool - given).saturating_to::<usize>();
    if left > 0 {
        let order = |a: &(U256, usize), b: &(U256, usize)| b.0.cmp(&a.0).then(a.1.cmp(&b.1));
        let (largest, last, _) = remainders.select_nth_unstable_by(left - 1, order);
        for (_, index) in largest.iter().chain(std::iter::once(&*last)) {
            parts[*index] += U256::ONE;
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbers(values: &[u64]) -> Vec<U256> {
        values.iter().copied().map(U256::from).collect()
    }

    #[test]
    fn ties_go_to_the_lowest_index() {
        let parts = apportion(U256::from(5), &numbers(&[1, 1, 1])).unwrap();
        assert_eq!(parts, numbers(&[2, 2, 1]));
        let parts = apportion(U256::from(1), &numbers(&[0, 3, 3])).unwrap();
        assert_eq!(parts, numbers(&[0, 1, 0]));
    }

    #[test]
    fn largest_remainder_wins() {
        // 10 by 6:3:2 of 11: 5.45, 2.72, 1.81.
        let parts = apportion(U256::from(10), &numbers(&[6, 3, 2])).unwrap();
        assert_eq!(parts, numbers(&[5, 3, 2]));
    }

    #[test]
    fn edges() {
        assert_eq!(apportion(U256::ZERO, &numbers(&[0, 0])), Ok(numbers(&[0, 0])));
        assert_eq!(apportion(U256::ZERO, &[U256::MAX, U256::MAX]), Ok(numbers(&[0, 0])));
        assert_eq!(apportion(U256::ONE, &[]), Err(MalformedCode::NoWeight.into()));
        assert_eq!(apportion(U256::ONE, &numbers(&[0])), Err(MalformedCode::NoWeight.into()));
        assert_eq!(
            apportion(U256::ONE, &[U256::MAX, U256::ONE]),
            Err(MalformedCode::WeightOverflow.into())
        );
        assert_eq!(apportion(U256::MAX, &[U256::MAX]), Ok(vec![U256::MAX]));
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_pool_and_keep_to_quota(
            pool in any::<[u64; 4]>().prop_map(U256::from_limbs),
            weights in prop::collection::vec(
                prop_oneof![
                    any::<u64>().prop_map(U256::from),
                    any::<[u64; 4]>().prop_map(|limbs| U256::from_limbs(limbs) >> 8),
                    Just(U256::ZERO),
                ],
                1..64,
            ),
        ) {
            prop_assume!(!pool.is_zero() && weights.iter().any(|weight| !weight.is_zero()));
            let parts = apportion(pool, &weights).unwrap();
            let sum = weights.iter().fold(U256::ZERO, |sum, weight| sum + weight);
            let total = parts.iter().try_fold(U256::ZERO, |sum, part| sum.checked_add(*part));
            prop_assert_eq!(total, Some(pool));
            for (part, weight) in parts.iter().zip(&weights) {
                let product: U512 = pool.widening_mul(*weight);
                let (floor, remainder) = product.div_rem(U512::from(sum));
                let part = U512::from(*part);
                prop_assert!(part == floor || (part == floor + U512::from(1) && !remainder.is_zero()));
            }
        }
    }
}
