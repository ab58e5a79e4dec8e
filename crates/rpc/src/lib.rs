#![doc = include_str!("../README.md")]

mod admin;
mod assay;
pub mod auth;
mod config;
mod context;
mod debug;
pub mod engine;
mod error;
mod eth;
mod evm;
mod guard;
pub mod miner;
mod namespace;
mod net;
mod replay;
mod router;
mod server;
mod trace;
mod txpool;
mod web3;

pub use config::RpcConfig;
pub use context::RpcContext;
pub use error::{RpcError, TransactionError};
pub use namespace::{Namespace, Namespaces, UnknownNamespace};
pub use router::router;
pub use server::{
    HexIds, Origins, RpcServer, ServerConfig, ServerError, UnusableOrigin, start_http,
    start_http_and_ws, start_ws,
};
