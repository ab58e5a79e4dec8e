#![doc = include_str!("../README.md")]

mod attributes;
mod base_fee;
mod builder;
mod config;
mod db;
mod error;
mod execute;
mod factory;
mod irregular;
mod overlay;
mod payload;
mod recover;
mod speculate;
mod types;
mod validate;

pub use alloy_evm::block::{
    OnStateHook, StateChangePostBlockSource, StateChangePreBlockSource, StateChangeSource,
};
pub use assay_precompiles::{CachePart, VerdictCache};
pub use attributes::NextBlockAttributes;
pub use base_fee::{FeeParameters, next_base_fee};
pub use builder::{BlockBuilder, BuildError, DaLimits, Roots};
pub use config::{AssayEvmConfig, KARST_TX_GAS_CAP};
pub use db::StateError;
pub use error::{
    AttributesError, BlockError, BoxError, ConfigError, ExtraDataError, InvalidBlock, InvalidTx,
    Limit, PayloadError, TxError,
};
pub use execute::{BlockOutput, ParentState, da_size};
pub use factory::{AssayEvmFactory, KARST_PAIRING_MAX_INPUT};
pub use irregular::{CREATE2_DEPLOYER, PRECOMPILE_CODE};
pub use payload::{decode_payload, decode_transactions};
pub use recover::{KnownSenders, recover_block, recover_senders};
pub use types::{Block, Receipt, RecoveredBlock, SealedBlock, SealedHeader, Transaction};
pub use validate::{
    logs_bloom, receipts_root, validate_body, validate_header, validate_post_execution,
    validate_roots,
};
