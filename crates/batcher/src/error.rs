//! What can go wrong, by what is done about it.

/// Why the batcher could not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatcherError {
    /// An endpoint did not answer: the next tick tries again.
    #[error("no answer: {0}")]
    Transport(String),
    /// An endpoint answered with an error.
    #[error("rejected ({code}): {message}")]
    Rejected {
        /// JSON-RPC error code.
        code: i32,
        /// The error's text.
        message: String,
    },
    /// L2 was reorganised under what was being batched: everything starts over at the safe head.
    #[error("L2 reorganised: {0}")]
    Reorg(String),
    /// The configuration cannot work.
    #[error("cannot start: {0}")]
    Config(String),
    /// A defect: no retry helps.
    #[error("cannot go on: {0}")]
    Critical(String),
}

/// JSON-RPC's code for a method that does not exist.
pub(crate) const METHOD_NOT_FOUND: i32 = -32601;

impl BatcherError {
    /// Whether another attempt may succeed without anything else changing.
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Transport(_) | Self::Rejected { .. })
    }
}
