//! A node without sockets: store, chain, pool, engine and rollup node, stepped by calls.

use super::{l1::SharedL1, world::World};
use alloy_consensus::transaction::Recovered;
use alloy_primitives::B256;
use assay_chain::{CanonicalUpdate, Chain, ChainOptions};
use assay_engine::{BuilderConfig, Engine, EngineConfig};
use assay_evm::{AssayEvmConfig, Receipt, RecoveredBlock, SealedHeader, Transaction};
use assay_node::LocalEngine;
use assay_pool::{Origin, Pool, PoolConfig, PoolError};
use assay_rollup::{Progress, Rollup, RollupError, RollupOptions, SyncStatus};
use assay_storage::{StorageError, Store, StoreOptions};
use parking_lot::Mutex;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

/// Steps without an end are a defect, not a long wait.
const MOST_STEPS: usize = 20_000;

/// A sequencer or a verifier.
pub(super) struct Node {
    directory: TempDir,
    chain: Chain,
    pool: Pool,
    engine: Engine,
    updates: Receiver<Arc<CanonicalUpdate>>,
    rollup: Rollup,
    status: Arc<Mutex<SyncStatus>>,
    /// How often the heads had to be found anew.
    resets: usize,
}

/// What a batcher talks to.
#[derive(Debug, Clone)]
pub(super) struct NodeView {
    pub(super) chain: Chain,
    pub(super) engine: Engine,
    pub(super) status: Arc<Mutex<SyncStatus>>,
}

impl Node {
    /// A node with an empty store.
    pub(super) async fn new(world: &World, options: RollupOptions) -> Self {
        Self::over(world, options, AssayEvmConfig::new(Arc::clone(&world.spec)).unwrap()).await
    }

    /// A node with an empty store, whose blocks run in this way.
    pub(super) async fn over(world: &World, options: RollupOptions, evm: AssayEvmConfig) -> Self {
        Self::open(world, options, evm, tempfile::tempdir().unwrap()).await
    }

    async fn open(
        world: &World,
        options: RollupOptions,
        evm: AssayEvmConfig,
        directory: TempDir,
    ) -> Self {
        let store = open_store(world, &directory);
        let chain = Chain::open(store, Arc::clone(&world.spec), ChainOptions::default()).unwrap();
        let updates = chain.subscribe();
        let pool = Pool::new(chain.clone(), evm.clone(), PoolConfig::default());
        let builder = BuilderConfig {
            interval: Duration::ZERO,
            // The one attempt after the payload was asked for takes all of the pool.
            grace: Duration::from_secs(600),
            ..BuilderConfig::default()
        };
        let config = EngineConfig { builder, ..EngineConfig::default() };
        let engine = Engine::new(chain.clone(), evm, pool.clone(), config).unwrap();
        let local = Arc::new(LocalEngine::new(engine.clone(), chain.clone()));
        let l1: Arc<SharedL1> = Arc::new(world.l1.clone());
        let rollup = Rollup::start(world.configs.clone(), options, local, l1).await.unwrap();
        let status = Arc::new(Mutex::new(rollup.status()));
        Self { directory, chain, pool, engine, updates, rollup, status, resets: 0 }
    }

    /// Stops the node and starts it again on its store.
    pub(super) async fn restart(self, world: &World) -> Self {
        let Self { directory, chain, pool, engine, updates, rollup, .. } = self;
        let options = *rollup.options();
        drop((rollup, updates, pool));
        engine.shutdown();
        drop(engine);
        drop(chain);
        let evm = AssayEvmConfig::new(Arc::clone(&world.spec)).unwrap();
        Self::open(world, options, evm, directory).await
    }

    pub(super) fn view(&self) -> NodeView {
        NodeView {
            chain: self.chain.clone(),
            engine: self.engine.clone(),
            status: Arc::clone(&self.status),
        }
    }

    pub(super) const fn chain(&self) -> &Chain {
        &self.chain
    }

    pub(super) const fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(super) const fn rollup(&mut self) -> &mut Rollup {
        &mut self.rollup
    }

    pub(super) fn status(&self) -> SyncStatus {
        self.rollup.status()
    }

    pub(super) const fn resets(&self) -> usize {
        self.resets
    }

    pub(super) fn head(&self) -> Arc<SealedHeader> {
        self.chain.head()
    }

    pub(super) fn block(&self, number: u64) -> Arc<RecoveredBlock> {
        self.chain.block_by_number(number).unwrap().unwrap()
    }

    pub(super) fn receipts(&self, number: u64) -> Arc<Vec<Receipt>> {
        self.chain.receipts_by_number(number).unwrap().unwrap()
    }

    /// A transaction's block and receipt.
    pub(super) fn receipt(&self, hash: B256) -> Option<(u64, Receipt)> {
        let location = self.chain.transaction(hash).unwrap()?;
        let receipts = self.receipts(location.number);
        Some((location.number, receipts[usize::try_from(location.index).unwrap()].clone()))
    }

    /// Sends a transaction to the pool.
    pub(super) fn send(&self, transaction: Recovered<Transaction>) -> B256 {
        self.try_send(transaction).unwrap()
    }

    pub(super) fn try_send(&self, transaction: Recovered<Transaction>) -> Result<B256, PoolError> {
        self.pool.add(transaction, Origin::Rpc)
    }

    /// Looks at L1 and derives all that it has.
    pub(super) async fn derive(&mut self) {
        self.update_l1().await;
        for _ in 0..MOST_STEPS {
            match self.rollup.derive().await {
                Ok(Progress::Advanced) => self.follow(),
                Ok(Progress::Idle) => return self.follow(),
                Err(error) => self.recover(error).await,
            }
        }
        panic!("derivation does not come to an end: {:?}", self.status());
    }

    /// Makes blocks up to a time.
    pub(super) async fn sequence_until(&mut self, timestamp: u64) {
        self.update_l1().await;
        for _ in 0..MOST_STEPS {
            if self.rollup.next_timestamp() > timestamp {
                return;
            }
            let result = match self.rollup.start_block().await {
                Ok(()) => self.rollup.seal_block().await.map(drop),
                Err(error) => Err(error),
            };
            if let Err(error) = result {
                self.recover(error).await;
            }
            self.follow();
        }
        panic!("sequencing does not come to an end: {:?}", self.status());
    }

    /// Makes `count` blocks.
    pub(super) async fn sequence(&mut self, count: u64) {
        let ahead = self.rollup.configs().rollup.block_time * count;
        let until = self.head().timestamp + ahead;
        self.sequence_until(until).await;
    }

    async fn update_l1(&mut self) {
        if let Err(error) = self.rollup.update_l1().await {
            self.recover(error).await;
        }
    }

    /// What the loop around the rollup node does about errors.
    async fn recover(&mut self, error: RollupError) {
        let RollupError::Reset(_) = error else { panic!("{error}") };
        self.rollup.reset().await.unwrap();
        self.resets += 1;
        self.follow();
    }

    /// Brings the pool and what the batcher sees up to the chain.
    fn follow(&mut self) {
        loop {
            match self.updates.try_recv() {
                Ok(update) => self.pool.on_update(&update).unwrap(),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                Err(TryRecvError::Lagged(_)) => panic!("more updates than the chain keeps"),
            }
        }
        *self.status.lock() = self.rollup.status();
    }
}

/// Opens a node's store. The builder's and the pool's threads of a node that was just dropped end
/// by themselves, and the last to end closes the store.
fn open_store(world: &World, directory: &TempDir) -> Store {
    let options = StoreOptions { max_size: 1 << 32, growth_step: 1 << 20, readers: 2 };
    let begun = Instant::now();
    loop {
        match Store::open(directory.path(), &world.spec, options) {
            Err(StorageError::Locked { .. }) if begun.elapsed() < Duration::from_secs(30) => {
                std::thread::yield_now();
            }
            opened => return opened.unwrap(),
        }
    }
}
