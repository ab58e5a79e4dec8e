//! The frame queue.
//!
//! Spec: [frame queue](https://specs.optimism.io/protocol/derivation.html#frame-queue),
//! [Holocene](https://specs.optimism.io/protocol/holocene/derivation.html#frame-queue).

use super::{L1Stage, Pull, pull};
use crate::Frame;
use std::collections::VecDeque;

/// Frames of the last batcher transaction that no channel has taken yet.
#[derive(Debug, Default)]
pub(crate) struct FrameQueue {
    frames: VecDeque<Frame>,
}

impl FrameQueue {
    pub(crate) fn next(&mut self, l1: &mut L1Stage, strict: bool) -> Pull<Frame> {
        if self.frames.is_empty() {
            let data = pull!(l1.next());
            // Data that are no frames are dropped as a whole.
            if let Ok(frames) = Frame::decode_all(&data) {
                self.frames = if strict { in_order(frames) } else { frames }.into();
            }
        }
        self.frames.pop_front().map_or(Pull::Again, Pull::Item)
    }

    pub(crate) fn clear(&mut self) {
        self.frames.clear();
    }
}

/// Drops frames that are out of order, and those of a channel that another one cuts off.
fn in_order(frames: Vec<Frame>) -> Vec<Frame> {
    let mut kept: Vec<Frame> = Vec::with_capacity(frames.len());
    for next in frames {
        // A first frame discards the unclosed channel before it.
        while next.number == 0
            && kept.last().is_some_and(|current| current.id != next.id && !current.is_last)
        {
            kept.pop();
        }
        let fits = match kept.last() {
            None => true,
            Some(current) if current.id == next.id => {
                !current.is_last && current.number.checked_add(1) == Some(next.number)
            }
            Some(_) => next.number == 0,
        };
        if fits {
            kept.push(next);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{Frame, in_order};
    use crate::ChannelId;

    fn frame(id: u8, number: u16, is_last: bool) -> Frame {
        Frame { id: ChannelId::repeat_byte(id), number, is_last, ..Frame::default() }
    }

    fn kept(frames: &[(u8, u16, bool)]) -> Vec<(u8, u16)> {
        let frames = frames.iter().map(|(id, number, last)| frame(*id, *number, *last)).collect();
        in_order(frames).iter().map(|frame| (frame.id[0], frame.number)).collect()
    }

    #[test]
    fn strict_order() {
        assert_eq!(kept(&[(1, 0, false), (1, 1, true)]), [(1, 0), (1, 1)]);
        assert_eq!(kept(&[(1, 0, false), (1, 2, true)]), [(1, 0)], "a gap");
        assert_eq!(kept(&[(1, 0, true), (1, 1, true)]), [(1, 0)], "behind the last");
        assert_eq!(kept(&[(1, 0, false), (1, 0, false)]), [(1, 0)], "twice");
        assert_eq!(kept(&[(1, 0, false), (2, 1, false)]), [(1, 0)], "a stranger's");
        assert_eq!(
            kept(&[(1, 0, true), (2, 0, false), (2, 1, false), (3, 0, true)]),
            [(1, 0), (3, 0)],
            "a first frame discards the unclosed channel"
        );
        assert_eq!(kept(&[(1, 5, false), (1, 6, false)]), [(1, 5), (1, 6)], "goes on");
        assert_eq!(kept(&[(1, 5, false), (2, 0, true)]), [(2, 0)]);
        assert_eq!(kept(&[(1, 5, true), (2, 0, true)]), [(1, 5), (2, 0)]);
    }
}
