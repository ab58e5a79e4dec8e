//! Between JSON's shapes and the engine's types.

use super::{
    error::invalid_params,
    types::{WireAttributes, WireEnvelope, WirePayload},
    versions::Shape,
};
use alloy_eips::eip7685::Requests;
use alloy_primitives::{B256, Bytes};
use alloy_rpc_types_engine::{
    BlobsBundleV1, CancunPayloadFields, ExecutionPayloadV1, ExecutionPayloadV2, ExecutionPayloadV3,
    PayloadAttributes, PraguePayloadFields,
};
use assay_engine::BuiltPayload;
use jsonrpsee::types::ErrorObjectOwned;
use op_alloy_rpc_types_engine::{
    OpExecutionData, OpExecutionPayload, OpExecutionPayloadSidecar, OpExecutionPayloadV4,
    OpPayloadAttributes,
};

/// What `newPayload` carries beside the payload.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    pub(crate) versioned_hashes: Vec<B256>,
    pub(crate) parent_beacon_block_root: Option<B256>,
    pub(crate) requests: Vec<Bytes>,
}

/// A payload of the shape that its fork asks for; a field too many or too few is a bad request.
pub(crate) fn execution_data(
    shape: Shape,
    wire: WirePayload,
    extras: Extras,
) -> Result<OpExecutionData, ErrorObjectOwned> {
    let WirePayload { withdrawals, blob_gas_used, excess_blob_gas, withdrawals_root, .. } = wire;
    let v1 = ExecutionPayloadV1 {
        parent_hash: wire.parent_hash,
        fee_recipient: wire.fee_recipient,
        state_root: wire.state_root,
        receipts_root: wire.receipts_root,
        logs_bloom: wire.logs_bloom,
        prev_randao: wire.prev_randao,
        block_number: wire.block_number,
        gas_limit: wire.gas_limit,
        gas_used: wire.gas_used,
        timestamp: wire.timestamp,
        extra_data: wire.extra_data,
        base_fee_per_gas: wire.base_fee_per_gas,
        block_hash: wire.block_hash,
        transactions: wire.transactions,
    };
    let missing = |field: &str| invalid_params(format!("{field} is missing"));
    let refuse = |present: bool, field: &str| {
        if present {
            Err(invalid_params(format!("{field} is not part of this payload version")))
        } else {
            Ok(())
        }
    };
    if shape < Shape::V4 {
        refuse(withdrawals_root.is_some(), "withdrawalsRoot")?;
    }
    if shape < Shape::V3 {
        refuse(blob_gas_used.is_some(), "blobGasUsed")?;
        refuse(excess_blob_gas.is_some(), "excessBlobGas")?;
    }
    if shape < Shape::V2 {
        refuse(withdrawals.is_some(), "withdrawals")?;
        let payload = OpExecutionPayload::V1(v1);
        return Ok(OpExecutionData { payload, sidecar: OpExecutionPayloadSidecar::default() });
    }
    let v2 = ExecutionPayloadV2 {
        payload_inner: v1,
        withdrawals: withdrawals.ok_or_else(|| missing("withdrawals"))?,
    };
    if shape == Shape::V2 {
        let payload = OpExecutionPayload::V2(v2);
        return Ok(OpExecutionData { payload, sidecar: OpExecutionPayloadSidecar::default() });
    }
    let v3 = ExecutionPayloadV3 {
        payload_inner: v2,
        blob_gas_used: blob_gas_used.ok_or_else(|| missing("blobGasUsed"))?,
        excess_blob_gas: excess_blob_gas.ok_or_else(|| missing("excessBlobGas"))?,
    };
    let cancun = CancunPayloadFields {
        parent_beacon_block_root: extras
            .parent_beacon_block_root
            .ok_or_else(|| missing("parentBeaconBlockRoot"))?,
        versioned_hashes: extras.versioned_hashes,
    };
    if shape == Shape::V3 {
        let payload = OpExecutionPayload::V3(v3);
        return Ok(OpExecutionData { payload, sidecar: OpExecutionPayloadSidecar::v3(cancun) });
    }
    let v4 = OpExecutionPayloadV4 {
        payload_inner: v3,
        withdrawals_root: withdrawals_root.ok_or_else(|| missing("withdrawalsRoot"))?,
    };
    let prague = PraguePayloadFields::new(Requests::new(extras.requests));
    Ok(OpExecutionData {
        payload: OpExecutionPayload::V4(v4),
        sidecar: OpExecutionPayloadSidecar::v4(cancun, prague),
    })
}

pub(crate) fn attributes(wire: WireAttributes) -> OpPayloadAttributes {
    OpPayloadAttributes {
        payload_attributes: PayloadAttributes {
            timestamp: wire.timestamp,
            prev_randao: wire.prev_randao,
            suggested_fee_recipient: wire.suggested_fee_recipient,
            withdrawals: wire.withdrawals,
            parent_beacon_block_root: wire.parent_beacon_block_root,
            ..PayloadAttributes::default()
        },
        transactions: wire.transactions,
        no_tx_pool: wire.no_tx_pool,
        gas_limit: wire.gas_limit,
        eip_1559_params: wire.eip_1559_params,
        min_base_fee: wire.min_base_fee,
    }
}

/// A built payload as the method's version answers it.
pub(crate) fn envelope(shape: Shape, built: &BuiltPayload) -> WireEnvelope {
    let with_blobs = shape >= Shape::V3;
    WireEnvelope {
        execution_payload: payload(&built.execution_data().payload),
        block_value: built.fees(),
        blobs_bundle: with_blobs.then(BlobsBundleV1::default),
        should_override_builder: with_blobs.then_some(false),
        parent_beacon_block_root: built.block().header().parent_beacon_block_root,
        execution_requests: (shape >= Shape::V4).then(Vec::new),
    }
}

fn payload(payload: &OpExecutionPayload) -> WirePayload {
    let v1 = payload.as_v1();
    let v3 = payload.as_v3();
    WirePayload {
        parent_hash: v1.parent_hash,
        fee_recipient: v1.fee_recipient,
        state_root: v1.state_root,
        receipts_root: v1.receipts_root,
        logs_bloom: v1.logs_bloom,
        prev_randao: v1.prev_randao,
        block_number: v1.block_number,
        gas_limit: v1.gas_limit,
        gas_used: v1.gas_used,
        timestamp: v1.timestamp,
        extra_data: v1.extra_data.clone(),
        base_fee_per_gas: v1.base_fee_per_gas,
        block_hash: v1.block_hash,
        transactions: v1.transactions.clone(),
        withdrawals: payload.as_v2().map(|v2| v2.withdrawals.clone()),
        blob_gas_used: v3.map(|v3| v3.blob_gas_used),
        excess_blob_gas: v3.map(|v3| v3.excess_blob_gas),
        withdrawals_root: payload.as_v4().map(|v4| v4.withdrawals_root),
    }
}
