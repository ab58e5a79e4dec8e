//! The pipeline's rules where a batcher, a sequencer or L1 does not behave.

use super::{
    chain::{Chain, config, fjord, isthmus},
    transactions,
};
use crate::{
    BatchKind, Compression, DerivationError, Frame, L2BlockInfo, Pipeline, Step, UpgradeBundle,
    encode_frames,
    l1_block::{InboxData, InboxTransaction},
};
use alloy_primitives::{Address, Bytes};
use assay_chainspec::{OpHardforks, RollupConfig};

const SPAN: BatchKind = BatchKind::Span;
const PACK: Compression = Compression::Zlib(6);

/// Ten L1 blocks and forty L2 blocks, each with a transaction.
fn chain(forks: fn(&mut RollupConfig)) -> Chain {
    let mut chain = Chain::new(config(forks), UpgradeBundle::default());
    for _ in 0..7 {
        chain.mine(Vec::new());
    }
    for seed in 0..40 {
        chain.sequence(vec![transactions::dynamic_fee(901, seed + 1)]);
    }
    chain
}

fn derive(chain: &Chain) -> usize {
    chain.derive_same(&mut chain.pipeline(chain.info(0)))
}

#[test]
fn without_batches_the_window_forces_empty_blocks() {
    for forks in [fjord as fn(&mut RollupConfig), isthmus] {
        let mut chain = Chain::new(config(forks), UpgradeBundle::default());
        for _ in 0..40 {
            chain.mine(Vec::new());
        }
        let mut pipeline = chain.pipeline(chain.info(0));
        let mut head = chain.info(0);
        let mut last_epoch = 0;
        while let Some(derived) = chain.next(&mut pipeline) {
            assert_eq!(derived.parent, head);
            let block = chain.accept(&mut pipeline, &derived);
            assert_eq!(block.body.transactions.len(), 1, "only the L1 attributes");
            head = L2BlockInfo::from_block(&chain.config, &block).unwrap();
            let origin = &chain.l1[head.l1_origin.number as usize].origin.info;
            assert!(head.timestamp >= origin.timestamp);
            assert!(derived.derived_from.number >= head.l1_origin.number + 20, "window");
            assert!(head.l1_origin.number - last_epoch <= 1, "no epoch without a block");
            last_epoch = head.l1_origin.number;
            chain.l2.push(block);
        }
        // The last epoch whose window has passed is 20; it is filled up to the next one's time.
        assert_eq!(head.l1_origin.number, 20);
        assert_eq!(head.number, 6 * 21 - 1);
        let mut again = chain.pipeline(chain.info(0));
        assert_eq!(chain.derive_same(&mut again), 6 * 21 - 1);
    }
}

#[test]
fn a_late_batch_is_void() {
    let mut chain = chain(isthmus);
    let frames = chain.channel(1, 40, SPAN, PACK, 100_000);
    while chain.l1.len() < 25 {
        chain.mine(Vec::new());
    }
    chain.mine(vec![Chain::calldata(&frames)]);
    let mut pipeline = chain.pipeline(chain.info(0));
    let derived = chain.next(&mut pipeline).unwrap();
    assert_eq!(derived.attributes.transactions.unwrap().len(), 1);
}

#[test]
fn frames_out_of_order() {
    // Before Holocene the bank sorts them.
    let mut old = chain(fjord);
    let frames = old.channel(1, 40, SPAN, PACK, 80);
    assert!(frames.len() > 5);
    let reversed: Vec<Frame> = frames.iter().rev().cloned().collect();
    let (first, second) = reversed.split_at(3);
    old.mine(vec![Chain::calldata(first)]);
    old.mine(vec![Chain::calldata(second)]);
    assert_eq!(derive(&old), 40);

    // From Holocene on they are dropped, and a repetition in order counts.
    let mut new = chain(isthmus);
    let frames = new.channel(1, 40, SPAN, PACK, 80);
    let reversed: Vec<Frame> = frames.iter().rev().cloned().collect();
    new.mine(vec![Chain::calldata(&reversed)]);
    assert_eq!(derive(&new), 0);
    new.mine(vec![Chain::calldata(&frames)]);
    assert_eq!(derive(&new), 40);
}

#[test]
fn channels_time_out() {
    for forks in [fjord as fn(&mut RollupConfig), isthmus] {
        for (gap, count) in [(9, 40), (10, 0)] {
            // Without Granite, whose timeout is fixed.
            let mut config = config(forks);
            config.granite_time = None;
            let mut chain = Chain::new(config, UpgradeBundle::default());
            for _ in 0..7 {
                chain.mine(Vec::new());
            }
            for seed in 0..40 {
                chain.sequence(vec![transactions::dynamic_fee(901, seed + 1)]);
            }
            let frames = chain.channel(1, 40, SPAN, PACK, 80);
            let (first, second) = frames.split_at(2);
            chain.mine(vec![Chain::calldata(first)]);
            for _ in 0..gap {
                chain.mine(Vec::new());
            }
            chain.mine(vec![Chain::calldata(second)]);
            assert_eq!(derive(&chain), count, "{gap} blocks between the frames");
        }
    }
}

#[test]
fn only_the_batcher_counts() {
    let mut chain = chain(isthmus);
    let frames = chain.channel(1, 40, SPAN, PACK, 100_000);
    let foreign =
        InboxTransaction { sender: Address::repeat_byte(1), data: Chain::calldata(&frames) };
    chain.mine_with(vec![foreign], Vec::new());
    assert_eq!(derive(&chain), 0);
    let junk = [Bytes::new(), Bytes::from_static(&[1, 2]), Bytes::from_static(&[0; 30])];
    let mut data: Vec<InboxData> = junk.into_iter().map(InboxData::Calldata).collect();
    data.push(Chain::calldata(&frames));
    chain.mine(data);
    assert_eq!(derive(&chain), 40, "junk around it does no harm");
}

#[test]
fn overlapping_spans() {
    for forks in [fjord as fn(&mut RollupConfig), isthmus] {
        let mut chain = chain(forks);
        for (from, to) in [(1, 15), (8, 25), (3, 20), (20, 40)] {
            let frames = chain.channel(from, to, SPAN, PACK, 100_000);
            chain.mine(vec![Chain::calldata(&frames)]);
        }
        assert_eq!(derive(&chain), 40);
    }
}

#[test]
fn a_gap_is_not_bridged() {
    for (forks, count) in [(fjord as fn(&mut RollupConfig), 40), (isthmus, 15)] {
        let mut chain = chain(forks);
        for (from, to) in [(1, 10), (16, 40), (11, 15)] {
            let frames = chain.channel(from, to, SPAN, PACK, 100_000);
            chain.mine(vec![Chain::calldata(&frames)]);
        }
        assert_eq!(derive(&chain), count, "before Holocene a future batch waits");
    }
}

#[test]
fn an_invalid_block_becomes_deposits_only() {
    let mut chain = chain(isthmus);
    let frames = chain.channel(1, 40, SPAN, PACK, 100_000);
    chain.mine(vec![Chain::calldata(&frames)]);
    let mut pipeline = chain.pipeline(chain.info(0));
    for _ in 0..9 {
        let derived = chain.next(&mut pipeline).unwrap();
        chain.accept(&mut pipeline, &derived);
    }
    let bad = chain.next(&mut pipeline).unwrap();
    assert!(bad.attributes.transactions.as_ref().unwrap().len() > 1 && !bad.deposits_only);
    pipeline.invalid().unwrap();
    let replaced = chain.next(&mut pipeline).unwrap();
    assert!(replaced.deposits_only && replaced.is_last_in_span);
    assert_eq!(replaced.parent, bad.parent);
    let only = replaced.attributes.transactions.as_ref().unwrap();
    assert!(only.iter().all(|transaction| transaction[0] == 0x7e));
    assert!(matches!(pipeline.invalid(), Err(DerivationError::Critical(_))));
    chain.accept(&mut pipeline, &replaced);
    assert_eq!(chain.next(&mut pipeline), None, "the rest of the channel is void");
}

#[test]
fn before_holocene_an_invalid_block_takes_its_span_back() {
    let mut chain = chain(fjord);
    let frames = chain.channel(1, 10, SPAN, PACK, 100_000);
    chain.mine(vec![Chain::calldata(&frames)]);
    let frames = chain.channel(11, 40, SPAN, PACK, 100_000);
    chain.mine(vec![Chain::calldata(&frames)]);
    let mut pipeline = chain.pipeline(chain.info(0));
    for _ in 0..14 {
        let derived = chain.next(&mut pipeline).unwrap();
        assert_eq!(derived.is_last_in_span, derived.parent.number == 9);
        chain.accept(&mut pipeline, &derived);
    }
    chain.next(&mut pipeline).unwrap();
    pipeline.invalid().unwrap();
    assert_eq!(pipeline.pending_head(), chain.info(10));
    assert_eq!(chain.next(&mut pipeline), None);
    chain.mine(vec![Chain::calldata(&frames)]);
    assert_eq!(chain.derive_same(&mut pipeline), 30, "the same span again");
}

#[test]
fn an_l1_reorg_asks_for_a_reset() {
    let mut chain = chain(isthmus);
    chain.mine(Vec::new());
    let mut pipeline = chain.pipeline(chain.info(0));
    assert_eq!(chain.next(&mut pipeline), None);
    let height = chain.l1.len();
    let old = chain.l1.pop().unwrap();
    chain.salt = 1;
    let frames = chain.channel(1, 40, SPAN, PACK, 100_000);
    chain.mine(Vec::new());
    chain.mine(vec![Chain::calldata(&frames)]);
    assert_ne!(chain.l1[height - 1], old);
    assert_eq!(pipeline.step(), Ok(Step::NeedL1Block(height as u64)));
    let result = pipeline.provide_l1_block(chain.l1[height].clone());
    assert!(matches!(result, Err(DerivationError::Reset(_))));
    pipeline.reset(chain.info(0));
    assert_eq!(chain.derive_same(&mut pipeline), 40);
}

#[test]
fn a_safe_head_on_a_lost_origin_asks_for_a_reset() {
    let chain = chain(isthmus);
    let mut pipeline = chain.pipeline(chain.info(0));
    assert_eq!(pipeline.step(), Ok(Step::NeedL2Block(0)));
    pipeline.provide_l2_block(&chain.l2[0]).unwrap();
    assert_eq!(pipeline.step(), Ok(Step::NeedL1Block(0)));
    let mut block = chain.l1[0].clone();
    block.origin.info.hash.0[0] ^= 1;
    assert!(matches!(pipeline.provide_l1_block(block), Err(DerivationError::Reset(_))));
}

#[test]
fn calls_out_of_order_are_refused() {
    let mut chain = chain(isthmus);
    let frames = chain.channel(1, 40, SPAN, PACK, 100_000);
    chain.mine(vec![Chain::calldata(&frames)]);
    let misuse = |result: Result<(), DerivationError>| {
        assert!(matches!(result, Err(DerivationError::Misuse(_))), "{result:?}");
    };
    let mut pipeline = chain.pipeline(chain.info(0));
    misuse(pipeline.provide_l1_block(chain.l1[0].clone()));
    misuse(pipeline.provide_blobs(&[]));
    misuse(pipeline.invalid());
    misuse(pipeline.accepted(chain.info(1), chain.config.genesis.system_config));
    let derived = chain.next(&mut pipeline).unwrap();
    misuse(pipeline.provide_l1_block(chain.l1[1].clone()));
    misuse(pipeline.accepted(chain.info(2), chain.config.genesis.system_config));
    assert_eq!(chain.next(&mut pipeline), Some(derived), "given again until it is answered");
}

#[test]
fn a_fork_without_its_upgrade_is_refused() {
    let chain = chain(isthmus);
    let mut config = (*chain.config).clone();
    config.jovian_time = Some(config.genesis.l2_time + 100);
    let upgrades = UpgradeBundle::default().into();
    let safe = chain.info(0);
    let error =
        Pipeline::new(config.into(), super::blocks::blob_schedule(), upgrades, safe).unwrap_err();
    assert!(error.to_string().contains("jovian"));
}

#[test]
fn an_activation_block_with_transactions_is_void() {
    let forks = |config: &mut RollupConfig| {
        isthmus(config);
        config.jovian_time = Some(config.genesis.l2_time + 20);
    };
    let upgrades = UpgradeBundle::default()
        .with(assay_chainspec::OpHardfork::Jovian, super::chain::upgrade(4));
    let mut chain = Chain::new(config(forks), upgrades);
    for _ in 0..7 {
        chain.mine(Vec::new());
    }
    for seed in 0..40 {
        chain.sequence(vec![transactions::dynamic_fee(901, seed + 1)]);
    }
    assert!(!chain.config.is_jovian_active_at_timestamp(chain.l2[9].header.timestamp));
    let frames = chain.channel(1, 40, SPAN, PACK, 100_000);
    chain.mine(vec![Chain::calldata(&frames)]);
    assert_eq!(derive(&chain), 9, "the blocks before it stand");
}

#[test]
fn a_batcher_transaction_of_many_channels() {
    let mut chain = chain(isthmus);
    let first = chain.channel(1, 20, SPAN, PACK, 100_000);
    let second = chain.channel(21, 40, SPAN, PACK, 100_000);
    let data = encode_frames(&[first, second].concat());
    chain.mine(vec![InboxData::Calldata(data.into())]);
    assert_eq!(derive(&chain), 40);
}
