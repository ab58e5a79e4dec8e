//! A crate may depend only on the crates above it in ARCHITECTURE.md's list.

use std::{collections::BTreeSet, fs, path::Path};

/// The crates, in order.
const ORDER: [&str; 19] = [
    "chainspec",
    "attestation",
    "attribution",
    "precompiles",
    "evm",
    "trie",
    "storage",
    "chain",
    "pool",
    "engine",
    "rpc",
    "derivation",
    "client",
    "rollup",
    "batcher",
    "keeper",
    "node",
    "devnet",
    // The binary, in `bin/`.
    "assay",
];

/// Crates that know nothing of the node around them, whatever stands above them in the list.
const PURE: [(&str, &[&str]); 6] = [
    ("attestation", &[]),
    ("attribution", &[]),
    ("trie", &[]),
    ("derivation", &["chainspec"]),
    ("batcher", &["chainspec", "derivation", "client"]),
    ("client", &[]),
];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn manifest(path: &Path) -> toml::Table {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The workspace's crates among a crate's dependencies (not those of its tests).
fn own_dependencies(name: &str) -> BTreeSet<String> {
    let folder = if name == "assay" { "bin" } else { "crates" };
    let manifest = manifest(&root().join(folder).join(name).join("Cargo.toml"));
    ["dependencies", "build-dependencies"]
        .into_iter()
        .filter_map(|section| manifest.get(section)?.as_table())
        .flat_map(|table| table.keys())
        .filter_map(|key| key.strip_prefix("assay-"))
        .map(str::to_owned)
        .collect()
}

fn rank(name: &str) -> usize {
    ORDER
        .iter()
        .position(|other| *other == name)
        .unwrap_or_else(|| panic!("{name} is not in ORDER"))
}

#[test]
fn dependencies_point_one_way() {
    for name in ORDER {
        for dependency in own_dependencies(name) {
            assert!(
                rank(&dependency) < rank(name),
                "{name} depends on {dependency}, which is below it in ARCHITECTURE.md's list"
            );
        }
    }
}

#[test]
fn pure_crates_stay_pure() {
    for (name, allowed) in PURE {
        for dependency in own_dependencies(name) {
            assert!(allowed.contains(&dependency.as_str()), "{name} depends on {dependency}");
        }
    }
}

/// What the portable verifiers are made of: the workspace's versions, and nothing in C.
#[test]
fn the_portable_verifiers_are_the_workspaces_without_c() {
    let packages = |path: &str| -> BTreeSet<(String, String)> {
        let lock = manifest(&root().join(path));
        let packages = lock["package"].as_array().expect("packages");
        let field = |package: &toml::Value, name| package[name].as_str().map(str::to_owned);
        packages
            .iter()
            .filter_map(|one| Some((field(one, "name")?, field(one, "version")?)))
            .collect()
    };
    let portable = packages("crates/attestation/portable/Cargo.lock");
    let workspace = packages("Cargo.lock");
    for (name, version) in &portable {
        assert!(
            name == "assay-attestation-portable"
                || workspace.contains(&(name.clone(), version.clone())),
            "{name} {version} is not the workspace's"
        );
        // The convention of crates that bind a library in C.
        let native =
            name.ends_with("-sys") || ["blst", "keccak-asm", "ring"].contains(&name.as_str());
        assert!(!native, "{name} is not pure Rust");
    }
}

#[test]
fn every_crate_is_in_the_list_and_named_after_its_directory() {
    let folders = fs::read_dir(root().join("crates")).expect("crates/");
    for folder in folders {
        let folder = folder.expect("an entry of crates/").path();
        let name = folder.file_name().and_then(|name| name.to_str()).expect("a UTF-8 name");
        rank(name);
        let manifest = manifest(&folder.join("Cargo.toml"));
        assert_eq!(
            manifest["package"]["name"].as_str(),
            Some(format!("assay-{name}").as_str()),
            "directory and package names differ"
        );
        assert!(folder.join("README.md").exists(), "{name} has no README.md");
    }
}

#[test]
fn every_dependency_is_named_once_in_the_workspace() {
    for name in ORDER {
        let folder = if name == "assay" { "bin" } else { "crates" };
        let manifest = manifest(&root().join(folder).join(name).join("Cargo.toml"));
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(table) = manifest.get(section).and_then(toml::Value::as_table) else {
                continue;
            };
            for (dependency, value) in table {
                let inherited = value.get("workspace").and_then(toml::Value::as_bool);
                assert_eq!(inherited, Some(true), "{name}: {dependency} is not from the workspace");
            }
        }
    }
}
