#![doc = include_str!("../README.md")]

mod changes;
mod codec;
mod commit;
mod cursor;
mod error;
mod executed;
mod genesis;
mod index;
mod meta;
mod reader;
mod runs;
mod snapshot;
mod store;
mod tables;
mod verify;

pub use error::StorageError;
pub use executed::ExecutedBlock;
pub use index::{LogPosition, LogSubject, block_subjects};
pub use snapshot::{HistoricalSnapshot, Labels, Snapshot};
pub use store::{Store, StoreOptions};
