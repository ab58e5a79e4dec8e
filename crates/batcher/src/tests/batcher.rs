//! The whole batcher: what it posts must derive to the chain that it read.

use super::{
    l1::{L1, target},
    l2::{L2, L2Node, config},
};
use crate::{Batcher, BatcherConfig, BatcherError, DataAvailability, Endpoints, TxManagerConfig};
use alloy_primitives::B256;
use assay_derivation::{BatchKind, Compression};
use std::{sync::Arc, time::Duration};

type TestBatcher = Batcher<L1, L2Node, L2Node>;

fn settings() -> BatcherConfig {
    BatcherConfig {
        max_channel_duration: 1,
        compression: Compression::Brotli(5),
        transactions: TxManagerConfig { num_confirmations: 1, ..Default::default() },
        ..BatcherConfig::default()
    }
}

fn batcher(settings: BatcherConfig, l1: &Arc<L1>, node: &Arc<L2Node>) -> TestBatcher {
    let rollup = Arc::clone(&node.state.lock().unwrap().l2.config);
    let endpoints =
        Endpoints { l1: Arc::clone(l1), l2: Arc::clone(node), rollup: Arc::clone(node) };
    Batcher::new(settings, rollup, endpoints, target(false), B256::repeat_byte(3))
}

/// L2 grows, the batcher works, L1 mines, the verifier derives; `rounds` times.
async fn run(batcher: &mut TestBatcher, l1: &L1, node: &L2Node, rounds: u64, per_round: u64) {
    for round in 0..rounds {
        for index in 0..per_round {
            let seed = l1.blocks().len() as u64 * 1000 + index;
            node.state.lock().unwrap().l2.grow(seed, 60);
        }
        node.refresh();
        batcher.tick(Duration::from_secs(12 * round)).await.unwrap();
        l1.mine();
        node.derive(&l1.blocks());
    }
}

/// Ticks until nothing is left.
async fn settle(batcher: &mut TestBatcher, l1: &L1, node: &L2Node) {
    for _ in 0..12 {
        batcher.tick(Duration::ZERO).await.unwrap();
        l1.mine();
        node.derive(&l1.blocks());
    }
}

fn all_safe(node: &L2Node) {
    let state = node.state.lock().unwrap();
    assert_eq!(state.status.safe_l2, state.status.unsafe_l2);
    assert!(state.status.safe_l2.number > 0);
}

#[tokio::test]
async fn blobs_calldata_and_whatever_is_cheaper() {
    for data_availability in
        [DataAvailability::Blobs, DataAvailability::Calldata, DataAvailability::Auto]
    {
        for batch_kind in [BatchKind::Span, BatchKind::Singular] {
            let (l1, node) = (L1::new(), L2Node::new(L2::new(config(), 4)));
            let settings = BatcherConfig { data_availability, batch_kind, ..settings() };
            let mut batcher = batcher(settings, &l1, &node);
            run(&mut batcher, &l1, &node, 6, 3).await;
            settle(&mut batcher, &l1, &node).await;
            all_safe(&node);
            let calldata = data_availability == DataAvailability::Calldata;
            let blocks = l1.blocks();
            let mut transactions = blocks.iter().flat_map(|block| &block.transactions);
            assert!(transactions.all(|(transaction, _)| transaction.is_eip4844() != calldata));
        }
    }
}

#[tokio::test]
async fn channels_of_many_blobs() {
    let (l1, node) = (L1::new(), L2Node::new(L2::heavy(config(), 40, 15_000)));
    let settings = BatcherConfig { target_num_frames: 3, ..settings() };
    let mut batcher = batcher(settings, &l1, &node);
    settle(&mut batcher, &l1, &node).await;
    all_safe(&node);
    let progress = batcher.tick(Duration::ZERO).await.unwrap();
    assert!(progress.posted.blobs >= 4, "{:?}", progress.posted);
    assert!(progress.posted.transactions < progress.posted.blobs);
    assert_eq!((progress.in_flight, progress.backlog), (0, 0));
}

#[tokio::test]
async fn an_l1_reorg_loses_nothing() {
    let (l1, node) = (L1::new(), L2Node::new(L2::new(config(), 4)));
    let mut settings = settings();
    settings.transactions.num_confirmations = 4;
    settings.max_pending_transactions = 0;
    let mut batcher = batcher(settings, &l1, &node);
    run(&mut batcher, &l1, &node, 5, 2).await;
    l1.reorg(3);
    node.derive(&l1.blocks());
    run(&mut batcher, &l1, &node, 5, 2).await;
    settle(&mut batcher, &l1, &node).await;
    all_safe(&node);
}

#[tokio::test]
async fn a_reorg_below_the_confirmations_is_noticed_by_the_safe_head() {
    let (l1, node) = (L1::new(), L2Node::new(L2::new(config(), 4)));
    let mut batcher = batcher(settings(), &l1, &node);
    for _ in 0..3 {
        batcher.tick(Duration::ZERO).await.unwrap();
        l1.mine();
    }
    // Confirmed, but never derived: the reorg takes the batch back.
    let progress = batcher.tick(Duration::ZERO).await.unwrap();
    assert_eq!(progress.posted.transactions, 1);
    l1.reorg(3);
    node.derive(&l1.blocks());
    settle(&mut batcher, &l1, &node).await;
    all_safe(&node);
}

#[tokio::test]
async fn an_l2_reorg_starts_over() {
    let (l1, node) = (L1::new(), L2Node::new(L2::new(config(), 6)));
    let mut batcher = batcher(settings(), &l1, &node);
    batcher.tick(Duration::ZERO).await.unwrap();
    {
        let mut state = node.state.lock().unwrap();
        state.l2.blocks.truncate(3);
        for seed in 0..5 {
            state.l2.grow(500 + seed, 60);
        }
    }
    node.refresh();
    settle(&mut batcher, &l1, &node).await;
    all_safe(&node);
}

#[tokio::test]
async fn an_l2_that_went_back_starts_over() {
    let (l1, node) = (L1::new(), L2Node::new(L2::new(config(), 6)));
    let mut batcher = batcher(settings(), &l1, &node);
    batcher.tick(Duration::ZERO).await.unwrap();
    {
        let mut state = node.state.lock().unwrap();
        state.l2.blocks.truncate(3);
        state.l2.grow(900, 60);
    }
    node.refresh();
    let progress = batcher.tick(Duration::ZERO).await.unwrap();
    assert_eq!(progress.tip.unwrap(), node.state.lock().unwrap().l2.id(3));
    settle(&mut batcher, &l1, &node).await;
    all_safe(&node);
}

#[tokio::test]
async fn a_restarted_batcher_goes_on_at_the_safe_head() {
    let (l1, node) = (L1::new(), L2Node::new(L2::new(config(), 4)));
    let mut first = batcher(settings(), &l1, &node);
    run(&mut first, &l1, &node, 4, 2).await;
    drop(first);
    let mut second = batcher(settings(), &l1, &node);
    run(&mut second, &l1, &node, 4, 2).await;
    settle(&mut second, &l1, &node).await;
    all_safe(&node);
}

#[tokio::test]
async fn a_backlog_throttles() {
    let (l1, node) = (L1::new(), L2Node::new(L2::heavy(config(), 50, 100_000)));
    l1.mine_empty();
    let mut throttled = batcher(settings(), &l1, &node);
    throttled.tick(Duration::ZERO).await.unwrap();
    let limits = *node.state.lock().unwrap().limits.last().unwrap();
    assert!(limits.transaction < 20_000 && limits.transaction > 150, "{limits:?}");
    assert!(limits.block < 130_000 && limits.block > 2_000, "{limits:?}");

    node.state.lock().unwrap().without_miner = true;
    let mut refused = batcher(settings(), &l1, &node);
    let result = refused.tick(Duration::ZERO).await;
    assert!(matches!(result, Err(BatcherError::Config(_))), "{result:?}");
}

#[tokio::test]
async fn draining_sends_what_an_open_channel_holds() {
    let (l1, node) = (L1::new(), L2Node::new(L2::new(config(), 4)));
    let settings = BatcherConfig {
        max_channel_duration: 0,
        poll_interval: Duration::from_millis(1),
        ..settings()
    };
    let mut batcher = batcher(settings, &l1, &node);
    let progress = batcher.tick(Duration::ZERO).await.unwrap();
    assert_eq!(progress.in_flight, 0, "the channel waits for more");
    let clock = || {
        l1.mine();
        Duration::ZERO
    };
    batcher.drain(Duration::from_secs(60), clock).await.unwrap();
    assert_eq!(node.derive(&l1.blocks()), 4);
}
