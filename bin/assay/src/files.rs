//! Reading the files that arguments name.

use crate::runtime::CommandResult;
use alloy_primitives::Bytes;
use assay_chainspec::{ChainSpec, L1ChainConfig, RollupConfig};
use assay_derivation::UpgradeBundle;
use std::{
    fmt::Display,
    fs,
    path::{Path, PathBuf},
};

fn read(path: &Path) -> CommandResult<String> {
    fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()).into())
}

pub(crate) fn write(path: &Path, text: &str) -> CommandResult {
    fs::write(path, text)
        .map_err(|error| format!("cannot write {}: {error}", path.display()).into())
}

/// Reads a file and makes of its text what it should hold.
fn parse<T, E: Display>(path: &Path, from_text: impl Fn(&str) -> Result<T, E>) -> CommandResult<T> {
    from_text(&read(path)?).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// A trust anchor as arguments name it, `KIND=FILE`: its kind, and what the file holds.
pub(crate) fn read_anchor(argument: &str) -> CommandResult<(u8, Bytes)> {
    let (kind, path) = argument.split_once('=').ok_or("--trust takes KIND=FILE")?;
    let kind = kind.parse().map_err(|_| {
        format!("--trust {argument}: {kind:?} is no kind of evidence, which is a number up to 255")
    })?;
    let anchor = fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    Ok((kind, Bytes::from(anchor)))
}

pub(crate) fn chain_spec(path: &Path) -> CommandResult<ChainSpec> {
    parse(path, ChainSpec::from_json)
}

pub(crate) fn rollup_config(path: &Path) -> CommandResult<RollupConfig> {
    parse(path, RollupConfig::from_json)
}

/// L1's rules: from a file, else by chain id; a chain id that nobody knows is a development L1.
pub(crate) fn l1_chain_config(path: Option<&Path>, chain_id: u64) -> CommandResult<L1ChainConfig> {
    if let Some(path) = path {
        return parse(path, L1ChainConfig::from_json);
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
        Some(path) => parse(path, UpgradeBundle::from_json),
        None if beside.exists() => parse(&beside, UpgradeBundle::from_json),
        None => Ok(UpgradeBundle::default()),
    }
}

/// A folder that an argument names, which must be empty or not there yet.
pub(crate) fn empty(folder: &Path, why: &str) -> CommandResult<PathBuf> {
    if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("{} is not empty: {why}", folder.display()).into());
    }
    Ok(folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_file_and_what_is_wrong_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chain.json");
        fs::write(&path, "{\n").unwrap();
        let errors = [
            chain_spec(&path).map(drop),
            rollup_config(&path).map(drop),
            l1_chain_config(Some(&path), 1).map(drop),
            upgrade_bundle(Some(&path), &path).map(drop),
        ];
        for error in errors {
            let error = error.unwrap_err().to_string();
            assert!(error.starts_with(&path.display().to_string()), "{error}");
            assert!(error.contains("line 2"), "{error}");
        }
        let missing = chain_spec(&folder.path().join("none.json")).map(drop).unwrap_err();
        assert!(missing.to_string().contains("none.json: No such file"), "{missing}");
    }

    #[test]
    fn anchors_are_a_kind_and_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.der");
        fs::write(&path, [1, 2]).unwrap();
        let path = path.display();
        let (kind, anchor) = read_anchor(&format!("3={path}")).unwrap();
        assert_eq!((kind, anchor), (3, Bytes::from_static(&[1, 2])));
        for (argument, says) in [
            (format!("{path}"), "KIND=FILE"),
            (format!("intel={path}"), "\"intel\" is no kind"),
            (format!("256={path}"), "\"256\" is no kind"),
            (format!("1={path}.none"), "cannot read"),
        ] {
            let error = read_anchor(&argument).unwrap_err().to_string();
            assert!(error.contains(says), "{argument}: {error}");
        }
    }

    #[test]
    fn only_an_empty_folder_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(empty(folder.path(), "").unwrap(), folder.path());
        assert!(empty(&folder.path().join("new"), "").is_ok());
        fs::write(folder.path().join("genesis.json"), "").unwrap();
        let error = empty(folder.path(), "a chain is there").unwrap_err().to_string();
        assert!(error.ends_with(" is not empty: a chain is there"), "{error}");
    }
}
