//! L2 blocks without execution, and their channels: for the unit tests and for the oracle's, which
//! each have an L1 of their own.

use super::derivation::{
    BatchKind, ChannelId, ChannelOut, ChannelOutConfig, Compression, Frame, L1Origin, L2BlockInfo,
    TRANSACTION_DEPOSITED, UpgradeBundle, block_to_batch, prepare_attributes,
    system_config_from_l2_block,
};
use alloy_consensus::{Block, BlockBody, Header, proofs::calculate_transaction_root};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, Log};
use assay_chainspec::{BlobSchedule, L1ChainConfig, OpHardforks, RollupConfig};
use op_alloy_consensus::OpTxEnvelope;
use op_alloy_rpc_types_engine::OpPayloadAttributes;
use std::sync::Arc;

pub(crate) const PORTAL: Address = Address::repeat_byte(0x9a);

pub(crate) fn blob_schedule() -> BlobSchedule {
    L1ChainConfig::dev(900, false).blobs
}

pub(crate) fn genesis(config: &RollupConfig) -> Block<OpTxEnvelope> {
    let header = Header {
        timestamp: config.genesis.l2_time,
        gas_limit: config.genesis.system_config.gas_limit,
        ..Header::default()
    };
    Block { header, body: BlockBody::default() }
}

/// Sequences a block with these transactions on `parent`.
pub(crate) fn sequence(
    config: &RollupConfig,
    upgrades: &UpgradeBundle,
    parent: &Block<OpTxEnvelope>,
    origin: &L1Origin,
    transactions: Vec<Bytes>,
) -> Block<OpTxEnvelope> {
    let info = L2BlockInfo::from_block(config, parent).unwrap();
    let system_config = system_config_from_l2_block(config, upgrades, parent).unwrap();
    let mut attributes =
        prepare_attributes(config, &blob_schedule(), upgrades, &info, &system_config, origin)
            .unwrap();
    attributes.transactions.as_mut().unwrap().extend(transactions);
    execute(config, &attributes, &info).unwrap()
}

/// What an engine would make of the attributes, without executing anything; none where a
/// transaction does not decode.
pub(crate) fn execute(
    config: &RollupConfig,
    attributes: &OpPayloadAttributes,
    parent: &L2BlockInfo,
) -> Option<Block<OpTxEnvelope>> {
    let timestamp = attributes.payload_attributes.timestamp;
    let mut extra = Vec::new();
    if config.is_holocene_active_at_timestamp(timestamp) {
        let params = attributes.eip_1559_params.unwrap();
        extra.push(u8::from(config.is_jovian_active_at_timestamp(timestamp)));
        extra.extend(if params.is_zero() { [0, 0, 0, 250, 0, 0, 0, 6] } else { params.0 });
        extra.extend(attributes.min_base_fee.iter().flat_map(|fee| fee.to_be_bytes()));
    }
    let transactions = attributes
        .transactions
        .iter()
        .flatten()
        .map(|transaction| OpTxEnvelope::decode_2718_exact(transaction).ok())
        .collect::<Option<Vec<_>>>()?;
    let beacon_root = attributes.payload_attributes.parent_beacon_block_root;
    Some(Block {
        header: Header {
            parent_hash: parent.hash,
            number: parent.number + 1,
            timestamp,
            gas_limit: attributes.gas_limit.unwrap(),
            extra_data: extra.into(),
            mix_hash: attributes.payload_attributes.prev_randao,
            // A header that has a beacon root has all that Ethereum's forks brought before it.
            base_fee_per_gas: beacon_root.map(|_| 0),
            withdrawals_root: beacon_root.map(|_| B256::ZERO),
            blob_gas_used: beacon_root.map(|_| 0),
            excess_blob_gas: beacon_root.map(|_| 0),
            parent_beacon_block_root: beacon_root,
            transactions_root: calculate_transaction_root(&transactions),
            ..Header::default()
        },
        body: BlockBody { transactions, ..BlockBody::default() },
    })
}

/// The frames of one channel with these blocks; `id` tells it from others.
pub(crate) fn channel(
    config: &Arc<RollupConfig>,
    id: u64,
    blocks: &[Block<OpTxEnvelope>],
    kind: BatchKind,
    compression: Compression,
    frame_size: usize,
) -> Vec<Frame> {
    let options = ChannelOutConfig {
        batch_kind: kind,
        compression,
        target_frames: 1000,
        max_frame_size: frame_size,
        max_blocks_per_span: 0,
    };
    let id = ChannelId::left_padding_from(&id.to_be_bytes());
    let mut out = ChannelOut::new(options, Arc::clone(config), id);
    for block in blocks {
        let (batch, sequence_number) = block_to_batch(block).unwrap();
        out.add_block(&batch, sequence_number).unwrap();
    }
    out.close();
    std::iter::from_fn(|| out.next_frame()).collect()
}

/// The portal's log of a deposit.
pub(crate) fn deposit_log() -> Log {
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
    Log::new_unchecked(PORTAL, topics, data.into())
}
