//! The transaction manager where L1 does not behave.

use super::l1::{L1, target};
use crate::{L1Rpc, TxData, TxId, TxKind, TxManager, TxManagerConfig, TxOutcome};
use alloy_consensus::Transaction;
use assay_derivation::{Frame, MAX_BLOB_DATA};
use std::{sync::Arc, time::Duration};

const RESUBMIT: Duration = Duration::from_secs(48);

fn manager(l1: &Arc<L1>, confirmations: u64) -> TxManager<L1> {
    let config = TxManagerConfig { num_confirmations: confirmations, ..Default::default() };
    let osaka = l1.state.lock().unwrap().osaka;
    TxManager::new(Arc::clone(l1), target(osaka), config)
}

fn data(id: u64, kind: TxKind) -> TxData {
    let frame = Frame { data: vec![id as u8; 100].into(), is_last: true, ..Frame::default() };
    TxData { id: TxId(id), kind, frames: vec![frame] }
}

async fn submit(manager: &mut TxManager<L1>, l1: &L1, data: &TxData, now: Duration) -> bool {
    let head = l1.head().await.unwrap();
    manager.submit(data, &head, now).await.unwrap()
}

async fn poll(manager: &mut TxManager<L1>, l1: &L1, now: Duration) -> Vec<(u64, TxOutcome)> {
    let head = l1.head().await.unwrap();
    let outcomes = manager.poll(&head, now).await.unwrap();
    outcomes.into_iter().map(|(id, outcome)| (id.0, outcome)).collect()
}

const fn confirmed(block: u64, blobs: usize) -> TxOutcome {
    TxOutcome::Confirmed { block, blobs }
}

#[tokio::test]
async fn calldata_is_confirmed_in_order() {
    let l1 = L1::new();
    let mut manager = manager(&l1, 3);
    for id in 0..3 {
        assert!(submit(&mut manager, &l1, &data(id, TxKind::Calldata), Duration::ZERO).await);
    }
    assert_eq!(l1.state.lock().unwrap().pool.len(), 3);
    l1.mine();
    assert_eq!(poll(&mut manager, &l1, Duration::ZERO).await, []);
    l1.mine();
    assert_eq!(poll(&mut manager, &l1, Duration::ZERO).await, []);
    l1.mine();
    let outcomes = poll(&mut manager, &l1, Duration::ZERO).await;
    assert_eq!(outcomes, [(0, confirmed(1, 0)), (1, confirmed(1, 0)), (2, confirmed(1, 0))]);
    assert_eq!(manager.in_flight(), 0);
}

#[tokio::test]
async fn blobs_carry_valid_proofs_before_and_from_osaka() {
    for osaka in [false, true] {
        let l1 = L1::new();
        l1.state.lock().unwrap().osaka = osaka;
        let mut manager = manager(&l1, 1);
        let frame =
            |byte| Frame { data: vec![byte; MAX_BLOB_DATA - 24].into(), ..Frame::default() };
        let data = TxData { id: TxId(4), kind: TxKind::Blobs, frames: vec![frame(1), frame(2)] };
        assert!(submit(&mut manager, &l1, &data, Duration::ZERO).await);
        l1.mine();
        assert_eq!(poll(&mut manager, &l1, Duration::ZERO).await, [(4, confirmed(1, 2))]);
        let blocks = l1.blocks();
        let (_, blobs) = &blocks[1].transactions[0];
        assert_eq!(blobs.len(), 2);
        let decoded = assay_derivation::decode_blob(&blobs[1]).unwrap();
        assert_eq!(Frame::decode_all(&decoded).unwrap(), [frame(2)]);
    }
}

#[tokio::test]
async fn kinds_are_never_mixed() {
    let l1 = L1::new();
    let mut manager = manager(&l1, 1);
    assert!(submit(&mut manager, &l1, &data(0, TxKind::Calldata), Duration::ZERO).await);
    assert!(!manager.accepts(TxKind::Blobs));
    assert!(!submit(&mut manager, &l1, &data(1, TxKind::Blobs), Duration::ZERO).await);
    l1.mine();
    poll(&mut manager, &l1, Duration::ZERO).await;
    assert!(submit(&mut manager, &l1, &data(1, TxKind::Blobs), Duration::ZERO).await);
}

#[tokio::test]
async fn fees_rise_until_it_is_included() {
    for kind in [TxKind::Calldata, TxKind::Blobs] {
        let l1 = L1::new();
        let mut manager = manager(&l1, 1);
        let mut now = Duration::ZERO;
        assert!(submit(&mut manager, &l1, &data(0, kind), now).await);
        for _ in 0..4 {
            now += RESUBMIT;
            assert_eq!(poll(&mut manager, &l1, now).await, []);
            // Not due yet.
            assert_eq!(poll(&mut manager, &l1, now + RESUBMIT / 2).await, []);
        }
        let sent: Vec<u128> =
            l1.state.lock().unwrap().sent.iter().map(Transaction::max_fee_per_gas).collect();
        assert_eq!(sent.len(), 5, "each replacement was sent once");
        assert_eq!(l1.state.lock().unwrap().pool[&0].0.max_fee_per_gas(), sent[4], "and taken");
        l1.mine();
        assert_eq!(poll(&mut manager, &l1, now).await.len(), 1);
    }
}

#[tokio::test]
async fn an_older_version_may_be_the_one_that_is_included() {
    let l1 = L1::new();
    let mut manager = manager(&l1, 1);
    assert!(submit(&mut manager, &l1, &data(0, TxKind::Calldata), Duration::ZERO).await);
    let old = l1.state.lock().unwrap().pool[&0].clone();
    poll(&mut manager, &l1, RESUBMIT).await;
    l1.state.lock().unwrap().pool.insert(0, old);
    l1.mine();
    assert_eq!(poll(&mut manager, &l1, RESUBMIT).await, [(0, confirmed(1, 0))]);
}

#[tokio::test]
async fn a_reorg_sends_it_again() {
    let l1 = L1::new();
    let mut manager = manager(&l1, 3);
    for id in 0..2 {
        assert!(submit(&mut manager, &l1, &data(id, TxKind::Blobs), Duration::ZERO).await);
    }
    l1.mine();
    assert_eq!(poll(&mut manager, &l1, Duration::ZERO).await, []);
    l1.reorg(1);
    assert!(l1.state.lock().unwrap().pool.is_empty(), "they are gone");
    assert_eq!(poll(&mut manager, &l1, Duration::ZERO).await, []);
    assert_eq!(l1.state.lock().unwrap().pool.len(), 2, "and back");
    for _ in 0..3 {
        l1.mine();
    }
    let outcomes = poll(&mut manager, &l1, Duration::ZERO).await;
    assert_eq!(outcomes, [(0, confirmed(2, 1)), (1, confirmed(2, 1))]);
}

#[tokio::test]
async fn an_l1_that_does_not_answer_is_asked_again() {
    let l1 = L1::new();
    let mut manager = manager(&l1, 1);
    let head = l1.head().await.unwrap();
    l1.state.lock().unwrap().down = true;
    let result = manager.submit(&data(0, TxKind::Calldata), &head, Duration::ZERO).await;
    assert_eq!(result, Ok(true), "it is the manager's now");
    assert!(manager.poll(&head, Duration::ZERO).await.is_err());
    l1.state.lock().unwrap().down = false;
    poll(&mut manager, &l1, Duration::ZERO).await;
    l1.mine();
    assert_eq!(poll(&mut manager, &l1, Duration::ZERO).await, [(0, confirmed(1, 0))]);
}

#[tokio::test]
async fn an_underpriced_one_is_raised_at_once() {
    let l1 = L1::new();
    l1.state.lock().unwrap().refusals =
        vec!["replacement transaction underpriced", "replacement transaction underpriced"];
    let mut manager = manager(&l1, 1);
    assert!(submit(&mut manager, &l1, &data(0, TxKind::Calldata), Duration::ZERO).await);
    poll(&mut manager, &l1, Duration::ZERO).await;
    poll(&mut manager, &l1, Duration::ZERO).await;
    let fees: Vec<u128> =
        l1.state.lock().unwrap().sent.iter().map(Transaction::max_fee_per_gas).collect();
    assert!(fees.len() == 3 && fees.is_sorted() && fees[0] < fees[2], "{fees:?}");
    assert_eq!(l1.state.lock().unwrap().pool.len(), 1);
}

#[tokio::test]
async fn a_nonce_that_another_took_fails() {
    let l1 = L1::new();
    let mut ours = manager(&l1, 1);
    assert!(submit(&mut ours, &l1, &data(0, TxKind::Calldata), Duration::ZERO).await);
    l1.state.lock().unwrap().pool.clear();
    let mut other = manager(&l1, 1);
    assert!(submit(&mut other, &l1, &data(9, TxKind::Calldata), Duration::ZERO).await);
    l1.mine();
    assert_eq!(poll(&mut ours, &l1, RESUBMIT).await, [(0, TxOutcome::Failed)]);
    assert!(submit(&mut ours, &l1, &data(1, TxKind::Calldata), RESUBMIT).await);
    l1.mine();
    assert_eq!(poll(&mut ours, &l1, RESUBMIT).await, [(1, confirmed(2, 0))]);
}

#[tokio::test]
async fn what_an_earlier_life_left_is_waited_for_then_replaced() {
    let l1 = L1::new();
    let mut before = manager(&l1, 1);
    assert!(submit(&mut before, &l1, &data(0, TxKind::Calldata), Duration::ZERO).await);
    let mut after = manager(&l1, 1);
    let next = data(1, TxKind::Calldata);
    assert!(!submit(&mut after, &l1, &next, Duration::ZERO).await);
    assert!(!submit(&mut after, &l1, &next, RESUBMIT / 2).await);
    assert!(submit(&mut after, &l1, &next, RESUBMIT).await, "long enough");
    // The old one has the same price: replacing it takes a bump.
    poll(&mut after, &l1, RESUBMIT).await;
    l1.mine();
    assert_eq!(poll(&mut after, &l1, RESUBMIT).await, [(1, confirmed(1, 0))]);
}

#[tokio::test]
async fn a_stuck_one_of_the_other_kind_is_cancelled() {
    for (stuck, wanted) in [(TxKind::Calldata, TxKind::Blobs), (TxKind::Blobs, TxKind::Calldata)] {
        let l1 = L1::new();
        let mut before = manager(&l1, 1);
        assert!(submit(&mut before, &l1, &data(0, stuck), Duration::ZERO).await);
        let mut after = manager(&l1, 1);
        let next = data(1, wanted);
        assert!(!submit(&mut after, &l1, &next, Duration::ZERO).await);
        assert!(submit(&mut after, &l1, &next, RESUBMIT).await);
        // A replacement of the stuck one's kind goes in, is mined, and frees the account.
        poll(&mut after, &l1, RESUBMIT).await;
        l1.mine();
        poll(&mut after, &l1, RESUBMIT).await;
        l1.mine();
        let outcomes = poll(&mut after, &l1, RESUBMIT).await;
        assert!(
            matches!(outcomes[..], [(1, TxOutcome::Confirmed { block: 2, .. })]),
            "{outcomes:?}"
        );
    }
}
