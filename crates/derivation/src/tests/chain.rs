//! A pretended L1 and L2: blocks with real headers, no execution.

use super::blocks::{self, PORTAL, blob_schedule, execute};
use crate::{
    BatchKind, Compression, DerivedAttributes, Frame, IndexedBlobHash, L1Block, L1BlockInfo, L1Log,
    L1Origin, L2BlockInfo, Pipeline, Step, SystemConfig, UpgradeBundle, encode_blob, encode_frames,
    l1_block::{InboxData, InboxTransaction},
    system_config_from_l2_block,
};
use alloy_consensus::Block;
use alloy_eips::eip4844::Blob;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use assay_chainspec::RollupConfig;
use op_alloy_consensus::{OpTxEnvelope, TxDeposit};
use std::{collections::BTreeMap, sync::Arc};

pub(crate) const BATCHER: Address = Address::repeat_byte(0xba);
pub(crate) const SYSTEM_CONFIG: Address = Address::repeat_byte(0x5c);
pub(crate) const GENESIS_TIME: u64 = 10_000;
const L1_BLOCK_TIME: u64 = 12;

pub(crate) struct Chain {
    pub(crate) config: Arc<RollupConfig>,
    pub(crate) upgrades: Arc<UpgradeBundle>,
    pub(crate) l1: Vec<L1Block>,
    pub(crate) l2: Vec<Block<OpTxEnvelope>>,
    pub(crate) blobs: BTreeMap<B256, Box<Blob>>,
    /// Told apart from other L1 histories.
    pub(crate) salt: u64,
    channels: u64,
}

pub(crate) fn config(change: impl FnOnce(&mut RollupConfig)) -> RollupConfig {
    let mut config = RollupConfig {
        block_time: 2,
        max_sequencer_drift: 600,
        seq_window_size: 20,
        channel_timeout: 10,
        l1_chain_id: 900,
        l2_chain_id: 901,
        regolith_time: Some(0),
        deposit_contract_address: PORTAL,
        l1_system_config_address: SYSTEM_CONFIG,
        ..RollupConfig::default()
    };
    config.genesis.l2_time = GENESIS_TIME;
    config.genesis.system_config = SystemConfig {
        batcher_address: BATCHER,
        gas_limit: 30_000_000,
        scalar: U256::from(1000),
        overhead: U256::from(10),
        ..SystemConfig::default()
    };
    change(&mut config);
    config
}

/// Every fork up to and with Isthmus at genesis.
pub(crate) fn isthmus(config: &mut RollupConfig) {
    config.canyon_time = Some(0);
    config.delta_time = Some(0);
    config.ecotone_time = Some(0);
    config.fjord_time = Some(0);
    config.granite_time = Some(0);
    config.holocene_time = Some(0);
    config.isthmus_time = Some(0);
    config.genesis.system_config.scalar = SystemConfig::pack_scalar(100, 200);
    config.genesis.system_config.overhead = U256::ZERO;
}

/// Every fork up to and with Fjord at genesis, with span batches and none of Holocene's rules.
pub(crate) fn fjord(config: &mut RollupConfig) {
    isthmus(config);
    config.granite_time = None;
    config.holocene_time = None;
    config.isthmus_time = None;
}

impl Chain {
    pub(crate) fn new(mut config: RollupConfig, upgrades: UpgradeBundle) -> Self {
        let genesis = blocks::genesis(&config);
        config.genesis.l2.hash = genesis.header.hash_slow();
        let mut chain = Self {
            config: Arc::default(),
            upgrades: Arc::new(upgrades),
            l1: Vec::new(),
            l2: vec![genesis],
            blobs: BTreeMap::new(),
            salt: 0,
            channels: 0,
        };
        chain.mine(Vec::new());
        config.genesis.l1 = chain.l1[0].origin.info.id();
        chain.config = Arc::new(config);
        chain
    }

    /// Mines an L1 block with these transactions by the batcher.
    pub(crate) fn mine(&mut self, data: Vec<InboxData>) {
        let inbox =
            data.into_iter().map(|data| InboxTransaction { sender: BATCHER, data }).collect();
        self.mine_with(inbox, Vec::new());
    }

    pub(crate) fn mine_with(&mut self, inbox: Vec<InboxTransaction>, logs: Vec<L1Log>) {
        let number = self.l1.len() as u64;
        let parent_hash = self.l1.last().map_or(B256::ZERO, |block| block.origin.info.hash);
        let mut seed = number.to_be_bytes().to_vec();
        seed.extend(self.salt.to_be_bytes());
        let origin = L1Origin {
            info: L1BlockInfo {
                hash: keccak256(seed),
                number,
                parent_hash,
                timestamp: GENESIS_TIME + number * L1_BLOCK_TIME,
            },
            base_fee: 7 + number,
            excess_blob_gas: Some(number << 17),
            prev_randao: B256::from(U256::from(number)),
            parent_beacon_root: Some(B256::repeat_byte(number as u8)),
            logs,
        };
        self.l1.push(L1Block { origin, inbox });
    }

    /// A deposit's log.
    pub(crate) fn deposit_log(index: u64) -> L1Log {
        L1Log { index, log: blocks::deposit_log() }
    }

    pub(crate) fn info(&self, number: usize) -> L2BlockInfo {
        L2BlockInfo::from_block(&self.config, &self.l2[number]).unwrap()
    }

    pub(crate) fn head(&self) -> L2BlockInfo {
        self.info(self.l2.len() - 1)
    }

    /// Sequences a block with these transactions on the newest origin that time allows.
    pub(crate) fn sequence(&mut self, transactions: Vec<Bytes>) {
        let parent = self.head();
        let timestamp = parent.timestamp + self.config.block_time;
        let next = self
            .l1
            .get(parent.l1_origin.number as usize + 1)
            .filter(|next| next.origin.info.timestamp <= timestamp);
        let origin = &next.unwrap_or(&self.l1[parent.l1_origin.number as usize]).origin;
        let parent = self.l2.last().unwrap();
        let block = blocks::sequence(&self.config, &self.upgrades, parent, origin, transactions);
        self.l2.push(block);
    }

    /// The frames of one channel with the L2 blocks `from..=to`.
    pub(crate) fn channel(
        &mut self,
        from: usize,
        to: usize,
        kind: BatchKind,
        compression: Compression,
        frame_size: usize,
    ) -> Vec<Frame> {
        self.channels += 1;
        let l2 = &self.l2[from..=to];
        blocks::channel(&self.config, self.channels, l2, kind, compression, frame_size)
    }

    /// Frames as calldata of one transaction.
    pub(crate) fn calldata(frames: &[Frame]) -> InboxData {
        InboxData::Calldata(encode_frames(frames).into())
    }

    /// Frames as blobs of one transaction, one per frame.
    pub(crate) fn in_blobs(&mut self, frames: &[Frame]) -> InboxData {
        let hashes = frames.iter().map(|frame| {
            let data = encode_frames(std::slice::from_ref(frame));
            let hash = keccak256(&data);
            self.blobs.insert(hash, encode_blob(&data).unwrap());
            hash
        });
        let hashes = (0..).zip(hashes).map(|(index, hash)| IndexedBlobHash { index, hash });
        InboxData::Blobs(hashes.collect())
    }

    pub(crate) fn pipeline(&self, safe: L2BlockInfo) -> Pipeline {
        Pipeline::new(Arc::clone(&self.config), blob_schedule(), Arc::clone(&self.upgrades), safe)
            .unwrap()
    }

    /// Steps until there are attributes; none once all of L1 is derived.
    pub(crate) fn next(&self, pipeline: &mut Pipeline) -> Option<DerivedAttributes> {
        loop {
            match pipeline.step().unwrap() {
                Step::NeedL1Block(number) => {
                    let block = self.l1.get(number as usize)?.clone();
                    pipeline.provide_l1_block(block).unwrap();
                }
                Step::NeedBlobs { hashes, .. } => {
                    let blobs: Vec<_> =
                        hashes.iter().map(|hash| self.blobs[&hash.hash].clone()).collect();
                    pipeline.provide_blobs(&blobs).unwrap();
                }
                Step::NeedL2Block(number) => {
                    pipeline.provide_l2_block(&self.l2[number as usize]).unwrap();
                }
                Step::Attributes(derived) => return Some(*derived),
            }
        }
    }

    /// Builds what was derived and reports it.
    pub(crate) fn accept(
        &self,
        pipeline: &mut Pipeline,
        derived: &DerivedAttributes,
    ) -> Block<OpTxEnvelope> {
        let block = execute(&self.config, &derived.attributes, &derived.parent).unwrap();
        let info = L2BlockInfo::from_block(&self.config, &block).unwrap();
        let system_config =
            system_config_from_l2_block(&self.config, &self.upgrades, &block).unwrap();
        pipeline.accepted(info, system_config).unwrap();
        block
    }

    /// Derives all of L1 on top of `safe`; every block must be the sequenced one.
    pub(crate) fn derive_same(&self, pipeline: &mut Pipeline) -> usize {
        let mut count = 0;
        while let Some(derived) = self.next(pipeline) {
            let number = derived.parent.number as usize + 1;
            let block = self.accept(pipeline, &derived);
            assert_eq!(
                block.body.transactions, self.l2[number].body.transactions,
                "transactions of block {number}"
            );
            assert_eq!(block, self.l2[number], "block {number}");
            count += 1;
        }
        count
    }
}

/// A deposit that stands for a fork's upgrade.
pub(crate) fn upgrade(seed: u8) -> Vec<TxDeposit> {
    vec![TxDeposit {
        source_hash: B256::repeat_byte(seed),
        gas_limit: u64::from(seed) * 1000,
        ..TxDeposit::default()
    }]
}
