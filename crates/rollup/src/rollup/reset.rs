//! Finding the heads: at the start, and after L1 reorganised.
//!
//! Spec: [finding the sync starting point](https://specs.optimism.io/protocol/derivation.html#finding-the-sync-starting-point).

use super::{Derived, Heads, Rollup, RollupConfigs};
use crate::{Engine, L1Source, L2Block, L2BlockId, RollupError};
use assay_derivation::L2BlockInfo;
use std::collections::VecDeque;
use tracing::warn;

/// Finds heads that agree with L1.
///
/// The unsafe head goes back to the last block whose origin L1 still has (or has not reached). The
/// safe head goes back to the last block that is known to come from L1 blocks that are canonical
/// still: from this run's record; at a start, where there is none, to the finalized block.
pub(super) async fn find_heads(
    configs: &RollupConfigs,
    engine: &dyn Engine,
    l1: &dyn L1Source,
    derived: &VecDeque<Derived>,
    known_finalized: Option<L2BlockInfo>,
) -> Result<Heads, RollupError> {
    let genesis = block_info(configs, engine, L2BlockId::Number(configs.rollup.genesis.l2.number))
        .await?
        .ok_or_else(|| RollupError::Temporary("the engine has no genesis block".into()))?;
    let finalized = match known_finalized {
        Some(finalized) => finalized,
        None => block_info(configs, engine, L2BlockId::Finalized).await?.unwrap_or(genesis),
    };
    if !is_canonical(l1, &finalized).await? {
        return Err(RollupError::Critical(format!(
            "L2 block {} is finalized, but L1 has no block {} at {}: is this the right L1?",
            finalized.hash, finalized.l1_origin.hash, finalized.l1_origin.number
        )));
    }

    let mut latest = block_info(configs, engine, L2BlockId::Latest)
        .await?
        .ok_or_else(|| RollupError::Temporary("the engine has no head".into()))?;
    while latest.number > finalized.number && !is_canonical(l1, &latest).await? {
        // All blocks of an epoch stand or fall with their origin.
        let back = latest.sequence_number + 1;
        let number = latest.number.saturating_sub(back).max(finalized.number);
        latest = block_info(configs, engine, L2BlockId::Number(number))
            .await?
            .ok_or_else(|| RollupError::Temporary(format!("the engine has no block {number}")))?;
    }

    let mut safe = finalized;
    for entry in derived.iter().rev() {
        let canonical = l1.info(entry.from.number).await?;
        if entry.block.number <= latest.number
            && canonical.is_some_and(|info| info.hash == entry.from.hash)
        {
            safe = entry.block;
            break;
        }
    }
    if latest.number < safe.number {
        latest = safe;
    }
    Ok(Heads { latest, pending: safe, safe, finalized })
}

/// Whether a block's origin is on L1's chain, or beyond what L1 shows.
async fn is_canonical(l1: &dyn L1Source, block: &L2BlockInfo) -> Result<bool, RollupError> {
    let canonical = l1.info(block.l1_origin.number).await?;
    Ok(canonical.is_none_or(|info| info.hash == block.l1_origin.hash))
}

async fn block_info(
    configs: &RollupConfigs,
    engine: &dyn Engine,
    id: L2BlockId,
) -> Result<Option<L2BlockInfo>, RollupError> {
    let Some(L2Block { hash, block }) = engine.block(id).await? else { return Ok(None) };
    L2BlockInfo::with_hash(&configs.rollup, &block, hash)
        .map(Some)
        .map_err(|error| RollupError::Critical(format!("L2 block {hash}: {error}")))
}

impl Rollup {
    /// Finds the heads anew and derives from there: after [`RollupError::Reset`].
    ///
    /// # Errors
    /// [`RollupError::Temporary`]: try again. [`RollupError::Critical`]: L1 took back what it had
    /// finalized.
    pub async fn reset(&mut self) -> Result<(), RollupError> {
        let before = self.heads;
        self.building = None;
        self.origin = None;
        let heads = find_heads(
            &self.configs,
            &*self.engine,
            &*self.l1,
            &self.derived,
            Some(self.heads.finalized),
        )
        .await?;
        self.derived.retain(|entry| entry.block.number <= heads.safe.number);
        self.heads = heads;
        self.pipeline.reset(heads.safe);
        self.set_forkchoice().await?;
        warn!(
            unsafe_from = before.latest.number,
            unsafe_to = heads.latest.number,
            safe_from = before.safe.number,
            safe_to = heads.safe.number,
            "derivation starts over"
        );
        Ok(())
    }
}
