//! Each method of `trace_`: which work it is, and who does it.

use crate::{
    RpcContext,
    eth::types::RpcRequest,
    trace::{api::TraceApiServer, calls, replays},
};
use alloy_eips::BlockId;
use alloy_primitives::{B256, Bytes, map::HashSet};
use alloy_rpc_types_eth::{
    BlockOverrides, Index,
    state::{EvmOverrides, StateOverride},
};
use alloy_rpc_types_trace::{
    filter::TraceFilter,
    opcode::{BlockOpcodeGas, TransactionOpcodeGas},
    parity::{LocalizedTransactionTrace, TraceResults, TraceResultsWithTransactionHash, TraceType},
};
use jsonrpsee::core::{RpcResult, async_trait};

#[async_trait]
impl TraceApiServer for RpcContext {
    async fn call(
        &self,
        call: RpcRequest,
        trace_types: HashSet<TraceType>,
        block_id: Option<BlockId>,
        state_overrides: Option<StateOverride>,
        block_overrides: Option<Box<BlockOverrides>>,
    ) -> RpcResult<TraceResults> {
        let overrides = EvmOverrides::new(state_overrides, block_overrides);
        self.trace(move |ctx| calls::call(ctx, call, &trace_types, block_id, overrides)).await
    }

    async fn call_many(
        &self,
        calls: Vec<(RpcRequest, HashSet<TraceType>)>,
        block_id: Option<BlockId>,
    ) -> RpcResult<Vec<TraceResults>> {
        self.trace(move |ctx| calls::call_many(ctx, calls, block_id)).await
    }

    async fn raw_transaction(
        &self,
        data: Bytes,
        trace_types: HashSet<TraceType>,
        block_id: Option<BlockId>,
    ) -> RpcResult<TraceResults> {
        self.trace(move |ctx| calls::raw_transaction(ctx, &data, &trace_types, block_id)).await
    }

    async fn replay_block_transactions(
        &self,
        block_id: BlockId,
        trace_types: HashSet<TraceType>,
    ) -> RpcResult<Option<Vec<TraceResultsWithTransactionHash>>> {
        self.trace(move |ctx| replays::replay_block(ctx, block_id, &trace_types)).await
    }

    async fn replay_transaction(
        &self,
        transaction: B256,
        trace_types: HashSet<TraceType>,
    ) -> RpcResult<TraceResults> {
        self.trace(move |ctx| replays::replay_transaction(ctx, transaction, &trace_types)).await
    }

    async fn block(&self, block_id: BlockId) -> RpcResult<Option<Vec<LocalizedTransactionTrace>>> {
        self.trace(move |ctx| replays::block(ctx, block_id).map(Some)).await
    }

    async fn filter(&self, filter: TraceFilter) -> RpcResult<Vec<LocalizedTransactionTrace>> {
        self.trace(move |ctx| replays::filter(ctx, &filter)).await
    }

    async fn get(
        &self,
        hash: B256,
        indices: Vec<Index>,
    ) -> RpcResult<Option<LocalizedTransactionTrace>> {
        // Parity answered paths of one step alone, and took that step as an index of all traces.
        let &[index] = indices.as_slice() else { return Ok(None) };
        self.trace(move |ctx| {
            let traces = replays::transaction(ctx, hash)?;
            Ok(traces.and_then(|traces| traces.into_iter().nth(index.into())))
        })
        .await
    }

    async fn transaction(&self, hash: B256) -> RpcResult<Option<Vec<LocalizedTransactionTrace>>> {
        self.trace(move |ctx| replays::transaction(ctx, hash)).await
    }

    async fn transaction_opcode_gas(&self, hash: B256) -> RpcResult<Option<TransactionOpcodeGas>> {
        self.trace(move |ctx| replays::transaction_opcode_gas(ctx, hash)).await
    }

    async fn block_opcode_gas(&self, block_id: BlockId) -> RpcResult<Option<BlockOpcodeGas>> {
        self.trace(move |ctx| replays::block_opcode_gas(ctx, block_id).map(Some)).await
    }
}
