#![doc = include_str!("../README.md")]

mod engine;
mod engine_http;
mod error;
mod l1;
mod l1_http;
mod rollup;
mod run;
mod server;
mod status;

pub use engine::{Engine, EngineError, L2Block, L2BlockId};
pub use engine_http::HttpEngine;
pub use error::RollupError;
pub use l1::{L1Error, L1Label, L1Source};
pub use l1_http::HttpL1;
pub use rollup::{Progress, Rollup, RollupConfigs, RollupOptions};
pub use run::{RollupHandle, run};
pub use server::router;
pub use status::{L1BlockRef, L2BlockRef, Output, SyncStatus};
