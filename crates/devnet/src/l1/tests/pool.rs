//! The pool's order and its rules of replacement.

use super::{Actor, GWEI, config, l1, sidecar};
use crate::{L1Error, Refusal, l1::L1};
use alloy_eips::BlockId;
use alloy_primitives::{Address, U256};
use assay_chainspec::preset::DevAccount;

const TO: Address = Address::repeat_byte(0x42);

fn refusal(result: Result<alloy_primitives::B256, L1Error>) -> Refusal {
    match result {
        Err(L1Error::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nonces_are_mined_in_order_and_gaps_wait() {
    let mut l1 = l1();
    let actor = Actor::dev(0);
    let third = l1.submit(&actor.transfer(2, TO)).unwrap();
    let first = l1.submit(&actor.transfer(0, TO)).unwrap();
    assert_eq!(l1.nonce(actor.address(), BlockId::pending()).unwrap(), 1);
    let block = l1.mine().unwrap();
    assert_eq!(block.transactions.len(), 1);
    assert_eq!(*block.transactions[0].tx_hash(), first);
    let second = l1.submit(&actor.transfer(1, TO)).unwrap();
    assert_eq!(l1.nonce(actor.address(), BlockId::pending()).unwrap(), 3);
    let block = l1.mine().unwrap();
    let hashes: Vec<_> = block.transactions.iter().map(|tx| *tx.tx_hash()).collect();
    assert_eq!(hashes, [second, third]);
}

#[test]
fn the_best_tip_goes_first() {
    let mut l1 = l1();
    let mut expected = Vec::new();
    for (index, tip) in [(0, 1), (1, 3), (2, 2)] {
        let actor = Actor::dev(index).paying(tip * GWEI, 100 * GWEI, 1);
        expected.push((tip, l1.submit(&actor.transfer(0, TO)).unwrap()));
    }
    expected.sort_by_key(|(tip, _)| std::cmp::Reverse(*tip));
    let block = l1.mine().unwrap();
    let hashes: Vec<_> = block.transactions.iter().map(|tx| *tx.tx_hash()).collect();
    assert_eq!(hashes, expected.into_iter().map(|(_, hash)| hash).collect::<Vec<_>>());
}

#[test]
fn a_replacement_pays_a_tenth_more() {
    let mut l1 = l1();
    let actor = Actor::dev(0);
    let fees = |tip: u128, fee: u128| actor.paying(tip, fee, 0).transfer(0, TO);
    let old = l1.submit(&fees(1000, 10 * GWEI)).unwrap();
    for (tip, fee) in [(1099, 11 * GWEI), (1100, 11 * GWEI - 1), (2000, 10 * GWEI)] {
        let refused = refusal(l1.submit(&fees(tip, fee)));
        assert_eq!(refused, Refusal::ReplacementUnderpriced);
        assert_eq!(refused.to_string(), "replacement transaction underpriced");
    }
    let new = l1.submit(&fees(1100, 11 * GWEI)).unwrap();
    assert!(l1.pooled(old).is_none() && l1.pooled(new).is_some());
    assert_eq!(refusal(l1.submit(&fees(1100, 11 * GWEI))), Refusal::Known(new));
}

#[test]
fn a_blob_replacement_pays_twice_as_much_in_every_fee() {
    let mut l1 = l1();
    let actor = Actor::dev(0);
    let blobs = sidecar(1, 1);
    let fees = |tip, fee, blob| actor.paying(tip, fee, blob).blobs(0, blobs.clone());
    l1.submit(&fees(1000, 10 * GWEI, 50)).unwrap();
    for (tip, fee, blob) in
        [(1999, 20 * GWEI, 100), (2000, 20 * GWEI - 1, 100), (2000, 20 * GWEI, 99)]
    {
        let refused = refusal(l1.submit(&fees(tip, fee, blob)));
        assert_eq!(refused, Refusal::ReplacementUnderpriced);
    }
    l1.submit(&fees(2000, 20 * GWEI, 100)).unwrap();
    assert_eq!(l1.pool_len(), 1);
}

#[test]
fn blob_transactions_and_others_of_one_account_exclude_each_other() {
    let mut l1 = l1();
    let actor = Actor::dev(0);
    l1.submit(&actor.transfer(0, TO)).unwrap();
    assert_eq!(refusal(l1.submit(&actor.blobs(1, sidecar(1, 1)))), Refusal::Reserved);
    l1.mine().unwrap();
    l1.submit(&actor.blobs(1, sidecar(1, 1))).unwrap();
    assert_eq!(refusal(l1.submit(&actor.transfer(2, TO))), Refusal::Reserved);

    let mut lenient = config();
    lenient.exclusive_pools = false;
    let mut l1 = L1::new(lenient);
    l1.submit(&actor.transfer(0, TO)).unwrap();
    l1.submit(&actor.blobs(1, sidecar(1, 1))).unwrap();
    assert_eq!(l1.mine().unwrap().transactions.len(), 2);
}

#[test]
fn blob_transactions_leave_no_gap() {
    let refused = refusal(l1().submit(&Actor::dev(0).blobs(1, sidecar(1, 1))));
    assert_eq!(refused, Refusal::NonceGapped { next: 0, nonce: 1 });
}

#[test]
fn a_fee_cap_below_the_base_fee_waits() {
    let mut l1 = l1();
    // A tenth under the base fee of the next block.
    let (base_fee, _) = l1.next_fees();
    let cap = u128::from(base_fee) * 9 / 10;
    let hash = l1.submit(&Actor::dev(0).paying(1, cap, 0).transfer(0, TO)).unwrap();
    assert!(l1.mine().unwrap().transactions.is_empty());
    assert!(l1.pooled(hash).is_some());
    // Empty blocks lower it.
    assert_eq!(l1.mine().unwrap().transactions.len(), 1);
}

#[test]
fn a_blob_fee_cap_below_the_blob_base_fee_waits() {
    let mut l1 = l1();
    let many = sidecar(9, 1);
    for nonce in 0..20 {
        l1.submit(&Actor::dev(0).blobs(nonce, many.clone())).unwrap();
        l1.mine().unwrap();
    }
    assert!(l1.blob_base_fee() > 1);
    let poor = Actor::dev(1).paying(GWEI, 100 * GWEI, 1);
    let hash = l1.submit(&poor.blobs(0, sidecar(1, 9))).unwrap();
    assert!(l1.mine().unwrap().transactions.is_empty());
    let mut blocks = 1;
    while l1.pooled(hash).is_some() {
        l1.mine().unwrap();
        blocks += 1;
        assert!(blocks < 30);
    }
}

#[test]
fn blocks_hold_no_more_blobs_than_allowed() {
    let mut l1 = l1();
    for index in 0..3 {
        l1.submit(&Actor::dev(index).blobs(0, sidecar(4, index as u8))).unwrap();
    }
    assert_eq!(l1.mine().unwrap().transactions.len(), 2);
    assert_eq!(l1.mine().unwrap().transactions.len(), 1);
    assert!(matches!(
        refusal(l1.submit(&Actor::dev(3).blobs(0, sidecar(10, 1)))),
        Refusal::Blobs(_)
    ));
}

#[test]
fn what_cannot_be_mined_is_refused_in_geths_words() {
    let mut l1 = l1();
    let actor = Actor::dev(0);
    l1.submit(&actor.transfer(0, TO)).unwrap();
    l1.mine().unwrap();
    let text = |result| refusal(result).to_string();
    assert_eq!(text(l1.submit(&actor.transfer(0, TO))), "nonce too low: next nonce 1, tx nonce 0");
    let known = actor.transfer(1, TO);
    l1.submit(&known).unwrap();
    assert_eq!(text(l1.submit(&known)), "already known");
    assert!(text(l1.submit(&[0xc0])).starts_with("rlp: "));
    assert!(
        text(l1.submit(&actor.paying(GWEI, 1, 0).transfer(2, TO)))
            .starts_with("max priority fee per gas higher")
    );
    let poor = DevAccount { address: Address::ZERO, key: U256::from(7).into() };
    assert!(text(l1.submit(&Actor::new(poor).transfer(0, TO))).starts_with("insufficient funds"));
}
