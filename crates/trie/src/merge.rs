//! One ascending sequence out of several: in-memory layers over a base cursor.

use crate::TrieError;

/// An entry, or the end.
pub(crate) type Entry<B> = Option<(<B as Base>::Key, <B as Base>::Value)>;

/// The cursor below the layers, and what a layer's entry means.
pub(crate) trait Base: Sized {
    type Key: Copy + Ord;
    /// What a layer holds for a key: a value, or that there is none.
    type Written;
    type Value;

    fn seek(&mut self, key: Self::Key) -> Result<Entry<Self>, TrieError>;
    fn next(&mut self) -> Result<Entry<Self>, TrieError>;
    /// The value that a layer's entry shows, if it is not a deletion.
    fn visible(written: &Self::Written) -> Option<Self::Value>;
}

struct Slice<'a, K, W> {
    entries: &'a [(K, W)],
    at: usize,
}

/// Merges layers (newest first) and a base; for equal keys the newest layer speaks.
pub(crate) struct MergeCursor<'a, B: Base> {
    layers: Vec<Slice<'a, B::Key, B::Written>>,
    base: Option<B>,
    /// The base's current entry.
    head: Entry<B>,
    sought: bool,
}

impl<'a, B: Base> MergeCursor<'a, B> {
    /// Without a `base`, the oldest layer wiped all that was below it.
    pub(crate) fn new(layers: Vec<&'a [(B::Key, B::Written)]>, base: Option<B>) -> Self {
        let layers = layers
            .into_iter()
            .filter(|entries| !entries.is_empty())
            .map(|entries| Slice { entries, at: 0 })
            .collect();
        Self { layers, base, head: None, sought: false }
    }

    pub(crate) fn seek_entry(&mut self, key: B::Key) -> Result<Entry<B>, TrieError> {
        for layer in &mut self.layers {
            layer.at = layer.entries.partition_point(|(other, _)| *other < key);
        }
        self.head = match &mut self.base {
            Some(base) => base.seek(key)?,
            None => None,
        };
        self.sought = true;
        self.settle()
    }

    /// The entry after the one last returned; before any seek, nothing.
    pub(crate) fn next_entry(&mut self) -> Result<Entry<B>, TrieError> {
        if self.sought { self.settle() } else { Ok(None) }
    }

    /// Takes the lowest key off every sequence that has it, until one is not a deletion.
    fn settle(&mut self) -> Result<Entry<B>, TrieError> {
        loop {
            let heads = self.layers.iter().filter_map(|layer| layer.entries.get(layer.at));
            let lowest_written = heads.map(|(key, _)| *key).min();
            let lowest_base = self.head.as_ref().map(|(key, _)| *key);
            let lowest = match (lowest_written, lowest_base) {
                (None, None) => return Ok(None),
                (Some(written), Some(base)) => written.min(base),
                (Some(key), None) | (None, Some(key)) => key,
            };
            let below = if lowest_base == Some(lowest) {
                let below = self.head.take();
                if let Some(base) = &mut self.base {
                    self.head = base.next()?;
                }
                below
            } else {
                None
            };
            let mut newest = None;
            for layer in &mut self.layers {
                if let Some((key, written)) = layer.entries.get(layer.at)
                    && *key == lowest
                {
                    newest = newest.or(Some(written));
                    layer.at += 1;
                }
            }
            let found = match newest {
                Some(written) => B::visible(written).map(|value| (lowest, value)),
                None => below,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
    }
}
