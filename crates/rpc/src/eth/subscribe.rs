//! Subscriptions over WebSocket: new heads, logs, pending transactions, sync state.

use crate::{
    RpcContext,
    eth::{logs, types},
};
use alloy_rpc_types_eth::{
    Filter, Log,
    pubsub::{Params, PubSubSyncStatus, SubscriptionKind},
};
use assay_chain::CanonicalUpdate;
use jsonrpsee::{
    PendingSubscriptionSink, SubscriptionMessage, SubscriptionSink,
    core::SubscriptionResult,
    core::to_json_raw_value,
    types::{ErrorObject, error::INVALID_PARAMS_CODE},
};
use serde::Serialize;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// `eth_subscribe`: serves the subscription until the client leaves.
pub(crate) async fn serve(
    ctx: RpcContext,
    pending: PendingSubscriptionSink,
    kind: SubscriptionKind,
    params: Option<Params>,
) -> SubscriptionResult {
    let params = params.unwrap_or_default();
    // Refused before it is accepted, so that the client sees an error and no id.
    let filter = match (kind, &params) {
        (SubscriptionKind::Logs, Params::Logs(filter)) => Some(filter.clone()),
        (SubscriptionKind::Logs, Params::None) => Some(Box::default()),
        (SubscriptionKind::Logs, _) => {
            pending.reject(invalid("Invalid params for logs")).await;
            return Ok(());
        }
        (SubscriptionKind::NewPendingTransactions, Params::Logs(_)) => {
            pending.reject(invalid("Invalid params for newPendingTransactions")).await;
            return Ok(());
        }
        (SubscriptionKind::TransactionReceipts, _) => {
            pending.reject(invalid("unsupported subscription")).await;
            return Ok(());
        }
        _ => None,
    };
    // Subscribed before the id is sent: what comes next is not missed.
    let updates = ctx.chain.subscribe();
    let hashes = ctx.pool.subscribe_pending();
    let sink = pending.accept().await?;
    match kind {
        SubscriptionKind::NewHeads => new_heads(&sink, updates).await,
        SubscriptionKind::Logs => new_logs(&sink, updates, filter.unwrap_or_default()).await,
        SubscriptionKind::NewPendingTransactions => {
            let full = matches!(params, Params::Bool(true));
            pending_transactions(&ctx, &sink, hashes, full).await;
        }
        SubscriptionKind::Syncing => {
            if send(&sink, &PubSubSyncStatus::Simple(false)).await {
                sink.closed().await;
            }
        }
        SubscriptionKind::TransactionReceipts => {}
    }
    Ok(())
}

fn invalid(message: &'static str) -> ErrorObject<'static> {
    ErrorObject::owned(INVALID_PARAMS_CODE, message, None::<()>)
}

/// Sends one item; false once the client is gone.
pub(crate) async fn send<T: Serialize>(sink: &SubscriptionSink, item: &T) -> bool {
    match to_json_raw_value(item) {
        Ok(json) => sink.send(SubscriptionMessage::from(json)).await.is_ok(),
        Err(_) => false,
    }
}

/// The next item that the client still waits for. A client too slow for the channel misses the
/// oldest items and goes on.
pub(crate) async fn next<T: Clone>(sink: &SubscriptionSink, items: &mut Receiver<T>) -> Option<T> {
    loop {
        tokio::select! {
            () = sink.closed() => return None,
            item = items.recv() => match item {
                Ok(item) => return Some(item),
                Err(RecvError::Lagged(missed)) => {
                    tracing::debug!(missed, "subscriber is too slow");
                }
                Err(RecvError::Closed) => return None,
            },
        }
    }
}

async fn new_heads(sink: &SubscriptionSink, mut updates: Receiver<Update>) {
    while let Some(update) = next(sink, &mut updates).await {
        for executed in &update.added {
            if !send(sink, &types::header(&executed.block)).await {
                return;
            }
        }
    }
}

type Update = std::sync::Arc<CanonicalUpdate>;

async fn new_logs(sink: &SubscriptionSink, mut updates: Receiver<Update>, filter: Box<Filter>) {
    while let Some(update) = next(sink, &mut updates).await {
        for log in logs_of(&update, &filter) {
            if !send(sink, &log).await {
                return;
            }
        }
    }
}

/// Logs taken back, newest block first, then the new ones.
fn logs_of(update: &CanonicalUpdate, filter: &Filter) -> Vec<Log> {
    let mut found = Vec::new();
    for executed in update.removed.iter().rev() {
        logs::matching(&mut found, filter, &executed.block, &executed.receipts, true);
    }
    for executed in &update.added {
        logs::matching(&mut found, filter, &executed.block, &executed.receipts, false);
    }
    found
}

async fn pending_transactions(
    ctx: &RpcContext,
    sink: &SubscriptionSink,
    mut hashes: Receiver<alloy_primitives::B256>,
    full: bool,
) {
    while let Some(hash) = next(sink, &mut hashes).await {
        let sent = if full {
            match ctx.pooled(hash) {
                Some(transaction) => send(sink, &types::pending_transaction(transaction)).await,
                None => true,
            }
        } else {
            send(sink, &hash).await
        };
        if !sent {
            return;
        }
    }
}
