//! One thread's share of work on a trie.

use crate::{
    StorageTrieUpdates, TrieError, TrieReader, TrieSource, encode::Value, node::nibble_at,
};
use alloy_primitives::B256;
use alloy_trie::{BranchNodeCompact, Nibbles};
use std::cell::OnceCell;

/// Below this many changed leaves, handing work to another thread costs more than it saves.
const MIN_GRAIN: usize = 128;

/// A kind of trie: how its leaves are read, and how changes act on them.
pub(crate) trait Backend: Sync + Sized {
    type Value: Value;
    type Change: Change;
    /// One thread's cursors.
    type Cursors<'r>: Default;

    /// The trie, as errors name it.
    fn name(&self) -> B256;

    /// The first stored node at or after `path`.
    fn seek_node<'r>(
        &self,
        reading: &'r Reading<'_>,
        cursors: &mut Self::Cursors<'r>,
        path: Nibbles,
    ) -> Result<Option<(Nibbles, BranchNodeCompact)>, TrieError>;

    /// All leaves under `path`, in order.
    fn leaves(
        task: &mut Task<'_, '_, Self>,
        path: &Nibbles,
    ) -> Result<Vec<(B256, Self::Value)>, TrieError>;

    /// Lets a change act on a leaf that is there.
    fn update(
        task: &mut Task<'_, '_, Self>,
        value: &mut Self::Value,
        change: &Self::Change,
    ) -> Result<Effect, TrieError>;

    /// Lets a change act on a leaf that is not there; it may stay so.
    fn insert(
        task: &mut Task<'_, '_, Self>,
        change: &Self::Change,
    ) -> Result<Option<Self::Value>, TrieError>;
}

/// What is to happen to one leaf. Changes are kept in the order of their keys, each key once.
pub(crate) trait Change: Sync {
    fn key(&self) -> &B256;
    /// Leaves that it touches: itself, and those of a trie below it.
    fn weight(&self) -> usize;
}

/// What a change did to a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    None,
    Changed,
    Removed,
}

/// A source and one thread's reader of it, opened when first needed: in a warm trie, never.
pub(crate) struct Reading<'s> {
    source: &'s dyn TrieSource,
    reader: OnceCell<Box<dyn TrieReader + 's>>,
}

impl<'s> Reading<'s> {
    pub(crate) const fn new(source: &'s dyn TrieSource) -> Self {
        Self { source, reader: OnceCell::new() }
    }

    pub(crate) fn reader(&self) -> Result<&(dyn TrieReader + 's), TrieError> {
        if let Some(reader) = self.reader.get() {
            return Ok(reader.as_ref());
        }
        let reader = self.source.reader()?;
        Ok(self.reader.get_or_init(|| reader).as_ref())
    }

    pub(crate) const fn source(&self) -> &'s dyn TrieSource {
        self.source
    }
}

/// What the tasks of one piece of work have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    /// Stamped on the nodes that are used.
    pub(crate) epoch: u32,
    /// Changes below a branch are spread over threads from this weight on.
    pub(crate) grain: usize,
}

impl Work {
    pub(crate) fn new(epoch: u32, weight: usize) -> Self {
        // A few pieces for each thread, so that uneven ones even out.
        let grain = (weight / (4 * rayon::current_num_threads())).max(MIN_GRAIN);
        Self { epoch, grain: if rayon::current_num_threads() > 1 { grain } else { usize::MAX } }
    }
}

/// What a task found out beside the new nodes.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// Stored nodes of the task's own trie; `None`: no longer stored.
    pub(crate) nodes: Vec<(Nibbles, Option<BranchNodeCompact>)>,
    /// Of storage tries below the task's trie.
    pub(crate) storages: Vec<(B256, StorageTrieUpdates)>,
    /// Growth of memory.
    pub(crate) bytes: isize,
    /// Where a branch merged into its only remaining child: the child's path before, by trie.
    pub(crate) merged: Vec<(B256, Nibbles)>,
}

impl Output {
    pub(crate) fn append(&mut self, mut other: Self) {
        self.nodes.append(&mut other.nodes);
        self.storages.append(&mut other.storages);
        self.merged.append(&mut other.merged);
        self.bytes += other.bytes;
    }
}

pub(crate) struct Task<'r, 's, B: Backend> {
    pub(crate) backend: &'r B,
    pub(crate) reading: &'r Reading<'s>,
    pub(crate) cursors: B::Cursors<'r>,
    pub(crate) work: Work,
    pub(crate) output: Output,
    pub(crate) scratch: Vec<u8>,
}

impl<'r, 's, B: Backend> Task<'r, 's, B> {
    pub(crate) fn new(backend: &'r B, reading: &'r Reading<'s>, work: Work) -> Self {
        Self {
            backend,
            reading,
            cursors: B::Cursors::default(),
            work,
            output: Output::default(),
            scratch: Vec::with_capacity(544),
        }
    }

    pub(crate) const fn grew(&mut self, bytes: usize) {
        self.output.bytes += bytes as isize;
    }

    pub(crate) const fn shrank(&mut self, bytes: usize) {
        self.output.bytes -= bytes as isize;
    }

    pub(crate) fn inconsistent(&self, path: &Nibbles, what: &'static str) -> TrieError {
        TrieError::Inconsistent { trie: self.backend.name(), path: format!("{path:?}"), what }
    }
}

/// Splits `changes`, which agree up to `depth`, by their nibble there.
pub(crate) fn groups<C: Change>(
    changes: &[C],
    depth: usize,
) -> impl Iterator<Item = (u8, &[C])> + '_ {
    let mut rest = changes;
    std::iter::from_fn(move || {
        let nibble = nibble_at(rest.first()?.key(), depth);
        let len = if rest.len() == 1 {
            1
        } else {
            rest.partition_point(|change| nibble_at(change.key(), depth) <= nibble)
        };
        let (group, others) = rest.split_at(len);
        rest = others;
        Some((nibble, group))
    })
}
