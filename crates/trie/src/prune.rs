//! Dropping nodes from memory.

use crate::{
    encode::Value,
    node::{AccountValue, Branch, Child, Extension, Leaf, Link, Storage},
};
use alloy_primitives::U256;
use std::{collections::BTreeMap, sync::Arc};

/// How long a node is worth keeping: by its last use, then by its height. A node ranks above all
/// that is below it, so what ranks below some mark can be cut off.
type Rank = (u32, u8);

/// Storage tries lie below everything of the account trie.
const STORAGE_DEPTH: usize = 66;
const DEEPEST: usize = 2 * STORAGE_DEPTH;

fn rank(epoch: u32, depth: usize) -> Rank {
    (epoch, DEEPEST.saturating_sub(depth) as u8)
}

/// `link` with at most `budget` bytes in memory, and how many they are.
pub(crate) fn prune(link: &Link<AccountValue>, budget: usize) -> (Link<AccountValue>, usize) {
    let mut sizes = BTreeMap::new();
    measure(link, 0, &mut sizes);
    let mut kept = 0usize;
    let mut mark = None;
    for (rank, bytes) in sizes.into_iter().rev() {
        if kept + bytes > budget {
            break;
        }
        kept += bytes;
        mark = Some(rank);
    }
    match mark {
        Some(mark) => (cut(link, 0, mark).unwrap_or_else(|| link.clone()), kept),
        None if matches!(link, Link::Empty) => (Link::Empty, 0),
        None => (Link::Blind, 0),
    }
}

/// Bytes of memory that the nodes take.
#[cfg(test)]
pub(crate) fn memory(link: &Link<AccountValue>) -> usize {
    let mut sizes = BTreeMap::new();
    measure(link, 0, &mut sizes);
    sizes.into_values().sum()
}

/// A value that may have a trie below it.
trait Below: Value {
    fn measure_below(&self, sizes: &mut BTreeMap<Rank, usize>);
    /// The value with less below it, if something there ranks below `mark`.
    fn cut_below(&self, mark: Rank) -> Option<Self>;
}

impl Below for U256 {
    fn measure_below(&self, _: &mut BTreeMap<Rank, usize>) {}

    fn cut_below(&self, _: Rank) -> Option<Self> {
        None
    }
}

impl Below for AccountValue {
    fn measure_below(&self, sizes: &mut BTreeMap<Rank, usize>) {
        if let Some(storage) = &self.storage
            && let Some(rank) = storage.rank()
        {
            *sizes.entry(rank).or_default() += Storage::BYTES;
            measure(&storage.link, STORAGE_DEPTH, sizes);
        }
    }

    fn cut_below(&self, mark: Rank) -> Option<Self> {
        let storage = self.storage.as_ref()?;
        let kept = if storage.rank()? < mark {
            None
        } else {
            let link = cut(&storage.link, STORAGE_DEPTH, mark)?;
            let mut sizes = BTreeMap::new();
            measure(&link, STORAGE_DEPTH, &mut sizes);
            let bytes = sizes.into_values().sum::<usize>() + Storage::BYTES;
            Some(Arc::new(Storage { link, bytes }))
        };
        Some(Self { storage: kept, ..self.clone() })
    }
}

impl Storage {
    fn rank(&self) -> Option<Rank> {
        epoch(&self.link).map(|epoch| rank(epoch, STORAGE_DEPTH))
    }
}

fn epoch<V>(link: &Link<V>) -> Option<u32> {
    match link {
        Link::Empty | Link::Blind => None,
        Link::Leaf(leaf) => Some(leaf.epoch),
        Link::Extension(extension) => Some(extension.branch.epoch),
        Link::Branch(branch) => Some(branch.epoch),
    }
}

fn measure<V: Below>(link: &Link<V>, depth: usize, sizes: &mut BTreeMap<Rank, usize>) {
    let (branch, branch_depth, bytes) = match link {
        Link::Empty | Link::Blind => return,
        Link::Leaf(leaf) => {
            *sizes.entry(rank(leaf.epoch, depth)).or_default() += Leaf::<V>::BYTES;
            return leaf.value.measure_below(sizes);
        }
        Link::Extension(extension) => {
            (&extension.branch, depth + extension.path.len(), Extension::<V>::BYTES)
        }
        Link::Branch(branch) => (branch, depth, 0),
    };
    *sizes.entry(rank(branch.epoch, depth)).or_default() += bytes + branch.memory();
    for child in &branch.children {
        measure(&child.link, branch_depth + 1, sizes);
    }
}

/// The link without what ranks below `mark`, if there is such; the link itself ranks above.
fn cut<V: Below>(link: &Link<V>, depth: usize, mark: Rank) -> Option<Link<V>> {
    match link {
        Link::Empty | Link::Blind => None,
        Link::Leaf(leaf) => {
            let value = leaf.value.cut_below(mark)?;
            Some(Link::Leaf(Arc::new(Leaf { value, key: leaf.key, epoch: leaf.epoch })))
        }
        Link::Extension(extension) => {
            let branch = cut_branch(&extension.branch, depth + extension.path.len(), mark)?;
            Some(Link::Extension(Arc::new(Extension {
                branch: Arc::new(branch),
                ..extension.as_ref().clone()
            })))
        }
        Link::Branch(branch) => Some(Link::Branch(Arc::new(cut_branch(branch, depth, mark)?))),
    }
}

fn cut_branch<V: Below>(branch: &Branch<V>, depth: usize, mark: Rank) -> Option<Branch<V>> {
    let mut cut_off: Option<Vec<Child<V>>> = None;
    for (index, child) in branch.children.iter().enumerate() {
        let kept = match epoch(&child.link) {
            Some(epoch) if rank(epoch, depth + 1) < mark => Some(Link::Blind),
            _ => cut(&child.link, depth + 1, mark),
        };
        if let Some(link) = kept {
            cut_off.get_or_insert_with(|| branch.children.to_vec())[index].link = link;
        }
    }
    cut_off.map(|children| Branch { children: children.into_boxed_slice(), ..*branch })
}
