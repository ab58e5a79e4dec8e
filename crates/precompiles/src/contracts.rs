//! The Solidity interfaces of precompiles and predeploys, from the file that dapps import: selectors,
//! calls, return values, events and errors. Precompiles decode their calldata with `abi`
//! instead, which accepts the canonical encoding alone.

// The macro's output is documented by the Solidity it is made from.
#![allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]

alloy_sol_types::sol! {
    #![sol(extra_derives(Debug, PartialEq, Eq))]
    "../../genesis/abi/Assay.sol"
}
