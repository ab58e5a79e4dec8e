//! A pretended L2: blocks with real headers, no execution.

use crate::{BatcherError, DaLimits, L2Rpc, RollupRpc, SyncStatus};
use alloy_consensus::{Block, BlockBody, Header, SignableTransaction, TxEip1559};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256};
use assay_chainspec::{BlockId, L1ChainConfig, RollupConfig, SystemConfig};
use assay_derivation::{
    L1Block, L1BlockInfo, L1Origin, L2BlockInfo, Pipeline, Step, UpgradeBundle, prepare_attributes,
    system_config_from_l2_block,
};
use async_trait::async_trait;
use op_alloy_consensus::OpTxEnvelope;
use op_alloy_rpc_types_engine::OpPayloadAttributes;
use std::sync::{Arc, Mutex};

pub(crate) const GENESIS_TIME: u64 = 10_000;
pub(crate) const INBOX: Address = Address::repeat_byte(0x1b);

pub(crate) fn config() -> RollupConfig {
    let mut config = RollupConfig {
        block_time: 2,
        max_sequencer_drift: 600,
        seq_window_size: 100,
        channel_timeout: 50,
        l1_chain_id: 900,
        l2_chain_id: 901,
        regolith_time: Some(0),
        canyon_time: Some(0),
        delta_time: Some(0),
        ecotone_time: Some(0),
        fjord_time: Some(0),
        granite_time: Some(0),
        holocene_time: Some(0),
        isthmus_time: Some(0),
        batch_inbox_address: INBOX,
        ..RollupConfig::default()
    };
    config.genesis.l2_time = GENESIS_TIME;
    config.genesis.l1.hash = l1_info(0).hash;
    config.genesis.system_config = SystemConfig {
        batcher_address: super::l1::signer().address(),
        gas_limit: 30_000_000,
        scalar: SystemConfig::pack_scalar(100, 200),
        ..SystemConfig::default()
    };
    config.genesis.l2.hash = genesis(&config).header.hash_slow();
    config
}

fn genesis(config: &RollupConfig) -> Block<OpTxEnvelope> {
    Block {
        header: Header {
            timestamp: GENESIS_TIME,
            gas_limit: config.genesis.system_config.gas_limit,
            ..Header::default()
        },
        ..Block::default()
    }
}

/// The L1 blocks that L2 refers to: the same in every L1 history.
pub(crate) fn l1_info(number: u64) -> L1BlockInfo {
    let hash = |number: u64| keccak256(number.to_be_bytes());
    L1BlockInfo {
        hash: hash(number),
        number,
        parent_hash: number.checked_sub(1).map_or(B256::ZERO, hash),
        timestamp: GENESIS_TIME + 12 * number,
    }
}

fn origin(number: u64) -> L1Origin {
    L1Origin { info: l1_info(number), base_fee: 7, ..L1Origin::default() }
}

/// The chain, its execution client and its rollup node.
#[derive(Debug)]
pub(crate) struct L2 {
    pub(crate) config: Arc<RollupConfig>,
    pub(crate) blocks: Vec<Block<OpTxEnvelope>>,
}

/// What the batcher talks to; tests move it.
#[derive(Debug)]
pub(crate) struct L2Node {
    pub(crate) state: Mutex<NodeState>,
}

#[derive(Debug)]
pub(crate) struct NodeState {
    pub(crate) l2: L2,
    pub(crate) status: SyncStatus,
    pub(crate) limits: Vec<DaLimits>,
    pub(crate) without_miner: bool,
}

impl L2 {
    /// A chain of `count` blocks after genesis, each with a small transaction.
    pub(crate) fn new(config: RollupConfig, count: usize) -> Self {
        Self::build(config, count, 40)
    }

    /// As [`Self::new`], with incompressible transactions of this size.
    pub(crate) fn heavy(config: RollupConfig, count: usize, bytes: usize) -> Self {
        Self::build(config, count, bytes)
    }

    fn build(config: RollupConfig, count: usize, bytes: usize) -> Self {
        let mut l2 = Self { blocks: vec![genesis(&config)], config: Arc::new(config) };
        for seed in 0..count {
            l2.grow(seed as u64, bytes);
        }
        l2
    }

    pub(crate) fn info(&self, number: usize) -> L2BlockInfo {
        L2BlockInfo::from_block(&self.config, &self.blocks[number]).unwrap()
    }

    pub(crate) fn id(&self, number: usize) -> BlockId {
        self.info(number).id()
    }

    /// Appends a block; another seed makes another block.
    pub(crate) fn grow(&mut self, seed: u64, bytes: usize) {
        let parent = self.info(self.blocks.len() - 1);
        let next = origin(parent.l1_origin.number + 1);
        let origin = if next.info.timestamp <= parent.timestamp + 2 {
            next
        } else {
            origin(parent.l1_origin.number)
        };
        let upgrades = UpgradeBundle::default();
        let parent_config =
            system_config_from_l2_block(&self.config, &upgrades, self.blocks.last().unwrap())
                .unwrap();
        let blobs = L1ChainConfig::dev(900, false).blobs;
        let mut attributes =
            prepare_attributes(&self.config, &blobs, &upgrades, &parent, &parent_config, &origin)
                .unwrap();
        attributes.transactions.as_mut().unwrap().push(transaction(seed, bytes));
        let block = execute(&attributes, &parent);
        self.blocks.push(block);
    }

    /// Derives the chain from batcher data per L1 block; gives the number of blocks that came out
    /// equal.
    pub(crate) fn derive(&self, l1: &[super::l1::MinedBlock]) -> usize {
        let mut pipeline = Pipeline::new(
            Arc::clone(&self.config),
            L1ChainConfig::dev(900, false).blobs,
            Arc::default(),
            self.info(0),
        )
        .unwrap();
        let mut derived = 0;
        loop {
            match pipeline.step().unwrap() {
                Step::NeedL1Block(number) => {
                    let Some(mined) = l1.get(number as usize) else { return derived };
                    let transactions: Vec<_> =
                        mined.transactions.iter().map(|(tx, _)| tx.clone()).collect();
                    let block = L1Block::new(&self.config, origin(number), &transactions);
                    pipeline.provide_l1_block(block).unwrap();
                }
                Step::NeedBlobs { block, hashes } => {
                    let all: Vec<_> = l1[block.number as usize]
                        .transactions
                        .iter()
                        .flat_map(|(_, blobs)| blobs)
                        .collect();
                    let blobs: Vec<_> =
                        hashes.iter().map(|hash| Box::new(*all[hash.index as usize])).collect();
                    pipeline.provide_blobs(&blobs).unwrap();
                }
                Step::NeedL2Block(number) => {
                    pipeline.provide_l2_block(&self.blocks[number as usize]).unwrap();
                }
                Step::Attributes(next) => {
                    let block = execute(&next.attributes, &next.parent);
                    if self.blocks.get(block.header.number as usize) != Some(&block) {
                        return derived;
                    }
                    let info = L2BlockInfo::from_block(&self.config, &block).unwrap();
                    let system_config = system_config_from_l2_block(
                        &self.config,
                        &UpgradeBundle::default(),
                        &block,
                    )
                    .unwrap();
                    pipeline.accepted(info, system_config).unwrap();
                    derived += 1;
                }
            }
        }
    }
}

fn transaction(seed: u64, bytes: usize) -> Bytes {
    let mut input = Vec::with_capacity(bytes + 32);
    let mut word = keccak256(seed.to_be_bytes());
    while input.len() < bytes {
        input.extend_from_slice(word.as_slice());
        word = keccak256(word);
    }
    input.truncate(bytes);
    let transaction = TxEip1559 {
        chain_id: 901,
        nonce: seed,
        to: TxKind::Call(Address::repeat_byte(3)),
        input: input.into(),
        ..Default::default()
    };
    let signature = Signature::new(U256::from_be_bytes(word.0), U256::from(seed + 1), false);
    OpTxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
}

/// What an engine would make of the attributes.
fn execute(attributes: &OpPayloadAttributes, parent: &L2BlockInfo) -> Block<OpTxEnvelope> {
    let params = attributes.eip_1559_params.unwrap();
    let mut extra = vec![0];
    extra.extend(if params.is_zero() { [0, 0, 0, 250, 0, 0, 0, 6] } else { params.0 });
    let transactions: Vec<_> = attributes
        .transactions
        .iter()
        .flatten()
        .map(|transaction| OpTxEnvelope::decode_2718_exact(transaction).unwrap())
        .collect();
    Block {
        header: Header {
            parent_hash: parent.hash,
            number: parent.number + 1,
            timestamp: attributes.payload_attributes.timestamp,
            gas_limit: attributes.gas_limit.unwrap(),
            extra_data: extra.into(),
            transactions_root: alloy_consensus::proofs::calculate_transaction_root(&transactions),
            ..Header::default()
        },
        body: BlockBody { transactions, ..BlockBody::default() },
    }
}

impl L2Node {
    pub(crate) fn new(l2: L2) -> Arc<Self> {
        let head = l2.id(l2.blocks.len() - 1);
        let status =
            SyncStatus { current_l1: l2.config.genesis.l1, unsafe_l2: head, safe_l2: l2.id(0) };
        let state = NodeState { l2, status, limits: Vec::new(), without_miner: false };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// The head of the chain as it is now becomes the unsafe head.
    pub(crate) fn refresh(&self) {
        let mut state = self.state.lock().unwrap();
        state.status.unsafe_l2 = state.l2.id(state.l2.blocks.len() - 1);
    }

    /// The verifier derives L1 up to its head.
    pub(crate) fn derive(&self, l1: &[super::l1::MinedBlock]) -> usize {
        let mut state = self.state.lock().unwrap();
        let derived = state.l2.derive(l1);
        state.status.safe_l2 = state.l2.id(derived);
        state.status.current_l1 = BlockId { hash: B256::ZERO, number: l1.len() as u64 - 1 };
        derived
    }
}

#[async_trait]
impl L2Rpc for L2Node {
    async fn block(
        &self,
        number: u64,
    ) -> Result<Option<(B256, Block<OpTxEnvelope>)>, BatcherError> {
        let state = self.state.lock().unwrap();
        let block = state.l2.blocks.get(number as usize).cloned();
        Ok(block.map(|block| (block.header.hash_slow(), block)))
    }

    async fn set_max_da_size(&self, limits: DaLimits) -> Result<(), BatcherError> {
        let mut state = self.state.lock().unwrap();
        if state.without_miner {
            return Err(BatcherError::Rejected { code: -32601, message: "no such method".into() });
        }
        state.limits.push(limits);
        Ok(())
    }
}

#[async_trait]
impl RollupRpc for L2Node {
    async fn sync_status(&self) -> Result<SyncStatus, BatcherError> {
        Ok(self.state.lock().unwrap().status)
    }
}
