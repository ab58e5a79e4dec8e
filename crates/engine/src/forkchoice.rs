//! `engine_forkchoiceUpdated`.

use crate::{
    EngineError,
    new_payload::{invalid, valid},
    worker::Worker,
};
use alloy_primitives::B256;
use alloy_rpc_types_engine::{ForkchoiceState, ForkchoiceUpdated, PayloadStatusEnum};
use assay_evm::SealedHeader;
use op_alloy_rpc_types_engine::OpPayloadAttributes;
use std::sync::Arc;

impl Worker {
    pub(crate) fn fork_choice_updated(
        &mut self,
        state: ForkchoiceState,
        attributes: Option<&OpPayloadAttributes>,
    ) -> Result<ForkchoiceUpdated, EngineError> {
        let head = state.head_block_hash;
        if head.is_zero() {
            return Err(EngineError::InvalidForkchoice("the head is the zero hash"));
        }
        if !self.chain.contains(head).map_err(EngineError::internal)? {
            return Ok(self.unknown_head(head));
        }
        if self.chain.head().hash() != head {
            let update = self.chain.set_canonical(head).map_err(EngineError::internal)?;
            if !update.removed.is_empty() {
                tracing::info!(
                    removed = update.removed.len(),
                    added = update.added.len(),
                    %head,
                    "reorganised"
                );
            }
        }
        self.set_labels(&state)?;
        let answer = ForkchoiceUpdated::new(valid(head));
        match attributes {
            None => Ok(answer),
            Some(attributes) => Ok(answer.with_payload_id(self.payloads.start(head, attributes)?)),
        }
    }

    fn unknown_head(&mut self, head: B256) -> ForkchoiceUpdated {
        let known = self.invalid.get(&head).cloned().or_else(|| {
            let missing = self.orphans.missing_ancestor(&head)?;
            self.invalid.get(&missing).cloned()
        });
        known.map_or_else(
            || ForkchoiceUpdated::from_status(PayloadStatusEnum::Syncing),
            |known| ForkchoiceUpdated::new(invalid(known.reason, known.latest_valid)),
        )
    }

    /// Sets the labels, which must lie on the head's chain. A zero hash leaves a label as it is,
    /// unless a reorganisation has taken its block away.
    fn set_labels(&self, state: &ForkchoiceState) -> Result<(), EngineError> {
        let finalized = self.label(
            state.finalized_block_hash,
            self.chain.finalized(),
            "the finalized block is not on the head's chain",
        )?;
        self.chain.set_finalized(finalized).map_err(EngineError::internal)?;
        let safe = self.label(
            state.safe_block_hash,
            self.chain.safe(),
            "the safe block is not on the head's chain",
        )?;
        self.chain.set_safe(safe).map_err(EngineError::internal)
    }

    fn label(
        &self,
        hash: B256,
        current: Option<Arc<SealedHeader>>,
        reason: &'static str,
    ) -> Result<Option<B256>, EngineError> {
        let canonical = |hash| self.chain.is_canonical(hash).map_err(EngineError::internal);
        if !hash.is_zero() {
            let on_chain = canonical(hash)?;
            return if on_chain {
                Ok(Some(hash))
            } else {
                Err(EngineError::InvalidForkchoice(reason))
            };
        }
        match current.map(|header| header.hash()) {
            Some(hash) if canonical(hash)? => Ok(Some(hash)),
            _ => Ok(None),
        }
    }
}
