//! The predeploys, from a preset's genesis, over the real EVM: every path, every refusal, and
//! invariants under random sequences.
#![allow(unused_crate_dependencies, reason = "an integration test")]

mod collateral;
mod harness;
mod interfaces;
