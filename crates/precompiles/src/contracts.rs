//! The Solidity interfaces of precompiles and predeploys, from the file that dapps import: calls,
//! return values, events and errors for callers in Rust.

// The macro's output is documented by the Solidity it is made from.
#![allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]

alloy_sol_types::sol!("../../genesis/abi/Assay.sol");
