//! KNN-Shapley: what each labelled point is worth to a k-nearest-neighbour vote on one query.
//!
//! The utility of a set of points is the number of its k nearest (all, if it has fewer) that carry
//! the query's label, over k. Of the Shapley values over that utility Jia and others (VLDB 2019,
//! "Efficient Task-Specific Data Valuation for Nearest Neighbor Algorithms", theorem 1) give a
//! recursion from the farthest point to the nearest. Here it runs over integers, rounded so that
//! the values sum to the rounded utility; docs/attribution.md proves how far that is off.

use crate::{
    MalformedCode, Refusal, RowValues, Rows, log::leaf_hash_of_parts, rows::squared_distance,
};

/// The unit of the values: 1.
pub const SHAPLEY_UNIT: i64 = 1_000_000_000_000_000_000;

/// The Shapley value of each point, in units of 10^-18, and each row's leaf hash: that of the point
/// followed by its label. `labels` has four bytes for each point, big-endian.
///
/// Computes a distance to each point, sorts them, and hashes each row.
///
/// # Errors
/// In this order: [`MalformedCode::NoNeighbours`], [`MalformedCode::VectorLength`],
/// [`MalformedCode::NoPoints`], [`MalformedCode::TokenBytes`], [`MalformedCode::LabelCount`].
pub fn knn_shapley(
    k: u32,
    query: &[u8],
    query_label: u32,
    points: &Rows<'_>,
    labels: &[u8],
) -> Result<RowValues, Refusal> {
    if k == 0 {
        return Err(MalformedCode::NoNeighbours.into());
    }
    points.check_vector(query)?;
    if points.count() == 0 {
        return Err(MalformedCode::NoPoints.into());
    }
    let (labels, []) = labels.as_chunks::<4>() else {
        return Err(MalformedCode::TokenBytes.into());
    };
    if labels.len() != points.count() {
        return Err(MalformedCode::LabelCount.into());
    }
    let wanted = query_label.to_be_bytes();
    // Nearest first, ties by index: distance, index, and whether the label is the query's, in one
    // word. There are at most 2^16 points.
    let mut ranks: Vec<u64> = (0u64..)
        .zip(points.iter().zip(labels))
        .map(|(index, (point, label))| {
            u64::from(squared_distance(query, point)) << 32
                | index << 1
                | u64::from(*label == wanted)
        })
        .collect();
    ranks.sort_unstable();
    let matches: Vec<bool> = ranks.iter().map(|rank| rank & 1 == 1).collect();
    let mut values = vec![0; ranks.len()];
    for (rank, value) in ranks.iter().zip(shares(k, &matches)) {
        // The index is below the number of points.
        values[((*rank as u32) >> 1) as usize] = value;
    }
    let leaf_hashes = points
        .iter()
        .zip(labels)
        .map(|(point, label)| leaf_hash_of_parts(&[point, label]))
        .collect();
    Ok(RowValues { values, leaf_hashes })
}

/// The values by rank, nearest first, given at which ranks the label matches.
fn shares(k: u32, matches: &[bool]) -> Vec<i64> {
    let k = i64::from(k);
    // An exact value is within 1 / k, and at most 2^16 roundings of less than one unit each are
    // added to it: 63 bits hold every value. Their sum on the way may need a few more.
    let mut values = vec![0i64; matches.len()];
    let (mut value, mut farther, mut sum) = (0i64, false, 0i128);
    for (before, (matched, slot)) in matches.iter().zip(&mut values).enumerate().rev() {
        let rank = before as i64 + 1;
        // The share of a place is min(k, rank) / (k * rank), which is one over the greater of them.
        let share = SHAPLEY_UNIT / rank.max(k);
        match (*matched, farther) {
            (true, false) => value += share,
            (false, true) => value -= share,
            _ => {}
        }
        farther = *matched;
        *slot = value;
        sum += i128::from(value);
    }
    // What rounding took or gave: all share it, the nearest one unit more.
    let neighbours = matches.iter().take(k as usize).filter(|matched| **matched).count();
    let utility = neighbours as i128 * i128::from(SHAPLEY_UNIT) / i128::from(k);
    let (residue, count) = (utility - sum, matches.len() as i128);
    let (each, more) = (residue.div_euclid(count), residue.rem_euclid(count));
    for (slot, rank) in values.iter_mut().zip(0i128..) {
        *slot += each as i64 + i64::from(rank < more);
    }
    values
}

#[cfg(test)]
mod tests;
