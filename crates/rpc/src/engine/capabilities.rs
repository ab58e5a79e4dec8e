//! What this node serves of the Engine API, and who it is.

use alloy_rpc_types_engine::{ClientCode, ClientVersionV1};

/// The methods served, as `engine_exchangeCapabilities`, which is not listed itself, answers.
pub const CAPABILITIES: [&str; 13] = [
    "engine_forkchoiceUpdatedV1",
    "engine_forkchoiceUpdatedV2",
    "engine_forkchoiceUpdatedV3",
    "engine_getClientVersionV1",
    "engine_getPayloadBodiesByHashV1",
    "engine_getPayloadBodiesByRangeV1",
    "engine_getPayloadV2",
    "engine_getPayloadV3",
    "engine_getPayloadV4",
    "engine_getPayloadV5",
    "engine_newPayloadV2",
    "engine_newPayloadV3",
    "engine_newPayloadV4",
];

/// This client. The Engine API's closed list of client codes has none for Assay; `RH` is that of
/// the execution client whose behaviour it follows.
pub(crate) fn client_version() -> ClientVersionV1 {
    ClientVersionV1 {
        code: ClientCode::RH,
        name: "Assay".to_owned(),
        version: concat!("v", env!("CARGO_PKG_VERSION")).to_owned(),
        commit: option_env!("ASSAY_COMMIT").unwrap_or("00000000").to_owned(),
    }
}
