//! A pretended L1 and L2 with real headers, so that both implementations compute the same hashes.

use crate::blocks::{self, PORTAL, deposit_log};
use alloy_consensus::{Block, Header, SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Log, Signature, TxKind, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use assay_chainspec::{RollupConfig, SystemConfig};
use assay_derivation::{
    BatchKind, Compression, Frame, L1Block, L1Origin, L2BlockInfo, UpgradeBundle,
};
use op_alloy_consensus::OpTxEnvelope;
use std::sync::Arc;

pub(crate) const INBOX: Address = Address::repeat_byte(0x1b);
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
        let genesis = blocks::genesis(&config);
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
        let origin = origin.origin(&self.config);
        let parent = self.l2.last().unwrap();
        let block = blocks::sequence(&self.config, &self.upgrades, parent, &origin, transactions);
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
        let l2 = &self.l2[from..=to];
        blocks::channel(&self.config, self.channels, l2, kind, compression, frame_size)
    }
}
