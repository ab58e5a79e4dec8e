//! Datanets and contributors.

use super::{
    contracts::Views,
    found::{Found, REORGANISED, cursor, first, limit, read_cursor, scan, subject},
    types::{
        ContributionInfo, ContributorInfo, ContributorQuery, DatanetInfo, InclusionProof,
        PayoutInfo, TokenBalance,
    },
};
use crate::{RpcContext, RpcError};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolEvent;
use assay_attribution::{InclusionProver, ProvenLeaves};
use assay_chain::{LogQuery, LogSubject};
use assay_chainspec::predeploys::DATANETS;
use assay_precompiles::contracts::IDatanets::{
    self, Contributed, DatanetCreated, Distributed, datanetCall, headAtCall, rangeCountCall,
};
use std::{collections::BTreeSet, ops::ControlFlow};

/// Contributions looked for at a time.
const BATCH: usize = 1_000;
/// Leaves of a log that proofs are made for: what is read and hashed in seconds.
const MAX_LEAVES: u64 = 1 << 22;
/// Most leaves that one proof is about.
const MAX_INDICES: usize = 65_536;

/// `assay_getDatanet`.
pub(super) fn datanet(
    ctx: &RpcContext,
    id: B256,
    block: BlockId,
) -> Result<Option<DatanetInfo>, RpcError> {
    let mut views = Views::at(ctx, block)?;
    let Some(datanet) = views.try_call(DATANETS, &datanetCall { datanetId: id })? else {
        return Ok(None);
    };
    if datanet.creator.is_zero() {
        return Ok(None);
    }
    let contributions = views.call(DATANETS, &rangeCountCall { datanetId: id })?;
    let created: Option<Found<DatanetCreated>> =
        first(ctx, subject::<DatanetCreated>(DATANETS, Some((1, id)))?)?;
    let (uri, created) = created.map(|found| (found.event.uri, found.place)).unzip();
    Ok(Some(DatanetInfo {
        datanet_id: id,
        creator: datanet.creator,
        curator: datanet.curator,
        size: datanet.size,
        head: datanet.head,
        contributions,
        uri,
        created,
    }))
}

/// The newest events up to a block and behind a page's end, and the end of this page if there are
/// more.
fn newest<E: SolEvent>(
    ctx: &RpcContext,
    subject: LogSubject,
    until: u64,
    past: Option<&Bytes>,
    limit: usize,
) -> Result<(Vec<Found<E>>, Option<Bytes>), RpcError> {
    let query = LogQuery {
        subject,
        blocks: 0..=until,
        past: read_cursor(past)?,
        newest_first: true,
        limit: limit + 1,
    };
    let mut all: Vec<Found<E>> = Vec::new();
    let whole = scan(ctx, query, |found| {
        if all.len() == limit {
            return ControlFlow::Break(());
        }
        all.push(found);
        ControlFlow::Continue(())
    })?;
    let next = all.last().filter(|_| !whole).map(|last| cursor(&last.position));
    Ok((all, next))
}

/// `assay_getContributor`.
pub(super) fn contributor(
    ctx: &RpcContext,
    contributor: Address,
    query: &ContributorQuery,
) -> Result<ContributorInfo, RpcError> {
    let limit = limit(query.limit)?;
    // Balances and what they come from are of one block.
    let head = ctx.head();
    let by_contributor = subject::<Contributed>(DATANETS, Some((2, contributor.into_word())))?;
    let after = query.after_contributions.as_ref();
    let (contributions, next_contributions) =
        newest::<Contributed>(ctx, by_contributor, head.number, after, limit)?;
    let by_payee = LogSubject::contributor(contributor);
    let after = query.after_payouts.as_ref();
    let (payouts, next_payouts) = newest::<Distributed>(ctx, by_payee, head.number, after, limit)?;
    let contributions = contributions
        .into_iter()
        .map(|Found { event, place, .. }| ContributionInfo {
            datanet_id: event.datanetId,
            first_index: event.firstIndex,
            count: event.leafHashes.len() as u64,
            contributed: place,
        })
        .collect();
    let payouts: Vec<_> = payouts.into_iter().map(|found| payout(contributor, found)).collect();
    let tokens: BTreeSet<_> =
        payouts.iter().map(|payout| payout.token).chain([Address::ZERO]).collect();
    let mut views = Views::at(ctx, head.hash().into())?;
    let balances = tokens
        .into_iter()
        .map(|token| {
            let call = IDatanets::balanceOfCall { token, account: contributor };
            Ok(TokenBalance { token, amount: views.call(DATANETS, &call)? })
        })
        .collect::<Result<_, RpcError>>()?;
    Ok(ContributorInfo {
        contributor,
        contributions,
        payouts,
        balances,
        next_contributions,
        next_payouts,
    })
}

/// A contributor's part of a split: one place or several may be theirs.
fn payout(contributor: Address, Found { event, place, .. }: Found<Distributed>) -> PayoutInfo {
    let parts = event.contributors.iter().zip(&event.amounts);
    let amount = parts
        .filter(|(account, _)| **account == contributor)
        .fold(U256::ZERO, |sum, (_, amount)| sum.saturating_add(*amount));
    PayoutInfo {
        request_id: event.requestId,
        datanet_id: event.datanetId,
        token: event.token,
        amount,
        paid: place,
    }
}

/// `assay_getInclusionProof`.
pub(super) fn inclusion_proof(
    ctx: &RpcContext,
    id: B256,
    indices: &[u64],
    size: Option<u64>,
) -> Result<InclusionProof, RpcError> {
    let mut views = Views::at(ctx, BlockId::latest())?;
    let datanet = views
        .try_call(DATANETS, &datanetCall { datanetId: id })?
        .filter(|datanet| !datanet.creator.is_zero())
        .ok_or_else(|| RpcError::params("unknown datanet"))?;
    let size = size.unwrap_or(datanet.size);
    if indices.len() > MAX_INDICES {
        return Err(RpcError::params(format!("more than {MAX_INDICES} indices")));
    }
    if size > MAX_LEAVES {
        return Err(RpcError::params(format!("proofs are made for up to {MAX_LEAVES} leaves")));
    }
    let ascending = indices.windows(2).all(|pair| pair[0] < pair[1]);
    if !ascending || indices.is_empty() || indices.last().is_some_and(|last| *last >= size) {
        return Err(RpcError::params(format!(
            "indices must be strictly ascending and below {size}, and one at least"
        )));
    }
    let log_head = views.call(DATANETS, &headAtCall { datanetId: id, size })?;
    if log_head.is_zero() {
        return Err(RpcError::params(format!("the log never had {size} leaves")));
    }
    let prover = InclusionProver::new(size, indices)
        .ok_or_else(|| RpcError::internal("the log has no such leaves"))?;
    let (prover, starts) = read_leaves(ctx, id, prover)?;
    let ranges = indices
        .iter()
        .map(|index| starts.partition_point(|start| start <= index).saturating_sub(1) as u64)
        .collect();
    let proven =
        prover.finish().ok_or_else(|| RpcError::internal("the index lacks a contribution"))?;
    // Guards against a reorg between the calls above.
    if proven.head != log_head {
        return Err(RpcError::internal(REORGANISED));
    }
    let ProvenLeaves { leaf_hashes, proof, .. } = proven;
    Ok(InclusionProof { log_head, size, indices: indices.to_vec(), leaf_hashes, ranges, proof })
}

/// Reads a log's leaves, as many as the proof asks for, and gives the place of each contribution's
/// first. Contributions are read one after the other: no more than one is held.
fn read_leaves(
    ctx: &RpcContext,
    id: B256,
    mut prover: InclusionProver,
) -> Result<(InclusionProver, Vec<u64>), RpcError> {
    let query = LogQuery {
        subject: subject::<Contributed>(DATANETS, Some((1, id)))?,
        blocks: 0..=ctx.head().number,
        past: None,
        newest_first: false,
        limit: BATCH,
    };
    let mut starts = Vec::new();
    scan::<Contributed>(ctx, query, |Found { event, .. }| {
        starts.push(event.firstIndex);
        for leaf in event.leafHashes {
            prover.push(leaf);
        }
        if prover.missing() == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok((prover, starts))
}
