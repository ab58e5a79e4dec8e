//! A chain through every fork, derived again block for block.

use super::{
    chain::{BATCHER, Chain, GENESIS_TIME, SYSTEM_CONFIG, config, fjord, isthmus, upgrade},
    transactions,
};
use crate::{
    BatchKind, CONFIG_UPDATE, Compression, ConfigUpdateKind, L1InfoFormat, L1InfoTransaction,
    L1Log, UpgradeBundle, must_be_empty,
};
use alloy_consensus::Transaction;
use alloy_primitives::{B256, Log, U256};
use assay_chainspec::{OpHardfork, RollupConfig};

/// Sequences `count` blocks, with transactions where the rules allow them, mining L1 on the way.
fn sequence(chain: &mut Chain, count: usize) {
    for seed in 0..count as u64 {
        let timestamp = chain.head().timestamp + 2;
        while chain.l1.last().unwrap().origin.info.timestamp + 12 <= timestamp {
            let number = chain.l1.len() as u64;
            let logs = if number.is_multiple_of(3) {
                vec![Chain::deposit_log(0), Chain::deposit_log(4)]
            } else {
                Vec::new()
            };
            chain.mine_with(Vec::new(), logs);
        }
        let transactions = if must_be_empty(&chain.config, timestamp) {
            Vec::new()
        } else {
            (0..seed % 3).map(|index| transactions::dynamic_fee(901, seed * 7 + index)).collect()
        };
        chain.sequence(transactions);
    }
}

fn round_trip(
    config: RollupConfig,
    upgrades: UpgradeBundle,
    kind: BatchKind,
    compression: Compression,
    blobs: bool,
) -> Chain {
    let mut chain = Chain::new(config, upgrades);
    let mut first = 1;
    for _ in 0..5 {
        sequence(&mut chain, 12);
        let last = chain.l2.len() - 1;
        let frames = chain.channel(first, last, kind, compression, 300);
        // Over two L1 blocks.
        let (early, late) = frames.split_at(frames.len() / 2);
        for frames in [early, late].into_iter().filter(|frames| !frames.is_empty()) {
            let data = if blobs { chain.in_blobs(frames) } else { Chain::calldata(frames) };
            chain.mine(vec![data]);
        }
        first = last + 1;
    }
    chain.mine(Vec::new());
    let mut pipeline = chain.pipeline(chain.info(0));
    assert_eq!(chain.derive_same(&mut pipeline), chain.l2.len() - 1);

    // From any safe head the same follows.
    for safe in [1, 7, 30] {
        let mut pipeline = chain.pipeline(chain.info(safe));
        assert_eq!(chain.derive_same(&mut pipeline), chain.l2.len() - 1 - safe, "from {safe}");
    }
    chain
}

#[test]
fn bedrock_singular_zlib() {
    let zlib = Compression::Zlib(9);
    round_trip(config(|_| ()), UpgradeBundle::default(), BatchKind::Singular, zlib, false);
}

#[test]
fn fjord_span_brotli() {
    let brotli = Compression::Brotli(9);
    round_trip(config(fjord), UpgradeBundle::default(), BatchKind::Span, brotli, false);
}

#[test]
fn isthmus_span_brotli_blobs() {
    let brotli = Compression::Brotli(9);
    round_trip(config(isthmus), UpgradeBundle::default(), BatchKind::Span, brotli, true);
}

#[test]
fn karst_from_genesis() {
    let karst = |config: &mut RollupConfig| {
        isthmus(config);
        config.jovian_time = Some(0);
        config.karst_time = Some(0);
    };
    let brotli = Compression::Brotli(5);
    let chain = round_trip(config(karst), UpgradeBundle::default(), BatchKind::Span, brotli, true);
    let info = L1InfoTransaction::from_block(chain.l2.last().unwrap()).unwrap();
    assert_eq!(info.format, L1InfoFormat::Jovian);
    assert_eq!(info.da_footprint_gas_scalar, 400, "the default is told, not zero");
}

#[test]
fn every_fork_in_turn() {
    let forks = |config: &mut RollupConfig| {
        let at = |index: u64| Some(GENESIS_TIME + 12 * index);
        config.canyon_time = at(1);
        config.delta_time = at(1);
        config.ecotone_time = at(2);
        config.fjord_time = at(3);
        config.granite_time = at(4);
        config.holocene_time = at(5);
        config.isthmus_time = at(6);
        config.jovian_time = at(7);
        config.karst_time = at(8);
    };
    let upgrades = UpgradeBundle::default()
        .with(OpHardfork::Ecotone, upgrade(1))
        .with(OpHardfork::Fjord, upgrade(2))
        .with(OpHardfork::Isthmus, upgrade(3))
        .with(OpHardfork::Jovian, upgrade(4))
        .with(OpHardfork::Karst, upgrade(5));
    let zlib = Compression::Zlib(6);
    let chain = round_trip(config(forks), upgrades, BatchKind::Singular, zlib, false);
    let gas = |number: usize| chain.l2[number].header.gas_limit;
    let karst = 6 * 8;
    assert_eq!(gas(karst - 1), 30_000_000);
    assert_eq!(gas(karst), 30_005_000, "the upgrade's gas on top");
    assert_eq!(gas(karst + 1), 30_000_000, "and off again");
    let formats: Vec<_> = (1..chain.l2.len())
        .map(|number| L1InfoTransaction::from_block(&chain.l2[number]).unwrap().format)
        .collect();
    assert!(formats.is_sorted());
    assert_eq!(formats[6 * 2 - 1], L1InfoFormat::Bedrock, "Ecotone's first block");
    assert_eq!(formats[6 * 2], L1InfoFormat::Ecotone);
}

#[test]
fn karst_gas_may_stay() {
    let karst = |config: &mut RollupConfig| {
        isthmus(config);
        config.jovian_time = Some(0);
        config.karst_time = Some(GENESIS_TIME + 20);
        config.keep_karst_upgrade_gas = true;
    };
    let upgrades = UpgradeBundle::default().with(OpHardfork::Karst, upgrade(5));
    let brotli = Compression::Brotli(5);
    let chain = round_trip(config(karst), upgrades, BatchKind::Span, brotli, false);
    assert_eq!(chain.l2[9].header.gas_limit, 30_000_000);
    assert_eq!(chain.l2.last().unwrap().header.gas_limit, 30_005_000);
}

#[test]
fn system_config_updates_reach_l2() {
    let jovian = |config: &mut RollupConfig| {
        isthmus(config);
        config.jovian_time = Some(0);
    };
    let mut chain = Chain::new(config(jovian), UpgradeBundle::default());
    let update = |kind: ConfigUpdateKind, value: U256| {
        let mut data = vec![0; 64];
        data[31] = 32;
        data[63] = 32;
        data.extend(value.to_be_bytes::<32>());
        let topics = vec![CONFIG_UPDATE, B256::ZERO, B256::with_last_byte(kind as u8)];
        L1Log { index: 0, log: Log::new_unchecked(SYSTEM_CONFIG, topics, data.into()) }
    };
    let params = (U256::from(100) << 32) | U256::from(3);
    let operator = (U256::from(77) << 64) | U256::from(88);
    chain.mine_with(
        Vec::new(),
        vec![
            update(ConfigUpdateKind::GasLimit, U256::from(60_000_000)),
            update(ConfigUpdateKind::Eip1559Params, params),
            update(ConfigUpdateKind::OperatorFeeParams, operator),
            update(ConfigUpdateKind::MinBaseFee, U256::from(1234)),
            update(ConfigUpdateKind::DaFootprintGasScalar, U256::from(555)),
            update(ConfigUpdateKind::Batcher, BATCHER.into_word().into()),
        ],
    );
    sequence(&mut chain, 20);
    let frames = chain.channel(1, 20, BatchKind::Span, Compression::Brotli(5), 10_000);
    chain.mine(vec![Chain::calldata(&frames)]);
    assert_eq!(chain.derive_same(&mut chain.pipeline(chain.info(0))), 20);

    let block = &chain.l2[20];
    let info = L1InfoTransaction::from_block(block).unwrap();
    assert_eq!(block.header.gas_limit, 60_000_000);
    assert_eq!((info.operator_fee_scalar, info.operator_fee_constant), (77, 88));
    assert_eq!(info.da_footprint_gas_scalar, 555);
    let mut extra = vec![1, 0, 0, 0, 100, 0, 0, 0, 3];
    extra.extend(1234u64.to_be_bytes());
    assert_eq!(block.header.extra_data[..], extra);
    assert_eq!(block.body.transactions[0].gas_limit(), 1_000_000);
}
