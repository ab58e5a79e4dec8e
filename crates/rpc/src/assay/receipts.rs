//! Requests and receipts.

use super::{
    contracts::Views,
    found::{REORGANISED, blocks, cursor, first, limit, read_cursor, scan, subject},
    types::{ReceiptInfo, ReceiptPage, ReceiptQuery, RequestInfo, SettledReceipt},
};
use crate::{RpcContext, RpcError};
use alloy_eips::BlockId;
use alloy_primitives::B256;
use assay_chain::{LogQuery, LogSubject};
use assay_chainspec::predeploys::INFERENCE;
use assay_precompiles::contracts::IInference::{self, Settled};
use std::ops::ControlFlow;

/// Receipts read for one page before it is given as it is: a filter that few fit stays cheap.
const MAX_READ: usize = 10_000;

/// `assay_getReceipt`.
pub(super) fn receipt(ctx: &RpcContext, id: B256) -> Result<Option<ReceiptInfo>, RpcError> {
    let mut views = Views::at(ctx, BlockId::latest())?;
    let call = IInference::requestOfCall { requestId: id };
    let Some(request) = views.try_call(INFERENCE, &call)? else { return Ok(None) };
    let state = match request.state {
        IInference::State::Open => "open",
        IInference::State::Settled => "settled",
        IInference::State::Refunded => "refunded",
        _ => return Ok(None),
    };
    // The chain may have gone on since, or back: what is said of a request is of one block.
    let settled = if request.state == IInference::State::Settled {
        let found = first::<Settled>(ctx, subject::<Settled>(INFERENCE, Some((1, id)))?)?;
        Some(found.ok_or_else(|| RpcError::internal(REORGANISED))?)
    } else {
        None
    };
    let request = RequestInfo {
        model_id: request.modelId,
        requester: request.requester,
        token: request.token,
        escrow: request.escrow,
        input_hash: request.inputHash,
        policy_id: request.policyId,
        time: request.time,
        deadline: request.deadline,
        state,
    };
    let receipt = settled.map(|found| SettledReceipt::new(found.event, found.place));
    Ok(Some(ReceiptInfo { request_id: id, request, receipt }))
}

impl ReceiptQuery {
    fn fits(&self, receipt: &IInference::InferenceReceipt) -> bool {
        self.model_id.is_none_or(|model| model == receipt.modelId)
            && self.provider.is_none_or(|provider| provider == receipt.provider)
            && self.requester.is_none_or(|requester| requester == receipt.requester)
    }

    /// The field that is likely to find the fewest.
    fn subject(&self) -> Result<LogSubject, RpcError> {
        let topic = match self {
            Self { requester: Some(requester), .. } => {
                return Ok(LogSubject::requester(*requester));
            }
            Self { provider: Some(provider), .. } => Some((3, provider.into_word())),
            Self { model_id: Some(model), .. } => Some((2, *model)),
            _ => None,
        };
        subject::<Settled>(INFERENCE, topic)
    }
}

/// `assay_getReceipts`.
pub(super) fn page(ctx: &RpcContext, query: &ReceiptQuery) -> Result<ReceiptPage, RpcError> {
    let limit = limit(query.limit)?;
    let search = LogQuery {
        subject: query.subject()?,
        blocks: blocks(ctx, query.from_block, query.to_block)?,
        past: read_cursor(query.after.as_ref())?,
        newest_first: !query.oldest_first,
        limit: limit + 1,
    };
    let (mut receipts, mut read, mut end) = (Vec::new(), 0, None);
    let whole = scan::<Settled>(ctx, search, |found| {
        if receipts.len() == limit || read == MAX_READ {
            return ControlFlow::Break(());
        }
        read += 1;
        end = Some(found.position);
        if query.fits(&found.event.receipt) {
            receipts.push(SettledReceipt::new(found.event, found.place));
        }
        ControlFlow::Continue(())
    })?;
    let next = end.filter(|_| !whole).as_ref().map(cursor);
    Ok(ReceiptPage { receipts, next })
}
