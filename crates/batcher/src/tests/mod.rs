//! Action tests: the production structs over a pretended L1 and L2, without sockets or sleep.

mod batcher;
mod http;
pub(crate) mod l1;
pub(crate) mod l2;
mod transactions;
