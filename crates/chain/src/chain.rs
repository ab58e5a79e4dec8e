//! The chain: a tree of executed blocks over the store.

use crate::{
    CanonicalUpdate, ChainError, StateView,
    block::TreeBlock,
    cache::StateCache,
    persist::{self, Signals},
    tree::Tree,
    view::Base,
};
use alloy_primitives::{B256, BlockNumber};
use assay_chainspec::ChainSpec;
use assay_evm::SealedHeader;
use assay_storage::{ExecutedBlock, Snapshot, Store};
use assay_trie::{HashedPostState, StateTrie, TrieUpdates};
use parking_lot::{Mutex, RwLock};
use revm::database::BundleState;
use std::{
    sync::Arc,
    thread::{self, JoinHandle},
};
use tokio::sync::broadcast;

/// How the chain keeps blocks and state in memory.
#[derive(Debug, Clone, Copy)]
pub struct ChainOptions {
    /// Newest canonical blocks that stay in memory alone: a reorg among them costs no disk.
    pub persist_after: usize,
    /// Blocks that are written together at least, unless the chain is flushed.
    pub persist_batch: usize,
    /// Blocks that are written together at most.
    pub max_batch: usize,
    /// Canonical blocks in memory beyond which [`Chain::set_canonical`] waits for the writer.
    pub max_pending: usize,
    /// Blocks that are not canonical are dropped when the store's head has gone this far beyond
    /// them, and beyond where it was when they came.
    pub side_depth: u64,
    /// Bytes for accounts, slots and code of the store's state.
    pub cache_budget: usize,
    /// Bytes for the nodes of the newest block's trie.
    pub trie_budget: usize,
}

impl Default for ChainOptions {
    fn default() -> Self {
        Self {
            persist_after: 2,
            // Four blocks cost little more to write than one.
            persist_batch: 4,
            max_batch: 8,
            // What a kill can lose at most, besides the batch that is being written.
            max_pending: 8,
            side_depth: 32,
            cache_budget: 128 << 20,
            trie_budget: 192 << 20,
        }
    }
}

impl ChainOptions {
    /// Canonical blocks in memory that do not make the writer start.
    const fn idle_blocks(&self) -> usize {
        self.persist_after + self.persist_batch.saturating_sub(1)
    }
}

/// The tree of executed blocks over the store. Cheap to clone; any thread may call. When the last
/// clone is dropped, everything canonical is written first.
#[derive(Debug, Clone)]
pub struct Chain(Arc<Handle>);

/// Owns the writing thread.
#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    spec: Arc<ChainSpec>,
    pub(crate) options: ChainOptions,
    pub(crate) store: Store,
    pub(crate) cache: Arc<StateCache>,
    pub(crate) tree: RwLock<Tree>,
    /// Held while the store is written.
    pub(crate) writer: Mutex<()>,
    /// Held while the canonical chain is changed: one change at a time.
    switch: Mutex<()>,
    pub(crate) signals: Signals,
    updates: broadcast::Sender<Arc<CanonicalUpdate>>,
}

impl Chain {
    /// Opens the chain at the store's head and starts the thread that writes to it.
    pub fn open(
        store: Store,
        spec: Arc<ChainSpec>,
        options: ChainOptions,
    ) -> Result<Self, ChainError> {
        let snapshot = store.snapshot()?;
        let head = stored_header(&snapshot, snapshot.head().number)?;
        let labels = snapshot.labels();
        let label = |hash: Option<B256>| match hash {
            Some(hash) => snapshot.header_by_hash(hash).map(|header| header.map(Arc::new)),
            None => Ok(None),
        };
        let tree = Tree {
            base_trie: StateTrie::cold(head.state_root),
            base_header: Arc::new(head),
            safe: label(labels.safe)?,
            finalized: label(labels.finalized)?,
            base: Arc::new(Base { snapshot, version: 0 }),
            blocks: Default::default(),
            canonical: Default::default(),
            writing: 0,
        };
        let shared = Arc::new(Shared {
            spec,
            cache: Arc::new(StateCache::new(options.cache_budget, 0)),
            options,
            store,
            tree: RwLock::new(tree),
            writer: Mutex::new(()),
            switch: Mutex::new(()),
            signals: Signals::default(),
            updates: broadcast::channel(64).0,
        });
        let writer = thread::Builder::new()
            .name("assay-persist".into())
            .spawn({
                let shared = shared.clone();
                move || persist::run(&shared)
            })
            .map_err(|error| assay_storage::StorageError::Open {
                path: shared.store.path().into(),
                reason: error.to_string(),
            })?;
        Ok(Self(Arc::new(Handle { shared, writer: Mutex::new(Some(writer)) })))
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    /// The chain's specification.
    pub fn spec(&self) -> &Arc<ChainSpec> {
        &self.shared().spec
    }

    /// The options that it was opened with.
    pub fn options(&self) -> &ChainOptions {
        &self.shared().options
    }

    /// The store below.
    pub fn store(&self) -> &Store {
        &self.shared().store
    }

    /// Adds an executed block to the tree. It is not canonical yet.
    ///
    /// # Errors
    /// [`ChainError::UnknownBlock`] if its parent is unknown.
    pub fn insert(&self, mut block: ExecutedBlock) -> Result<Arc<ExecutedBlock>, ChainError> {
        let hash = block.hash();
        if let Some(known) = self.executed(hash) {
            return Ok(known);
        }
        if block.trie.memory() > self.options().trie_budget {
            // Well below the budget, so that the next blocks need not prune as well.
            block.trie = block.trie.prune(self.options().trie_budget / 4 * 3);
        }
        let parent = block.parent_hash();
        let block = Arc::new(block);
        let mut tree = self.shared().tree.write();
        let block = Arc::new(TreeBlock::new(block, tree.base_number()));
        if !tree.blocks.contains_key(&parent) && tree.base.snapshot.number(parent)?.is_none() {
            return Err(ChainError::UnknownBlock(parent));
        }
        Ok(tree.blocks.entry(hash).or_insert(block).executed.clone())
    }

    /// Whether the block is in the tree or a canonical block of the store.
    pub fn contains(&self, hash: B256) -> Result<bool, ChainError> {
        let tree = self.shared().tree.read();
        Ok(tree.blocks.contains_key(&hash) || tree.base.snapshot.number(hash)?.is_some())
    }

    /// The block, if it is in memory.
    pub fn executed(&self, hash: B256) -> Option<Arc<ExecutedBlock>> {
        self.shared().tree.read().blocks.get(&hash).map(|block| block.executed.clone())
    }

    /// Makes a known block the head: a descendant of the head, a block of another branch or an
    /// ancestor, in memory or in the store (which is then unwound before this returns).
    ///
    /// # Errors
    /// [`ChainError::UnknownBlock`] if it has to be executed first; [`ChainError::Storage`] also if
    /// blocks cannot be written and too many wait for it.
    pub fn set_canonical(&self, hash: B256) -> Result<Arc<CanonicalUpdate>, ChainError> {
        let shared = self.shared();
        let _switch = shared.switch.lock();
        let update = loop {
            let mut tree = shared.tree.write();
            let path = tree.path_to(hash)?;
            let ancestor = path.ancestor;
            if ancestor < tree.base_number() {
                drop(tree);
                if let Some(update) = self.reorg_store(hash)? {
                    break update;
                }
            } else if ancestor < tree.base_number() + tree.writing as u64 {
                // Blocks that are to go are being written: let that end.
                drop(tree);
                drop(shared.writer.lock());
            } else {
                let removed = tree.switch(ancestor, path.branch.iter().cloned());
                break CanonicalUpdate::new(tree.head(), &removed, &path.branch);
            }
        };
        self.announce(update)
    }

    fn announce(&self, update: CanonicalUpdate) -> Result<Arc<CanonicalUpdate>, ChainError> {
        let shared = self.shared();
        let update = Arc::new(update);
        if !update.is_empty() {
            // Nobody listening is fine.
            let _ = shared.updates.send(update.clone());
            shared.signals.wake();
            let limit = shared.options.max_pending.max(shared.options.idle_blocks());
            shared.signals.wait_below(shared, limit)?;
        }
        Ok(update)
    }

    /// Unwinds the store to the last ancestor of `hash` in it and makes `hash` the head. `None` if
    /// that ancestor turns out to be the store's head.
    fn reorg_store(&self, hash: B256) -> Result<Option<CanonicalUpdate>, ChainError> {
        let shared = self.shared();
        let _writer = shared.writer.lock();
        let (path, base, base_number) = {
            let tree = shared.tree.read();
            (tree.path_to(hash)?, tree.base.clone(), tree.base_number())
        };
        if path.ancestor >= base_number {
            return Ok(None);
        }
        let stored = (path.ancestor + 1..=base_number)
            .map(|number| stored_block(&base.snapshot, number))
            .collect::<Result<Vec<_>, _>>()?;
        let header = stored_header(&base.snapshot, path.ancestor)?;
        tracing::info!(from = base_number, to = path.ancestor, "unwinding the store");
        shared.store.unwind_to(path.ancestor)?;
        let base = Base { snapshot: shared.store.snapshot()?, version: base.version + 1 };
        shared.cache.reset(base.version);
        let mut tree = shared.tree.write();
        let mut removed: Vec<_> = stored;
        removed.extend(tree.switch(path.ancestor, []));
        tree.base_trie = StateTrie::cold(header.state_root);
        tree.base_header = Arc::new(header);
        tree.base = Arc::new(base);
        tree.canonical = path.branch.iter().cloned().collect();
        tree.drop_unconnected();
        Ok(Some(CanonicalUpdate::new(tree.head(), &removed, &path.branch)))
    }

    /// Marks a canonical block as safe, or none.
    ///
    /// # Errors
    /// [`ChainError::UnknownBlock`] or [`ChainError::NotCanonical`].
    pub fn set_safe(&self, hash: Option<B256>) -> Result<(), ChainError> {
        let header = self.label(hash)?;
        self.shared().tree.write().safe = header;
        Ok(())
    }

    /// Marks a canonical block as finalized, or none.
    ///
    /// # Errors
    /// As [`Self::set_safe`].
    pub fn set_finalized(&self, hash: Option<B256>) -> Result<(), ChainError> {
        let header = self.label(hash)?;
        self.shared().tree.write().finalized = header;
        Ok(())
    }

    fn label(&self, hash: Option<B256>) -> Result<Option<Arc<SealedHeader>>, ChainError> {
        let Some(hash) = hash else { return Ok(None) };
        let header = self.header_by_hash(hash)?.ok_or(ChainError::UnknownBlock(hash))?;
        if !self.is_canonical(hash)? {
            return Err(ChainError::NotCanonical(hash));
        }
        Ok(Some(header))
    }

    /// The state after a block: any canonical one, or any in the tree. `None` if it is unknown.
    pub fn state_at(&self, hash: B256) -> Result<Option<StateView>, ChainError> {
        let ground = self.shared().tree.read().ground(hash)?;
        let cache = || self.shared().cache.clone();
        Ok(ground.map(|(blocks, ground)| StateView::new(blocks, ground, cache())))
    }

    /// The state trie after a block: warm for blocks in memory and the store's head, else cold.
    /// `None` if the block is unknown.
    pub fn trie_at(&self, hash: B256) -> Result<Option<StateTrie>, ChainError> {
        {
            let tree = self.shared().tree.read();
            if let Some(block) = tree.blocks.get(&hash) {
                return Ok(Some(block.executed.trie.clone()));
            }
            if tree.base_header.hash() == hash {
                return Ok(Some(tree.base_trie.clone()));
            }
        }
        Ok(self.header_by_hash(hash)?.map(|header| StateTrie::cold(header.state_root)))
    }

    /// Changes of the canonical chain from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<CanonicalUpdate>> {
        self.shared().updates.subscribe()
    }

    /// Waits until all canonical blocks are on disk.
    pub fn flush(&self) -> Result<(), ChainError> {
        let shared = self.shared();
        shared.signals.flush(shared)
    }

    /// Writes all canonical blocks and the labels, and ends the writer. The chain can be read still.
    pub fn shutdown(&self) -> Result<(), ChainError> {
        let flushed = match self.flush() {
            Err(ChainError::Closed) => return Ok(()),
            flushed => flushed,
        };
        self.0.stop();
        let (safe, finalized) = {
            let tree = self.shared().tree.read();
            let hash =
                |label: &Option<Arc<SealedHeader>>| label.as_ref().map(|header| header.hash());
            (hash(&tree.safe), hash(&tree.finalized))
        };
        flushed?;
        Ok(self.store().set_labels(safe, finalized)?)
    }
}

impl Handle {
    fn stop(&self) {
        self.shared.signals.stop();
        if let Some(writer) = self.writer.lock().take()
            && writer.join().is_err()
        {
            tracing::error!("the writing thread panicked");
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A header that the store must have.
fn stored_header(snapshot: &Snapshot, number: BlockNumber) -> Result<SealedHeader, ChainError> {
    let header = snapshot.header(number)?;
    header.ok_or_else(|| missing(number))
}

/// A block of the store as if it had just been executed, but without its changes.
fn stored_block(snapshot: &Snapshot, number: BlockNumber) -> Result<Arc<TreeBlock>, ChainError> {
    let block = snapshot.block(number)?.ok_or_else(|| missing(number))?;
    let receipts = snapshot.receipts(number)?.ok_or_else(|| missing(number))?;
    let executed = ExecutedBlock {
        trie: StateTrie::cold(block.header().state_root),
        block: Arc::new(block),
        receipts: Arc::new(receipts),
        bundle: Arc::new(BundleState::default()),
        hashed: Arc::new(HashedPostState::default()),
        trie_updates: Arc::new(TrieUpdates::default()),
    };
    Ok(Arc::new(TreeBlock::new(Arc::new(executed), number)))
}

fn missing(number: BlockNumber) -> ChainError {
    assay_storage::StorageError::Misuse(format!("block {number} is not stored")).into()
}
