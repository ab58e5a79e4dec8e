//! Reading nodes that are not in memory.
//!
//! A stored branch gives the hashes of those children that are branches; its other children are
//! leaves, branches short enough to be inlined, or extensions, and are read with it. Below a branch
//! that is not stored there are, but for chance, only leaves: all of them are read.

use crate::{
    TrieError,
    encode::{self, Value},
    node::{Branch, Child, Extension, Leaf, Link, common_prefix, nibble_at, nibbles_of},
    task::{Backend, Task},
};
use alloy_primitives::B256;
use alloy_trie::{BranchNodeCompact, Nibbles, nodes::RlpNode};
use std::sync::Arc;

/// Whether there is a stored branch at or below a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    Yes,
    No,
    Unknown,
}

impl From<bool> for Stored {
    fn from(stored: bool) -> Self {
        if stored { Self::Yes } else { Self::No }
    }
}

impl<B: Backend> Task<'_, '_, B> {
    /// Reads the root node. `expected`: the trie's root, if it is known.
    pub(crate) fn load_root(
        &mut self,
        expected: Option<B256>,
    ) -> Result<(Link<B::Value>, B256), TrieError> {
        let (link, reference) = self.load(&Nibbles::default(), Stored::Unknown)?;
        let root = encode::root_of(&reference);
        if expected.is_some_and(|expected| expected != root) {
            return Err(self.inconsistent(&Nibbles::default(), "another root than the state has"));
        }
        Ok((link, root))
    }

    /// Reads what stands at `path`, a place whose reference is known.
    pub(crate) fn load_child(
        &mut self,
        path: &Nibbles,
        stored: Stored,
        expected: &RlpNode,
    ) -> Result<Link<B::Value>, TrieError> {
        let (link, reference) = self.load(path, stored)?;
        if reference != *expected {
            return Err(self.inconsistent(path, "another node than its parent refers to"));
        }
        Ok(link)
    }

    fn load(
        &mut self,
        path: &Nibbles,
        stored: Stored,
    ) -> Result<(Link<B::Value>, RlpNode), TrieError> {
        if stored != Stored::No {
            let found = self.backend.seek_node(self.reading, &mut self.cursors, *path)?;
            match found {
                Some((at, node)) if at.starts_with(path) => {
                    return self.load_branch(path, at, &node);
                }
                _ if stored == Stored::Yes => {
                    return Err(self.inconsistent(path, "a stored node is missing"));
                }
                _ => {}
            }
        }
        let leaves = B::leaves(self, path)?;
        let bytes: usize =
            leaves.iter().map(|(_, value)| Leaf::<B::Value>::BYTES + value.memory()).sum();
        self.grew(bytes);
        let epoch = self.work.epoch;
        let mut leaves = leaves
            .into_iter()
            .map(|(key, value)| Arc::new(Leaf { key, value, epoch }))
            .collect::<Vec<_>>();
        let link = self.build(&mut leaves, path.len());
        let reference = encode::reference(&link, path.len(), &mut self.scratch);
        Ok((link, reference))
    }

    /// Makes the stored branch at `at` a node, with the extension above it if `path` is shorter.
    fn load_branch(
        &mut self,
        path: &Nibbles,
        at: Nibbles,
        node: &BranchNodeCompact,
    ) -> Result<(Link<B::Value>, RlpNode), TrieError> {
        let (state_mask, hash_mask, tree_mask) =
            (node.state_mask.get(), node.hash_mask.get(), node.tree_mask.get());
        if at.len() >= 64
            || state_mask.count_ones() < 2
            || (hash_mask | tree_mask) & !state_mask != 0
            || node.hashes.len() != hash_mask.count_ones() as usize
        {
            return Err(self.inconsistent(&at, "a stored node's masks do not fit"));
        }
        let mut hashes = node.hashes.iter();
        let mut children = Vec::with_capacity(state_mask.count_ones() as usize);
        for nibble in nibbles_of(state_mask) {
            let bit = 1 << nibble;
            let hash = if hash_mask & bit == 0 { None } else { hashes.next() };
            children.push(if let Some(hash) = hash {
                Child { reference: RlpNode::word_rlp(hash), link: Link::Blind }
            } else {
                let mut below = at;
                below.push(nibble);
                let (link, reference) = self.load(&below, (tree_mask & bit != 0).into())?;
                if link.is_empty() {
                    return Err(self.inconsistent(&below, "a stored node's child is missing"));
                }
                Child { reference, link }
            });
        }
        let branch = Branch {
            state_mask,
            hash_mask,
            tree_mask,
            epoch: self.work.epoch,
            children: children.into_boxed_slice(),
        };
        self.grew(branch.memory());
        let link = self.extended(at.slice(path.len()..), Arc::new(branch));
        let reference = encode::reference(&link, path.len(), &mut self.scratch);
        Ok((link, reference))
    }

    /// The subtree of `leaves`, which agree up to `depth`. Takes the leaves out.
    fn build(&mut self, leaves: &mut Vec<Arc<Leaf<B::Value>>>, depth: usize) -> Link<B::Value> {
        let Some(last) = leaves.last() else { return Link::Empty };
        if leaves.len() == 1 {
            return leaves.pop().map_or(Link::Empty, Link::Leaf);
        }
        let (first_key, last_key) = (leaves[0].key, last.key);
        let fork = common_prefix(&first_key, &last_key);
        let mut branch = Branch::empty();
        let mut children = Vec::new();
        // From the end, so that each group is split off without moving the others.
        while let Some(last) = leaves.last() {
            let nibble = nibble_at(&last.key, fork);
            let start = leaves.partition_point(|leaf| nibble_at(&leaf.key, fork) < nibble);
            let mut group = leaves.split_off(start);
            let link = self.build(&mut group, fork + 1);
            let reference = encode::reference(&link, fork + 1, &mut self.scratch);
            branch.note(nibble, link.traits(&reference));
            children.push(Child { reference, link });
        }
        children.reverse();
        branch.children = children.into_boxed_slice();
        branch.epoch = self.work.epoch;
        self.grew(branch.memory());
        let path = Nibbles::unpack(first_key).slice(depth..fork);
        self.extended(path, Arc::new(branch))
    }

    /// A branch below an extension, or alone if `path` is empty.
    pub(crate) fn extended(
        &mut self,
        path: Nibbles,
        branch: Arc<Branch<B::Value>>,
    ) -> Link<B::Value> {
        if path.is_empty() {
            return Link::Branch(branch);
        }
        self.grew(Extension::<B::Value>::BYTES);
        let reference = encode::branch_reference(&branch, &mut self.scratch);
        Link::Extension(Arc::new(Extension { path, reference, branch }))
    }
}

impl<V> Link<V> {
    /// Whether a parent that refers to it by `reference` refers to a branch by hash, and whether
    /// the branch here or below an extension here is stored.
    pub(crate) fn traits(&self, reference: &RlpNode) -> (bool, bool) {
        match self {
            Self::Branch(branch) => (reference.is_hash(), branch.is_stored()),
            Self::Extension(extension) => (false, extension.branch.is_stored()),
            Self::Empty | Self::Blind | Self::Leaf(_) => (false, false),
        }
    }
}

impl<V> Branch<V> {
    /// Sets the masks' bits for a child with these [`Link::traits`].
    pub(crate) const fn note(&mut self, nibble: u8, (hashed, stored): (bool, bool)) {
        let bit = 1 << nibble;
        self.state_mask |= bit;
        self.hash_mask = if hashed { self.hash_mask | bit } else { self.hash_mask & !bit };
        self.tree_mask = if stored { self.tree_mask | bit } else { self.tree_mask & !bit };
    }
}
