#![doc = include_str!("../README.md")]

mod error;
mod intel;
mod keeper;
mod service;
mod source;

pub use error::KeeperError;
pub use keeper::{Keeper, Round};
pub use source::{AmdProduct, IntelPlatform, PckAuthority, Source, Statement, Tee};
