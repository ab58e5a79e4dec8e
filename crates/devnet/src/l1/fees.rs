//! What a sender has to pay: suggestions and history.

use super::chain::{L1, L1Block};
use crate::L1Error;
use alloy_consensus::Transaction;
use alloy_primitives::U256;
use alloy_rpc_types_eth::{BlockNumberOrTag, FeeHistory};

/// The tip that is suggested while blocks have room: one gwei.
const SUGGESTED_TIP: u128 = 1_000_000_000;
/// The most blocks that one request gets.
const MAX_HISTORY: u64 = 1024;

impl L1 {
    /// The tip to pay, in wei per gas.
    pub const fn suggested_tip(&self) -> u128 {
        SUGGESTED_TIP
    }

    /// The gas price to pay, in wei per gas.
    pub fn gas_price(&self) -> U256 {
        U256::from(u128::from(self.next_fees().0).saturating_add(SUGGESTED_TIP))
    }

    /// The next block's blob base fee, in wei per blob gas.
    pub fn blob_base_fee(&self) -> u128 {
        self.next_fees().1
    }

    /// Fees of past blocks and of the next one.
    ///
    /// # Errors
    /// An unknown newest block, percentiles that do not ascend from 0 to 100.
    pub fn fee_history(
        &self,
        count: u64,
        newest: BlockNumberOrTag,
        percentiles: &[f64],
    ) -> Result<FeeHistory, L1Error> {
        let ascending = percentiles.is_sorted();
        if !ascending || percentiles.iter().any(|value| !(0.0..=100.0).contains(value)) {
            return Err(L1Error::Request("invalid reward percentile".into()));
        }
        let newest = self.resolve(newest);
        if newest > self.head_number() {
            return Err(L1Error::UnknownBlock);
        }
        let count = count.clamp(1, MAX_HISTORY).min(newest + 1);
        let oldest = newest + 1 - count;
        let params = self.config.blob_params();
        let mut history = FeeHistory { oldest_block: oldest, ..Default::default() };
        let mut rewards = Vec::new();
        for block in (oldest..=newest).filter_map(|number| self.block_by_number(number)) {
            let header = &block.header;
            history.base_fee_per_gas.push(header.base_fee_per_gas.unwrap_or_default().into());
            history.gas_used_ratio.push(header.gas_used as f64 / header.gas_limit as f64);
            history
                .base_fee_per_blob_gas
                .push(params.calc_blob_fee(header.excess_blob_gas.unwrap_or_default()));
            let blob_gas = header.blob_gas_used.unwrap_or_default();
            history
                .blob_gas_used_ratio
                .push(blob_gas as f64 / params.max_blob_gas_per_block() as f64);
            rewards.push(block_rewards(block, percentiles));
        }
        let (base_fee, blob_fee) = match self.block_by_number(newest + 1) {
            Some(next) => (
                next.header.base_fee_per_gas.unwrap_or_default(),
                params.calc_blob_fee(next.header.excess_blob_gas.unwrap_or_default()),
            ),
            None => self.next_fees(),
        };
        history.base_fee_per_gas.push(base_fee.into());
        history.base_fee_per_blob_gas.push(blob_fee);
        history.reward = (!percentiles.is_empty()).then_some(rewards);
        Ok(history)
    }
}

/// The tips at these percentiles of a block's gas.
fn block_rewards(block: &L1Block, percentiles: &[f64]) -> Vec<u128> {
    let base_fee = block.header.base_fee_per_gas.unwrap_or_default();
    let mut before = 0;
    let mut tips: Vec<(u128, u64)> = Vec::with_capacity(block.transactions.len());
    for (transaction, receipt) in block.transactions.iter().zip(&block.receipts) {
        let gas = receipt.cumulative_gas_used() - before;
        before = receipt.cumulative_gas_used();
        tips.push((transaction.effective_tip_per_gas(base_fee).unwrap_or_default(), gas));
    }
    tips.sort_unstable();
    percentiles
        .iter()
        .map(|percentile| {
            let threshold = block.header.gas_used as f64 * percentile / 100.0;
            let mut sum = 0;
            let reached = tips.iter().find(|(_, gas)| {
                sum += gas;
                sum as f64 >= threshold
            });
            reached.or(tips.last()).map_or(0, |(tip, _)| *tip)
        })
        .collect()
}
