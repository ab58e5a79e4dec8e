//! A chain over JSON-RPC.

use crate::ClientError;
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_rpc_types_eth::Log;
use alloy_sol_types::SolCall;
use jsonrpsee::{
    core::{
        client::{ClientT, Error},
        traits::ToRpcParams,
    },
    http_client::{HttpClient, HttpClientBuilder},
    rpc_params,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;

/// Largest request and answer: evidence in calldata, blocks full of it.
const MAX_MESSAGE: u32 = 64 << 20;

/// A chain over JSON-RPC. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Rpc(HttpClient);

/// What is read of a receipt.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// 1: the transaction succeeded.
    pub status: U64,
    /// Its block.
    pub block_number: U64,
    /// Its block's hash.
    pub block_hash: B256,
    /// Gas that it used.
    pub gas_used: U64,
    /// What a unit of it cost, in wei.
    pub effective_gas_price: U256,
    /// What its data cost on L1, in wei; there on an OP chain.
    #[serde(default)]
    pub l1_fee: U256,
    /// Its logs.
    pub logs: Vec<Log>,
}

impl Rpc {
    /// The endpoint at `url`.
    ///
    /// # Errors
    /// [`ClientError::Config`]: it is no HTTP URL.
    pub fn new(url: &str) -> Result<Self, ClientError> {
        HttpClientBuilder::default()
            .max_request_size(MAX_MESSAGE)
            .max_response_size(MAX_MESSAGE)
            .build(url)
            .map(Self)
            .map_err(|error| ClientError::Config(format!("{url}: {error}")))
    }

    /// Calls any method.
    pub async fn call<T: DeserializeOwned + Send>(
        &self,
        method: &str,
        params: impl ToRpcParams + Send,
    ) -> Result<T, ClientError> {
        self.0.request(method, params).await.map_err(|error| match error {
            Error::Call(error) => ClientError::Rejected {
                method: method.to_owned(),
                code: error.code(),
                message: error.message().to_owned(),
                data: error.data().and_then(|data| serde_json::from_str(data.get()).ok()),
            },
            error => {
                ClientError::Transport { method: method.to_owned(), reason: error.to_string() }
            }
        })
    }

    /// The chain's id.
    pub async fn chain_id(&self) -> Result<u64, ClientError> {
        Ok(self.call::<U64>("eth_chainId", rpc_params![]).await?.to())
    }

    /// The head's number.
    pub async fn block_number(&self) -> Result<u64, ClientError> {
        Ok(self.call::<U64>("eth_blockNumber", rpc_params![]).await?.to())
    }

    /// An account's balance at the head, in wei.
    pub async fn balance(&self, address: Address) -> Result<U256, ClientError> {
        self.call("eth_getBalance", rpc_params![address, "latest"]).await
    }

    /// The nonce of an account's next transaction, those in the pool counted.
    pub async fn nonce(&self, address: Address) -> Result<u64, ClientError> {
        let nonce: U64 =
            self.call("eth_getTransactionCount", rpc_params![address, "pending"]).await?;
        Ok(nonce.to())
    }

    /// The head's base fee, in wei.
    pub async fn base_fee(&self) -> Result<u128, ClientError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Head {
            base_fee_per_gas: U256,
        }
        let head: Head = self.call("eth_getBlockByNumber", rpc_params!["latest", false]).await?;
        Ok(head.base_fee_per_gas.saturating_to())
    }

    /// Gas that a transaction needs at the head.
    pub async fn estimate(
        &self,
        from: Address,
        to: Option<Address>,
        value: U256,
        input: &Bytes,
    ) -> Result<u64, ClientError> {
        let request = json!({ "from": from, "to": to, "value": value, "input": input });
        Ok(self.call::<U64>("eth_estimateGas", rpc_params![request]).await?.to())
    }

    /// Calls a contract's view function at the head.
    pub async fn view<C: SolCall>(
        &self,
        contract: Address,
        call: &C,
    ) -> Result<C::Return, ClientError> {
        let request = json!({ "to": contract, "input": Bytes::from(call.abi_encode()) });
        let output: Bytes = self.call("eth_call", rpc_params![request, "latest"]).await?;
        C::abi_decode_returns(&output).map_err(|error| ClientError::Transport {
            method: C::SIGNATURE.to_owned(),
            reason: format!("{contract} does not answer as such a contract: {error}"),
        })
    }

    /// A transaction's receipt, once it is in a block.
    pub async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, ClientError> {
        self.call("eth_getTransactionReceipt", rpc_params![hash]).await
    }
}
