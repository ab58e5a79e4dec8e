//! `eth_subscribe`, which exists on WebSocket connections alone.

use crate::{RpcContext, eth::subscribe};
use alloy_rpc_types_eth::pubsub::{Params, SubscriptionKind};
use jsonrpsee::{
    PendingSubscriptionSink,
    core::{SubscriptionResult, async_trait},
    proc_macros::rpc,
};

/// `eth_subscribe`, `eth_unsubscribe`
#[rpc(server, namespace = "eth")]
pub trait EthPubSubApi {
    /// Sends what `kind` names until the client unsubscribes.
    #[subscription(
        name = "subscribe" => "subscription",
        unsubscribe = "unsubscribe",
        item = serde_json::Value
    )]
    async fn subscribe(&self, kind: SubscriptionKind, params: Option<Params>)
    -> SubscriptionResult;
}

#[async_trait]
impl EthPubSubApiServer for RpcContext {
    async fn subscribe(
        &self,
        pending: PendingSubscriptionSink,
        kind: SubscriptionKind,
        params: Option<Params>,
    ) -> SubscriptionResult {
        subscribe::serve(self.clone(), pending, kind, params).await
    }
}
