//! Each method of `eth_`: which work it is, and who does it.

use crate::{
    RpcContext, RpcError,
    eth::{
        api::EthApiServer,
        blocks, call, estimate, fees, filters, logs, receipts, simulate, state, submit,
        types::{RpcBlock, RpcHeader, RpcReceipt, RpcRequest, RpcTransaction},
    },
};
use alloy_eips::{BlockId, BlockNumberOrTag, eip2930::AccessListResult};
use alloy_primitives::{Address, B64, B256, Bytes, U64, U256, map::AddressHashMap};
use alloy_rpc_types_eth::{
    Account, AccountInfo, BlockOverrides, Bundle, EIP1186AccountProofResponse, EthCallResponse,
    FeeHistory, Filter, FilterChanges, FilterId, Index, Log, PendingTransactionFilterKind,
    StateContext, SyncStatus, Work,
    simulate::{SimulatePayload, SimulatedBlock},
    state::{EvmOverrides, StateOverride},
};
use alloy_serde::JsonStorageKey;
use jsonrpsee::core::{RpcResult, async_trait};
use serde_json::Value;

/// op-reth's answer to what needs a miner.
fn unimplemented<T>() -> RpcResult<T> {
    Err(RpcError::Unsupported("unimplemented").into())
}

/// The answer to what needs a key.
fn unknown_account<T>() -> RpcResult<T> {
    Err(RpcError::params("unknown account").into())
}

#[async_trait]
impl EthApiServer for RpcContext {
    async fn protocol_version(&self) -> RpcResult<U64> {
        Ok(U64::from(5))
    }

    fn syncing(&self) -> RpcResult<SyncStatus> {
        Ok(SyncStatus::None)
    }

    async fn author(&self) -> RpcResult<Address> {
        unimplemented()
    }

    fn accounts(&self) -> RpcResult<Vec<Address>> {
        Ok(Vec::new())
    }

    fn block_number(&self) -> RpcResult<U256> {
        Ok(U256::from(self.head().number))
    }

    async fn chain_id(&self) -> RpcResult<Option<U64>> {
        Ok(Some(U64::from(self.spec().chain_id())))
    }

    async fn block_by_hash(&self, hash: B256, full: bool) -> RpcResult<Option<RpcBlock>> {
        self.read(move |ctx| blocks::block(ctx, hash.into(), full)).await
    }

    async fn block_by_number(
        &self,
        number: BlockNumberOrTag,
        full: bool,
    ) -> RpcResult<Option<RpcBlock>> {
        self.read(move |ctx| blocks::block(ctx, number.into(), full)).await
    }

    async fn header_by_hash(&self, hash: B256) -> RpcResult<Option<RpcHeader>> {
        self.read(move |ctx| blocks::header(ctx, hash.into())).await
    }

    async fn header_by_number(&self, number: BlockNumberOrTag) -> RpcResult<Option<RpcHeader>> {
        self.read(move |ctx| blocks::header(ctx, number.into())).await
    }

    async fn transaction_count_by_hash(&self, hash: B256) -> RpcResult<Option<U256>> {
        let count = self.read(move |ctx| blocks::transaction_count(ctx, hash.into())).await?;
        Ok(count.map(U256::from))
    }

    async fn transaction_count_by_number(
        &self,
        number: BlockNumberOrTag,
    ) -> RpcResult<Option<U256>> {
        let count = self.read(move |ctx| blocks::transaction_count(ctx, number.into())).await?;
        Ok(count.map(U256::from))
    }

    async fn uncle_count_by_hash(&self, hash: B256) -> RpcResult<Option<U256>> {
        Ok(self.transaction_count_by_hash(hash).await?.map(|_| U256::ZERO))
    }

    async fn uncle_count_by_number(&self, number: BlockNumberOrTag) -> RpcResult<Option<U256>> {
        Ok(self.transaction_count_by_number(number).await?.map(|_| U256::ZERO))
    }

    async fn uncle_by_hash(&self, _: B256, _: Index) -> RpcResult<Option<RpcBlock>> {
        Ok(None)
    }

    async fn uncle_by_number(&self, _: BlockNumberOrTag, _: Index) -> RpcResult<Option<RpcBlock>> {
        Ok(None)
    }

    async fn block_receipts(&self, block: BlockId) -> RpcResult<Option<Vec<RpcReceipt>>> {
        self.read(move |ctx| blocks::block_receipts(ctx, block)).await
    }

    async fn raw_transaction_by_hash(&self, hash: B256) -> RpcResult<Option<Bytes>> {
        self.read(move |ctx| blocks::raw_transaction(ctx, hash)).await
    }

    async fn transaction_by_hash(&self, hash: B256) -> RpcResult<Option<RpcTransaction>> {
        self.read(move |ctx| blocks::transaction(ctx, hash)).await
    }

    async fn raw_transaction_by_block_hash_and_index(
        &self,
        hash: B256,
        index: Index,
    ) -> RpcResult<Option<Bytes>> {
        self.read(move |ctx| blocks::raw_transaction_at(ctx, hash.into(), index.into())).await
    }

    async fn transaction_by_block_hash_and_index(
        &self,
        hash: B256,
        index: Index,
    ) -> RpcResult<Option<RpcTransaction>> {
        self.read(move |ctx| blocks::transaction_at(ctx, hash.into(), index.into())).await
    }

    async fn raw_transaction_by_block_number_and_index(
        &self,
        number: BlockNumberOrTag,
        index: Index,
    ) -> RpcResult<Option<Bytes>> {
        self.read(move |ctx| blocks::raw_transaction_at(ctx, number.into(), index.into())).await
    }

    async fn transaction_by_block_number_and_index(
        &self,
        number: BlockNumberOrTag,
        index: Index,
    ) -> RpcResult<Option<RpcTransaction>> {
        self.read(move |ctx| blocks::transaction_at(ctx, number.into(), index.into())).await
    }

    async fn transaction_by_sender_and_nonce(
        &self,
        sender: Address,
        nonce: U64,
    ) -> RpcResult<Option<RpcTransaction>> {
        self.read(move |ctx| blocks::transaction_by_nonce(ctx, sender, nonce.to())).await
    }

    async fn transaction_receipt(&self, hash: B256) -> RpcResult<Option<RpcReceipt>> {
        self.read(move |ctx| receipts::by_hash(ctx, hash)).await
    }

    async fn balance(&self, address: Address, block_number: Option<BlockId>) -> RpcResult<U256> {
        self.read(move |ctx| state::balance(ctx, address, block_number)).await
    }

    async fn storage_at(
        &self,
        address: Address,
        index: JsonStorageKey,
        block_number: Option<BlockId>,
    ) -> RpcResult<B256> {
        self.read(move |ctx| state::storage(ctx, address, index, block_number)).await
    }

    async fn storage_values(
        &self,
        requests: AddressHashMap<Vec<JsonStorageKey>>,
        block_number: Option<BlockId>,
    ) -> RpcResult<AddressHashMap<Vec<B256>>> {
        self.read(move |ctx| state::storage_values(ctx, requests, block_number)).await
    }

    async fn transaction_count(
        &self,
        address: Address,
        block_number: Option<BlockId>,
    ) -> RpcResult<U256> {
        self.read(move |ctx| state::nonce(ctx, address, block_number)).await
    }

    async fn get_code(&self, address: Address, block_number: Option<BlockId>) -> RpcResult<Bytes> {
        self.read(move |ctx| state::code(ctx, address, block_number)).await
    }

    async fn get_account(&self, address: Address, block: BlockId) -> RpcResult<Option<Account>> {
        self.trace(move |ctx| state::account_with_root(ctx, address, block)).await
    }

    async fn get_account_info(&self, address: Address, block: BlockId) -> RpcResult<AccountInfo> {
        self.read(move |ctx| state::account_info(ctx, address, block)).await
    }

    async fn get_proof(
        &self,
        address: Address,
        keys: Vec<JsonStorageKey>,
        block_number: Option<BlockId>,
    ) -> RpcResult<EIP1186AccountProofResponse> {
        self.trace(move |ctx| state::proof(ctx, address, keys, block_number)).await
    }

    async fn get_multi_proof(
        &self,
        targets: Vec<(Address, Vec<B256>)>,
        block_number: Option<BlockId>,
    ) -> RpcResult<Vec<EIP1186AccountProofResponse>> {
        self.trace(move |ctx| state::proofs(ctx, targets, block_number)).await
    }

    async fn call(
        &self,
        request: RpcRequest,
        block_number: Option<BlockId>,
        state_overrides: Option<StateOverride>,
        block_overrides: Option<Box<BlockOverrides>>,
    ) -> RpcResult<Bytes> {
        let overrides = EvmOverrides::new(state_overrides, block_overrides);
        RpcContext::call(self, move |ctx| call::call(ctx, request, block_number, overrides)).await
    }

    async fn call_many(
        &self,
        bundles: Vec<Bundle<RpcRequest>>,
        state_context: Option<StateContext>,
        state_override: Option<StateOverride>,
    ) -> RpcResult<Vec<Vec<EthCallResponse>>> {
        RpcContext::call(self, move |ctx| {
            call::call_many(ctx, bundles, state_context, state_override)
        })
        .await
    }

    async fn simulate_v1(
        &self,
        payload: SimulatePayload<RpcRequest>,
        block_number: Option<BlockId>,
    ) -> RpcResult<Vec<SimulatedBlock<RpcBlock>>> {
        self.trace(move |ctx| simulate::simulate(ctx, payload, block_number)).await
    }

    async fn create_access_list(
        &self,
        request: RpcRequest,
        block_number: Option<BlockId>,
        state_override: Option<StateOverride>,
    ) -> RpcResult<AccessListResult> {
        RpcContext::call(self, move |ctx| {
            call::create_access_list(ctx, request, block_number, state_override)
        })
        .await
    }

    async fn estimate_gas(
        &self,
        request: RpcRequest,
        block_number: Option<BlockId>,
        state_override: Option<StateOverride>,
        block_overrides: Option<Box<BlockOverrides>>,
    ) -> RpcResult<U256> {
        let overrides = EvmOverrides::new(state_override, block_overrides);
        RpcContext::call(self, move |ctx| {
            estimate::estimate_gas(ctx, request, block_number, overrides)
        })
        .await
    }

    async fn gas_price(&self) -> RpcResult<U256> {
        self.read(fees::gas_price).await
    }

    async fn max_priority_fee_per_gas(&self) -> RpcResult<U256> {
        self.read(|ctx| fees::suggested_tip(ctx).map(U256::from)).await
    }

    async fn blob_base_fee(&self) -> RpcResult<U256> {
        self.read(fees::blob_base_fee).await
    }

    async fn base_fee(&self) -> RpcResult<Option<U256>> {
        Ok(fees::base_fee(self))
    }

    async fn fee_history(
        &self,
        block_count: U64,
        newest_block: BlockNumberOrTag,
        reward_percentiles: Option<Vec<f64>>,
    ) -> RpcResult<FeeHistory> {
        RpcContext::call(self, move |ctx| {
            fees::fee_history(ctx, block_count.to(), newest_block, reward_percentiles)
        })
        .await
    }

    async fn is_mining(&self) -> RpcResult<bool> {
        unimplemented()
    }

    async fn hashrate(&self) -> RpcResult<U256> {
        Ok(U256::ZERO)
    }

    async fn get_work(&self) -> RpcResult<Work> {
        unimplemented()
    }

    async fn submit_hashrate(&self, _: U256, _: B256) -> RpcResult<bool> {
        Ok(false)
    }

    async fn submit_work(&self, _: B64, _: B256, _: B256) -> RpcResult<bool> {
        unimplemented()
    }

    async fn send_transaction(&self, _: RpcRequest) -> RpcResult<B256> {
        unknown_account()
    }

    async fn send_raw_transaction(&self, bytes: Bytes) -> RpcResult<B256> {
        RpcContext::call(self, move |ctx| submit::send(ctx, &bytes)).await
    }

    async fn send_raw_transaction_sync(
        &self,
        bytes: Bytes,
        timeout_ms: Option<u64>,
    ) -> RpcResult<RpcReceipt> {
        submit::send_and_wait(self, bytes, timeout_ms).await
    }

    async fn sign(&self, _: Address, _: Bytes) -> RpcResult<Bytes> {
        unknown_account()
    }

    async fn sign_transaction(&self, _: RpcRequest) -> RpcResult<Bytes> {
        unknown_account()
    }

    async fn sign_typed_data(&self, _: Address, _: Value) -> RpcResult<Bytes> {
        unknown_account()
    }

    async fn logs(&self, filter: Filter) -> RpcResult<Vec<Log>> {
        RpcContext::call(self, move |ctx| logs::query(ctx, &filter)).await
    }

    async fn new_filter(&self, filter: Filter) -> RpcResult<FilterId> {
        Ok(filters::new_log_filter(self, filter)?)
    }

    async fn new_block_filter(&self) -> RpcResult<FilterId> {
        Ok(filters::new_block_filter(self)?)
    }

    async fn new_pending_transaction_filter(
        &self,
        kind: Option<PendingTransactionFilterKind>,
    ) -> RpcResult<FilterId> {
        Ok(filters::new_pending_filter(self, kind)?)
    }

    async fn filter_changes(&self, id: FilterId) -> RpcResult<FilterChanges<RpcTransaction, Log>> {
        RpcContext::call(self, move |ctx| filters::changes(ctx, &id)).await
    }

    async fn filter_logs(&self, id: FilterId) -> RpcResult<Vec<Log>> {
        RpcContext::call(self, move |ctx| filters::all_logs(ctx, &id)).await
    }

    async fn uninstall_filter(&self, id: FilterId) -> RpcResult<bool> {
        Ok(filters::uninstall(self, &id))
    }
}
