//! The two files, as written.

use crate::{ChainSpecError, RollupConfig};
use alloy_genesis::Genesis;

/// genesis.json with one line per account, in the order of addresses.
///
/// # Errors
/// None of a genesis that was built or read here.
pub fn genesis_json(genesis: &Genesis) -> Result<String, ChainSpecError> {
    let json = |source| ChainSpecError::Json { what: "genesis.json", source };
    let mut head = genesis.clone();
    let alloc = std::mem::take(&mut head.alloc);
    let head = serde_json::to_string_pretty(&head).map_err(json)?;
    let mut lines = Vec::with_capacity(alloc.len());
    for (address, account) in &alloc {
        let account = serde_json::to_string(account).map_err(json)?;
        lines.push(format!("    \"{address:#x}\": {account}"));
    }
    let accounts = format!("\"alloc\": {{\n{}\n  }}", lines.join(",\n"));
    Ok(head.replacen("\"alloc\": {}", &accounts, 1) + "\n")
}

/// rollup.json with op-node's keys only, and no key for a fork that is not set.
///
/// # Errors
/// None of a configuration that was built or read here.
pub fn rollup_json(rollup: &RollupConfig) -> Result<String, ChainSpecError> {
    let json = serde_json::to_string_pretty(rollup)
        .map_err(|source| ChainSpecError::Json { what: "rollup.json", source })?;
    Ok(json + "\n")
}
