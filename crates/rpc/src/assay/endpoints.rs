//! Which kind of work each method is, and who does it.

use super::{
    api::{AssayApiServer, AssayPubSubApiServer},
    datanets,
    evidence::{self, EvidenceVerdict},
    proofs, receipts, sessions, subscribe,
    types::{
        ContributorInfo, ContributorQuery, DatanetInfo, InclusionProof, ReceiptInfo, ReceiptPage,
        ReceiptProof, ReceiptQuery, SessionInfo, SubscriptionFilter, SubscriptionKind,
    },
};
use crate::RpcContext;
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes};
use jsonrpsee::{
    PendingSubscriptionSink,
    core::{RpcResult, SubscriptionResult, async_trait},
};

#[async_trait]
impl AssayApiServer for RpcContext {
    async fn verify_evidence(
        &self,
        kind: u8,
        evidence: Bytes,
        collateral: Option<Bytes>,
        time: Option<u64>,
    ) -> RpcResult<EvidenceVerdict> {
        let collateral = collateral.unwrap_or_default();
        self.call(move |ctx| evidence::dry_run(ctx, kind, &evidence, &collateral, time)).await
    }

    async fn session(
        &self,
        session_id: B256,
        block: Option<BlockId>,
    ) -> RpcResult<Option<SessionInfo>> {
        self.call(move |ctx| sessions::session(ctx, session_id, block.unwrap_or_default())).await
    }

    async fn receipt(&self, request_id: B256) -> RpcResult<Option<ReceiptInfo>> {
        self.call(move |ctx| receipts::receipt(ctx, request_id)).await
    }

    async fn receipts(&self, query: Option<ReceiptQuery>) -> RpcResult<ReceiptPage> {
        self.call(move |ctx| receipts::page(ctx, &query.unwrap_or_default())).await
    }

    async fn datanet(
        &self,
        datanet_id: B256,
        block: Option<BlockId>,
    ) -> RpcResult<Option<DatanetInfo>> {
        self.call(move |ctx| datanets::datanet(ctx, datanet_id, block.unwrap_or_default())).await
    }

    async fn contributor(
        &self,
        contributor: Address,
        query: Option<ContributorQuery>,
    ) -> RpcResult<ContributorInfo> {
        self.call(move |ctx| datanets::contributor(ctx, contributor, &query.unwrap_or_default()))
            .await
    }

    async fn inclusion_proof(
        &self,
        datanet_id: B256,
        indices: Vec<u64>,
        size: Option<u64>,
    ) -> RpcResult<InclusionProof> {
        self.trace(move |ctx| datanets::inclusion_proof(ctx, datanet_id, &indices, size)).await
    }

    async fn receipt_proof(
        &self,
        request_id: B256,
        block: Option<BlockId>,
    ) -> RpcResult<ReceiptProof> {
        self.trace(move |ctx| proofs::receipt_proof(ctx, request_id, block.unwrap_or_default()))
            .await
    }
}

#[async_trait]
impl AssayPubSubApiServer for RpcContext {
    async fn subscribe(
        &self,
        pending: PendingSubscriptionSink,
        kind: SubscriptionKind,
        filter: Option<SubscriptionFilter>,
    ) -> SubscriptionResult {
        subscribe::serve(self.clone(), pending, kind, filter.unwrap_or_default()).await
    }
}
