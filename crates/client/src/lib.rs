#![doc = include_str!("../README.md")]

mod account;
mod error;
mod rpc;

pub use account::{Account, Sent};
pub use error::{ClientError, with_causes};
pub use rpc::{Receipt, Rpc};
