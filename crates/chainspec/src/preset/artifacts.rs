//! Contract code built by `genesis/contracts/build.mjs`, embedded.

use alloy_primitives::{Address, B256, Bytes};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::LazyLock};

/// One contract: its code and where its immutables go.
#[derive(Debug, Deserialize)]
pub(super) struct Artifact {
    /// Only of preinstalls.
    #[serde(default)]
    pub(super) address: Address,
    code: Bytes,
    /// Byte offsets of each immutable's 32 bytes.
    #[serde(default)]
    immutables: BTreeMap<String, Vec<usize>>,
}

type Artifacts = BTreeMap<String, Artifact>;

static CONTRACTS: LazyLock<Artifacts> =
    LazyLock::new(|| parse(include_str!("../../../../genesis/artifacts/contracts.json")));

static PREINSTALLS: LazyLock<Artifacts> =
    LazyLock::new(|| parse(include_str!("../../../../genesis/artifacts/preinstalls.json")));

/// The files are part of the program, and a test reads them: a fault in them is not an input's.
fn parse(json: &str) -> Artifacts {
    serde_json::from_str(json).expect("embedded artifacts are valid JSON")
}

/// OP's preinstalls by name.
pub(super) fn preinstalls() -> &'static BTreeMap<String, Artifact> {
    &PREINSTALLS
}

/// The code of a contract without immutables.
pub(super) fn code(name: &str) -> Bytes {
    code_with(name, &[])
}

/// The code of a contract with its immutables, all of which must be given.
pub(super) fn code_with(name: &str, immutables: &[(&str, B256)]) -> Bytes {
    CONTRACTS.get(name).unwrap_or_else(|| panic!("no artifact of {name}")).fill(immutables)
}

impl Artifact {
    /// The code with its immutables filled in.
    pub(super) fn fill(&self, values: &[(&str, B256)]) -> Bytes {
        assert_eq!(values.len(), self.immutables.len(), "every immutable once");
        let mut code = self.code.to_vec();
        for (name, value) in values {
            for offset in &self.immutables[*name] {
                code[*offset..offset + 32].copy_from_slice(value.as_slice());
            }
        }
        code.into()
    }
}
