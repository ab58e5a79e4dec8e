//! The rollup node's state and its steps, without a clock.

mod derive;
mod reset;
mod sequence;

use crate::{Engine, EngineError, L1Label, L1Source, L2Block, L2BlockId, RollupError, SyncStatus};
use alloy_rpc_types_engine::{ForkchoiceState, PayloadStatusEnum};
use assay_chainspec::{BlobSchedule, RollupConfig};
use assay_derivation::{L1BlockInfo, L1Origin, L2BlockInfo, Pipeline, UpgradeBundle};
use sequence::Building;
use std::{collections::VecDeque, sync::Arc};
use tracing::info;

/// The chain's configuration, shared by everything that derives or sequences.
#[derive(Debug, Clone)]
pub struct RollupConfigs {
    /// rollup.json.
    pub rollup: Arc<RollupConfig>,
    /// L1's blob parameters.
    pub blobs: BlobSchedule,
    /// Deposits of forks that activate after genesis.
    pub upgrades: Arc<UpgradeBundle>,
}

/// How the node behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RollupOptions {
    /// Whether it makes blocks.
    pub sequencer: bool,
    /// L1 blocks that the sequencer keeps behind L1's head when it chooses an origin.
    pub sequencer_l1_confs: u64,
    /// L1 blocks that derivation keeps behind L1's head.
    pub verifier_l1_confs: u64,
}

/// Whether a step did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It did; another may follow at once.
    Advanced,
    /// Nothing to do until L1 or the clock goes on.
    Idle,
}

/// L2's heads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Heads {
    pub(crate) latest: L2BlockInfo,
    /// The last derived, also within an unfinished span.
    pub(crate) pending: L2BlockInfo,
    pub(crate) safe: L2BlockInfo,
    pub(crate) finalized: L2BlockInfo,
}

/// L1's labels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct L1Heads {
    pub(crate) latest: L1BlockInfo,
    pub(crate) safe: L1BlockInfo,
    pub(crate) finalized: L1BlockInfo,
}

/// An L2 block and the L1 block that made it safe.
#[derive(Debug, Clone, Copy)]
struct Derived {
    from: L1BlockInfo,
    block: L2BlockInfo,
}

/// A rollup node. Its steps are called one at a time.
pub struct Rollup {
    configs: RollupConfigs,
    options: RollupOptions,
    engine: Arc<dyn Engine>,
    l1: Arc<dyn L1Source>,
    heads: Heads,
    l1_heads: L1Heads,
    pipeline: Pipeline,
    /// Safe blocks since the finalized one, oldest first, by the L1 block that they came from.
    derived: VecDeque<Derived>,
    building: Option<Building>,
    /// The origin of the latest block: asked for with every block of its epoch.
    origin: Option<L1Origin>,
}

impl std::fmt::Debug for Rollup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rollup").field("heads", &self.heads).finish_non_exhaustive()
    }
}

impl Rollup {
    /// Finds the heads of an engine's chain and starts deriving from them.
    ///
    /// # Errors
    /// As [`Self::reset`]; [`RollupError::Critical`] where the engine is on another chain, or the
    /// configuration activates a fork whose upgrade transactions are missing.
    pub async fn start(
        configs: RollupConfigs,
        options: RollupOptions,
        engine: Arc<dyn Engine>,
        l1: Arc<dyn L1Source>,
    ) -> Result<Self, RollupError> {
        let heads = reset::find_heads(&configs, &*engine, &*l1, &VecDeque::new(), None).await?;
        let pipeline = Pipeline::new(
            Arc::clone(&configs.rollup),
            configs.blobs.clone(),
            Arc::clone(&configs.upgrades),
            heads.safe,
        )?;
        let mut rollup = Self {
            configs,
            options,
            engine,
            l1,
            heads,
            l1_heads: L1Heads::default(),
            pipeline,
            derived: VecDeque::new(),
            building: None,
            origin: None,
        };
        rollup.set_forkchoice().await?;
        rollup.update_l1().await?;
        info!(
            unsafe_head = rollup.heads.latest.number,
            safe_head = rollup.heads.safe.number,
            finalized_head = rollup.heads.finalized.number,
            sequencer = rollup.options.sequencer,
            "rollup node started"
        );
        Ok(rollup)
    }

    /// The configuration.
    pub const fn configs(&self) -> &RollupConfigs {
        &self.configs
    }

    /// How the node behaves.
    pub const fn options(&self) -> &RollupOptions {
        &self.options
    }

    /// Makes the node a sequencer, or stops it from being one.
    pub fn set_sequencer(&mut self, active: bool) {
        self.options.sequencer = active;
        if !active {
            self.building = None;
        }
    }

    /// What `optimism_syncStatus` answers.
    pub fn status(&self) -> SyncStatus {
        SyncStatus {
            current_l1: self.pipeline.origin().unwrap_or_default().into(),
            current_l1_finalized: self.l1_heads.finalized.into(),
            head_l1: self.l1_heads.latest.into(),
            safe_l1: self.l1_heads.safe.into(),
            finalized_l1: self.l1_heads.finalized.into(),
            unsafe_l2: self.heads.latest.into(),
            safe_l2: self.heads.safe.into(),
            finalized_l2: self.heads.finalized.into(),
            pending_safe_l2: self.heads.pending.into(),
            cross_unsafe_l2: self.heads.latest.into(),
            local_safe_l2: self.heads.safe.into(),
        }
    }

    /// Looks where L1 stands, and finalizes what its finalized blocks vouch for.
    ///
    /// # Errors
    /// [`RollupError::Temporary`].
    pub async fn update_l1(&mut self) -> Result<(), RollupError> {
        if let Some(head) = self.l1.head(L1Label::Latest).await? {
            self.l1_heads.latest = head;
        }
        if let Some(safe) = self.l1.head(L1Label::Safe).await? {
            self.l1_heads.safe = safe;
        }
        if let Some(finalized) = self.l1.head(L1Label::Finalized).await? {
            self.l1_heads.finalized = finalized;
        }
        self.finalize().await
    }

    /// Moves the finalized head to the last safe block that came from finalized L1 data.
    async fn finalize(&mut self) -> Result<(), RollupError> {
        let finalized = self.l1_heads.finalized;
        let mut candidate = None;
        while let Some(first) = self.derived.front()
            && first.from.number <= finalized.number
        {
            candidate = self.derived.pop_front();
        }
        let Some(candidate) = candidate else { return Ok(()) };
        // The label is L1's own; that our derivation ran on the same branch is ours to check.
        let canonical = self.l1.info(candidate.from.number).await?;
        if canonical.map(|info| info.hash) != Some(candidate.from.hash) {
            return Err(RollupError::Reset(format!(
                "L1 block {} at {} was derived from and is not canonical",
                candidate.from.hash, candidate.from.number
            )));
        }
        self.heads.finalized = candidate.block;
        self.set_forkchoice().await
    }

    /// Takes in a block that a sequencer sent out, ahead of L1.
    ///
    /// # Errors
    /// [`RollupError::Temporary`], also where the block does not extend the head.
    pub async fn unsafe_block(
        &mut self,
        payload: op_alloy_rpc_types_engine::OpExecutionData,
    ) -> Result<(), RollupError> {
        let hash = payload.block_hash();
        let status = self.engine.insert(payload).await?;
        if !status.is_valid() {
            return Err(RollupError::Temporary(format!("block {hash}: {}", status.status)));
        }
        let block = self.known_block(L2BlockId::Hash(hash)).await?;
        let block = self.info(&block)?;
        if block.number <= self.heads.safe.number {
            return Ok(());
        }
        self.heads.latest = block;
        self.set_forkchoice().await
    }

    /// Tells the engine where the heads are.
    async fn set_forkchoice(&self) -> Result<(), RollupError> {
        let updated = self.engine.forkchoice(self.forkchoice_state(), None).await?;
        match updated.payload_status.status {
            PayloadStatusEnum::Valid => Ok(()),
            other => Err(RollupError::Temporary(format!(
                "the engine does not take {} as its head: {other}",
                self.heads.latest.hash
            ))),
        }
    }

    const fn forkchoice_state(&self) -> ForkchoiceState {
        ForkchoiceState {
            head_block_hash: self.heads.latest.hash,
            safe_block_hash: self.heads.safe.hash,
            finalized_block_hash: self.heads.finalized.hash,
        }
    }

    /// A block that must be there.
    async fn known_block(&self, id: L2BlockId) -> Result<L2Block, RollupError> {
        self.engine
            .block(id)
            .await?
            .ok_or_else(|| EngineError::Unavailable(format!("it has no block {id:?}")).into())
    }

    fn info(&self, block: &L2Block) -> Result<L2BlockInfo, RollupError> {
        L2BlockInfo::with_hash(&self.configs.rollup, &block.block, block.hash)
            .map_err(|error| RollupError::Critical(format!("L2 block {}: {error}", block.hash)))
    }
}
