//! Fork upgrades: the deposits with which derivation changes the chain's contracts.
//!
//! A chain that activates Ecotone, Fjord, Isthmus, Jovian, Karst or Interop after genesis needs
//! that fork's deposits, which carry contract code. They are read from a bundle file beside
//! rollup.json: a JSON object with one entry per fork (`ecotone`, `fjord`, `isthmus`, `jovian`,
//! `karst`, `interop`), each in the format of OP's network upgrade transaction bundles:
//!
//! ```json
//! { "karst": { "metadata": { "version": "1.0.0" }, "transactions": [
//!     { "intent": "Deploy L1Block", "from": "0x…", "to": "0x…", "data": "0x…", "gasLimit": 1000000 }
//! ] } }
//! ```
//!
//! `to` is null (or left out) for a creation. The source hash of a deposit is made from its intent:
//! as it stands up to Jovian (`"Ecotone: L1 Block Deployment"`), and as `"Karst 0: <intent>"`, with
//! the transaction's index, from Karst on.
//!
//! Spec: [L2 upgrades](https://specs.optimism.io/protocol/l2-upgrades-1-execution.html).

use crate::DerivationError;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use assay_chainspec::{OP_FORKS, OpHardfork, OpHardforks, RollupConfig};
use op_alloy_consensus::{TxDeposit, UpgradeDepositSource};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The forks that come with deposits, in order, by their names in the bundle.
const UPGRADING_FORKS: [(OpHardfork, &str); 6] = [
    (OpHardfork::Ecotone, "ecotone"),
    (OpHardfork::Fjord, "fjord"),
    (OpHardfork::Isthmus, "isthmus"),
    (OpHardfork::Jovian, "jovian"),
    (OpHardfork::Karst, "karst"),
    (OpHardfork::Interop, "interop"),
];

/// Deposits per fork.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpgradeBundle {
    /// By index in [`UPGRADING_FORKS`].
    deposits: BTreeMap<usize, Vec<TxDeposit>>,
}

#[derive(Deserialize)]
struct ForkFile {
    transactions: Vec<TransactionFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TransactionFile {
    intent: String,
    from: Address,
    #[serde(default)]
    to: Option<Address>,
    data: Bytes,
    gas_limit: u64,
}

impl UpgradeBundle {
    /// Reads a bundle file.
    ///
    /// # Errors
    /// [`DerivationError::Malformed`] and [`DerivationError::Critical`], with the reason.
    pub fn from_json(json: &str) -> Result<Self, DerivationError> {
        let critical = |reason: String| DerivationError::Critical(reason);
        let forks: BTreeMap<String, ForkFile> = serde_json::from_str(json)
            .map_err(|error| critical(format!("the upgrade bundle is not readable: {error}")))?;
        let mut deposits = BTreeMap::new();
        for (name, file) in forks {
            let known = UPGRADING_FORKS.iter().position(|(_, known)| *known == name);
            let Some(fork) = known else {
                return Err(critical(format!("the upgrade bundle names an unknown fork, {name}")));
            };
            let transactions = file
                .transactions
                .into_iter()
                .enumerate()
                .map(|(index, transaction)| transaction.into_deposit(fork, index))
                .collect::<Result<Vec<_>, _>>()?;
            deposits.insert(fork, transactions);
        }
        Ok(Self { deposits })
    }

    /// Adds a fork's deposits as they are: for chains whose upgrades are made by a program.
    #[must_use]
    pub fn with(mut self, fork: OpHardfork, deposits: Vec<TxDeposit>) -> Self {
        if let Some(index) = index_of(fork) {
            self.deposits.insert(index, deposits);
        }
        self
    }

    /// Refuses a chain that activates a fork after genesis whose deposits are not here.
    ///
    /// # Errors
    /// [`DerivationError::Critical`] names the fork.
    pub fn check(&self, config: &RollupConfig) -> Result<(), DerivationError> {
        for (index, (fork, name)) in UPGRADING_FORKS.into_iter().enumerate() {
            let time = config.op_fork_activation(fork).as_timestamp();
            let after_genesis = time.is_some_and(|time| time > config.genesis.l2_time);
            if after_genesis && !self.deposits.contains_key(&index) {
                return Err(DerivationError::Critical(format!(
                    "{fork} activates after genesis, but there is no upgrade bundle with its \
                     deposits: put an upgrade bundle with the entry \"{name}\" beside rollup.json"
                )));
            }
        }
        Ok(())
    }

    /// The deposits of the L2 block at `timestamp`, if it activates forks.
    pub fn deposits_at<'a>(
        &'a self,
        config: &'a RollupConfig,
        timestamp: u64,
    ) -> impl Iterator<Item = &'a TxDeposit> {
        UPGRADING_FORKS
            .iter()
            .enumerate()
            .filter(move |(_, (fork, _))| config.is_activation_block(*fork, timestamp))
            .filter_map(|(index, _)| self.deposits.get(&index))
            .flatten()
    }

    /// Gas of all deposits of a fork.
    pub fn gas(&self, fork: OpHardfork) -> u64 {
        index_of(fork)
            .and_then(|index| self.deposits.get(&index))
            .into_iter()
            .flatten()
            .fold(0, |gas: u64, deposit| gas.saturating_add(deposit.gas_limit))
    }
}

fn index_of(fork: OpHardfork) -> Option<usize> {
    UPGRADING_FORKS.iter().position(|(known, _)| *known == fork)
}

/// Whether the L2 block at `timestamp` activates any fork: the sequencer then takes no transactions
/// from the pool.
pub fn is_activation_block(config: &RollupConfig, timestamp: u64) -> bool {
    OP_FORKS.into_iter().any(|fork| config.is_activation_block(fork, timestamp))
}

impl TransactionFile {
    fn into_deposit(self, fork: usize, index: usize) -> Result<TxDeposit, DerivationError> {
        if self.intent.is_empty() {
            return Err(DerivationError::Critical(format!(
                "transaction {index} of the upgrade bundle has no intent"
            )));
        }
        let intent = match UPGRADING_FORKS[fork].0 {
            OpHardfork::Karst => format!("Karst {index}: {}", self.intent),
            OpHardfork::Interop => format!("Interop {index}: {}", self.intent),
            _ => self.intent,
        };
        Ok(TxDeposit {
            source_hash: UpgradeDepositSource::new(intent).source_hash(),
            from: self.from,
            to: self.to.map_or(TxKind::Create, TxKind::Call),
            mint: 0,
            value: U256::ZERO,
            gas_limit: self.gas_limit,
            is_system_transaction: false,
            input: self.data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{UpgradeBundle, UpgradeDepositSource};
    use assay_chainspec::{OpHardfork, RollupConfig};

    const BUNDLE: &str = r#"{
        "jovian": { "transactions": [
            { "intent": "Jovian: L1Block Deployment",
              "from": "0x4210000000000000000000000000000000000006", "to": null,
              "data": "0x60", "gasLimit": 447315 } ] },
        "karst": { "metadata": { "version": "1.0.0" }, "transactions": [
            { "intent": "A", "from": "0x4210000000000000000000000000000000000006",
              "to": "0x4200000000000000000000000000000000000015", "data": "0x", "gasLimit": 5 },
            { "intent": "B", "from": "0x0000000000000000000000000000000000000000",
              "to": "0x4200000000000000000000000000000000000015", "data": "0x", "gasLimit": 7 } ] }
    }"#;

    fn config() -> RollupConfig {
        let mut config = RollupConfig { block_time: 2, ..RollupConfig::default() };
        config.genesis.l2_time = 100;
        config.ecotone_time = Some(100);
        config.jovian_time = Some(110);
        config.karst_time = Some(120);
        config
    }

    #[test]
    fn intents_name_the_source() {
        let bundle = UpgradeBundle::from_json(BUNDLE).unwrap();
        let source = |intent: &str| UpgradeDepositSource::new(intent.into()).source_hash();
        let config = config();
        let jovian: Vec<_> = bundle.deposits_at(&config, 110).collect();
        assert_eq!(jovian[0].source_hash, source("Jovian: L1Block Deployment"));
        assert_eq!(
            jovian[0].source_hash.to_string(),
            "0x98faf23b9795967bc0b1c543144739d50dba3ea40420e77ad6ca9848dbfb62e8",
            "as the specification has it"
        );
        let karst: Vec<_> = bundle.deposits_at(&config, 120).collect();
        assert_eq!(karst[1].source_hash, source("Karst 1: B"));
        assert_eq!(bundle.gas(OpHardfork::Karst), 12);
        assert_eq!(bundle.deposits_at(&config, 112).count(), 0);
    }

    #[test]
    fn a_fork_after_genesis_needs_its_deposits() {
        let bundle = UpgradeBundle::from_json(BUNDLE).unwrap();
        let mut config = config();
        assert_eq!(bundle.check(&config), Ok(()));
        let error = UpgradeBundle::default().check(&config).unwrap_err().to_string();
        assert!(error.contains("jovian"), "{error}");
        config.isthmus_time = Some(105);
        assert!(bundle.check(&config).is_err());
        assert!(UpgradeBundle::from_json(r#"{"london": {"transactions": []}}"#).is_err());
        assert!(UpgradeBundle::from_json("[]").is_err());
    }
}
