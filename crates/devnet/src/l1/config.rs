//! What a development L1 starts from.

use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, Header};
use alloy_eips::{
    eip1559::INITIAL_BASE_FEE,
    eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE},
    eip4788::{BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CODE},
    eip7002::{WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, WITHDRAWAL_REQUEST_PREDEPLOY_CODE},
    eip7251::{CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, CONSOLIDATION_REQUEST_PREDEPLOY_CODE},
    eip7685::EMPTY_REQUESTS_HASH,
};
use alloy_evm::eth::spec::EthExecutorSpec;
use alloy_genesis::GenesisAccount;
use alloy_primitives::{Address, B256, Bytes, U256, address};
use assay_chainspec::{
    BlobParams, EthereumHardfork, EthereumHardforks, ForkCondition,
    preset::{DEV_ACCOUNTS, DEV_BATCHER, DEV_OWNER, DEV_SEQUENCER, PresetBuilder},
};
use std::collections::BTreeMap;

/// Parameters of a development L1.
#[derive(Debug, Clone)]
pub struct L1Config {
    /// Chain id.
    pub chain_id: u64,
    /// The genesis block's timestamp, in unix seconds: the beacon chain's genesis time, too.
    pub genesis_time: u64,
    /// Seconds per slot.
    pub block_time: u64,
    /// Gas limit of each block.
    pub gas_limit: u64,
    /// Osaka's rules instead of Prague's, from genesis on.
    pub osaka: bool,
    /// How many blocks the safe block is behind the head.
    pub safe_lag: u64,
    /// How many blocks the finalized block is behind the head.
    pub finalized_lag: u64,
    /// Whether an account's blob transactions and others keep each other out, as in geth.
    pub exclusive_pools: bool,
    /// Who gets the tips.
    pub coinbase: Address,
    /// The genesis state.
    pub alloc: BTreeMap<Address, GenesisAccount>,
}

/// What each funded account has: a million ether.
const FUNDS: U256 = U256::from_limbs([0x1bce_cced_a100_0000, 0xd3c2, 0, 0]);
const GAS_LIMIT: u64 = 60_000_000;
const COINBASE: Address = address!("0xC014BA5E00000000000000000000000000000000");

impl L1Config {
    /// An L1 at Prague with the development accounts funded, and no contract but the protocol's.
    pub fn new(chain_id: u64, genesis_time: u64, block_time: u64) -> Self {
        let mut config = Self {
            chain_id,
            genesis_time,
            block_time,
            gas_limit: GAS_LIMIT,
            osaka: false,
            safe_lag: 4,
            finalized_lag: 8,
            exclusive_pools: true,
            coinbase: COINBASE,
            alloc: BTreeMap::new(),
        };
        for account in DEV_ACCOUNTS.into_iter().chain([DEV_BATCHER, DEV_SEQUENCER, DEV_OWNER]) {
            config = config.fund(account.address, FUNDS);
        }
        for (address, code) in [
            (BEACON_ROOTS_ADDRESS, &BEACON_ROOTS_CODE),
            (HISTORY_STORAGE_ADDRESS, &HISTORY_STORAGE_CODE),
            (WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, &WITHDRAWAL_REQUEST_PREDEPLOY_CODE),
            (CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, &CONSOLIDATION_REQUEST_PREDEPLOY_CODE),
        ] {
            let account = GenesisAccount {
                nonce: Some(1),
                code: Some(Bytes::clone(code)),
                ..Default::default()
            };
            config.alloc.insert(address, account);
        }
        config
    }

    /// Adds the contracts of a rollup.
    #[must_use]
    pub fn with_rollup(mut self, rollup: &PresetBuilder) -> Self {
        self.alloc.extend(rollup.l1_accounts());
        self
    }

    /// Funds an account.
    #[must_use]
    pub fn fund(mut self, address: Address, balance: U256) -> Self {
        self.alloc.insert(address, GenesisAccount { balance, ..Default::default() });
        self
    }

    /// Osaka's rules instead of Prague's.
    #[must_use]
    pub const fn osaka(mut self) -> Self {
        self.osaka = true;
        self
    }

    /// How many blocks the safe and the finalized block are behind the head.
    #[must_use]
    pub const fn lags(mut self, safe: u64, finalized: u64) -> Self {
        self.safe_lag = safe;
        self.finalized_lag = finalized;
        self
    }

    pub(crate) const fn spec(&self) -> L1Spec {
        L1Spec { osaka: self.osaka }
    }

    pub(crate) const fn blob_params(&self) -> BlobParams {
        if self.osaka { BlobParams::osaka() } else { BlobParams::prague() }
    }

    /// The genesis header.
    pub(crate) fn genesis_header(&self, state_root: B256) -> Header {
        Header {
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            state_root,
            transactions_root: EMPTY_ROOT_HASH,
            receipts_root: EMPTY_ROOT_HASH,
            gas_limit: self.gas_limit,
            timestamp: self.genesis_time,
            base_fee_per_gas: Some(INITIAL_BASE_FEE),
            withdrawals_root: Some(EMPTY_ROOT_HASH),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(B256::ZERO),
            requests_hash: Some(EMPTY_REQUESTS_HASH),
            ..Default::default()
        }
    }
}

/// The L1's forks: all through Prague, and Osaka if asked, from genesis on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct L1Spec {
    osaka: bool,
}

impl EthereumHardforks for L1Spec {
    fn ethereum_fork_activation(&self, fork: EthereumHardfork) -> ForkCondition {
        match fork {
            // The DAO fork moves balances in its block.
            EthereumHardfork::Dao => ForkCondition::Never,
            fork if fork <= EthereumHardfork::Paris => ForkCondition::ZERO_BLOCK,
            fork if fork <= EthereumHardfork::Prague => ForkCondition::ZERO_TIMESTAMP,
            EthereumHardfork::Osaka if self.osaka => ForkCondition::ZERO_TIMESTAMP,
            _ => ForkCondition::Never,
        }
    }
}

impl EthExecutorSpec for L1Spec {
    fn deposit_contract_address(&self) -> Option<Address> {
        None
    }
}
