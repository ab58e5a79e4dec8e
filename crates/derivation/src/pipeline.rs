//! The derivation pipeline as a state machine without I/O.
//!
//! Spec: [derivation](https://specs.optimism.io/protocol/derivation.html).

use crate::{
    DerivationError, IndexedBlobHash, KnownL2Block, L1Block, L1BlockInfo, L2BlockInfo,
    SystemConfig, UpgradeBundle,
    attributes::deposits_only,
    prepare_attributes,
    stages::{BatchStage, ChannelReader, Environment, L1Stage, Need, NextBatch, Pull},
};
use alloy_consensus::Block;
use alloy_eips::eip4844::Blob;
use assay_chainspec::{BlobSchedule, BlockId, OpHardforks, RollupConfig};
use op_alloy_consensus::OpTxEnvelope;
use op_alloy_rpc_types_engine::OpPayloadAttributes;
use std::{collections::BTreeMap, sync::Arc};

/// What the pipeline gives, or what it needs to go on.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The canonical L1 block of this number, through
    /// [`provide_l1_block`](Pipeline::provide_l1_block). Where L1 has none yet, all of L1 is
    /// derived.
    NeedL1Block(u64),
    /// Blobs of the L1 block at which the pipeline stands, through
    /// [`provide_blobs`](Pipeline::provide_blobs), in this order and checked against these hashes.
    NeedBlobs {
        /// The L1 block.
        block: L1BlockInfo,
        /// Which.
        hashes: Vec<IndexedBlobHash>,
    },
    /// The L2 block of this number, at or below the safe head, through
    /// [`provide_l2_block`](Pipeline::provide_l2_block).
    NeedL2Block(u64),
    /// The next block. To be answered with [`accepted`](Pipeline::accepted) or
    /// [`invalid`](Pipeline::invalid); until then every step gives it again.
    Attributes(Box<DerivedAttributes>),
}

/// A block that L1 says is next.
#[derive(Debug, Clone, PartialEq)]
pub struct DerivedAttributes {
    /// What to build.
    pub attributes: OpPayloadAttributes,
    /// The block to build on.
    pub parent: L2BlockInfo,
    /// The L1 block that completed it.
    pub derived_from: L1BlockInfo,
    /// Whether the block ends its span batch. Before Holocene a block is safe only with the whole
    /// of its span.
    pub is_last_in_span: bool,
    /// Whether the batch's transactions were left out, as the block with them was invalid.
    pub deposits_only: bool,
}

/// An L2 block with the system configuration after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    info: L2BlockInfo,
    system_config: SystemConfig,
}

#[derive(Debug)]
enum State {
    /// Looking for the L2 block far enough back that no channel begun before its origin matters.
    Rewinding(Box<Rewind>),
    /// Waiting for the L1 block at which to start.
    Starting(Box<Starting>),
    /// Deriving.
    Running(Box<Running>),
}

#[derive(Debug, Clone, Copy)]
struct Starting {
    origin: BlockId,
    /// As it holds at the origin.
    system_config: SystemConfig,
    safe: Head,
}

#[derive(Debug)]
struct Rewind {
    safe: L2BlockInfo,
    safe_config: Option<SystemConfig>,
    /// Number of the L2 block to look at next.
    next: u64,
}

#[derive(Debug)]
struct Running {
    l1: L1Stage,
    reader: ChannelReader,
    batches: BatchStage,
    /// Holocene's rules, by the L1 block's time.
    strict: bool,
    /// The last block of which L1 cannot take anything back.
    safe: Head,
    /// The block to build on: ahead of `safe` within a span, before Holocene.
    pending: Head,
    outstanding: Option<DerivedAttributes>,
    /// Whether the stages have nothing more until the next L1 block.
    exhausted: bool,
    blobs_wanted: bool,
}

/// Turns L1 blocks into payload attributes.
///
/// Call [`step`](Self::step) until it needs what is not there; it never blocks, and fails only
/// where going on would be wrong. Memory is bounded by the protocol's limits on channels and by the
/// sequencing window.
#[derive(Debug)]
pub struct Pipeline {
    config: Arc<RollupConfig>,
    blobs: BlobSchedule,
    upgrades: Arc<UpgradeBundle>,
    /// Blocks of the safe chain that were asked for.
    l2_blocks: BTreeMap<u64, KnownL2Block>,
    state: State,
}

impl Pipeline {
    /// A pipeline that goes on from `safe_head`.
    ///
    /// # Errors
    /// [`DerivationError::Critical`]: the upgrade bundle lacks a fork's deposits.
    pub fn new(
        config: Arc<RollupConfig>,
        blobs: BlobSchedule,
        upgrades: Arc<UpgradeBundle>,
        safe_head: L2BlockInfo,
    ) -> Result<Self, DerivationError> {
        upgrades.check(&config)?;
        let state = State::Rewinding(Box::new(Rewind::new(safe_head)));
        Ok(Self { config, blobs, upgrades, l2_blocks: BTreeMap::new(), state })
    }

    /// Forgets everything and goes on from `safe_head`, whose origin is canonical.
    pub fn reset(&mut self, safe_head: L2BlockInfo) {
        self.l2_blocks.clear();
        self.state = State::Rewinding(Box::new(Rewind::new(safe_head)));
    }

    /// The L1 block at which the pipeline stands; none while it starts.
    pub fn origin(&self) -> Option<L1BlockInfo> {
        match &self.state {
            State::Running(running) => Some(running.l1.origin().info),
            _ => None,
        }
    }

    /// The L2 block to build on.
    pub fn pending_head(&self) -> L2BlockInfo {
        match &self.state {
            State::Rewinding(rewind) => rewind.safe,
            State::Starting(starting) => starting.safe.info,
            State::Running(running) => running.pending.info,
        }
    }

    /// Goes on as far as possible.
    ///
    /// # Errors
    /// [`DerivationError::Reset`] and [`DerivationError::Critical`].
    pub fn step(&mut self) -> Result<Step, DerivationError> {
        loop {
            match &mut self.state {
                State::Rewinding(rewind) => {
                    let Some(found) = rewind.look(&self.config, &self.l2_blocks) else {
                        return Ok(Step::NeedL2Block(rewind.next));
                    };
                    self.state = found;
                    self.l2_blocks.clear();
                }
                State::Starting(starting) => {
                    return Ok(Step::NeedL1Block(starting.origin.number));
                }
                State::Running(running) => {
                    return running.step(
                        &self.config,
                        &self.blobs,
                        &self.upgrades,
                        &self.l2_blocks,
                    );
                }
            }
        }
    }

    /// Takes in an L1 block that was asked for.
    ///
    /// # Errors
    /// [`DerivationError::Reset`]: L1 reorganised. [`DerivationError::Critical`]: a log that
    /// SystemConfig cannot have emitted. [`DerivationError::Misuse`]: another block than asked for.
    pub fn provide_l1_block(&mut self, block: L1Block) -> Result<(), DerivationError> {
        let info = block.origin.info;
        match &mut self.state {
            State::Rewinding(_) => Err(DerivationError::Misuse("an L1 block before an L2 block")),
            State::Starting(starting) => {
                let Starting { origin, system_config, safe } = **starting;
                if info.number != origin.number {
                    return Err(DerivationError::Misuse("another L1 block than was asked for"));
                }
                if info.hash != origin.hash {
                    return Err(DerivationError::Reset(format!(
                        "L1 block {} at {} was an origin and is not canonical",
                        origin.hash, origin.number
                    )));
                }
                let strict = self.config.is_holocene_active_at_timestamp(info.timestamp);
                let l1 = L1Stage::start(block, system_config);
                self.state = State::Running(Box::new(Running {
                    batches: BatchStage::new(Arc::clone(l1.origin()), strict),
                    reader: ChannelReader::new(strict),
                    l1,
                    strict,
                    safe,
                    pending: safe,
                    outstanding: None,
                    exhausted: false,
                    blobs_wanted: false,
                }));
                Ok(())
            }
            State::Running(running) => running.advance(&self.config, block),
        }
    }

    /// Takes in blobs that were asked for, in the order asked.
    ///
    /// # Errors
    /// [`DerivationError::Misuse`]: others than asked for.
    pub fn provide_blobs(&mut self, blobs: &[Box<Blob>]) -> Result<(), DerivationError> {
        match &mut self.state {
            State::Running(running) if running.blobs_wanted => {
                running.l1.provide_blobs(blobs)?;
                running.blobs_wanted = false;
                Ok(())
            }
            _ => Err(DerivationError::Misuse("blobs that were not asked for")),
        }
    }

    /// Takes in an L2 block that was asked for.
    ///
    /// # Errors
    /// [`DerivationError::Reset`]: not the block that the safe head stands on.
    /// [`DerivationError::Critical`]: it is not a block of this chain.
    pub fn provide_l2_block(&mut self, block: &Block<OpTxEnvelope>) -> Result<(), DerivationError> {
        let known =
            KnownL2Block::from_block(&self.config, &self.upgrades, block).map_err(|error| {
                match error {
                    DerivationError::Malformed { .. } => DerivationError::Critical(format!(
                        "L2 block {}: {error}",
                        block.header.number
                    )),
                    other => other,
                }
            })?;
        let head = self.pending_head();
        if known.info.number == head.number && known.info.hash != head.hash {
            return Err(DerivationError::Reset(format!(
                "L2 block {} is {}, the safe head is {}",
                head.number, known.info.hash, head.hash
            )));
        }
        self.l2_blocks.insert(known.info.number, known);
        Ok(())
    }

    /// The block of the outstanding attributes stands; `system_config` holds after it
    /// ([`system_config_from_l2_block`](crate::system_config_from_l2_block)).
    ///
    /// # Errors
    /// [`DerivationError::Misuse`]: nothing is outstanding, or the block is not on its parent.
    pub fn accepted(
        &mut self,
        block: L2BlockInfo,
        system_config: SystemConfig,
    ) -> Result<(), DerivationError> {
        let State::Running(running) = &mut self.state else {
            return Err(DerivationError::Misuse("nothing is outstanding"));
        };
        let Some(derived) = running.outstanding.take() else {
            return Err(DerivationError::Misuse("nothing is outstanding"));
        };
        if block.parent_hash != derived.parent.hash {
            running.outstanding = Some(derived);
            return Err(DerivationError::Misuse("the accepted block has another parent"));
        }
        running.pending = Head { info: block, system_config };
        if derived.is_last_in_span || running.strict {
            running.safe = running.pending;
        }
        self.l2_blocks.clear();
        Ok(())
    }

    /// The block of the outstanding attributes is invalid. From Holocene on, the next step gives
    /// them with nothing but deposits; before, the batch is dropped, and with it the span that it
    /// came from: [`pending_head`](Self::pending_head) may go back.
    ///
    /// # Errors
    /// [`DerivationError::Critical`]: a block of nothing but deposits cannot be invalid.
    pub fn invalid(&mut self) -> Result<(), DerivationError> {
        let State::Running(running) = &mut self.state else {
            return Err(DerivationError::Misuse("nothing is outstanding"));
        };
        let Some(derived) = running.outstanding.take() else {
            return Err(DerivationError::Misuse("nothing is outstanding"));
        };
        let only = deposits_only(&derived.attributes);
        if derived.deposits_only || only.transactions == derived.attributes.transactions {
            running.outstanding = Some(derived);
            return Err(DerivationError::Critical(
                "the engine refuses a block of nothing but deposits".into(),
            ));
        }
        running.batches.flush();
        if self.config.is_holocene_active_at_timestamp(derived.derived_from.timestamp) {
            running.reader.flush();
            running.outstanding = Some(DerivedAttributes {
                attributes: only,
                deposits_only: true,
                is_last_in_span: true,
                ..derived
            });
        } else {
            running.pending = running.safe;
        }
        Ok(())
    }
}

impl Rewind {
    const fn new(safe: L2BlockInfo) -> Self {
        Self { safe, safe_config: None, next: safe.number }
    }

    /// Looks at the block asked for; gives the state to start from once it is far enough back.
    fn look(
        &mut self,
        config: &RollupConfig,
        l2_blocks: &BTreeMap<u64, KnownL2Block>,
    ) -> Option<State> {
        loop {
            let known = l2_blocks.get(&self.next)?;
            let safe_config = *self.safe_config.get_or_insert(known.system_config);
            let info = &known.info;
            let timeout = config.channel_timeout_at(known.origin_timestamp);
            let far_enough =
                info.l1_origin.number.saturating_add(timeout) <= self.safe.l1_origin.number;
            let at_genesis = info.number <= config.genesis.l2.number
                || info.l1_origin.number <= config.genesis.l1.number;
            if far_enough || at_genesis {
                return Some(State::Starting(Box::new(Starting {
                    origin: info.l1_origin,
                    system_config: known.system_config,
                    safe: Head { info: self.safe, system_config: safe_config },
                })));
            }
            // On to the last block of the epoch before.
            self.next = info
                .number
                .saturating_sub(info.sequence_number.saturating_add(1))
                .max(config.genesis.l2.number);
        }
    }
}

impl Running {
    fn step(
        &mut self,
        config: &RollupConfig,
        blobs: &BlobSchedule,
        upgrades: &UpgradeBundle,
        l2_blocks: &BTreeMap<u64, KnownL2Block>,
    ) -> Result<Step, DerivationError> {
        loop {
            if let Some(derived) = &self.outstanding {
                return Ok(Step::Attributes(Box::new(derived.clone())));
            }
            let origin = self.l1.origin().info;
            if self.exhausted {
                let next = origin.number.checked_add(1);
                return next
                    .map(Step::NeedL1Block)
                    .ok_or_else(|| DerivationError::Critical("L1 ran out of numbers".into()));
            }
            let env = Environment { config, parent: &self.pending.info, l2_blocks };
            match self.batches.next(env, &mut self.reader, &mut self.l1)? {
                Pull::Item(next) => {
                    self.outstanding = Some(self.derive(config, blobs, upgrades, next)?);
                }
                Pull::Again => {}
                Pull::Exhausted => self.exhausted = true,
                Pull::Need(Need::Blobs(hashes)) => {
                    self.blobs_wanted = true;
                    return Ok(Step::NeedBlobs { block: origin, hashes });
                }
                Pull::Need(Need::L2Block(number)) => return Ok(Step::NeedL2Block(number)),
            }
        }
    }

    fn derive(
        &self,
        config: &RollupConfig,
        blobs: &BlobSchedule,
        upgrades: &UpgradeBundle,
        next: NextBatch,
    ) -> Result<DerivedAttributes, DerivationError> {
        let parent = &self.pending.info;
        let mut attributes = prepare_attributes(
            config,
            blobs,
            upgrades,
            parent,
            &self.pending.system_config,
            &next.origin,
        )?;
        attributes.transactions.get_or_insert_default().extend(next.batch.transactions);
        Ok(DerivedAttributes {
            attributes,
            parent: *parent,
            derived_from: self.l1.origin().info,
            is_last_in_span: next.is_last_in_span,
            deposits_only: false,
        })
    }

    fn advance(&mut self, config: &RollupConfig, block: L1Block) -> Result<(), DerivationError> {
        let info = block.origin.info;
        if !self.exhausted {
            return Err(DerivationError::Misuse("an L1 block that was not asked for"));
        }
        if self.l1.origin().info.number.checked_add(1) != Some(info.number) {
            return Err(DerivationError::Misuse("another L1 block than was asked for"));
        }
        self.l1.advance(config, block)?;
        self.exhausted = false;
        if !self.strict && config.is_holocene_active_at_timestamp(info.timestamp) {
            self.strict = true;
            self.reader.activate_holocene();
            self.batches.activate_holocene();
        }
        Ok(())
    }
}
