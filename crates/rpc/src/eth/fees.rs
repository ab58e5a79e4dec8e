//! Gas prices and their history.

use crate::{RpcContext, RpcError};
use alloy_consensus::{BlockHeader, Header, Transaction as _};
use alloy_eips::{BlockNumberOrTag, eip7840::BlobParams};
use alloy_primitives::U256;
use alloy_rpc_types_eth::FeeHistory;
use assay_chainspec::{EthereumHardforks, OpHardforks};
use assay_evm::{Receipt, RecoveredBlock, next_base_fee};

/// Blocks in one `eth_feeHistory`.
const MAX_HISTORY: u64 = 1024;
/// Reward percentiles in one `eth_feeHistory`.
const MAX_PERCENTILES: usize = 100;
/// No suggestion is above this, in wei.
const MAX_SUGGESTION: u128 = 500_000_000_000;
/// Rewards of recent blocks are known in steps of a quarter of a percent: op-reth keeps them so,
/// and answers are compared with it.
const STEPS_PER_PERCENT: f64 = 4.0;

/// The priority fee to offer: the configured least one, unless the last block had no room for
/// another transaction as large as its largest; then a tenth above its median.
pub(crate) fn suggested_tip(ctx: &RpcContext) -> Result<u128, RpcError> {
    let head = ctx.head();
    let least = ctx.config.min_suggested_priority_fee;
    let block = ctx.block(head.hash().into())?;
    let receipts = ctx.receipts(head.hash())?;
    let mut before = 0;
    let mut largest = 0;
    for receipt in receipts.iter() {
        largest = largest.max(receipt.cumulative_gas_used().saturating_sub(before));
        before = receipt.cumulative_gas_used();
    }
    let full = head.gas_used().saturating_add(largest) > head.gas_limit();
    let suggestion = match median_tip(&block) {
        Some(median) if full => least.max(median.saturating_add(median / 10)),
        _ => least,
    };
    Ok(suggestion.min(MAX_SUGGESTION))
}

fn median_tip(block: &RecoveredBlock) -> Option<u128> {
    let base_fee = block.header().base_fee_per_gas().unwrap_or_default();
    let mut tips: Vec<u128> = block
        .body()
        .transactions
        .iter()
        .filter_map(|tx| tx.effective_tip_per_gas(base_fee))
        .collect();
    tips.sort_unstable();
    let middle = tips.len() / 2;
    match tips.len() {
        0 => None,
        odd if odd % 2 == 1 => tips.get(middle).copied(),
        _ => Some(tips[middle - 1].saturating_add(tips[middle]) / 2),
    }
}

pub(crate) fn gas_price(ctx: &RpcContext) -> Result<U256, RpcError> {
    let base_fee = ctx.head().base_fee_per_gas().unwrap_or_default();
    Ok(U256::from(base_fee) + U256::from(suggested_tip(ctx)?))
}

/// The next block's blob base fee. No blobs exist on an OP chain, yet the header fields do.
pub(crate) fn blob_base_fee(ctx: &RpcContext) -> Result<U256, RpcError> {
    let head = ctx.head();
    next_blob_fee(&head, blob_params(ctx, head.timestamp()))
        .map(U256::from)
        .ok_or_else(|| RpcError::internal("excess blob gas missing in the head after Cancun"))
}

pub(crate) fn base_fee(ctx: &RpcContext) -> Option<U256> {
    let head = ctx.head();
    next_base_fee(ctx.spec(), &head, head.timestamp()).map(U256::from)
}

fn blob_params(ctx: &RpcContext, timestamp: u64) -> Option<BlobParams> {
    let spec = ctx.spec();
    if spec.is_osaka_active_at_timestamp(timestamp) {
        Some(BlobParams::osaka())
    } else if spec.is_prague_active_at_timestamp(timestamp) {
        Some(BlobParams::prague())
    } else if spec.is_ecotone_active_at_timestamp(timestamp) {
        Some(BlobParams::cancun())
    } else {
        None
    }
}

fn next_blob_fee(header: &Header, params: Option<BlobParams>) -> Option<u128> {
    header.maybe_next_block_blob_fee(params)
}

pub(crate) fn fee_history(
    ctx: &RpcContext,
    count: u64,
    newest: BlockNumberOrTag,
    percentiles: Option<Vec<f64>>,
) -> Result<FeeHistory, RpcError> {
    if count == 0 {
        return Ok(FeeHistory::default());
    }
    if let Some(percentiles) = &percentiles {
        let in_order = percentiles.windows(2).all(|pair| pair[0] <= pair[1]);
        let in_range = percentiles.iter().all(|percentile| (0.0..=100.0).contains(percentile));
        if percentiles.len() > MAX_PERCENTILES || !in_order || !in_range {
            return Err(RpcError::params("invalid reward percentiles"));
        }
    }
    let head = ctx.head().number();
    if let BlockNumberOrTag::Number(requested) = newest
        && requested > head
    {
        return Err(RpcError::InvalidParams(format!(
            "request beyond head block: requested {requested}, head {head}"
        )));
    }
    let last = ctx.number_of_tag(newest).ok_or(RpcError::BlockNotFound(newest.into()))?;
    let count = count.min(MAX_HISTORY).min(last.saturating_add(1));
    let first = last + 1 - count;

    let mut history = FeeHistory { oldest_block: first, ..Default::default() };
    let mut rewards = Vec::new();
    for number in first..=last {
        let block = ctx.block(number.into())?;
        let header = block.header();
        let params = blob_params(ctx, header.timestamp());
        let limits = params.unwrap_or_else(BlobParams::cancun);
        history.base_fee_per_gas.push(header.base_fee_per_gas().unwrap_or_default().into());
        history.gas_used_ratio.push(ratio(header.gas_used(), header.gas_limit()));
        history.base_fee_per_blob_gas.push(header.blob_fee(limits).unwrap_or_default());
        // The header's field counts data availability, not blobs: there are none.
        history.blob_gas_used_ratio.push(0.0);
        if let Some(percentiles) = &percentiles {
            let receipts = ctx.receipts(block.hash())?;
            rewards.push(block_rewards(&block, &receipts, percentiles));
        }
        if number == last {
            let next = next_base_fee(ctx.spec(), header, header.timestamp()).unwrap_or_default();
            history.base_fee_per_gas.push(next.into());
            history.base_fee_per_blob_gas.push(next_blob_fee(header, params).unwrap_or_default());
        }
    }
    history.reward = percentiles.map(|_| rewards);
    Ok(history)
}

fn ratio(used: u64, limit: u64) -> f64 {
    if limit == 0 { 0.0 } else { used as f64 / limit as f64 }
}

/// The tips at these percentiles of the block's gas, by ascending tip.
fn block_rewards(block: &RecoveredBlock, receipts: &[Receipt], percentiles: &[f64]) -> Vec<u128> {
    let base_fee = block.header().base_fee_per_gas().unwrap_or_default();
    let mut before = 0;
    let mut tips: Vec<(u128, u64)> = block
        .body()
        .transactions
        .iter()
        .zip(receipts)
        .map(|(tx, receipt)| {
            let gas = receipt.cumulative_gas_used().saturating_sub(before);
            before = receipt.cumulative_gas_used();
            (tx.effective_tip_per_gas(base_fee).unwrap_or_default(), gas)
        })
        .collect();
    tips.sort_by_key(|(tip, _)| *tip);
    let Some((_, first_gas)) = tips.first() else { return vec![0; percentiles.len()] };
    let mut at = 0;
    let mut gas = *first_gas;
    percentiles
        .iter()
        .map(|percentile| {
            let step = (percentile * STEPS_PER_PERCENT).round() / STEPS_PER_PERCENT;
            let threshold = (block.header().gas_used() as f64 * step / 100.0) as u64;
            while gas < threshold && at + 1 < tips.len() {
                at += 1;
                gas = gas.saturating_add(tips[at].1);
            }
            tips[at].0
        })
        .collect()
}
