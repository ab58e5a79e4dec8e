//! The predeploys' view functions, called on the state of one block.

use crate::evm::{Env, Scratch, ensure_success};
use crate::{RpcContext, RpcError, TransactionError, eth::types::RpcRequest};
use alloy_eips::BlockId;
use alloy_primitives::Address;
use alloy_rpc_types_eth::{TransactionInput, TransactionRequest, state::EvmOverrides};
use alloy_sol_types::SolCall;

/// A block's state, to call contracts on.
pub(super) struct Views<'a> {
    ctx: &'a RpcContext,
    db: Scratch,
    env: Env,
}

impl<'a> Views<'a> {
    /// At `pending` the head's: nothing here is about a block to come.
    pub(super) fn at(ctx: &'a RpcContext, block: BlockId) -> Result<Self, RpcError> {
        let block = if block.is_pending() { BlockId::latest() } else { block };
        let (db, env) = ctx.state_and_env(block)?;
        Ok(Self { ctx, db, env })
    }

    /// The block's number.
    pub(super) fn number(&self) -> u64 {
        self.env.block_env.number.saturating_to()
    }

    /// The block's timestamp.
    pub(super) fn time(&self) -> u64 {
        self.env.block_env.timestamp.saturating_to()
    }

    /// Calls a view function; `None` if it reverts.
    pub(super) fn try_call<C: SolCall>(
        &mut self,
        contract: Address,
        call: &C,
    ) -> Result<Option<C::Return>, RpcError> {
        let request = TransactionRequest::default()
            .to(contract)
            .input(TransactionInput::new(call.abi_encode().into()));
        let request: RpcRequest = request.into();
        let overrides = EvmOverrides::default();
        let (env, tx) =
            self.ctx.prepare_call(self.env.clone(), request, &mut self.db, overrides)?;
        let gas_limit = tx.base.gas_limit;
        let result = self.ctx.transact(&mut self.db, env, tx)?.result;
        match ensure_success(result, gas_limit) {
            Ok(output) => {
                C::abi_decode_returns(&output).map(Some).map_err(|_| no_contract(contract))
            }
            Err(RpcError::Transaction(TransactionError::Revert(_))) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Calls a view function that does not revert.
    pub(super) fn call<C: SolCall>(
        &mut self,
        contract: Address,
        call: &C,
    ) -> Result<C::Return, RpcError> {
        self.try_call(contract, call)?
            .ok_or_else(|| RpcError::Internal(format!("{} reverted", C::SIGNATURE)))
    }
}

/// The address does not answer as the predeploy does: the chain was made without it.
fn no_contract(contract: Address) -> RpcError {
    RpcError::Coded {
        code: crate::error::INVALID_INPUT,
        message: format!("this chain has no predeploy at {contract}"),
    }
}
