//! A channel while its frames come in.
//!
//! Spec: [channel bank](https://specs.optimism.io/protocol/derivation.html#channel-bank).

use crate::{ChannelId, Frame};
use alloy_primitives::Bytes;
use std::collections::BTreeMap;

/// Most bytes of a channel, compressed or not.
pub(crate) const fn max_channel_bytes(fjord: bool) -> usize {
    if fjord { 100_000_000 } else { 10_000_000 }
}

/// Most bytes of all channels in the bank.
pub(crate) const fn max_bank_bytes(fjord: bool) -> usize {
    if fjord { 1_000_000_000 } else { 100_000_000 }
}

#[derive(Debug)]
pub(crate) struct Channel {
    id: ChannelId,
    /// L1 block of the first frame seen.
    open_block: u64,
    in_order: bool,
    frames: BTreeMap<u16, Bytes>,
    /// Number of the last frame, once seen.
    end: Option<u16>,
    size: usize,
}

impl Channel {
    /// `in_order`: whether frames must come in order (from Holocene on).
    pub(crate) const fn new(id: ChannelId, open_block: u64, in_order: bool) -> Self {
        Self { id, open_block, in_order, frames: BTreeMap::new(), end: None, size: 0 }
    }

    pub(crate) const fn is_timed_out(&self, timeout: u64, l1_block: u64) -> bool {
        self.open_block.saturating_add(timeout) < l1_block
    }

    /// Adds a frame; false where it does not fit and is dropped.
    pub(crate) fn add(&mut self, frame: Frame) -> bool {
        let closed_before = self.end.is_some_and(|end| frame.is_last || frame.number >= end);
        if frame.id != self.id
            || closed_before
            || self.frames.contains_key(&frame.number)
            || (self.in_order && usize::from(frame.number) != self.frames.len())
        {
            return false;
        }
        if frame.is_last {
            self.end = Some(frame.number);
            // What lies behind the end was never part of the channel.
            for data in self.frames.split_off(&frame.number).into_values() {
                self.size -= accounted(&data);
            }
        }
        self.size += frame.accounted_size();
        self.frames.insert(frame.number, frame.data);
        true
    }

    /// Bytes, overheads included.
    pub(crate) const fn size(&self) -> usize {
        self.size
    }

    pub(crate) fn is_ready(&self) -> bool {
        // Frames behind the end are never held, so the count tells.
        self.end.is_some_and(|end| self.frames.len() == usize::from(end) + 1)
    }

    /// All frames' data, one after the other.
    pub(crate) fn data(&self) -> Vec<u8> {
        let length = self.frames.values().map(|data| data.len()).sum();
        let mut out = Vec::with_capacity(length);
        for data in self.frames.values() {
            out.extend_from_slice(data);
        }
        out
    }
}

fn accounted(data: &Bytes) -> usize {
    data.len() + crate::frame::FRAME_ACCOUNTED_OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::Channel;
    use crate::{ChannelId, Frame};

    fn frame(number: u16, is_last: bool, data: &'static [u8]) -> Frame {
        Frame { id: ChannelId::ZERO, number, is_last, data: data.into() }
    }

    #[test]
    fn frames_in_any_order() {
        let mut channel = Channel::new(ChannelId::ZERO, 10, false);
        assert!(channel.add(frame(2, true, b"c")));
        assert!(channel.add(frame(0, false, b"a")));
        assert!(!channel.is_ready());
        assert!(!channel.add(frame(0, false, b"x")), "twice");
        assert!(!channel.add(frame(3, false, b"x")), "behind the end");
        assert!(!channel.add(frame(1, true, b"x")), "a second end");
        assert!(channel.add(frame(1, false, b"b")));
        assert!(channel.is_ready());
        assert_eq!(channel.data(), b"abc");
        assert_eq!(channel.size(), 603);
    }

    #[test]
    fn an_end_prunes_what_lies_behind() {
        let mut channel = Channel::new(ChannelId::ZERO, 10, false);
        assert!(channel.add(frame(0, false, b"seven__")));
        assert!(channel.add(frame(5, false, b"x")));
        assert!(channel.add(frame(1, true, b"four")));
        assert!(channel.is_ready());
        assert_eq!(channel.data(), b"seven__four");
        assert_eq!(channel.size(), 411);
    }

    #[test]
    fn strict_channels_take_the_next_only() {
        let mut channel = Channel::new(ChannelId::ZERO, 10, true);
        assert!(!channel.add(frame(1, false, b"b")));
        assert!(channel.add(frame(0, false, b"a")));
        assert!(!channel.add(frame(2, false, b"c")));
        assert!(channel.add(frame(1, true, b"b")));
        assert!(channel.is_ready());
    }

    #[test]
    fn times_out_behind_its_last_block() {
        let channel = Channel::new(ChannelId::ZERO, 10, true);
        assert!(!channel.is_timed_out(50, 60));
        assert!(channel.is_timed_out(50, 61));
    }
}
