//! A genesis for benchmarks, of this crate and of `chain`.

use alloy_primitives::{Address, keccak256};
use assay_chainspec::ChainSpec;
use std::fmt::Write;

/// The account of this number.
pub(crate) fn address(index: u64) -> Address {
    Address::from_slice(&keccak256(index.to_be_bytes())[..20])
}

/// A chain on whose genesis `accounts` accounts have a balance.
pub(crate) fn spec(accounts: u64) -> ChainSpec {
    let mut alloc = String::new();
    for index in 0..accounts {
        let comma = if index == 0 { "" } else { "," };
        write!(alloc, r#"{comma}"{}":{{"balance":"0xde0b6b3a7640000"}}"#, address(index)).unwrap();
    }
    ChainSpec::from_json(&format!(
        r#"{{"config":{{"chainId":1,"bedrockBlock":0,"optimism":{{"eip1559Elasticity":6,
        "eip1559Denominator":50}}}},"nonce":"0x0","timestamp":"0x1","extraData":"0x",
        "gasLimit":"0x1c9c380","difficulty":"0x0","mixHash":"0x{}",
        "coinbase":"0x0000000000000000000000000000000000000000","alloc":{{{alloc}}}}}"#,
        "00".repeat(32)
    ))
    .unwrap()
}
