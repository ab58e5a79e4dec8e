//! What the tests share: a pretended L1 and L2, and transactions.

mod blocks;
mod chain;
mod pipeline;
pub(crate) mod transactions;
mod transitions;

// By the name that `blocks`, which the oracle's tests include, has for this crate.
use crate as derivation;
