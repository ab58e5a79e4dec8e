//! `eth_call` and `eth_estimateGas`.

use super::chain::L1;
use crate::L1Error;
use alloy_evm::{EthEvmFactory, Evm, EvmEnv, EvmFactory, rpc::TryIntoTxEnv};
use alloy_primitives::Bytes;
use alloy_rpc_types_eth::{BlockId, TransactionRequest};
use revm::{
    context::result::ExecutionResult,
    database::{State, WrapDatabaseRef},
};

impl L1 {
    /// Runs a call on the state after a block, in that block's environment.
    ///
    /// # Errors
    /// An unknown block; a call that reverts or cannot be run.
    pub fn call(&self, request: TransactionRequest, block: BlockId) -> Result<Bytes, L1Error> {
        match self.run(request, block)? {
            ExecutionResult::Success { output, .. } => Ok(output.into_data()),
            ExecutionResult::Revert { output, .. } => Err(L1Error::Reverted(output)),
            ExecutionResult::Halt { reason, .. } => Err(L1Error::Call(format!("{reason:?}"))),
        }
    }

    /// The least gas limit with which a transaction succeeds, or nearly so: within 1.5 %.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub fn estimate_gas(
        &self,
        request: &TransactionRequest,
        block: BlockId,
    ) -> Result<u64, L1Error> {
        let attempt = |gas: u64| {
            let request = TransactionRequest { gas: Some(gas), ..request.clone() };
            self.run(request, block)
        };
        let cap = request.gas.unwrap_or(self.gas_cap()).min(self.gas_cap());
        let used = match attempt(cap)? {
            ExecutionResult::Success { gas, .. } => gas.tx_gas_used(),
            ExecutionResult::Revert { output, .. } => return Err(L1Error::Reverted(output)),
            ExecutionResult::Halt { reason, .. } => {
                return Err(L1Error::Call(format!("{reason:?}")));
            }
        };
        // A limit below the intrinsic gas is an error of the transaction, not of the L1.
        let suffices = |gas| matches!(attempt(gas), Ok(result) if result.is_success());
        if suffices(used) {
            return Ok(used);
        }
        // Refunds, and calls that keep a 64th back, need more than is used in the end.
        let (mut too_little, mut enough) = (used, cap);
        while enough - too_little > 1 && (enough - too_little) * 1000 / enough > 15 {
            let middle = too_little.midpoint(enough).min(too_little.saturating_mul(2).max(1));
            if suffices(middle) {
                enough = middle;
            } else {
                too_little = middle;
            }
        }
        Ok(enough)
    }

    const fn gas_cap(&self) -> u64 {
        if self.config.osaka {
            alloy_eips::eip7825::MAX_TX_GAS_LIMIT_OSAKA
        } else {
            self.config.gas_limit
        }
    }

    fn run(
        &self,
        mut request: TransactionRequest,
        block: BlockId,
    ) -> Result<ExecutionResult, L1Error> {
        let number = self.number_of(block)?;
        let header = &self.block_by_number(number).ok_or(L1Error::UnknownBlock)?.header;
        let mut env = EvmEnv::for_eth_block(
            &**header,
            self.config.spec(),
            self.config.chain_id,
            Some(self.config.blob_params()),
        );
        env.cfg_env.disable_balance_check = true;
        env.cfg_env.disable_base_fee = true;
        env.cfg_env.disable_block_gas_limit = true;
        env.cfg_env.disable_eip3607 = true;
        env.cfg_env.disable_nonce_check = true;
        request.gas = Some(request.gas.unwrap_or(self.gas_cap()).min(self.gas_cap()));
        request.chain_id = Some(self.config.chain_id);
        let transaction =
            request.try_into_tx_env(&env).map_err(|error| L1Error::Call(error.to_string()))?;
        let db = State::builder().with_database(WrapDatabaseRef(self.view(number))).build();
        let mut evm = EthEvmFactory::default().create_evm(db, env);
        let outcome =
            evm.transact_raw(transaction).map_err(|error| L1Error::Call(error.to_string()))?;
        Ok(outcome.result)
    }
}
