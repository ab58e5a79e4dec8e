//! The predeploys' logs of the canonical chain, in memory and on disk.

use crate::{Chain, ChainError, block::TreeBlock};
use alloy_primitives::BlockNumber;
use assay_storage::{LogPosition, LogSubject, block_subjects};
use std::{ops::RangeInclusive, sync::Arc};

/// Which logs of the predeploys are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// What they are found by.
    pub subject: LogSubject,
    /// Block numbers.
    pub blocks: RangeInclusive<BlockNumber>,
    /// Where the last page ended: logs behind it, in the order asked for.
    pub past: Option<LogPosition>,
    /// Newest first instead of oldest first.
    pub newest_first: bool,
    /// Most logs to give.
    pub limit: usize,
}

impl LogQuery {
    fn wants(&self, position: &LogPosition) -> bool {
        let behind = match self.past {
            Some(past) if self.newest_first => *position < past,
            Some(past) => *position > past,
            None => true,
        };
        behind && self.blocks.contains(&position.block)
    }

    /// Those of blocks in memory, lowest first.
    fn in_memory(&self, blocks: &[Arc<TreeBlock>]) -> Vec<LogPosition> {
        let all = blocks.iter().flat_map(|block| {
            block_subjects(block.number(), &block.executed.receipts)
                .filter(|(subject, position)| *subject == self.subject && self.wants(position))
                .map(|(_, position)| position)
        });
        all.collect()
    }
}

impl Chain {
    /// Positions of the canonical logs that a query finds, in the order asked for.
    pub fn logs_of(&self, query: &LogQuery) -> Result<Vec<LogPosition>, ChainError> {
        let (blocks, snapshot) = {
            let tree = self.shared().tree.read();
            let blocks: Vec<_> = tree.canonical.iter().cloned().collect();
            (blocks, tree.base.snapshot.clone())
        };
        let stored = |limit| {
            let LogQuery { subject, blocks, past, newest_first, .. } = query;
            snapshot.logs_of(subject, blocks.clone(), *past, *newest_first, limit)
        };
        let mut found = if query.newest_first {
            let mut found = query.in_memory(&blocks);
            found.reverse();
            let missing = query.limit.saturating_sub(found.len());
            if missing > 0 {
                found.extend(stored(missing)?);
            }
            found
        } else {
            let mut found = stored(query.limit)?;
            if found.len() < query.limit {
                found.extend(query.in_memory(&blocks));
            }
            found
        };
        found.truncate(query.limit);
        Ok(found)
    }
}
