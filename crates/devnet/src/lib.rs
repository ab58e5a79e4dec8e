#![doc = include_str!("../README.md")]

pub mod demo;
mod error;
pub mod l1;
pub mod network;

pub use error::{L1Error, Refusal};
