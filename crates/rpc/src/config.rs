//! What the operator chooses about the public RPC.

use std::time::Duration;

/// Limits and settings of the JSON-RPC. The defaults are op-reth's.
#[derive(Debug, Clone)]
pub struct RpcConfig {
    /// Gas that one call, estimate or trace may spend (`--rpc.gascap`).
    pub gas_cap: u64,
    /// Wall time of one call or trace, after which its caller gets an error. Work that was already
    /// running ends by its gas limit.
    pub call_timeout: Duration,
    /// Calls, estimates and simulations that run at once (`--rpc.max-blocking-io-requests`).
    pub max_calls: usize,
    /// Bytes that the recorded steps of one trace may take in memory.
    pub max_trace_bytes: usize,
    /// Traces and proofs that run at once (`--rpc.max-tracing-requests`).
    pub max_traces: usize,
    /// Plain reads of blocks and state that run at once.
    pub max_reads: usize,
    /// Blocks that one `eth_getLogs` may span (`--rpc.max-blocks-per-filter`); 0: no limit.
    pub max_blocks_per_filter: u64,
    /// Logs in one answer (`--rpc.max-logs-per-response`); 0: no limit.
    pub max_logs_per_response: usize,
    /// Blocks that one `trace_filter` may span (`--rpc.max-trace-filter-blocks`).
    pub max_trace_filter_blocks: u64,
    /// Blocks of one `eth_simulateV1` (`--rpc.max-simulate-blocks`).
    pub max_simulate_blocks: u64,
    /// How far below the head `eth_getProof` and `eth_getAccount` answer
    /// (`--rpc.eth-proof-window`).
    pub proof_window: u64,
    /// How long a filter lives that nobody polls.
    pub stale_filter_ttl: Duration,
    /// Filters installed at once.
    pub max_filters: usize,
    /// Lowest priority fee that `eth_maxPriorityFeePerGas` suggests, in wei
    /// (`--rollup.min-suggested-priority-fee`).
    pub min_suggested_priority_fee: u128,
    /// How long `eth_sendRawTransactionSync` waits at most (`--rpc.send-raw-transaction-sync-timeout`).
    pub send_sync_timeout: Duration,
    /// `web3_clientVersion`.
    pub client_version: String,
}

impl Default for RpcConfig {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            gas_cap: 50_000_000,
            call_timeout: Duration::from_secs(30),
            max_calls: (cores * 4).max(8),
            max_traces: cores.saturating_sub(2).max(2),
            max_trace_bytes: 1 << 30,
            max_reads: 64,
            max_blocks_per_filter: 100_000,
            max_logs_per_response: 20_000,
            max_trace_filter_blocks: 100,
            max_simulate_blocks: 256,
            proof_window: 100_000,
            stale_filter_ttl: Duration::from_secs(5 * 60),
            max_filters: 10_000,
            min_suggested_priority_fee: 1_000_000,
            send_sync_timeout: Duration::from_secs(30),
            client_version: concat!("assay/v", env!("CARGO_PKG_VERSION")).into(),
        }
    }
}
