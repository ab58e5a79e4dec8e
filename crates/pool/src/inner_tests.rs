//! Replacement, limits, promotion and order, without a chain; and the invariants under any
//! sequence of operations.

use super::*;
use alloy_consensus::{SignableTransaction, TxEip1559, transaction::Recovered};
use alloy_primitives::{Signature, U256};
use assay_evm::Transaction;
use proptest::prelude::*;
use std::time::Duration;

const RICH: U256 = U256::MAX;

fn sender(index: u8) -> Address {
    Address::repeat_byte(index)
}

fn account(nonce: u64, balance: u64) -> AccountState {
    AccountState { nonce, balance: U256::from(balance), delegated: false }
}

/// `salt` tells transactions of equal nonce and fees apart.
fn transaction(
    sender: Address,
    nonce: u64,
    fee: u128,
    tip: u128,
    salt: u64,
) -> Recovered<Transaction> {
    let transaction = TxEip1559 {
        nonce,
        max_fee_per_gas: fee,
        max_priority_fee_per_gas: tip,
        gas_limit: salt,
        // The signature is no one's: the hash must differ by sender all the same.
        value: U256::from_be_slice(sender.as_slice()),
        ..Default::default()
    };
    let signed = transaction.into_signed(Signature::test_signature());
    Recovered::new_unchecked(signed.into(), sender)
}

fn admitted(sender: Address, nonce: u64, fee: u128, tip: u128, account: AccountState) -> Admitted {
    Admitted {
        transaction: transaction(sender, nonce, fee, tip, 0),
        encoded: vec![0; 100].into(),
        cost: U256::from(10),
        account,
        authorities: Box::default(),
    }
}

fn rich(nonce: u64) -> AccountState {
    AccountState { nonce, balance: RICH, delegated: false }
}

fn pool(config: PoolConfig) -> Inner {
    Inner::new(config)
}

fn add(inner: &mut Inner, sender: Address, nonce: u64, tip: u128) -> Result<Vec<B256>, PoolError> {
    inner.insert(admitted(sender, nonce, tip + 1_000, tip, rich(0)), Instant::now())
}

fn nonces(transactions: impl Iterator<Item = Pooled>) -> Vec<(Address, u64)> {
    transactions.map(|transaction| (transaction.sender(), transaction.nonce())).collect()
}

#[test]
fn a_gap_queues_and_closing_it_promotes() {
    let mut inner = pool(PoolConfig::default());
    assert!(add(&mut inner, sender(1), 1, 5).expect("admitted").is_empty());
    assert_eq!(inner.status(), PoolStatus { pending: 0, queued: 1, bytes: 100 });
    let promoted = add(&mut inner, sender(1), 0, 5).expect("admitted");
    assert_eq!(promoted.len(), 2, "both became pending");
    assert_eq!(inner.status(), PoolStatus { pending: 2, queued: 0, bytes: 200 });
    let again = add(&mut inner, sender(1), 0, 5);
    assert!(matches!(again, Err(PoolError::AlreadyKnown)));
}

#[test]
fn a_replacement_needs_ten_percent_more_and_no_more_than_that() {
    let mut inner = pool(PoolConfig::default());
    let replace = |inner: &mut Inner, fee, tip| {
        inner.insert(admitted(sender(1), 0, fee, tip, rich(0)), Instant::now())
    };
    replace(&mut inner, 1_000, 100).expect("admitted");
    for (fee, tip) in [(1_099, 110), (1_100, 109), (1_000, 200), (2_000, 100)] {
        let refused = replace(&mut inner, fee, tip);
        assert!(matches!(refused, Err(PoolError::ReplacementUnderpriced)), "{fee} {tip}");
    }
    let promoted = replace(&mut inner, 1_100, 110).expect("exactly ten percent");
    assert_eq!(promoted.len(), 1, "a replacement is news");
    assert_eq!(inner.status(), PoolStatus { pending: 1, queued: 0, bytes: 100 });
    // Of small fees ten percent is less than one wei: at least one wei then.
    let mut inner = pool(PoolConfig::default());
    replace(&mut inner, 1, 0).expect("admitted");
    assert!(matches!(replace(&mut inner, 1, 0), Err(PoolError::AlreadyKnown)));
    replace(&mut inner, 2, 0).expect("one wei more");
}

#[test]
fn a_sender_has_so_many_and_replacing_is_always_possible() {
    let mut inner = pool(PoolConfig { max_per_sender: 2, ..Default::default() });
    add(&mut inner, sender(1), 0, 100).expect("admitted");
    add(&mut inner, sender(1), 1, 100).expect("admitted");
    assert!(matches!(add(&mut inner, sender(1), 2, 100), Err(PoolError::Full)));
    inner
        .insert(admitted(sender(1), 1, 5_000, 500, rich(0)), Instant::now())
        .expect("a replacement");
}

#[test]
fn a_full_pool_drops_queued_then_cheap_then_new() {
    let mut inner = pool(PoolConfig { max_transactions: 3, ..Default::default() });
    add(&mut inner, sender(1), 0, 50).expect("admitted");
    add(&mut inner, sender(2), 0, 40).expect("admitted");
    add(&mut inner, sender(3), 7, 90).expect("queued");
    add(&mut inner, sender(4), 0, 30).expect("takes the queued one's place");
    assert!(inner.queue(&sender(3)).is_none());
    assert!(matches!(add(&mut inner, sender(5), 0, 30), Err(PoolError::Full)), "newer of equals");
    assert!(matches!(add(&mut inner, sender(5), 0, 20), Err(PoolError::Full)));
    add(&mut inner, sender(5), 0, 31).expect("better than the cheapest");
    assert!(inner.queue(&sender(4)).is_none());
    assert_eq!(inner.status().pending, 3);
    // Bytes count as well.
    let mut inner = pool(PoolConfig { max_bytes: 250, ..Default::default() });
    add(&mut inner, sender(1), 0, 50).expect("admitted");
    add(&mut inner, sender(1), 1, 60).expect("admitted");
    assert!(matches!(add(&mut inner, sender(2), 0, 55), Err(PoolError::Full)));
    add(&mut inner, sender(2), 0, 65).expect("better than sender 1's last");
    assert_eq!(inner.queue(&sender(1)).map(Queue::len), Some(1));
}

#[test]
fn balance_bounds_the_pending_run() {
    let mut inner = pool(PoolConfig::default());
    let now = Instant::now();
    for nonce in 0..4 {
        inner
            .insert(admitted(sender(1), nonce, 1_000, 1, account(0, 25)), now)
            .expect("each alone is affordable");
    }
    assert_eq!((inner.status().pending, inner.status().queued), (2, 2));
    assert_eq!(inner.update(sender(1), account(0, 100)).len(), 2);
    assert_eq!(inner.status().pending, 4);
    inner.update(sender(1), account(0, 5));
    assert_eq!((inner.status().pending, inner.status().queued), (0, 4));
    // Blocks used three nonces.
    inner.update(sender(1), account(3, 25));
    assert_eq!(inner.status(), PoolStatus { pending: 1, queued: 0, bytes: 100 });
    inner.update(sender(1), account(9, 25));
    assert_eq!(inner.status(), PoolStatus::default());
    assert!(inner.queue(&sender(1)).is_none());
}

#[test]
fn the_best_come_by_effective_tip_and_nonces_in_order() {
    let mut inner = pool(PoolConfig::default());
    let now = Instant::now();
    let mut put = |index, nonce, fee, tip| {
        inner.insert(admitted(sender(index), nonce, fee, tip, rich(0)), now).expect("admitted");
    };
    put(1, 0, 1_000, 10);
    put(1, 1, 1_000, 90);
    put(2, 0, 1_000, 50);
    put(3, 0, 120, 100); // at base fee 100 worth 20
    put(4, 0, 99, 99); // does not pay the base fee
    put(4, 1, 1_000, 99);
    put(5, 0, 1_000, 50); // after sender 2 by arrival
    let order = nonces(inner.best(100));
    let expected = [(2, 0), (5, 0), (3, 0), (1, 0), (1, 1)];
    assert_eq!(order, expected.map(|(index, nonce)| (sender(index), nonce)));
    // Without a base fee the fee cap counts nothing.
    assert_eq!(inner.best(0).count(), 7);

    let mut best = inner.best(100);
    let mut rest = Vec::new();
    while let Some(transaction) = best.next() {
        if transaction.sender() == sender(1) {
            best.mark_invalid(&transaction);
        }
        rest.push(transaction);
    }
    assert_eq!(nonces(rest.into_iter()).len(), 4, "sender 1's second is left out");
}

#[test]
fn waiting_too_long_ends() {
    let config = PoolConfig {
        queued_lifetime: Duration::from_secs(10),
        lifetime: Duration::from_secs(100),
        ..Default::default()
    };
    let mut inner = pool(config);
    let start = Instant::now();
    inner.insert(admitted(sender(1), 0, 9, 9, rich(0)), start).expect("admitted");
    inner.insert(admitted(sender(1), 2, 9, 9, rich(0)), start).expect("admitted");
    assert_eq!(inner.expire(start + Duration::from_secs(10)), 0);
    assert_eq!(inner.expire(start + Duration::from_secs(11)), 1, "the queued one");
    assert_eq!(inner.expire(start + Duration::from_secs(101)), 1);
    assert_eq!(inner.status(), PoolStatus::default());
}

#[test]
fn delegated_accounts_have_one_in_flight() {
    let mut inner = pool(PoolConfig::default());
    let now = Instant::now();
    let delegated = AccountState { delegated: true, ..rich(3) };
    let put = |inner: &mut Inner, nonce, fee, account| {
        inner.insert(admitted(sender(1), nonce, fee, 1, account), now)
    };
    assert!(matches!(put(&mut inner, 4, 100, delegated), Err(PoolError::DelegatedGap)));
    put(&mut inner, 3, 100, delegated).expect("its next");
    assert!(matches!(put(&mut inner, 4, 100, delegated), Err(PoolError::DelegatedInFlight)));
    put(&mut inner, 3, 200, AccountState { delegated: true, ..rich(3) })
        .expect_err("tips must rise as well");
    let mut better = admitted(sender(1), 3, 200, 2, delegated);
    better.cost = U256::from(11);
    inner.insert(better, now).expect("a replacement");
}

#[test]
fn authorities_are_reserved() {
    let mut inner = pool(PoolConfig::default());
    let now = Instant::now();
    let delegating = |from: u8, authority: u8| {
        let mut admitted = admitted(sender(from), 0, 100, 10, rich(0));
        admitted.authorities = [sender(authority)].into();
        admitted
    };
    // Sender 2 has two waiting: nobody may delegate it.
    add(&mut inner, sender(2), 0, 1).expect("admitted");
    inner.insert(delegating(1, 2), now).expect("one waiting is allowed");
    // Now sender 2 may have no second.
    assert!(matches!(add(&mut inner, sender(2), 1, 1), Err(PoolError::DelegatedInFlight)));
    let delegation = inner.queue(&sender(1)).and_then(Queue::last).map(Pooled::hash);
    inner.remove(delegation.as_slice());
    add(&mut inner, sender(2), 1, 1).expect("the reservation is gone");
    assert!(matches!(inner.insert(delegating(1, 2), now), Err(PoolError::AuthorityReserved)));
}

#[derive(Debug, Clone)]
enum Step {
    Add { sender: u8, nonce: u64, fee: u128, tip: u128, cost: u64 },
    Update { sender: u8, nonce: u64, balance: u64 },
    RemoveNth(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1u8..5, 0u64..8, 1u128..50, 0u128..50, 1u64..40).prop_map(
            |(sender, nonce, fee, tip, cost)| Step::Add { sender, nonce, fee: fee + tip, tip, cost }
        ),
        2 => (1u8..5, 0u64..8, 0u64..100)
            .prop_map(|(sender, nonce, balance)| Step::Update { sender, nonce, balance }),
        1 => (0usize..20).prop_map(Step::RemoveNth),
    ];
    proptest::collection::vec(step, 1..80)
}

fn check(inner: &Inner) {
    let mut pending = 0;
    let mut total = 0;
    let mut bytes = 0;
    for (sender, queue) in &inner.queues {
        assert!(!queue.is_empty());
        total += queue.len();
        bytes += queue.iter().map(Pooled::size).sum::<usize>();
        pending += queue.pending().len();
        let mut spent = U256::ZERO;
        for (offset, transaction) in queue.pending().iter().enumerate() {
            assert_eq!(transaction.nonce(), queue.account.nonce + offset as u64, "contiguous");
            assert_eq!(transaction.sender(), *sender);
            spent += transaction.cost();
        }
        assert!(spent <= queue.account.balance);
        assert!(queue.iter().all(|transaction| transaction.nonce() >= queue.account.nonce));
        assert_eq!(queue.pending().len() + queue.queued().count(), queue.len());
        assert!(queue.len() <= inner.config.max_per_sender);
        for transaction in queue.iter() {
            assert!(inner.get(&transaction.hash()).is_some());
        }
    }
    assert_eq!(inner.status(), PoolStatus { pending, queued: total - pending, bytes });
    assert!(total <= inner.config.max_transactions);
    assert_eq!(inner.by_hash.len(), total);
    assert_eq!(inner.tails.len(), inner.queues.len());

    for base_fee in [0, 10, 60] {
        let best: Vec<_> = inner.best(base_fee).collect();
        let mut next: AddressMap<u64> = AddressMap::default();
        for transaction in &best {
            let queue = inner.queue(&transaction.sender()).expect("it is here");
            let expected = next.entry(transaction.sender()).or_insert(queue.account.nonce);
            assert_eq!(transaction.nonce(), *expected, "nonces in order");
            *expected += 1;
            assert!(transaction.effective_tip(base_fee).is_some());
        }
        // Of two neighbours the second has a lower tip, unless it had to wait for the first.
        for pair in best.windows(2) {
            let tip = |transaction: &Pooled| transaction.effective_tip(base_fee);
            assert!(tip(&pair[0]) >= tip(&pair[1]) || pair[0].sender() == pair[1].sender());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn invariants_hold_after_any_steps(steps in steps()) {
        let mut inner = pool(PoolConfig {
            max_transactions: 12, max_per_sender: 5, ..Default::default()
        });
        let mut accounts: AddressMap<AccountState> = AddressMap::default();
        for (salt, step) in steps.into_iter().enumerate() {
            match step {
                Step::Add { sender: index, nonce, fee, tip, cost } => {
                    let account = *accounts.entry(sender(index)).or_insert(account(0, 60));
                    if nonce < account.nonce || U256::from(cost) > account.balance {
                        continue; // refused by validation
                    }
                    let admitted = Admitted {
                        transaction: transaction(sender(index), nonce, fee, tip, salt as u64),
                        encoded: vec![0; 100].into(),
                        cost: U256::from(cost),
                        account,
                        authorities: Box::default(),
                    };
                    let hash = admitted.transaction.tx_hash();
                    match inner.insert(admitted, Instant::now()) {
                        Ok(promoted) => {
                            prop_assert!(inner.get(&hash).is_some());
                            for hash in promoted {
                                let transaction = inner.get(&hash).expect("promoted");
                                let queue = inner.queue(&transaction.sender()).expect("it is here");
                                prop_assert!(queue.is_pending(transaction.nonce()));
                            }
                        }
                        Err(_) => prop_assert!(inner.get(&hash).is_none()),
                    }
                }
                Step::Update { sender: index, nonce, balance } => {
                    let account = account(nonce, balance);
                    accounts.insert(sender(index), account);
                    inner.update(sender(index), account);
                }
                Step::RemoveNth(index) => {
                    let hash = inner.by_hash.keys().nth(index).copied();
                    inner.remove(hash.as_slice());
                }
            }
            check(&inner);
        }
    }
}
