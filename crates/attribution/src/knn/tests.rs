//! Against the definition of Shapley values, over exact rationals; the error bound; the sum.

use super::*;
use num_rational::Ratio;
use proptest::prelude::*;

type Exact = Ratio<i128>;

/// What a set of ranks is worth: matches among its k nearest, over k.
fn utility(k: usize, matches: &[bool], members: u32) -> Exact {
    let nearest = (0..matches.len()).filter(|rank| members >> rank & 1 == 1).take(k);
    Exact::new(nearest.filter(|rank| matches[*rank]).count() as i128, k as i128)
}

/// Shapley values by definition: over all subsets without the point, what adding it changes,
/// weighted by |S|! (N - |S| - 1)! / N!.
fn shapley_by_definition(k: usize, matches: &[bool]) -> Vec<Exact> {
    let count = matches.len();
    let factorial = |n: usize| (1..=n as i128).product::<i128>();
    (0..count)
        .map(|point| {
            (0..1u32 << count)
                .filter(|members| members >> point & 1 == 0)
                .map(|members| {
                    let size = members.count_ones() as usize;
                    let weight =
                        Exact::new(factorial(size) * factorial(count - size - 1), factorial(count));
                    weight
                        * (utility(k, matches, members | 1 << point) - utility(k, matches, members))
                })
                .sum()
        })
        .collect()
}

fn expected_sum(k: u32, matches: &[bool]) -> i128 {
    let nearest = matches.iter().take(k as usize).filter(|matched| **matched).count();
    nearest as i128 * i128::from(SHAPLEY_UNIT) / i128::from(k)
}

fn total(values: &[i64]) -> i128 {
    values.iter().copied().map(i128::from).sum()
}

/// The recursion over a finer unit: each term is at most one finer unit below its exact value.
fn finer(k: u32, matches: &[bool], fine: i128) -> Vec<i128> {
    let mut values = vec![0; matches.len()];
    let (mut value, mut farther) = (0i128, 0i128);
    for (before, matched) in matches.iter().enumerate().rev() {
        let own = i128::from(*matched);
        let share = i128::from(SHAPLEY_UNIT) * fine / (before as i128 + 1).max(i128::from(k));
        value += (own - farther) * share;
        farther = own;
        values[before] = value;
    }
    values
}

#[test]
fn every_pattern_of_up_to_eight_points_is_within_the_bound_of_the_definition() {
    let unit = Exact::from_integer(SHAPLEY_UNIT.into());
    for count in 1..=8usize {
        for pattern in 0..1u32 << count {
            let matches: Vec<bool> = (0..count).map(|rank| pattern >> rank & 1 == 1).collect();
            for k in [1, 2, 3, 5, 7, 8, 11] {
                let values = shares(k, &matches);
                assert_eq!(total(&values), expected_sum(k, &matches));
                for (value, exact) in values.iter().zip(shapley_by_definition(k as usize, &matches))
                {
                    let off = Exact::from_integer((*value).into()) - exact * unit;
                    let bound = Exact::new(count as i128, 4) + 1;
                    assert!(off < bound && -off < bound, "{matches:?} k {k}: off by {off}");
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn values_sum_to_the_utility_within_the_bound(
        k in prop_oneof![1u32..40, Just(u32::MAX), any::<u32>().prop_map(|k| k.max(1))],
        matches in prop::collection::vec(any::<bool>(), 1..2_000),
    ) {
        let values = shares(k, &matches);
        prop_assert_eq!(total(&values), expected_sum(k, &matches));
        let fine = 1i128 << 40;
        let count = matches.len() as i128;
        for (value, exact) in values.iter().zip(finer(k, &matches, fine)) {
            let off = (i128::from(*value) * fine - exact).abs();
            // N / 4 + 1 units, and what the finer recursion is off itself.
            prop_assert!(off < (count + 4) * fine / 4 + count);
        }
    }

    #[test]
    fn ranking_is_by_distance_then_index(
        dimension in 1usize..4,
        k in 1u32..6,
        rows in prop::collection::vec((prop::collection::vec(-2i8..3, 3), 0u32..3), 1..9),
        query in prop::collection::vec(-2i8..3, 3),
        label in 0u32..3,
    ) {
        let distance = |row: &[i8]| -> i64 {
            row.iter().zip(&query).take(dimension).map(|(a, b)| i64::from(a - b).pow(2)).sum()
        };
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|index| (distance(&rows[*index].0), *index));
        let matches: Vec<bool> = order.iter().map(|index| rows[*index].1 == label).collect();
        let exact = shapley_by_definition(k as usize, &matches);

        let byte = |value: &i8| value.cast_unsigned();
        let points: Vec<u8> =
            rows.iter().flat_map(|(row, _)| row[..dimension].iter().map(byte)).collect();
        let labels: Vec<u8> = rows.iter().flat_map(|(_, label)| label.to_be_bytes()).collect();
        let query: Vec<u8> = query[..dimension].iter().map(byte).collect();
        let points = Rows::new(&points, dimension as u32).unwrap();
        let result = knn_shapley(k, &query, label, &points, &labels).unwrap();
        prop_assert_eq!(total(&result.values), expected_sum(k, &matches));
        let unit = Exact::from_integer(SHAPLEY_UNIT.into());
        for (rank, index) in order.iter().enumerate() {
            let off = Exact::from_integer(result.values[*index].into()) - exact[rank] * unit;
            let bound = Exact::new(rows.len() as i128, 4) + 1;
            prop_assert!(off < bound && -off < bound);
        }
        for (index, (row, label)) in rows.iter().enumerate() {
            let mut data: Vec<u8> = row[..dimension].iter().map(byte).collect();
            data.extend_from_slice(&label.to_be_bytes());
            prop_assert_eq!(result.leaf_hashes[index], crate::leaf_hash(&data));
        }
    }
}

/// The worst pattern for rounding: labels in turn, so that no two terms cancel.
#[test]
fn the_largest_input_of_alternating_labels() {
    for first in [true, false] {
        let matches: Vec<bool> =
            (0..crate::MAX_ITEMS).map(|rank| (rank % 2 == 0) == first).collect();
        for k in [1, 2, 1_000] {
            let values = shares(k, &matches);
            assert_eq!(total(&values), expected_sum(k, &matches));
            let fine = 1i128 << 40;
            let count = matches.len() as i128;
            for (value, exact) in values.iter().zip(finer(k, &matches, fine)) {
                let off = (i128::from(*value) * fine - exact).abs();
                assert!(off < (count + 4) * fine / 4 + count);
            }
        }
    }
}

#[test]
fn a_known_split() {
    // One neighbour of two points, the nearer matches: it is worth all but what the farther one
    // would earn alone, (1 + 0) / 2 each way.
    assert_eq!(shares(1, &[true, false]), [SHAPLEY_UNIT, 0]);
    assert_eq!(shares(1, &[true, true]), [SHAPLEY_UNIT / 2, SHAPLEY_UNIT / 2]);
    assert_eq!(shares(1, &[false, true]), [-SHAPLEY_UNIT / 2, SHAPLEY_UNIT / 2]);
    // A third of a third each: the residue of one goes to the nearest.
    let third = SHAPLEY_UNIT / 3;
    assert_eq!(shares(3, &[true, true, true]), [third + 1, third, third]);
    assert_eq!(shares(3, &[true]), [third]);
}

#[test]
fn order_of_checks() {
    let code = |k, query: &[u8], points: &[u8], labels: &[u8]| match Rows::new(points, 2)
        .and_then(|points| knn_shapley(k, query, 0, &points, labels))
    {
        Err(Refusal::Malformed(malformed)) => malformed.0,
        other => panic!("{other:?}"),
    };
    assert_eq!(code(0, &[0], &[0], &[0]), MalformedCode::RowBytes);
    assert_eq!(code(0, &[0], &[], &[0]), MalformedCode::NoNeighbours);
    assert_eq!(code(1, &[0], &[], &[0]), MalformedCode::VectorLength);
    assert_eq!(code(1, &[0, 0], &[], &[0]), MalformedCode::NoPoints);
    assert_eq!(code(1, &[0, 0], &[0, 0], &[0]), MalformedCode::TokenBytes);
    assert_eq!(code(1, &[0, 0], &[0, 0], &[0; 8]), MalformedCode::LabelCount);
}

/// What docs/attribution.md warns of: a contract has to know what its log holds.
#[test]
fn a_leaf_does_not_tell_what_it_is_of() {
    let bytes = [1, 2, 3, 4, 0, 0, 0, 9];
    let chunk = crate::span_weights(&[], &[&bytes], &[], 1).unwrap().leaf_hashes;
    let sketches = Rows::new(&bytes, 8).unwrap();
    let sketch = crate::influence(&[0; 8], &sketches).unwrap().leaf_hashes;
    let points = Rows::new(&bytes[..4], 4).unwrap();
    let point = knn_shapley(1, &[0; 4], 9, &points, &bytes[4..]).unwrap().leaf_hashes;
    assert_eq!(chunk, [crate::leaf_hash(&bytes)]);
    assert_eq!((&chunk, &chunk), (&sketch, &point));
}
