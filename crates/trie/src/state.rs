//! What a block changed, by hashed keys.

use alloy_primitives::{Address, B256, U256, keccak256, map::B256Map};
use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};
use reth_primitives_traits::Account;
use revm::database::{BundleAccount, BundleState};

/// From this many keccaks on, hashing a bundle's keys is spread over threads.
const PARALLEL_KEYS: usize = 512;

/// The accounts and slots that a block (or several) wrote, after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HashedPostState {
    /// By keccak256 of the address; `None`: the account no longer exists.
    pub accounts: B256Map<Option<Account>>,
    /// Storage by keccak256 of the address. An account that no longer exists has its storage wiped.
    pub storages: B256Map<HashedStorage>,
}

/// What a block wrote of one account's storage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HashedStorage {
    /// Whether everything that was there before is gone (the account was destroyed, or destroyed
    /// and created anew); `slots` holds what came after.
    pub wiped: bool,
    /// By keccak256 of the slot; zero: the slot is cleared.
    pub slots: B256Map<U256>,
}

/// [`HashedPostState`] in the order of its keys, for cursors over it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HashedPostStateSorted {
    /// Ascending by hashed address; `None`: the account no longer exists.
    pub accounts: Vec<(B256, Option<Account>)>,
    /// By hashed address.
    pub storages: B256Map<HashedStorageSorted>,
}

/// [`HashedStorage`] in the order of its keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HashedStorageSorted {
    /// As in [`HashedStorage::wiped`].
    pub wiped: bool,
    /// Ascending by hashed slot; zero: the slot is cleared.
    pub slots: Vec<(B256, U256)>,
}

impl HashedPostState {
    /// What `bundle` (one block's, or several blocks') changed. Accounts and slots that a
    /// transaction only read, or wrote back to their old value, are left out.
    pub fn from_bundle(bundle: &BundleState) -> Self {
        let keys: usize = bundle.state.values().map(|account| 1 + account.storage.len()).sum();
        let hash = |(address, account): (&Address, &BundleAccount)| hash_account(address, account);
        let hashed: Vec<_> = if keys < PARALLEL_KEYS {
            bundle.state.iter().filter_map(hash).collect()
        } else {
            bundle.state.par_iter().filter_map(hash).collect()
        };
        let mut state = Self::default();
        state.accounts.reserve(hashed.len());
        for (key, account, storage) in hashed {
            if let Some(account) = account {
                state.accounts.insert(key, account);
            }
            if let Some(storage) = storage {
                state.storages.insert(key, storage);
            }
        }
        state
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.storages.is_empty()
    }

    /// How many accounts and slots are written.
    pub fn len(&self) -> usize {
        self.accounts.len()
            + self.storages.values().map(|storage| storage.slots.len()).sum::<usize>()
    }

    /// Adds what `later`, a following block, wrote.
    pub fn extend(&mut self, later: &Self) {
        self.accounts.extend(later.accounts.iter().map(|(key, account)| (*key, *account)));
        // A destroyed account takes its storage along, written so or not.
        for (key, _) in later.accounts.iter().filter(|(_, account)| account.is_none()) {
            self.storages.insert(*key, HashedStorage { wiped: true, ..Default::default() });
        }
        for (key, storage) in &later.storages {
            self.storages.entry(*key).or_default().extend(storage);
        }
    }

    /// The same in the order of its keys.
    pub fn to_sorted(&self) -> HashedPostStateSorted {
        let mut accounts: Vec<_> =
            self.accounts.iter().map(|(key, account)| (*key, *account)).collect();
        accounts.sort_unstable_by_key(|(key, _)| *key);
        let mut storages: B256Map<_> =
            self.storages.iter().map(|(key, storage)| (*key, storage.to_sorted())).collect();
        // A layer is read by storage key alone: a destroyed account must hide the slots below it.
        for (key, _) in accounts.iter().filter(|(_, account)| account.is_none()) {
            storages.entry(*key).or_default().wiped = true;
        }
        HashedPostStateSorted { accounts, storages }
    }

    /// The same in the order of its keys.
    pub fn into_sorted(self) -> HashedPostStateSorted {
        self.to_sorted()
    }
}

impl HashedStorage {
    /// Adds what `later`, a following block, wrote.
    pub fn extend(&mut self, later: &Self) {
        if later.wiped {
            self.wiped = true;
            self.slots.clone_from(&later.slots);
        } else {
            self.slots.extend(later.slots.iter().map(|(key, value)| (*key, *value)));
        }
    }

    /// The same in the order of its keys.
    pub fn to_sorted(&self) -> HashedStorageSorted {
        let mut slots: Vec<_> = self.slots.iter().map(|(key, value)| (*key, *value)).collect();
        slots.sort_unstable_by_key(|(key, _)| *key);
        HashedStorageSorted { wiped: self.wiped, slots }
    }
}

type Hashed = (B256, Option<Option<Account>>, Option<HashedStorage>);

fn hash_account(address: &Address, account: &BundleAccount) -> Option<Hashed> {
    let destroyed = account.was_destroyed();
    let slots = account
        .storage
        .iter()
        // After a destruction the original value is no longer what the trie holds: nothing is.
        .filter(
            |(_, slot)| {
                if destroyed { !slot.present_value.is_zero() } else { slot.is_changed() }
            },
        );
    let hash_slot = |slot: &U256, value: U256| (keccak256(slot.to_be_bytes::<32>()), value);
    let slots: B256Map<U256> = if account.storage.len() < PARALLEL_KEYS {
        slots.map(|(slot, value)| hash_slot(slot, value.present_value)).collect()
    } else {
        let slots: Vec<_> = slots.map(|(slot, value)| (*slot, value.present_value)).collect();
        let hashed: Vec<_> =
            slots.par_iter().map(|(slot, value)| hash_slot(slot, *value)).collect();
        hashed.into_iter().collect()
    };
    let info_changed = destroyed || account.is_info_changed();
    let storage_changed = destroyed || !slots.is_empty();
    (info_changed || storage_changed).then(|| {
        (
            keccak256(address),
            info_changed.then(|| account.info.as_ref().map(Account::from)),
            storage_changed.then_some(HashedStorage { wiped: destroyed, slots }),
        )
    })
}
