#![doc = include_str!("../README.md")]

mod assay;
mod error;
mod genesis;
mod l1;
pub mod predeploys;
pub mod preset;
mod rollup;
mod spec;

pub use assay::{AssayConfig, AssayRules, PRECOMPILE_ADDRESSES, PREDEPLOY_ADDRESSES, RULES_SLOT};
pub use error::ChainSpecError;
pub use genesis::{genesis_header, genesis_state_root};
pub use l1::{BlobParams, BlobSchedule, L1ChainConfig};
pub use rollup::{
    BlockId, ChainGenesis, ChainOpConfig, Eip1559Config, OP_FORKS, RollupConfig, SystemConfig,
};
pub use spec::{ChainSpec, Genesis, OptimismConfig};

pub use alloy_hardforks::{EthereumHardfork, EthereumHardforks, ForkCondition};
pub use alloy_op_hardforks::{OpHardfork, OpHardforks};
