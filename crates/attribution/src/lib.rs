#![doc = include_str!("../README.md")]

mod apportion;
mod builder;
mod error;
mod log;

pub use apportion::apportion;
pub use builder::LogBuilder;
pub use error::{Malformed, MalformedCode};
pub use log::{
    Frontier, append, empty_root, head, leaf_hash, log_head, node_hash, root, verify_consistency,
    verify_inclusion,
};

/// Most leaf hashes, proof nodes, indices or weights in one call.
pub const MAX_ITEMS: usize = 65_536;
