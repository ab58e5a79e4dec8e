//! What an operator can set.

use std::time::Duration;

/// The engine's settings. The defaults suit a node of a two-second chain.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// How many payloads with an unknown parent are kept.
    pub orphan_blocks: usize,
    /// How many bytes of transactions those payloads may have together.
    pub orphan_bytes: usize,
    /// How many invalid blocks are remembered.
    pub invalid_blocks: usize,
    /// Whether an incoming block's evidence is verified on other cores while the block executes.
    pub verify_ahead: bool,
    /// Settings of the payload builder.
    pub builder: BuilderConfig,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            orphan_blocks: 256,
            orphan_bytes: 128 << 20,
            invalid_blocks: 512,
            verify_ahead: true,
            builder: BuilderConfig::default(),
        }
    }
}

/// The payload builder's settings.
#[derive(Debug, Clone)]
pub struct BuilderConfig {
    /// Least time between two attempts to better a payload.
    pub interval: Duration,
    /// When a payload that nobody asks for is no longer bettered.
    pub deadline: Duration,
    /// How long an attempt may go on adding transactions after the payload was asked for, counted
    /// from the attempt's start: a payload asked for at once still takes from the pool.
    pub grace: Duration,
    /// How many payloads are kept for `getPayload`.
    pub payloads: usize,
}

impl Default for BuilderConfig {
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(200),
            deadline: Duration::from_secs(12),
            grace: Duration::from_millis(100),
            payloads: 16,
        }
    }
}
