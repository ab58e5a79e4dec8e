//! Inclusion proofs of logs that nobody wants to hold in memory.

use crate::log::{Frontier, log_head, node_hash};
use alloy_primitives::B256;
use std::collections::BTreeMap;

/// Reads a log's leaves once, from the first to the last, and keeps of its nodes what one proof
/// takes. What it holds grows with the proof, not with the log.
#[derive(Debug, Clone)]
pub struct InclusionProver {
    size: u64,
    /// Leaves to be proven, by place.
    leaves: BTreeMap<u64, Option<B256>>,
    /// Nodes of the proof, by level from the leaves up, then by place: their order in it.
    wanted: BTreeMap<(u32, u64), Option<B256>>,
    /// Of the leaves so far.
    frontier: Frontier,
}

/// Leaves of a log and the proof that they are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenLeaves {
    /// The log's head.
    pub head: B256,
    /// The leaves' hashes, in the order of their places.
    pub leaf_hashes: Vec<B256>,
    /// As [`verify_inclusion`](crate::verify_inclusion) consumes it.
    pub proof: Vec<B256>,
}

impl InclusionProver {
    /// Of the leaves at `indices` (strictly ascending) in a log of `size` leaves. `None` if an index
    /// is out of range or out of order, or there is none.
    pub fn new(size: u64, indices: &[u64]) -> Option<Self> {
        let ascending = indices.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascending || indices.last().is_none_or(|last| *last >= size) {
            return None;
        }
        let mut wanted = BTreeMap::new();
        let (mut known, mut width, mut level) = (indices.to_vec(), size, 0);
        while width > 1 {
            for index in &known {
                let sibling = index ^ 1;
                if sibling < width && known.binary_search(&sibling).is_err() {
                    wanted.insert((level, sibling), None);
                }
            }
            for index in &mut known {
                *index /= 2;
            }
            known.dedup();
            width = width.div_ceil(2);
            level += 1;
        }
        let leaves = indices.iter().map(|index| (*index, None)).collect();
        Some(Self { size, leaves, wanted, frontier: Frontier::default() })
    }

    /// Leaves that are still to come.
    pub const fn missing(&self) -> u64 {
        self.size - self.frontier.size
    }

    /// Takes the next leaf. One after the last is passed over.
    pub fn push(&mut self, leaf: B256) {
        if self.missing() == 0 {
            return;
        }
        let mut place = self.frontier.size;
        if let Some(slot) = self.leaves.get_mut(&place) {
            *slot = Some(leaf);
        }
        let mut node = leaf;
        for level in 0..u64::BITS {
            self.keep(level, place, node);
            // A left neighbour waits in the frontier.
            if place & 1 == 0 {
                break;
            }
            let Some(left) = self.frontier.nodes.pop() else { break };
            node = node_hash(left, node);
            place /= 2;
        }
        self.frontier.nodes.push(node);
        self.frontier.size += 1;
    }

    fn keep(&mut self, level: u32, place: u64, node: B256) {
        if let Some(slot) = self.wanted.get_mut(&(level, place)) {
            *slot = Some(node);
        }
    }

    /// The proof. `None` while leaves are missing.
    pub fn finish(mut self) -> Option<ProvenLeaves> {
        if self.missing() > 0 {
            return None;
        }
        let head = log_head(self.size, self.frontier.root());
        // The right edge: what the smaller subtrees make, up to where it meets the next larger one.
        let mut edge = None;
        for level in 0..u64::BITS {
            let place = self.size >> level;
            if place == 0 {
                break;
            }
            if let Some(node) = edge {
                self.keep(level, place, node);
            }
            if place & 1 == 1 {
                let left = self.frontier.nodes.pop()?;
                edge = Some(edge.map_or(left, |right| node_hash(left, right)));
            }
        }
        Some(ProvenLeaves {
            head,
            leaf_hashes: self.leaves.into_values().collect::<Option<_>>()?,
            proof: self.wanted.into_values().collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LogBuilder, leaf_hash};
    use proptest::prelude::*;

    fn leaves(count: u64) -> Vec<B256> {
        (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
    }

    fn prove(leaves: &[B256], indices: &[u64]) -> Option<ProvenLeaves> {
        let mut prover = InclusionProver::new(leaves.len() as u64, indices)?;
        for leaf in leaves {
            prover.push(*leaf);
        }
        prover.finish()
    }

    fn assert_as_builder(leaves: &[B256], indices: &[u64]) {
        let log = LogBuilder::new(leaves.to_vec());
        let proof = log.inclusion_proof(indices).unwrap();
        let leaf_hashes = indices.iter().map(|index| leaves[*index as usize]).collect();
        let expected = ProvenLeaves { head: log.head(), leaf_hashes, proof };
        assert_eq!(prove(leaves, indices), Some(expected), "{indices:?} of {}", leaves.len());
    }

    #[test]
    fn every_leaf_of_every_small_log() {
        let all = leaves(40);
        for size in 1..=all.len() {
            for index in 0..size as u64 {
                assert_as_builder(&all[..size], &[index]);
            }
        }
    }

    proptest! {
        #[test]
        fn proofs_are_those_of_the_builder(
            size in 1u64..300,
            indices in prop::collection::btree_set(0u64..300, 1..20),
        ) {
            let indices: Vec<u64> = indices.into_iter().filter(|index| *index < size).collect();
            prop_assume!(!indices.is_empty());
            assert_as_builder(&leaves(size), &indices);
        }
    }

    #[test]
    fn what_cannot_be_proven() {
        for (size, indices) in [(0, &[0][..]), (5, &[]), (5, &[5]), (5, &[1, 1]), (5, &[2, 1])] {
            assert!(InclusionProver::new(size, indices).is_none(), "{indices:?} of {size}");
        }
        let all = leaves(5);
        let mut prover = InclusionProver::new(5, &[1]).unwrap();
        for leaf in &all[..4] {
            prover.push(*leaf);
        }
        assert_eq!(prover.missing(), 1);
        assert_eq!(prover.clone().finish(), None);
        // One more is of another log.
        prover.push(all[4]);
        prover.push(all[4]);
        assert_eq!(prover.finish(), prove(&all, &[1]));
    }
}
