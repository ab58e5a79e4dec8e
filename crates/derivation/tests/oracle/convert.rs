//! Our types as kona's. Both share alloy-primitives; blocks go through RLP.

use alloy_consensus_v1 as v1;
use alloy_rlp::{Decodable, Encodable};
use assay_chainspec::{BlockId, RollupConfig, SystemConfig};
use assay_derivation::{L1BlockInfo, L2BlockInfo, Validity};
use kona_genesis::{ChainGenesis, HardForkConfig};
use kona_protocol::BatchValidity;

pub(crate) type OpBlockV1 = v1::Block<op_alloy_consensus_v1::OpTxEnvelope>;

pub(crate) fn block_id(id: BlockId) -> alloy_eips_v1::BlockNumHash {
    alloy_eips_v1::BlockNumHash { number: id.number, hash: id.hash }
}

pub(crate) fn system_config(config: &SystemConfig) -> kona_genesis::SystemConfig {
    let params = config.eip1559_params.0;
    let half = |from: usize| {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&params[from..from + 4]);
        u32::from_be_bytes(bytes)
    };
    kona_genesis::SystemConfig {
        batcher_address: config.batcher_address,
        overhead: config.overhead,
        scalar: config.scalar,
        gas_limit: config.gas_limit,
        eip1559_denominator: Some(half(0)),
        eip1559_elasticity: Some(half(4)),
        operator_fee_scalar: Some(config.operator_fee_scalar()),
        operator_fee_constant: Some(config.operator_fee_constant()),
        ..Default::default()
    }
}

pub(crate) fn rollup_config(config: &RollupConfig) -> kona_genesis::RollupConfig {
    kona_genesis::RollupConfig {
        genesis: ChainGenesis {
            l1: block_id(config.genesis.l1),
            l2: block_id(config.genesis.l2),
            l2_time: config.genesis.l2_time,
            system_config: Some(system_config(&config.genesis.system_config)),
        },
        block_time: config.block_time,
        max_sequencer_drift: config.max_sequencer_drift,
        seq_window_size: config.seq_window_size,
        channel_timeout: config.channel_timeout,
        granite_channel_timeout: 50,
        l1_chain_id: config.l1_chain_id,
        l2_chain_id: config.l2_chain_id.into(),
        hardforks: HardForkConfig {
            regolith_time: config.regolith_time,
            canyon_time: config.canyon_time,
            delta_time: config.delta_time,
            ecotone_time: config.ecotone_time,
            fjord_time: config.fjord_time,
            granite_time: config.granite_time,
            holocene_time: config.holocene_time,
            isthmus_time: config.isthmus_time,
            ..Default::default()
        },
        batch_inbox_address: config.batch_inbox_address,
        deposit_contract_address: config.deposit_contract_address,
        l1_system_config_address: config.l1_system_config_address,
        ..Default::default()
    }
}

pub(crate) fn l1_info(info: &L1BlockInfo) -> kona_protocol::BlockInfo {
    kona_protocol::BlockInfo::new(info.hash, info.number, info.parent_hash, info.timestamp)
}

pub(crate) fn l2_info(info: &L2BlockInfo) -> kona_protocol::L2BlockInfo {
    kona_protocol::L2BlockInfo {
        block_info: kona_protocol::BlockInfo::new(
            info.hash,
            info.number,
            info.parent_hash,
            info.timestamp,
        ),
        l1_origin: block_id(info.l1_origin),
        seq_num: info.sequence_number,
    }
}

pub(crate) fn validity(validity: BatchValidity) -> Validity {
    match validity {
        BatchValidity::Accept => Validity::Accept,
        BatchValidity::Drop => Validity::Drop,
        BatchValidity::Undecided => Validity::Undecided,
        BatchValidity::Future => Validity::Future,
        BatchValidity::Past => Validity::Past,
    }
}

/// The same value in kona's version of a type.
pub(crate) fn through_rlp<A: Encodable, B: Decodable>(value: &A) -> B {
    let mut out = Vec::new();
    value.encode(&mut out);
    B::decode(&mut &out[..]).unwrap()
}
