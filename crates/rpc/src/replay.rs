//! Running a block's transactions again, watched by an inspector.

use crate::{
    RpcContext, RpcError,
    eth::types::place,
    evm::{Outcome, Scratch, scratch},
    guard::Recording,
};
use alloy_consensus::BlockHeader;
use alloy_evm::{Evm, EvmFactory, IntoTxEnv};
use alloy_op_evm::{OpEvmContext, OpTx};
use alloy_primitives::B256;
use alloy_rpc_types_eth::TransactionInfo;
use assay_evm::RecoveredBlock;
use revm::{DatabaseCommit, Inspector, context::BlockEnv};
use std::sync::Arc;

/// One transaction of a block, as it ran.
pub(crate) struct Replayed<'a, I> {
    /// Which one.
    pub(crate) info: TransactionInfo,
    /// What the EVM ran.
    pub(crate) tx: &'a OpTx,
    /// In which block.
    pub(crate) block_env: &'a BlockEnv,
    /// What came of it; not committed yet.
    pub(crate) outcome: &'a Outcome,
    /// Who watched.
    pub(crate) inspector: I,
    /// The state before the transaction.
    pub(crate) db: &'a mut Scratch,
}

impl RpcContext {
    /// The state of the parent of `block`.
    pub(crate) fn parent_state(&self, block: &RecoveredBlock) -> Result<Scratch, RpcError> {
        Ok(scratch(self.state(block.header().parent_hash().into())?))
    }

    /// Runs every transaction of `block`, each under an inspector of its own, and gives what
    /// `visit` makes of them. The inspectors together stay within one guard's bounds.
    pub(crate) fn replay_block<I, T>(
        &self,
        block: &RecoveredBlock,
        recording: Recording,
        mut watch: impl FnMut() -> Result<I, RpcError>,
        mut visit: impl FnMut(Replayed<'_, I>) -> Result<T, RpcError>,
    ) -> Result<Vec<T>, RpcError>
    where
        I: for<'a> Inspector<OpEvmContext<&'a mut Scratch>>,
    {
        let count = block.body().transactions.len();
        if count == 0 {
            return Ok(Vec::new());
        }
        let mut db = self.parent_state(block)?;
        self.prepare_block(&mut db, block)?;
        let env = self.evm_env(block.header())?;
        let block_env = env.block_env.clone();
        let watched = (self.guard(recording), watch()?);
        let mut evm = self.evm.factory().create_evm_with_inspector(&mut db, env, watched);
        let mut results = Vec::with_capacity(count);
        for (index, transaction) in block.transactions_recovered().enumerate() {
            let tx: OpTx = transaction.into_tx_env();
            let outcome = match evm.transact(tx.clone()) {
                Ok(outcome) => outcome,
                Err(error) => {
                    return Err(evm.inspector().0.verdict().unwrap_or_else(|| error.into()));
                }
            };
            let (db, (_, inspector), _) = evm.components_mut();
            let inspector = std::mem::replace(inspector, watch()?);
            results.push(visit(Replayed {
                info: place(block, index),
                tx: &tx,
                block_env: &block_env,
                outcome: &outcome,
                inspector,
                db,
            })?);
            db.commit(outcome.state);
        }
        Ok(results)
    }

    /// Runs the transaction at `index` of `block` under `inspector`, after those before it.
    pub(crate) fn replay_transaction<I, T>(
        &self,
        block: &RecoveredBlock,
        index: usize,
        recording: Recording,
        mut inspector: I,
        visit: impl FnOnce(Replayed<'_, I>) -> Result<T, RpcError>,
    ) -> Result<T, RpcError>
    where
        I: for<'a> Inspector<OpEvmContext<&'a mut Scratch>>,
    {
        let mut db = self.parent_state(block)?;
        self.replay_until(&mut db, block, index)?;
        let env = self.evm_env(block.header())?;
        let block_env = env.block_env.clone();
        let transaction =
            block.transactions_recovered().nth(index).ok_or(RpcError::TransactionNotFound)?;
        let tx: OpTx = transaction.into_tx_env();
        let outcome =
            self.inspect(&mut db, env, tx.clone(), &mut self.guard(recording), &mut inspector)?;
        visit(Replayed {
            info: place(block, index),
            tx: &tx,
            block_env: &block_env,
            outcome: &outcome,
            inspector,
            db: &mut db,
        })
    }

    /// The block of a transaction of the canonical chain and its index in it, or -32001.
    pub(crate) fn located(&self, hash: B256) -> Result<(Arc<RecoveredBlock>, usize), RpcError> {
        let (at, block) = self.locate(hash)?.ok_or(RpcError::TransactionNotFound)?;
        Ok((block, at.index as usize))
    }
}
