//! Assay's predeploys: contracts that every Assay chain has from genesis on.
//!
//! Sources in `genesis/contracts/src/predeploys`, interfaces in `genesis/abi`; docs/predeploys.md
//! says how they are used. Each address holds OP's proxy with admin zero.

use crate::PREDEPLOY_ADDRESSES;
use alloy_primitives::{Address, address};

/// `Collateral`: vendors' newest statements.
pub const COLLATERAL: Address = PREDEPLOY_ADDRESSES[0];
/// `Sessions`: keys inside attested code.
pub const SESSIONS: Address = PREDEPLOY_ADDRESSES[1];
/// `Inference`: requests with escrow, and receipts that settle them.
pub const INFERENCE: Address = PREDEPLOY_ADDRESSES[2];
/// `Datanets`: contribution logs and contributors' credits.
pub const DATANETS: Address = PREDEPLOY_ADDRESSES[3];
/// `Verifiers`: other proof systems behind one interface.
pub const VERIFIERS: Address = PREDEPLOY_ADDRESSES[4];

/// A predeploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssayPredeploy {
    /// The contract's name.
    pub name: &'static str,
    /// Where it is called: the proxy.
    pub address: Address,
    /// Where its code lies at genesis.
    pub implementation: Address,
}

/// The predeploys in the order of their addresses.
pub const PREDEPLOYS: [AssayPredeploy; 5] = [
    AssayPredeploy {
        name: "Collateral",
        address: COLLATERAL,
        implementation: address!("0xA55a000000000000000000000000000000002001"),
    },
    AssayPredeploy {
        name: "Sessions",
        address: SESSIONS,
        implementation: address!("0xA55a000000000000000000000000000000002002"),
    },
    AssayPredeploy {
        name: "Inference",
        address: INFERENCE,
        implementation: address!("0xA55a000000000000000000000000000000002003"),
    },
    AssayPredeploy {
        name: "Datanets",
        address: DATANETS,
        implementation: address!("0xA55a000000000000000000000000000000002004"),
    },
    AssayPredeploy {
        name: "Verifiers",
        address: VERIFIERS,
        implementation: address!("0xA55a000000000000000000000000000000002005"),
    },
];
