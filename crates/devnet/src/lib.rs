#![doc = include_str!("../README.md")]

mod error;
pub mod l1;

pub use error::{L1Error, Refusal};
