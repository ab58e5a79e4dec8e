//! Nodes in memory.
//!
//! A branch holds its children's references (the RLP that stands for a child in its parent's
//! encoding: a hash, or the child itself if shorter) beside the links to them, so that encoding a
//! branch reads one array. A leaf holds its whole key, so that it can move up or down unchanged.

use alloy_primitives::{B256, U256};
use alloy_trie::{BranchNodeCompact, KECCAK_EMPTY, Nibbles, nodes::RlpNode};
use reth_primitives_traits::Account;
use std::{mem::size_of, sync::Arc};

/// Two counters and what an allocator keeps beside an allocation.
const OVERHEAD: usize = 32;

/// What stands at one place of a trie.
#[derive(Debug)]
pub(crate) enum Link<V> {
    /// Nothing. Never a child of a branch.
    Empty,
    /// Something that is not in memory.
    Blind,
    Leaf(Arc<Leaf<V>>),
    Extension(Arc<Extension<V>>),
    Branch(Arc<Branch<V>>),
}

#[derive(Debug, Clone)]
pub(crate) struct Leaf<V> {
    pub(crate) key: B256,
    pub(crate) value: V,
    /// When it was last used.
    pub(crate) epoch: u32,
}

/// An extension and the branch below it, which are always in memory together.
#[derive(Debug, Clone)]
pub(crate) struct Extension<V> {
    pub(crate) path: Nibbles,
    /// The branch's reference.
    pub(crate) reference: RlpNode,
    pub(crate) branch: Arc<Branch<V>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Branch<V> {
    /// Which children there are.
    pub(crate) state_mask: u16,
    /// Which of them are branches that are referred to by hash, as in [`BranchNodeCompact`].
    pub(crate) hash_mask: u16,
    /// Which of them are, or are extensions to, branches that are stored.
    pub(crate) tree_mask: u16,
    /// When it was last used: never before any node below it.
    pub(crate) epoch: u32,
    /// In the order of their nibbles.
    pub(crate) children: Box<[Child<V>]>,
}

#[derive(Debug, Clone)]
pub(crate) struct Child<V> {
    pub(crate) reference: RlpNode,
    pub(crate) link: Link<V>,
}

/// An account and its storage trie.
#[derive(Debug, Clone)]
pub(crate) struct AccountValue {
    pub(crate) nonce: u64,
    pub(crate) balance: U256,
    pub(crate) code_hash: B256,
    pub(crate) storage_root: B256,
    /// What is in memory of the storage trie.
    pub(crate) storage: Option<Arc<Storage>>,
}

/// What is in memory of a storage trie.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    pub(crate) link: Link<U256>,
    /// Of memory, this struct included.
    pub(crate) bytes: usize,
}

impl<V> Clone for Link<V> {
    fn clone(&self) -> Self {
        match self {
            Self::Empty => Self::Empty,
            Self::Blind => Self::Blind,
            Self::Leaf(leaf) => Self::Leaf(Arc::clone(leaf)),
            Self::Extension(extension) => Self::Extension(Arc::clone(extension)),
            Self::Branch(branch) => Self::Branch(Arc::clone(branch)),
        }
    }
}

impl<V> Link<V> {
    pub(crate) const fn is_blind(&self) -> bool {
        matches!(self, Self::Blind)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// Takes the link out, leaving it blind.
    pub(crate) const fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Blind)
    }
}

impl<V> Leaf<V> {
    pub(crate) const BYTES: usize = size_of::<Self>() + OVERHEAD;
}

impl<V> Extension<V> {
    pub(crate) const BYTES: usize = size_of::<Self>() + OVERHEAD;
}

impl Storage {
    pub(crate) const BYTES: usize = size_of::<Self>() + OVERHEAD;
}

impl<V> Branch<V> {
    pub(crate) const fn bytes(children: usize) -> usize {
        size_of::<Self>() + size_of::<Child<V>>() * children + 2 * OVERHEAD
    }

    pub(crate) const fn memory(&self) -> usize {
        Self::bytes(self.children.len())
    }

    /// A branch without children, to be filled at once.
    pub(crate) fn empty() -> Self {
        Self { state_mask: 0, hash_mask: 0, tree_mask: 0, epoch: 0, children: Box::default() }
    }

    pub(crate) const fn is_stored(&self) -> bool {
        self.hash_mask | self.tree_mask != 0
    }

    /// The place in `children` where the child at `nibble` is or would be.
    pub(crate) const fn index(&self, nibble: u8) -> usize {
        (self.state_mask & ((1 << nibble) - 1)).count_ones() as usize
    }

    pub(crate) fn child(&self, nibble: u8) -> Option<&Child<V>> {
        (self.state_mask & (1 << nibble) != 0).then(|| &self.children[self.index(nibble)])
    }

    pub(crate) fn child_mut(&mut self, nibble: u8) -> Option<&mut Child<V>> {
        let index = self.index(nibble);
        (self.state_mask & (1 << nibble) != 0).then(|| &mut self.children[index])
    }

    /// The form in which the branch is stored. `root_hash`: its own hash, at the root alone.
    pub(crate) fn compact(&self, root_hash: Option<B256>) -> BranchNodeCompact {
        let hashed = nibbles_of(self.state_mask)
            .zip(&self.children)
            .filter(|(nibble, _)| self.hash_mask & (1 << nibble) != 0)
            .filter_map(|(_, child)| child.reference.as_hash());
        let mut hashes = Vec::with_capacity(self.hash_mask.count_ones() as usize);
        hashes.extend(hashed);
        BranchNodeCompact::new(self.state_mask, self.tree_mask, self.hash_mask, hashes, root_hash)
    }
}

impl AccountValue {
    pub(crate) fn new(account: &Account, storage_root: B256) -> Self {
        Self {
            nonce: account.nonce,
            balance: account.balance,
            code_hash: account.get_bytecode_hash(),
            storage_root,
            storage: None,
        }
    }

    pub(crate) fn account(&self) -> Account {
        Account {
            nonce: self.nonce,
            balance: self.balance,
            bytecode_hash: (self.code_hash != KECCAK_EMPTY).then_some(self.code_hash),
        }
    }

    pub(crate) fn storage_bytes(&self) -> usize {
        self.storage.as_ref().map_or(0, |storage| storage.bytes)
    }
}

/// The set bits of `mask`, lowest first.
pub(crate) fn nibbles_of(mask: u16) -> impl Iterator<Item = u8> {
    (0..16).filter(move |nibble| mask & (1 << nibble) != 0)
}

/// The nibble of `key` at `depth` (below 64).
pub(crate) fn nibble_at(key: &B256, depth: usize) -> u8 {
    let byte = key[depth / 2];
    if depth.is_multiple_of(2) { byte >> 4 } else { byte & 0x0f }
}

/// How many leading nibbles two keys share.
pub(crate) fn common_prefix(a: &B256, b: &B256) -> usize {
    match a.iter().zip(b.iter()).position(|(a, b)| a != b) {
        Some(at) => 2 * at + usize::from((a[at] ^ b[at]) & 0xf0 == 0),
        None => 64,
    }
}

/// The first `depth` nibbles of `key`.
pub(crate) fn prefix_of(key: &B256, depth: usize) -> Nibbles {
    Nibbles::unpack(key).slice(..depth)
}
