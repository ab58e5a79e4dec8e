//! Reading the files that arguments name.

use crate::runtime::CommandResult;
use alloy_primitives::Bytes;
use assay_chainspec::{ChainSpec, L1ChainConfig, RollupConfig};
use assay_derivation::UpgradeBundle;
use std::{
    fs,
    path::{Path, PathBuf},
};

pub(crate) fn read(path: &Path) -> CommandResult<String> {
    fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()).into())
}

pub(crate) fn write(path: &Path, text: &str) -> CommandResult {
    fs::write(path, text)
        .map_err(|error| format!("cannot write {}: {error}", path.display()).into())
}

/// A trust anchor as arguments name it, `KIND=FILE`: its kind, and what the file holds.
pub(crate) fn read_anchor(argument: &str) -> CommandResult<(u8, Bytes)> {
    let (kind, path) = argument.split_once('=').ok_or("--trust takes KIND=FILE")?;
    let anchor = fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    Ok((kind.parse()?, Bytes::from(anchor)))
}

pub(crate) fn chain_spec(path: &Path) -> CommandResult<ChainSpec> {
    Ok(ChainSpec::from_json(&read(path)?)?)
}

pub(crate) fn rollup_config(path: &Path) -> CommandResult<RollupConfig> {
    Ok(RollupConfig::from_json(&read(path)?)?)
}

/// L1's rules: from a file, else by chain id; a chain id that nobody knows is a development L1.
pub(crate) fn l1_chain_config(path: Option<&Path>, chain_id: u64) -> CommandResult<L1ChainConfig> {
    if let Some(path) = path {
        return Ok(L1ChainConfig::from_json(&read(path)?)?);
    }
    Ok(L1ChainConfig::known(chain_id).unwrap_or_else(|| {
        tracing::info!(chain_id, "unknown L1: taking its blob schedule to be Prague's");
        L1ChainConfig::dev(chain_id, false)
    }))
}

/// The bundle of upgrade transactions: the file named, else `upgrades.json` beside rollup.json if it
/// is there.
pub(crate) fn upgrade_bundle(named: Option<&Path>, rollup: &Path) -> CommandResult<UpgradeBundle> {
    let beside: PathBuf = rollup.with_file_name("upgrades.json");
    match named {
        Some(path) => Ok(UpgradeBundle::from_json(&read(path)?)?),
        None if beside.exists() => Ok(UpgradeBundle::from_json(&read(&beside)?)?),
        None => Ok(UpgradeBundle::default()),
    }
}
