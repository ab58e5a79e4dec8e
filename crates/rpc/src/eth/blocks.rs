//! Blocks, headers, and what is in them.

use crate::{
    RpcContext, RpcError,
    eth::{
        receipts, types,
        types::{RpcBlock, RpcHeader, RpcReceipt, RpcTransaction},
    },
};
use alloy_consensus::{BlockHeader, Transaction as _};
use alloy_eips::{BlockId, Encodable2718};
use alloy_primitives::{Address, B256, Bytes};
use assay_evm::{Receipt, RecoveredBlock, Transaction};
use std::sync::Arc;

pub(crate) fn block(
    ctx: &RpcContext,
    id: BlockId,
    full: bool,
) -> Result<Option<RpcBlock>, RpcError> {
    let Some(block) = ctx.find_block(id)? else { return Ok(None) };
    if full {
        let receipts = ctx.receipts(block.hash())?;
        Ok(Some(types::block_with_transactions(&block, &receipts)))
    } else {
        Ok(Some(types::block_with_hashes(&block)))
    }
}

pub(crate) fn header(ctx: &RpcContext, id: BlockId) -> Result<Option<RpcHeader>, RpcError> {
    Ok(ctx.find_block(id)?.map(|block| types::header(&block)))
}

pub(crate) fn transaction_count(ctx: &RpcContext, id: BlockId) -> Result<Option<usize>, RpcError> {
    Ok(ctx.find_block(id)?.map(|block| block.body().transactions.len()))
}

pub(crate) fn block_receipts(
    ctx: &RpcContext,
    id: BlockId,
) -> Result<Option<Vec<RpcReceipt>>, RpcError> {
    let Some(block) = ctx.find_block(id)? else { return Ok(None) };
    receipts::of_block(ctx, &block).map(Some)
}

pub(crate) fn transaction_at(
    ctx: &RpcContext,
    id: BlockId,
    index: usize,
) -> Result<Option<RpcTransaction>, RpcError> {
    let Some(block) = ctx.find_block(id)? else { return Ok(None) };
    in_block(ctx, &block, index)
}

pub(crate) fn raw_transaction_at(
    ctx: &RpcContext,
    id: BlockId,
    index: usize,
) -> Result<Option<Bytes>, RpcError> {
    let Some(block) = ctx.find_block(id)? else { return Ok(None) };
    Ok(block.body().transactions.get(index).map(|tx| tx.encoded_2718().into()))
}

/// From the chain, else from the pool.
pub(crate) fn transaction(
    ctx: &RpcContext,
    hash: B256,
) -> Result<Option<RpcTransaction>, RpcError> {
    match ctx.locate(hash)? {
        Some((at, block)) => in_block(ctx, &block, at.index as usize),
        None => Ok(ctx.pooled(hash).map(types::pending_transaction)),
    }
}

/// From the chain, else from the pool.
pub(crate) fn raw_transaction(ctx: &RpcContext, hash: B256) -> Result<Option<Bytes>, RpcError> {
    if let Some((at, block)) = ctx.locate(hash)? {
        let transaction = block.body().transactions.get(at.index as usize);
        return Ok(transaction.map(|tx| tx.encoded_2718().into()));
    }
    Ok(ctx.pooled(hash).map(|tx| tx.encoded_2718().into()))
}

/// Looks for the block after which the sender's nonce is the next one, by halving.
pub(crate) fn transaction_by_nonce(
    ctx: &RpcContext,
    sender: Address,
    nonce: u64,
) -> Result<Option<RpcTransaction>, RpcError> {
    let used = |number: u64| -> Result<bool, RpcError> {
        let state = ctx.state(number.into())?;
        let account = state.account(sender).map_err(RpcError::internal)?;
        Ok(account.is_some_and(|account| account.nonce > nonce))
    };
    let (mut before, mut after) = (ctx.spec().genesis_header().number(), ctx.head().number());
    if used(before)? {
        return Ok(None);
    }
    if !used(after)? {
        let pooled = ctx.pool.by_sender(sender).into_iter().find(|tx| tx.nonce() == nonce);
        return Ok(pooled.map(types::pending_transaction));
    }
    while before + 1 < after {
        let middle = before + (after - before) / 2;
        if used(middle)? {
            after = middle;
        } else {
            before = middle;
        }
    }
    let block = ctx.block(after.into())?;
    let receipts = ctx.receipts(block.hash())?;
    let nonce_of = |index: usize, transaction: &Transaction| {
        receipts.get(index).and_then(Receipt::deposit_nonce).unwrap_or_else(|| transaction.nonce())
    };
    let index = block
        .transactions_with_sender()
        .enumerate()
        .position(|(index, (from, tx))| *from == sender && nonce_of(index, tx) == nonce);
    Ok(index.and_then(|index| types::transaction_in_block(&block, index, receipts.get(index))))
}

fn in_block(
    ctx: &RpcContext,
    block: &Arc<RecoveredBlock>,
    index: usize,
) -> Result<Option<RpcTransaction>, RpcError> {
    let Some(transaction) = block.body().transactions.get(index) else { return Ok(None) };
    // Deposits alone take their nonce from the receipt.
    if !transaction.is_deposit() {
        return Ok(types::transaction_in_block(block, index, None));
    }
    let receipts = ctx.receipts(block.hash())?;
    Ok(types::transaction_in_block(block, index, receipts.get(index)))
}
