//! The account trie, with the storage tries below its leaves.

use crate::{
    AccountCursor, HashedPostState, HashedStorage, StorageTrieUpdates, TrieCursor, TrieError,
    node::{AccountValue, Link, Storage},
    scan::Scan,
    slots::{SlotChange, Slots},
    task::{Backend, Change, Effect, Reading, Task},
};
use alloy_primitives::B256;
use alloy_trie::{BranchNodeCompact, EMPTY_ROOT_HASH, Nibbles};
use reth_primitives_traits::Account;
use std::{marker::PhantomData, sync::Arc};

/// The account trie; its changes borrow from `'c`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Accounts<'c>(PhantomData<&'c ()>);

/// What happens to one account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AccountChange<'c> {
    key: B256,
    info: Info,
    storage: StorageChange<'c>,
}

#[derive(Debug, Clone, Copy)]
enum Info {
    Keep,
    Set(Account),
    Remove,
}

#[derive(Debug, Clone, Copy)]
enum StorageChange<'c> {
    Keep,
    Write(&'c HashedStorage),
    /// Slots to bring into memory: (hashed address, hashed slot), ascending.
    Touch(&'c [(B256, B256)]),
}

impl<'c> AccountChange<'c> {
    /// What a block changed, in order.
    pub(crate) fn sorted(changes: &'c HashedPostState) -> Vec<Self> {
        let mut sorted = Vec::with_capacity(changes.accounts.len().max(changes.storages.len()));
        for (key, account) in &changes.accounts {
            let info = account.map_or(Info::Remove, Info::Set);
            let storage =
                changes.storages.get(key).map_or(StorageChange::Keep, StorageChange::Write);
            sorted.push(Self { key: *key, info, storage });
        }
        for (key, storage) in &changes.storages {
            if !changes.accounts.contains_key(key) {
                let storage = StorageChange::Write(storage);
                sorted.push(Self { key: *key, info: Info::Keep, storage });
            }
        }
        sorted.sort_unstable_by_key(|change| change.key);
        sorted
    }

    /// Accounts and slots to bring into memory, both ascending and without repetition.
    pub(crate) fn touches(accounts: &[B256], slots: &'c [(B256, B256)]) -> Vec<Self> {
        let mut touches: Vec<_> = slots
            .chunk_by(|(a, _), (b, _)| a == b)
            .map(|slots| Self {
                key: slots[0].0,
                info: Info::Keep,
                storage: StorageChange::Touch(slots),
            })
            .collect();
        let with_slots = touches.len();
        for key in accounts {
            if touches[..with_slots].binary_search_by_key(key, |touch| touch.key).is_err() {
                touches.push(Self { key: *key, info: Info::Keep, storage: StorageChange::Keep });
            }
        }
        touches.sort_unstable_by_key(|touch| touch.key);
        touches
    }
}

impl Change for AccountChange<'_> {
    fn key(&self) -> &B256 {
        &self.key
    }

    fn weight(&self) -> usize {
        1 + match self.storage {
            StorageChange::Keep => 0,
            StorageChange::Write(storage) => storage.slots.len(),
            StorageChange::Touch(slots) => slots.len(),
        }
    }
}

#[derive(Default)]
pub(crate) struct Cursors<'r> {
    accounts: Option<Box<dyn AccountCursor + 'r>>,
    nodes: Option<Box<dyn TrieCursor + 'r>>,
    scan: Scan<Account>,
}

impl<'c> Backend for Accounts<'c> {
    type Value = AccountValue;
    type Change = AccountChange<'c>;
    type Cursors<'r> = Cursors<'r>;

    fn name(&self) -> B256 {
        B256::ZERO
    }

    fn seek_node<'r>(
        &self,
        reading: &'r Reading<'_>,
        cursors: &mut Cursors<'r>,
        path: Nibbles,
    ) -> Result<Option<(Nibbles, BranchNodeCompact)>, TrieError> {
        let cursor = match &mut cursors.nodes {
            Some(cursor) => cursor,
            none => none.insert(reading.reader()?.account_trie()?),
        };
        cursor.seek(path)
    }

    fn leaves(
        task: &mut Task<'_, '_, Self>,
        path: &Nibbles,
    ) -> Result<Vec<(B256, AccountValue)>, TrieError> {
        let Cursors { accounts, scan, .. } = &mut task.cursors;
        let cursor = match accounts {
            Some(cursor) => cursor,
            none => none.insert(task.reading.reader()?.accounts()?),
        };
        let entries = scan.range(path, |from| match from {
            Some(key) => cursor.seek(key),
            None => cursor.next(),
        })?;
        entries
            .into_iter()
            .map(|(key, account)| {
                Ok((key, AccountValue::new(&account, task.read_storage_root(key, &account)?)))
            })
            .collect()
    }

    fn update(
        task: &mut Task<'_, '_, Self>,
        value: &mut AccountValue,
        change: &AccountChange<'c>,
    ) -> Result<Effect, TrieError> {
        let mut changed = false;
        match &change.info {
            Info::Keep => {}
            Info::Set(account) => {
                changed = value.account() != *account;
                value.set(account);
            }
            Info::Remove => {
                task.shrank(value.storage_bytes());
                if value.storage_root != EMPTY_ROOT_HASH {
                    let updates = StorageTrieUpdates { wiped: true, ..Default::default() };
                    task.output.storages.push((change.key, updates));
                }
                return Ok(Effect::Removed);
            }
        }
        changed |= task.update_storage(value, change)?;
        Ok(if changed { Effect::Changed } else { Effect::None })
    }

    fn insert(
        task: &mut Task<'_, '_, Self>,
        change: &AccountChange<'c>,
    ) -> Result<Option<AccountValue>, TrieError> {
        let Info::Set(account) = &change.info else { return Ok(None) };
        let mut value = AccountValue::new(account, EMPTY_ROOT_HASH);
        task.update_storage(&mut value, change)?;
        Ok(Some(value))
    }
}

impl<'c> Task<'_, '_, Accounts<'c>> {
    /// The root of an account's storage trie, from what is stored of it.
    fn read_storage_root(
        &self,
        hashed_address: B256,
        account: &Account,
    ) -> Result<B256, TrieError> {
        // Most accounts without code have no storage either, though some do (those that once
        // delegated): for them, the slots are asked before the nodes.
        if !account.has_bytecode() {
            let mut storage = self.reading.reader()?.storage(hashed_address)?;
            if storage.seek(B256::ZERO)?.is_none() {
                return Ok(EMPTY_ROOT_HASH);
            }
        }
        let slots = Slots { hashed_address };
        let mut task = Task::new(&slots, self.reading, self.work);
        if let Some((path, node)) =
            slots.seek_node(task.reading, &mut task.cursors, Nibbles::default())?
            && path.is_empty()
            && let Some(root) = node.root_hash
        {
            return Ok(root);
        }
        Ok(task.load_root(None)?.1)
    }

    /// Lets a change act on the storage trie below a leaf. Whether its root is another then.
    fn update_storage(
        &mut self,
        value: &mut AccountValue,
        change: &AccountChange<'c>,
    ) -> Result<bool, TrieError> {
        let (wiped, changes) = match change.storage {
            StorageChange::Keep => return Ok(false),
            StorageChange::Write(storage) => (storage.wiped, SlotChange::sorted(storage)),
            StorageChange::Touch(slots) => {
                (false, slots.iter().map(|(_, slot)| SlotChange::touch(*slot)).collect())
            }
        };
        let old_root = value.storage_root;
        let old_bytes = value.storage_bytes();
        let held = value.storage.take().map(Arc::unwrap_or_clone);
        let (link, bytes, root) = match held {
            _ if wiped || old_root == EMPTY_ROOT_HASH => (Link::Empty, 0, EMPTY_ROOT_HASH),
            Some(storage) => (storage.link, storage.bytes - Storage::BYTES, old_root),
            None => (Link::Blind, 0, old_root),
        };

        let slots = Slots { hashed_address: change.key };
        let mut task = Task::new(&slots, self.reading, self.work);
        let (link, root) = task.update_root(link, root, &changes)?;
        let mut output = task.output;

        value.storage_root = root;
        if !link.is_blind() && !link.is_empty() {
            let bytes = bytes.saturating_add_signed(output.bytes) + Storage::BYTES;
            value.storage = Some(Arc::new(Storage { link, bytes }));
        }
        self.output.bytes += value.storage_bytes() as isize - old_bytes as isize;
        self.output.merged.append(&mut output.merged);
        let wiped = wiped && old_root != EMPTY_ROOT_HASH;
        if wiped || !output.nodes.is_empty() {
            let nodes = output.nodes.into_iter().collect();
            self.output.storages.push((change.key, StorageTrieUpdates { wiped, nodes }));
        }
        Ok(root != old_root)
    }
}

impl AccountValue {
    fn set(&mut self, account: &Account) {
        self.nonce = account.nonce;
        self.balance = account.balance;
        self.code_hash = account.get_bytecode_hash();
    }
}
