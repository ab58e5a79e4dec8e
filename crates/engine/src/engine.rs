//! The handle: what the RPC and the rollup node hold of the engine.

use crate::{
    BuiltPayload, EngineConfig, EngineError, bodies,
    build::{DaLimits, Payloads},
    import::Importer,
    tree::{InvalidBlocks, Orphans},
    worker::{Command, Reply, Worker},
};
use alloy_primitives::B256;
use alloy_rpc_types_engine::{
    ExecutionPayloadBodyV1, ForkchoiceState, ForkchoiceUpdated, PayloadId, PayloadStatus,
};
use assay_chain::Chain;
use assay_evm::AssayEvmConfig;
use assay_pool::Pool;
use op_alloy_rpc_types_engine::{OpExecutionData, OpPayloadAttributes};
use parking_lot::Mutex;
use std::{
    sync::{Arc, mpsc},
    thread::JoinHandle,
};
use tokio::sync::oneshot;

/// The engine. Requests that change the chain run one after another, in the order in which they
/// came, on a thread of their own; a clone is another handle to the same engine.
#[derive(Debug, Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    chain: Chain,
    payloads: Arc<Payloads>,
    da: Arc<DaLimits>,
    commands: mpsc::Sender<Command>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Engine {
    /// Starts the engine's thread.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn new(
        chain: Chain,
        evm: AssayEvmConfig,
        pool: Pool,
        config: EngineConfig,
    ) -> Result<Self, EngineError> {
        let orphans = Orphans::new(config.orphan_blocks, config.orphan_bytes);
        let invalid = InvalidBlocks::new(config.invalid_blocks);
        let da = Arc::new(DaLimits::default());
        let payloads = Arc::new(Payloads::new(
            chain.clone(),
            evm.clone(),
            pool.clone(),
            config.builder,
            Arc::clone(&da),
        ));
        let (commands, inbox) = mpsc::channel();
        let importer = Importer::new(chain.clone(), evm, pool, config.verify_ahead);
        let worker = Worker::new(chain.clone(), importer, Arc::clone(&payloads), orphans, invalid);
        let thread = std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || worker.run(&inbox))
            .map_err(EngineError::internal)?;
        Ok(Self {
            inner: Arc::new(Inner {
                chain,
                payloads,
                da,
                commands,
                thread: Mutex::new(Some(thread)),
            }),
        })
    }

    /// The chain that the engine drives.
    pub fn chain(&self) -> &Chain {
        &self.inner.chain
    }

    /// Validates and executes a payload (`engine_newPayload`). It becomes part of the chain's tree,
    /// not its head.
    ///
    /// # Errors
    /// A fault of this node; a bad payload is a status.
    pub async fn new_payload(&self, data: OpExecutionData) -> Result<PayloadStatus, EngineError> {
        self.send(|reply| Command::NewPayload(Box::new(data), reply)).await
    }

    /// Moves the head and the labels and, with attributes, starts a payload
    /// (`engine_forkchoiceUpdated`). The attributes' transactions have been executed when this
    /// returns.
    ///
    /// # Errors
    /// Labels that are not on the head's chain, attributes from which no block can be built, or a
    /// fault of this node. The head has moved before attributes are looked at.
    pub async fn fork_choice_updated(
        &self,
        state: ForkchoiceState,
        attributes: Option<OpPayloadAttributes>,
    ) -> Result<ForkchoiceUpdated, EngineError> {
        self.send(|reply| Command::ForkchoiceUpdated(state, attributes.map(Box::new), reply)).await
    }

    /// The best payload built so far (`engine_getPayload`); building ends with this. The block is
    /// in the chain's tree as executed when this returns.
    ///
    /// # Errors
    /// The id is not known, or a fault of this node.
    pub async fn get_payload(&self, id: PayloadId) -> Result<BuiltPayload, EngineError> {
        let built = self.inner.payloads.resolve(id).await?;
        self.inner.chain.insert(built.executed().clone()).map_err(EngineError::internal)?;
        Ok(built)
    }

    /// The timestamp of a payload that is being built: its fork decides how it may be asked for.
    ///
    /// # Errors
    /// The id is not known.
    pub fn payload_timestamp(&self, id: PayloadId) -> Result<u64, EngineError> {
        self.inner.payloads.timestamp(id)
    }

    /// The bodies of blocks by hash, `None` for those not known
    /// (`engine_getPayloadBodiesByHashV1`).
    ///
    /// # Errors
    /// More than 1,024 hashes, or a fault of this node.
    pub fn payload_bodies_by_hash(
        &self,
        hashes: &[B256],
    ) -> Result<Vec<Option<ExecutionPayloadBodyV1>>, EngineError> {
        bodies::by_hash(&self.inner.chain, hashes)
    }

    /// The bodies of the canonical blocks `start..start + count`, ending with the head
    /// (`engine_getPayloadBodiesByRangeV1`).
    ///
    /// # Errors
    /// More than 1,024 blocks, or a fault of this node.
    pub fn payload_bodies_by_range(
        &self,
        start: u64,
        count: u64,
    ) -> Result<Vec<Option<ExecutionPayloadBodyV1>>, EngineError> {
        bodies::by_range(&self.inner.chain, start, count)
    }

    /// Limits the DA bytes taken from the pool, per transaction and per block; zero lifts a limit
    /// (`miner_setMaxDASize`). Holds from the next payload on.
    pub fn set_max_da_size(&self, transaction: u64, block: u64) {
        // A batcher repeats itself each few seconds.
        if self.inner.da.set(transaction, block) {
            tracing::info!(transaction, block, "DA limits set");
        }
    }

    /// Ends the engine's thread after the requests that it has already received. Blocks.
    pub fn shutdown(&self) {
        self.inner.stop();
    }

    async fn send<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, EngineError> {
        let (reply, answer) = oneshot::channel();
        self.inner.commands.send(command(reply)).map_err(|_| EngineError::Stopped)?;
        answer.await.map_err(|_| EngineError::Stopped)?
    }
}

impl Inner {
    fn stop(&self) {
        self.payloads.stop();
        // A send fails only where the thread has already ended.
        let _ = self.commands.send(Command::Stop);
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the engine's thread panicked");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}
