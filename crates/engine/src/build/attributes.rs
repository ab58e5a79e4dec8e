//! Payload attributes: their transactions and the payload's id.

use crate::EngineError;
use alloy_consensus::transaction::Recovered;
use alloy_primitives::B256;
use alloy_rpc_types_engine::PayloadId;
use assay_evm::{Transaction, decode_transactions, recover_senders};
use op_alloy_rpc_types_engine::OpPayloadAttributes;

/// Decodes the attributes' transactions and recovers their senders, in parallel.
pub(crate) fn transactions(
    attributes: &OpPayloadAttributes,
) -> Result<Vec<Recovered<Transaction>>, EngineError> {
    let invalid = |error: &dyn std::fmt::Display| EngineError::InvalidAttributes(error.to_string());
    let raw = attributes.transactions.as_deref().unwrap_or_default();
    let transactions = decode_transactions(raw).map_err(|error| invalid(&error))?;
    let senders = recover_senders(&transactions, &()).map_err(|error| invalid(&error))?;
    Ok(transactions
        .into_iter()
        .zip(senders)
        .map(|(transaction, sender)| Recovered::new_unchecked(transaction, sender))
        .collect())
}

/// The payload's id as op-geth and op-reth compute it. The version in its first byte is that of the
/// attributes' shape, which is what the forkchoiceUpdated version stands for.
pub(crate) fn payload_id(parent: B256, attributes: &OpPayloadAttributes) -> PayloadId {
    let inner = &attributes.payload_attributes;
    let version = match (inner.parent_beacon_block_root, &inner.withdrawals) {
        (Some(_), _) => 3,
        (None, Some(_)) => 2,
        (None, None) => 1,
    };
    attributes.payload_id(&parent, version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Bytes;
    use alloy_rpc_types_engine::PayloadAttributes;
    use proptest::prelude::{any, proptest};

    fn attributes(transactions: Vec<Bytes>) -> OpPayloadAttributes {
        OpPayloadAttributes {
            payload_attributes: PayloadAttributes {
                parent_beacon_block_root: Some(B256::ZERO),
                withdrawals: Some(Vec::new()),
                ..PayloadAttributes::default()
            },
            transactions: Some(transactions),
            gas_limit: Some(30_000_000),
            ..OpPayloadAttributes::default()
        }
    }

    #[test]
    fn the_id_depends_on_every_op_field() {
        let base = attributes(Vec::new());
        let mut ids =
            vec![payload_id(B256::ZERO, &base), payload_id(B256::with_last_byte(1), &base)];
        ids.push(payload_id(
            B256::ZERO,
            &OpPayloadAttributes { gas_limit: Some(1), ..base.clone() },
        ));
        let params = Some(alloy_primitives::B64::with_last_byte(1));
        let holocene = OpPayloadAttributes { eip_1559_params: params, ..base.clone() };
        ids.push(payload_id(B256::ZERO, &holocene));
        ids.push(payload_id(
            B256::ZERO,
            &OpPayloadAttributes { min_base_fee: Some(1), ..holocene },
        ));
        ids.push(payload_id(B256::ZERO, &OpPayloadAttributes { no_tx_pool: Some(true), ..base }));
        let count = ids.len();
        ids.sort_unstable_by_key(|id| id.0);
        ids.dedup();
        assert_eq!(ids.len(), count);
        assert!(ids.iter().all(|id| id.0[0] == 3));
    }

    #[test]
    fn the_bad_transaction_is_named() {
        let post_exec = Bytes::from_static(&[0x7d, 0x01, 0xc0]);
        let error = transactions(&attributes(vec![post_exec])).unwrap_err();
        assert!(
            matches!(error, EngineError::InvalidAttributes(why) if why.starts_with("transaction 0"))
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(raw in any::<Vec<Vec<u8>>>()) {
            let _ = transactions(&attributes(raw.into_iter().map(Bytes::from).collect()));
        }
    }
}
