//! Starts and stops the server.

use super::{JwtLayer, JwtSecret};
use crate::HexIds;
use jsonrpsee::{
    Methods,
    core::RegisterMethodError,
    server::{ServerBuilder, ServerConfig, ServerHandle},
};
use std::net::SocketAddr;

/// Payloads of a full block in hex are tens of megabytes at a high gas limit.
const MAX_REQUEST_BYTES: u32 = 128 << 20;
/// Witnesses and receipts of a full block.
const MAX_RESPONSE_BYTES: u32 = 750 << 20;
const MAX_CONNECTIONS: u32 = 500;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be bound.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// Two methods have one name.
    #[error(transparent)]
    Register(#[from] RegisterMethodError),
}

/// Where and with which secret the server listens.
#[derive(Debug, Clone)]
pub struct AuthServerConfig {
    /// Address; port 0 takes a free one.
    pub address: SocketAddr,
    /// The secret shared with the rollup node.
    pub secret: JwtSecret,
}

/// A running server.
#[derive(Debug)]
pub struct AuthServer {
    handle: ServerHandle,
    address: SocketAddr,
}

impl AuthServer {
    /// Serves `methods` over HTTP and WebSocket to those who hold the secret.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn start(
        config: AuthServerConfig,
        methods: impl Into<Methods>,
    ) -> Result<Self, ServerError> {
        let AuthServerConfig { address, secret } = config;
        let bind = |source| ServerError::Bind { address, source };
        let limits = ServerConfig::builder()
            .max_request_body_size(MAX_REQUEST_BYTES)
            .max_response_body_size(MAX_RESPONSE_BYTES)
            .max_connections(MAX_CONNECTIONS)
            .set_id_provider(HexIds)
            .set_tcp_no_delay(true)
            .build();
        let server = ServerBuilder::with_config(limits)
            .set_http_middleware(tower::ServiceBuilder::new().layer(JwtLayer::new(secret)))
            .build(address)
            .await
            .map_err(bind)?;
        let address = server.local_addr().map_err(bind)?;
        let handle = server.start(methods);
        tracing::info!(url = %address, "RPC auth server started");
        Ok(Self { handle, address })
    }

    /// The address that it listens on.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops taking requests and waits for those under way.
    pub async fn stop(self) {
        // An error means that it has stopped already.
        let _ = self.handle.stop();
        self.handle.stopped().await;
    }
}
