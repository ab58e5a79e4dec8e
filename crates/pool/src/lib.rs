#![doc = include_str!("../README.md")]

mod best;
mod config;
mod error;
mod inner;
mod maintain;
mod pool;
mod queue;
mod speculate;
mod transaction;
mod validate;

pub use best::BestTransactions;
pub use config::PoolConfig;
pub use error::{InvalidTransaction, PoolError};
pub use inner::PoolStatus;
pub use pool::{Pool, PoolContent};
pub use transaction::{Origin, Pooled};
