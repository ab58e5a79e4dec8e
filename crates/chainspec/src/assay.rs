//! Assay's own section of the genesis config, and the genesis state's commitment to it.

use crate::ChainSpecError;
use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The precompiles' addresses: `IAttestation`, `IAttribution`, `ISignatures`.
pub const PRECOMPILE_ADDRESSES: [Address; 3] = [
    address!("0xA55a000000000000000000000000000000000001"),
    address!("0xA55a000000000000000000000000000000000002"),
    address!("0xA55a000000000000000000000000000000000003"),
];

/// The predeploys of an Assay chain: `Collateral`, `Sessions`, `Inference`, `Datanets`,
/// `Verifiers`. Their Solidity is in `genesis/contracts`.
pub const PREDEPLOY_ADDRESSES: [Address; 5] = [
    address!("0xA55a000000000000000000000000000000001001"),
    address!("0xA55a000000000000000000000000000000001002"),
    address!("0xA55a000000000000000000000000000000001003"),
    address!("0xA55a000000000000000000000000000000001004"),
    address!("0xA55a000000000000000000000000000000001005"),
];

/// keccak256("assay.rules"): the slot of the first precompile's account that commits to
/// [`AssayRules`].
pub const RULES_SLOT: B256 =
    alloy_primitives::b256!("0x6c003dbed8d429abfe92062129262dc9a7b1ad0a1e48a41e96e202c01322f6ba");

/// `config.assay` in genesis.json. Absent: a plain OP chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssayConfig {
    /// Unix second at which the Agate fork activates the precompiles. Absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agate_time: Option<u64>,
    /// Trust anchors that this chain accepts besides the vendors' own: evidence kind (decimal) to
    /// DER-encoded root certificates (kinds 1–3) or raw keys, in hex. For development chains.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub trust: BTreeMap<u8, Vec<Bytes>>,
}

/// The part of the configuration that the genesis hash commits to: what the precompiles' verdicts
/// depend on besides calldata.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AssayRules {
    /// Extra trust anchors by evidence kind, in ascending order of kind; within a kind in the
    /// order of the genesis.
    pub trust: BTreeMap<u8, Vec<Bytes>>,
    /// Whether Agate is active at the genesis block's timestamp.
    pub agate_at_genesis: bool,
}

impl AssayRules {
    /// The commitment that [`RULES_SLOT`] holds:
    /// `keccak256("assay.rules.v1" ‖ agate (1 byte: 0 or 1) ‖ for each kind: kind (1 byte) ‖
    /// uint32 count ‖ for each anchor: keccak256(anchor))`, integers big-endian, kinds ascending,
    /// kinds without anchors left out.
    pub fn commitment(&self) -> B256 {
        let mut bytes = b"assay.rules.v1".to_vec();
        bytes.push(u8::from(self.agate_at_genesis));
        for (kind, anchors) in self.trust.iter().filter(|(_, anchors)| !anchors.is_empty()) {
            bytes.push(*kind);
            // A genesis file with 2^32 anchors does not exist: it would not fit in memory.
            bytes
                .extend_from_slice(&u32::try_from(anchors.len()).unwrap_or(u32::MAX).to_be_bytes());
            for anchor in anchors {
                bytes.extend_from_slice(keccak256(anchor).as_slice());
            }
        }
        keccak256(bytes)
    }
}

impl AssayConfig {
    /// The rules that the genesis state must commit to.
    pub fn rules(&self, genesis_time: u64) -> AssayRules {
        AssayRules {
            trust: self.trust.clone(),
            agate_at_genesis: self.agate_time.is_some_and(|time| time <= genesis_time),
        }
    }

    /// Checks that the genesis allocation commits to these rules.
    pub(crate) fn check_commitment(
        &self,
        genesis: &alloy_genesis::Genesis,
    ) -> Result<AssayRules, ChainSpecError> {
        let rules = self.rules(genesis.timestamp);
        let address = PRECOMPILE_ADDRESSES[0];
        let found = genesis
            .alloc
            .get(&address)
            .and_then(|account| account.storage.as_ref())
            .and_then(|storage| storage.get(&RULES_SLOT))
            .copied()
            .unwrap_or_default();
        let expected = rules.commitment();
        if found != expected {
            return Err(ChainSpecError::RulesMismatch {
                address,
                slot: RULES_SLOT,
                expected,
                found,
            });
        }
        Ok(rules)
    }

    /// The genesis accounts that this configuration asks for: the first precompile's commitment,
    /// and one byte of code (`0xfe`) for each precompile if Agate is active at genesis.
    pub fn genesis_accounts(
        &self,
        genesis_time: u64,
    ) -> Vec<(Address, alloy_genesis::GenesisAccount)> {
        let rules = self.rules(genesis_time);
        PRECOMPILE_ADDRESSES
            .into_iter()
            .enumerate()
            .filter(|(index, _)| *index == 0 || rules.agate_at_genesis)
            .map(|(index, address)| {
                let account = alloy_genesis::GenesisAccount {
                    balance: U256::ZERO,
                    code: rules.agate_at_genesis.then(|| Bytes::from_static(&[0xfe])),
                    // Nonce 1 keeps the commitment's account from being empty (EIP-161).
                    nonce: Some(1),
                    storage: (index == 0)
                        .then(|| BTreeMap::from([(RULES_SLOT, rules.commitment())])),
                    ..Default::default()
                };
                (address, account)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_slot_is_the_hash_of_its_name() {
        assert_eq!(RULES_SLOT, keccak256("assay.rules"));
    }

    #[test]
    fn commitment_depends_on_every_part() {
        let base = AssayConfig { agate_time: Some(0), trust: BTreeMap::new() };
        let anchor = |bytes: &[u8]| Bytes::copy_from_slice(bytes);
        let variants = [
            base.clone(),
            AssayConfig { agate_time: None, ..base.clone() },
            AssayConfig { trust: BTreeMap::from([(1, vec![anchor(b"a")])]), ..base.clone() },
            AssayConfig { trust: BTreeMap::from([(2, vec![anchor(b"a")])]), ..base.clone() },
            AssayConfig { trust: BTreeMap::from([(1, vec![anchor(b"b")])]), ..base.clone() },
            AssayConfig { trust: BTreeMap::from([(1, vec![anchor(b"a"), anchor(b"b")])]), ..base },
        ];
        let mut seen: Vec<_> = variants.iter().map(|config| config.rules(0).commitment()).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), variants.len());
        // An empty list of anchors trusts nothing more than an absent one.
        let empty = AssayConfig { trust: BTreeMap::from([(1, vec![])]), ..base };
        assert_eq!(empty.rules(0).commitment(), base.rules(0).commitment());
    }
}
