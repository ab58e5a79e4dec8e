//! Rust types of every interface in `genesis/abi`.
#![allow(
    missing_docs,
    clippy::too_many_arguments,
    clippy::pub_underscore_fields,
    reason = "generated"
)]

alloy_sol_types::sol! {
    #![sol(extra_derives(Debug, PartialEq, Eq))]
    "../../genesis/abi/Assay.sol"
}
