//! The steps of an import.

use super::{RootTask, ahead::Ahead};
use alloy_primitives::keccak256;
use assay_chain::{Chain, ExecutedBlock};
use assay_evm::{
    AssayEvmConfig, BlockError, InvalidBlock, SealedBlock, recover_block, validate_body,
    validate_header, validate_post_execution, validate_roots,
};
use assay_pool::Pool;
use op_alloy_consensus::L2_TO_L1_MESSAGE_PASSER_ADDRESS;
use std::{sync::Arc, time::Instant};

/// Why a block was not imported.
#[derive(Debug)]
pub(crate) enum ImportError {
    /// The block breaks a rule.
    Invalid(String),
    /// This node failed.
    Fault(String),
}

impl From<BlockError> for ImportError {
    fn from(error: BlockError) -> Self {
        match error {
            BlockError::Invalid(rule) => Self::Invalid(rule.to_string()),
            fault => Self::Fault(fault.to_string()),
        }
    }
}

impl From<InvalidBlock> for ImportError {
    fn from(rule: InvalidBlock) -> Self {
        Self::Invalid(rule.to_string())
    }
}

fn fault(error: impl std::fmt::Display) -> ImportError {
    ImportError::Fault(error.to_string())
}

/// Executes and validates blocks on states of the chain.
#[derive(Debug)]
pub(crate) struct Importer {
    chain: Chain,
    evm: AssayEvmConfig,
    pool: Pool,
    verify_ahead: bool,
}

impl Importer {
    pub(crate) const fn new(
        chain: Chain,
        evm: AssayEvmConfig,
        pool: Pool,
        verify_ahead: bool,
    ) -> Self {
        Self { chain, evm, pool, verify_ahead }
    }

    /// Imports a block whose parent is known.
    pub(crate) fn import(&self, block: SealedBlock) -> Result<ExecutedBlock, ImportError> {
        let begun = Instant::now();
        let spec = self.chain.spec();
        let parent_hash = block.header().parent_hash;
        let parent = self
            .chain
            .header_by_hash(parent_hash)
            .map_err(fault)?
            .ok_or_else(|| fault("the parent's header is gone"))?;
        validate_header(spec, block.header(), &parent, parent_hash)?;
        let view = self
            .chain
            .state_at(parent_hash)
            .map_err(fault)?
            .ok_or_else(|| fault("the parent's state is gone"))?;
        let trie = self
            .chain
            .trie_at(parent_hash)
            .map_err(fault)?
            .ok_or_else(|| fault("the parent's state root is gone"))?;
        let hash = block.hash();
        let block = block.into_block();
        // The payload's decoding computed the transactions root from the transactions.
        validate_body(spec, &block, &parent, true)?;
        let block = recover_block(SealedBlock::new_unchecked(block, hash), &self.pool)?;
        let block = Arc::new(block);
        let recovered = begun.elapsed();

        let root = RootTask::start(trie, view.clone());
        let ahead = if self.verify_ahead {
            Ahead::start(&self.evm, &block, &view)
        } else {
            Ahead::default()
        };
        let hook = root.hook(ahead.progress());
        let output = self.evm.execute(&block, &parent, view.clone(), hook)?;
        drop(ahead);
        let executed = begun.elapsed();

        let mut valid = Ok(());
        // The state root takes longest and stays on this thread.
        let post = rayon::in_place_scope(|scope| {
            scope.spawn(|_| valid = validate_post_execution(spec, block.header(), &output));
            root.finish(&output.bundle).map_err(fault)
        });
        valid?;
        let post = post?;
        let passer = post
            .trie
            .storage_root(&view, keccak256(L2_TO_L1_MESSAGE_PASSER_ADDRESS))
            .map_err(fault)?;
        validate_roots(spec, block.header(), post.trie.root(), passer)?;
        let total = begun.elapsed();
        tracing::debug!(
            number = block.header().number,
            %hash,
            transactions = block.body().transactions.len(),
            gas = output.gas_used,
            recover_us = recovered.as_micros(),
            execute_us = (executed - recovered).as_micros(),
            root_us = (total - executed).as_micros(),
            "block executed"
        );
        Ok(ExecutedBlock {
            block,
            receipts: Arc::new(output.receipts),
            bundle: Arc::new(output.bundle),
            hashed: Arc::new(post.hashed),
            trie_updates: Arc::new(post.updates),
            trie: post.trie,
        })
    }
}
