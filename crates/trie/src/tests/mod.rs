//! Tests against a full recomputation, over random sequences of blocks.

mod blocks;
mod overlay;
mod proofs;
mod random;
mod state;
mod stateless;
