//! `net_`: there is no peer-to-peer network, blocks come from the rollup node.

use crate::RpcContext;
use alloy_primitives::U64;
use jsonrpsee::{
    core::{RpcResult, async_trait},
    proc_macros::rpc,
};

/// `net_`
#[rpc(server, namespace = "net")]
pub trait NetApi {
    /// The network id, which is the chain id.
    #[method(name = "version")]
    fn version(&self) -> RpcResult<String>;
    /// None.
    #[method(name = "peerCount")]
    fn peer_count(&self) -> RpcResult<U64>;
    /// True, as every client answers.
    #[method(name = "listening")]
    fn is_listening(&self) -> RpcResult<bool>;
}

#[async_trait]
impl NetApiServer for RpcContext {
    fn version(&self) -> RpcResult<String> {
        Ok(self.spec().chain_id().to_string())
    }

    fn peer_count(&self) -> RpcResult<U64> {
        Ok(U64::ZERO)
    }

    fn is_listening(&self) -> RpcResult<bool> {
        Ok(true)
    }
}
