//! Blocks known to be invalid, so that their descendants are refused without being executed.

use alloy_primitives::{B256, map::B256Map};
use std::collections::VecDeque;

/// Why a block is invalid and where the valid chain below it ends.
#[derive(Debug, Clone)]
pub(crate) struct Invalid {
    /// The closest valid ancestor; `None` where it is not known.
    pub(crate) latest_valid: Option<B256>,
    /// The rule that was broken.
    pub(crate) reason: String,
}

/// A bounded set of invalid blocks; the oldest entry makes room for a new one.
#[derive(Debug)]
pub(crate) struct InvalidBlocks {
    capacity: usize,
    entries: B256Map<Invalid>,
    order: VecDeque<B256>,
}

impl InvalidBlocks {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), entries: B256Map::default(), order: VecDeque::new() }
    }

    pub(crate) fn get(&self, hash: &B256) -> Option<&Invalid> {
        self.entries.get(hash)
    }

    pub(crate) fn insert(&mut self, hash: B256, invalid: Invalid) {
        if self.entries.insert(hash, invalid).is_some() {
            return;
        }
        self.order.push_back(hash);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invalid(byte: u8) -> Invalid {
        Invalid { latest_valid: Some(B256::with_last_byte(byte)), reason: "test".into() }
    }

    #[test]
    fn oldest_entry_makes_room() {
        let mut blocks = InvalidBlocks::new(2);
        for byte in 1..=3 {
            blocks.insert(B256::with_last_byte(byte), invalid(byte));
        }
        assert!(blocks.get(&B256::with_last_byte(1)).is_none());
        assert!(blocks.get(&B256::with_last_byte(2)).is_some());
        assert!(blocks.get(&B256::with_last_byte(3)).is_some());
    }

    #[test]
    fn a_repeated_entry_takes_no_room() {
        let mut blocks = InvalidBlocks::new(2);
        for _ in 0..5 {
            blocks.insert(B256::with_last_byte(1), invalid(1));
        }
        blocks.insert(B256::with_last_byte(2), invalid(2));
        assert!(blocks.get(&B256::with_last_byte(1)).is_some());
    }
}
