//! The engine's thread: one request after another.

use crate::{
    EngineError,
    build::Payloads,
    import::Importer,
    tree::{InvalidBlocks, Orphans},
};
use alloy_rpc_types_engine::{ForkchoiceState, ForkchoiceUpdated, PayloadStatus};
use assay_chain::Chain;
use op_alloy_rpc_types_engine::{OpExecutionData, OpPayloadAttributes};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
};
use tokio::sync::oneshot;

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, EngineError>>;

/// A request that changes the chain.
#[derive(Debug)]
pub(crate) enum Command {
    NewPayload(Box<OpExecutionData>, Reply<PayloadStatus>),
    ForkchoiceUpdated(ForkchoiceState, Option<Box<OpPayloadAttributes>>, Reply<ForkchoiceUpdated>),
    Stop,
}

/// What the thread owns.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) chain: Chain,
    pub(crate) importer: Importer,
    pub(crate) payloads: Arc<Payloads>,
    pub(crate) orphans: Orphans,
    pub(crate) invalid: InvalidBlocks,
}

impl Worker {
    pub(crate) const fn new(
        chain: Chain,
        importer: Importer,
        payloads: Arc<Payloads>,
        orphans: Orphans,
        invalid: InvalidBlocks,
    ) -> Self {
        Self { chain, importer, payloads, orphans, invalid }
    }

    pub(crate) fn run(mut self, inbox: &mpsc::Receiver<Command>) {
        while let Ok(command) = inbox.recv() {
            match command {
                Command::NewPayload(data, reply) => {
                    let hash = data.payload.block_hash();
                    let answer = guarded(|| self.new_payload(&data));
                    let valid = answer.as_ref().is_ok_and(PayloadStatus::is_valid);
                    // An error means that the caller no longer waits.
                    let _ = reply.send(answer);
                    if valid {
                        self.adopt_children(hash);
                    }
                }
                Command::ForkchoiceUpdated(state, attributes, reply) => {
                    let answer = guarded(|| self.fork_choice_updated(state, attributes.as_deref()));
                    let _ = reply.send(answer);
                }
                Command::Stop => return,
            }
        }
    }

    /// Executes orphans whose parent has arrived. After the answer to the parent's payload, so that
    /// it does not wait for them.
    fn adopt_children(&mut self, parent: alloy_primitives::B256) {
        let mut parents = vec![parent];
        while let Some(parent) = parents.pop() {
            for child in self.orphans.take_children(&parent) {
                let hash = child.hash();
                match guarded(|| self.import(child)) {
                    Ok(status) if status.is_valid() => parents.push(hash),
                    Ok(status) => {
                        tracing::warn!(%hash, %status, "orphan payload is not valid");
                    }
                    Err(error) => tracing::error!(%hash, %error, "orphan payload not executed"),
                }
            }
        }
    }
}

/// Turns a panic into an error: one bad request must not end the engine.
fn guarded<T>(run: impl FnOnce() -> Result<T, EngineError>) -> Result<T, EngineError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        tracing::error!(message, "a request panicked");
        Err(EngineError::Internal(format!("panic: {message}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_internal_error() {
        let answer: Result<(), _> = guarded(|| panic!("number {}", 7));
        assert!(
            matches!(answer, Err(EngineError::Internal(message)) if message.contains("number 7"))
        );
    }
}
