#![doc = include_str!("../README.md")]

mod config;
mod error;
mod node;
mod secret;

pub use config::{AuthConfig, NodeConfig};
pub use error::NodeError;
pub use node::Node;

pub use assay_chain::ChainOptions;
pub use assay_engine::{BuilderConfig, EngineConfig};
pub use assay_pool::PoolConfig;
pub use assay_storage::StoreOptions;
