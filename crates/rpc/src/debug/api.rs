//! The methods of `debug_`.

use crate::eth::types::RpcRequest;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, Bytes};
use alloy_rpc_types_debug::ExecutionWitness;
use alloy_rpc_types_eth::{Bundle, StateContext};
use alloy_rpc_types_trace::geth::{
    GethDebugTracingCallOptions, GethDebugTracingOptions, GethTrace, TraceResult,
};
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use serde_json::Value;

/// `debug_`
#[rpc(server, namespace = "debug")]
pub trait DebugApi {
    /// A header, RLP-encoded.
    #[method(name = "getRawHeader")]
    async fn raw_header(&self, block_id: BlockId) -> RpcResult<Bytes>;
    /// A block, RLP-encoded.
    #[method(name = "getRawBlock")]
    async fn raw_block(&self, block_id: BlockId) -> RpcResult<Bytes>;
    /// A transaction, EIP-2718-encoded.
    #[method(name = "getRawTransaction")]
    async fn raw_transaction(&self, hash: B256) -> RpcResult<Option<Bytes>>;
    /// A block's transactions, EIP-2718-encoded.
    #[method(name = "getRawTransactions")]
    async fn raw_transactions(&self, block_id: BlockId) -> RpcResult<Vec<Bytes>>;
    /// A block's receipts, EIP-2718-encoded.
    #[method(name = "getRawReceipts")]
    async fn raw_receipts(&self, block_id: BlockId) -> RpcResult<Vec<Bytes>>;
    /// Blocks that were refused. None are kept.
    #[method(name = "getBadBlocks")]
    async fn bad_blocks(&self) -> RpcResult<Vec<Value>>;
    /// Traces an RLP-encoded block whose parent is known.
    #[method(name = "traceBlock")]
    async fn trace_block(
        &self,
        rlp_block: Bytes,
        opts: Option<GethDebugTracingOptions>,
    ) -> RpcResult<Vec<TraceResult>>;
    /// Traces a block.
    #[method(name = "traceBlockByHash")]
    async fn trace_block_by_hash(
        &self,
        block: B256,
        opts: Option<GethDebugTracingOptions>,
    ) -> RpcResult<Vec<TraceResult>>;
    /// Traces a block.
    #[method(name = "traceBlockByNumber")]
    async fn trace_block_by_number(
        &self,
        block: BlockNumberOrTag,
        opts: Option<GethDebugTracingOptions>,
    ) -> RpcResult<Vec<TraceResult>>;
    /// Traces a transaction.
    #[method(name = "traceTransaction")]
    async fn trace_transaction(
        &self,
        tx_hash: B256,
        opts: Option<GethDebugTracingOptions>,
    ) -> RpcResult<GethTrace>;
    /// Traces a call.
    #[method(name = "traceCall")]
    async fn trace_call(
        &self,
        request: RpcRequest,
        block_id: Option<BlockId>,
        opts: Option<GethDebugTracingCallOptions>,
    ) -> RpcResult<GethTrace>;
    /// Traces calls, each on the state that the one before left.
    #[method(name = "traceCallMany")]
    async fn trace_call_many(
        &self,
        bundles: Vec<Bundle<RpcRequest>>,
        state_context: Option<StateContext>,
        opts: Option<GethDebugTracingCallOptions>,
    ) -> RpcResult<Vec<Vec<GethTrace>>>;
    /// What it takes to run a block without the state.
    #[method(name = "executionWitness")]
    async fn execution_witness(&self, block: BlockNumberOrTag) -> RpcResult<ExecutionWitness>;
    /// What it takes to run a block without the state.
    #[method(name = "executionWitnessByBlockHash")]
    async fn execution_witness_by_block_hash(&self, hash: B256) -> RpcResult<ExecutionWitness>;
    /// The chain's configuration, as in genesis.json.
    #[method(name = "chainConfig")]
    async fn chain_config(&self) -> RpcResult<Value>;
}
