//! Executed blocks in memory and which of them are canonical. Pure data under one lock.

use crate::{
    ChainError,
    block::TreeBlock,
    view::{Base, Ground},
};
use alloy_primitives::{B256, BlockNumber, map::B256Map};
use assay_evm::SealedHeader;
use assay_trie::StateTrie;
use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

#[derive(Debug)]
pub(crate) struct Tree {
    /// The store as views read it. All of its blocks are canonical.
    pub(crate) base: Arc<Base>,
    /// The store's last header.
    pub(crate) base_header: Arc<SealedHeader>,
    /// The state trie after the store's last block.
    pub(crate) base_trie: StateTrie,
    /// Every block in memory.
    pub(crate) blocks: B256Map<Arc<TreeBlock>>,
    /// Canonical blocks above the store's last, lowest first.
    pub(crate) canonical: VecDeque<Arc<TreeBlock>>,
    /// How many of them are being written right now.
    pub(crate) writing: usize,
    pub(crate) safe: Option<Arc<SealedHeader>>,
    pub(crate) finalized: Option<Arc<SealedHeader>>,
}

/// How to get from the present head to another block.
pub(crate) struct Path {
    /// The last block in common. Below the store's head if the store has to be unwound.
    pub(crate) ancestor: BlockNumber,
    /// Blocks above it, lowest first.
    pub(crate) branch: Vec<Arc<TreeBlock>>,
}

/// Blocks in memory, newest first, and the state below the oldest.
pub(crate) type Grounded = (Vec<Arc<TreeBlock>>, Ground);

impl Tree {
    pub(crate) fn head(&self) -> Arc<SealedHeader> {
        self.canonical.back().map_or_else(|| self.base_header.clone(), |tip| tip.header.clone())
    }

    /// The number of the store's last block.
    pub(crate) fn base_number(&self) -> BlockNumber {
        self.base_header.number
    }

    /// The canonical block in memory with this number.
    pub(crate) fn canonical_block(&self, number: BlockNumber) -> Option<&Arc<TreeBlock>> {
        let index = number.checked_sub(self.base_number())?.checked_sub(1)?;
        self.canonical.get(usize::try_from(index).ok()?)
    }

    /// Whether a block in memory is canonical.
    pub(crate) fn is_canonical(&self, block: &TreeBlock) -> bool {
        self.canonical_block(block.number()).is_some_and(|found| found.hash() == block.hash())
    }

    /// The blocks in memory from `hash` down to the store, newest first, and what they stand on.
    /// `None` if the block is unknown, or stands on one that is.
    pub(crate) fn ground(&self, hash: B256) -> Result<Option<Grounded>, ChainError> {
        let mut blocks = Vec::new();
        let mut next = hash;
        while let Some(block) = self.blocks.get(&next) {
            blocks.push(block.clone());
            next = block.parent_hash();
        }
        if next == self.base_header.hash() {
            return Ok(Some((blocks, Ground::Latest(self.base.clone()))));
        }
        let Some(number) = self.base.snapshot.number(next)? else { return Ok(None) };
        Ok(Some((blocks, Ground::Past(self.base.snapshot.at(number)?))))
    }

    /// The way to `hash`.
    pub(crate) fn path_to(&self, hash: B256) -> Result<Path, ChainError> {
        let mut branch = Vec::new();
        let mut next = hash;
        let ancestor = loop {
            match self.blocks.get(&next) {
                Some(block) if self.is_canonical(block) => break block.number(),
                Some(block) => {
                    branch.push(block.clone());
                    next = block.parent_hash();
                }
                None => {
                    let number = self.base.snapshot.number(next)?;
                    break number.ok_or(ChainError::UnknownBlock(hash))?;
                }
            }
        };
        branch.reverse();
        Ok(Path { ancestor, branch })
    }

    /// Makes `branch` canonical above `ancestor`, which is not below the store's head. Gives the
    /// blocks that are canonical no more, lowest first.
    pub(crate) fn switch(
        &mut self,
        ancestor: BlockNumber,
        branch: impl IntoIterator<Item = Arc<TreeBlock>>,
    ) -> Vec<Arc<TreeBlock>> {
        let keep = ancestor.saturating_sub(self.base_number());
        let keep = usize::try_from(keep).unwrap_or(usize::MAX).min(self.canonical.len());
        let removed = self.canonical.split_off(keep).into();
        self.canonical.extend(branch);
        for label in [&mut self.safe, &mut self.finalized] {
            label.take_if(|header| header.number > ancestor);
        }
        removed
    }

    /// The store was written up to the block of `base`, the last of `written`.
    pub(crate) fn rebase(&mut self, base: Base, written: usize, side_depth: u64) {
        for block in self.canonical.drain(..written) {
            self.blocks.remove(&block.hash());
            self.base_header = block.header.clone();
            self.base_trie = block.executed.trie.clone();
        }
        self.base = Arc::new(base);
        self.writing = 0;
        let lowest = self.base_number().saturating_sub(side_depth);
        if self.blocks.values().any(|block| block.age <= lowest) {
            self.blocks.retain(|_, block| block.age > lowest);
            self.drop_unconnected();
        }
    }

    /// Drops blocks whose ancestors are gone.
    pub(crate) fn drop_unconnected(&mut self) {
        let mut ascending: Vec<_> = self.blocks.values().cloned().collect();
        ascending.sort_unstable_by_key(|block| block.number());
        let mut connected = HashSet::new();
        for block in ascending {
            let parent = block.parent_hash();
            let in_store = || matches!(self.base.snapshot.number(parent), Ok(Some(_)));
            if connected.contains(&parent) || in_store() {
                connected.insert(block.hash());
            } else {
                self.blocks.remove(&block.hash());
            }
        }
    }
}
