//! An account that sends transactions.

use crate::{ClientError, Receipt, Rpc};
use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U64, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use serde_json::json;
use std::time::{Duration, Instant};

/// Between two looks for a receipt.
const POLL: Duration = Duration::from_millis(200);
/// Longer than any transaction takes, an L1 reorg included.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the sequencer is offered, in wei.
const PRIORITY_FEE: u128 = 1_000_000;
/// Most gas of a transaction (EIP-7825).
const MAX_GAS: u64 = 1 << 24;

/// An account on one chain. It counts its own nonces, so that it can send without waiting.
#[derive(Debug)]
pub struct Account {
    rpc: Rpc,
    signer: PrivateKeySigner,
    chain_id: u64,
    nonce: u64,
}

/// A transaction on its way.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its hash.
    pub hash: B256,
    raw: Bytes,
}

impl Account {
    /// The account of a key, with the chain's id and the account's nonce as the node has them.
    ///
    /// # Errors
    /// [`ClientError::Config`]: it is no key.
    pub async fn new(rpc: Rpc, key: B256) -> Result<Self, ClientError> {
        let signer = PrivateKeySigner::from_bytes(&key)
            .map_err(|error| ClientError::Config(format!("not a private key: {error}")))?;
        let chain_id = rpc.chain_id().await?;
        let nonce = rpc.nonce(signer.address()).await?;
        Ok(Self { rpc, signer, chain_id, nonce })
    }

    /// Its address.
    pub const fn address(&self) -> Address {
        self.signer.address()
    }

    /// The chain that it is on.
    pub const fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// The nonce of its next transaction.
    pub const fn next_nonce(&self) -> u64 {
        self.nonce
    }

    /// Counts its nonces anew by what the node has, those in the pool counted: where another program
    /// sends from this account too, or a transaction of it was lost.
    pub async fn recount(&mut self) -> Result<(), ClientError> {
        self.nonce = self.rpc.nonce(self.address()).await?;
        Ok(())
    }

    /// Sends a transaction with as much gas as the node thinks it needs, and a quarter more.
    pub async fn send(
        &mut self,
        to: TxKind,
        value: U256,
        input: Bytes,
    ) -> Result<Sent, ClientError> {
        let estimate = self.rpc.estimate(self.address(), to.to().copied(), value, &input).await?;
        let gas_limit = estimate.saturating_add(estimate / 4).min(MAX_GAS);
        self.send_with_gas(to, value, input, gas_limit).await
    }

    /// Sends a transaction with this much gas.
    pub async fn send_with_gas(
        &mut self,
        to: TxKind,
        value: U256,
        input: Bytes,
        gas_limit: u64,
    ) -> Result<Sent, ClientError> {
        let base_fee = self.rpc.base_fee().await?;
        let transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce: self.nonce,
            gas_limit,
            // The base fee may double several times before it does not fit any more.
            max_fee_per_gas: base_fee.saturating_mul(4).saturating_add(PRIORITY_FEE),
            max_priority_fee_per_gas: PRIORITY_FEE,
            to,
            value,
            access_list: Default::default(),
            input,
        };
        let signature = self
            .signer
            .sign_hash_sync(&transaction.signature_hash())
            .map_err(|error| ClientError::Config(format!("cannot sign: {error}")))?;
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
        let sent = Sent { hash: *envelope.tx_hash(), raw: envelope.encoded_2718().into() };
        self.submit(&sent).await?;
        self.nonce += 1;
        Ok(sent)
    }

    async fn submit(&self, sent: &Sent) -> Result<(), ClientError> {
        let method = "eth_sendRawTransaction";
        let hash: B256 = self.rpc.call(method, json!([&sent.raw])).await?;
        if hash == sent.hash {
            return Ok(());
        }
        Err(ClientError::Transport {
            method: method.to_owned(),
            reason: format!("sent {}, the node has {hash}", sent.hash),
        })
    }

    /// Calls a contract in a transaction and waits until it has succeeded.
    pub async fn transact<C: SolCall>(
        &mut self,
        contract: Address,
        value: U256,
        call: &C,
    ) -> Result<(Sent, Receipt), ClientError> {
        let sent = self.send(TxKind::Call(contract), value, call.abi_encode().into()).await?;
        let receipt = self.confirm(C::SIGNATURE, &sent).await?;
        Ok((sent, receipt))
    }

    /// Waits until the transaction is in a block and has succeeded. A transaction that a reorg
    /// dropped is sent again.
    pub async fn confirm(&self, what: &str, sent: &Sent) -> Result<Receipt, ClientError> {
        let start = Instant::now();
        let mut resend = start + PATIENCE / 4;
        loop {
            if let Some(receipt) = self.rpc.receipt(sent.hash).await? {
                if receipt.status == U64::ONE {
                    return Ok(receipt);
                }
                return Err(ClientError::Reverted { what: what.to_owned(), hash: sent.hash });
            }
            if start.elapsed() > PATIENCE {
                return Err(ClientError::Timeout { what: what.to_owned(), hash: sent.hash });
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
