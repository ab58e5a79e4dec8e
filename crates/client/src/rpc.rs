//! A node over JSON-RPC.

use crate::{ClientError, with_causes};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_rpc_types_engine::{Claims, JwtSecret};
use alloy_rpc_types_eth::Log;
use alloy_sol_types::SolCall;
use reqwest::{Client, Response, Url};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json, value::RawValue};
use std::time::Duration;

/// Largest answer, in bytes: larger than any block.
const MAX_ANSWER: usize = 256 << 20;
/// Longer than any block takes to execute; shorter than a person waits.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of an answer that is none, to tell what it is instead.
const EXCERPT: usize = 200;

/// A node over JSON-RPC (HTTP). Cheap to clone.
#[derive(Debug, Clone)]
pub struct Rpc {
    http: Client,
    url: Url,
    secret: Option<JwtSecret>,
}

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

#[derive(Deserialize)]
struct Answer<'a> {
    /// Left out, it is `null`.
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<AnswerError>,
}

#[derive(Deserialize)]
struct AnswerError {
    code: i32,
    message: String,
    #[serde(default)]
    data: Value,
}

impl Rpc {
    /// The endpoint at `url`.
    ///
    /// # Errors
    /// [`ClientError::Config`]: it is no HTTP URL.
    pub fn new(url: &str) -> Result<Self, ClientError> {
        let wrong = |reason: String| ClientError::Config(format!("{url}: {reason}"));
        let parsed = Url::parse(url).map_err(|error| wrong(error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(wrong("neither http nor https".to_owned()));
        }
        let http = Client::builder().timeout(TIMEOUT).build();
        let http = http.map_err(|error| wrong(error.to_string()))?;
        Ok(Self { http, url: parsed, secret: None })
    }

    /// The same endpoint, each request with a token made from `secret`, as the Engine API asks.
    #[must_use]
    pub fn with_secret(self, secret: JwtSecret) -> Self {
        Self { secret: Some(secret), ..self }
    }

    /// Calls any method with `params`, an array. A result of `null` is `None` where `T` is an `Option`.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        params: impl Serialize + Send,
    ) -> Result<T, ClientError> {
        let broken = |reason: String| ClientError::Transport { method: method.to_owned(), reason };
        let request = Request { jsonrpc: "2.0", id: 1, method, params };
        let mut builder = self.http.post(self.url.clone()).json(&request);
        if let Some(secret) = &self.secret {
            let token = secret
                .encode(&Claims::with_current_timestamp())
                .map_err(|error| broken(error.to_string()))?;
            builder = builder.bearer_auth(token);
        }
        let response = builder.send().await.map_err(|error| broken(with_causes(&error)))?;
        let status = response.status();
        let bytes = read(response).await.map_err(broken)?;
        let answer: Answer<'_> = serde_json::from_slice(&bytes).map_err(|error| {
            let excerpt = bytes.get(..EXCERPT).unwrap_or(&bytes);
            let text = String::from_utf8_lossy(excerpt);
            broken(format!("HTTP {status}, not a JSON-RPC answer ({error}): {text}"))
        })?;
        if let Some(AnswerError { code, message, data }) = answer.error {
            let data = serde_json::from_value(data).ok();
            return Err(ClientError::Rejected { method: method.to_owned(), code, message, data });
        }
        let result = answer.result.map_or("null", RawValue::get);
        serde_json::from_str(result)
            .map_err(|error| broken(format!("the result is not what it should be: {error}")))
    }

    /// The chain's id.
    pub async fn chain_id(&self) -> Result<u64, ClientError> {
        Ok(self.call::<U64>("eth_chainId", json!([])).await?.to())
    }

    /// The head's number.
    pub async fn block_number(&self) -> Result<u64, ClientError> {
        Ok(self.call::<U64>("eth_blockNumber", json!([])).await?.to())
    }

    /// An account's balance at the head, in wei.
    pub async fn balance(&self, address: Address) -> Result<U256, ClientError> {
        self.call("eth_getBalance", json!([address, "latest"])).await
    }

    /// The nonce of an account's next transaction, those in the pool counted.
    pub async fn nonce(&self, address: Address) -> Result<u64, ClientError> {
        let nonce: U64 = self.call("eth_getTransactionCount", json!([address, "pending"])).await?;
        Ok(nonce.to())
    }

    /// The head's base fee, in wei.
    pub async fn base_fee(&self) -> Result<u128, ClientError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Head {
            base_fee_per_gas: U256,
        }
        let head: Head = self.call("eth_getBlockByNumber", json!(["latest", false])).await?;
        Ok(head.base_fee_per_gas.saturating_to())
    }

    /// The head's timestamp, in unix seconds.
    pub async fn time(&self) -> Result<u64, ClientError> {
        #[derive(Deserialize)]
        struct Head {
            timestamp: U64,
        }
        let head: Head = self.call("eth_getBlockByNumber", json!(["latest", false])).await?;
        Ok(head.timestamp.to())
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
        Ok(self.call::<U64>("eth_estimateGas", json!([request])).await?.to())
    }

    /// Calls a contract's view function at the head.
    pub async fn view<C: SolCall>(
        &self,
        contract: Address,
        call: &C,
    ) -> Result<C::Return, ClientError> {
        let request = json!({ "to": contract, "input": Bytes::from(call.abi_encode()) });
        let output: Bytes = self.call("eth_call", json!([request, "latest"])).await?;
        C::abi_decode_returns(&output).map_err(|error| ClientError::Transport {
            method: C::SIGNATURE.to_owned(),
            reason: format!("{contract} does not answer as such a contract: {error}"),
        })
    }

    /// A transaction's receipt, once it is in a block.
    pub async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, ClientError> {
        self.call("eth_getTransactionReceipt", json!([hash])).await
    }
}

#[derive(Serialize)]
struct Request<'a, P> {
    jsonrpc: &'a str,
    id: u64,
    method: &'a str,
    params: P,
}

/// The body, or why it cannot be had.
async fn read(mut response: Response) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| with_causes(&error))? {
        if bytes.len() + chunk.len() > MAX_ANSWER {
            return Err(format!("the answer is over {MAX_ANSWER} bytes"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
