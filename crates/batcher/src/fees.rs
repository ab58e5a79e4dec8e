//! What L1 transactions offer to pay.

use crate::{TxKind, TxManagerConfig};
use alloy_eips::eip4844::DATA_GAS_PER_BLOB;
use assay_derivation::MAX_BLOB_DATA;

/// L1's prices now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct L1Fees {
    /// Base fee, in wei per gas.
    pub base_fee: u128,
    /// Suggested priority fee, in wei per gas.
    pub tip: u128,
    /// Blob base fee, in wei per blob gas.
    pub blob_base_fee: u128,
}

/// A transaction's fee caps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TxFees {
    /// Fee cap, in wei per gas.
    pub max_fee: u128,
    /// Priority fee, in wei per gas.
    pub tip: u128,
    /// Blob fee cap, in wei per blob gas; of blob transactions alone.
    pub max_blob_fee: Option<u128>,
}

impl TxFees {
    /// What holds through a few full blocks: twice the base fee.
    pub fn suggest(fees: &L1Fees, config: &TxManagerConfig, kind: TxKind) -> Self {
        let tip = fees.tip.max(config.min_tip);
        let base_fee = fees.base_fee.max(config.min_base_fee);
        Self {
            max_fee: base_fee.saturating_mul(2).saturating_add(tip),
            tip,
            max_blob_fee: (kind == TxKind::Blobs)
                .then(|| fees.blob_base_fee.saturating_mul(2).max(config.min_blob_fee)),
        }
    }

    /// The fees of a replacement: what is suggested now, but at least what pools ask for, and one
    /// wei more, as a bump that lands on the threshold is refused by some.
    #[must_use]
    pub fn bumped(&self, suggested: &Self) -> Self {
        let percent = if self.max_blob_fee.is_some() { 100 } else { 10 };
        let least = |old: u128| {
            old.saturating_add(old.saturating_mul(percent).div_ceil(100)).saturating_add(1)
        };
        let tip = suggested.tip.max(least(self.tip));
        Self {
            max_fee: suggested.max_fee.max(least(self.max_fee)).max(tip),
            tip,
            max_blob_fee: self
                .max_blob_fee
                .map(|old| suggested.max_blob_fee.unwrap_or_default().max(least(old))),
        }
    }
}

/// Gas of a transaction with this calldata to an account without code: the intrinsic gas, or the
/// floor of EIP-7623 where it is higher.
pub(crate) fn calldata_gas(data: &[u8]) -> u64 {
    let zeros = data.iter().filter(|byte| **byte == 0).count() as u64;
    let tokens = zeros + 4 * (data.len() as u64 - zeros);
    21_000 + 10 * tokens
}

/// The cheaper way to send a megabyte of compressed data, `blobs` per blob transaction.
pub(crate) fn cheaper(fees: &L1Fees, blobs: usize) -> TxKind {
    let gas_price = fees.base_fee.saturating_add(fees.tip);
    let blobs = blobs.max(1) as u128;
    // Per blob transaction: 21,000 gas and the blobs. Compressed bytes are hardly ever zero.
    let blob_cost = gas_price
        .saturating_mul(21_000)
        .saturating_add(fees.blob_base_fee.saturating_mul(blobs * u128::from(DATA_GAS_PER_BLOB)));
    let calldata_cost = gas_price.saturating_mul(blobs * MAX_BLOB_DATA as u128 * 40);
    if blob_cost <= calldata_cost { TxKind::Blobs } else { TxKind::Calldata }
}

#[cfg(test)]
mod tests {
    use super::{L1Fees, TxFees, calldata_gas, cheaper};
    use crate::{TxKind, TxManagerConfig};
    use proptest::prelude::{any, prop_assert, proptest};

    #[test]
    fn gas_of_calldata() {
        assert_eq!(calldata_gas(&[]), 21_000);
        assert_eq!(calldata_gas(&[1]), 21_040);
        assert_eq!(calldata_gas(&[0]), 21_010);
    }

    #[test]
    fn the_cheaper_way() {
        let fees = |blob_base_fee| L1Fees { base_fee: 10, tip: 1, blob_base_fee };
        assert_eq!(cheaper(&fees(1), 1), TxKind::Blobs);
        assert_eq!(cheaper(&fees(400), 1), TxKind::Blobs);
        assert_eq!(cheaper(&fees(1000), 1), TxKind::Calldata);
    }

    proptest! {
        #[test]
        fn bumps_are_strictly_above_the_threshold(
            max_fee in any::<u64>(), tip in any::<u32>(), blob in proptest::option::of(any::<u64>()),
            base_fee in any::<u64>(),
        ) {
            let old = TxFees {
                max_fee: max_fee.into(),
                tip: tip.into(),
                max_blob_fee: blob.map(Into::into),
            };
            let kind = if blob.is_some() { TxKind::Blobs } else { TxKind::Calldata };
            let now = L1Fees { base_fee: base_fee.into(), tip: 1, blob_base_fee: 1 };
            let new = old.bumped(&TxFees::suggest(&now, &TxManagerConfig::default(), kind));
            let percent = if blob.is_some() { 200 } else { 110 };
            prop_assert!(new.max_fee * 100 > old.max_fee * percent);
            prop_assert!(new.tip * 100 > old.tip * percent);
            prop_assert!(new.max_fee >= new.tip);
            if let (Some(new), Some(old)) = (new.max_blob_fee, old.max_blob_fee) {
                prop_assert!(new * 100 > old * percent);
            }
        }
    }
}
