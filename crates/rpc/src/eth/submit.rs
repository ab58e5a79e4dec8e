//! Transactions that users send.

use crate::{
    RpcContext, RpcError,
    error::{INVALID_INPUT, TRANSACTION_REJECTED},
    eth::{receipts, types::RpcReceipt},
};
use alloy_consensus::transaction::{Recovered, SignerRecoverable};
use alloy_eips::Decodable2718;
use alloy_primitives::{Address, B256, Bytes};
use assay_evm::Transaction;
use assay_pool::{InvalidTransaction, Origin, PoolError};
use jsonrpsee::types::ErrorObjectOwned;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// Decodes and recovers a transaction that a user signed: neither a deposit nor a block's own.
pub(crate) fn decode(raw: &Bytes) -> Result<Recovered<Transaction>, RpcError> {
    if raw.is_empty() {
        return Err(RpcError::params("empty transaction data"));
    }
    let malformed = || RpcError::params("failed to decode signed transaction");
    let mut rest: &[u8] = raw;
    let transaction = Transaction::decode_2718(&mut rest).map_err(|_| malformed())?;
    if !rest.is_empty() || transaction.is_deposit() || transaction.is_post_exec() {
        return Err(malformed());
    }
    transaction.try_into_recovered().map_err(|_| RpcError::params("invalid transaction signature"))
}

/// `eth_sendRawTransaction`.
pub(crate) fn send(ctx: &RpcContext, raw: &Bytes) -> Result<B256, RpcError> {
    let transaction = decode(raw)?;
    ctx.pool.add(transaction, Origin::Rpc).map_err(|error| pool_error(&error))
}

/// `eth_sendRawTransactionSync`: sends, then waits for the receipt.
pub(crate) async fn send_and_wait(
    ctx: &RpcContext,
    raw: Bytes,
    timeout_ms: Option<u64>,
) -> Result<RpcReceipt, ErrorObjectOwned> {
    let most = ctx.config.send_sync_timeout;
    let limit = timeout_ms.map_or(most, |ms| Duration::from_millis(ms).min(most));
    // Before sending: the next block may come at once.
    let mut updates = ctx.chain.subscribe();
    let hash = ctx.call(move |ctx| send(ctx, &raw)).await?;
    let included = async {
        loop {
            if let Some(receipt) = ctx.read(move |ctx| receipts::by_hash(ctx, hash)).await? {
                return Ok(receipt);
            }
            match updates.recv().await {
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => {
                    return Err(RpcError::internal("the node is shutting down").into());
                }
            }
        }
    };
    tokio::time::timeout(limit, included)
        .await
        .unwrap_or_else(|_| Err(RpcError::NotConfirmed(limit).into()))
}

impl RpcContext {
    /// A transaction in the pool.
    pub(crate) fn pooled(&self, hash: B256) -> Option<Recovered<Transaction>> {
        self.pool.get(hash)
    }

    /// The nonce after the pool's unbroken run of transactions of this sender.
    pub(crate) fn pool_nonce(&self, address: Address) -> Option<u64> {
        self.pool.next_nonce(address)
    }
}

/// op-reth's codes: -32003 for what the rules or the sender's funds refuse, -32000 for the rest.
fn pool_error(error: &PoolError) -> RpcError {
    let code = match error {
        PoolError::State(_) => return RpcError::internal(error),
        PoolError::Full
        | PoolError::Invalid(
            InvalidTransaction::Type(_)
            | InvalidTransaction::TipAboveFeeCap
            | InvalidTransaction::NonceMax
            | InvalidTransaction::Funds { .. }
            | InvalidTransaction::SenderNotEoa,
        ) => TRANSACTION_REJECTED,
        _ => INVALID_INPUT,
    };
    RpcError::Pool { code, message: error.to_string() }
}
