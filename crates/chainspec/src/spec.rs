//! The chain specification that a genesis.json describes.

use crate::{
    AssayConfig, AssayRules, ChainOpConfig, ChainSpecError, EthereumHardfork, EthereumHardforks,
    ForkCondition, OpHardfork, OpHardforks, genesis,
};
use alloy_consensus::{Header, Sealable, Sealed};
use alloy_eips::eip1559::BaseFeeParams;
use alloy_primitives::B256;
use serde::de::DeserializeOwned;

pub use alloy_genesis::Genesis;

/// genesis.json's `optimism` section.
pub type OptimismConfig = ChainOpConfig;

/// A chain: its genesis and the rules in force at each block. Built once, shared by reference.
#[derive(Debug, Clone)]
pub struct ChainSpec {
    genesis: Genesis,
    header: Sealed<Header>,
    forks: Forks,
    optimism: ChainOpConfig,
    assay: Option<AssayConfig>,
    rules: Option<AssayRules>,
}

/// Activations, as genesis.json names them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Forks {
    bedrock_block: Option<u64>,
    regolith: Option<u64>,
    canyon: Option<u64>,
    ecotone: Option<u64>,
    fjord: Option<u64>,
    granite: Option<u64>,
    holocene: Option<u64>,
    isthmus: Option<u64>,
    jovian: Option<u64>,
    karst: Option<u64>,
    interop: Option<u64>,
}

impl Forks {
    fn read(genesis: &Genesis) -> Result<Self, ChainSpecError> {
        let time = |key: &str| extra(genesis, key);
        Ok(Self {
            bedrock_block: time("bedrockBlock")?,
            regolith: time("regolithTime")?,
            canyon: time("canyonTime")?,
            ecotone: time("ecotoneTime")?,
            fjord: time("fjordTime")?,
            granite: time("graniteTime")?,
            holocene: time("holoceneTime")?,
            isthmus: time("isthmusTime")?,
            jovian: time("jovianTime")?,
            karst: time("karstTime")?,
            interop: time("interopTime")?,
        })
    }

    const fn in_order(&self) -> [(&'static str, Option<u64>); 10] {
        [
            ("regolithTime", self.regolith),
            ("canyonTime", self.canyon),
            ("ecotoneTime", self.ecotone),
            ("fjordTime", self.fjord),
            ("graniteTime", self.granite),
            ("holoceneTime", self.holocene),
            ("isthmusTime", self.isthmus),
            ("jovianTime", self.jovian),
            ("karstTime", self.karst),
            ("interopTime", self.interop),
        ]
    }

    fn check(&self) -> Result<(), ChainSpecError> {
        for pair in self.in_order().windows(2) {
            let [(earlier, earlier_time), (later, later_time)] = pair else { continue };
            if let Some(later_time) = *later_time
                && earlier_time.is_none_or(|time| time > later_time)
            {
                return Err(ChainSpecError::ForkOrder {
                    earlier,
                    earlier_time: earlier_time.map_or("never".into(), |time| time.to_string()),
                    later,
                    later_time,
                });
            }
        }
        Ok(())
    }
}

/// A key of `config` that alloy's type does not name.
fn extra<T: DeserializeOwned>(genesis: &Genesis, key: &str) -> Result<Option<T>, ChainSpecError> {
    match genesis.config.extra_fields.get(key) {
        None | Some(serde_json::Value::Null) => Ok(None),
        Some(value) => T::deserialize(value)
            .map(Some)
            .map_err(|source| ChainSpecError::Json { what: "genesis.json", source }),
    }
}

impl ChainSpec {
    /// Reads and checks a genesis.json.
    ///
    /// # Errors
    /// JSON that is not a genesis, an absent `config.optimism`, forks out of order, an Ethereum fork
    /// that does not go with its OP fork, a state that does not commit to `config.assay`.
    pub fn from_json(json: &str) -> Result<Self, ChainSpecError> {
        let genesis = serde_json::from_str(json)
            .map_err(|source| ChainSpecError::Json { what: "genesis.json", source })?;
        Self::from_genesis(genesis)
    }

    /// As [`Self::from_json`], from a parsed genesis.
    pub fn from_genesis(genesis: Genesis) -> Result<Self, ChainSpecError> {
        let forks = Forks::read(&genesis)?;
        forks.check()?;
        let optimism: ChainOpConfig = extra::<Eip1559Section>(&genesis, "optimism")?
            .ok_or(ChainSpecError::Missing { what: "genesis.json", key: "config.optimism" })?
            .into();
        if optimism.eip1559_elasticity == 0
            || optimism.eip1559_denominator == 0
            || optimism.eip1559_denominator_canyon == 0
        {
            return Err(ChainSpecError::Value {
                what: "genesis.json",
                key: "config.optimism".into(),
                value: format!("{optimism:?}"),
                reason: "EIP-1559 constants must not be zero",
            });
        }
        let assay: Option<AssayConfig> = extra(&genesis, "assay")?;
        let rules = assay.as_ref().map(|assay| assay.check_commitment(&genesis)).transpose()?;
        let mut spec = Self {
            header: Sealed::new_unchecked(Header::default(), B256::ZERO),
            genesis,
            forks,
            optimism,
            assay,
            rules,
        };
        spec.check_ethereum_forks()?;
        spec.header = genesis::genesis_header(&spec.genesis, &spec)?.seal_slow();
        Ok(spec)
    }

    /// An Ethereum fork that genesis.json names must be its OP fork's: op-geth derives one from the
    /// other, so a file in which they differ means two chains.
    fn check_ethereum_forks(&self) -> Result<(), ChainSpecError> {
        let config = &self.genesis.config;
        for (key, named, fork) in [
            ("shanghaiTime", config.shanghai_time, self.forks.canyon),
            ("cancunTime", config.cancun_time, self.forks.ecotone),
            ("pragueTime", config.prague_time, self.forks.isthmus),
            ("osakaTime", config.osaka_time, self.forks.karst),
        ] {
            if named.is_some() && named != fork {
                return Err(ChainSpecError::Value {
                    what: "genesis.json",
                    key: key.into(),
                    value: format!("{named:?}"),
                    reason: "must equal its OP fork's time (Shanghai: Canyon, Cancun: Ecotone, Prague: Isthmus, Osaka: Karst)",
                });
            }
        }
        Ok(())
    }

    /// The chain id.
    pub const fn chain_id(&self) -> u64 {
        self.genesis.config.chain_id
    }

    /// The genesis file.
    pub const fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The genesis block's header with its hash.
    pub const fn genesis_header(&self) -> &Sealed<Header> {
        &self.header
    }

    /// The genesis block's hash.
    pub const fn genesis_hash(&self) -> B256 {
        self.header.hash()
    }

    /// The chain's EIP-1559 constants.
    pub const fn optimism(&self) -> &ChainOpConfig {
        &self.optimism
    }

    /// EIP-1559 constants in force at `timestamp`: what 0/0 in Holocene's parameters means.
    pub fn base_fee_params_at(&self, timestamp: u64) -> BaseFeeParams {
        let denominator = if self.is_canyon_active_at_timestamp(timestamp) {
            self.optimism.eip1559_denominator_canyon
        } else {
            self.optimism.eip1559_denominator
        };
        BaseFeeParams::new(denominator.into(), self.optimism.eip1559_elasticity.into())
    }

    /// `config.assay`, if this is an Assay chain.
    pub const fn assay(&self) -> Option<&AssayConfig> {
        self.assay.as_ref()
    }

    /// The rules that the precompiles' verdicts depend on, if this is an Assay chain.
    pub const fn assay_rules(&self) -> Option<&AssayRules> {
        self.rules.as_ref()
    }

    /// Whether the Agate fork is active: the precompiles exist.
    pub fn is_agate_active_at_timestamp(&self, timestamp: u64) -> bool {
        self.agate_time().is_some_and(|time| time <= timestamp)
    }

    /// When Agate activates, in unix seconds.
    pub fn agate_time(&self) -> Option<u64> {
        self.assay.as_ref().and_then(|assay| assay.agate_time)
    }
}

/// `config.optimism`, in which the Canyon denominator may be left out.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Eip1559Section {
    eip1559_elasticity: u64,
    eip1559_denominator: u64,
    eip1559_denominator_canyon: Option<u64>,
}

impl From<Eip1559Section> for ChainOpConfig {
    fn from(section: Eip1559Section) -> Self {
        Self {
            eip1559_elasticity: section.eip1559_elasticity,
            eip1559_denominator: section.eip1559_denominator,
            eip1559_denominator_canyon: section
                .eip1559_denominator_canyon
                .unwrap_or(ChainOpConfig::default().eip1559_denominator_canyon),
        }
    }
}

/// An Ethereum fork's activation on an OP chain: with the OP fork that brings it; those up to
/// Paris with Bedrock.
pub(crate) fn ethereum_by_op(forks: &impl OpHardforks, fork: EthereumHardfork) -> ForkCondition {
    match fork {
        EthereumHardfork::Shanghai => forks.op_fork_activation(OpHardfork::Canyon),
        EthereumHardfork::Cancun => forks.op_fork_activation(OpHardfork::Ecotone),
        EthereumHardfork::Prague => forks.op_fork_activation(OpHardfork::Isthmus),
        EthereumHardfork::Osaka => forks.op_fork_activation(OpHardfork::Karst),
        fork if fork <= EthereumHardfork::Paris => ForkCondition::ZERO_BLOCK,
        _ => ForkCondition::Never,
    }
}

impl EthereumHardforks for ChainSpec {
    fn ethereum_fork_activation(&self, fork: EthereumHardfork) -> ForkCondition {
        ethereum_by_op(self, fork)
    }
}

impl OpHardforks for ChainSpec {
    fn op_fork_activation(&self, fork: OpHardfork) -> ForkCondition {
        let time = match fork {
            OpHardfork::Bedrock => {
                return self.forks.bedrock_block.map_or(ForkCondition::Never, ForkCondition::Block);
            }
            OpHardfork::Regolith => self.forks.regolith,
            OpHardfork::Canyon => self.forks.canyon,
            OpHardfork::Ecotone => self.forks.ecotone,
            OpHardfork::Fjord => self.forks.fjord,
            OpHardfork::Granite => self.forks.granite,
            OpHardfork::Holocene => self.forks.holocene,
            OpHardfork::Isthmus => self.forks.isthmus,
            OpHardfork::Jovian => self.forks.jovian,
            OpHardfork::Karst => self.forks.karst,
            _ => self.forks.interop,
        };
        time.map_or(ForkCondition::Never, ForkCondition::Timestamp)
    }
}
