//! The pipeline's stages. Each pulls from the one before it; none does I/O.

mod batches;
mod channel;
mod channel_assembler;
mod channel_bank;
mod channel_reader;
mod frames;
mod l1;

pub(crate) use batches::{BatchStage, Environment, NextBatch};
pub(crate) use channel::max_channel_bytes;
pub(crate) use channel_reader::ChannelReader;
pub(crate) use l1::L1Stage;

use crate::IndexedBlobHash;

/// What pulling from a stage gives.
#[derive(Debug)]
pub(crate) enum Pull<T> {
    /// The next item.
    Item(T),
    /// Nothing yet; pull again.
    Again,
    /// Nothing until the next L1 block.
    Exhausted,
    /// Nothing until the caller brings this.
    Need(Need),
}

/// What only the caller can bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Need {
    Blobs(Vec<IndexedBlobHash>),
    L2Block(u64),
}

/// Unwraps an item; hands anything else on.
macro_rules! pull {
    ($pulled:expr) => {
        match $pulled {
            $crate::stages::Pull::Item(item) => item,
            $crate::stages::Pull::Again => return $crate::stages::Pull::Again,
            $crate::stages::Pull::Exhausted => return $crate::stages::Pull::Exhausted,
            $crate::stages::Pull::Need(need) => return $crate::stages::Pull::Need(need),
        }
    };
}
pub(crate) use pull;
