//! The state after one block.

use crate::{
    block::TreeBlock,
    cache::{StateCache, Version},
};
use alloy_primitives::{Address, B256, BlockNumber, U256, keccak256};
use assay_storage::{HistoricalSnapshot, Snapshot, StorageError};
use assay_trie::{Layer, LayeredReader, TrieError, TrieReader, TrieSource};
use revm::{
    DatabaseRef,
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode},
};
use std::sync::{Arc, OnceLock};

/// The store's state after its last block.
#[derive(Debug)]
pub(crate) struct Base {
    pub(crate) snapshot: Snapshot,
    pub(crate) version: Version,
}

/// Where a view's blocks in memory stand on.
#[derive(Debug, Clone)]
pub(crate) enum Ground {
    /// The state that the cache knows.
    Latest(Arc<Base>),
    /// An earlier block's state.
    Past(HistoricalSnapshot),
}

impl Ground {
    fn snapshot(&self) -> &Snapshot {
        match self {
            Self::Latest(base) => &base.snapshot,
            Self::Past(past) => past.snapshot(),
        }
    }

    fn number(&self) -> BlockNumber {
        match self {
            Self::Latest(base) => base.snapshot.head().number,
            Self::Past(past) => past.number(),
        }
    }
}

/// The state after one block, canonical or not: blocks in memory over the store. Cheap to clone;
/// any thread can read. It stays what it is whatever becomes of the chain, and holds a snapshot of
/// the store: drop it within seconds.
#[derive(Debug, Clone)]
pub struct StateView(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Newest first.
    blocks: Box<[Arc<TreeBlock>]>,
    ground: Ground,
    cache: Arc<StateCache>,
    layers: OnceLock<Box<[Layer]>>,
}

impl StateView {
    pub(crate) fn new(blocks: Vec<Arc<TreeBlock>>, ground: Ground, cache: Arc<StateCache>) -> Self {
        let blocks = blocks.into_boxed_slice();
        Self(Arc::new(Inner { blocks, ground, cache, layers: OnceLock::new() }))
    }

    /// The number of the block after which this is the state.
    pub fn number(&self) -> BlockNumber {
        let newest = self.0.blocks.first();
        newest.map_or_else(|| self.0.ground.number(), |block| block.number())
    }

    /// The account at `address`, without its code.
    pub fn account(&self, address: Address) -> Result<Option<AccountInfo>, StorageError> {
        for block in &self.0.blocks {
            if let Some(account) = block.executed.bundle.state.get(&address) {
                return Ok(account.account_info());
            }
        }
        match &self.0.ground {
            Ground::Latest(base) => {
                if let Some(info) = self.0.cache.account(&address, base.version) {
                    return Ok(info);
                }
                let info = base.snapshot.basic_ref(address)?;
                self.0.cache.add_account(address, info.as_ref(), base.version);
                Ok(info)
            }
            Ground::Past(past) => past.basic_ref(address),
        }
    }

    /// The slot's value; zero if it was never set.
    pub fn storage(&self, address: Address, slot: U256) -> Result<U256, StorageError> {
        for block in &self.0.blocks {
            let account = block.executed.bundle.state.get(&address);
            if let Some(value) = account.and_then(|account| account.storage_slot(slot)) {
                return Ok(value);
            }
        }
        match &self.0.ground {
            Ground::Latest(base) => {
                if let Some(value) = self.0.cache.slot(address, slot, base.version) {
                    return Ok(value);
                }
                let hashed = keccak256(slot.to_be_bytes::<32>());
                let value = base.snapshot.slot(keccak256(address), hashed)?;
                self.0.cache.add_slot(address, slot, value, base.version);
                Ok(value)
            }
            Ground::Past(past) => past.storage_ref(address, slot),
        }
    }

    /// Code by its hash.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if there is none: state names only code that is stored.
    pub fn code(&self, hash: B256) -> Result<Bytecode, StorageError> {
        if hash == KECCAK_EMPTY {
            return Ok(Bytecode::default());
        }
        for block in &self.0.blocks {
            if let Some(code) = block.executed.bundle.contracts.get(&hash) {
                return Ok(code.clone());
            }
        }
        if let Some(code) = self.0.cache.code(&hash) {
            return Ok(code);
        }
        let code = self.0.ground.snapshot().code_by_hash_ref(hash)?;
        self.0.cache.add_code(hash, &code);
        Ok(code)
    }

    /// The hash of this block's ancestor, or of itself; zero if there is none with that number.
    pub fn block_hash(&self, number: BlockNumber) -> Result<B256, StorageError> {
        let oldest = self.0.ground.number();
        if number <= oldest {
            return self.0.ground.snapshot().block_hash_ref(number);
        }
        let block = self.0.blocks.iter().find(|block| block.number() == number);
        Ok(block.map_or(B256::ZERO, |block| block.hash()))
    }

    fn layers(&self) -> &[Layer] {
        let blocks = &self.0.blocks;
        self.0.layers.get_or_init(|| blocks.iter().map(|block| block.layer().clone()).collect())
    }
}

impl DatabaseRef for StateView {
    type Error = StorageError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, StorageError> {
        self.account(address)
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, StorageError> {
        self.code(code_hash)
    }

    fn storage_ref(&self, address: Address, index: U256) -> Result<U256, StorageError> {
        self.storage(address, index)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, StorageError> {
        self.block_hash(number)
    }
}

impl TrieSource for StateView {
    fn reader(&self) -> Result<Box<dyn TrieReader + '_>, TrieError> {
        let base = match &self.0.ground {
            Ground::Latest(base) => base.snapshot.reader()?,
            Ground::Past(past) => past.reader()?,
        };
        if self.0.blocks.is_empty() {
            return Ok(base);
        }
        Ok(Box::new(LayeredReader::new(base, self.layers())))
    }
}
