//! What the Engine API is given.

use alloy_primitives::Bytes;
use alloy_rpc_types_engine::{CancunPayloadFields, PraguePayloadFields};
use assay_evm::{decode_payload, decode_transactions};
use op_alloy_rpc_types_engine::{OpExecutionPayload, OpExecutionPayloadSidecar};

/// A payload's JSON, of any version.
pub fn payload(data: &[u8]) {
    let Ok(payload) = serde_json::from_slice::<OpExecutionPayload>(data) else { return };
    let cancun = CancunPayloadFields::default;
    let sidecars = [
        OpExecutionPayloadSidecar::default(),
        OpExecutionPayloadSidecar::v3(cancun()),
        OpExecutionPayloadSidecar::v4(cancun(), PraguePayloadFields::default()),
    ];
    for sidecar in sidecars {
        if let Ok(block) = decode_payload(payload.clone(), &sidecar) {
            assert_eq!(block.hash(), payload.block_hash());
        }
    }
}

/// Encoded transactions, each behind a length of two bytes.
pub fn transactions(mut data: &[u8]) {
    let mut encoded = Vec::new();
    while let Some((length, rest)) = data.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (transaction, rest) = rest.split_at(length);
        encoded.push(Bytes::copy_from_slice(transaction));
        data = rest;
    }
    if let Ok(transactions) = decode_transactions(&encoded) {
        assert_eq!(transactions.len(), encoded.len());
    }
}
