//! Starts and stops the servers.

use super::{HexIds, ServerConfig, origin};
use jsonrpsee::{
    Methods,
    core::server::MethodCallback,
    server::{
        BatchRequestConfig, ServerBuilder, ServerConfig as Limits, ServerConfigBuilder,
        ServerHandle,
    },
};
use std::{io, net::SocketAddr};

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct ServerError {
    /// The address.
    pub address: SocketAddr,
    /// The operating system's reason.
    pub source: io::Error,
}

/// A running server.
#[derive(Debug)]
pub struct RpcServer {
    handle: ServerHandle,
    address: SocketAddr,
}

impl RpcServer {
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

/// Serves `methods` over HTTP, subscriptions left out.
///
/// # Errors
/// The address cannot be bound.
pub async fn start_http(
    config: &ServerConfig,
    methods: impl Into<Methods>,
) -> Result<RpcServer, ServerError> {
    let methods = without_subscriptions(&methods.into());
    let server = start(config, methods, ServerConfigBuilder::http_only).await?;
    tracing::info!(url = %server.address, "RPC HTTP server started");
    Ok(server)
}

/// Serves `methods` over WebSocket, subscriptions included.
///
/// # Errors
/// The address cannot be bound.
pub async fn start_ws(
    config: &ServerConfig,
    methods: impl Into<Methods>,
) -> Result<RpcServer, ServerError> {
    let server = start(config, methods.into(), ServerConfigBuilder::ws_only).await?;
    tracing::info!(url = %server.address, "RPC WS server started");
    Ok(server)
}

/// Serves the same `methods` over HTTP and WebSocket on one port.
///
/// # Errors
/// The address cannot be bound.
pub async fn start_http_and_ws(
    config: &ServerConfig,
    methods: impl Into<Methods>,
) -> Result<RpcServer, ServerError> {
    let server = start(config, methods.into(), |limits| limits).await?;
    tracing::info!(url = %server.address, "RPC HTTP server started");
    tracing::info!(url = %server.address, "RPC WS server started");
    Ok(server)
}

/// A server that cannot send by itself would answer these with an internal error.
fn without_subscriptions(methods: &Methods) -> Methods {
    let mut calls = Methods::new();
    for name in methods.method_names() {
        if let Some(method @ (MethodCallback::Sync(_) | MethodCallback::Async(_))) =
            methods.method(name)
        {
            // Names are different in `methods`, and so are here.
            let _ = calls.verify_and_insert(name, method.clone());
        }
    }
    calls
}

async fn start(
    config: &ServerConfig,
    methods: Methods,
    transport: impl FnOnce(ServerConfigBuilder) -> ServerConfigBuilder,
) -> Result<RpcServer, ServerError> {
    let failed = |source| ServerError { address: config.address, source };
    let limits = transport(
        Limits::builder()
            .max_request_body_size(config.max_request_bytes)
            .max_response_body_size(config.max_response_bytes)
            .max_connections(config.max_connections)
            .max_subscriptions_per_connection(config.max_subscriptions)
            .set_batch_request_config(BatchRequestConfig::Limit(config.max_batch))
            .set_id_provider(HexIds)
            .set_tcp_no_delay(true),
    )
    .build();
    let browser = tower::ServiceBuilder::new()
        .layer(origin::WsOriginLayer(config.origins.clone()))
        .option_layer(origin::cors(&config.origins));
    let server = ServerBuilder::with_config(limits)
        .set_http_middleware(browser)
        .build(config.address)
        .await
        .map_err(failed)?;
    let address = server.local_addr().map_err(failed)?;
    Ok(RpcServer { handle: server.start(methods), address })
}
