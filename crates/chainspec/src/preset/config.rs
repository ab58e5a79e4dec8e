//! genesis.json's head and config, and rollup.json, of a preset.

use super::{PresetBuilder, predeploys::Alloc};
use crate::{BlockId, ChainGenesis, ChainOpConfig, ChainSpec, OpHardfork, RollupConfig};
use alloy_eips::eip1559::INITIAL_BASE_FEE;
use alloy_genesis::{ChainConfig, Genesis};
use alloy_primitives::{Address, Bytes, U256};
use serde_json::Value;

/// OP's: L1 blocks, before Granite.
const CHANNEL_TIMEOUT: u64 = 300;
/// Before Fjord, seconds.
const MAX_SEQUENCER_DRIFT: u64 = 600;

/// OP forks that genesis.json names, with the Ethereum fork that each brings.
const FORK_KEYS: [(OpHardfork, &str); 9] = [
    (OpHardfork::Regolith, "regolithTime"),
    (OpHardfork::Canyon, "canyonTime"),
    (OpHardfork::Ecotone, "ecotoneTime"),
    (OpHardfork::Fjord, "fjordTime"),
    (OpHardfork::Granite, "graniteTime"),
    (OpHardfork::Holocene, "holoceneTime"),
    (OpHardfork::Isthmus, "isthmusTime"),
    (OpHardfork::Jovian, "jovianTime"),
    (OpHardfork::Karst, "karstTime"),
];

pub(super) fn genesis(builder: &PresetBuilder, alloc: Alloc) -> Genesis {
    Genesis {
        config: chain_config(builder),
        timestamp: builder.timestamp,
        extra_data: extra_data(builder),
        gas_limit: builder.gas_limit,
        alloc,
        base_fee_per_gas: Some(INITIAL_BASE_FEE.into()),
        ..Default::default()
    }
}

fn chain_config(builder: &PresetBuilder) -> ChainConfig {
    let at_genesis = |fork| (builder.last_fork >= fork).then_some(0);
    let mut config = ChainConfig {
        chain_id: builder.chain_id,
        homestead_block: Some(0),
        eip150_block: Some(0),
        eip155_block: Some(0),
        eip158_block: Some(0),
        byzantium_block: Some(0),
        constantinople_block: Some(0),
        petersburg_block: Some(0),
        istanbul_block: Some(0),
        muir_glacier_block: Some(0),
        berlin_block: Some(0),
        london_block: Some(0),
        arrow_glacier_block: Some(0),
        gray_glacier_block: Some(0),
        merge_netsplit_block: Some(0),
        shanghai_time: at_genesis(OpHardfork::Canyon),
        cancun_time: at_genesis(OpHardfork::Ecotone),
        prague_time: at_genesis(OpHardfork::Isthmus),
        osaka_time: at_genesis(OpHardfork::Karst),
        terminal_total_difficulty: Some(U256::ZERO),
        terminal_total_difficulty_passed: true,
        ..Default::default()
    };
    let extra = &mut config.extra_fields;
    extra.insert("bedrockBlock".into(), 0.into());
    for (fork, key) in FORK_KEYS {
        if let Some(time) = at_genesis(fork) {
            extra.insert(key.into(), time.into());
        }
    }
    let constants = ChainOpConfig::default();
    // Both sections are plain data: they always become JSON.
    extra.insert("optimism".into(), sorted(serde_json::json!(constants)));
    if let Some(assay) = &builder.assay {
        extra.insert("assay".into(), sorted(serde_json::json!(assay)));
    }
    config
}

/// The same value with keys in order, whether or not some crate of the build has serde_json keep
/// them as they were inserted: the files must not depend on it.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.into_iter().collect();
            entries.sort_by(|(left, _), (right, _)| left.cmp(right));
            entries.into_iter().map(|(key, value)| (key, sorted(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(sorted).collect(),
        other => other,
    }
}

/// From Holocene on: version 0, denominator and elasticity; from Jovian on version 1 and the least
/// base fee behind them.
fn extra_data(builder: &PresetBuilder) -> Bytes {
    if builder.last_fork < OpHardfork::Holocene {
        return Bytes::new();
    }
    let constants = ChainOpConfig::default();
    let jovian = builder.last_fork >= OpHardfork::Jovian;
    let mut data = vec![u8::from(jovian)];
    for value in [constants.eip1559_denominator_canyon, constants.eip1559_elasticity] {
        // OP's constants fit.
        data.extend_from_slice(&(value as u32).to_be_bytes());
    }
    if jovian {
        data.extend_from_slice(&builder.min_base_fee.to_be_bytes());
    }
    data.into()
}

pub(super) fn rollup(builder: &PresetBuilder, spec: &ChainSpec) -> RollupConfig {
    let at_genesis = |fork| (builder.last_fork >= fork).then_some(0);
    let l2 = spec.genesis_header();
    RollupConfig {
        genesis: ChainGenesis {
            l1: builder.l1_genesis,
            l2: BlockId { number: l2.number, hash: l2.hash() },
            l2_time: l2.timestamp,
            system_config: builder.system_config(),
        },
        block_time: builder.block_time,
        max_sequencer_drift: MAX_SEQUENCER_DRIFT,
        seq_window_size: builder.seq_window_size,
        channel_timeout: CHANNEL_TIMEOUT,
        l1_chain_id: builder.l1_chain_id,
        l2_chain_id: builder.chain_id,
        regolith_time: at_genesis(OpHardfork::Regolith),
        canyon_time: at_genesis(OpHardfork::Canyon),
        delta_time: at_genesis(OpHardfork::Ecotone),
        ecotone_time: at_genesis(OpHardfork::Ecotone),
        fjord_time: at_genesis(OpHardfork::Fjord),
        granite_time: at_genesis(OpHardfork::Granite),
        holocene_time: at_genesis(OpHardfork::Holocene),
        isthmus_time: at_genesis(OpHardfork::Isthmus),
        jovian_time: at_genesis(OpHardfork::Jovian),
        karst_time: at_genesis(OpHardfork::Karst),
        batch_inbox_address: builder.batch_inbox(),
        deposit_contract_address: builder.l1_contracts.portal,
        l1_system_config_address: builder.l1_contracts.system_config,
        protocol_versions_address: Address::ZERO,
        chain_op_config: Some(ChainOpConfig::default()),
        ..Default::default()
    }
}
