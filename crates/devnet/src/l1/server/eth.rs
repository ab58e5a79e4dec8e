//! JSON-RPC.

use super::{SharedL1, types};
use crate::{
    L1Error,
    l1::{
        chain::L1,
        mine::{Readd, Reorg},
    },
};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_rpc_types_eth::{BlockId, BlockNumberOrTag, Filter, Transaction, TransactionRequest};
use alloy_serde::JsonStorageKey;
use jsonrpsee::{
    RpcModule,
    types::{ErrorObjectOwned, Params, error::INVALID_PARAMS_CODE},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What web3_clientVersion and the beacon API call this L1.
pub(super) const VERSION: &str = concat!("assay-l1/v", env!("CARGO_PKG_VERSION"));
/// geth's code for what a server refuses.
const SERVER_ERROR: i32 = -32000;
/// A reverted call's.
const REVERTED: i32 = 3;
/// The most blocks that one request makes.
const MAX_BLOCKS: u64 = 10_000;

type Reply<T> = Result<T, ErrorObjectOwned>;

impl From<L1Error> for ErrorObjectOwned {
    fn from(error: L1Error) -> Self {
        let message = error.to_string();
        match error {
            L1Error::Reverted(data) => Self::owned(REVERTED, message, Some(data)),
            L1Error::Request(_) => Self::owned(INVALID_PARAMS_CODE, message, None::<()>),
            _ => Self::owned(SERVER_ERROR, message, None::<()>),
        }
    }
}

/// The next parameter; one that is left out reads as null.
fn next<T: DeserializeOwned>(
    params: &mut jsonrpsee::types::params::ParamsSequence<'_>,
) -> Reply<T> {
    let value: Option<serde_json::Value> = params.optional_next()?;
    serde_json::from_value(value.unwrap_or_default()).map_err(|error| {
        ErrorObjectOwned::owned(INVALID_PARAMS_CODE, format!("invalid params: {error}"), None::<()>)
    })
}

/// A block parameter; latest if left out.
fn next_block(params: &mut jsonrpsee::types::params::ParamsSequence<'_>) -> Reply<BlockId> {
    Ok(next::<Option<BlockId>>(params)?.unwrap_or_default())
}

fn method<T, F>(module: &mut RpcModule<SharedL1>, name: &'static str, handler: F)
where
    T: Serialize + Clone + Send + 'static,
    F: Fn(&mut L1, &mut jsonrpsee::types::params::ParamsSequence<'_>) -> Reply<T>
        + Send
        + Sync
        + 'static,
{
    module
        .register_method(name, move |params: Params<'_>, l1, _| -> Reply<T> {
            handler(&mut l1.lock(), &mut params.sequence())
        })
        .expect("each method has a name of its own");
}

/// Every method.
pub(super) fn module(l1: SharedL1) -> RpcModule<SharedL1> {
    let mut module = RpcModule::new(l1);
    chain_methods(&mut module);
    state_methods(&mut module);
    transaction_methods(&mut module);
    fee_methods(&mut module);
    mining_methods(&mut module);
    module
}

fn chain_methods(module: &mut RpcModule<SharedL1>) {
    method(module, "eth_chainId", |l1, _| Ok(U64::from(l1.config().chain_id)));
    method(module, "net_version", |l1, _| Ok(l1.config().chain_id.to_string()));
    method(module, "web3_clientVersion", |_, _| Ok(VERSION));
    method(module, "eth_syncing", |_, _| Ok(false));
    method(module, "eth_accounts", |_, _| Ok(Vec::<Address>::new()));
    method(module, "eth_blockNumber", |l1, _| Ok(U64::from(l1.head_number())));
    method(module, "eth_getBlockByNumber", |l1, params| {
        let tag: BlockNumberOrTag = next(params)?;
        let full = next::<Option<bool>>(params)?.unwrap_or_default();
        Ok(l1.block(tag.into()).map(|block| types::block(block, full)))
    });
    method(module, "eth_getBlockByHash", |l1, params| {
        let hash: B256 = next(params)?;
        let full = next::<Option<bool>>(params)?.unwrap_or_default();
        Ok(l1.block_by_hash(hash).map(|block| types::block(block, full)))
    });
    method(module, "eth_getBlockReceipts", |l1, params| {
        let block = next_block(params)?;
        Ok(l1.block(block).map(|block| types::receipts(l1, block)))
    });
    method(module, "eth_getBlockTransactionCountByNumber", |l1, params| {
        let block = next_block(params)?;
        Ok(l1.block(block).map(|block| U64::from(block.transactions.len())))
    });
    method(module, "eth_getLogs", |l1, params| Ok(l1.logs(&next::<Filter>(params)?)?));
}

fn state_methods(module: &mut RpcModule<SharedL1>) {
    method(module, "eth_getBalance", |l1, params| {
        Ok(l1.balance(next(params)?, next_block(params)?)?)
    });
    method(module, "eth_getTransactionCount", |l1, params| {
        Ok(U64::from(l1.nonce(next(params)?, next_block(params)?)?))
    });
    method(module, "eth_getCode", |l1, params| Ok(l1.code(next(params)?, next_block(params)?)?));
    method(module, "eth_getStorageAt", |l1, params| {
        let address = next(params)?;
        let slot: JsonStorageKey = next(params)?;
        Ok(B256::from(l1.storage(address, slot.as_b256().into(), next_block(params)?)?))
    });
    method(module, "eth_getProof", |l1, params| {
        let address = next(params)?;
        let slots: Option<Vec<JsonStorageKey>> = next(params)?;
        Ok(l1.proof(address, &slots.unwrap_or_default(), next_block(params)?)?)
    });
    method(module, "eth_call", |l1, params| Ok(l1.call(next(params)?, next_block(params)?)?));
    method(module, "eth_estimateGas", |l1, params| {
        let request: TransactionRequest = next(params)?;
        Ok(U64::from(l1.estimate_gas(&request, next_block(params)?)?))
    });
}

fn transaction_methods(module: &mut RpcModule<SharedL1>) {
    method(module, "eth_sendRawTransaction", |l1, params| {
        let raw: Bytes = next(params)?;
        Ok(l1.submit(&raw)?)
    });
    method(module, "eth_getTransactionByHash", |l1, params| {
        let hash: B256 = next(params)?;
        if let Some((block, index)) = l1.transaction(hash) {
            return Ok(Some(types::transaction(block, index)));
        }
        Ok(l1.pooled(hash).map(|pooled| Transaction {
            inner: pooled.clone(),
            block_hash: None,
            block_number: None,
            transaction_index: None,
            effective_gas_price: None,
            block_timestamp: None,
        }))
    });
    method(module, "eth_getTransactionReceipt", |l1, params| {
        let hash: B256 = next(params)?;
        Ok(l1.transaction(hash).map(|(block, index)| types::receipts(l1, block).swap_remove(index)))
    });
}

fn fee_methods(module: &mut RpcModule<SharedL1>) {
    method(module, "eth_gasPrice", |l1, _| Ok(l1.gas_price()));
    method(module, "eth_maxPriorityFeePerGas", |l1, _| Ok(U256::from(l1.suggested_tip())));
    method(module, "eth_blobBaseFee", |l1, _| Ok(U256::from(l1.blob_base_fee())));
    method(module, "eth_feeHistory", |l1, params| {
        let count: U64 = next(params)?;
        let newest: BlockNumberOrTag = next(params)?;
        let percentiles: Option<Vec<f64>> = next(params)?;
        Ok(l1.fee_history(count.to(), newest, &percentiles.unwrap_or_default())?)
    });
}

/// anvil_reorg's second parameter here: what anvil cannot say.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ReorgOptions {
    /// How many blocks to make.
    blocks: Option<u64>,
    /// The transactions to put back; all if left out.
    readd: Option<Vec<B256>>,
    /// How many of the new blocks come before they return.
    delay: Option<u64>,
}

fn mining_methods(module: &mut RpcModule<SharedL1>) {
    method(module, "evm_mine", |l1, _| {
        l1.mine()?;
        Ok("0x0")
    });
    method(module, "anvil_mine", |l1, params| {
        let count = next::<Option<U64>>(params)?.map_or(1, |count| count.to::<u64>());
        if count > MAX_BLOCKS {
            return Err(L1Error::Request(format!("at most {MAX_BLOCKS} blocks")).into());
        }
        for _ in 0..count {
            l1.mine()?;
        }
        Ok(())
    });
    method(module, "anvil_reorg", |l1, params| {
        let depth = next::<serde_json::Value>(params)?;
        let depth = depth
            .get("depth")
            .unwrap_or(&depth)
            .as_u64()
            .ok_or_else(|| L1Error::Request("invalid params: a depth is expected".into()))?;
        let options = next::<Option<ReorgOptions>>(params)?.unwrap_or_default();
        let default = Reorg::of_depth(depth);
        let blocks = options.blocks.unwrap_or(default.blocks);
        if blocks > MAX_BLOCKS {
            return Err(L1Error::Request(format!("at most {MAX_BLOCKS} blocks")).into());
        }
        l1.reorg(&Reorg {
            depth,
            blocks,
            readd: options.readd.map_or(Readd::All, Readd::Only),
            delay: options.delay.unwrap_or(default.delay),
        })?;
        Ok(())
    });
    method(module, "anvil_dropTransaction", |l1, params| {
        let hash: B256 = next(params)?;
        Ok(l1.forget(hash).then_some(hash))
    });
}
