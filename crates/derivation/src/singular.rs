//! Singular batches: one L2 block each.
//!
//! Spec: [batch format](https://specs.optimism.io/protocol/derivation.html#batch-format),
//! [batch queue](https://specs.optimism.io/protocol/derivation.html#batch-queue).

use crate::{
    CheckContext, DerivationError, Validity,
    check::{check_transactions, must_be_empty},
};
use alloy_primitives::{B256, Bytes};
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable};
use assay_chainspec::OpHardforks;

/// The transactions of one L2 block, without its deposits, and where it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct SingularBatch {
    /// Hash of the parent L2 block.
    pub parent_hash: B256,
    /// Number of the L1 origin.
    pub epoch_number: u64,
    /// Hash of the L1 origin.
    pub epoch_hash: B256,
    /// The L2 block's timestamp, in unix seconds.
    pub timestamp: u64,
    /// EIP-2718 encoded transactions, deposits left out.
    pub transactions: Vec<Bytes>,
}

impl SingularBatch {
    /// Decodes a batch without its type byte. Bytes behind it are ignored, as op-node does.
    ///
    /// # Errors
    /// [`DerivationError::Malformed`].
    pub fn decode(mut data: &[u8]) -> Result<Self, DerivationError> {
        <Self as Decodable>::decode(&mut data)
            .map_err(|_| DerivationError::malformed("singular batch", "broken RLP"))
    }

    /// Appends the encoding without the type byte.
    pub fn encode(&self, out: &mut Vec<u8>) {
        Encodable::encode(self, out);
    }

    /// Whether this batch can follow the safe head.
    pub fn check(&self, context: &CheckContext<'_>) -> Validity {
        let CheckContext { config, l1_blocks, safe_head, inclusion, .. } = *context;
        let holocene = config.is_holocene_active_at_timestamp(inclusion.timestamp);
        let Some(epoch) = l1_blocks.first().map(|block| block.info) else {
            return Validity::Undecided;
        };
        let next_timestamp = safe_head.timestamp.saturating_add(config.block_time);
        if self.timestamp > next_timestamp {
            return if holocene { Validity::Drop } else { Validity::Future };
        }
        if self.timestamp < next_timestamp {
            return if holocene { Validity::Past } else { Validity::Drop };
        }
        if self.parent_hash != safe_head.hash {
            return Validity::Drop;
        }
        if self.epoch_number.saturating_add(config.seq_window_size) < inclusion.number {
            return Validity::Drop;
        }

        let origin = if self.epoch_number == epoch.number {
            epoch
        } else if epoch.number.checked_add(1) == Some(self.epoch_number) {
            // Without the next L1 block the answer could differ from that of a node that has it.
            let Some(next) = l1_blocks.get(1) else { return Validity::Undecided };
            next.info
        } else {
            return Validity::Drop;
        };
        if self.epoch_hash != origin.hash || self.timestamp < origin.timestamp {
            return Validity::Drop;
        }

        let drift = config.max_sequencer_drift_at(origin.timestamp);
        if self.timestamp > origin.timestamp.saturating_add(drift) {
            if !self.transactions.is_empty() {
                return Validity::Drop;
            }
            // An empty batch beyond the drift is right only while the next origin is still ahead.
            if epoch.number == origin.number {
                match l1_blocks.get(1) {
                    None => return Validity::Undecided,
                    Some(next) if self.timestamp >= next.info.timestamp => return Validity::Drop,
                    Some(_) => {}
                }
            }
        }

        if must_be_empty(config, self.timestamp) && !self.transactions.is_empty() {
            return Validity::Drop;
        }
        check_transactions(config, self.timestamp, &self.transactions)
    }
}

#[cfg(test)]
mod tests {
    use super::SingularBatch;
    use alloy_primitives::B256;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn round_trips(
            parent in any::<[u8; 32]>(),
            epoch in any::<[u8; 32]>(),
            epoch_number in any::<u64>(),
            timestamp in any::<u64>(),
            transactions in proptest::collection::vec(
                proptest::collection::vec(any::<u8>(), 0..70), 0..5),
        ) {
            let batch = SingularBatch {
                parent_hash: B256::from(parent),
                epoch_number,
                epoch_hash: B256::from(epoch),
                timestamp,
                transactions: transactions.into_iter().map(Into::into).collect(),
            };
            let mut out = Vec::new();
            batch.encode(&mut out);
            prop_assert_eq!(SingularBatch::decode(&out).unwrap(), batch);
            out.push(0);
            prop_assert!(SingularBatch::decode(&out).is_ok(), "trailing bytes");
            out.truncate(out.len() - 2);
            prop_assert!(SingularBatch::decode(&out).is_err(), "cut off");
        }

        #[test]
        fn arbitrary_bytes_never_panic(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = SingularBatch::decode(&data);
        }
    }
}
