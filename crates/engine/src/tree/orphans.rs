//! Payloads whose parent is not known yet: kept, within bounds, until it arrives.

use alloy_primitives::{B256, map::B256Map};
use assay_evm::SealedBlock;
use std::collections::VecDeque;

/// Orphan blocks by hash and by parent. Bounded by number and by bytes of transactions; the oldest
/// goes first.
#[derive(Debug)]
pub(crate) struct Orphans {
    max_blocks: usize,
    max_bytes: usize,
    bytes: usize,
    blocks: B256Map<Orphan>,
    children: B256Map<Vec<B256>>,
    order: VecDeque<B256>,
}

#[derive(Debug)]
struct Orphan {
    block: SealedBlock,
    bytes: usize,
}

impl Orphans {
    pub(crate) fn new(max_blocks: usize, max_bytes: usize) -> Self {
        Self {
            max_blocks: max_blocks.max(1),
            max_bytes,
            bytes: 0,
            blocks: B256Map::default(),
            children: B256Map::default(),
            order: VecDeque::new(),
        }
    }

    /// Keeps a block whose payload had `bytes` of transactions.
    pub(crate) fn insert(&mut self, block: SealedBlock, bytes: usize) {
        let hash = block.hash();
        if bytes > self.max_bytes || self.blocks.contains_key(&hash) {
            return;
        }
        self.children.entry(block.header().parent_hash).or_default().push(hash);
        self.order.push_back(hash);
        self.bytes += bytes;
        self.blocks.insert(hash, Orphan { block, bytes });
        while self.blocks.len() > self.max_blocks || self.bytes > self.max_bytes {
            let Some(oldest) = self.order.pop_front() else { break };
            self.remove(&oldest);
        }
    }

    /// The block at the lower end of the orphans that `hash` stands on, if `hash` is an orphan.
    pub(crate) fn missing_ancestor(&self, hash: &B256) -> Option<B256> {
        let mut parent = self.blocks.get(hash)?.block.header().parent_hash;
        while let Some(orphan) = self.blocks.get(&parent) {
            parent = orphan.block.header().parent_hash;
        }
        Some(parent)
    }

    /// Takes out the children of a block that is now known.
    pub(crate) fn take_children(&mut self, parent: &B256) -> Vec<SealedBlock> {
        let hashes = self.children.get(parent).cloned().unwrap_or_default();
        let taken = hashes.iter().filter_map(|hash| self.remove(hash)).collect();
        self.order.retain(|hash| !hashes.contains(hash));
        taken
    }

    fn remove(&mut self, hash: &B256) -> Option<SealedBlock> {
        let Orphan { block, bytes } = self.blocks.remove(hash)?;
        self.bytes -= bytes;
        let parent = block.header().parent_hash;
        if let Some(siblings) = self.children.get_mut(&parent) {
            siblings.retain(|sibling| sibling != hash);
            if siblings.is_empty() {
                self.children.remove(&parent);
            }
        }
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{BlockBody, Header};
    use assay_evm::Block;

    fn block(parent: B256, number: u64) -> SealedBlock {
        let header = Header { parent_hash: parent, number, ..Header::default() };
        SealedBlock::seal_slow(Block { header, body: BlockBody::default() })
    }

    #[test]
    fn children_come_out_when_the_parent_arrives() {
        let mut orphans = Orphans::new(8, 1000);
        let root = B256::repeat_byte(7);
        let (left, right) = (block(root, 1), block(root, 2));
        let grandchild = block(left.hash(), 3);
        for block in [&grandchild, &left, &right] {
            orphans.insert(block.clone(), 10);
        }
        assert_eq!(orphans.missing_ancestor(&grandchild.hash()), Some(root));
        let children = orphans.take_children(&root);
        assert_eq!(children.len(), 2);
        assert_eq!(orphans.bytes, 10);
        assert_eq!(orphans.take_children(&left.hash()), vec![grandchild]);
        assert_eq!((orphans.bytes, orphans.blocks.len(), orphans.order.len()), (0, 0, 0));
        assert!(orphans.children.is_empty());
    }

    #[test]
    fn bounded_by_number_and_by_bytes() {
        let mut orphans = Orphans::new(3, 100);
        let blocks: Vec<_> = (0..5).map(|n| block(B256::with_last_byte(n), n.into())).collect();
        for block in &blocks {
            orphans.insert(block.clone(), 30);
        }
        assert_eq!((orphans.blocks.len(), orphans.bytes), (3, 90));
        assert!(orphans.missing_ancestor(&blocks[1].hash()).is_none());
        orphans.insert(block(B256::ZERO, 9), 101);
        assert_eq!(orphans.blocks.len(), 3, "a block over the limit is not kept");
        orphans.insert(block(B256::ZERO, 10), 100);
        assert_eq!((orphans.blocks.len(), orphans.bytes), (1, 100));
    }
}
