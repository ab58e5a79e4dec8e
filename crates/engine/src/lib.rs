#![doc = include_str!("../README.md")]

mod bodies;
mod build;
mod config;
mod engine;
mod error;
mod forkchoice;
mod import;
mod new_payload;
mod tree;
mod worker;

pub use build::BuiltPayload;
pub use config::{BuilderConfig, EngineConfig};
pub use engine::Engine;
pub use error::EngineError;
