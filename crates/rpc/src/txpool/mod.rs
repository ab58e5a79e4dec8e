//! `txpool_`: what waits in the pool.

use crate::{
    RpcContext,
    eth::types::{self, RpcTransaction},
};
use alloy_consensus::{Transaction as _, transaction::Recovered};
use alloy_primitives::Address;
use alloy_rpc_types_txpool::{
    TxpoolContent, TxpoolContentFrom, TxpoolInspect, TxpoolInspectSummary, TxpoolStatus,
};
use assay_evm::Transaction;
use jsonrpsee::{
    core::{RpcResult, async_trait},
    proc_macros::rpc,
};
use std::collections::BTreeMap;

/// `txpool_`
#[rpc(server, namespace = "txpool")]
pub trait TxpoolApi {
    /// How many transactions wait.
    #[method(name = "status")]
    async fn status(&self) -> RpcResult<TxpoolStatus>;
    /// A line on each.
    #[method(name = "inspect")]
    async fn inspect(&self) -> RpcResult<TxpoolInspect>;
    /// Those of one sender.
    #[method(name = "contentFrom")]
    async fn content_from(&self, from: Address) -> RpcResult<TxpoolContentFrom<RpcTransaction>>;
    /// All of them.
    #[method(name = "content")]
    async fn content(&self) -> RpcResult<TxpoolContent<RpcTransaction>>;
}

type BySender<T> = BTreeMap<Address, BTreeMap<String, T>>;

fn by_sender<T>(
    transactions: impl IntoIterator<Item = Recovered<Transaction>>,
    show: impl Fn(Recovered<Transaction>) -> T,
) -> BySender<T> {
    let mut sorted = BySender::new();
    for transaction in transactions {
        let (sender, nonce) = (transaction.signer(), transaction.nonce());
        sorted.entry(sender).or_default().insert(nonce.to_string(), show(transaction));
    }
    sorted
}

#[async_trait]
impl TxpoolApiServer for RpcContext {
    async fn status(&self) -> RpcResult<TxpoolStatus> {
        let status = self.pool.status();
        Ok(TxpoolStatus { pending: status.pending as u64, queued: status.queued as u64 })
    }

    async fn inspect(&self) -> RpcResult<TxpoolInspect> {
        let content = self.pool.content();
        let line = |tx: Recovered<Transaction>| TxpoolInspectSummary::from_tx(tx.into_inner());
        Ok(TxpoolInspect {
            pending: by_sender(content.pending, line),
            queued: by_sender(content.queued, line),
        })
    }

    async fn content_from(&self, from: Address) -> RpcResult<TxpoolContentFrom<RpcTransaction>> {
        Ok(self.content().await?.remove_from(&from))
    }

    async fn content(&self) -> RpcResult<TxpoolContent<RpcTransaction>> {
        let content = self.pool.content();
        Ok(TxpoolContent {
            pending: by_sender(content.pending, types::pending_transaction),
            queued: by_sender(content.queued, types::pending_transaction),
        })
    }
}
