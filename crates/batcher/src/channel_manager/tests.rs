use super::{ChannelManager, L1Position};
use crate::{
    BatcherConfig, BatcherError, TxKind,
    tests::l2::{L2, config},
};
use alloy_primitives::B256;
use assay_chainspec::BlockId;
use assay_derivation::{BatchKind, Compression};

fn settings() -> BatcherConfig {
    BatcherConfig {
        max_channel_duration: 2,
        compression: Compression::Zlib(6),
        ..BatcherConfig::default()
    }
}

fn at(number: u64) -> L1Position {
    L1Position { number, timestamp: 10_000 + 12 * number }
}

fn manager(
    settings: BatcherConfig,
    l2: &L2,
    blocks: std::ops::RangeInclusive<usize>,
) -> ChannelManager {
    let mut manager = ChannelManager::new(settings, l2.config.clone(), B256::repeat_byte(1));
    add(&mut manager, l2, blocks);
    manager
}

fn add(manager: &mut ChannelManager, l2: &L2, blocks: std::ops::RangeInclusive<usize>) {
    for block in &l2.blocks[blocks] {
        manager.add_block(block.header.hash_slow(), block).unwrap();
    }
}

fn id(l2: &L2, number: usize) -> BlockId {
    BlockId { hash: l2.blocks[number].header.hash_slow(), number: number as u64 }
}

#[test]
fn a_channel_closes_after_its_duration() {
    let l2 = L2::new(config(), 20);
    let mut manager = manager(settings(), &l2, 1..=10);
    manager.advance(at(5)).unwrap();
    assert_eq!(manager.next_tx(), None);
    add(&mut manager, &l2, 11..=20);
    manager.advance(at(6)).unwrap();
    assert_eq!(manager.next_kind(), None);
    manager.advance(at(7)).unwrap();
    let data = manager.next_tx().unwrap();
    assert_eq!((data.kind, data.frames.len()), (TxKind::Blobs, 1));
    assert!(data.frames[0].is_last);
    assert_eq!(manager.next_tx(), None);
    assert!(manager.backlog() > 0);
    manager.confirmed(data.id, 8);
    assert!(manager.is_drained());
    assert_eq!(manager.backlog(), 0);
    manager.safe_head(id(&l2, 20), 9).unwrap();
    assert_eq!(manager.known_hash(20), None, "what is safe is forgotten");
}

#[test]
fn the_sequencing_window_closes_a_channel() {
    let l2 = L2::new(config(), 5);
    let settings = BatcherConfig { max_channel_duration: 0, ..settings() };
    let mut manager = manager(settings, &l2, 1..=5);
    let window = l2.config.seq_window_size;
    manager.advance(at(window - 11)).unwrap();
    assert_eq!(manager.next_tx(), None);
    manager.advance(at(window - 10)).unwrap();
    assert!(manager.next_tx().is_some());
}

#[test]
fn a_full_channel_closes_at_once() {
    let settings = BatcherConfig {
        batch_kind: BatchKind::Singular,
        data_availability: crate::DataAvailability::Calldata,
        ..settings()
    };
    // Incompressible blocks of 10,000 bytes: eleven fill a calldata transaction.
    let heavy = L2::heavy(config(), 30, 10_000);
    let rollup = std::sync::Arc::clone(&heavy.config);
    let mut manager = ChannelManager::new(settings, rollup, B256::ZERO);
    manager.set_kind(TxKind::Calldata);
    add(&mut manager, &heavy, 1..=30);
    manager.advance(at(1)).unwrap();
    let mut blocks = 0;
    while let Some(data) = manager.next_tx() {
        let size: usize = data.frames.iter().map(assay_derivation::Frame::encoded_length).sum();
        assert!(size < 120_000 && size > 100_000, "{size}");
        assert_eq!(data.kind, TxKind::Calldata);
        blocks += 11;
    }
    assert_eq!(blocks, 22, "the rest waits in an open channel");
}

#[test]
fn another_parent_is_a_reorg() {
    let l2 = L2::new(config(), 10);
    let mut manager = manager(settings(), &l2, 1..=4);
    let block = &l2.blocks[6];
    let result = manager.add_block(block.header.hash_slow(), block);
    assert!(matches!(result, Err(BatcherError::Reorg(_))));
    let safe = BlockId { hash: B256::repeat_byte(9), number: 3 };
    assert!(matches!(manager.safe_head(safe, 1), Err(BatcherError::Reorg(_))));
    manager.clear();
    assert_eq!(manager.tip(), None);
    manager.add_block(block.header.hash_slow(), block).unwrap();
}

#[test]
fn failed_and_spread_out_channels_are_sent_again() {
    let l2 = L2::heavy(config(), 40, 10_000);
    let mut manager = ChannelManager::new(
        BatcherConfig { target_num_frames: 2, ..settings() },
        l2.config.clone(),
        B256::ZERO,
    );
    manager.set_kind(TxKind::Calldata);
    add(&mut manager, &l2, 1..=40);
    manager.advance(at(1)).unwrap();
    let first = manager.next_tx().unwrap();
    let second = manager.next_tx().unwrap();
    assert_eq!(first.frames[0].id, second.frames[0].id);

    // Failed: the same blocks in a new channel.
    manager.failed(first.id);
    manager.confirmed(second.id, 3);
    manager.advance(at(3)).unwrap();
    let again = manager.next_tx().unwrap();
    assert_ne!(again.frames[0].id, first.frames[0].id);
    assert_eq!(again.frames[0].number, 0);

    // Too far apart: again.
    let rest = manager.next_tx().unwrap();
    assert_eq!(rest.frames[0].id, again.frames[0].id);
    manager.confirmed(again.id, 10);
    manager.confirmed(rest.id, 10 + l2.config.channel_timeout_at(10_000) + 1);
    manager.advance(at(70)).unwrap();
    let third = manager.next_tx().unwrap();
    assert_ne!(third.frames[0].id, again.frames[0].id);
}

#[test]
fn a_channel_without_effect_is_sent_again() {
    let l2 = L2::new(config(), 20);
    let mut manager = manager(settings(), &l2, 1..=20);
    manager.advance(at(1)).unwrap();
    manager.advance(at(3)).unwrap();
    let data = manager.next_tx().unwrap();
    manager.confirmed(data.id, 4);
    // Still being derived.
    manager.safe_head(id(&l2, 5), 4).unwrap();
    manager.advance(at(5)).unwrap();
    assert_eq!(manager.next_tx(), None);
    // Passed, and only a part became safe.
    manager.safe_head(id(&l2, 7), 5).unwrap();
    manager.advance(at(6)).unwrap();
    manager.advance(at(8)).unwrap();
    let again = manager.next_tx().unwrap();
    assert_ne!(again.frames[0].id, data.frames[0].id);
    assert_eq!(manager.known_hash(7), None);
    assert!(manager.known_hash(8).is_some());
}

#[test]
fn what_l1_cannot_carry_yet_is_left_out() {
    let mut early = config();
    (early.delta_time, early.ecotone_time) = (Some(50_000), Some(50_000));
    for time in [
        &mut early.fjord_time,
        &mut early.granite_time,
        &mut early.holocene_time,
        &mut early.isthmus_time,
    ] {
        *time = Some(60_000);
    }
    let l2 = L2::new(config(), 3);
    let settings = BatcherConfig { compression: Compression::Brotli(5), ..settings() };
    let mut manager = ChannelManager::new(settings, early.into(), B256::ZERO);
    add(&mut manager, &l2, 1..=3);
    manager.advance(at(1)).unwrap();
    manager.close_channel();
    let data = manager.next_tx().unwrap();
    assert_eq!(data.kind, TxKind::Calldata);
    assert_eq!(data.frames[0].data[0] & 0x0f, 8, "zlib");
    let batches = assay_derivation::read_channel(&data.frames[0].data, &l2.config).unwrap();
    assert_eq!(batches.len(), 3, "one batch per block");
}
