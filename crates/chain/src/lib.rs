#![doc = include_str!("../README.md")]

mod block;
mod cache;
mod chain;
mod error;
mod index;
mod persist;
mod read;
mod tree;
mod update;
mod view;

pub use chain::{Chain, ChainOptions};
pub use error::ChainError;
pub use index::LogQuery;
pub use read::TransactionLocation;
pub use update::CanonicalUpdate;
pub use view::StateView;

pub use assay_storage::{ExecutedBlock, LogPosition, LogSubject, StorageError, block_subjects};
