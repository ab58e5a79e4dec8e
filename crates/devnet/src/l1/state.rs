//! The L1's state at every block of its canonical chain, in memory.
//!
//! Each value has its history: the blocks at which it changed. Reading at a block takes the last
//! change at or before it, and a reorg cuts off the changes above it.

use alloy_consensus::{EMPTY_ROOT_HASH, constants::KECCAK_EMPTY};
use alloy_genesis::GenesisAccount;
use alloy_primitives::{Address, B256, U256, keccak256, map::HashMap};
use alloy_trie::{
    TrieAccount,
    root::{state_root, storage_root},
};
use revm::{DatabaseRef, bytecode::Bytecode, database::BundleState, state::AccountInfo};
use std::{collections::BTreeMap, convert::Infallible};

/// A value's changes, ascending by block number.
#[derive(Debug, Clone)]
pub(super) struct History<T>(Vec<(u64, T)>);

impl<T> Default for History<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: PartialEq> History<T> {
    fn at(&self, number: u64) -> Option<&T> {
        let end = self.0.partition_point(|(block, _)| *block <= number);
        end.checked_sub(1).map(|index| &self.0[index].1)
    }

    fn set(&mut self, number: u64, value: T) {
        match self.0.last_mut() {
            Some((block, last)) if *block == number => *last = value,
            Some((_, last)) if *last == value => {}
            _ => self.0.push((number, value)),
        }
    }

    fn cut(&mut self, number: u64) {
        self.0.truncate(self.0.partition_point(|(block, _)| *block <= number));
    }
}

/// An account but for its storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Basic {
    pub(super) nonce: u64,
    pub(super) balance: U256,
    pub(super) code_hash: B256,
}

#[derive(Debug, Default)]
struct Account {
    basic: History<Option<Basic>>,
    /// By the slot's hash, in the trie's order.
    storage: BTreeMap<B256, History<U256>>,
    storage_root: History<B256>,
}

/// The state at every canonical block.
#[derive(Debug, Default)]
pub(super) struct State {
    /// By the address's hash, in the trie's order.
    accounts: BTreeMap<B256, Account>,
    codes: HashMap<B256, Bytecode>,
}

impl State {
    /// The genesis state, at block 0.
    pub(super) fn genesis(alloc: &BTreeMap<Address, GenesisAccount>) -> Self {
        let mut state = Self::default();
        for (address, genesis) in alloc {
            let code_hash = genesis.code.as_ref().map_or(KECCAK_EMPTY, |code| {
                let hash = keccak256(code);
                state.codes.insert(hash, Bytecode::new_raw(code.clone()));
                hash
            });
            let account = state.accounts.entry(keccak256(address)).or_default();
            let nonce = genesis.nonce.unwrap_or_default();
            account.basic.set(0, Some(Basic { nonce, balance: genesis.balance, code_hash }));
            for (slot, value) in genesis.storage.iter().flatten() {
                let value = U256::from_be_bytes(value.0);
                account.storage.entry(keccak256(slot)).or_default().set(0, value);
            }
            account.storage_root.set(0, account.storage_root_at(0));
        }
        state
    }

    /// Applies a block's changes.
    pub(super) fn apply(&mut self, number: u64, bundle: BundleState) {
        for (hash, code) in bundle.contracts {
            self.codes.insert(hash, code);
        }
        for (address, change) in bundle.state {
            let account = self.accounts.entry(keccak256(address)).or_default();
            if change.was_destroyed() {
                for history in account.storage.values_mut() {
                    history.set(number, U256::ZERO);
                }
            }
            let storage_changed = change.was_destroyed() || !change.storage.is_empty();
            for (slot, value) in change.storage {
                account
                    .storage
                    .entry(keccak256(B256::from(slot)))
                    .or_default()
                    .set(number, value.present_value);
            }
            if storage_changed {
                account.storage_root.set(number, account.storage_root_at(number));
            }
            let basic = change.info.filter(|info| !info.is_empty()).map(|info| Basic {
                nonce: info.nonce,
                balance: info.balance,
                code_hash: info.code_hash,
            });
            account.basic.set(number, basic);
        }
    }

    /// Forgets every change above `number`.
    pub(super) fn cut(&mut self, number: u64) {
        for account in self.accounts.values_mut() {
            account.basic.cut(number);
            account.storage_root.cut(number);
            for history in account.storage.values_mut() {
                history.cut(number);
            }
            account.storage.retain(|_, history| !history.0.is_empty());
        }
        self.accounts.retain(|_, account| !account.basic.0.is_empty());
    }

    /// The state root after block `number`.
    pub(super) fn root(&self, number: u64) -> B256 {
        state_root(self.leaves(number))
    }

    /// Every account that exists after block `number`, by its hash.
    pub(super) fn leaves(&self, number: u64) -> impl Iterator<Item = (B256, TrieAccount)> {
        self.accounts.iter().filter_map(move |(hash, account)| {
            let basic = (*account.basic.at(number)?)?;
            Some((*hash, account.leaf(basic, number)))
        })
    }

    /// An account's storage after block `number`, by the slot's hash, zeros left out.
    pub(super) fn slots(&self, address: Address, number: u64) -> Vec<(B256, U256)> {
        self.accounts
            .get(&keccak256(address))
            .map(|account| account.slots(number).collect())
            .unwrap_or_default()
    }

    /// An account after block `number`.
    pub(super) fn basic(&self, address: Address, number: u64) -> Option<Basic> {
        *self.accounts.get(&keccak256(address))?.basic.at(number)?
    }

    /// The root of an account's storage after block `number`.
    pub(super) fn storage_root(&self, address: Address, number: u64) -> B256 {
        self.accounts
            .get(&keccak256(address))
            .and_then(|account| account.storage_root.at(number).copied())
            .unwrap_or(EMPTY_ROOT_HASH)
    }

    /// A storage slot after block `number`.
    pub(super) fn storage(&self, address: Address, slot: U256, number: u64) -> U256 {
        self.accounts
            .get(&keccak256(address))
            .and_then(|account| account.storage.get(&keccak256(B256::from(slot))))
            .and_then(|history| history.at(number).copied())
            .unwrap_or_default()
    }

    /// Code by its hash.
    pub(super) fn code(&self, hash: B256) -> Bytecode {
        self.codes.get(&hash).cloned().unwrap_or_default()
    }
}

impl Account {
    fn slots(&self, number: u64) -> impl Iterator<Item = (B256, U256)> {
        self.storage.iter().filter_map(move |(slot, history)| {
            history.at(number).filter(|value| !value.is_zero()).map(|value| (*slot, *value))
        })
    }

    fn storage_root_at(&self, number: u64) -> B256 {
        storage_root(self.slots(number))
    }

    fn leaf(&self, basic: Basic, number: u64) -> TrieAccount {
        TrieAccount {
            nonce: basic.nonce,
            balance: basic.balance,
            storage_root: self.storage_root.at(number).copied().unwrap_or(EMPTY_ROOT_HASH),
            code_hash: basic.code_hash,
        }
    }
}

/// The state after one block, as the EVM reads it.
#[derive(Debug, Clone, Copy)]
pub(super) struct StateView<'a> {
    pub(super) state: &'a State,
    pub(super) number: u64,
    /// Hashes of the canonical blocks from genesis on.
    pub(super) hashes: &'a [B256],
}

impl DatabaseRef for StateView<'_> {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        Ok(self.state.basic(address, self.number).map(|basic| AccountInfo {
            nonce: basic.nonce,
            balance: basic.balance,
            code_hash: basic.code_hash,
            code: Some(self.state.code(basic.code_hash)),
            ..Default::default()
        }))
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, Self::Error> {
        Ok(self.state.code(code_hash))
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Self::Error> {
        Ok(self.state.storage(address, slot, self.number))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Self::Error> {
        let hash = usize::try_from(number).ok().and_then(|number| self.hashes.get(number));
        Ok(hash.copied().unwrap_or_default())
    }
}
