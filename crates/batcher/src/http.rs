//! The endpoints over JSON-RPC.

use crate::{BatcherError, DaLimits, L1Head, L1Rpc, L2Rpc, NonceAt, RollupRpc, SyncStatus};
use alloy_consensus::Block;
use alloy_primitives::{Address, B256, Bytes, U64, U128};
use alloy_rpc_types_eth::{Block as RpcBlock, Header as RpcHeader};
use assay_chainspec::BlockId;
use assay_client::{ClientError, Rpc};
use async_trait::async_trait;
use op_alloy_consensus::OpTxEnvelope;
use op_alloy_rpc_types::Transaction;
use serde::Deserialize;
use serde_json::json;

/// A JSON-RPC endpoint, of whichever kind is asked for.
#[derive(Debug, Clone)]
pub struct HttpRpc(Rpc);

impl HttpRpc {
    /// An endpoint at `url` (`http://` or `https://`).
    ///
    /// # Errors
    /// [`BatcherError::Config`]: it is no such URL.
    pub fn new(url: &str) -> Result<Self, BatcherError> {
        Ok(Self(Rpc::new(url)?))
    }
}

impl From<ClientError> for BatcherError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Config(reason) => Self::Config(reason),
            ClientError::Rejected { code, message, .. } => Self::Rejected { code, message },
            error => Self::Transport(error.to_string()),
        }
    }
}

/// What is read of a receipt.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    block_hash: Option<B256>,
    block_number: Option<U64>,
}

#[async_trait]
impl L1Rpc for HttpRpc {
    async fn head(&self) -> Result<L1Head, BatcherError> {
        let block: Option<RpcBlock<B256, RpcHeader>> =
            self.0.call("eth_getBlockByNumber", json!(["latest", false])).await?;
        let header = block.ok_or_else(|| BatcherError::Transport("L1 has no head".into()))?.header;
        Ok(L1Head {
            number: header.number,
            hash: header.hash,
            timestamp: header.timestamp,
            base_fee: header.base_fee_per_gas.unwrap_or_default(),
            excess_blob_gas: header.excess_blob_gas,
        })
    }

    async fn tip(&self) -> Result<u128, BatcherError> {
        let tip: U128 = self.0.call("eth_maxPriorityFeePerGas", json!([])).await?;
        Ok(tip.to())
    }

    async fn nonce(&self, address: Address, at: NonceAt) -> Result<u64, BatcherError> {
        let at = match at {
            NonceAt::Latest => "latest",
            NonceAt::Pending => "pending",
        };
        let nonce: U64 = self.0.call("eth_getTransactionCount", json!([address, at])).await?;
        Ok(nonce.to())
    }

    async fn send(&self, raw: Bytes) -> Result<B256, BatcherError> {
        Ok(self.0.call("eth_sendRawTransaction", json!([raw])).await?)
    }

    async fn inclusion(&self, hash: B256) -> Result<Option<BlockId>, BatcherError> {
        let receipt: Option<Receipt> =
            self.0.call("eth_getTransactionReceipt", json!([hash])).await?;
        Ok(receipt.and_then(|receipt| {
            Some(BlockId { hash: receipt.block_hash?, number: receipt.block_number?.to() })
        }))
    }
}

#[async_trait]
impl L2Rpc for HttpRpc {
    async fn block(
        &self,
        number: u64,
    ) -> Result<Option<(B256, Block<OpTxEnvelope>)>, BatcherError> {
        let params = json!([U64::from(number), true]);
        let block: Option<RpcBlock<Transaction>> =
            self.0.call("eth_getBlockByNumber", params).await?;
        Ok(block.map(|block| {
            let hash = block.header.hash;
            let block = block.map_transactions(|transaction| transaction.inner.into_inner());
            (hash, block.into_consensus())
        }))
    }

    async fn set_max_da_size(&self, limits: DaLimits) -> Result<(), BatcherError> {
        let params = json!([U64::from(limits.transaction), U64::from(limits.block)]);
        let _: bool = self.0.call("miner_setMaxDASize", params).await?;
        Ok(())
    }
}

#[async_trait]
impl RollupRpc for HttpRpc {
    async fn sync_status(&self) -> Result<SyncStatus, BatcherError> {
        Ok(self.0.call("optimism_syncStatus", json!([])).await?)
    }
}
