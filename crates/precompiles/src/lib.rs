#![doc = include_str!("../README.md")]

mod abi;
mod attestation;
mod attribution;
mod cache;
pub mod contracts;
pub mod gas;
mod outcome;
mod registry;
mod signatures;

pub use assay_attestation::{Anchors, Backend};
pub use attestation::{Answer, Verdict};
pub use attribution::span_weights_call;
pub use cache::{CachePart, CacheStats, VerdictCache};
pub use outcome::Outcome;
pub use registry::{PrecompileError, Precompiles, install};
