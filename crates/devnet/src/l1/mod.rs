//! A development L1 in the process.
//!
//! [`L1`] is a plain struct: tests submit transactions, make blocks and reorganise the chain
//! without a socket or a clock. [`L1Server`] serves one over HTTP, as anvil and a beacon node do.

mod blobs;
mod call;
mod chain;
mod config;
mod fees;
mod mine;
mod pool;
mod proof;
mod server;
mod state;

pub use blobs::BlockBlob;
pub use chain::{L1, L1Block};
pub use config::L1Config;
pub use mine::{Readd, Reorg};
pub use server::{L1Server, SharedL1};

#[cfg(test)]
mod tests;
