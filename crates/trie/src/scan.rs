//! Reading all entries under a path from a cursor.

use crate::TrieError;
use alloy_primitives::B256;
use alloy_trie::Nibbles;

/// Where a cursor stands after a range was read, so that the next range, which often follows,
/// needs no search.
pub(crate) struct Scan<V> {
    position: Option<Position<V>>,
}

struct Position<V> {
    /// Between this key and the cursor's there is nothing.
    after: B256,
    current: Option<(B256, V)>,
}

impl<V> Default for Scan<V> {
    fn default() -> Self {
        Self { position: None }
    }
}

impl<V> Scan<V> {
    /// The entries whose keys begin with `path`. `read` moves the cursor: to the first entry at or
    /// after a key, or to the next entry.
    pub(crate) fn range(
        &mut self,
        path: &Nibbles,
        mut read: impl FnMut(Option<B256>) -> Result<Option<(B256, V)>, TrieError>,
    ) -> Result<Vec<(B256, V)>, TrieError> {
        let start = first_key(path);
        let mut current = match self.position.take() {
            Some(Position { after, current })
                if after < start && current.as_ref().is_none_or(|(key, _)| *key >= start) =>
            {
                current
            }
            _ => read(Some(start))?,
        };
        let mut entries: Vec<(B256, V)> = Vec::new();
        let mut after = start;
        while let Some((key, _)) = &current
            && Nibbles::unpack(key).starts_with(path)
        {
            if *key < start || entries.last().is_some_and(|(last, _)| last >= key) {
                return Err(TrieError::Source("a cursor's keys do not ascend".to_owned()));
            }
            after = *key;
            let next = read(None)?;
            entries.extend(std::mem::replace(&mut current, next));
        }
        self.position = Some(Position { after, current });
        Ok(entries)
    }
}

/// The lowest key under `path`.
pub(crate) fn first_key(path: &Nibbles) -> B256 {
    let mut key = B256::ZERO;
    let packed = path.pack();
    key[..packed.len()].copy_from_slice(&packed);
    key
}
