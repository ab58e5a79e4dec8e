//! The builder: parameters in, chain out.

use super::{DEV_ACCOUNTS, L1Contracts, PresetChain, config, l1, predeploys};
use crate::{AssayConfig, BlockId, ChainSpec, ChainSpecError, OpHardfork, SystemConfig};
use alloy_genesis::{Genesis, GenesisAccount};
use alloy_primitives::{Address, B64, B256, Bytes, U256};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What each development account gets: 10,000 ether.
pub(super) const DEV_BALANCE: U256 = U256::from_limbs([0x19e0c9bab2400000, 0x21e, 0, 0]);

/// Parameters of a chain; see [`Preset::builder`](super::Preset::builder).
#[derive(Debug, Clone)]
pub struct PresetBuilder {
    pub(super) chain_id: u64,
    pub(super) l1_chain_id: u64,
    pub(super) last_fork: OpHardfork,
    pub(super) assay: Option<AssayConfig>,
    pub(super) timestamp: u64,
    pub(super) gas_limit: u64,
    pub(super) block_time: u64,
    pub(super) base_fee_scalar: u32,
    pub(super) blob_base_fee_scalar: u32,
    pub(super) operator_fee_params: B256,
    pub(super) min_base_fee: u64,
    pub(super) da_footprint_gas_scalar: u16,
    pub(super) owner: Address,
    pub(super) batcher: Address,
    pub(super) unsafe_block_signer: Address,
    pub(super) fee_recipient: Address,
    pub(super) l1_contracts: L1Contracts,
    pub(super) l1_genesis: BlockId,
    pub(super) seq_window_size: u64,
    pub(super) accounts: BTreeMap<Address, GenesisAccount>,
}

/// A preset file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Source {
    chain_id: u64,
    l1_chain_id: u64,
    last_fork: String,
    agate_time: Option<u64>,
    timestamp: u64,
    gas_limit: u64,
    block_time: u64,
    base_fee_scalar: u32,
    blob_base_fee_scalar: u32,
    owner: Address,
    batcher: Address,
    unsafe_block_signer: Address,
    fee_recipient: Address,
}

impl PresetBuilder {
    pub(super) fn from_json(json: &str) -> Result<Self, ChainSpecError> {
        let source: Source = serde_json::from_str(json)
            .map_err(|source| ChainSpecError::Json { what: "the preset", source })?;
        let accounts = DEV_ACCOUNTS
            .iter()
            .map(|account| {
                let funded = GenesisAccount { balance: DEV_BALANCE, ..Default::default() };
                (account.address, funded)
            })
            .collect();
        Ok(Self {
            chain_id: source.chain_id,
            l1_chain_id: source.l1_chain_id,
            last_fork: parse_fork(&source.last_fork)?,
            assay: source
                .agate_time
                .map(|time| AssayConfig { agate_time: Some(time), trust: BTreeMap::new() }),
            timestamp: source.timestamp,
            gas_limit: source.gas_limit,
            block_time: source.block_time,
            base_fee_scalar: source.base_fee_scalar,
            blob_base_fee_scalar: source.blob_base_fee_scalar,
            operator_fee_params: B256::ZERO,
            min_base_fee: 0,
            da_footprint_gas_scalar: 0,
            owner: source.owner,
            batcher: source.batcher,
            unsafe_block_signer: source.unsafe_block_signer,
            fee_recipient: source.fee_recipient,
            l1_contracts: L1Contracts::DEV,
            l1_genesis: BlockId::default(),
            seq_window_size: 3600,
            accounts,
        })
    }

    /// L2's chain id.
    #[must_use]
    pub const fn chain_id(mut self, chain_id: u64) -> Self {
        self.chain_id = chain_id;
        self
    }

    /// L1's chain id.
    #[must_use]
    pub const fn l1_chain_id(mut self, chain_id: u64) -> Self {
        self.l1_chain_id = chain_id;
        self
    }

    /// The last OP fork, active at genesis with all before it; Ecotone to Karst.
    #[must_use]
    pub const fn last_fork(mut self, fork: OpHardfork) -> Self {
        self.last_fork = fork;
        self
    }

    /// Makes this an Assay chain, or with `None` a plain OP chain.
    #[must_use]
    pub fn assay(mut self, assay: Option<AssayConfig>) -> Self {
        self.assay = assay;
        self
    }

    /// Adds a trust anchor for a kind of evidence; see [`AssayConfig::trust`]. Makes this an Assay
    /// chain.
    #[must_use]
    pub fn trust(mut self, kind: u8, anchor: Bytes) -> Self {
        self.assay.get_or_insert_default().trust.entry(kind).or_default().push(anchor);
        self
    }

    /// The L1 block that derivation starts at.
    #[must_use]
    pub const fn l1_genesis(mut self, block: BlockId) -> Self {
        self.l1_genesis = block;
        self
    }

    /// The L2 genesis block's timestamp, in unix seconds.
    #[must_use]
    pub const fn timestamp(mut self, timestamp: u64) -> Self {
        self.timestamp = timestamp;
        self
    }

    /// Seconds between L2 blocks.
    #[must_use]
    pub const fn block_time(mut self, seconds: u64) -> Self {
        self.block_time = seconds;
        self
    }

    /// Gas limit of L2 blocks.
    #[must_use]
    pub const fn gas_limit(mut self, gas_limit: u64) -> Self {
        self.gas_limit = gas_limit;
        self
    }

    /// Ecotone's fee scalars.
    #[must_use]
    pub const fn fee_scalars(mut self, base_fee_scalar: u32, blob_base_fee_scalar: u32) -> Self {
        self.base_fee_scalar = base_fee_scalar;
        self.blob_base_fee_scalar = blob_base_fee_scalar;
        self
    }

    /// Isthmus' operator fee: scalar, and constant in wei.
    #[must_use]
    pub fn operator_fee(mut self, scalar: u32, constant: u64) -> Self {
        self.operator_fee_params[20..24].copy_from_slice(&scalar.to_be_bytes());
        self.operator_fee_params[24..].copy_from_slice(&constant.to_be_bytes());
        self
    }

    /// Jovian's least base fee, in wei.
    #[must_use]
    pub const fn min_base_fee(mut self, wei: u64) -> Self {
        self.min_base_fee = wei;
        self
    }

    /// Jovian's DA footprint gas scalar; 0 means 400.
    #[must_use]
    pub const fn da_footprint_gas_scalar(mut self, scalar: u16) -> Self {
        self.da_footprint_gas_scalar = scalar;
        self
    }

    /// The batcher.
    #[must_use]
    pub const fn batcher(mut self, batcher: Address) -> Self {
        self.batcher = batcher;
        self
    }

    /// Who signs unsafe blocks.
    #[must_use]
    pub const fn unsafe_block_signer(mut self, signer: Address) -> Self {
        self.unsafe_block_signer = signer;
        self
    }

    /// Who owns SystemConfig and the proxies, on L1 and on L2.
    #[must_use]
    pub const fn owner(mut self, owner: Address) -> Self {
        self.owner = owner;
        self
    }

    /// Whom the fee vaults pay.
    #[must_use]
    pub const fn fee_recipient(mut self, recipient: Address) -> Self {
        self.fee_recipient = recipient;
        self
    }

    /// The rollup's contracts on L1.
    #[must_use]
    pub const fn l1_contracts(mut self, contracts: L1Contracts) -> Self {
        self.l1_contracts = contracts;
        self
    }

    /// L1 blocks within which a batch must appear after its origin.
    #[must_use]
    pub const fn seq_window_size(mut self, blocks: u64) -> Self {
        self.seq_window_size = blocks;
        self
    }

    /// Funds an account on L2, beside those funded already.
    #[must_use]
    pub fn fund(self, address: Address, balance: U256) -> Self {
        self.account(address, GenesisAccount { balance, ..Default::default() })
    }

    /// Funds no account but those named after this call.
    #[must_use]
    pub fn without_dev_accounts(mut self) -> Self {
        self.accounts.clear();
        self
    }

    /// Puts an account of any kind into the L2 genesis state; it replaces what else would be there.
    #[must_use]
    pub fn account(mut self, address: Address, account: GenesisAccount) -> Self {
        self.accounts.insert(address, account);
        self
    }

    /// Where batches are sent: `0xff`, zeros, and the chain id's decimal digits.
    pub fn batch_inbox(&self) -> Address {
        let mut bytes = [0; 20];
        bytes[0] = 0xff;
        let mut rest = self.chain_id;
        // A u64 has at most 20 digits: ten bytes of two.
        for byte in bytes[10..].iter_mut().rev() {
            let pair = (rest % 100) as u8;
            *byte = (pair / 10) << 4 | (pair % 10);
            rest /= 100;
        }
        Address::new(bytes)
    }

    /// The system configuration at genesis.
    pub fn system_config(&self) -> SystemConfig {
        SystemConfig {
            batcher_address: self.batcher,
            overhead: U256::ZERO,
            scalar: SystemConfig::pack_scalar(self.base_fee_scalar, self.blob_base_fee_scalar),
            gas_limit: self.gas_limit,
            // Zero: the chain's constants.
            eip1559_params: B64::ZERO,
            operator_fee_params: self.operator_fee_params,
            min_base_fee: self.min_base_fee,
            da_footprint_gas_scalar: self.da_footprint_gas_scalar,
        }
    }

    /// The accounts of the rollup's contracts, to put into a development L1's genesis state.
    pub fn l1_accounts(&self) -> BTreeMap<Address, GenesisAccount> {
        l1::accounts(self)
    }

    /// The genesis.
    ///
    /// # Errors
    /// A last fork that is not Ecotone to Karst; a gas limit below what SystemConfig takes.
    pub fn genesis(&self) -> Result<Genesis, ChainSpecError> {
        self.check()?;
        let mut alloc = predeploys::alloc(self);
        if let Some(assay) = &self.assay {
            alloc.extend(assay.genesis_accounts(self.timestamp));
        }
        alloc.extend(self.accounts.clone());
        Ok(config::genesis(self, alloc))
    }

    /// Genesis and rollup configuration.
    ///
    /// # Errors
    /// As [`Self::genesis`].
    pub fn build(&self) -> Result<PresetChain, ChainSpecError> {
        let spec = ChainSpec::from_genesis(self.genesis()?)?;
        let rollup = config::rollup(self, &spec);
        Ok(PresetChain { spec, rollup })
    }

    fn check(&self) -> Result<(), ChainSpecError> {
        let refuse = |key: &str, value: String, reason| {
            Err(ChainSpecError::Value { what: "the preset", key: key.into(), value, reason })
        };
        if !(OpHardfork::Ecotone..=OpHardfork::Karst).contains(&self.last_fork) {
            return refuse("lastFork", self.last_fork.to_string(), "must be Ecotone to Karst");
        }
        // SystemConfig's least: deposits' 20 million and the system transaction's one.
        if self.gas_limit < 21_000_000 {
            return refuse("gasLimit", self.gas_limit.to_string(), "must be at least 21000000");
        }
        if self.block_time == 0 {
            return refuse("blockTime", "0".into(), "must be at least one second");
        }
        Ok(())
    }
}

/// A fork by its name in a preset, whatever its case.
fn parse_fork(name: &str) -> Result<OpHardfork, ChainSpecError> {
    name.parse().map_err(|_| ChainSpecError::Value {
        what: "the preset",
        key: "lastFork".into(),
        value: name.into(),
        reason: "must be an OP fork's name",
    })
}
