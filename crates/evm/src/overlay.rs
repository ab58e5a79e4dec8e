//! A block's changes over its parent's state.
//!
//! Does what revm's `State` does for one block, in one map: `State` keeps every account twice and a
//! list of transitions between transactions besides, from which it makes reverts that nobody here
//! reads (the store takes prior values from its own tables).

use crate::db::{Source, StateError};
use crate::execute::ParentState;
use alloy_primitives::{
    Address, B256, KECCAK256_EMPTY, U256,
    map::{AddressMap, B256Map, U256Map, hash_map::Entry},
};
use revm::{
    Database, DatabaseCommit,
    bytecode::Bytecode,
    database::{AccountStatus, BundleAccount, BundleState, states::StorageSlot},
    state::{Account, AccountInfo},
};

/// The state while a block runs: what it read, and what it changed.
pub(crate) struct Overlay<DB> {
    parent: Source<DB>,
    accounts: AddressMap<Tracked>,
    /// Code that was read.
    codes: B256Map<Bytecode>,
    /// Code that the block put in place.
    created: B256Map<Bytecode>,
    hashes: Vec<(u64, B256)>,
}

/// An account that the block looked at.
struct Tracked {
    /// `None`: it does not exist.
    info: Option<AccountInfo>,
    original: Option<AccountInfo>,
    status: AccountStatus,
    storage: U256Map<StorageSlot>,
}

impl<DB> std::fmt::Debug for Overlay<DB> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Overlay").field("accounts", &self.accounts.len()).finish()
    }
}

impl Tracked {
    fn loaded(info: Option<AccountInfo>) -> Self {
        let status = match &info {
            None => AccountStatus::LoadedNotExisting,
            Some(info) if info.is_empty() => AccountStatus::LoadedEmptyEIP161,
            Some(_) => AccountStatus::Loaded,
        };
        Self { original: info.clone(), info, status, storage: U256Map::default() }
    }

    /// Takes in what a transaction left of the account.
    fn change(&mut self, account: Account) {
        if account.is_selfdestructed() {
            self.status = self.status.on_selfdestructed();
            self.clear();
        } else if account.is_created() {
            self.status = self.status.on_created();
            self.storage.clear();
            self.put(account);
        } else if account.is_empty() {
            // EIP-161: a touched empty account goes.
            self.status = self.status.on_touched_empty_post_eip161();
            self.clear();
        } else {
            let had_no_nonce_and_code =
                self.info.as_ref().is_some_and(AccountInfo::has_no_code_and_nonce);
            self.status = self.status.on_changed(had_no_nonce_and_code);
            self.put(account);
        }
    }

    fn clear(&mut self) {
        self.info = None;
        self.storage.clear();
    }

    fn put(&mut self, account: Account) {
        self.info = Some(account.info);
        for (key, slot) in account.storage {
            if !slot.is_changed() {
                continue;
            }
            match self.storage.entry(key) {
                Entry::Occupied(mut entry) => entry.get_mut().present_value = slot.present_value,
                Entry::Vacant(entry) => {
                    let (original, present) = (slot.original_value, slot.present_value);
                    entry.insert(StorageSlot::new_changed(original, present));
                }
            }
        }
    }

    /// What the block did to the account; `None` if nothing that lasts.
    fn into_bundle(self) -> Option<BundleAccount> {
        let Self { info, original, status, mut storage } = self;
        if status.is_not_modified() || (info.is_none() && original.is_none()) {
            return None;
        }
        let destroyed = status.was_destroyed();
        // After a destruction the prior value of a slot is zero, whatever it was in the parent.
        storage.retain(|_, slot| {
            if destroyed {
                slot.previous_or_original_value = U256::ZERO;
            }
            slot.is_changed()
        });
        if !destroyed && storage.is_empty() && info == original {
            return None;
        }
        Some(BundleAccount::new(original, info, storage, status))
    }
}

impl<DB: ParentState> Overlay<DB> {
    pub(crate) fn new(parent: DB) -> Self {
        Self {
            parent: Source(parent),
            accounts: AddressMap::default(),
            codes: B256Map::default(),
            created: B256Map::default(),
            hashes: Vec::new(),
        }
    }

    fn load(&mut self, address: Address) -> Result<&mut Tracked, StateError> {
        Ok(match self.accounts.entry(address) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Tracked::loaded(self.parent.basic(address)?)),
        })
    }

    /// The block's changes, without reverts. Accounts and slots that ended as they began are left
    /// out.
    pub(crate) fn into_bundle(self) -> BundleState {
        let state: AddressMap<_> = self
            .accounts
            .into_iter()
            .filter_map(|(address, account)| Some((address, account.into_bundle()?)))
            .collect();
        let state_size = state.values().map(BundleAccount::size_hint).sum();
        BundleState { state, contracts: self.created, state_size, ..Default::default() }
    }
}

impl<DB: ParentState> Database for Overlay<DB> {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        Ok(self.load(address)?.info.clone())
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, StateError> {
        if let Some(code) = self.created.get(&code_hash) {
            return Ok(code.clone());
        }
        match self.codes.entry(code_hash) {
            Entry::Occupied(entry) => Ok(entry.get().clone()),
            Entry::Vacant(entry) => Ok(entry.insert(self.parent.code_by_hash(code_hash)?).clone()),
        }
    }

    fn storage(&mut self, address: Address, index: U256) -> Result<U256, StateError> {
        self.load(address)?;
        let Some(account) = self.accounts.get_mut(&address) else { return Ok(U256::ZERO) };
        if account.info.is_none() {
            return Ok(U256::ZERO);
        }
        let known = account.status.is_storage_known();
        match account.storage.entry(index) {
            Entry::Occupied(entry) => Ok(entry.get().present_value),
            Entry::Vacant(_) if known => Ok(U256::ZERO),
            Entry::Vacant(entry) => {
                let value = self.parent.storage(address, index)?;
                entry.insert(StorageSlot::new(value));
                Ok(value)
            }
        }
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, StateError> {
        if let Some((_, hash)) = self.hashes.iter().find(|(known, _)| *known == number) {
            return Ok(*hash);
        }
        let hash = self.parent.block_hash(number)?;
        self.hashes.push((number, hash));
        Ok(hash)
    }
}

impl<DB: ParentState> DatabaseCommit for Overlay<DB> {
    fn commit(&mut self, changes: AddressMap<Account>) {
        for (address, account) in changes {
            if !account.is_touched() {
                continue;
            }
            // The EVM loads an account before it touches it.
            let tracked = self.accounts.entry(address).or_insert_with(|| Tracked::loaded(None));
            let hash = account.info.code_hash;
            if hash != KECCAK256_EMPTY
                && !account.is_selfdestructed()
                && tracked.info.as_ref().is_none_or(|info| info.code_hash != hash)
                && let Some(code) = &account.info.code
            {
                self.created.insert(hash, code.clone());
            }
            tracked.change(account);
        }
    }
}
