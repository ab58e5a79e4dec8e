//! The channel stage from Holocene on: one channel at a time, its frames in order.
//!
//! Spec: [Holocene channel bank](https://specs.optimism.io/protocol/holocene/derivation.html#channel-bank).

use super::{
    L1Stage, Pull,
    channel::{Channel, max_channel_bytes},
    frames::FrameQueue,
    pull,
};
use assay_chainspec::{OpHardforks, RollupConfig};

#[derive(Debug, Default)]
pub(crate) struct ChannelAssembler {
    staging: Option<Channel>,
}

impl ChannelAssembler {
    pub(crate) fn next(
        &mut self,
        config: &RollupConfig,
        frames: &mut FrameQueue,
        l1: &mut L1Stage,
    ) -> Pull<Vec<u8>> {
        let origin = l1.origin().info;
        let timeout = config.channel_timeout_at(origin.timestamp);
        let limit = max_channel_bytes(config.is_fjord_active_at_timestamp(origin.timestamp));
        if self.staging.as_ref().is_some_and(|channel| channel.is_timed_out(timeout, origin.number))
        {
            self.staging = None;
        }
        loop {
            let frame = pull!(frames.next(l1, true));
            if frame.number == 0 {
                self.staging = Some(Channel::new(frame.id, origin.number, true));
            }
            let Some(channel) = &mut self.staging else { continue };
            // The queue's order says nothing about frames that have left it: checked here again.
            if !channel.add(frame) {
                continue;
            }
            if channel.size() > limit {
                self.staging = None;
            } else if channel.is_ready() {
                let data = channel.data();
                self.staging = None;
                return Pull::Item(data);
            }
        }
    }
}
