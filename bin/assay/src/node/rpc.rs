//! The servers' flags.

use assay_node::{AuthConfig, PublicRpcConfig, RpcConfig};
use assay_rpc::{Namespaces, Origins, ServerConfig};
use clap::Args;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

/// The servers.
#[derive(Debug, Args)]
#[command(next_help_heading = "RPC")]
pub(super) struct RpcArgs {
    /// Enables the HTTP-RPC server.
    #[arg(long)]
    http: bool,
    /// Address of the HTTP-RPC server.
    #[arg(long = "http.addr", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    http_addr: IpAddr,
    /// Port of the HTTP-RPC server.
    #[arg(long = "http.port", default_value_t = 8545)]
    http_port: u16,
    /// Namespaces of the HTTP-RPC server: `eth,net,web3,…`, `all` or `none`.
    #[arg(long = "http.api", value_name = "LIST", default_value_t = Apis::default())]
    http_api: Apis,
    /// Origins that browsers may call from: a list, or `*`.
    #[arg(long = "http.corsdomain", value_name = "ORIGINS")]
    http_cors: Option<Origins>,
    /// Enables the WebSocket-RPC server.
    #[arg(long)]
    ws: bool,
    /// Address of the WebSocket-RPC server.
    #[arg(long = "ws.addr", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    ws_addr: IpAddr,
    /// Port of the WebSocket-RPC server; may be that of the HTTP-RPC server.
    #[arg(long = "ws.port", default_value_t = 8546)]
    ws_port: u16,
    /// Namespaces of the WebSocket-RPC server.
    #[arg(long = "ws.api", value_name = "LIST", default_value_t = Apis::default())]
    ws_api: Apis,
    /// Origins that may open WebSockets: a list, or `*`.
    #[arg(long = "ws.origins", value_name = "ORIGINS")]
    ws_origins: Option<Origins>,
    /// Address of the authenticated server.
    #[arg(long = "authrpc.addr", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    auth_addr: IpAddr,
    /// Port of the authenticated server.
    #[arg(long = "authrpc.port", default_value_t = 8551)]
    auth_port: u16,
    /// File with the hex JWT secret. Default: jwt.hex in the data directory, made if absent.
    #[arg(long = "authrpc.jwtsecret", value_name = "FILE")]
    auth_secret: Option<PathBuf>,
    /// Most gas of one eth_call, estimate or trace.
    #[arg(long = "rpc.gascap", value_name = "GAS", default_value_t = 50_000_000)]
    gas_cap: u64,
    /// Blocks below the head for which eth_getProof answers.
    #[arg(long = "rpc.eth-proof-window", value_name = "BLOCKS", default_value_t = 100_000)]
    proof_window: u64,
    /// Most bytes of a request, in megabytes.
    #[arg(long = "rpc.max-request-size", value_name = "MB", default_value_t = 15)]
    max_request_size: u32,
    /// Most bytes of an answer, in megabytes.
    #[arg(long = "rpc.max-response-size", value_name = "MB", default_value_t = 160)]
    max_response_size: u32,
    /// Most connections of a server.
    #[arg(long = "rpc.max-connections", value_name = "COUNT", default_value_t = 500)]
    max_connections: u32,
    /// Most subscriptions of a connection.
    #[arg(
        long = "rpc.max-subscriptions-per-connection",
        value_name = "COUNT",
        default_value_t = 1_024
    )]
    max_subscriptions: u32,
    /// Calls, estimates and simulations that run at once. Default: by the number of cores.
    #[arg(long = "rpc.max-blocking-io-requests", value_name = "COUNT")]
    max_calls: Option<usize>,
    /// Traces and proofs that run at once. Default: by the number of cores.
    #[arg(long = "rpc.max-tracing-requests", value_name = "COUNT")]
    max_traces: Option<usize>,
    /// Most blocks in one trace_filter.
    #[arg(long = "rpc.max-trace-filter-blocks", value_name = "BLOCKS", default_value_t = 100)]
    max_trace_filter_blocks: u64,
    /// Most blocks in one eth_simulateV1.
    #[arg(long = "rpc.max-simulate-blocks", value_name = "BLOCKS", default_value_t = 256)]
    max_simulate_blocks: u64,
    /// How long eth_sendRawTransactionSync waits at most: `30s`, or `500ms`.
    #[arg(
        long = "rpc.send-raw-transaction-sync-timeout",
        value_name = "TIME",
        default_value = "30s",
        value_parser = duration
    )]
    send_sync_timeout: Duration,
    /// Least priority fee that eth_maxPriorityFeePerGas suggests, in wei.
    #[arg(
        long = "rollup.min-suggested-priority-fee",
        value_name = "WEI",
        default_value_t = 1_000_000
    )]
    min_suggested_priority_fee: u128,
    /// Most blocks in one eth_getLogs; 0: no limit.
    #[arg(long = "rpc.max-blocks-per-filter", value_name = "BLOCKS", default_value_t = 100_000)]
    max_blocks_per_filter: u64,
    /// Most logs in one answer; 0: no limit.
    #[arg(long = "rpc.max-logs-per-response", value_name = "LOGS", default_value_t = 20_000)]
    max_logs_per_response: usize,
}

/// A list of namespaces that shows as it is given.
#[derive(Debug, Clone, Default)]
struct Apis(Namespaces);

impl std::str::FromStr for Apis {
    type Err = assay_rpc::UnknownNamespace;

    fn from_str(list: &str) -> Result<Self, Self::Err> {
        list.parse().map(Self)
    }
}

impl std::fmt::Display for Apis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.0.iter().map(assay_rpc::Namespace::name).collect();
        f.write_str(&names.join(","))
    }
}

impl RpcArgs {
    /// The authenticated server.
    pub(super) fn auth(&self) -> AuthConfig {
        AuthConfig {
            address: SocketAddr::new(self.auth_addr, self.auth_port),
            secret: self.auth_secret.clone(),
        }
    }

    /// The HTTP server, if it is on.
    pub(super) fn http(&self) -> Option<PublicRpcConfig> {
        let address = SocketAddr::new(self.http_addr, self.http_port);
        self.http.then(|| self.public(address, &self.http_api, self.http_cors.as_ref()))
    }

    /// The WebSocket server, if it is on.
    pub(super) fn ws(&self) -> Option<PublicRpcConfig> {
        let address = SocketAddr::new(self.ws_addr, self.ws_port);
        self.ws.then(|| self.public(address, &self.ws_api, self.ws_origins.as_ref()))
    }

    fn public(
        &self,
        address: SocketAddr,
        apis: &Apis,
        origins: Option<&Origins>,
    ) -> PublicRpcConfig {
        let bytes = |megabytes: u32| megabytes.saturating_mul(1 << 20);
        let server = ServerConfig {
            origins: origins.cloned().unwrap_or_default(),
            max_request_bytes: bytes(self.max_request_size),
            max_response_bytes: bytes(self.max_response_size),
            max_connections: self.max_connections,
            max_subscriptions: self.max_subscriptions,
            ..ServerConfig::new(address)
        };
        PublicRpcConfig { server, apis: apis.0.clone() }
    }

    /// What one request may ask for.
    pub(super) fn limits(&self) -> RpcConfig {
        let default = RpcConfig::default();
        RpcConfig {
            gas_cap: self.gas_cap,
            proof_window: self.proof_window,
            max_calls: self.max_calls.unwrap_or(default.max_calls),
            max_traces: self.max_traces.unwrap_or(default.max_traces),
            max_trace_filter_blocks: self.max_trace_filter_blocks,
            max_simulate_blocks: self.max_simulate_blocks,
            max_blocks_per_filter: self.max_blocks_per_filter,
            max_logs_per_response: self.max_logs_per_response,
            send_sync_timeout: self.send_sync_timeout,
            min_suggested_priority_fee: self.min_suggested_priority_fee,
            ..default
        }
    }
}

/// Seconds, with or without their unit, or milliseconds.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit): (&str, fn(u64) -> Duration) = match text.strip_suffix("ms") {
        Some(number) => (number, Duration::from_millis),
        None => (text.strip_suffix('s').unwrap_or(text), Duration::from_secs),
    };
    number.parse().map(unit).map_err(|_| format!("{text:?} is not a time such as 30s or 500ms"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        rpc: RpcArgs,
    }

    fn parse(arguments: &[&str]) -> RpcArgs {
        Command::try_parse_from(["node"].iter().chain(arguments)).unwrap().rpc
    }

    #[test]
    fn without_flags_the_limits_are_the_libraries() {
        let arguments = parse(&["--http", "--ws"]);
        assert_eq!(format!("{:?}", arguments.limits()), format!("{:?}", RpcConfig::default()));
        let server = arguments.http().unwrap().server;
        let expected = ServerConfig::new(SocketAddr::from(([127, 0, 0, 1], 8545)));
        assert_eq!(format!("{server:?}"), format!("{expected:?}"));
        assert!(parse(&[]).http().is_none() && parse(&[]).ws().is_none());
    }

    #[test]
    fn flags_reach_the_limits() {
        let arguments = parse(&[
            "--ws",
            "--rpc.max-request-size=2",
            "--rpc.max-response-size=4096",
            "--rpc.max-connections=3",
            "--rpc.max-subscriptions-per-connection=4",
            "--rpc.max-blocking-io-requests=5",
            "--rpc.max-tracing-requests=6",
            "--rpc.max-trace-filter-blocks=7",
            "--rpc.max-simulate-blocks=8",
            "--rpc.send-raw-transaction-sync-timeout=500ms",
            "--rollup.min-suggested-priority-fee=9",
        ]);
        let server = arguments.ws().unwrap().server;
        assert_eq!((server.max_request_bytes, server.max_response_bytes), (2 << 20, u32::MAX));
        assert_eq!((server.max_connections, server.max_subscriptions), (3, 4));
        let limits = arguments.limits();
        assert_eq!((limits.max_calls, limits.max_traces), (5, 6));
        assert_eq!((limits.max_trace_filter_blocks, limits.max_simulate_blocks), (7, 8));
        assert_eq!(limits.send_sync_timeout, Duration::from_millis(500));
        assert_eq!(limits.min_suggested_priority_fee, 9);
    }

    #[test]
    fn times_are_seconds_unless_they_say_otherwise() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("30"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("20ms"), Ok(Duration::from_millis(20)));
        for wrong in ["", "s", "ms", "-1s", "1h", "1.5s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
