//! Building one block.

use super::DaLimits;
use crate::{EngineError, import::RootTask};
use alloy_consensus::transaction::Recovered;
use alloy_primitives::{U256, keccak256};
use assay_chain::{Chain, ExecutedBlock, StateView};
use assay_evm::{
    AssayEvmConfig, BlockBuilder, BlockError, BuildError, InvalidTx, NextBlockAttributes, Roots,
    SealedHeader, Transaction, TxError,
};
use assay_pool::Pool;
use assay_trie::TrieError;
use op_alloy_consensus::L2_TO_L1_MESSAGE_PASSER_ADDRESS;
use op_revm::OpTransactionError;
use revm::context_interface::result::InvalidTransaction;
use std::sync::Arc;

/// Gas of the cheapest transaction.
const MIN_TRANSACTION_GAS: u64 = 21_000;

/// Everything that a block is built from but the pool.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) parent: Arc<SealedHeader>,
    pub(crate) attributes: NextBlockAttributes,
    pub(crate) forced: Vec<Recovered<Transaction>>,
}

/// A sealed block with what its execution gave and what its transactions pay the fee recipient.
#[derive(Debug)]
pub(crate) struct Assembled {
    pub(crate) executed: ExecutedBlock,
    pub(crate) fees: U256,
}

/// Where optional transactions come from.
pub(crate) struct Optional<'a> {
    pub(crate) pool: &'a Pool,
    pub(crate) limits: &'a DaLimits,
    /// Asked before every transaction: whether to stop adding more.
    pub(crate) enough: &'a dyn Fn() -> bool,
}

/// Builds a block from the frame and, if given, the pool.
pub(crate) fn assemble(
    chain: &Chain,
    evm: &AssayEvmConfig,
    frame: &Frame,
    optional: Option<&Optional<'_>>,
) -> Result<Assembled, EngineError> {
    let parent = frame.parent.hash();
    let view = chain
        .state_at(parent)
        .map_err(EngineError::internal)?
        .ok_or_else(|| EngineError::internal("the parent's state is gone"))?;
    let trie = chain
        .trie_at(parent)
        .map_err(EngineError::internal)?
        .ok_or_else(|| EngineError::internal("the parent's state root is gone"))?;
    let root = RootTask::start(trie, view.clone());
    let limits = optional.map(|optional| optional.limits.get()).unwrap_or_default();
    let mut builder = evm
        .block_builder(
            SealedHeader::clone(&frame.parent),
            frame.attributes.clone(),
            limits,
            view.clone(),
            root.hook(Arc::default()),
        )
        .map_err(begin_error)?;
    for transaction in &frame.forced {
        builder.push_forced(transaction.clone()).map_err(forced_error)?;
    }
    if let Some(optional) = optional {
        fill(&mut builder, optional)?;
    }
    let mut post = None;
    let (block, output) = builder
        .finish(|bundle| {
            let state = root.finish(bundle)?;
            let roots = Roots {
                state_root: state.trie.root(),
                message_passer_root: Some(
                    state.trie.storage_root(&view, keccak256(L2_TO_L1_MESSAGE_PASSER_ADDRESS))?,
                ),
            };
            post = Some(state);
            Ok::<_, TrieError>(roots)
        })
        .map_err(EngineError::internal)?;
    let post = post.ok_or_else(|| EngineError::internal("the block has no state"))?;
    Ok(Assembled {
        fees: output.fees,
        executed: ExecutedBlock {
            block: Arc::new(block),
            receipts: Arc::new(output.receipts),
            bundle: Arc::new(output.bundle),
            hashed: Arc::new(post.hashed),
            trie_updates: Arc::new(post.updates),
            trie: post.trie,
        },
    })
}

/// Adds the pool's best transactions while there is room and time.
fn fill(builder: &mut BlockBuilder<StateView>, optional: &Optional<'_>) -> Result<(), EngineError> {
    let mut best = optional.pool.best(builder.base_fee());
    while builder.gas_left() >= MIN_TRANSACTION_GAS && !(optional.enough)() {
        let Some(transaction) = best.next() else { break };
        match builder.push_transaction(transaction.recovered().clone()) {
            // The pool is a block behind: this one is mined, the sender's next may well do.
            Ok(_)
            | Err(TxError::Invalid(InvalidTx::Evm(OpTransactionError::Base(
                InvalidTransaction::NonceTooLow { .. },
            )))) => {}
            Err(TxError::Invalid(_) | TxError::DoesNotFit(_)) => best.mark_invalid(&transaction),
            Err(TxError::Fatal(error)) => return Err(EngineError::internal(error)),
        }
    }
    Ok(())
}

fn begin_error(error: BuildError) -> EngineError {
    match error {
        BuildError::Attributes(error) => EngineError::InvalidAttributes(error.to_string()),
        BuildError::Block(error) => forced_error(error),
    }
}

/// A transaction that the attributes force into the block and that cannot be executed makes the
/// attributes invalid.
fn forced_error(error: BlockError) -> EngineError {
    match error {
        BlockError::Invalid(rule) => EngineError::InvalidAttributes(rule.to_string()),
        fault => EngineError::internal(fault),
    }
}
