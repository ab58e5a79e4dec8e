//! Accounts, slots and code as they are in the store, kept in memory across blocks.
//!
//! The store's state has versions: each commit or unwind makes the next. An entry carries the
//! version from which on its value holds, and holds until it is replaced; so a view of an older
//! version uses exactly the entries that have not changed since, and reads the rest from its own
//! snapshot. Only a view of the newest version adds what it read. A new version is written to all
//! shards before any view of it exists.

use alloy_primitives::{
    Address, B256, U256,
    map::{AddressMap, HashMap},
};
use parking_lot::RwLock;
use revm::{
    database::BundleState,
    state::{AccountInfo, Bytecode},
};
use std::{
    hash::Hash,
    mem,
    sync::atomic::{AtomicUsize, Ordering},
};

const SHARDS: usize = 32;
/// Wiped accounts that are remembered before all slots are dropped instead.
const MAX_WIPED: usize = 4096;

/// Version of the store's state.
pub(crate) type Version = u64;

/// An account without its code; `None`: there is none at this address.
type CachedAccount = Option<(U256, u64, B256)>;

#[derive(Debug)]
pub(crate) struct StateCache {
    accounts: Vec<RwLock<Shard<Address, CachedAccount>>>,
    slots: Vec<RwLock<Shard<(Address, U256), U256>>>,
    code: RwLock<Shard<B256, Bytecode>>,
    /// Accounts whose storage was wiped, with the version that did it: slots from before are void.
    wiped: RwLock<AddressMap<Version>>,
    wiped_count: AtomicUsize,
}

impl StateCache {
    /// A cache that takes about `budget` bytes when full.
    pub(crate) fn new(budget: usize, version: Version) -> Self {
        let shard_budget = |share: usize| budget / 8 * share / SHARDS;
        Self {
            accounts: (0..SHARDS)
                .map(|_| RwLock::new(Shard::new(shard_budget(3), version)))
                .collect(),
            slots: (0..SHARDS).map(|_| RwLock::new(Shard::new(shard_budget(4), version))).collect(),
            code: RwLock::new(Shard::new(budget / 8, version)),
            wiped: RwLock::default(),
            wiped_count: AtomicUsize::new(0),
        }
    }

    fn account_shard(&self, address: &Address) -> &RwLock<Shard<Address, CachedAccount>> {
        &self.accounts[usize::from(address[19] ^ address[3]) % SHARDS]
    }

    fn slot_shard(&self, key: &(Address, U256)) -> &RwLock<Shard<(Address, U256), U256>> {
        &self.slots[usize::from(key.0[19] ^ key.1.byte(0)) % SHARDS]
    }

    /// The account as of `version`; the outer `None`: not in the cache.
    pub(crate) fn account(
        &self,
        address: &Address,
        version: Version,
    ) -> Option<Option<AccountInfo>> {
        let entry = get(self.account_shard(address), address, |since| since <= version)?;
        Some(entry.map(|(balance, nonce, code_hash)| AccountInfo {
            balance,
            nonce,
            code_hash,
            account_id: None,
            code: None,
        }))
    }

    /// Adds an account that a view of `version` read.
    pub(crate) fn add_account(
        &self,
        address: Address,
        info: Option<&AccountInfo>,
        version: Version,
    ) {
        let value = info.map(|info| (info.balance, info.nonce, info.code_hash));
        self.account_shard(&address).write().add(address, value, version);
    }

    /// The slot as of `version`.
    pub(crate) fn slot(&self, address: Address, slot: U256, version: Version) -> Option<U256> {
        let wiped = match self.wiped_count.load(Ordering::Acquire) {
            0 => None,
            _ => self.wiped.read().get(&address).copied().filter(|wiped| *wiped <= version),
        };
        let key = (address, slot);
        let usable = |since| since <= version && wiped.is_none_or(|wiped| since >= wiped);
        get(self.slot_shard(&key), &key, usable)
    }

    /// Adds a slot that a view of `version` read.
    pub(crate) fn add_slot(&self, address: Address, slot: U256, value: U256, version: Version) {
        let key = (address, slot);
        self.slot_shard(&key).write().add(key, value, version);
    }

    /// Code, which never changes.
    pub(crate) fn code(&self, hash: &B256) -> Option<Bytecode> {
        get(&self.code, hash, |_| true)
    }

    /// Adds code.
    pub(crate) fn add_code(&self, hash: B256, code: &Bytecode) {
        let mut shard = self.code.write();
        let version = shard.version;
        shard.set(hash, code.clone(), version, code.len());
    }

    /// Makes `version`, in which the changes of `blocks` were committed.
    pub(crate) fn advance<'a>(
        &self,
        version: Version,
        blocks: impl Iterator<Item = &'a BundleState> + Clone,
    ) {
        let mut accounts: Vec<Vec<(Address, CachedAccount)>> = vec![Vec::new(); SHARDS];
        let mut slots: Vec<Vec<((Address, U256), U256)>> = vec![Vec::new(); SHARDS];
        let mut wiped = Vec::new();
        for bundle in blocks.clone() {
            for (address, account) in &bundle.state {
                let info = account.info.as_ref();
                let value = info.map(|info| (info.balance, info.nonce, info.code_hash));
                accounts[usize::from(address[19] ^ address[3]) % SHARDS].push((*address, value));
                if account.was_destroyed() || account.info.is_none() {
                    wiped.push(*address);
                    for shard in &mut slots {
                        shard.retain(|((wiped, _), _)| wiped != address);
                    }
                }
                for (slot, value) in &account.storage {
                    let key = (*address, *slot);
                    slots[usize::from(address[19] ^ slot.byte(0)) % SHARDS]
                        .push((key, value.present_value));
                }
            }
        }
        let forget_slots = self.note_wiped(&wiped, version);
        for (shard, changes) in self.accounts.iter().zip(accounts) {
            shard.write().advance(version, changes, false);
        }
        for (shard, changes) in self.slots.iter().zip(slots) {
            shard.write().advance(version, changes, forget_slots);
        }
        for bundle in blocks {
            for (hash, code) in &bundle.contracts {
                self.add_code(*hash, code);
            }
        }
    }

    /// Remembers wiped accounts; tells whether there are too many, so that all slots must go.
    fn note_wiped(&self, addresses: &[Address], version: Version) -> bool {
        if addresses.is_empty() {
            return false;
        }
        let mut wiped = self.wiped.write();
        let full = wiped.len() + addresses.len() > MAX_WIPED;
        if full {
            wiped.clear();
        }
        // Also when full: shards are emptied one after another, and until then hold void slots.
        wiped.extend(addresses.iter().map(|address| (*address, version)));
        self.wiped_count.store(wiped.len(), Ordering::Release);
        full
    }

    /// Makes `version`, of which nothing is known: blocks were taken back.
    pub(crate) fn reset(&self, version: Version) {
        for shard in &self.accounts {
            shard.write().reset(version);
        }
        for shard in &self.slots {
            shard.write().reset(version);
        }
        self.wiped.write().clear();
        self.wiped_count.store(0, Ordering::Release);
    }
}

/// Looks an entry up and, if it is about to be dropped, keeps it for another generation.
fn get<K: Hash + Eq + Clone, V: Clone>(
    shard: &RwLock<Shard<K, V>>,
    key: &K,
    usable: impl Fn(Version) -> bool,
) -> Option<V> {
    {
        let shard = shard.read();
        if let Some(entry) = shard.young.get(key) {
            return usable(entry.since).then(|| entry.value.clone());
        }
        let entry = shard.old.get(key)?;
        if !usable(entry.since) {
            return None;
        }
    }
    let mut shard = shard.write();
    let entry = shard.old.remove(key)?;
    let value = usable(entry.since).then(|| entry.value.clone());
    shard.insert(key.clone(), entry);
    value
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    since: Version,
    weight: u32,
}

/// Entries in two generations: when the young one has taken half of the budget it becomes the old
/// one, and what was not used since it did so before is dropped.
#[derive(Debug)]
struct Shard<K, V> {
    version: Version,
    young: HashMap<K, Entry<V>>,
    old: HashMap<K, Entry<V>>,
    weight: usize,
    budget: usize,
}

impl<K: Hash + Eq, V> Shard<K, V> {
    fn new(budget: usize, version: Version) -> Self {
        let (young, old) = (HashMap::default(), HashMap::default());
        Self { version, young, old, weight: 0, budget: budget / 2 }
    }

    /// Adds what a view of `version` read, unless a newer version exists.
    fn add(&mut self, key: K, value: V, version: Version) {
        if version == self.version {
            self.set(key, value, version, 0);
        }
    }

    /// `heap`: bytes that the value holds beyond its own size.
    fn set(&mut self, key: K, value: V, since: Version, heap: usize) {
        self.old.remove(&key);
        // A hash table is on average three quarters full.
        let weight = (size_of::<(K, Entry<V>)>() + 1) * 4 / 3 + heap;
        let weight = u32::try_from(weight).unwrap_or(u32::MAX);
        self.insert(key, Entry { value, since, weight });
    }

    fn insert(&mut self, key: K, entry: Entry<V>) {
        let weight = entry.weight as usize;
        let replaced = self.young.insert(key, entry).map_or(0, |entry| entry.weight as usize);
        self.weight = (self.weight + weight).saturating_sub(replaced);
        if self.weight > self.budget {
            self.old = mem::take(&mut self.young);
            self.weight = 0;
        }
    }

    fn advance(&mut self, version: Version, changes: Vec<(K, V)>, forget: bool) {
        if forget {
            self.reset(version);
        }
        self.version = version;
        for (key, value) in changes {
            self.set(key, value, version, 0);
        }
    }

    fn reset(&mut self, version: Version) {
        self.version = version;
        self.young = HashMap::default();
        self.old = HashMap::default();
        self.weight = 0;
    }
}
