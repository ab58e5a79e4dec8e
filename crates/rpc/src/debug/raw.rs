//! Encoded blocks, headers, transactions and receipts.

use crate::{RpcContext, RpcError};
use alloy_eips::{BlockId, Encodable2718};
use alloy_primitives::Bytes;

pub(crate) fn header(ctx: &RpcContext, id: BlockId) -> Result<Bytes, RpcError> {
    Ok(alloy_rlp::encode(ctx.header(id)?.inner()).into())
}

pub(crate) fn block(ctx: &RpcContext, id: BlockId) -> Result<Bytes, RpcError> {
    Ok(alloy_rlp::encode(ctx.block(id)?.sealed_block()).into())
}

pub(crate) fn transactions(ctx: &RpcContext, id: BlockId) -> Result<Vec<Bytes>, RpcError> {
    // op-reth answers an unknown block with an empty list.
    let Some(block) = ctx.find_block(id)? else { return Ok(Vec::new()) };
    Ok(block.body().transactions.iter().map(|tx| tx.encoded_2718().into()).collect())
}

pub(crate) fn receipts(ctx: &RpcContext, id: BlockId) -> Result<Vec<Bytes>, RpcError> {
    // As for transactions.
    let Some(hash) = ctx.hash_of(id)? else { return Ok(Vec::new()) };
    let receipts = ctx.receipts(hash)?;
    Ok(receipts.iter().map(|receipt| receipt.encoded_2718().into()).collect())
}
