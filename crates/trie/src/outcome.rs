//! What changes do to a branch's children.

use crate::node::{Branch, Child, Link, nibbles_of};
use alloy_trie::nodes::RlpNode;
use std::sync::Arc;

/// A link and whether anything below it is no longer as it was.
pub(crate) type Updated<V> = (Link<V>, bool);

/// What the changes did to a branch's children.
pub(crate) struct Outcome<V> {
    /// Children that were there and are no longer as they were.
    pub(crate) changed: u16,
    /// Those of them that are gone.
    pub(crate) removed: u16,
    /// New ones, by ascending nibble.
    pub(crate) inserted: Vec<(u8, Link<V>)>,
}

impl<V> Default for Outcome<V> {
    fn default() -> Self {
        Self { changed: 0, removed: 0, inserted: Vec::new() }
    }
}

impl<V> Outcome<V> {
    pub(crate) fn inserted_mask(&self) -> u16 {
        self.inserted.iter().fold(0, |mask, (nibble, _)| mask | 1 << nibble)
    }

    pub(crate) fn take(&mut self, branch: &mut Branch<V>, nibble: u8, (link, changed): Updated<V>) {
        match branch.child_mut(nibble) {
            None if link.is_empty() => {}
            None => self.inserted.push((nibble, link)),
            Some(child) => {
                let bit = 1 << nibble;
                self.changed |= if changed { bit } else { 0 };
                self.removed |= if link.is_empty() { bit } else { 0 };
                child.link = link;
            }
        }
    }
}

impl<V> Branch<V> {
    /// A branch that is made to be filled, or to merge away.
    pub(crate) fn temporary() -> Arc<Self> {
        Arc::new(Self::empty())
    }

    /// Takes removed children out and puts inserted ones in.
    pub(crate) fn reshape(&mut self, outcome: Outcome<V>) {
        let Outcome { removed, inserted, .. } = outcome;
        if removed == 0 && inserted.is_empty() {
            return;
        }
        let old_mask = self.state_mask;
        self.hash_mask &= !removed;
        self.tree_mask &= !removed;
        self.state_mask &= !removed;
        for (nibble, _) in &inserted {
            self.state_mask |= 1 << nibble;
        }
        let mut children = Vec::with_capacity(self.state_mask.count_ones() as usize);
        let mut old = std::mem::take(&mut self.children).into_vec().into_iter();
        let mut new = inserted.into_iter().peekable();
        for nibble in nibbles_of(old_mask | self.state_mask) {
            if old_mask & (1 << nibble) != 0 {
                children.extend(old.next().filter(|_| removed & (1 << nibble) == 0));
            } else if let Some((_, link)) = new.next_if(|(at, _)| *at == nibble) {
                children.push(Child { reference: RlpNode::default(), link });
            }
        }
        self.children = children.into_boxed_slice();
    }
}
