//! From a bundle to hashed changes, and merging them.

use crate::{HashedPostState, HashedStorage};
use alloy_primitives::{Address, B256, U256, keccak256};
use reth_primitives_traits::Account;
use revm::{
    database::{AccountStatus, BundleAccount, BundleState, states::StorageSlot},
    state::AccountInfo,
};

fn info(nonce: u64) -> AccountInfo {
    AccountInfo { nonce, ..Default::default() }
}

fn slot(slot: u64) -> B256 {
    keccak256(B256::from(U256::from(slot)))
}

fn account(
    before: Option<AccountInfo>,
    after: Option<AccountInfo>,
    status: AccountStatus,
    slots: &[(u64, u64, u64)],
) -> BundleAccount {
    let storage = slots.iter().map(|(key, old, new)| {
        (U256::from(*key), StorageSlot::new_changed(U256::from(*old), U256::from(*new)))
    });
    BundleAccount::new(before, after, storage.collect(), status)
}

#[test]
fn a_bundle_gives_what_changed() {
    let [changed, written, read, destroyed, again] = [1, 2, 3, 4, 5].map(Address::repeat_byte);
    let mut bundle = BundleState::default();
    let mut put = |address, account| drop(bundle.state.insert(address, account));
    put(changed, account(Some(info(1)), Some(info(2)), AccountStatus::Changed, &[]));
    let slots = [(1, 5, 6), (2, 5, 0), (3, 7, 7)];
    put(written, account(Some(info(1)), Some(info(1)), AccountStatus::Changed, &slots));
    put(read, account(Some(info(1)), Some(info(1)), AccountStatus::Changed, &[(1, 4, 4)]));
    put(destroyed, account(Some(info(1)), None, AccountStatus::Destroyed, &[(1, 5, 0)]));
    let slots = [(1, 5, 5), (2, 5, 0)];
    put(again, account(Some(info(1)), Some(info(1)), AccountStatus::DestroyedChanged, &slots));

    let state = HashedPostState::from_bundle(&bundle);
    let known = |nonce| Some(Account { nonce, ..Default::default() });
    let accounts = [(changed, known(2)), (destroyed, None), (again, known(1))];
    assert_eq!(
        state.accounts,
        accounts.map(|(address, account)| (keccak256(address), account)).into_iter().collect()
    );
    let storages = [
        (written, false, vec![(slot(1), U256::from(6)), (slot(2), U256::ZERO)]),
        (destroyed, true, vec![]),
        (again, true, vec![(slot(1), U256::from(5))]),
    ];
    assert_eq!(
        state.storages,
        storages
            .map(|(address, wiped, slots)| {
                (keccak256(address), HashedStorage { wiped, slots: slots.into_iter().collect() })
            })
            .into_iter()
            .collect()
    );
}

#[test]
fn a_large_bundle_is_hashed_alike() {
    let mut bundle = BundleState::default();
    let slots: Vec<_> = (0..2000).map(|key| (key, 0, key + 1)).collect();
    let many = account(None, Some(info(1)), AccountStatus::InMemoryChange, &slots);
    bundle.state.insert(Address::ZERO, many);
    for index in 0..600u64 {
        let address = Address::left_padding_from(&(index + 1).to_be_bytes());
        let new = account(None, Some(info(index)), AccountStatus::InMemoryChange, &[]);
        bundle.state.insert(address, new);
    }
    let state = HashedPostState::from_bundle(&bundle);
    assert_eq!(state.accounts.len(), 601);
    let storage = &state.storages[&keccak256(Address::ZERO)];
    assert!(!storage.wiped);
    assert_eq!(storage.slots.len(), 2000);
    assert!((0..2000).all(|key| storage.slots[&slot(key)] == U256::from(key + 1)));
    assert_eq!(state.len(), 2601);
}

#[test]
fn a_destroyed_account_takes_its_storage_along() {
    let key = B256::repeat_byte(1);
    let mut state = HashedPostState::default();
    state.accounts.insert(key, Some(Account::default()));
    state.storages.entry(key).or_default().slots.insert(slot(1), U256::from(1));
    let mut later = HashedPostState::default();
    later.accounts.insert(key, None);
    state.extend(&later);
    assert_eq!(state.storages[&key], HashedStorage { wiped: true, ..Default::default() });

    let mut reborn = HashedPostState::default();
    reborn.accounts.insert(key, Some(Account::default()));
    reborn.storages.entry(key).or_default().slots.insert(slot(2), U256::from(2));
    state.extend(&reborn);
    let sorted = state.into_sorted();
    assert!(sorted.storages[&key].wiped);
    assert_eq!(sorted.storages[&key].slots, [(slot(2), U256::from(2))]);
}
