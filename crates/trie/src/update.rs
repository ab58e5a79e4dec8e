//! Changing a trie: a descent along the sorted changes, and back up with new nodes and hashes.

use crate::{
    TrieError, encode,
    load::Stored,
    node::{Branch, Child, Extension, Leaf, Link, common_prefix, nibble_at, nibbles_of, prefix_of},
    outcome::{Outcome, Updated},
    task::{Backend, Change, Effect, Output, Reading, Task, groups},
};
use alloy_primitives::B256;
use alloy_trie::{Nibbles, nodes::RlpNode};
use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use std::sync::Arc;

/// One child of a branch and the changes below it.
struct Descent<'c, B: Backend> {
    nibble: u8,
    link: Link<B::Value>,
    /// If `link` is blind: what is known of the child.
    known: Option<(RlpNode, Stored)>,
    changes: &'c [B::Change],
}

impl<B: Backend> Task<'_, '_, B> {
    /// Changes a whole trie. Stored nodes that changed go to the output.
    pub(crate) fn update_root(
        &mut self,
        link: Link<B::Value>,
        root: B256,
        changes: &[B::Change],
    ) -> Result<(Link<B::Value>, B256), TrieError> {
        if changes.is_empty() {
            return Ok((link, root));
        }
        let link = if link.is_blind() { self.load_root(Some(root))?.0 } else { link };
        let (link, changed) = self.update(link, 0, changes)?;
        if !changed {
            return Ok((link, root));
        }
        let root = encode::root_of(&encode::reference(&link, 0, &mut self.scratch));
        if let Link::Branch(branch) = &link
            && branch.is_stored()
        {
            self.output.nodes.push((Nibbles::default(), Some(branch.compact(Some(root)))));
        }
        Ok((link, root))
    }

    fn update(
        &mut self,
        link: Link<B::Value>,
        depth: usize,
        changes: &[B::Change],
    ) -> Result<Updated<B::Value>, TrieError> {
        let (Some(first), Some(last)) = (changes.first(), changes.last()) else {
            return Ok((link, false));
        };
        match link {
            Link::Blind => {
                Err(self
                    .inconsistent(&prefix_of(first.key(), depth), "descended into a missing node"))
            }
            Link::Empty if changes.len() == 1 => self.insert(first),
            Link::Empty => {
                let fork = common_prefix(first.key(), last.key());
                let (link, changed) = self.update_branch(Branch::temporary(), fork, 0, changes)?;
                Ok((self.lift(link, first.key(), depth, fork), changed))
            }
            Link::Leaf(leaf) => {
                if changes.len() == 1 && *first.key() == leaf.key {
                    return self.update_leaf(leaf, first);
                }
                let key = leaf.key;
                let fork = common_prefix(&key, first.key()).min(common_prefix(&key, last.key()));
                let (branch, moved) = self.around(Link::Leaf(leaf), nibble_at(&key, fork));
                let (link, changed) = self.update_branch(branch, fork, moved, changes)?;
                Ok((self.lift(link, &key, depth, fork), changed))
            }
            Link::Extension(extension) => self.update_extension(extension, depth, changes),
            Link::Branch(branch) => self.update_branch(branch, depth, 0, changes),
        }
    }

    fn insert(&mut self, change: &B::Change) -> Result<Updated<B::Value>, TrieError> {
        Ok(match B::insert(self, change)? {
            Some(value) => {
                self.grew(Leaf::<B::Value>::BYTES);
                let leaf = Leaf { key: *change.key(), value, epoch: self.work.epoch };
                (Link::Leaf(Arc::new(leaf)), true)
            }
            None => (Link::Empty, false),
        })
    }

    fn update_leaf(
        &mut self,
        mut leaf: Arc<Leaf<B::Value>>,
        change: &B::Change,
    ) -> Result<Updated<B::Value>, TrieError> {
        let owned = Arc::make_mut(&mut leaf);
        owned.epoch = self.work.epoch;
        Ok(match B::update(self, &mut owned.value, change)? {
            Effect::None => (Link::Leaf(leaf), false),
            Effect::Changed => (Link::Leaf(leaf), true),
            Effect::Removed => {
                self.shrank(Leaf::<B::Value>::BYTES);
                (Link::Empty, true)
            }
        })
    }

    fn update_extension(
        &mut self,
        mut extension: Arc<Extension<B::Value>>,
        depth: usize,
        changes: &[B::Change],
    ) -> Result<Updated<B::Value>, TrieError> {
        let (Some(first), Some(last)) = (changes.first(), changes.last()) else {
            return Ok((Link::Extension(extension), false));
        };
        let shared = |change: &B::Change| {
            let rest = Nibbles::unpack(change.key()).slice(depth..);
            rest.common_prefix_length(&extension.path)
        };
        let (fork, end) = (shared(first).min(shared(last)), extension.path.len());
        if fork == end {
            let owned = Arc::make_mut(&mut extension);
            let branch = std::mem::replace(&mut owned.branch, Branch::temporary());
            let (link, changed) = self.update_branch(branch, depth + end, 0, changes)?;
            return Ok(match link {
                Link::Branch(branch) => {
                    if changed {
                        owned.reference = encode::branch_reference(&branch, &mut self.scratch);
                    }
                    owned.branch = branch;
                    (Link::Extension(extension), changed)
                }
                link => {
                    self.shrank(Extension::<B::Value>::BYTES);
                    (self.lift(link, first.key(), depth, depth + end), changed)
                }
            });
        }
        // Some changes leave the extension on its way: a branch there takes its place, with the
        // rest of the extension as a child. If nothing is inserted after all, they merge again.
        let at_fork = extension.path.get_unchecked(fork);
        let below = if fork + 1 == end {
            self.shrank(Extension::<B::Value>::BYTES);
            Link::Branch(Arc::clone(&extension.branch))
        } else {
            let owned = Arc::make_mut(&mut extension);
            owned.path = owned.path.slice(fork + 1..);
            Link::Extension(extension)
        };
        let (branch, moved) = self.around(below, at_fork);
        let (link, changed) = self.update_branch(branch, depth + fork, moved, changes)?;
        Ok((self.lift(link, first.key(), depth, depth + fork), changed))
    }

    /// A passing branch around a node that moves one level or more down, and its bit.
    fn around(&mut self, link: Link<B::Value>, nibble: u8) -> (Arc<Branch<B::Value>>, u16) {
        // Nothing was stored here: the masks of what is stored stay empty.
        let mut branch = Branch::empty();
        branch.state_mask = 1 << nibble;
        branch.children = Box::new([Child { reference: RlpNode::default(), link }]);
        self.grew(branch.memory() - Branch::<B::Value>::bytes(0));
        (Arc::new(branch), 1 << nibble)
    }

    /// Changes below a branch at `depth`. `moved`: children whose reference must be made anew even
    /// if they do not change; only a passing branch has some.
    fn update_branch(
        &mut self,
        mut branch: Arc<Branch<B::Value>>,
        depth: usize,
        moved: u16,
        changes: &[B::Change],
    ) -> Result<Updated<B::Value>, TrieError> {
        let owned = Arc::make_mut(&mut branch);
        let passing = owned.state_mask.count_ones() < 2;
        if passing {
            self.grew(Branch::<B::Value>::bytes(0));
        }
        owned.epoch = self.work.epoch;
        let outcome = self.descend(owned, depth, changes)?;
        let changed = outcome.changed | outcome.inserted_mask() != 0;
        if !changed && !passing {
            return Ok((Link::Branch(branch), false));
        }
        let was_stored = owned.is_stored();
        let path = || prefix_of(changes[0].key(), depth);
        let before = owned.memory();
        let dirty = (outcome.changed | moved | outcome.inserted_mask()) & !outcome.removed;
        let mut compact_changed = outcome.removed != 0 || !outcome.inserted.is_empty();
        owned.reshape(outcome);
        self.output.bytes += owned.memory() as isize - before as isize;

        if owned.children.len() < 2 {
            if was_stored {
                self.output.nodes.push((path(), None));
            }
            self.shrank(owned.memory());
            let Some(nibble) = nibbles_of(owned.state_mask).next() else {
                return Ok((Link::Empty, changed));
            };
            let child = self.only_child(owned, nibble, path)?;
            let mut rest = Nibbles::default();
            rest.push_unchecked(nibble);
            return Ok((self.lift_by(child, rest), changed));
        }

        for nibble in nibbles_of(dirty) {
            let bit = 1 << nibble;
            let (hash_mask, tree_mask) = (owned.hash_mask, owned.tree_mask);
            let Some(child) = owned.child_mut(nibble) else { continue };
            let reference = encode::reference(&child.link, depth + 1, &mut self.scratch);
            let other = child.reference != reference;
            let traits = child.link.traits(&reference);
            child.reference = reference;
            owned.note(nibble, traits);
            let kind = (hash_mask ^ owned.hash_mask) | (tree_mask ^ owned.tree_mask);
            let hashed = hash_mask | owned.hash_mask;
            compact_changed |= kind & bit != 0 || (other && hashed & bit != 0);
        }
        let stored = owned.is_stored();
        if stored && depth > 0 && (compact_changed || !was_stored) {
            self.output.nodes.push((path(), Some(owned.compact(None))));
        } else if was_stored && !stored {
            self.output.nodes.push((path(), None));
        }
        Ok((Link::Branch(branch), changed))
    }

    /// Lets the changes act on the children of a branch, each thread its share if they are many.
    fn descend(
        &mut self,
        branch: &mut Branch<B::Value>,
        depth: usize,
        changes: &[B::Change],
    ) -> Result<Outcome<B::Value>, TrieError> {
        let mut outcome = Outcome::default();
        if !self.is_large(changes) {
            for (nibble, changes) in groups(changes, depth) {
                let descent = Descent::<B>::new(branch, nibble, changes);
                let updated = self.descend_one(descent, depth)?;
                outcome.take(branch, nibble, updated);
            }
            return Ok(outcome);
        }
        let descents: Vec<_> = groups(changes, depth)
            .map(|(nibble, changes)| Descent::<B>::new(branch, nibble, changes))
            .collect();
        let (backend, source, work) = (self.backend, self.reading.source(), self.work);
        let results: Vec<(u8, Updated<B::Value>, Output)> = descents
            .into_par_iter()
            .with_max_len(1)
            .map(|descent| {
                let nibble = descent.nibble;
                let reading = Reading::new(source);
                let mut task = Task::new(backend, &reading, work);
                let updated = task.descend_one(descent, depth)?;
                Ok((nibble, updated, task.output))
            })
            .collect::<Result<_, TrieError>>()?;
        for (nibble, updated, output) in results {
            outcome.take(branch, nibble, updated);
            self.output.append(output);
        }
        Ok(outcome)
    }

    fn is_large(&self, changes: &[B::Change]) -> bool {
        let grain = self.work.grain;
        if changes.len() >= grain {
            return true;
        }
        let mut weight = 0usize;
        changes.iter().any(|change| {
            weight = weight.saturating_add(change.weight());
            weight >= grain
        })
    }

    fn descend_one(
        &mut self,
        descent: Descent<'_, B>,
        depth: usize,
    ) -> Result<Updated<B::Value>, TrieError> {
        let Descent { link, known, changes, .. } = descent;
        let link = match (known, changes.first()) {
            (Some((reference, stored)), Some(first)) => {
                self.load_child(&prefix_of(first.key(), depth + 1), stored, &reference)?
            }
            _ => link,
        };
        self.update(link, depth + 1, changes)
    }

    /// The child that a branch is about to merge into.
    fn only_child(
        &mut self,
        branch: &mut Branch<B::Value>,
        nibble: u8,
        path: impl Fn() -> Nibbles,
    ) -> Result<Link<B::Value>, TrieError> {
        let stored = branch.tree_mask & (1 << nibble) != 0;
        let mut below = path();
        below.push(nibble);
        self.output.merged.push((self.backend.name(), below));
        let Some(child) = branch.child_mut(nibble) else { return Ok(Link::Empty) };
        if child.link.is_blind() {
            let reference = child.reference.clone();
            return self.load_child(&below, stored.into(), &reference);
        }
        Ok(child.link.take())
    }

    /// Moves what stood at `fork` up to `depth`, on the way to `key`.
    fn lift(
        &mut self,
        link: Link<B::Value>,
        key: &B256,
        depth: usize,
        fork: usize,
    ) -> Link<B::Value> {
        if depth == fork {
            return link;
        }
        self.lift_by(link, Nibbles::unpack(key).slice(depth..fork))
    }

    fn lift_by(&mut self, link: Link<B::Value>, path: Nibbles) -> Link<B::Value> {
        match link {
            Link::Empty | Link::Blind | Link::Leaf(_) => link,
            Link::Branch(branch) => self.extended(path, branch),
            Link::Extension(mut extension) => {
                let owned = Arc::make_mut(&mut extension);
                owned.path = path.join(&owned.path);
                Link::Extension(extension)
            }
        }
    }
}

impl<'c, B: Backend> Descent<'c, B> {
    fn new(branch: &mut Branch<B::Value>, nibble: u8, changes: &'c [B::Change]) -> Self {
        let stored = branch.tree_mask & (1 << nibble) != 0;
        let (link, known) = match branch.child_mut(nibble) {
            None => (Link::Empty, None),
            Some(child) if child.link.is_blind() => {
                (Link::Blind, Some((child.reference.clone(), stored.into())))
            }
            Some(child) => (child.link.take(), None),
        };
        Self { nibble, link, known, changes }
    }
}
