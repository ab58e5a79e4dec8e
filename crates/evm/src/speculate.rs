//! Running a transaction for its side effect on the verdict cache.

use crate::{
    AssayEvmConfig, BlockError, ParentState, Transaction, irregular::evm_fault, overlay::Overlay,
};
use alloy_consensus::Header;
use alloy_evm::{Evm, EvmFactory, FromTxWithEncoded};
use alloy_op_evm::OpTx;
use alloy_primitives::{Address, Bytes};

impl AssayEvmConfig {
    /// Runs a transaction on the state after `header`, whatever its nonce, balance and fees, and
    /// throws the result away: what it verifies is in the verdict cache afterwards. Returns the gas
    /// that it took, 0 where the EVM would not run it at all.
    ///
    /// # Errors
    /// A fault of the state.
    pub fn speculate<DB: ParentState>(
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
