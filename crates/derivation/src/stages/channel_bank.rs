//! The channel bank: many channels at once, before Holocene.
//!
//! Spec: [channel bank](https://specs.optimism.io/protocol/derivation.html#channel-bank).

use super::{
    L1Stage, Pull,
    channel::{Channel, max_bank_bytes},
    frames::FrameQueue,
    pull,
};
use crate::{ChannelId, Frame};
use assay_chainspec::{OpHardforks, RollupConfig};
use std::collections::{BTreeMap, VecDeque};

#[derive(Debug, Default)]
pub(crate) struct ChannelBank {
    channels: BTreeMap<ChannelId, Channel>,
    /// In the order in which they were opened.
    queue: VecDeque<ChannelId>,
}

impl ChannelBank {
    pub(crate) fn next(
        &mut self,
        config: &RollupConfig,
        frames: &mut FrameQueue,
        l1: &mut L1Stage,
    ) -> Pull<Vec<u8>> {
        match self.read(config, l1) {
            Pull::Exhausted => {}
            other => return other,
        }
        let frame = pull!(frames.next(l1, false));
        self.ingest(config, l1, frame);
        Pull::Again
    }

    /// The first channel that is complete; before Canyon only the oldest one counts.
    fn read(&mut self, config: &RollupConfig, l1: &L1Stage) -> Pull<Vec<u8>> {
        let origin = l1.origin().info;
        let timeout = config.channel_timeout_at(origin.timestamp);
        let Some(oldest) = self.queue.front().copied() else { return Pull::Exhausted };
        if self.is_timed_out(&oldest, timeout, origin.number) {
            self.queue.pop_front();
            self.channels.remove(&oldest);
            return Pull::Again;
        }
        let candidates = if config.is_canyon_active_at_timestamp(origin.timestamp) {
            self.queue.len()
        } else {
            1
        };
        for index in 0..candidates {
            let id = self.queue[index];
            let ready = self.channels.get(&id).is_some_and(Channel::is_ready);
            if ready && !self.is_timed_out(&id, timeout, origin.number) {
                self.queue.remove(index);
                if let Some(channel) = self.channels.remove(&id) {
                    return Pull::Item(channel.data());
                }
            }
        }
        Pull::Exhausted
    }

    fn is_timed_out(&self, id: &ChannelId, timeout: u64, l1_block: u64) -> bool {
        self.channels.get(id).is_none_or(|channel| channel.is_timed_out(timeout, l1_block))
    }

    fn ingest(&mut self, config: &RollupConfig, l1: &L1Stage, frame: Frame) {
        let origin = l1.origin().info;
        let id = frame.id;
        let channel = self.channels.entry(id).or_insert_with(|| {
            self.queue.push_back(id);
            Channel::new(id, origin.number, false)
        });
        if channel.is_timed_out(config.channel_timeout_at(origin.timestamp), origin.number)
            || !channel.add(frame)
        {
            return;
        }
        let limit = max_bank_bytes(config.is_fjord_active_at_timestamp(origin.timestamp));
        let mut total: usize = self.channels.values().map(Channel::size).sum();
        while total > limit {
            let Some(oldest) = self.queue.pop_front() else { return };
            total -= self.channels.remove(&oldest).map_or(0, |channel| channel.size());
        }
    }
}
