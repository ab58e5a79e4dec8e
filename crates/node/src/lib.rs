#![doc = include_str!("../README.md")]

mod config;
mod error;
mod local_engine;
mod maintenance;
mod node;
mod rollup_node;
mod secret;

pub use config::{AuthConfig, NodeConfig, PublicRpcConfig};
pub use error::NodeError;
pub use local_engine::LocalEngine;
pub use maintenance::{rebuild_index, verify_database};
pub use node::Node;
pub use rollup_node::{RollupNode, RollupNodeConfig};

pub use assay_chain::ChainOptions;
pub use assay_engine::{BuilderConfig, EngineConfig};
pub use assay_pool::PoolConfig;
pub use assay_rpc::RpcConfig;
pub use assay_storage::StoreOptions;
