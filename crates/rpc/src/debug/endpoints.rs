//! Each method of `debug_`: which work it is, and who does it.

use crate::{
    RpcContext, RpcError,
    debug::{api::DebugApiServer, raw, traces, witness},
    eth::{blocks, types::RpcRequest},
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, Bytes};
use alloy_rpc_types_debug::ExecutionWitness;
use alloy_rpc_types_eth::{Bundle, StateContext};
use alloy_rpc_types_trace::geth::{
    GethDebugTracingCallOptions, GethDebugTracingOptions, GethTrace, TraceResult,
};
use jsonrpsee::core::{RpcResult, async_trait};
use serde_json::Value;

#[async_trait]
impl DebugApiServer for RpcContext {
    async fn raw_header(&self, block_id: BlockId) -> RpcResult<Bytes> {
        self.read(move |ctx| raw::header(ctx, block_id)).await
    }

    async fn raw_block(&self, block_id: BlockId) -> RpcResult<Bytes> {
        self.read(move |ctx| raw::block(ctx, block_id)).await
    }

    async fn raw_transaction(&self, hash: B256) -> RpcResult<Option<Bytes>> {
        self.read(move |ctx| blocks::raw_transaction(ctx, hash)).await
    }

    async fn raw_transactions(&self, block_id: BlockId) -> RpcResult<Vec<Bytes>> {
        self.read(move |ctx| raw::transactions(ctx, block_id)).await
    }

    async fn raw_receipts(&self, block_id: BlockId) -> RpcResult<Vec<Bytes>> {
        self.read(move |ctx| raw::receipts(ctx, block_id)).await
    }

    async fn bad_blocks(&self) -> RpcResult<Vec<Value>> {
        Ok(Vec::new())
    }

    async fn trace_block(
        &self,
        rlp_block: Bytes,
        opts: Option<GethDebugTracingOptions>,
    ) -> RpcResult<Vec<TraceResult>> {
        let opts = opts.unwrap_or_default();
        self.trace(move |ctx| traces::raw_block(ctx, &rlp_block, &opts)).await
    }

    async fn trace_block_by_hash(
        &self,
        block: B256,
        opts: Option<GethDebugTracingOptions>,
    ) -> RpcResult<Vec<TraceResult>> {
        let opts = opts.unwrap_or_default();
        self.trace(move |ctx| traces::block(ctx, block.into(), &opts)).await
    }

    async fn trace_block_by_number(
        &self,
        block: BlockNumberOrTag,
        opts: Option<GethDebugTracingOptions>,
    ) -> RpcResult<Vec<TraceResult>> {
        let opts = opts.unwrap_or_default();
        self.trace(move |ctx| traces::block(ctx, block.into(), &opts)).await
    }

    async fn trace_transaction(
        &self,
        tx_hash: B256,
        opts: Option<GethDebugTracingOptions>,
    ) -> RpcResult<GethTrace> {
        let opts = opts.unwrap_or_default();
        self.trace(move |ctx| traces::transaction(ctx, tx_hash, opts)).await
    }

    async fn trace_call(
        &self,
        request: RpcRequest,
        block_id: Option<BlockId>,
        opts: Option<GethDebugTracingCallOptions>,
    ) -> RpcResult<GethTrace> {
        let opts = opts.unwrap_or_default();
        self.trace(move |ctx| traces::call(ctx, request, block_id, opts)).await
    }

    async fn trace_call_many(
        &self,
        bundles: Vec<Bundle<RpcRequest>>,
        state_context: Option<StateContext>,
        opts: Option<GethDebugTracingCallOptions>,
    ) -> RpcResult<Vec<Vec<GethTrace>>> {
        let opts = opts.unwrap_or_default();
        self.trace(move |ctx| traces::call_many(ctx, bundles, state_context, opts)).await
    }

    async fn execution_witness(&self, block: BlockNumberOrTag) -> RpcResult<ExecutionWitness> {
        self.trace(move |ctx| witness::of_block(ctx, block.into())).await
    }

    async fn execution_witness_by_block_hash(&self, hash: B256) -> RpcResult<ExecutionWitness> {
        self.trace(move |ctx| witness::of_block(ctx, hash.into())).await
    }

    async fn chain_config(&self) -> RpcResult<Value> {
        Ok(serde_json::to_value(&self.spec().genesis().config).map_err(RpcError::internal)?)
    }
}
