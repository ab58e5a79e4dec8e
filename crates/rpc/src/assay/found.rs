//! Logs of the predeploys, found by the index.

use super::types::LogPlace;
use crate::{RpcContext, RpcError};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{Address, B256, Bytes, Log};
use alloy_sol_types::SolEvent;
use assay_chain::{LogPosition, LogQuery, LogSubject};
use assay_evm::{Receipt, RecoveredBlock};
use std::{
    ops::{ControlFlow, RangeInclusive},
    time::Instant,
};

/// Items of a list where none are asked for.
const DEFAULT_LIMIT: usize = 100;
/// Most items of a list.
const MAX_LIMIT: usize = 1_000;
/// Positions asked of the index at a time, after those that are asked for first.
const BATCH: usize = 1_000;

/// What was read before and after a reorganisation does not fit together.
pub(super) const REORGANISED: &str = "the chain changed while it was read: ask again";

/// How many items to give.
pub(super) fn limit(asked: Option<usize>) -> Result<usize, RpcError> {
    match asked.unwrap_or(DEFAULT_LIMIT) {
        0 => Err(RpcError::params("limit is 0")),
        limit if limit > MAX_LIMIT => {
            Err(RpcError::params(format!("limit is over {MAX_LIMIT}: ask for pages")))
        }
        limit => Ok(limit),
    }
}

/// The block numbers that a range stands for. One that ends with the head, and begins beyond it,
/// has nothing in it yet: who follows the chain by asking for what is new need not mind.
pub(super) fn blocks(
    ctx: &RpcContext,
    from: Option<BlockNumberOrTag>,
    to: Option<BlockNumberOrTag>,
) -> Result<RangeInclusive<u64>, RpcError> {
    let number = |tag| ctx.number_of_tag(tag).ok_or_else(|| RpcError::BlockNotFound(tag.into()));
    let from = number(from.unwrap_or(BlockNumberOrTag::Earliest))?;
    let to = match to.unwrap_or_default() {
        tag @ (BlockNumberOrTag::Latest | BlockNumberOrTag::Pending) => number(tag)?.max(from),
        tag => number(tag)?,
    };
    if from > to {
        return Err(RpcError::params("invalid block range params"));
    }
    Ok(from..=to)
}

/// A position as a page's end: block, log and transaction index.
pub(super) fn cursor(position: &LogPosition) -> Bytes {
    let mut bytes = position.block.to_be_bytes().to_vec();
    bytes.extend(position.log.to_be_bytes());
    bytes.extend(position.transaction.to_be_bytes());
    bytes.into()
}

/// Reads a page's end.
pub(super) fn read_cursor(bytes: Option<&Bytes>) -> Result<Option<LogPosition>, RpcError> {
    let Some(bytes) = bytes else { return Ok(None) };
    let read = || {
        let (block, rest) = bytes.split_first_chunk::<8>()?;
        let (log, transaction) = rest.split_first_chunk::<4>()?;
        Some(LogPosition {
            block: u64::from_be_bytes(*block),
            log: u32::from_be_bytes(*log),
            transaction: u32::from_be_bytes(transaction.try_into().ok()?),
        })
    };
    read().map(Some).ok_or_else(|| RpcError::params("malformed page end"))
}

/// A subject of an event of a predeploy: all of its logs, or those with a topic.
pub(super) fn subject<E: SolEvent>(
    contract: Address,
    topic: Option<(u8, B256)>,
) -> Result<LogSubject, RpcError> {
    let subject = match topic {
        Some((position, value)) => LogSubject::topic(contract, E::SIGNATURE_HASH, position, value),
        None => LogSubject::event(contract, E::SIGNATURE_HASH),
    };
    subject.ok_or_else(|| RpcError::internal("not a predeploy's event"))
}

/// An event of a predeploy and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Found<E> {
    pub(super) event: E,
    pub(super) place: LogPlace,
    pub(super) position: LogPosition,
}

/// Gives `take` the events that a query finds, in its order, until `take` has enough; whether it
/// had all of them. `query.limit` is how many are looked for at first.
///
/// The chain may change between the index's answer and the reading of a log: what is not there any
/// more, or is another log now, is left out.
///
/// # Errors
/// Besides faults, -32000 where it takes longer than any call may.
pub(super) fn scan<E: SolEvent>(
    ctx: &RpcContext,
    mut query: LogQuery,
    mut take: impl FnMut(Found<E>) -> ControlFlow<()>,
) -> Result<bool, RpcError> {
    let (begun, limit) = (Instant::now(), ctx.config.call_timeout);
    let mut last: Option<(u64, std::sync::Arc<RecoveredBlock>, std::sync::Arc<Vec<Receipt>>)> =
        None;
    loop {
        let positions = ctx.chain.logs_of(&query).map_err(RpcError::internal)?;
        for position in &positions {
            if begun.elapsed() > limit {
                return Err(RpcError::TimedOut(limit));
            }
            if last.as_ref().is_none_or(|(number, ..)| *number != position.block) {
                let Some(block) = ctx.find_block(position.block.into())? else { continue };
                let receipts = ctx.receipts(block.hash())?;
                last = Some((position.block, block, receipts));
            }
            let Some((_, block, receipts)) = &last else { continue };
            let found = log_at(receipts, position)
                .filter(|log| LogSubject::all_of(log).contains(&query.subject))
                .and_then(|log| event_of(block, log, *position));
            if let Some(found) = found
                && take(found).is_break()
            {
                return Ok(false);
            }
        }
        if positions.len() < query.limit {
            return Ok(true);
        }
        query.past = positions.last().copied();
        query.limit = BATCH;
    }
}

/// The first event that a subject finds.
pub(super) fn first<E: SolEvent>(
    ctx: &RpcContext,
    subject: LogSubject,
) -> Result<Option<Found<E>>, RpcError> {
    let blocks = 0..=ctx.head().number;
    one(ctx, LogQuery { subject, blocks, past: None, newest_first: false, limit: 1 })
}

/// The newest event up to a block that a subject finds.
pub(super) fn newest<E: SolEvent>(
    ctx: &RpcContext,
    subject: LogSubject,
    until: u64,
) -> Result<Option<Found<E>>, RpcError> {
    one(ctx, LogQuery { subject, blocks: 0..=until, past: None, newest_first: true, limit: 1 })
}

fn one<E: SolEvent>(ctx: &RpcContext, query: LogQuery) -> Result<Option<Found<E>>, RpcError> {
    let mut one = None;
    scan(ctx, query, |found| {
        one = Some(found);
        ControlFlow::Break(())
    })?;
    Ok(one)
}

/// The event at a position of a block.
pub(super) fn event_at<E: SolEvent>(
    block: &RecoveredBlock,
    receipts: &[Receipt],
    position: LogPosition,
) -> Option<Found<E>> {
    event_of(block, log_at(receipts, &position)?, position)
}

/// The log at a position of a block, if it is its transaction's.
fn log_at<'a>(receipts: &'a [Receipt], position: &LogPosition) -> Option<&'a Log> {
    let (before, rest) = receipts.split_at_checked(position.transaction as usize)?;
    let before: usize = before.iter().map(|receipt| receipt.logs().len()).sum();
    rest.first()?.logs().get((position.log as usize).checked_sub(before)?)
}

fn event_of<E: SolEvent>(
    block: &RecoveredBlock,
    log: &Log,
    position: LogPosition,
) -> Option<Found<E>> {
    let event = decode(log)?;
    let transaction = block.body().transactions.get(position.transaction as usize)?;
    let place = LogPlace {
        block_number: position.block,
        block_hash: block.hash(),
        block_timestamp: block.header().timestamp,
        transaction_hash: transaction.tx_hash(),
        log_index: position.log,
    };
    Some(Found { event, place, position })
}

fn decode<E: SolEvent>(log: &Log) -> Option<E> {
    E::decode_raw_log_validate(log.topics().iter().copied(), &log.data.data).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_ends_come_back() {
        let position = LogPosition { block: 7, log: 1 << 20, transaction: 3 };
        assert_eq!(read_cursor(Some(&cursor(&position))).unwrap(), Some(position));
        assert_eq!(read_cursor(None).unwrap(), None);
        for length in [0, 8, 15, 17] {
            assert!(read_cursor(Some(&Bytes::from(vec![0; length]))).is_err());
        }
    }
}
