#![doc = include_str!("../README.md")]

mod apportion;
mod builder;
mod error;
mod influence;
mod knn;
mod limits;
mod log;
mod prover;
#[cfg(feature = "provider")]
pub mod provider;
mod rows;
mod spans;

pub use apportion::apportion;
pub use builder::LogBuilder;
pub use error::{Malformed, MalformedCode, Refusal, TooLarge};
pub use influence::influence;
pub use knn::{SHAPLEY_UNIT, knn_shapley};
pub use limits::{MAX_BYTES, MAX_DIMENSION, MAX_ITEMS, MAX_OUTPUT_BYTES};
pub use log::{
    Frontier, append, empty_root, head, leaf_hash, log_head, node_hash, root, verify_consistency,
    verify_inclusion,
};
pub use prover::{InclusionProver, ProvenLeaves};
pub use rows::{RowValues, Rows};
pub use spans::{Span, SpanClaim, SpanWeights, check_span_sizes, span_weights};
