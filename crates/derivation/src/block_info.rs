//! What derivation knows of an L1 and of an L2 block.

use crate::{DerivationError, L1InfoTransaction, SystemConfig, UpgradeBundle, system_config};
use alloy_consensus::{Block, Header, TxReceipt};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{B256, Bytes, Log};
use assay_chainspec::{BlockId, RollupConfig};
use op_alloy_consensus::OpTxEnvelope;

/// An L1 block's place in its chain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct L1BlockInfo {
    /// Hash.
    pub hash: B256,
    /// Number.
    pub number: u64,
    /// Hash of the parent.
    pub parent_hash: B256,
    /// Timestamp, in unix seconds.
    pub timestamp: u64,
}

impl L1BlockInfo {
    /// Number and hash.
    pub const fn id(&self) -> BlockId {
        BlockId { hash: self.hash, number: self.number }
    }
}

/// A log and its index in its block: the source of a deposit is made from both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct L1Log {
    /// Index among all logs of the block.
    pub index: u64,
    /// The log.
    pub log: Log,
}

/// What an L2 block takes from its L1 origin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct L1Origin {
    /// Its place.
    pub info: L1BlockInfo,
    /// Base fee, in wei per gas; 0 before London.
    pub base_fee: u64,
    /// Excess blob gas; none before Cancun.
    pub excess_blob_gas: Option<u64>,
    /// Randomness of the beacon chain.
    pub prev_randao: B256,
    /// Root of the parent beacon block; none before Cancun.
    pub parent_beacon_root: Option<B256>,
    /// Logs of the deposit contract and of SystemConfig, ascending by index.
    pub logs: Vec<L1Log>,
}

impl L1Origin {
    /// From a header and *all* logs of the block, in order. Logs exist only where a transaction
    /// succeeded.
    pub fn new(
        config: &RollupConfig,
        hash: B256,
        header: &Header,
        logs: impl IntoIterator<Item = Log>,
    ) -> Self {
        let relevant = [config.deposit_contract_address, config.l1_system_config_address];
        Self {
            info: L1BlockInfo {
                hash,
                number: header.number,
                parent_hash: header.parent_hash,
                timestamp: header.timestamp,
            },
            base_fee: header.base_fee_per_gas.unwrap_or(0),
            excess_blob_gas: header.excess_blob_gas,
            prev_randao: header.mix_hash,
            parent_beacon_root: header.parent_beacon_block_root,
            logs: (0u64..)
                .zip(logs)
                .filter(|(_, log)| relevant.contains(&log.address))
                .map(|(index, log)| L1Log { index, log })
                .collect(),
        }
    }

    /// From a header and all receipts of the block.
    pub fn from_receipts<R: TxReceipt<Log = Log>>(
        config: &RollupConfig,
        hash: B256,
        header: &Header,
        receipts: &[R],
    ) -> Self {
        Self::new(config, hash, header, receipts.iter().flat_map(|r| r.logs().iter().cloned()))
    }
}

/// An L2 block's place on L2 and on L1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct L2BlockInfo {
    /// Hash.
    pub hash: B256,
    /// Number.
    pub number: u64,
    /// Hash of the parent.
    pub parent_hash: B256,
    /// Timestamp, in unix seconds.
    pub timestamp: u64,
    /// The L1 block that it refers to.
    pub l1_origin: BlockId,
    /// Place in the origin's epoch, from 0.
    pub sequence_number: u64,
}

impl L2BlockInfo {
    /// Reads an L2 block, whose first transaction tells its origin.
    ///
    /// # Errors
    /// [`DerivationError::Malformed`]: the first transaction is not an L1 attributes deposit.
    /// [`DerivationError::Critical`]: another genesis block than the configured one.
    pub fn from_block(
        config: &RollupConfig,
        block: &Block<OpTxEnvelope>,
    ) -> Result<Self, DerivationError> {
        Self::with_hash(config, block, block.header.hash_slow())
    }

    /// As [`Self::from_block`], where the hash is known already.
    ///
    /// # Errors
    /// As there.
    pub fn with_hash(
        config: &RollupConfig,
        block: &Block<OpTxEnvelope>,
        hash: B256,
    ) -> Result<Self, DerivationError> {
        let header = &block.header;
        let (l1_origin, sequence_number) = if header.number == config.genesis.l2.number {
            system_config::check_genesis(config, hash)?;
            (config.genesis.l1, 0)
        } else {
            let info = L1InfoTransaction::from_block(block)?;
            (info.l1_block, info.sequence_number)
        };
        Ok(Self {
            hash,
            number: header.number,
            parent_hash: header.parent_hash,
            timestamp: header.timestamp,
            l1_origin,
            sequence_number,
        })
    }

    /// Number and hash.
    pub const fn id(&self) -> BlockId {
        BlockId { hash: self.hash, number: self.number }
    }
}

/// A block of the safe chain, as far as derivation looks into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownL2Block {
    /// Its place.
    pub info: L2BlockInfo,
    /// Timestamp of its L1 origin, in unix seconds; 0 for the genesis block.
    pub origin_timestamp: u64,
    /// The system configuration that holds after it.
    pub system_config: SystemConfig,
    /// EIP-2718 encoded transactions, deposits left out.
    pub transactions: Vec<Bytes>,
}

impl KnownL2Block {
    /// Reads an L2 block.
    ///
    /// # Errors
    /// As [`L2BlockInfo::from_block`], and where the block's extra data does not fit its fork.
    pub fn from_block(
        config: &RollupConfig,
        upgrades: &UpgradeBundle,
        block: &Block<OpTxEnvelope>,
    ) -> Result<Self, DerivationError> {
        let info = L2BlockInfo::from_block(config, block)?;
        let origin_timestamp = if info.number == config.genesis.l2.number {
            0
        } else {
            L1InfoTransaction::from_block(block)?.l1_timestamp
        };
        Ok(Self {
            info,
            origin_timestamp,
            system_config: system_config::of_block(config, upgrades, block, info.hash)?,
            transactions: user_transactions(block),
        })
    }
}

/// A block's transactions without its deposits, EIP-2718 encoded.
pub(crate) fn user_transactions(block: &Block<OpTxEnvelope>) -> Vec<Bytes> {
    block
        .body
        .transactions
        .iter()
        .filter(|transaction| !transaction.is_deposit())
        .map(|transaction| transaction.encoded_2718().into())
        .collect()
}
