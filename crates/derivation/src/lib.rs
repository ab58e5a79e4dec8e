#![doc = include_str!("../README.md")]

mod attributes;
mod batch;
mod blob;
mod block_info;
mod check;
mod compression;
mod deposits;
mod encode;
mod error;
mod frame;
mod l1_block;
mod l1_info;
mod pipeline;
mod reader;
mod rlp_items;
mod singular;
mod span;
mod stages;
mod system_config;
mod upgrades;

#[cfg(test)]
mod tests;

pub use attributes::{SEQUENCER_FEE_VAULT, prepare_attributes};
pub use batch::Batch;
pub use blob::{MAX_BLOB_DATA, decode_blob, encode_blob, encode_blob_into};
pub use block_info::{KnownL2Block, L1BlockInfo, L1Log, L1Origin, L2BlockInfo};
pub use check::{CheckContext, Validity, must_be_empty};
pub use compression::Compression;
pub use deposits::{TRANSACTION_DEPOSITED, decode_deposit, derive_deposits};
pub use encode::{AddBlock, BatchKind, ChannelOut, ChannelOutConfig, block_to_batch, read_channel};
pub use error::DerivationError;
pub use frame::{
    ChannelId, DERIVATION_VERSION, FRAME_OVERHEAD, Frame, MAX_FRAME_DATA, encode_frames,
};
pub use l1_block::{IndexedBlobHash, L1Block};
pub use l1_info::{L1InfoFormat, L1InfoTransaction};
pub use pipeline::{DerivedAttributes, Pipeline, Step};
pub use singular::SingularBatch;
pub use span::{MAX_SPAN_ELEMENTS, SpanBatch, SpanBatchBuilder, SpanBlock};
pub use system_config::{
    CONFIG_UPDATE, ConfigUpdateKind, system_config_from_l2_block, update_system_config,
};
pub use upgrades::{UpgradeBundle, is_activation_block};

pub use assay_chainspec::SystemConfig;
