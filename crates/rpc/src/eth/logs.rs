//! Logs by filter: `eth_getLogs` and what filters and subscriptions share with it.

use crate::{RpcContext, RpcError};
use alloy_consensus::BlockHeader;
use alloy_eips::BlockNumHash;
use alloy_primitives::B256;
use alloy_rpc_types_eth::{BlockNumberOrTag, Filter, FilterBlockOption, Log};
use assay_evm::{Receipt, RecoveredBlock};

/// `eth_getLogs`.
pub(crate) fn query(ctx: &RpcContext, filter: &Filter) -> Result<Vec<Log>, RpcError> {
    match filter.block_option {
        FilterBlockOption::AtBlockHash(hash) => at_hash(ctx, filter, hash),
        FilterBlockOption::Range { from_block, to_block } => {
            // The pending block is the head: a range that starts after it is empty.
            if from_block.is_some_and(|tag| tag.is_pending())
                && to_block.is_some_and(|tag| !tag.is_pending() && !tag.is_number())
            {
                return Ok(Vec::new());
            }
            let head = ctx.head().number();
            let number = |tag: Option<BlockNumberOrTag>| tag.and_then(|tag| ctx.number_of_tag(tag));
            let (from, to) = (number(from_block), number(to_block));
            if to.is_some_and(|to| to > head) {
                return Err(beyond_head());
            }
            if from.is_some_and(|from| from > head) {
                return Ok(Vec::new());
            }
            range(ctx, filter, from.unwrap_or(head), to.unwrap_or(head))
        }
    }
}

fn beyond_head() -> RpcError {
    RpcError::params("block range extends beyond current head block")
}

fn at_hash(ctx: &RpcContext, filter: &Filter, hash: B256) -> Result<Vec<Log>, RpcError> {
    let block = ctx.block(hash.into())?;
    let receipts = ctx.receipts(hash)?;
    let mut logs = Vec::new();
    matching(&mut logs, filter, &block, &receipts, false);
    Ok(logs)
}

/// The matching logs of the canonical blocks `from..=to`.
pub(crate) fn range(
    ctx: &RpcContext,
    filter: &Filter,
    from: u64,
    to: u64,
) -> Result<Vec<Log>, RpcError> {
    if from > to {
        return Err(RpcError::params("invalid block range params"));
    }
    if to > ctx.head().number() {
        return Err(beyond_head());
    }
    let most_blocks = ctx.config.max_blocks_per_filter;
    if most_blocks != 0 && to - from > most_blocks {
        return Err(RpcError::InvalidParams(format!(
            "query exceeds max block range {most_blocks}"
        )));
    }
    let most_logs = ctx.config.max_logs_per_response;
    let mut logs = Vec::new();
    for number in from..=to {
        let header = ctx.header(number.into())?;
        if !filter.matches_bloom(header.logs_bloom()) {
            continue;
        }
        let hash = header.hash();
        let block = ctx.block(hash.into())?;
        let receipts = ctx.receipts(hash)?;
        matching(&mut logs, filter, &block, &receipts, false);
        // One block is always answered whole: there is no smaller range to retry with.
        if most_logs != 0 && logs.len() > most_logs && from != to {
            return Err(RpcError::InvalidParams(format!(
                "query exceeds max results {most_logs}, retry with the range {from}-{}",
                number.saturating_sub(1).max(from)
            )));
        }
    }
    Ok(logs)
}

/// Appends the logs of one block that match.
pub(crate) fn matching(
    logs: &mut Vec<Log>,
    filter: &Filter,
    block: &RecoveredBlock,
    receipts: &[Receipt],
    removed: bool,
) {
    let header = block.header();
    if !filter.matches_block(&BlockNumHash::new(header.number(), block.hash())) {
        return;
    }
    let mut log_index = 0;
    let transactions = &block.body().transactions;
    for (index, (transaction, receipt)) in transactions.iter().zip(receipts).enumerate() {
        for log in receipt.logs() {
            if filter.matches(log) {
                logs.push(Log {
                    inner: log.clone(),
                    block_hash: Some(block.hash()),
                    block_number: Some(header.number()),
                    block_timestamp: Some(header.timestamp()),
                    transaction_hash: Some(transaction.tx_hash()),
                    transaction_index: Some(index as u64),
                    log_index: Some(log_index),
                    removed,
                });
            }
            log_index += 1;
        }
    }
}
