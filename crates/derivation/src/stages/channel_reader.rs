//! Batches out of channels.
//!
//! Spec: [channel reader](https://specs.optimism.io/protocol/derivation.html#channel-reader-batch-decoding).

use super::{
    L1Stage, Pull, channel::max_channel_bytes, channel_assembler::ChannelAssembler,
    channel_bank::ChannelBank, frames::FrameQueue, pull,
};
use crate::{Batch, compression::decompress_channel};
use alloy_rlp::Header;
use assay_chainspec::{OpHardforks, RollupConfig};

/// Everything from frames to batches.
#[derive(Debug)]
pub(crate) struct ChannelReader {
    frames: FrameQueue,
    channels: Channels,
    reading: Option<Reading>,
}

#[derive(Debug)]
enum Channels {
    Bank(ChannelBank),
    Strict(ChannelAssembler),
}

/// A decompressed channel and how far it was read.
#[derive(Debug)]
struct Reading {
    data: Vec<u8>,
    position: usize,
}

impl ChannelReader {
    pub(crate) fn new(strict: bool) -> Self {
        Self {
            frames: FrameQueue::default(),
            channels: if strict {
                Channels::Strict(ChannelAssembler::default())
            } else {
                Channels::Bank(ChannelBank::default())
            },
            reading: None,
        }
    }

    /// Holocene activates: what was collected under the older rules is forgotten.
    pub(crate) fn activate_holocene(&mut self) {
        self.frames.clear();
        self.channels = Channels::Strict(ChannelAssembler::default());
        self.reading = None;
    }

    /// Forgets the rest of the channel that is being read.
    pub(crate) fn flush(&mut self) {
        self.reading = None;
    }

    /// The next batch. What follows one that does not decode is dropped with it.
    pub(crate) fn next(&mut self, config: &RollupConfig, l1: &mut L1Stage) -> Pull<Batch> {
        let timestamp = l1.origin().info.timestamp;
        let fjord = config.is_fjord_active_at_timestamp(timestamp);
        let reading = match &mut self.reading {
            Some(reading) => reading,
            None => {
                let data = pull!(match &mut self.channels {
                    Channels::Bank(bank) => bank.next(config, &mut self.frames, l1),
                    Channels::Strict(channel) => channel.next(config, &mut self.frames, l1),
                });
                match decompress_channel(&data, fjord, max_channel_bytes(fjord)) {
                    Ok(data) => self.reading.insert(Reading { data, position: 0 }),
                    Err(_) => return Pull::Again,
                }
            }
        };
        let mut rest = reading.data.get(reading.position..).unwrap_or_default();
        let batch = Header::decode_bytes(&mut rest, false)
            .ok()
            .and_then(|data| Batch::decode(data, config).ok());
        let Some(batch) = batch else {
            self.reading = None;
            return Pull::Again;
        };
        reading.position = reading.data.len() - rest.len();
        if matches!(batch, Batch::Span(_)) && !config.is_delta_active(timestamp) {
            return Pull::Again;
        }
        Pull::Item(batch)
    }
}
