//! Verdicts on batches, with everything around them varied.

use crate::{
    batches::{encode_span, their_decode, their_singular},
    chain::{Chain, config, user_transaction},
    convert::{self, OpBlockV1},
};
use alloy_primitives::{B256, Bytes};
use assay_derivation::{
    Batch, CheckContext, KnownL2Block, L1Origin, SingularBatch, UpgradeBundle, Validity,
    block_to_batch,
};
use async_trait::async_trait;
use futures::executor::block_on;
use kona_protocol::BatchValidationProvider;
use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};
use std::{collections::BTreeMap, sync::Arc};

/// The safe chain for kona.
#[derive(Debug, Clone)]
struct Blocks {
    infos: Vec<kona_protocol::L2BlockInfo>,
    blocks: Vec<OpBlockV1>,
}

#[async_trait]
impl BatchValidationProvider for Blocks {
    type Error = String;

    async fn l2_block_info_by_number(
        &mut self,
        number: u64,
    ) -> Result<kona_protocol::L2BlockInfo, String> {
        self.infos.get(number as usize).copied().ok_or_else(|| "no such block".into())
    }

    async fn block_by_number(&mut self, number: u64) -> Result<OpBlockV1, String> {
        self.blocks.get(number as usize).cloned().ok_or_else(|| "no such block".into())
    }
}

/// What is varied.
#[derive(Debug, Clone)]
struct Case {
    forks: usize,
    safe: usize,
    from: usize,
    count: usize,
    /// L1 blocks known, from the safe head's origin on.
    known: usize,
    inclusion: u64,
    /// Every transaction left out.
    empty: bool,
    change: Change,
}

#[derive(Debug, Clone)]
enum Change {
    None,
    Parent,
    EpochHash,
    Epoch(i64),
    Time(i64),
    Transaction(u8),
    NoDrift,
    ShortWindow,
}

fn cases() -> impl Strategy<Value = Case> {
    let change =
        (0..10, -2i64..3, -9i64..9, any::<u8>()).prop_map(|(kind, epoch, time, byte)| match kind {
            0 => Change::Parent,
            1 => Change::EpochHash,
            2 => Change::Epoch(epoch),
            3 => Change::Time(time),
            4 => Change::Transaction([0x7e, 0x04, 0x00, byte][usize::from(byte % 4)]),
            5 => Change::NoDrift,
            6 => Change::ShortWindow,
            _ => Change::None,
        });
    ((2usize..8, 4usize..25, -6i64..4, 1usize..14), (0usize..8, 0u64..25, any::<bool>(), change))
        .prop_map(|((forks, safe, from, count), (known, inclusion, empty, change))| Case {
            forks,
            safe,
            from: (safe as i64 + 1 + from).max(1) as usize,
            count,
            known,
            inclusion,
            empty,
            change,
        })
}

fn chain(case: &Case) -> Chain {
    let mut config = config(case.forks);
    match case.change {
        Change::NoDrift => config.max_sequencer_drift = 4,
        Change::ShortWindow => config.seq_window_size = 3,
        _ => {}
    }
    let mut chain = Chain::new(config);
    for _ in 0..25 {
        chain.mine(Vec::new());
    }
    for nonce in 0..40 {
        let transactions = if case.empty { Vec::new() } else { vec![user_transaction(nonce)] };
        chain.sequence(transactions);
    }
    chain
}

fn changed(case: &Case, chain: &Chain) -> Vec<SingularBatch> {
    let last = (case.from + case.count).min(chain.l2.len());
    let mut blocks: Vec<_> = chain.l2[case.from.min(last - 1)..last]
        .iter()
        .map(|block| block_to_batch(block).unwrap().0)
        .collect();
    for (index, block) in blocks.iter_mut().enumerate() {
        match case.change {
            Change::Epoch(by) => {
                block.epoch_number = block.epoch_number.saturating_add_signed(by);
            }
            Change::Time(by) => block.timestamp = block.timestamp.saturating_add_signed(by),
            Change::Parent if index == 0 => block.parent_hash = B256::repeat_byte(1),
            Change::EpochHash => block.epoch_hash = B256::repeat_byte(2),
            _ => {}
        }
    }
    blocks
}

fn check(case: &Case, span: bool) -> Option<(Validity, Validity)> {
    let chain = chain(case);
    let config = &chain.config;
    let their_config = convert::rollup_config(config);
    let mut blocks = changed(case, &chain);
    let safe = chain.info(case.safe);
    let first = safe.l1_origin.number as usize;
    let l1_blocks: Vec<Arc<L1Origin>> = chain.l1[first..(first + case.known).min(chain.l1.len())]
        .iter()
        .map(|block| Arc::new(block.origin(config)))
        .collect();
    let inclusion = chain.l1[case.inclusion as usize].origin(config).info;
    let upgrades = UpgradeBundle::default();
    let known: BTreeMap<u64, KnownL2Block> = chain.l2[..=case.safe]
        .iter()
        .map(|block| KnownL2Block::from_block(config, &upgrades, block).unwrap())
        .map(|known| (known.info.number, known))
        .collect();
    let context = CheckContext {
        config,
        l1_blocks: &l1_blocks,
        safe_head: &safe,
        inclusion: &inclusion,
        l2_blocks: &known,
    };
    let their_l1: Vec<_> = l1_blocks.iter().map(|block| convert::l1_info(&block.info)).collect();
    let their_safe = convert::l2_info(&safe);
    let their_inclusion = convert::l1_info(&inclusion);

    if !span {
        let block = blocks.first_mut()?;
        if let (Change::Transaction(kind), Some(transaction)) =
            (&case.change, block.transactions.first_mut())
        {
            let mut bytes = transaction.to_vec();
            bytes[0] = *kind;
            *transaction = if *kind == 0 { Bytes::new() } else { bytes.into() };
        }
        let theirs = their_singular(block).check_batch(
            &their_config,
            &their_l1,
            their_safe,
            &their_inclusion,
        );
        return Some((block.check(&context), convert::validity(theirs)));
    }

    // A span that claims the genesis block makes kona panic.
    if blocks.first()?.timestamp <= config.genesis.l2_time {
        return None;
    }
    let data = encode_span(config, &blocks);
    let Ok(Batch::Span(ours)) = Batch::decode(&data, config) else { return None };
    let Some(kona_protocol::Batch::Span(theirs)) = their_decode(&data, &their_config) else {
        return None;
    };
    let mut provider = Blocks {
        infos: (0..=case.safe).map(|number| convert::l2_info(&chain.info(number))).collect(),
        blocks: chain.l2[..=case.safe].iter().map(convert::through_rlp).collect(),
    };
    let theirs = if case.forks >= 6 {
        block_on(theirs.check_batch_prefix(
            &their_config,
            &their_l1,
            their_safe,
            &their_inclusion,
            &mut provider,
        ))
        .0
    } else {
        block_on(theirs.check_batch(
            &their_config,
            &their_l1,
            their_safe,
            &their_inclusion,
            &mut provider,
        ))
    };
    let ours = if case.forks >= 6 { ours.check_prefix(&context) } else { ours.check(&context) };
    Some((ours, convert::validity(theirs)))
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(600))]

    #[test]
    fn singular(case in cases()) {
        if let Some((ours, theirs)) = check(&case, false) {
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn span(case in cases()) {
        if let Some((ours, theirs)) = check(&case, true) {
            prop_assert_eq!(ours, theirs);
        }
    }
}

/// The cases reach every verdict: an oracle that is only asked easy questions proves nothing.
#[test]
fn every_verdict_is_reached() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..400 {
        let case = cases().new_tree(&mut runner).unwrap().current();
        for span in [false, true] {
            if let Some((ours, _)) = check(&case, span) {
                *seen.entry(format!("{span} {ours:?}")).or_default() += 1;
            }
        }
    }
    for verdict in ["Accept", "Drop", "Undecided", "Future", "Past"] {
        for span in [false, true] {
            assert!(seen.contains_key(&format!("{span} {verdict}")), "{span} {verdict}: {seen:?}");
        }
    }
}
