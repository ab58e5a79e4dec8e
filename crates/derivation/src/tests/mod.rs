//! What the tests share: a pretended L1 and L2, and transactions.

mod chain;
mod pipeline;
pub(crate) mod transactions;
mod transitions;
