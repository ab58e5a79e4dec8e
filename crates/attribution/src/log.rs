//! The Merkle log: RFC 6962's tree with keccak256, and a head that commits to the size.
//!
//! `leaf = keccak256(0x00 ‖ data)`, `node = keccak256(0x01 ‖ left ‖ right)`,
//! `head = keccak256(0x02 ‖ uint64 size ‖ root)`, the root of no leaves is `keccak256("")`.
//!
//! RFC 6962 splits a tree of n leaves at the greatest power of two below n. Level by level, from
//! the leaves up, that is: neighbours 2i and 2i+1 have a parent, and a last node without neighbour
//! rises unchanged. Everything here works on levels.

use crate::{Malformed, MalformedCode};
use alloy_primitives::{B256, Keccak256, keccak256};

/// The perfect subtrees that a log of this size consists of, largest (leftmost) first: one for each
/// set bit of the size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    /// Leaves in the log.
    pub size: u64,
    /// Subtree roots.
    pub nodes: Vec<B256>,
}

/// keccak256(0x00 ‖ data).
pub fn leaf_hash(data: &[u8]) -> B256 {
    leaf_hash_of_parts(&[data])
}

/// keccak256(0x00 ‖ the parts, joined).
pub(crate) fn leaf_hash_of_parts(parts: &[&[u8]]) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update([0x00]);
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
}

/// keccak256(0x01 ‖ left ‖ right).
pub fn node_hash(left: B256, right: B256) -> B256 {
    let mut bytes = [0x01; 65];
    bytes[1..33].copy_from_slice(left.as_slice());
    bytes[33..].copy_from_slice(right.as_slice());
    keccak256(bytes)
}

/// keccak256(0x02 ‖ uint64 size ‖ root).
pub fn log_head(size: u64, root: B256) -> B256 {
    let mut bytes = [0x02; 41];
    bytes[1..9].copy_from_slice(&size.to_be_bytes());
    bytes[9..].copy_from_slice(root.as_slice());
    keccak256(bytes)
}

/// The root of no leaves: keccak256("").
pub fn empty_root() -> B256 {
    keccak256([])
}

/// The root over leaf hashes. Hashes `leaves - 1` nodes.
pub fn root(leaf_hashes: &[B256]) -> B256 {
    if leaf_hashes.is_empty() {
        return empty_root();
    }
    let mut level = leaf_hashes.to_vec();
    while level.len() > 1 {
        let mut parents = Vec::with_capacity(level.len().div_ceil(2));
        for pair in level.chunks(2) {
            parents.push(match *pair {
                [left, right] => node_hash(left, right),
                _ => pair[0],
            });
        }
        level = parents;
    }
    level[0]
}

/// The head of a log of these leaf hashes.
pub fn head(leaf_hashes: &[B256]) -> B256 {
    // A slice's length always fits 64 bits on the platforms that Rust's std supports.
    log_head(leaf_hashes.len() as u64, root(leaf_hashes))
}

impl Frontier {
    /// The log's root: the subtrees folded from the smallest up.
    pub fn root(&self) -> B256 {
        let mut nodes = self.nodes.iter().rev();
        let Some(smallest) = nodes.next() else { return empty_root() };
        nodes.fold(*smallest, |right, left| node_hash(*left, right))
    }

    /// The log's head.
    pub fn head(&self) -> B256 {
        log_head(self.size, self.root())
    }

    /// Appends one leaf. Hashes as many nodes as the size has trailing ones.
    fn push(&mut self, leaf: B256) -> Result<(), Malformed> {
        let size = self.size.checked_add(1).ok_or(MalformedCode::SizeOverflow)?;
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            let left = self.nodes.pop().ok_or(MalformedCode::FrontierLength)?;
            node = node_hash(left, node);
        }
        self.nodes.push(node);
        self.size = size;
        Ok(())
    }
}

/// Appends leaf hashes to a log of which only the frontier is known.
///
/// # Errors
/// [`MalformedCode::FrontierLength`], [`MalformedCode::SizeOverflow`].
pub fn append(mut frontier: Frontier, leaf_hashes: &[B256]) -> Result<Frontier, Malformed> {
    if frontier.nodes.len() != frontier.size.count_ones() as usize {
        return Err(MalformedCode::FrontierLength.into());
    }
    if frontier.size.checked_add(leaf_hashes.len() as u64).is_none() {
        return Err(MalformedCode::SizeOverflow.into());
    }
    for leaf in leaf_hashes {
        frontier.push(*leaf)?;
    }
    Ok(frontier)
}

/// Whether the leaves at `indices` are in the log with this head. Hashes
/// `indices + proof - 1` nodes: each joins two of them into one.
///
/// The proof has the siblings that cannot be computed, level by level from the leaves up, left to
/// right within a level.
///
/// # Errors
/// Every malformation of [`MalformedCode`] 3 to 8.
pub fn verify_inclusion(
    log_head_claimed: B256,
    size: u64,
    indices: &[u64],
    leaf_hashes: &[B256],
    proof: &[B256],
) -> Result<bool, Malformed> {
    if indices.len() != leaf_hashes.len() {
        return Err(MalformedCode::LeafCount.into());
    }
    let Some(last) = indices.last() else { return Err(MalformedCode::NoIndices.into()) };
    if indices.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(MalformedCode::IndexOrder.into());
    }
    if *last >= size {
        return Err(MalformedCode::IndexRange.into());
    }
    let mut proof = proof.iter();
    let mut sibling = || proof.next().copied().ok_or(MalformedCode::ProofTooShort);
    let mut level: Vec<(u64, B256)> =
        indices.iter().copied().zip(leaf_hashes.iter().copied()).collect();
    let mut parents = Vec::with_capacity(level.len());
    let mut width = size;
    while width > 1 {
        let mut nodes = level.iter().copied().peekable();
        while let Some((index, node)) = nodes.next() {
            let parent = if index & 1 == 1 {
                // A left neighbour that is known would have been taken together with this node.
                node_hash(sibling()?, node)
            } else if index == width - 1 {
                node
            } else if let Some((_, right)) = nodes.next_if(|(next, _)| *next == index + 1) {
                node_hash(node, right)
            } else {
                node_hash(node, sibling()?)
            };
            parents.push((index / 2, parent));
        }
        std::mem::swap(&mut level, &mut parents);
        parents.clear();
        width = width.div_ceil(2);
    }
    if proof.next().is_some() {
        return Err(MalformedCode::ProofTooLong.into());
    }
    let root = level.first().map_or_else(empty_root, |(_, node)| *node);
    Ok(log_head(size, root) == log_head_claimed)
}

/// Whether the newer log begins with the whole of the older one (RFC 9162 section 2.1.4.2).
///
/// Heads hide the roots, so that the proof names every node: where the older size is a power of
/// two, it begins with the older root (which RFC 9162 leaves out); where both sizes are equal, or
/// the older is zero, it is the newer root alone.
///
/// # Errors
/// [`MalformedCode::SizesReversed`], [`MalformedCode::ProofTooShort`],
/// [`MalformedCode::ProofTooLong`].
pub fn verify_consistency(
    old_head: B256,
    old_size: u64,
    new_head: B256,
    new_size: u64,
    proof: &[B256],
) -> Result<bool, Malformed> {
    if old_size > new_size {
        return Err(MalformedCode::SizesReversed.into());
    }
    let (first, path) = proof.split_first().ok_or(MalformedCode::ProofTooShort)?;
    let (mut old_root, mut new_root) = (*first, *first);
    let mut path = path.iter();
    if old_size == 0 {
        old_root = empty_root();
    } else if old_size < new_size {
        // The last leaf of each log; skip the levels on which the older log's edge is complete.
        let (mut old_last, mut new_last) = (old_size - 1, new_size - 1);
        let complete = old_last.trailing_ones();
        old_last = old_last.checked_shr(complete).unwrap_or(0);
        new_last = new_last.checked_shr(complete).unwrap_or(0);
        while new_last > 0 {
            let sibling = *path.next().ok_or(MalformedCode::ProofTooShort)?;
            if old_last & 1 == 1 || old_last == new_last {
                old_root = node_hash(sibling, old_root);
                new_root = node_hash(sibling, new_root);
                // On levels where the edge is an even last node it rises without a neighbour.
                while old_last & 1 == 0 && old_last != 0 {
                    old_last >>= 1;
                    new_last >>= 1;
                }
            } else {
                new_root = node_hash(new_root, sibling);
            }
            old_last >>= 1;
            new_last >>= 1;
        }
    }
    if path.next().is_some() {
        return Err(MalformedCode::ProofTooLong.into());
    }
    Ok(log_head(old_size, old_root) == old_head && log_head(new_size, new_root) == new_head)
}

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod tests;
