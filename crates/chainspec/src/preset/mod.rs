//! Presets: genesis and rollup configurations built from a few parameters.
//!
//! A [`Preset`] is a file in `/genesis/presets`; a [`PresetBuilder`] starts from one, takes what a
//! deployer wants otherwise, and builds genesis.json and rollup.json, and the accounts that a
//! development L1 needs. Contract code comes from `/genesis/artifacts`.

mod artifacts;
mod builder;
mod config;
mod dev;
mod file;
mod l1;
mod predeploys;

pub use builder::PresetBuilder;
pub use dev::{DEV_ACCOUNTS, DEV_BATCHER, DEV_MNEMONIC, DEV_OWNER, DEV_SEQUENCER, DevAccount};
pub use file::{genesis_json, rollup_json};
pub use l1::L1Contracts;

use crate::{ChainSpec, ChainSpecError, RollupConfig};
use std::str::FromStr;

/// A configuration to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// A development chain with every fork through Karst and Agate at genesis.
    Dev,
    /// A development chain that ends at Isthmus and is a plain OP chain: for rollup nodes that know
    /// no later fork.
    DevIsthmus,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 2] = [Self::Dev, Self::DevIsthmus];

    /// What the command line and `/genesis` call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::DevIsthmus => "dev-isthmus",
        }
    }

    const fn source(self) -> &'static str {
        match self {
            Self::Dev => include_str!("../../../../genesis/presets/dev.json"),
            Self::DevIsthmus => include_str!("../../../../genesis/presets/dev-isthmus.json"),
        }
    }

    /// A builder with this preset's parameters.
    pub fn builder(self) -> PresetBuilder {
        // The file is part of the program, and a test reads each.
        PresetBuilder::from_json(self.source()).expect("embedded preset is valid")
    }
}

impl FromStr for Preset {
    type Err = ChainSpecError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|preset| preset.name() == name).ok_or_else(|| {
            ChainSpecError::Value {
                what: "the preset",
                key: "name".into(),
                value: name.into(),
                reason: "must be `dev` or `dev-isthmus`",
            }
        })
    }
}

/// What a [`PresetBuilder`] builds.
#[derive(Debug, Clone)]
pub struct PresetChain {
    /// The genesis, parsed and checked, with its hash.
    pub spec: ChainSpec,
    /// The rollup configuration. Without [`PresetBuilder::l1_genesis`] its L1 origin is zero: a
    /// template.
    pub rollup: RollupConfig,
}

#[cfg(test)]
mod tests;
