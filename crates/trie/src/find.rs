//! Looking into what is in memory of a trie.

use crate::{
    encode::{self, Value},
    node::{Leaf, Link, nibble_at},
};
use alloy_primitives::{B256, Bytes, map::B256Map};
use alloy_trie::{Nibbles, nodes::RlpNode};

/// What the way to a key ends at.
pub(crate) enum Found<'t, V> {
    Leaf(&'t Leaf<V>),
    /// There is no such leaf.
    Absent,
    /// The way leads out of memory.
    Blind,
}

/// Follows the way to `key`, showing every node on it with its depth and, but for the first, its
/// reference. The last node shown may be one that leads elsewhere.
pub(crate) fn walk<'t, V>(
    mut link: &'t Link<V>,
    key: &B256,
    mut see: impl FnMut(&Link<V>, usize, Option<&RlpNode>),
) -> Found<'t, V> {
    let mut depth = 0;
    let mut reference = None;
    loop {
        let (branch, branch_depth) = match link {
            Link::Empty => return Found::Absent,
            Link::Blind => return Found::Blind,
            Link::Leaf(leaf) => {
                see(link, depth, reference);
                return if leaf.key == *key { Found::Leaf(leaf) } else { Found::Absent };
            }
            Link::Extension(extension) => {
                see(link, depth, reference);
                if !Nibbles::unpack(key).slice(depth..).starts_with(&extension.path) {
                    return Found::Absent;
                }
                let depth = depth + extension.path.len();
                let branch = Link::Branch(extension.branch.clone());
                see(&branch, depth, Some(&extension.reference));
                (&extension.branch, depth)
            }
            Link::Branch(branch) => {
                see(link, depth, reference);
                (branch, depth)
            }
        };
        let Some(child) = branch.child(nibble_at(key, branch_depth)) else { return Found::Absent };
        link = &child.link;
        reference = Some(&child.reference);
        depth = branch_depth + 1;
    }
}

pub(crate) fn find<'t, V>(link: &'t Link<V>, key: &B256) -> Found<'t, V> {
    walk(link, key, |_, _, _| {})
}

/// The encodings of the nodes on the way to `key`, from the root down. A node that its parent
/// holds inline is part of its parent.
pub(crate) fn proof<V: Value>(link: &Link<V>, key: &B256) -> Vec<Bytes> {
    let mut nodes = Vec::new();
    let mut buffer = Vec::new();
    walk(link, key, |link, depth, reference| {
        if reference.is_none_or(RlpNode::is_hash) {
            encode::encode_link(link, depth, &mut buffer);
            nodes.push(Bytes::copy_from_slice(&buffer));
        }
    });
    nodes
}

/// As [`proof`], by hash; `root` is the first node's.
pub(crate) fn collect<V: Value>(
    link: &Link<V>,
    root: B256,
    key: &B256,
    nodes: &mut B256Map<Bytes>,
) {
    let mut buffer = Vec::new();
    walk(link, key, |link, depth, reference| {
        if let Some(hash) = reference.map_or(Some(root), RlpNode::as_hash) {
            nodes.entry(hash).or_insert_with(|| {
                encode::encode_link(link, depth, &mut buffer);
                Bytes::copy_from_slice(&buffer)
            });
        }
    });
}
