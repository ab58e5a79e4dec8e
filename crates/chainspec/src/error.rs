//! What can be wrong with a chain's configuration.

use alloy_primitives::{Address, B256};

/// An error in genesis.json, rollup.json or an L1 chain configuration. None of them passes by
/// waiting: the operator has to correct the file.
#[derive(Debug, thiserror::Error)]
pub enum ChainSpecError {
    /// The file is not the JSON that is expected.
    #[error("{what} is not valid: {source}")]
    Json {
        /// Which file.
        what: &'static str,
        /// What the parser found.
        source: serde_json::Error,
    },
    /// A key that the chain cannot run without is absent.
    #[error("{what} lacks `{key}`")]
    Missing {
        /// Which file.
        what: &'static str,
        /// The absent key.
        key: &'static str,
    },
    /// Forks are out of order: a later fork is active before an earlier one.
    #[error(
        "{later} is set to activate at {later_time}, before {earlier} ({earlier_time}); forks activate in order"
    )]
    ForkOrder {
        /// The fork that must come first.
        earlier: &'static str,
        /// When it activates, or "never".
        earlier_time: String,
        /// The fork that must not come before it.
        later: &'static str,
        /// When it is set to activate.
        later_time: u64,
    },
    /// A field's value is out of range.
    #[error("{what}: `{key}` is {value}: {reason}")]
    Value {
        /// Which file.
        what: &'static str,
        /// The key.
        key: String,
        /// The value found.
        value: String,
        /// What it must be.
        reason: &'static str,
    },
    /// The genesis state does not commit to the trust anchors that the config names.
    #[error(
        "slot {slot} of {address} must hold {expected} (the commitment to `config.assay`), but holds {found}; rebuild the genesis with `assay genesis`"
    )]
    RulesMismatch {
        /// The first precompile's address.
        address: Address,
        /// keccak256("assay.rules").
        slot: B256,
        /// The commitment to the config.
        expected: B256,
        /// What the genesis state holds.
        found: B256,
    },
    /// rollup.json and genesis.json describe different chains.
    #[error("rollup.json and genesis.json disagree about {what}: {rollup} and {genesis}")]
    Disagree {
        /// What they disagree about.
        what: &'static str,
        /// rollup.json's value.
        rollup: String,
        /// genesis.json's value.
        genesis: String,
    },
}
