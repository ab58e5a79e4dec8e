//! The methods.

use super::evidence::EvidenceVerdict;
use super::types::{
    ContributorInfo, ContributorQuery, DatanetInfo, InclusionProof, ReceiptInfo, ReceiptPage,
    ReceiptProof, ReceiptQuery, SessionInfo, SubscriptionFilter, SubscriptionKind,
};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes};
use jsonrpsee::{
    core::{RpcResult, SubscriptionResult},
    proc_macros::rpc,
};

/// `assay_`
#[rpc(server, namespace = "assay")]
pub trait AssayApi {
    /// Verifies evidence as `IAttestation.verify` does, under this chain's trust anchors, without a
    /// transaction. `time` is the head's where it is left out.
    #[method(name = "verifyEvidence")]
    async fn verify_evidence(
        &self,
        kind: u8,
        evidence: Bytes,
        collateral: Option<Bytes>,
        time: Option<u64>,
    ) -> RpcResult<EvidenceVerdict>;

    /// A session, and how it stands by the collateral held at `block`; null if it is unknown there.
    #[method(name = "getSession")]
    async fn session(
        &self,
        session_id: B256,
        block: Option<BlockId>,
    ) -> RpcResult<Option<SessionInfo>>;

    /// A request and, once it is settled, its receipt; null if there is no such request.
    #[method(name = "getReceipt")]
    async fn receipt(&self, request_id: B256) -> RpcResult<Option<ReceiptInfo>>;

    /// Settled receipts by model, provider and requester, in pages.
    #[method(name = "getReceipts")]
    async fn receipts(&self, query: Option<ReceiptQuery>) -> RpcResult<ReceiptPage>;

    /// A datanet as of `block`; null if it is unknown there.
    #[method(name = "getDatanet")]
    async fn datanet(
        &self,
        datanet_id: B256,
        block: Option<BlockId>,
    ) -> RpcResult<Option<DatanetInfo>>;

    /// What an account contributed, what it was paid, and what it can claim.
    #[method(name = "getContributor")]
    async fn contributor(
        &self,
        contributor: Address,
        query: Option<ContributorQuery>,
    ) -> RpcResult<ContributorInfo>;

    /// A proof that the leaves at `indices` are in a datanet's log of `size` leaves (default: all),
    /// as `IAttribution.verifyInclusion` and `IDatanets` take it.
    #[method(name = "getInclusionProof")]
    async fn inclusion_proof(
        &self,
        datanet_id: B256,
        indices: Vec<u64>,
        size: Option<u64>,
    ) -> RpcResult<InclusionProof>;

    /// A proof for any other chain that a receipt was settled: from the output root of `block`
    /// (default: the head) down to the receipt's hash in `Inference`.
    #[method(name = "getReceiptProof")]
    async fn receipt_proof(
        &self,
        request_id: B256,
        block: Option<BlockId>,
    ) -> RpcResult<ReceiptProof>;
}

/// `assay_subscribe`, which exists on WebSocket connections alone.
#[rpc(server, namespace = "assay")]
pub trait AssayPubSubApi {
    /// Sends opened sessions or settled receipts until the client unsubscribes; those that a reorg
    /// takes back come again with `removed`.
    #[subscription(
        name = "subscribe" => "subscription",
        unsubscribe = "unsubscribe",
        item = serde_json::Value
    )]
    async fn subscribe(
        &self,
        kind: SubscriptionKind,
        filter: Option<SubscriptionFilter>,
    ) -> SubscriptionResult;
}
