//! Validity of span batches.
//!
//! Spec: [batch queue](https://specs.optimism.io/protocol/delta/span-batches.html#batch-queue),
//! [Holocene](https://specs.optimism.io/protocol/holocene/derivation.html#span-batches).

use super::SpanBatch;
use crate::{
    CheckContext, L2BlockInfo, Validity,
    check::{check_transactions, must_be_empty},
};
use assay_chainspec::OpHardforks;

impl SpanBatch {
    /// All rules, for the span as a whole: before Holocene.
    pub fn check(&self, context: &CheckContext<'_>) -> Validity {
        let parent = match self.check_parent(context) {
            Ok(parent) => parent,
            Err(validity) => return validity,
        };
        let validity = self.check_new_blocks(context, &parent);
        if validity != Validity::Accept {
            return validity;
        }
        self.check_overlap(context, &parent)
    }

    /// The rules for the span's frame, before its blocks are taken one by one: from Holocene on.
    pub fn check_prefix(&self, context: &CheckContext<'_>) -> Validity {
        match self.check_parent(context) {
            Ok(_) => Validity::Accept,
            Err(validity) => validity,
        }
    }

    /// The prefix rules; gives the block that the span builds on.
    fn check_parent(&self, context: &CheckContext<'_>) -> Result<L2BlockInfo, Validity> {
        let CheckContext { config, l1_blocks, safe_head, inclusion, l2_blocks } = *context;
        let holocene = config.is_holocene_active_at_timestamp(inclusion.timestamp);
        let epoch = l1_blocks.first().ok_or(Validity::Undecided)?.info;

        let start_epoch = self.start_epoch();
        let origin = if epoch.number.checked_add(1) == Some(start_epoch) {
            l1_blocks.get(1).ok_or(Validity::Undecided)?.info
        } else {
            epoch
        };
        if !config.is_delta_active(origin.timestamp) {
            return Err(Validity::Drop);
        }

        let next_timestamp = safe_head.timestamp.saturating_add(config.block_time);
        let start = self.start_timestamp();
        if start > next_timestamp {
            return Err(if holocene { Validity::Drop } else { Validity::Future });
        }
        if self.end_timestamp() < next_timestamp {
            return Err(if holocene { Validity::Past } else { Validity::Drop });
        }

        let parent = if start == next_timestamp {
            *safe_head
        } else {
            // Overlapping: the span must start on the grid of the safe chain's blocks.
            let behind = safe_head.timestamp.checked_sub(start).ok_or(Validity::Drop)?;
            if behind % config.block_time != 0 {
                return Err(Validity::Drop);
            }
            let number = safe_head
                .number
                .checked_sub(behind / config.block_time + 1)
                .filter(|number| *number >= config.genesis.l2.number);
            let Some(number) = number else {
                // A span that claims the genesis block has no parent to check. op-node finds none
                // and stays undecided; before Holocene that would stop derivation for good.
                return Err(if holocene { Validity::Undecided } else { Validity::Drop });
            };
            l2_blocks.get(&number).ok_or(Validity::NeedL2(number))?.info
        };
        if !self.parent_matches(parent.hash) {
            return Err(Validity::Drop);
        }
        if start_epoch.saturating_add(config.seq_window_size) < inclusion.number {
            return Err(Validity::Drop);
        }
        if start_epoch > parent.l1_origin.number.saturating_add(1) {
            return Err(Validity::Drop);
        }
        // The last origin being canonical, all of them are.
        match l1_blocks.iter().find(|block| block.info.number == self.end_epoch()) {
            None => return Err(Validity::Undecided),
            Some(block) if !self.origin_matches(block.info.hash) => return Err(Validity::Drop),
            Some(_) => {}
        }
        if start_epoch < parent.l1_origin.number {
            return Err(Validity::Drop);
        }
        Ok(parent)
    }

    /// The rules for each block behind the safe head.
    fn check_new_blocks(&self, context: &CheckContext<'_>, parent: &L2BlockInfo) -> Validity {
        let CheckContext { config, l1_blocks, safe_head, .. } = *context;
        let mut previous_epoch = parent.l1_origin.number;
        for block in self.blocks() {
            let advanced = block.epoch_number > previous_epoch;
            previous_epoch = block.epoch_number;
            if block.timestamp <= safe_head.timestamp {
                continue;
            }
            let position =
                l1_blocks.iter().position(|origin| origin.info.number == block.epoch_number);
            let Some(position) = position else { return Validity::Drop };
            let origin = l1_blocks[position].info;
            if block.timestamp < origin.timestamp {
                return Validity::Drop;
            }
            let drift = config.max_sequencer_drift_at(origin.timestamp);
            if block.timestamp > origin.timestamp.saturating_add(drift) {
                if !block.transactions.is_empty() {
                    return Validity::Drop;
                }
                if !advanced {
                    match l1_blocks.get(position + 1) {
                        None => return Validity::Undecided,
                        Some(next) if block.timestamp >= next.info.timestamp => {
                            return Validity::Drop;
                        }
                        Some(_) => {}
                    }
                }
            }
            if must_be_empty(config, block.timestamp) && !block.transactions.is_empty() {
                return Validity::Drop;
            }
            let validity = check_transactions(config, block.timestamp, &block.transactions);
            if validity != Validity::Accept {
                return validity;
            }
        }
        Validity::Accept
    }

    /// What overlaps the safe chain must equal it.
    fn check_overlap(&self, context: &CheckContext<'_>, parent: &L2BlockInfo) -> Validity {
        let first = parent.number.saturating_add(1);
        let overlap = (first..=context.safe_head.number).zip(self.blocks());
        for (number, block) in overlap {
            let Some(safe) = context.l2_blocks.get(&number) else {
                return Validity::NeedL2(number);
            };
            if safe.transactions != block.transactions
                || safe.info.l1_origin.number != block.epoch_number
            {
                return Validity::Drop;
            }
        }
        Validity::Accept
    }
}
