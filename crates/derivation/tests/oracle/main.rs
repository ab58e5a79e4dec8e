//! kona 0.4.5 as an oracle: another implementation of the same protocol, up to Isthmus, must read
//! the same frames and batches, judge batches alike, and derive the same blocks, from honest and
//! from mutated input.

mod batches;
#[path = "../../src/tests/blocks.rs"]
mod blocks;
mod chain;
mod convert;
mod frames;
mod pipeline;
mod upgrades;
mod validity;

// By the name that `blocks`, which the unit tests have too, has for this crate.
use assay_derivation as derivation;
