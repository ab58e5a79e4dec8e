//! The methods of `eth_`, as op-reth has them.

use crate::eth::types::{RpcBlock, RpcHeader, RpcReceipt, RpcRequest, RpcTransaction};
use alloy_eips::{BlockId, BlockNumberOrTag, eip2930::AccessListResult};
use alloy_primitives::{Address, B64, B256, Bytes, U64, U256, map::AddressHashMap};
use alloy_rpc_types_eth::{
    Account, AccountInfo, BlockOverrides, Bundle, EIP1186AccountProofResponse, EthCallResponse,
    FeeHistory, Filter, FilterChanges, FilterId, Index, Log, PendingTransactionFilterKind,
    StateContext, SyncStatus, Work,
    simulate::{SimulatePayload, SimulatedBlock},
    state::StateOverride,
};
use alloy_serde::JsonStorageKey;
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use serde_json::Value;

/// `eth_`
#[rpc(server, namespace = "eth")]
pub trait EthApi {
    /// The wire protocol's version. There is no devp2p; op-reth answers this.
    #[method(name = "protocolVersion")]
    async fn protocol_version(&self) -> RpcResult<U64>;
    /// Whether the node is behind. It never knows of blocks that it has not executed.
    #[method(name = "syncing")]
    fn syncing(&self) -> RpcResult<SyncStatus>;
    /// Not offered.
    #[method(name = "coinbase")]
    async fn author(&self) -> RpcResult<Address>;
    /// The node holds no keys.
    #[method(name = "accounts")]
    fn accounts(&self) -> RpcResult<Vec<Address>>;
    /// The head's number.
    #[method(name = "blockNumber")]
    fn block_number(&self) -> RpcResult<U256>;
    /// The chain id.
    #[method(name = "chainId")]
    async fn chain_id(&self) -> RpcResult<Option<U64>>;
    /// A block.
    #[method(name = "getBlockByHash")]
    async fn block_by_hash(&self, hash: B256, full: bool) -> RpcResult<Option<RpcBlock>>;
    /// A block.
    #[method(name = "getBlockByNumber")]
    async fn block_by_number(
        &self,
        number: BlockNumberOrTag,
        full: bool,
    ) -> RpcResult<Option<RpcBlock>>;
    /// A header.
    #[method(name = "getHeaderByHash")]
    async fn header_by_hash(&self, hash: B256) -> RpcResult<Option<RpcHeader>>;
    /// A header.
    #[method(name = "getHeaderByNumber")]
    async fn header_by_number(&self, number: BlockNumberOrTag) -> RpcResult<Option<RpcHeader>>;
    /// How many transactions a block has.
    #[method(name = "getBlockTransactionCountByHash")]
    async fn transaction_count_by_hash(&self, hash: B256) -> RpcResult<Option<U256>>;
    /// How many transactions a block has.
    #[method(name = "getBlockTransactionCountByNumber")]
    async fn transaction_count_by_number(
        &self,
        number: BlockNumberOrTag,
    ) -> RpcResult<Option<U256>>;
    /// Zero: there are no uncles.
    #[method(name = "getUncleCountByBlockHash")]
    async fn uncle_count_by_hash(&self, hash: B256) -> RpcResult<Option<U256>>;
    /// Zero: there are no uncles.
    #[method(name = "getUncleCountByBlockNumber")]
    async fn uncle_count_by_number(&self, number: BlockNumberOrTag) -> RpcResult<Option<U256>>;
    /// None: there are no uncles.
    #[method(name = "getUncleByBlockHashAndIndex")]
    async fn uncle_by_hash(&self, hash: B256, index: Index) -> RpcResult<Option<RpcBlock>>;
    /// None: there are no uncles.
    #[method(name = "getUncleByBlockNumberAndIndex")]
    async fn uncle_by_number(
        &self,
        number: BlockNumberOrTag,
        index: Index,
    ) -> RpcResult<Option<RpcBlock>>;
    /// A block's receipts.
    #[method(name = "getBlockReceipts")]
    async fn block_receipts(&self, block: BlockId) -> RpcResult<Option<Vec<RpcReceipt>>>;
    /// A transaction, encoded.
    #[method(name = "getRawTransactionByHash")]
    async fn raw_transaction_by_hash(&self, hash: B256) -> RpcResult<Option<Bytes>>;
    /// A transaction of the chain or the pool.
    #[method(name = "getTransactionByHash")]
    async fn transaction_by_hash(&self, hash: B256) -> RpcResult<Option<RpcTransaction>>;
    /// A transaction, encoded.
    #[method(name = "getRawTransactionByBlockHashAndIndex")]
    async fn raw_transaction_by_block_hash_and_index(
        &self,
        hash: B256,
        index: Index,
    ) -> RpcResult<Option<Bytes>>;
    /// A transaction.
    #[method(name = "getTransactionByBlockHashAndIndex")]
    async fn transaction_by_block_hash_and_index(
        &self,
        hash: B256,
        index: Index,
    ) -> RpcResult<Option<RpcTransaction>>;
    /// A transaction, encoded.
    #[method(name = "getRawTransactionByBlockNumberAndIndex")]
    async fn raw_transaction_by_block_number_and_index(
        &self,
        number: BlockNumberOrTag,
        index: Index,
    ) -> RpcResult<Option<Bytes>>;
    /// A transaction.
    #[method(name = "getTransactionByBlockNumberAndIndex")]
    async fn transaction_by_block_number_and_index(
        &self,
        number: BlockNumberOrTag,
        index: Index,
    ) -> RpcResult<Option<RpcTransaction>>;
    /// The transaction with which a sender used a nonce, of the chain or the pool.
    #[method(name = "getTransactionBySenderAndNonce")]
    async fn transaction_by_sender_and_nonce(
        &self,
        sender: Address,
        nonce: U64,
    ) -> RpcResult<Option<RpcTransaction>>;
    /// A receipt.
    #[method(name = "getTransactionReceipt")]
    async fn transaction_receipt(&self, hash: B256) -> RpcResult<Option<RpcReceipt>>;
    /// An account's balance in wei.
    #[method(name = "getBalance")]
    async fn balance(&self, address: Address, block_number: Option<BlockId>) -> RpcResult<U256>;
    /// A storage slot's value.
    #[method(name = "getStorageAt")]
    async fn storage_at(
        &self,
        address: Address,
        index: JsonStorageKey,
        block_number: Option<BlockId>,
    ) -> RpcResult<B256>;
    /// Many storage slots' values.
    #[method(name = "getStorageValues")]
    async fn storage_values(
        &self,
        requests: AddressHashMap<Vec<JsonStorageKey>>,
        block_number: Option<BlockId>,
    ) -> RpcResult<AddressHashMap<Vec<B256>>>;
    /// The next nonce of an account.
    #[method(name = "getTransactionCount")]
    async fn transaction_count(
        &self,
        address: Address,
        block_number: Option<BlockId>,
    ) -> RpcResult<U256>;
    /// An account's code.
    #[method(name = "getCode")]
    async fn get_code(&self, address: Address, block_number: Option<BlockId>) -> RpcResult<Bytes>;
    /// An account as it stands in the trie.
    #[method(name = "getAccount")]
    async fn get_account(&self, address: Address, block: BlockId) -> RpcResult<Option<Account>>;
    /// An account's balance, nonce and code.
    #[method(name = "getAccountInfo")]
    async fn get_account_info(&self, address: Address, block: BlockId) -> RpcResult<AccountInfo>;
    /// An account with its Merkle proof and those of some slots.
    #[method(name = "getProof")]
    async fn get_proof(
        &self,
        address: Address,
        keys: Vec<JsonStorageKey>,
        block_number: Option<BlockId>,
    ) -> RpcResult<EIP1186AccountProofResponse>;
    /// As `getProof`, for many accounts.
    #[method(name = "getMultiProof")]
    async fn get_multi_proof(
        &self,
        targets: Vec<(Address, Vec<B256>)>,
        block_number: Option<BlockId>,
    ) -> RpcResult<Vec<EIP1186AccountProofResponse>>;
    /// Runs a call and gives its output.
    #[method(name = "call")]
    async fn call(
        &self,
        request: RpcRequest,
        block_number: Option<BlockId>,
        state_overrides: Option<StateOverride>,
        block_overrides: Option<Box<BlockOverrides>>,
    ) -> RpcResult<Bytes>;
    /// Runs calls one after the other, each on the state that the one before left.
    #[method(name = "callMany")]
    async fn call_many(
        &self,
        bundles: Vec<Bundle<RpcRequest>>,
        state_context: Option<StateContext>,
        state_override: Option<StateOverride>,
    ) -> RpcResult<Vec<Vec<EthCallResponse>>>;
    /// Runs blocks of calls, with overrides.
    #[method(name = "simulateV1")]
    async fn simulate_v1(
        &self,
        payload: SimulatePayload<RpcRequest>,
        block_number: Option<BlockId>,
    ) -> RpcResult<Vec<SimulatedBlock<RpcBlock>>>;
    /// The access list that makes a call cheapest to warm up.
    #[method(name = "createAccessList")]
    async fn create_access_list(
        &self,
        request: RpcRequest,
        block_number: Option<BlockId>,
        state_override: Option<StateOverride>,
    ) -> RpcResult<AccessListResult>;
    /// The least gas limit with which a transaction succeeds.
    #[method(name = "estimateGas")]
    async fn estimate_gas(
        &self,
        request: RpcRequest,
        block_number: Option<BlockId>,
        state_override: Option<StateOverride>,
        block_overrides: Option<Box<BlockOverrides>>,
    ) -> RpcResult<U256>;
    /// Base fee plus suggested priority fee, in wei.
    #[method(name = "gasPrice")]
    async fn gas_price(&self) -> RpcResult<U256>;
    /// The suggested priority fee, in wei.
    #[method(name = "maxPriorityFeePerGas")]
    async fn max_priority_fee_per_gas(&self) -> RpcResult<U256>;
    /// The next block's blob base fee.
    #[method(name = "blobBaseFee")]
    async fn blob_base_fee(&self) -> RpcResult<U256>;
    /// The next block's base fee.
    #[method(name = "baseFee")]
    async fn base_fee(&self) -> RpcResult<Option<U256>>;
    /// Base fees, how full blocks were, and what tips they paid.
    #[method(name = "feeHistory")]
    async fn fee_history(
        &self,
        block_count: U64,
        newest_block: BlockNumberOrTag,
        reward_percentiles: Option<Vec<f64>>,
    ) -> RpcResult<FeeHistory>;
    /// Not offered.
    #[method(name = "mining")]
    async fn is_mining(&self) -> RpcResult<bool>;
    /// Zero.
    #[method(name = "hashrate")]
    async fn hashrate(&self) -> RpcResult<U256>;
    /// Not offered.
    #[method(name = "getWork")]
    async fn get_work(&self) -> RpcResult<Work>;
    /// False.
    #[method(name = "submitHashrate")]
    async fn submit_hashrate(&self, hashrate: U256, id: B256) -> RpcResult<bool>;
    /// Not offered.
    #[method(name = "submitWork")]
    async fn submit_work(&self, nonce: B64, pow_hash: B256, mix_digest: B256) -> RpcResult<bool>;
    /// The node holds no keys.
    #[method(name = "sendTransaction")]
    async fn send_transaction(&self, request: RpcRequest) -> RpcResult<B256>;
    /// Sends a signed transaction.
    #[method(name = "sendRawTransaction")]
    async fn send_raw_transaction(&self, bytes: Bytes) -> RpcResult<B256>;
    /// Sends a signed transaction and waits for its receipt (EIP-7966).
    #[method(name = "sendRawTransactionSync")]
    async fn send_raw_transaction_sync(
        &self,
        bytes: Bytes,
        timeout_ms: Option<u64>,
    ) -> RpcResult<RpcReceipt>;
    /// The node holds no keys.
    #[method(name = "sign")]
    async fn sign(&self, address: Address, message: Bytes) -> RpcResult<Bytes>;
    /// The node holds no keys.
    #[method(name = "signTransaction")]
    async fn sign_transaction(&self, transaction: RpcRequest) -> RpcResult<Bytes>;
    /// The node holds no keys.
    #[method(name = "signTypedData")]
    async fn sign_typed_data(&self, address: Address, data: Value) -> RpcResult<Bytes>;
    /// Logs that match.
    #[method(name = "getLogs")]
    async fn logs(&self, filter: Filter) -> RpcResult<Vec<Log>>;
    /// Installs a filter for logs.
    #[method(name = "newFilter")]
    async fn new_filter(&self, filter: Filter) -> RpcResult<FilterId>;
    /// Installs a filter for new blocks.
    #[method(name = "newBlockFilter")]
    async fn new_block_filter(&self) -> RpcResult<FilterId>;
    /// Installs a filter for new transactions in the pool.
    #[method(name = "newPendingTransactionFilter")]
    async fn new_pending_transaction_filter(
        &self,
        kind: Option<PendingTransactionFilterKind>,
    ) -> RpcResult<FilterId>;
    /// What a filter found since it was last asked.
    #[method(name = "getFilterChanges")]
    async fn filter_changes(&self, id: FilterId) -> RpcResult<FilterChanges<RpcTransaction, Log>>;
    /// All logs of a filter.
    #[method(name = "getFilterLogs")]
    async fn filter_logs(&self, id: FilterId) -> RpcResult<Vec<Log>>;
    /// Removes a filter; false if there was none.
    #[method(name = "uninstallFilter")]
    async fn uninstall_filter(&self, id: FilterId) -> RpcResult<bool>;
}
