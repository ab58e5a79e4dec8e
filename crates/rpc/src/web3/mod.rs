//! `web3_`

use crate::RpcContext;
use alloy_primitives::{B256, Bytes, keccak256};
use jsonrpsee::{
    core::{RpcResult, async_trait},
    proc_macros::rpc,
};

/// `web3_`
#[rpc(server, namespace = "web3")]
pub trait Web3Api {
    /// Name and version of this client.
    #[method(name = "clientVersion")]
    async fn client_version(&self) -> RpcResult<String>;
    /// keccak256 of the input.
    #[method(name = "sha3")]
    fn sha3(&self, input: Bytes) -> RpcResult<B256>;
}

#[async_trait]
impl Web3ApiServer for RpcContext {
    async fn client_version(&self) -> RpcResult<String> {
        Ok(self.config.client_version.clone())
    }

    fn sha3(&self, input: Bytes) -> RpcResult<B256> {
        Ok(keccak256(input))
    }
}
