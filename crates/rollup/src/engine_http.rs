//! An execution engine behind its authenticated port.

use crate::{Engine, EngineError, L2Block, L2BlockId};
use alloy_primitives::{Address, B256, Bytes};
use alloy_rpc_types_engine::{
    ExecutionPayloadEnvelopeV2, ExecutionPayloadFieldV2, ExecutionPayloadInputV2, ForkchoiceState,
    ForkchoiceUpdated, JwtSecret, PayloadId, PayloadStatus,
};
use alloy_rpc_types_eth::{Block, EIP1186AccountProofResponse};
use assay_chainspec::{OpHardforks, RollupConfig};
use assay_client::{ClientError, Rpc};
use async_trait::async_trait;
use op_alloy_rpc_types::Transaction;
use op_alloy_rpc_types_engine::{
    OpExecutionData, OpExecutionPayload, OpExecutionPayloadEnvelopeV3,
    OpExecutionPayloadEnvelopeV4, OpPayloadAttributes,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The Engine API over HTTP with JWT.
#[derive(Debug, Clone)]
pub struct HttpEngine {
    rpc: Rpc,
    config: Arc<RollupConfig>,
}

impl HttpEngine {
    /// An engine at `url`. The configuration tells which version of each method a block needs.
    ///
    /// # Errors
    /// The URL is not one.
    pub fn new(url: &str, secret: JwtSecret, config: Arc<RollupConfig>) -> Result<Self, String> {
        let rpc = Rpc::new(url).map_err(|error| error.to_string())?;
        Ok(Self { rpc: rpc.with_secret(secret), config })
    }
}

/// Not-found errors of op-geth and op-reth are told from others by their text alone.
const NOT_FOUND: [&str; 4] =
    ["block not found", "Unknown block", "unknown block", "header not found"];

impl From<ClientError> for EngineError {
    fn from(error: ClientError) -> Self {
        match &error {
            ClientError::Rejected { code: -38001, .. } => Self::UnknownPayload,
            ClientError::Rejected { code: -38002, message, .. } => {
                Self::InvalidForkchoice(message.clone())
            }
            ClientError::Rejected { code: -38003, message, .. } => {
                Self::InvalidAttributes(message.clone())
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

#[async_trait]
impl Engine for HttpEngine {
    async fn block(&self, id: L2BlockId) -> Result<Option<L2Block>, EngineError> {
        let (method, tag) = match id {
            L2BlockId::Hash(hash) => ("eth_getBlockByHash", json!(hash)),
            L2BlockId::Number(number) => ("eth_getBlockByNumber", json!(format!("{number:#x}"))),
            L2BlockId::Latest => ("eth_getBlockByNumber", json!("latest")),
            L2BlockId::Safe => ("eth_getBlockByNumber", json!("safe")),
            L2BlockId::Finalized => ("eth_getBlockByNumber", json!("finalized")),
        };
        let block: Option<Block<Transaction>> =
            match self.rpc.call(method, json!([tag, true])).await {
                Err(ClientError::Rejected { message, .. })
                    if NOT_FOUND.iter().any(|text| message.contains(text)) =>
                {
                    None
                }
                other => other?,
            };
        let Some(block) = block else { return Ok(None) };
        let hash = block.header.hash;
        let block =
            block.map_transactions(|transaction| transaction.inner.into_inner()).into_consensus();
        if block.header.hash_slow() != hash {
            return Err(EngineError::Unavailable(format!("block {hash} has another hash")));
        }
        Ok(Some(L2Block { hash, block }))
    }

    async fn forkchoice(
        &self,
        state: ForkchoiceState,
        attributes: Option<OpPayloadAttributes>,
    ) -> Result<ForkchoiceUpdated, EngineError> {
        // Version 3 takes attributes of every fork, and is what op-node sends.
        Ok(self.rpc.call("engine_forkchoiceUpdatedV3", json!([state, attributes])).await?)
    }

    async fn payload(&self, id: PayloadId, timestamp: u64) -> Result<OpExecutionData, EngineError> {
        let config = &self.config;
        if config.is_isthmus_active_at_timestamp(timestamp) {
            let method = if config.is_karst_active_at_timestamp(timestamp) {
                "engine_getPayloadV5"
            } else {
                "engine_getPayloadV4"
            };
            let envelope: OpExecutionPayloadEnvelopeV4 = self.rpc.call(method, json!([id])).await?;
            return Ok(OpExecutionData::v4(
                envelope.execution_payload,
                Vec::new(),
                envelope.parent_beacon_block_root,
                alloy_eips::eip7685::Requests::new(envelope.execution_requests),
            ));
        }
        if config.is_ecotone_active_at_timestamp(timestamp) {
            let envelope: OpExecutionPayloadEnvelopeV3 =
                self.rpc.call("engine_getPayloadV3", json!([id])).await?;
            return Ok(OpExecutionData::v3(
                envelope.execution_payload,
                Vec::new(),
                envelope.parent_beacon_block_root,
            ));
        }
        let envelope: ExecutionPayloadEnvelopeV2 =
            self.rpc.call("engine_getPayloadV2", json!([id])).await?;
        let (execution_payload, withdrawals) = match envelope.execution_payload {
            ExecutionPayloadFieldV2::V1(payload) => (payload, None),
            ExecutionPayloadFieldV2::V2(payload) => {
                (payload.payload_inner, Some(payload.withdrawals))
            }
        };
        Ok(OpExecutionData::v2(ExecutionPayloadInputV2 { execution_payload, withdrawals }))
    }

    async fn insert(&self, payload: OpExecutionData) -> Result<PayloadStatus, EngineError> {
        let root = payload.parent_beacon_block_root();
        let none: [Bytes; 0] = [];
        let (method, params) = match &payload.payload {
            OpExecutionPayload::V4(inner) => {
                ("engine_newPayloadV4", json!([inner, none, root, none]))
            }
            OpExecutionPayload::V3(inner) => ("engine_newPayloadV3", json!([inner, none, root])),
            OpExecutionPayload::V2(inner) => ("engine_newPayloadV2", json!([inner])),
            OpExecutionPayload::V1(inner) => ("engine_newPayloadV2", json!([inner])),
        };
        Ok(self.rpc.call(method, params).await?)
    }

    async fn storage_root(&self, account: Address, block: B256) -> Result<B256, EngineError> {
        let none: [B256; 0] = [];
        let proof: EIP1186AccountProofResponse =
            self.rpc.call("eth_getProof", json!([account, none, {"blockHash": block}])).await?;
        Ok(proof.storage_hash)
    }
}

/// The client's name and version, for the log.
#[derive(Debug, Deserialize)]
struct ClientVersion {
    name: String,
    version: String,
}

impl HttpEngine {
    /// What the engine calls itself; none where it does not say.
    pub async fn client_version(&self) -> Option<String> {
        let me = json!({"code": "AS", "name": "assay", "version": env!("CARGO_PKG_VERSION"), "commit": "0x00000000"});
        let versions: Vec<ClientVersion> =
            self.rpc.call("engine_getClientVersionV1", Value::Array(vec![me])).await.ok()?;
        versions.first().map(|client| format!("{}/{}", client.name, client.version))
    }
}
