//! `assay_subscribe`: sessions as they are opened, receipts as they are settled.

use super::{
    found::{Found, event_at, subject},
    types::{LogPlace, SettledReceipt, SubscriptionFilter, SubscriptionKind},
};
use crate::{
    RpcContext, RpcError,
    eth::subscribe::{next, send},
};
use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolEvent;
use assay_chain::{CanonicalUpdate, ExecutedBlock, block_subjects};
use assay_chainspec::predeploys::{INFERENCE, SESSIONS};
use assay_precompiles::contracts::{IInference::Settled, ISessions::SessionOpened};
use jsonrpsee::{PendingSubscriptionSink, core::SubscriptionResult};
use serde::Serialize;

/// An opened session, as its event has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OpenedSession {
    session_id: B256,
    controller: Address,
    identity: B256,
    kind: u8,
    assurance: u8,
    platform: B256,
    anchors: Vec<B256>,
    status: u32,
    time: u64,
    not_after: u64,
    key: Bytes,
    encryption_key: Bytes,
    opened: LogPlace,
}

/// What is sent, and whether a reorg took it back.
#[derive(Debug, Serialize)]
struct Notice<T> {
    #[serde(flatten)]
    item: T,
    removed: bool,
}

/// Serves the subscription until the client leaves.
pub(super) async fn serve(
    ctx: RpcContext,
    pending: PendingSubscriptionSink,
    kind: SubscriptionKind,
    filter: SubscriptionFilter,
) -> SubscriptionResult {
    if let Err(error) = check(kind, &filter) {
        pending.reject(error).await;
        return Ok(());
    }
    // Subscribed before the id is sent: what comes next is not missed.
    let mut updates = ctx.chain.subscribe();
    let sink = pending.accept().await?;
    while let Some(update) = next(&sink, &mut updates).await {
        let gone = match kind {
            SubscriptionKind::Sessions => {
                send_all(&sink, notices(&update, |found| session(&filter, found))).await
            }
            SubscriptionKind::Receipts => {
                send_all(&sink, notices(&update, |found| receipt(&filter, found))).await
            }
        };
        if gone {
            break;
        }
    }
    Ok(())
}

/// Refuses a filter by a field that the items do not have.
fn check(kind: SubscriptionKind, filter: &SubscriptionFilter) -> Result<(), RpcError> {
    let of_sessions = filter.controller.is_some() || filter.identity.is_some();
    let of_receipts =
        filter.model_id.is_some() || filter.provider.is_some() || filter.requester.is_some();
    match kind {
        SubscriptionKind::Sessions if of_receipts => {
            Err(RpcError::params("sessions are filtered by controller and identity"))
        }
        SubscriptionKind::Receipts if of_sessions => {
            Err(RpcError::params("receipts are filtered by modelId, provider and requester"))
        }
        _ => Ok(()),
    }
}

/// Sends what there is; whether the client is gone.
async fn send_all<T: Serialize>(sink: &jsonrpsee::SubscriptionSink, notices: Vec<T>) -> bool {
    for notice in notices {
        if !send(sink, &notice).await {
            return true;
        }
    }
    false
}

/// What was taken back, newest first, then what is new.
fn notices<E: Of, T>(
    update: &CanonicalUpdate,
    take: impl Fn(Found<E>) -> Option<T>,
) -> Vec<Notice<T>> {
    let mut all = Vec::new();
    for block in update.removed.iter().rev() {
        let mut items: Vec<_> = found(block).into_iter().filter_map(&take).collect();
        items.reverse();
        all.extend(items.into_iter().map(|item| Notice { item, removed: true }));
    }
    for block in &update.added {
        let items = found(block).into_iter().filter_map(&take);
        all.extend(items.map(|item| Notice { item, removed: false }));
    }
    all
}

/// An event that is subscribed to, with its contract.
trait Of: SolEvent {
    const CONTRACT: Address;
}

impl Of for SessionOpened {
    const CONTRACT: Address = SESSIONS;
}

impl Of for Settled {
    const CONTRACT: Address = INFERENCE;
}

fn found<E: Of>(block: &ExecutedBlock) -> Vec<Found<E>> {
    let Ok(wanted) = subject::<E>(E::CONTRACT, None) else { return Vec::new() };
    block_subjects(block.number(), &block.receipts)
        .filter(|(subject, _)| *subject == wanted)
        .filter_map(|(_, position)| event_at(&block.block, &block.receipts, position))
        .collect()
}

fn session(
    filter: &SubscriptionFilter,
    Found { event, place, .. }: Found<SessionOpened>,
) -> Option<OpenedSession> {
    let fits = filter.controller.is_none_or(|controller| controller == event.controller)
        && filter.identity.is_none_or(|identity| identity == event.identity);
    fits.then(|| OpenedSession {
        session_id: event.sessionId,
        controller: event.controller,
        identity: event.identity,
        kind: event.kind,
        assurance: event.assurance,
        platform: event.platform,
        anchors: event.anchors,
        status: event.status,
        time: event.time,
        not_after: event.notAfter,
        key: event.key,
        encryption_key: event.encryptionKey,
        opened: place,
    })
}

fn receipt(
    filter: &SubscriptionFilter,
    Found { event, place, .. }: Found<Settled>,
) -> Option<SettledReceipt> {
    let fits = filter.model_id.is_none_or(|model| model == event.modelId)
        && filter.provider.is_none_or(|provider| provider == event.provider)
        && filter.requester.is_none_or(|requester| requester == event.receipt.requester);
    fits.then(|| SettledReceipt::new(event, place))
}
