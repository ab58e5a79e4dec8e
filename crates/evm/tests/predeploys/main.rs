//! The predeploys, from a preset's genesis, over the real EVM: every path, every refusal, and
//! invariants under random sequences.
#![allow(unused_crate_dependencies, unreachable_pub, reason = "an integration test")]

mod collateral;
mod datanets;
mod gas;
mod harness;
mod hostile;
mod inference;
mod inference_batch;
mod inference_money;
mod inference_session;
mod lab;
mod model_owner;
mod money;
mod proxies;
mod receipt_proof;
mod replay;
mod session_ends;
mod session_keys;
mod session_policies;
mod sessions;
mod story;
mod tokens;
mod verifiers;
mod world;
