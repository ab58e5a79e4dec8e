//! The `engine_` namespace: versions, wire types and error codes around [`assay_engine::Engine`].
//!
//! Spec: <https://specs.optimism.io/protocol/exec-engine.html#engine-api>, execution-apis `src/engine`.

mod capabilities;
mod convert;
mod endpoints;
mod error;
mod types;
mod versions;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use capabilities::CAPABILITIES;
pub use endpoints::engine_module;
