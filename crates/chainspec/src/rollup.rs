//! rollup.json, as op-node reads and writes it.
//!
//! Spec: [configuration](https://specs.optimism.io/protocol/configurability.html); the file's shape
//! is op-node's `rollup.Config`.

use crate::{ChainSpec, ChainSpecError, EthereumHardforks, ForkCondition, OpHardfork, OpHardforks};
use alloy_hardforks::EthereumHardfork;
use alloy_primitives::{Address, B64, B256, U256};
use serde::{Deserialize, Serialize};

/// OP's forks that are activated by a time, in their order.
pub const OP_FORKS: [OpHardfork; 10] = [
    OpHardfork::Regolith,
    OpHardfork::Canyon,
    OpHardfork::Ecotone,
    OpHardfork::Fjord,
    OpHardfork::Granite,
    OpHardfork::Holocene,
    OpHardfork::Isthmus,
    OpHardfork::Jovian,
    OpHardfork::Karst,
    OpHardfork::Interop,
];

/// A block's number and hash.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct BlockId {
    /// Hash.
    pub hash: B256,
    /// Number.
    pub number: u64,
}

/// Where the rollup starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainGenesis {
    /// The L1 block at which derivation starts.
    pub l1: BlockId,
    /// The L2 genesis block.
    pub l2: BlockId,
    /// The L2 genesis block's timestamp, in unix seconds.
    pub l2_time: u64,
    /// The system configuration at genesis.
    pub system_config: SystemConfig,
}

/// What L1's `SystemConfig` contract sets and the L1 attributes carry to L2.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemConfig {
    /// Whose transactions to the inbox count.
    #[serde(rename = "batcherAddr", alias = "batcherAddress")]
    pub batcher_address: Address,
    /// L1 fee overhead: used before Ecotone.
    #[serde(serialize_with = "as_word")]
    pub overhead: U256,
    /// L1 fee scalar; from Ecotone on it packs version, blob base fee scalar and base fee scalar.
    #[serde(serialize_with = "as_word")]
    pub scalar: U256,
    /// Gas limit of L2 blocks.
    pub gas_limit: u64,
    /// Holocene: denominator and elasticity, two big-endian u32; zero: the chain's constants.
    #[serde(default)]
    pub eip1559_params: B64,
    /// Isthmus: operator fee scalar (u32 at 20..24) and constant (u64 at 24..32), big-endian.
    #[serde(default)]
    pub operator_fee_params: B256,
    /// Jovian: the least base fee, in wei.
    #[serde(default, skip_serializing_if = "is_zero_u64")]
    pub min_base_fee: u64,
    /// Jovian: gas per estimated compressed byte in the DA footprint; zero means 400.
    #[serde(default, skip_serializing_if = "is_zero_u16")]
    pub da_footprint_gas_scalar: u16,
}

impl SystemConfig {
    /// Ecotone's base fee scalar: version-1 scalars carry both, version 0 the base fee's alone.
    pub fn base_fee_scalar(&self) -> u32 {
        let bytes = self.scalar.to_be_bytes::<32>();
        u32::from_be_bytes([bytes[28], bytes[29], bytes[30], bytes[31]])
    }

    /// Ecotone's blob base fee scalar; zero in a version-0 scalar.
    pub fn blob_base_fee_scalar(&self) -> u32 {
        let bytes = self.scalar.to_be_bytes::<32>();
        if bytes[0] == 0 {
            return 0;
        }
        u32::from_be_bytes([bytes[24], bytes[25], bytes[26], bytes[27]])
    }

    /// Isthmus' operator fee scalar.
    pub fn operator_fee_scalar(&self) -> u32 {
        let bytes = &self.operator_fee_params.0;
        u32::from_be_bytes([bytes[20], bytes[21], bytes[22], bytes[23]])
    }

    /// Isthmus' operator fee constant, in wei.
    pub fn operator_fee_constant(&self) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.operator_fee_params.0[24..]);
        u64::from_be_bytes(bytes)
    }

    /// The version-1 scalar of these two.
    pub fn pack_scalar(base_fee_scalar: u32, blob_base_fee_scalar: u32) -> U256 {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes[24..28].copy_from_slice(&blob_base_fee_scalar.to_be_bytes());
        bytes[28..].copy_from_slice(&base_fee_scalar.to_be_bytes());
        U256::from_be_bytes(bytes)
    }
}

fn as_word<S: serde::Serializer>(value: &U256, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&B256::from(*value).to_string())
}

// serde asks for references.
#[expect(clippy::trivially_copy_pass_by_ref)]
const fn is_zero_u64(value: &u64) -> bool {
    *value == 0
}
#[expect(clippy::trivially_copy_pass_by_ref)]
const fn is_zero_u16(value: &u16) -> bool {
    *value == 0
}

/// The EIP-1559 constants of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainOpConfig {
    /// Elasticity multiplier.
    #[serde(rename = "eip1559Elasticity")]
    pub eip1559_elasticity: u64,
    /// Base fee change denominator before Canyon.
    #[serde(rename = "eip1559Denominator")]
    pub eip1559_denominator: u64,
    /// Base fee change denominator from Canyon on.
    #[serde(rename = "eip1559DenominatorCanyon")]
    pub eip1559_denominator_canyon: u64,
}

/// The older name of [`ChainOpConfig`] in genesis.json's `optimism` section.
pub type Eip1559Config = ChainOpConfig;

impl Default for ChainOpConfig {
    fn default() -> Self {
        Self { eip1559_elasticity: 6, eip1559_denominator: 50, eip1559_denominator_canyon: 250 }
    }
}

/// rollup.json.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollupConfig {
    /// Where the rollup starts.
    pub genesis: ChainGenesis,
    /// Seconds between L2 blocks.
    pub block_time: u64,
    /// Seconds that an L2 block may be ahead of its origin; from Fjord on 1,800 whatever is set.
    pub max_sequencer_drift: u64,
    /// L1 blocks within which a batch must appear after its origin.
    pub seq_window_size: u64,
    /// L1 blocks within which a channel must be complete; 50 from Granite on.
    pub channel_timeout: u64,
    /// L1's chain id.
    pub l1_chain_id: u64,
    /// L2's chain id.
    pub l2_chain_id: u64,
    /// Regolith's activation, unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regolith_time: Option<u64>,
    /// Canyon's activation, unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canyon_time: Option<u64>,
    /// Delta's activation (span batches), unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta_time: Option<u64>,
    /// Ecotone's activation, unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecotone_time: Option<u64>,
    /// Fjord's activation, unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fjord_time: Option<u64>,
    /// Granite's activation, unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granite_time: Option<u64>,
    /// Holocene's activation, unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holocene_time: Option<u64>,
    /// Activation of the fix of the blob schedule on chains whose L1 is Sepolia or Holesky.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pectra_blob_schedule_time: Option<u64>,
    /// Isthmus' activation, unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isthmus_time: Option<u64>,
    /// Jovian's activation, unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jovian_time: Option<u64>,
    /// Karst's activation, unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub karst_time: Option<u64>,
    /// Interop's activation, unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interop_time: Option<u64>,
    /// Whether the gas that Karst's upgrade bundle adds to its activation block stays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_karst_upgrade_gas: bool,
    /// The address that batches are sent to.
    pub batch_inbox_address: Address,
    /// The OptimismPortal, which emits deposits.
    pub deposit_contract_address: Address,
    /// The SystemConfig contract.
    pub l1_system_config_address: Address,
    /// The ProtocolVersions contract; zero where there is none.
    #[serde(default)]
    pub protocol_versions_address: Address,
    /// EIP-1559 constants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain_op_config: Option<ChainOpConfig>,
}

/// Channel timeout from Granite on, in L1 blocks.
const GRANITE_CHANNEL_TIMEOUT: u64 = 50;
/// Sequencer drift from Fjord on, in seconds.
const FJORD_MAX_SEQUENCER_DRIFT: u64 = 1800;

impl RollupConfig {
    /// Reads rollup.json and checks what a rollup node relies on. Keys that are not known are
    /// ignored, as op-node's older and newer versions do with each other's.
    pub fn from_json(json: &str) -> Result<Self, ChainSpecError> {
        let config: Self = serde_json::from_str(json)
            .map_err(|source| ChainSpecError::Json { what: "rollup.json", source })?;
        config.check()?;
        Ok(config)
    }

    /// What op-node's own check refuses.
    fn check(&self) -> Result<(), ChainSpecError> {
        let value = |key: &str, value: String, reason| {
            Err(ChainSpecError::Value { what: "rollup.json", key: key.into(), value, reason })
        };
        if self.block_time == 0 {
            return value("block_time", "0".into(), "must be at least one second");
        }
        if self.channel_timeout == 0 {
            return value("channel_timeout", "0".into(), "must be at least one L1 block");
        }
        if self.seq_window_size < 2 {
            return value(
                "seq_window_size",
                self.seq_window_size.to_string(),
                "must be at least two L1 blocks",
            );
        }
        if self.genesis.l2_time == 0 {
            return value(
                "genesis.l2_time",
                "0".into(),
                "must be the L2 genesis block's timestamp",
            );
        }
        if self.genesis.l1.hash.is_zero() || self.genesis.l2.hash.is_zero() {
            return value(
                "genesis",
                "a zero hash".into(),
                "must name the L1 and L2 genesis blocks",
            );
        }
        if self.l1_chain_id == self.l2_chain_id {
            return value(
                "l2_chain_id",
                self.l2_chain_id.to_string(),
                "must differ from l1_chain_id",
            );
        }
        let mut earlier: Option<(&'static str, Option<u64>)> = None;
        for (name, time) in self.forks() {
            if let (Some((before, before_time)), Some(time)) = (earlier, time)
                && before_time.is_none_or(|before_time| before_time > time)
            {
                return Err(ChainSpecError::ForkOrder {
                    earlier: before,
                    earlier_time: before_time.map_or("never".into(), |time| time.to_string()),
                    later: name,
                    later_time: time,
                });
            }
            earlier = Some((name, time));
        }
        Ok(())
    }

    /// Forks by rollup.json's names, in order.
    const fn forks(&self) -> [(&'static str, Option<u64>); 11] {
        [
            ("regolith", self.regolith_time),
            ("canyon", self.canyon_time),
            ("delta", self.delta_time),
            ("ecotone", self.ecotone_time),
            ("fjord", self.fjord_time),
            ("granite", self.granite_time),
            ("holocene", self.holocene_time),
            ("isthmus", self.isthmus_time),
            ("jovian", self.jovian_time),
            ("karst", self.karst_time),
            ("interop", self.interop_time),
        ]
    }

    /// Checks that this is the rollup of `spec`'s chain.
    pub fn check_against(&self, spec: &ChainSpec) -> Result<(), ChainSpecError> {
        let same = |what, rollup: String, genesis: String| {
            if rollup == genesis {
                Ok(())
            } else {
                Err(ChainSpecError::Disagree { what, rollup, genesis })
            }
        };
        same("the chain id", self.l2_chain_id.to_string(), spec.chain_id().to_string())?;
        same(
            "the genesis hash",
            self.genesis.l2.hash.to_string(),
            spec.genesis_hash().to_string(),
        )?;
        same(
            "the genesis time",
            self.genesis.l2_time.to_string(),
            spec.genesis_header().timestamp.to_string(),
        )?;
        for fork in OP_FORKS {
            let show = |condition: ForkCondition| {
                condition
                    .as_timestamp()
                    // Active at genesis is active at genesis, whichever second is named.
                    .map_or_else(
                        || "never".into(),
                        |time| time.max(self.genesis.l2_time).to_string(),
                    )
            };
            same(
                fork.name(),
                show(self.op_fork_activation(fork)),
                show(spec.op_fork_activation(fork)),
            )?;
        }
        Ok(())
    }

    /// Whether span batches are accepted at this L1 origin time.
    pub fn is_delta_active(&self, timestamp: u64) -> bool {
        self.delta_time.is_some_and(|time| time <= timestamp)
    }

    /// L1 blocks within which a channel must be complete, at an L1 origin of this timestamp.
    pub fn channel_timeout_at(&self, timestamp: u64) -> u64 {
        if self.is_granite_active_at_timestamp(timestamp) {
            GRANITE_CHANNEL_TIMEOUT
        } else {
            self.channel_timeout
        }
    }

    /// Seconds that an L2 block of this timestamp may be ahead of its origin.
    pub fn max_sequencer_drift_at(&self, timestamp: u64) -> u64 {
        if self.is_fjord_active_at_timestamp(timestamp) {
            FJORD_MAX_SEQUENCER_DRIFT
        } else {
            self.max_sequencer_drift
        }
    }

    /// Whether the L2 block at `timestamp` is the first one of `fork`. The genesis block activates
    /// nothing: its state has the fork's contracts already.
    pub fn is_activation_block(&self, fork: OpHardfork, timestamp: u64) -> bool {
        let activation = self.op_fork_activation(fork);
        activation.active_at_timestamp(timestamp)
            && timestamp > self.genesis.l2_time
            && !activation.active_at_timestamp(timestamp.saturating_sub(self.block_time))
    }

    /// The L2 block number at `timestamp`, if one has exactly that timestamp.
    pub fn block_number_at(&self, timestamp: u64) -> Option<u64> {
        let elapsed = timestamp.checked_sub(self.genesis.l2_time)?;
        elapsed
            .is_multiple_of(self.block_time)
            .then(|| self.genesis.l2.number.checked_add(elapsed / self.block_time))
            .flatten()
    }

    /// The EIP-1559 constants, or OP's where the file leaves them out.
    pub fn op_config(&self) -> ChainOpConfig {
        self.chain_op_config.unwrap_or_default()
    }
}

impl EthereumHardforks for RollupConfig {
    fn ethereum_fork_activation(&self, fork: EthereumHardfork) -> ForkCondition {
        crate::spec::ethereum_by_op(self, fork)
    }
}

impl OpHardforks for RollupConfig {
    fn op_fork_activation(&self, fork: OpHardfork) -> ForkCondition {
        let time = match fork {
            OpHardfork::Bedrock => return ForkCondition::Block(0),
            OpHardfork::Regolith => self.regolith_time,
            OpHardfork::Canyon => self.canyon_time,
            OpHardfork::Ecotone => self.ecotone_time,
            OpHardfork::Fjord => self.fjord_time,
            OpHardfork::Granite => self.granite_time,
            OpHardfork::Holocene => self.holocene_time,
            OpHardfork::Isthmus => self.isthmus_time,
            OpHardfork::Jovian => self.jovian_time,
            OpHardfork::Karst => self.karst_time,
            _ => self.interop_time,
        };
        time.map_or(ForkCondition::Never, ForkCondition::Timestamp)
    }
}
