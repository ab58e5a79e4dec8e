//! The prover's side of the log: every level in memory, proofs by lookup.

use crate::log::{empty_root, log_head, node_hash};
use alloy_primitives::B256;

/// A log with all its nodes, from which proofs are read. Built in `leaves - 1` hashes, twice the
/// leaves' memory.
#[derive(Debug, Clone)]
pub struct LogBuilder {
    /// Leaves first; each level is half of the one before, rounded up; the last has the root.
    levels: Vec<Vec<B256>>,
}

impl LogBuilder {
    /// Builds the log of these leaf hashes.
    pub fn new(leaf_hashes: Vec<B256>) -> Self {
        let mut levels = vec![leaf_hashes];
        while let Some(level) = levels.last()
            && level.len() > 1
        {
            let parents = level
                .chunks(2)
                .map(|pair| match *pair {
                    [left, right] => node_hash(left, right),
                    _ => pair[0],
                })
                .collect();
            levels.push(parents);
        }
        Self { levels }
    }

    /// Leaves in the log.
    pub fn size(&self) -> u64 {
        self.levels[0].len() as u64
    }

    /// The root.
    pub fn root(&self) -> B256 {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or_else(empty_root)
    }

    /// The head: what the log's owner publishes.
    pub fn head(&self) -> B256 {
        log_head(self.size(), self.root())
    }

    /// The proof that the leaves at `indices` (strictly ascending) are in the log, as
    /// [`verify_inclusion`](crate::verify_inclusion) consumes it. `None` if an index is out of
    /// range or out of order.
    pub fn inclusion_proof(&self, indices: &[u64]) -> Option<Vec<B256>> {
        let ascending = indices.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascending || indices.last().is_none_or(|last| *last >= self.size()) {
            return None;
        }
        let mut known: Vec<usize> =
            indices.iter().map(|index| usize::try_from(*index)).collect::<Result<_, _>>().ok()?;
        let mut proof = Vec::new();
        for level in &self.levels[..self.levels.len() - 1] {
            let mut parents = Vec::with_capacity(known.len());
            for (position, index) in known.iter().enumerate() {
                let sibling = index ^ 1;
                let beside = if index & 1 == 1 {
                    position.checked_sub(1).and_then(|before| known.get(before))
                } else {
                    known.get(position + 1)
                };
                if beside != Some(&sibling)
                    && let Some(node) = level.get(sibling)
                {
                    proof.push(*node);
                }
                if parents.last() != Some(&(index / 2)) {
                    parents.push(index / 2);
                }
            }
            known = parents;
        }
        Some(proof)
    }

    /// The proof that the log begins with its first `old_size` leaves, as
    /// [`verify_consistency`](crate::verify_consistency) consumes it. `None` if the log is smaller.
    pub fn consistency_proof(&self, old_size: usize) -> Option<Vec<B256>> {
        let size = self.levels[0].len();
        if old_size > size {
            return None;
        }
        if old_size == 0 || old_size == size {
            return Some(vec![self.root()]);
        }
        // The right edge of the older log: start at its largest perfect subtree that ends there.
        let mut height = (old_size - 1).trailing_ones() as usize;
        let mut index = (old_size - 1) >> height;
        let mut proof = vec![self.levels[height][index]];
        while height + 1 < self.levels.len() {
            // A last node without a neighbour rises unchanged: nothing to name.
            if let Some(node) = self.levels[height].get(index ^ 1) {
                proof.push(*node);
            }
            height += 1;
            index /= 2;
        }
        Some(proof)
    }
}
