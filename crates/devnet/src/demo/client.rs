//! A user of a chain: signs transactions, sends them over JSON-RPC and waits for their receipts.

use super::DemoError;
use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U64, U256, hex};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use jsonrpsee::{
    core::{client::ClientT, traits::ToRpcParams},
    http_client::{HttpClient, HttpClientBuilder},
    rpc_params,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::time::{Duration, Instant};

/// Between two looks for a receipt.
const POLL: Duration = Duration::from_millis(200);
/// Longer than any transaction takes, an L1 reorg included.
const PATIENCE: Duration = Duration::from_secs(60);
/// Enough for the largest transaction here: evidence in calldata.
const GAS_LIMIT: u64 = 3_000_000;

/// A chain over JSON-RPC.
#[derive(Debug, Clone)]
pub(super) struct Rpc(HttpClient);

/// What the demo reads of a receipt.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt {
    pub(super) status: U64,
    pub(super) block_number: U64,
}

/// What two nodes must agree on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BlockRoots {
    pub(super) hash: B256,
    pub(super) state_root: B256,
    pub(super) receipts_root: B256,
}

impl Rpc {
    pub(super) fn new(url: &str) -> Result<Self, DemoError> {
        HttpClientBuilder::default()
            .max_request_size(64 << 20)
            .build(url)
            .map(Self)
            .map_err(|error| DemoError::Rpc(error.to_string()))
    }

    pub(super) async fn call<T: DeserializeOwned + Send>(
        &self,
        method: &str,
        params: impl ToRpcParams + Send,
    ) -> Result<T, DemoError> {
        self.0
            .request(method, params)
            .await
            .map_err(|error| DemoError::Rpc(format!("{method}: {error}")))
    }

    pub(super) async fn balance(&self, address: Address) -> Result<U256, DemoError> {
        self.call("eth_getBalance", rpc_params![address, "latest"]).await
    }

    pub(super) async fn block_number(&self) -> Result<u64, DemoError> {
        Ok(self.call::<U64>("eth_blockNumber", rpc_params![]).await?.to())
    }

    pub(super) async fn roots(&self, number: u64) -> Result<Option<BlockRoots>, DemoError> {
        self.call("eth_getBlockByNumber", rpc_params![U64::from(number), false]).await
    }

    pub(super) async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, DemoError> {
        self.call("eth_getTransactionReceipt", rpc_params![hash]).await
    }
}

/// An account on one chain. It counts its own nonces.
#[derive(Debug)]
pub(super) struct Account {
    rpc: Rpc,
    signer: PrivateKeySigner,
    chain_id: u64,
    nonce: u64,
}

/// A transaction on its way.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) hash: B256,
    raw: Bytes,
}

impl Account {
    pub(super) fn new(rpc: Rpc, key: B256, chain_id: u64) -> Result<Self, DemoError> {
        let signer = PrivateKeySigner::from_bytes(&key)
            .map_err(|error| DemoError::Rpc(format!("a development key: {error}")))?;
        Ok(Self { rpc, signer, chain_id, nonce: 0 })
    }

    pub(super) const fn address(&self) -> Address {
        self.signer.address()
    }

    pub(super) const fn next_nonce(&self) -> u64 {
        self.nonce
    }

    pub(super) async fn send(
        &mut self,
        to: TxKind,
        value: U256,
        input: Bytes,
    ) -> Result<Sent, DemoError> {
        let transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce: self.nonce,
            gas_limit: GAS_LIMIT,
            max_fee_per_gas: 20_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
            to,
            value,
            access_list: Default::default(),
            input,
        };
        let signature = self
            .signer
            .sign_hash_sync(&transaction.signature_hash())
            .map_err(|error| DemoError::Rpc(format!("signing: {error}")))?;
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
        let sent = Sent { hash: *envelope.tx_hash(), raw: envelope.encoded_2718().into() };
        self.submit(&sent).await?;
        self.nonce += 1;
        Ok(sent)
    }

    async fn submit(&self, sent: &Sent) -> Result<(), DemoError> {
        let hash: B256 = self
            .rpc
            .call("eth_sendRawTransaction", rpc_params![hex::encode_prefixed(&sent.raw)])
            .await?;
        if hash == sent.hash {
            Ok(())
        } else {
            Err(DemoError::Rpc(format!("sent {}, the node has {hash}", sent.hash)))
        }
    }

    /// Waits until the transaction is in a block and has succeeded. A transaction that a reorg
    /// dropped is sent again.
    pub(super) async fn confirm(
        &self,
        what: &'static str,
        sent: &Sent,
    ) -> Result<Receipt, DemoError> {
        let start = Instant::now();
        let mut resend = start + PATIENCE / 4;
        loop {
            if let Some(receipt) = self.rpc.receipt(sent.hash).await? {
                if receipt.status == U64::ONE {
                    return Ok(receipt);
                }
                return Err(DemoError::Reverted { what, hash: sent.hash });
            }
            if start.elapsed() > PATIENCE {
                return Err(DemoError::Timeout(what));
            }
            if Instant::now() > resend {
                resend = Instant::now() + PATIENCE / 4;
                // A node that still has it says so; that is as good.
                if let Err(error) = self.submit(sent).await {
                    tracing::debug!(%error, "sending again");
                }
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
