//! The methods of `trace_`.

use crate::eth::types::RpcRequest;
use alloy_eips::BlockId;
use alloy_primitives::{B256, Bytes, map::HashSet};
use alloy_rpc_types_eth::{BlockOverrides, Index, state::StateOverride};
use alloy_rpc_types_trace::{
    filter::TraceFilter,
    opcode::{BlockOpcodeGas, TransactionOpcodeGas},
    parity::{LocalizedTransactionTrace, TraceResults, TraceResultsWithTransactionHash, TraceType},
};
use jsonrpsee::{core::RpcResult, proc_macros::rpc};

/// `trace_`
#[rpc(server, namespace = "trace")]
pub trait TraceApi {
    /// Traces a call.
    #[method(name = "call")]
    async fn call(
        &self,
        call: RpcRequest,
        trace_types: HashSet<TraceType>,
        block_id: Option<BlockId>,
        state_overrides: Option<StateOverride>,
        block_overrides: Option<Box<BlockOverrides>>,
    ) -> RpcResult<TraceResults>;
    /// Traces calls, each on the state that the one before left.
    #[method(name = "callMany")]
    async fn call_many(
        &self,
        calls: Vec<(RpcRequest, HashSet<TraceType>)>,
        block_id: Option<BlockId>,
    ) -> RpcResult<Vec<TraceResults>>;
    /// Traces a signed transaction without sending it.
    #[method(name = "rawTransaction")]
    async fn raw_transaction(
        &self,
        data: Bytes,
        trace_types: HashSet<TraceType>,
        block_id: Option<BlockId>,
    ) -> RpcResult<TraceResults>;
    /// Runs a block's transactions again and traces them.
    #[method(name = "replayBlockTransactions")]
    async fn replay_block_transactions(
        &self,
        block_id: BlockId,
        trace_types: HashSet<TraceType>,
    ) -> RpcResult<Option<Vec<TraceResultsWithTransactionHash>>>;
    /// Runs a transaction again and traces it.
    #[method(name = "replayTransaction")]
    async fn replay_transaction(
        &self,
        transaction: B256,
        trace_types: HashSet<TraceType>,
    ) -> RpcResult<TraceResults>;
    /// All call traces of a block.
    #[method(name = "block")]
    async fn block(&self, block_id: BlockId) -> RpcResult<Option<Vec<LocalizedTransactionTrace>>>;
    /// The call traces of a range of blocks that match.
    #[method(name = "filter")]
    async fn filter(&self, filter: TraceFilter) -> RpcResult<Vec<LocalizedTransactionTrace>>;
    /// One call trace of a transaction.
    #[method(name = "get")]
    async fn get(
        &self,
        hash: B256,
        indices: Vec<Index>,
    ) -> RpcResult<Option<LocalizedTransactionTrace>>;
    /// All call traces of a transaction.
    #[method(name = "transaction")]
    async fn transaction(&self, hash: B256) -> RpcResult<Option<Vec<LocalizedTransactionTrace>>>;
    /// Gas by opcode of a transaction.
    #[method(name = "transactionOpcodeGas")]
    async fn transaction_opcode_gas(&self, hash: B256) -> RpcResult<Option<TransactionOpcodeGas>>;
    /// Gas by opcode of a block's transactions.
    #[method(name = "blockOpcodeGas")]
    async fn block_opcode_gas(&self, block_id: BlockId) -> RpcResult<Option<BlockOpcodeGas>>;
}
