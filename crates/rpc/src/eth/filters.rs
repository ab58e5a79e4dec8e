//! Installed filters: what a client polls.
//!
//! A filter remembers from which block on its owner has not asked yet. A reorg below that point
//! makes it look again from the first block that changed, so that no log of the new chain is missed.

use crate::{
    RpcContext, RpcError,
    eth::{logs, types, types::RpcTransaction},
};
use alloy_primitives::{B128, B256};
use alloy_rpc_types_eth::{
    Filter, FilterBlockOption, FilterChanges, FilterId, Log, PendingTransactionFilterKind,
};
use assay_chain::CanonicalUpdate;
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use tokio::sync::broadcast;

/// The filters of all clients.
#[derive(Debug)]
pub(crate) struct Filters {
    installed: Mutex<HashMap<FilterId, Installed>>,
    ttl: Duration,
    limit: usize,
}

#[derive(Debug)]
struct Installed {
    kind: Kind,
    /// The first block not told of yet.
    next_block: u64,
    polled: Instant,
}

#[derive(Debug)]
enum Kind {
    Logs(Box<Filter>),
    Blocks,
    Pending { hashes: broadcast::Receiver<B256>, full: bool },
}

fn not_found() -> RpcError {
    RpcError::params("filter not found")
}

impl Filters {
    pub(crate) fn new(ttl: Duration, limit: usize) -> Self {
        Self { installed: Mutex::default(), ttl, limit }
    }

    fn install(&self, kind: Kind, next_block: u64) -> Result<FilterId, RpcError> {
        let mut installed = self.installed.lock();
        if installed.len() >= self.limit {
            installed.retain(|_, filter| filter.polled.elapsed() < self.ttl);
        }
        if installed.len() >= self.limit {
            return Err(RpcError::internal("too many filters installed"));
        }
        let id = FilterId::Str(B128::random().to_string());
        installed.insert(id.clone(), Installed { kind, next_block, polled: Instant::now() });
        Ok(id)
    }

    fn uninstall(&self, id: &FilterId) -> bool {
        self.installed.lock().remove(id).is_some()
    }

    /// Looks `id` up and marks it as used.
    fn poll<T>(
        &self,
        id: &FilterId,
        work: impl FnOnce(&mut Installed) -> Result<T, RpcError>,
    ) -> Result<T, RpcError> {
        let mut installed = self.installed.lock();
        if installed.get(id).is_some_and(|filter| filter.polled.elapsed() >= self.ttl) {
            installed.remove(id);
        }
        let filter = installed.get_mut(id).ok_or_else(not_found)?;
        filter.polled = Instant::now();
        work(filter)
    }

    /// The chain changed: blocks from the first replaced one on are news again.
    pub(crate) fn on_update(&self, update: &CanonicalUpdate) {
        let Some(first) = update.removed.first().map(|block| block.number()) else { return };
        for filter in self.installed.lock().values_mut() {
            filter.next_block = filter.next_block.min(first);
        }
    }
}

pub(crate) fn new_log_filter(ctx: &RpcContext, filter: Filter) -> Result<FilterId, RpcError> {
    ctx.filters.install(Kind::Logs(Box::new(filter)), ctx.head().number + 1)
}

pub(crate) fn new_block_filter(ctx: &RpcContext) -> Result<FilterId, RpcError> {
    ctx.filters.install(Kind::Blocks, ctx.head().number + 1)
}

pub(crate) fn new_pending_filter(
    ctx: &RpcContext,
    kind: Option<PendingTransactionFilterKind>,
) -> Result<FilterId, RpcError> {
    let full = matches!(kind, Some(PendingTransactionFilterKind::Full));
    let hashes = ctx.pool.subscribe_pending();
    ctx.filters.install(Kind::Pending { hashes, full }, 0)
}

pub(crate) fn uninstall(ctx: &RpcContext, id: &FilterId) -> bool {
    ctx.filters.uninstall(id)
}

/// What is to be read for a poll, once the filters are unlocked again.
enum News {
    Logs(Box<Filter>, u64),
    Blocks(u64),
    Pending(Vec<B256>, bool),
}

pub(crate) fn changes(
    ctx: &RpcContext,
    id: &FilterId,
) -> Result<FilterChanges<RpcTransaction, Log>, RpcError> {
    let head = ctx.head().number;
    let news = ctx.filters.poll(id, |filter| {
        let from = filter.next_block;
        Ok(match &mut filter.kind {
            Kind::Logs(query) => {
                filter.next_block = head + 1;
                News::Logs(query.clone(), from)
            }
            Kind::Blocks => {
                filter.next_block = head + 1;
                News::Blocks(from)
            }
            Kind::Pending { hashes, full } => News::Pending(drain(hashes), *full),
        })
    })?;
    Ok(match news {
        News::Logs(query, from) => FilterChanges::Logs(new_logs(ctx, &query, from, head)?),
        News::Blocks(from) => {
            let hashes = (from..=head)
                .map(|number| Ok(ctx.header(number.into())?.hash()))
                .collect::<Result<_, RpcError>>()?;
            FilterChanges::Hashes(hashes)
        }
        News::Pending(hashes, false) => FilterChanges::Hashes(hashes),
        News::Pending(hashes, true) => FilterChanges::Transactions(
            hashes
                .into_iter()
                .filter_map(|hash| ctx.pooled(hash).map(types::pending_transaction))
                .collect(),
        ),
    })
}

fn drain(hashes: &mut broadcast::Receiver<B256>) -> Vec<B256> {
    let mut found = Vec::new();
    loop {
        match hashes.try_recv() {
            Ok(hash) => found.push(hash),
            // Too slow a poller misses the oldest.
            Err(broadcast::error::TryRecvError::Lagged(_)) => {}
            Err(_) => return found,
        }
    }
}

/// Logs of the blocks `from..=head` that also lie in the filter's own range.
fn new_logs(ctx: &RpcContext, filter: &Filter, from: u64, head: u64) -> Result<Vec<Log>, RpcError> {
    let (mut first, mut last) = (from, head);
    match filter.block_option {
        FilterBlockOption::Range { from_block, to_block } => {
            if let Some(bound) = from_block.and_then(|tag| tag.as_number()) {
                first = first.max(bound);
            }
            if let Some(bound) = to_block.and_then(|tag| tag.as_number()) {
                last = last.min(bound);
            }
        }
        FilterBlockOption::AtBlockHash(_) => return logs::query(ctx, filter),
    }
    if first > last {
        return Ok(Vec::new());
    }
    logs::range(ctx, filter, first, last)
}

/// All logs of a log filter, polled or not.
pub(crate) fn all_logs(ctx: &RpcContext, id: &FilterId) -> Result<Vec<Log>, RpcError> {
    let filter = ctx.filters.poll(id, |filter| match &filter.kind {
        Kind::Logs(query) => Ok(query.clone()),
        Kind::Blocks | Kind::Pending { .. } => Err(not_found()),
    })?;
    logs::query(ctx, &filter)
}
