//! Limits on what the sequencer may add while batches pile up.

use crate::ThrottleConfig;

/// Limits for `miner_setMaxDASize`, in estimated compressed bytes; 0: none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaLimits {
    /// Per transaction.
    pub transaction: u64,
    /// Per block.
    pub block: u64,
}

impl ThrottleConfig {
    /// The limits at a backlog of this many bytes: linear between the thresholds.
    pub fn limits(&self, backlog: u64) -> DaLimits {
        if backlog <= self.lower_threshold {
            return DaLimits { transaction: 0, block: self.block_size.0 };
        }
        let range = self.upper_threshold.saturating_sub(self.lower_threshold).max(1);
        let over = (backlog - self.lower_threshold).min(range);
        let between = |(from, to): (u64, u64)| {
            let drop = u128::from(from.saturating_sub(to)) * u128::from(over) / u128::from(range);
            from.saturating_sub(drop as u64)
        };
        DaLimits { transaction: between(self.transaction_size), block: between(self.block_size) }
    }
}

#[cfg(test)]
mod tests {
    use super::{DaLimits, ThrottleConfig};

    #[test]
    fn limits_fall_between_the_thresholds() {
        let throttle = ThrottleConfig::default();
        let limits = |backlog| throttle.limits(backlog);
        assert_eq!(limits(0), DaLimits { transaction: 0, block: 130_000 });
        assert_eq!(limits(3_200_000), DaLimits { transaction: 0, block: 130_000 });
        assert_eq!(limits(3_200_001), DaLimits { transaction: 20_000, block: 130_000 });
        assert_eq!(limits(8_000_000), DaLimits { transaction: 10_075, block: 66_000 });
        assert_eq!(limits(12_800_000), DaLimits { transaction: 150, block: 2_000 });
        assert_eq!(limits(u64::MAX), DaLimits { transaction: 150, block: 2_000 });
    }
}
