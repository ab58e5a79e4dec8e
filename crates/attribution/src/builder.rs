//! The prover's side of the log: every level in memory, proofs by lookup.

use crate::log::{Frontier, empty_root, head, log_head, node_hash};
use alloy_primitives::B256;

/// A log with all its nodes, from which proofs are read. Built in `leaves - 1` hashes, twice the
/// leaves' memory.
#[derive(Debug, Clone)]
pub struct LogBuilder {
    /// Leaves first; each level is half of the one before, rounded up; the last has the root.
    levels: Vec<Vec<B256>>,
}

impl Default for LogBuilder {
    /// An empty log.
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl LogBuilder {
    /// Builds the log of these leaf hashes.
    pub fn new(leaf_hashes: Vec<B256>) -> Self {
        let mut log = Self { levels: vec![leaf_hashes] };
        log.complete(0);
        log
    }

    /// Appends leaves. Hashes the nodes that are new, and those on the log's right edge again.
    pub fn append(&mut self, leaf_hashes: &[B256]) {
        let before = self.levels[0].len();
        self.levels[0].extend_from_slice(leaf_hashes);
        self.complete(before);
    }

    /// Computes all nodes above the leaves from this one on.
    fn complete(&mut self, mut from: usize) {
        let mut height = 0;
        while self.levels[height].len() > 1 {
            // The parent of a node that had no neighbour may have one now.
            from /= 2;
            if self.levels.len() == height + 1 {
                self.levels.push(Vec::new());
            }
            let (below, above) = self.levels.split_at_mut(height + 1);
            let (children, parents) = (&below[height], &mut above[0]);
            parents.truncate(from);
            parents.extend(children[2 * from..].chunks(2).map(|pair| match *pair {
                [left, right] => node_hash(left, right),
                _ => pair[0],
            }));
            height += 1;
        }
    }

    /// The leaf hashes.
    pub fn leaf_hashes(&self) -> &[B256] {
        &self.levels[0]
    }

    /// The perfect subtrees that the log consists of: what a contract keeps to append to it.
    pub fn frontier(&self) -> Frontier {
        let size = self.size();
        let nodes = (0..u64::BITS)
            .rev()
            .filter(|height| size >> height & 1 == 1)
            // The subtree over the leaves that the higher bits leave is a node of its height.
            .map(|height| self.levels[height as usize][((size >> height) - 1) as usize])
            .collect();
        Frontier { size, nodes }
    }

    /// The head that the log had at this size. `None` if it is smaller.
    pub fn head_at(&self, size: usize) -> Option<B256> {
        self.levels[0].get(..size).map(head)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{append, leaf_hash, verify_consistency};
    use proptest::prelude::*;

    fn leaves(count: usize) -> Vec<B256> {
        (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
    }

    proptest! {
        #[test]
        fn a_log_that_grew_is_one_built_at_once(
            parts in prop::collection::vec(0usize..40, 0..8),
        ) {
            let all = leaves(parts.iter().sum());
            let mut log = LogBuilder::default();
            let mut heads = vec![(0, log.head())];
            for part in parts {
                let size = log.leaf_hashes().len();
                log.append(&all[size..size + part]);
                heads.push((size + part, log.head()));
            }
            prop_assert_eq!(&log.levels, &LogBuilder::new(all.clone()).levels);
            prop_assert_eq!(log.frontier(), append(Frontier::default(), &all).unwrap());
            for (size, head) in heads {
                prop_assert_eq!(log.head_at(size), Some(head));
                let proof = log.consistency_proof(size).unwrap();
                let verdict =
                    verify_consistency(head, size as u64, log.head(), log.size(), &proof);
                prop_assert_eq!(verdict, Ok(true));
            }
            prop_assert_eq!(log.head_at(all.len() + 1), None);
            prop_assert_eq!(log.consistency_proof(all.len() + 1), None);
        }
    }
}
