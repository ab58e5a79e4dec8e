//! Running a transaction for its side effect on the verdict cache.

use crate::{
    AssayEvmConfig, BlockError, ParentState, Transaction, irregular::evm_fault, overlay::Overlay,
};
use alloy_consensus::{Header, Transaction as _};
use alloy_evm::{Evm, EvmFactory, FromTxWithEncoded};
use alloy_op_evm::OpTx;
use alloy_primitives::{Address, Bytes};
use assay_chainspec::PRECOMPILE_ADDRESSES;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes of input from which a call to a contract may carry evidence. A signature over a statement
/// is verified in microseconds: no loss if nobody does so ahead.
const EVIDENCE_FROM: usize = 512;

impl AssayEvmConfig {
    /// Whether a transaction, in or after a block of this timestamp, may carry evidence that is
    /// worth verifying ahead: it calls `IAttestation`, or another contract with enough input. Of
    /// the other precompiles nothing is remembered.
    pub fn may_carry_evidence(&self, timestamp: u64, transaction: &Transaction) -> bool {
        if !self.spec().is_agate_active_at_timestamp(timestamp) || transaction.is_deposit() {
            return false;
        }
        let Some(to) = transaction.to() else { return false };
        let input = transaction.input().len();
        match PRECOMPILE_ADDRESSES.iter().position(|address| *address == to) {
            Some(precompile) => precompile == 0 && input > 0,
            None => input >= EVIDENCE_FROM,
        }
    }

    /// Runs a transaction on the state after `header`, whatever its nonce, balance and fees, and
    /// throws the result away: what it verifies is in the verdict cache afterwards. Returns the gas
    /// that it took, 0 where the EVM would not run it at all.
    ///
    /// # Errors
    /// A fault of the state, or a panic: nobody waits for this run, which must not end the thread
    /// that it has, and on rayon's threads not the node.
    pub fn speculate<DB: ParentState>(
        &self,
        header: &Header,
        state: DB,
        transaction: &Transaction,
        sender: Address,
    ) -> Result<u64, BlockError> {
        let run = AssertUnwindSafe(|| self.run_ahead(header, state, transaction, sender));
        catch_unwind(run)
            .unwrap_or_else(|_| Err(BlockError::Internal("a speculative run panicked".into())))
    }

    fn run_ahead<DB: ParentState>(
        &self,
        header: &Header,
        state: DB,
        transaction: &Transaction,
        sender: Address,
    ) -> Result<u64, BlockError> {
        let mut env = self.evm_env(header);
        env.cfg_env.disable_nonce_check = true;
        env.cfg_env.disable_balance_check = true;
        env.cfg_env.disable_base_fee = true;
        env.cfg_env.disable_fee_charge = true;
        env.cfg_env.disable_eip3607 = true;
        let mut evm = self.factory().create_evm(Overlay::new(state), env);
        // Without a fee charge nobody asks for the encoding.
        match evm.transact(OpTx::from_encoded_tx(transaction, sender, Bytes::from_static(&[0]))) {
            Ok(result) => Ok(result.result.tx_gas_used()),
            Err(error) => evm_fault(error).map(|_refused| 0),
        }
    }
}
