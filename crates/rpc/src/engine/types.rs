//! Payloads and attributes as they stand in JSON.
//!
//! Flat, with one optional field per fork: serde's `flatten`, which the published types use, buffers
//! everything before it decodes it, and a payload is up to megabytes.

use alloy_eips::eip4895::Withdrawal;
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, U256};
use alloy_rpc_types_engine::BlobsBundleV1;
use serde::{Deserialize, Serialize};

/// An execution payload of any version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WirePayload {
    pub(crate) parent_hash: B256,
    pub(crate) fee_recipient: Address,
    pub(crate) state_root: B256,
    pub(crate) receipts_root: B256,
    pub(crate) logs_bloom: Bloom,
    pub(crate) prev_randao: B256,
    #[serde(with = "alloy_serde::quantity")]
    pub(crate) block_number: u64,
    #[serde(with = "alloy_serde::quantity")]
    pub(crate) gas_limit: u64,
    #[serde(with = "alloy_serde::quantity")]
    pub(crate) gas_used: u64,
    #[serde(with = "alloy_serde::quantity")]
    pub(crate) timestamp: u64,
    pub(crate) extra_data: Bytes,
    pub(crate) base_fee_per_gas: U256,
    pub(crate) block_hash: B256,
    pub(crate) transactions: Vec<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) withdrawals: Option<Vec<Withdrawal>>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "alloy_serde::quantity::opt")]
    pub(crate) blob_gas_used: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "alloy_serde::quantity::opt")]
    pub(crate) excess_blob_gas: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) withdrawals_root: Option<B256>,
}

/// Payload attributes of any version, with OP's fields. `minBaseFee` may be a number or a QUANTITY.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireAttributes {
    #[serde(with = "alloy_serde::quantity")]
    pub(crate) timestamp: u64,
    pub(crate) prev_randao: B256,
    pub(crate) suggested_fee_recipient: Address,
    #[serde(default)]
    pub(crate) withdrawals: Option<Vec<Withdrawal>>,
    #[serde(default)]
    pub(crate) parent_beacon_block_root: Option<B256>,
    #[serde(default)]
    pub(crate) transactions: Option<Vec<Bytes>>,
    #[serde(default)]
    pub(crate) no_tx_pool: Option<bool>,
    #[serde(default, with = "alloy_serde::quantity::opt")]
    pub(crate) gas_limit: Option<u64>,
    #[serde(default)]
    pub(crate) eip_1559_params: Option<B64>,
    #[serde(default, with = "alloy_serde::quantity::opt")]
    pub(crate) min_base_fee: Option<u64>,
}

/// What `getPayload` answers; fields that a version does not have are left out.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireEnvelope {
    pub(crate) execution_payload: WirePayload,
    pub(crate) block_value: U256,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) blobs_bundle: Option<BlobsBundleV1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) should_override_builder: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent_beacon_block_root: Option<B256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) execution_requests: Option<Vec<Bytes>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, proptest};

    fn attributes(extra: &str) -> serde_json::Result<WireAttributes> {
        serde_json::from_str(&format!(
            r#"{{"timestamp":"0x5","prevRandao":"{zero}","suggestedFeeRecipient":"{address}"{extra}}}"#,
            zero = B256::ZERO,
            address = Address::ZERO,
        ))
    }

    #[test]
    fn min_base_fee_is_a_number_or_a_quantity() {
        assert_eq!(attributes("").unwrap().min_base_fee, None);
        assert_eq!(attributes(r#","minBaseFee":null"#).unwrap().min_base_fee, None);
        assert_eq!(attributes(r#","minBaseFee":100000"#).unwrap().min_base_fee, Some(100_000));
        assert_eq!(attributes(r#","minBaseFee":"0x186a0""#).unwrap().min_base_fee, Some(100_000));
        assert!(attributes(r#","minBaseFee":-1"#).is_err());
        assert!(attributes(r#","minBaseFee":"0x10000000000000000""#).is_err());
    }

    #[test]
    fn fields_of_later_forks_may_be_null_or_absent() {
        let parsed = attributes(
            r#","eip1559Params":null,"withdrawals":null,"transactions":null,"noTxPool":null"#,
        )
        .unwrap();
        assert!(parsed.eip_1559_params.is_none() && parsed.transactions.is_none());
        let parsed =
            attributes(r#","eip1559Params":"0x000000fa00000006","gasLimit":"0x1c9c380""#).unwrap();
        assert_eq!(parsed.eip_1559_params, Some(alloy_primitives::b64!("000000fa00000006")));
        assert_eq!(parsed.gas_limit, Some(30_000_000));
    }

    proptest! {
        #[test]
        fn arbitrary_json_never_panics(text in any::<String>(), bytes in any::<Vec<u8>>()) {
            let _ = serde_json::from_str::<WirePayload>(&text);
            let _ = serde_json::from_slice::<WireAttributes>(&bytes);
        }
    }
}
