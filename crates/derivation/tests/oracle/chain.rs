//! A pretended L1 and L2 with real headers, so that both implementations compute the same hashes.

use alloy_consensus::{Block, BlockBody, Header, SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, B256, Bytes, Log, LogData, Signature, TxKind, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use assay_chainspec::{BlobSchedule, L1ChainConfig, OpHardforks, RollupConfig, SystemConfig};
use assay_derivation::{
    BatchKind, ChannelId, ChannelOut, ChannelOutConfig, Compression, Frame, L1Block, L1Origin,
    L2BlockInfo, TRANSACTION_DEPOSITED, UpgradeBundle, block_to_batch, prepare_attributes,
    system_config_from_l2_block,
};
use op_alloy_consensus::OpTxEnvelope;
use op_alloy_rpc_types_engine::OpPayloadAttributes;
use std::sync::Arc;

pub(crate) const INBOX: Address = Address::repeat_byte(0x1b);
pub(crate) const PORTAL: Address = Address::repeat_byte(0x9a);
pub(crate) const GENESIS_TIME: u64 = 10_000;

/// An L1 block and what both implementations are told of it.
#[derive(Debug, Clone)]
pub(crate) struct L1 {
    pub(crate) header: Header,
    pub(crate) logs: Vec<Log>,
    /// Batcher transactions' data.
    pub(crate) data: Vec<Bytes>,
}

pub(crate) struct Chain {
    pub(crate) config: Arc<RollupConfig>,
    pub(crate) upgrades: Arc<UpgradeBundle>,
    pub(crate) l1: Vec<L1>,
    pub(crate) l2: Vec<Block<OpTxEnvelope>>,
    channels: u64,
}

fn batcher() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap()
}

/// A transaction to the inbox by the batcher.
fn inbox_transaction(data: Bytes) -> TxEnvelope {
    let transaction =
        TxEip1559 { to: TxKind::Call(INBOX), input: data, chain_id: 900, ..Default::default() };
    let signature = batcher().sign_hash_sync(&transaction.signature_hash()).unwrap();
    transaction.into_signed(signature).into()
}

pub(crate) fn user_transaction(nonce: u64) -> Bytes {
    let transaction = TxEip1559 {
        chain_id: 901,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 1_000_000_000,
        max_priority_fee_per_gas: 7,
        to: TxKind::Call(Address::repeat_byte(3)),
        value: U256::from(nonce),
        input: vec![nonce as u8; (nonce % 40) as usize].into(),
        ..Default::default()
    };
    OpTxEnvelope::from(transaction.into_signed(Signature::test_signature())).encoded_2718().into()
}

/// All forks up to this many: Canyon, Delta, Ecotone, Fjord, Granite, Holocene, Isthmus.
pub(crate) fn config(forks: usize) -> RollupConfig {
    let at = |index: usize| (index <= forks).then_some(0);
    let mut config = RollupConfig {
        block_time: 2,
        max_sequencer_drift: 600,
        seq_window_size: 14,
        channel_timeout: 10,
        l1_chain_id: 900,
        l2_chain_id: 901,
        regolith_time: Some(0),
        canyon_time: at(1),
        delta_time: at(2),
        ecotone_time: at(3),
        fjord_time: at(4),
        granite_time: at(5),
        holocene_time: at(6),
        isthmus_time: at(7),
        batch_inbox_address: INBOX,
        deposit_contract_address: PORTAL,
        l1_system_config_address: Address::repeat_byte(0x5c),
        ..RollupConfig::default()
    };
    config.genesis.l2_time = GENESIS_TIME;
    config.genesis.system_config = SystemConfig {
        gas_limit: 30_000_000,
        scalar: SystemConfig::pack_scalar(100, 200),
        ..SystemConfig::default()
    };
    config
}

pub(crate) fn blobs() -> BlobSchedule {
    L1ChainConfig::dev(900, false).blobs
}

impl L1 {
    pub(crate) fn origin(&self, config: &RollupConfig) -> L1Origin {
        let hash = self.header.hash_slow();
        L1Origin::new(config, hash, &self.header, self.logs.iter().cloned())
    }

    pub(crate) fn block(&self, config: &RollupConfig) -> L1Block {
        let transactions: Vec<_> = self.data.iter().cloned().map(inbox_transaction).collect();
        L1Block::new(config, self.origin(config), &transactions)
    }
}

impl Chain {
    pub(crate) fn new(config: RollupConfig) -> Self {
        Self::with_upgrades(config, UpgradeBundle::default())
    }

    pub(crate) fn with_upgrades(mut config: RollupConfig, upgrades: UpgradeBundle) -> Self {
        config.genesis.system_config.batcher_address = batcher().address();
        let genesis = Block::<OpTxEnvelope> {
            header: Header {
                timestamp: GENESIS_TIME,
                gas_limit: config.genesis.system_config.gas_limit,
                ..Header::default()
            },
            ..Block::default()
        };
        config.genesis.l2.hash = genesis.header.hash_slow();
        let mut chain = Self {
            config: Arc::default(),
            upgrades: Arc::new(upgrades),
            l1: Vec::new(),
            l2: vec![genesis],
            channels: 0,
        };
        chain.mine(Vec::new());
        config.genesis.l1.hash = chain.l1[0].header.hash_slow();
        chain.config = Arc::new(config);
        chain
    }

    pub(crate) fn mine(&mut self, data: Vec<Bytes>) {
        let number = self.l1.len() as u64;
        let parent_hash = self.l1.last().map_or(B256::ZERO, |block| block.header.hash_slow());
        let logs = if number % 4 == 2 { vec![deposit_log(), deposit_log()] } else { Vec::new() };
        let header = Header {
            parent_hash,
            number,
            timestamp: GENESIS_TIME + 12 * number,
            base_fee_per_gas: Some(7 + number),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(number << 20),
            parent_beacon_block_root: Some(B256::repeat_byte(number as u8)),
            withdrawals_root: Some(B256::ZERO),
            requests_hash: Some(B256::ZERO),
            mix_hash: B256::from(U256::from(number)),
            ..Header::default()
        };
        self.l1.push(L1 { header, logs, data });
    }

    pub(crate) fn info(&self, number: usize) -> L2BlockInfo {
        L2BlockInfo::from_block(&self.config, &self.l2[number]).unwrap()
    }

    pub(crate) fn sequence(&mut self, transactions: Vec<Bytes>) {
        let parent = self.info(self.l2.len() - 1);
        let timestamp = parent.timestamp + 2;
        let current = parent.l1_origin.number as usize;
        let origin = match self.l1.get(current + 1) {
            Some(next) if next.header.timestamp <= timestamp => next,
            _ => &self.l1[current],
        };
        let upgrades = &self.upgrades;
        let parent_config =
            system_config_from_l2_block(&self.config, upgrades, self.l2.last().unwrap()).unwrap();
        let mut attributes = prepare_attributes(
            &self.config,
            &blobs(),
            upgrades,
            &parent,
            &parent_config,
            &origin.origin(&self.config),
        )
        .unwrap();
        attributes.transactions.as_mut().unwrap().extend(transactions);
        let block = execute(&self.config, &attributes, &parent).unwrap();
        self.l2.push(block);
    }

    pub(crate) fn channel(
        &mut self,
        from: usize,
        to: usize,
        kind: BatchKind,
        compression: Compression,
        frame_size: usize,
    ) -> Vec<Frame> {
        self.channels += 1;
        let config = ChannelOutConfig {
            batch_kind: kind,
            compression,
            target_frames: 1000,
            max_frame_size: frame_size,
            max_blocks_per_span: 0,
        };
        let id = ChannelId::left_padding_from(&self.channels.to_be_bytes());
        let mut out = ChannelOut::new(config, Arc::clone(&self.config), id);
        for block in &self.l2[from..=to] {
            let (batch, sequence_number) = block_to_batch(block).unwrap();
            out.add_block(&batch, sequence_number).unwrap();
        }
        out.close();
        std::iter::from_fn(|| out.next_frame()).collect()
    }
}

/// What an engine would make of the attributes, without executing; none where a transaction does
/// not decode.
pub(crate) fn execute(
    config: &RollupConfig,
    attributes: &OpPayloadAttributes,
    parent: &L2BlockInfo,
) -> Option<Block<OpTxEnvelope>> {
    let timestamp = attributes.payload_attributes.timestamp;
    let mut extra = Vec::new();
    if config.is_holocene_active_at_timestamp(timestamp) {
        let params = attributes.eip_1559_params.unwrap();
        extra.push(0);
        extra.extend(if params.is_zero() { [0, 0, 0, 250, 0, 0, 0, 6] } else { params.0 });
    }
    let transactions = attributes
        .transactions
        .iter()
        .flatten()
        .map(|transaction| OpTxEnvelope::decode_2718_exact(transaction).ok())
        .collect::<Option<Vec<_>>>()?;
    Some(Block {
        header: Header {
            parent_hash: parent.hash,
            number: parent.number + 1,
            timestamp,
            gas_limit: attributes.gas_limit.unwrap(),
            extra_data: extra.into(),
            mix_hash: attributes.payload_attributes.prev_randao,
            transactions_root: alloy_consensus::proofs::calculate_transaction_root(&transactions),
            ..Header::default()
        },
        body: BlockBody { transactions, ..BlockBody::default() },
    })
}

fn deposit_log() -> Log {
    let mut opaque = vec![0; 73];
    opaque[31] = 5;
    opaque[71] = 0xff;
    let mut data = vec![0; 64];
    data[31] = 32;
    data[63] = opaque.len() as u8;
    data.extend(opaque);
    data.resize(data.len().next_multiple_of(32), 0);
    let word = Address::repeat_byte(1).into_word();
    let topics = vec![TRANSACTION_DEPOSITED, word, word, B256::ZERO];
    Log { address: PORTAL, data: LogData::new_unchecked(topics, data.into()) }
}
