//! The predeploys, from a preset's genesis, over the real EVM: every path, every refusal, and
//! invariants under random sequences.
#![allow(unused_crate_dependencies, reason = "an integration test")]

mod collateral;
mod datanets;
mod harness;
mod inference;
mod inference_batch;
mod interfaces;
mod money;
mod receipt_proof;
mod world;
