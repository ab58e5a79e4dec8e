//! `admin_`: what is left of it without a peer-to-peer network.

use crate::{RpcContext, RpcError};
use jsonrpsee::{
    core::{RpcResult, async_trait},
    proc_macros::rpc,
};
use serde_json::{Value, json};

/// `admin_`
#[rpc(server, namespace = "admin")]
pub trait AdminApi {
    /// Name, chain and head of this node.
    #[method(name = "nodeInfo")]
    async fn node_info(&self) -> RpcResult<Value>;
    /// None.
    #[method(name = "peers")]
    async fn peers(&self) -> RpcResult<Vec<Value>>;
}

#[async_trait]
impl AdminApiServer for RpcContext {
    async fn node_info(&self) -> RpcResult<Value> {
        let spec = self.spec();
        let config = serde_json::to_value(&spec.genesis().config).map_err(RpcError::internal)?;
        Ok(json!({
            "name": self.config.client_version,
            "protocols": {
                "eth": {
                    "network": spec.chain_id(),
                    "genesis": spec.genesis_hash(),
                    "head": self.head().hash(),
                    "config": config,
                },
            },
        }))
    }

    async fn peers(&self) -> RpcResult<Vec<Value>> {
        Ok(Vec::new())
    }
}
