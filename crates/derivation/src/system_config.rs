//! The system configuration: updated by L1 logs, carried by L2 blocks.
//!
//! Spec: [system config](https://specs.optimism.io/protocol/system-config.html).

use crate::{
    DerivationError, L1InfoFormat, L1InfoTransaction, L1Origin, SystemConfig, UpgradeBundle,
    reader::Reader,
};
use alloy_consensus::Block;
use alloy_primitives::{B64, B256, Log, U256, b256};
use assay_chainspec::{OpHardfork, OpHardforks, RollupConfig};
use op_alloy_consensus::OpTxEnvelope;

/// `keccak256("ConfigUpdate(uint256,uint8,bytes)")`.
pub const CONFIG_UPDATE: B256 =
    b256!("1d2b0bda21d56b8bd12d4f94ebacffdfb35f5e226f84b461103bb8beab6353be");

const WHAT: &str = "ConfigUpdate log";

/// The kinds of ConfigUpdate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ConfigUpdateKind {
    /// Whose batches count.
    Batcher = 0,
    /// L1 fee overhead and scalar, or Ecotone's scalars.
    FeeScalars = 1,
    /// Gas limit of L2 blocks.
    GasLimit = 2,
    /// Who signs unsafe blocks; nothing to derivation.
    UnsafeBlockSigner = 3,
    /// EIP-1559 denominator and elasticity (Holocene).
    Eip1559Params = 4,
    /// Operator fee scalar and constant (Isthmus).
    OperatorFeeParams = 5,
    /// Least base fee (Jovian).
    MinBaseFee = 6,
    /// Gas per estimated compressed byte in the DA footprint (Jovian).
    DaFootprintGasScalar = 7,
}

impl ConfigUpdateKind {
    fn from_topic(topic: B256) -> Option<Self> {
        if topic[..31] != [0; 31] {
            return None;
        }
        Some(match topic[31] {
            0 => Self::Batcher,
            1 => Self::FeeScalars,
            2 => Self::GasLimit,
            3 => Self::UnsafeBlockSigner,
            4 => Self::Eip1559Params,
            5 => Self::OperatorFeeParams,
            6 => Self::MinBaseFee,
            7 => Self::DaFootprintGasScalar,
            _ => return None,
        })
    }
}

/// Applies all updates of an L1 block.
///
/// # Errors
/// [`DerivationError::Malformed`]: a log that SystemConfig cannot have emitted, or of a kind that is
/// not known. It must not be passed over: nodes that know the kind would part from this one.
pub fn update_system_config(
    system_config: &mut SystemConfig,
    config: &RollupConfig,
    origin: &L1Origin,
) -> Result<(), DerivationError> {
    let ecotone = config.is_ecotone_active_at_timestamp(origin.info.timestamp);
    for log in &origin.logs {
        if log.log.address == config.l1_system_config_address
            && log.log.topics().first() == Some(&CONFIG_UPDATE)
        {
            apply(system_config, &log.log, ecotone)?;
        }
    }
    Ok(())
}

fn apply(
    system_config: &mut SystemConfig,
    log: &Log,
    ecotone: bool,
) -> Result<(), DerivationError> {
    let mut reader = Reader::new(&log.data.data, WHAT);
    let [_, version, kind] = log.topics() else {
        return Err(reader.fail("it has not three topics"));
    };
    if !version.is_zero() {
        return Err(reader.fail("unknown version"));
    }
    let kind = ConfigUpdateKind::from_topic(*kind).ok_or_else(|| reader.fail("unknown kind"))?;
    if kind == ConfigUpdateKind::UnsafeBlockSigner {
        return Ok(());
    }

    let length = if kind == ConfigUpdateKind::FeeScalars { 64 } else { 32 };
    if reader.padded_u64()? != 32 || reader.padded_u64()? != length {
        return Err(reader.fail("a wrong offset or length"));
    }
    // Decoded before anything is set, so that a bad log changes nothing.
    let mut updated = *system_config;
    match kind {
        ConfigUpdateKind::Batcher => updated.batcher_address = reader.padded_address()?,
        ConfigUpdateKind::FeeScalars => {
            let overhead = U256::from_be_bytes(reader.array::<32>()?);
            let scalar = reader.array::<32>()?;
            if !ecotone {
                updated.overhead = overhead;
                updated.scalar = U256::from_be_bytes(scalar);
            } else if is_ecotone_scalar(&scalar) {
                updated.overhead = U256::ZERO;
                updated.scalar = U256::from_be_bytes(scalar);
            }
        }
        ConfigUpdateKind::GasLimit => updated.gas_limit = reader.padded_u64()?,
        ConfigUpdateKind::Eip1559Params => {
            reader.take(24)?;
            updated.eip1559_params = B64::new(reader.array()?);
        }
        ConfigUpdateKind::OperatorFeeParams => {
            updated.operator_fee_params = B256::new(reader.array()?);
        }
        ConfigUpdateKind::MinBaseFee => updated.min_base_fee = reader.padded_u64()?,
        ConfigUpdateKind::DaFootprintGasScalar => {
            updated.da_footprint_gas_scalar = u16::try_from(reader.padded_u64()?)
                .map_err(|_| reader.fail("a scalar over 16 bits"))?;
        }
        ConfigUpdateKind::UnsafeBlockSigner => {}
    }
    if !reader.is_empty() {
        return Err(reader.fail("trailing bytes"));
    }
    *system_config = updated;
    Ok(())
}

/// Whether Ecotone can read a scalar. Others are passed over, and the older scalar stays.
fn is_ecotone_scalar(scalar: &[u8; 32]) -> bool {
    match scalar[0] {
        0 => scalar[1..28].iter().all(|byte| *byte == 0),
        1 => scalar[1..24].iter().all(|byte| *byte == 0),
        _ => false,
    }
}

/// The system configuration that holds after an L2 block, read from the block.
///
/// # Errors
/// [`DerivationError::Malformed`]: no L1 attributes, or extra data that does not fit the fork.
/// [`DerivationError::Critical`]: another genesis block than the configured one.
pub fn system_config_from_l2_block(
    config: &RollupConfig,
    upgrades: &UpgradeBundle,
    block: &Block<OpTxEnvelope>,
) -> Result<SystemConfig, DerivationError> {
    of_block(config, upgrades, block, block.header.hash_slow())
}

pub(crate) fn of_block(
    config: &RollupConfig,
    upgrades: &UpgradeBundle,
    block: &Block<OpTxEnvelope>,
    hash: B256,
) -> Result<SystemConfig, DerivationError> {
    let header = &block.header;
    if header.number == config.genesis.l2.number {
        check_genesis(config, hash)?;
        return Ok(config.genesis.system_config);
    }
    let info = L1InfoTransaction::from_block(block)?;
    let mut system_config = SystemConfig {
        batcher_address: info.batcher_address,
        overhead: info.overhead,
        scalar: if info.format == L1InfoFormat::Bedrock {
            info.scalar
        } else {
            // Whether it came from a version-0 scalar cannot be told, and makes no difference.
            SystemConfig::pack_scalar(info.base_fee_scalar, info.blob_base_fee_scalar)
        },
        gas_limit: header.gas_limit,
        ..SystemConfig::default()
    };
    if config.is_activation_block(OpHardfork::Karst, header.timestamp)
        && !config.keep_karst_upgrade_gas
    {
        // What the upgrade was given on top is not the chain's gas limit.
        system_config.gas_limit = header.gas_limit.saturating_sub(upgrades.gas(OpHardfork::Karst));
    }

    let mut extra = Reader::new(&header.extra_data, "extra data");
    if config.is_jovian_active_at_timestamp(header.timestamp) {
        if extra.byte()? != 1 {
            return Err(extra.fail("not Jovian's version"));
        }
        system_config.eip1559_params = B64::new(extra.array()?);
        system_config.min_base_fee = u64::from_be_bytes(extra.array()?);
    } else if config.is_holocene_active_at_timestamp(header.timestamp) {
        if extra.byte()? != 0 {
            return Err(extra.fail("not Holocene's version"));
        }
        system_config.eip1559_params = B64::new(extra.array()?);
    } else {
        extra.take(extra.rest().len())?;
    }
    if !extra.is_empty() {
        return Err(extra.fail("trailing bytes"));
    }

    if config.is_isthmus_active_at_timestamp(header.timestamp) {
        let mut params = [0; 32];
        params[20..24].copy_from_slice(&info.operator_fee_scalar.to_be_bytes());
        params[24..].copy_from_slice(&info.operator_fee_constant.to_be_bytes());
        system_config.operator_fee_params = B256::new(params);
    }
    system_config.da_footprint_gas_scalar = info.da_footprint_gas_scalar;
    Ok(system_config)
}

pub(crate) fn check_genesis(config: &RollupConfig, hash: B256) -> Result<(), DerivationError> {
    if hash == config.genesis.l2.hash {
        return Ok(());
    }
    Err(DerivationError::Critical(format!(
        "the L2 genesis block is {hash}, rollup.json says {}",
        config.genesis.l2.hash
    )))
}

#[cfg(test)]
mod tests {
    use super::{B64, B256, CONFIG_UPDATE, Log, SystemConfig, U256, apply};
    use alloy_primitives::{Address, keccak256};
    use proptest::prelude::{any, proptest};

    fn log(kind: u8, content: &[u8]) -> Log {
        let mut data = Vec::new();
        data.extend_from_slice(&U256::from(32).to_be_bytes::<32>());
        data.extend_from_slice(&U256::from(content.len()).to_be_bytes::<32>());
        data.extend_from_slice(content);
        let topics = vec![CONFIG_UPDATE, B256::ZERO, B256::with_last_byte(kind)];
        Log::new_unchecked(Address::ZERO, topics, data.into())
    }

    fn word(value: u64) -> [u8; 32] {
        U256::from(value).to_be_bytes()
    }

    #[test]
    fn the_topic_is_the_event() {
        assert_eq!(CONFIG_UPDATE, keccak256("ConfigUpdate(uint256,uint8,bytes)"));
    }

    #[test]
    fn every_kind_sets_its_field() {
        let mut config = SystemConfig::default();
        let mut set = |kind, content: &[u8]| apply(&mut config, &log(kind, content), true).unwrap();
        set(0, Address::repeat_byte(5).into_word().as_slice());
        let scalar = SystemConfig::pack_scalar(7, 8);
        set(1, &[word(1), scalar.to_be_bytes()].concat());
        set(2, &word(30_000_000));
        set(3, &word(1));
        set(4, &word((250 << 32) | 6));
        let mut operator = [0; 32];
        operator[23] = 3;
        operator[31] = 9;
        set(5, &operator);
        set(6, &word(1000));
        set(7, &word(800));
        assert_eq!(config.batcher_address, Address::repeat_byte(5));
        assert_eq!((config.base_fee_scalar(), config.blob_base_fee_scalar()), (7, 8));
        assert_eq!(config.overhead, U256::ZERO);
        assert_eq!(config.gas_limit, 30_000_000);
        assert_eq!(config.eip1559_params, B64::from((250u64 << 32) | 6));
        assert_eq!((config.operator_fee_scalar(), config.operator_fee_constant()), (3, 9));
        assert_eq!(config.min_base_fee, 1000);
        assert_eq!(config.da_footprint_gas_scalar, 800);
    }

    #[test]
    fn bad_logs_change_nothing() {
        let mut config = SystemConfig::default();
        let mut refused = |log: &Log| apply(&mut config, log, true).is_err();
        assert!(refused(&log(8, &word(1))), "unknown kind");
        assert!(refused(&log(2, &[0xff; 32])), "over 64 bits");
        assert!(refused(&log(7, &word(65_536))), "over 16 bits");
        assert!(refused(&log(0, &[0xff; 32])), "no address");
        assert!(refused(&log(2, &[word(1), word(2)].concat())), "wrong length");
        let mut long = log(2, &word(1));
        long.data.data = [&long.data.data[..], &[0; 32]].concat().into();
        assert!(refused(&long), "trailing bytes");
        assert_eq!(config, SystemConfig::default());
    }

    #[test]
    fn unreadable_scalars_are_passed_over_from_ecotone_on() {
        let mut config = SystemConfig { scalar: U256::from(3), ..SystemConfig::default() };
        let mut odd = [0; 32];
        odd[0] = 2;
        let log = log(1, &[word(11), odd].concat());
        apply(&mut config, &log, true).unwrap();
        assert_eq!((config.scalar, config.overhead), (U256::from(3), U256::ZERO));
        apply(&mut config, &log, false).unwrap();
        assert_eq!((config.scalar, config.overhead), (U256::from_be_bytes(odd), U256::from(11)));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(
            kind in 0u8..9, data in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut config = SystemConfig::default();
            let mut log = log(kind, &[]);
            log.data.data = data.into();
            let _ = apply(&mut config, &log, true);
        }
    }
}
