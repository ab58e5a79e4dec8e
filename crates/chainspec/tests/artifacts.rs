//! That `genesis/artifacts` and `genesis/abi` were built from the sources beside them, without Node.js: by
//! the manifest that `genesis/contracts/build.mjs` writes. `node build.mjs --check` builds them again.
#![allow(unused_crate_dependencies, reason = "an integration test")]

use alloy_primitives::hex;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// SHA-256 of files: inputs by their path from `contracts`, outputs from the folder above.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    inputs: BTreeMap<String, String>,
    outputs: BTreeMap<String, String>,
}

fn genesis() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../genesis")
}

fn manifest() -> Manifest {
    let text = fs::read(genesis().join("artifacts/manifest.json")).expect("the manifest");
    serde_json::from_slice(&text).expect("JSON of this shape")
}

/// Those of these files that are not what the manifest says.
fn changed(folder: &Path, files: &BTreeMap<String, String>) -> Vec<String> {
    let differs = |(file, hash): (&String, &String)| {
        let content = fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        (hex::encode(Sha256::digest(&content)) != *hash).then(|| file.clone())
    };
    files.iter().filter_map(differs).collect()
}

/// Files under a folder with this ending, by their path from `root`.
fn files(root: &Path, folder: &str, ending: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(root.join(folder)).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("UTF-8");
        let path = format!("{folder}/{name}");
        if entry.file_type().expect("a type").is_dir() {
            found.extend(files(root, &path, ending));
        } else if name.ends_with(ending) {
            found.insert(path);
        }
    }
    found
}

#[test]
fn artifacts_are_built_from_these_sources() {
    let manifest = manifest();
    let inputs = changed(&genesis().join("contracts"), &manifest.inputs);
    assert!(inputs.is_empty(), "changed since the last `node build.mjs`: {inputs:?}");
    let outputs = changed(&genesis(), &manifest.outputs);
    assert!(outputs.is_empty(), "not what `node build.mjs` wrote: {outputs:?}");
}

#[test]
fn the_manifest_names_every_file() {
    let manifest = manifest();
    let named = |files: &BTreeMap<String, String>, ending: &str| -> BTreeSet<String> {
        files.keys().filter(|file| file.ends_with(ending)).cloned().collect()
    };
    let contracts = genesis().join("contracts");
    let mut sources = files(&contracts, "src", ".sol");
    sources.extend(files(&contracts, "test", ".sol"));
    assert_eq!(named(&manifest.inputs, ".sol"), sources);
    for file in ["build.mjs", "layouts.mjs", "package.json", "package-lock.json"] {
        assert!(manifest.inputs.contains_key(file), "{file}");
    }
    let mut built = files(&genesis(), "abi", "");
    built.extend(files(&genesis(), "artifacts", ""));
    built.remove("artifacts/manifest.json");
    built.insert("../crates/evm/tests/predeploys/contracts.json".into());
    assert_eq!(manifest.outputs.into_keys().collect::<BTreeSet<_>>(), built);
}
