//! What can go wrong, by what the caller does about it.

/// An Engine API request that has no answer. A bad block is not an error: it is a
/// [`PayloadStatus`](alloy_rpc_types_engine::PayloadStatus).
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// The caller asks for a payload that is not being built: ask for a new one (-38001).
    #[error("Unknown payload")]
    UnknownPayload,
    /// The forkchoice contradicts the chain: the driver resets (-38002).
    #[error("Invalid forkchoice state: {0}")]
    InvalidForkchoice(&'static str),
    /// No block can be built from the attributes: the driver drops them (-38003).
    #[error("Invalid payload attributes: {0}")]
    InvalidAttributes(String),
    /// The request asks for too much at once (-38004).
    #[error("Too large request: at most {limit} {what}")]
    TooLarge {
        /// The greatest number allowed.
        limit: u64,
        /// Of what.
        what: &'static str,
    },
    /// The method's version does not go with the fork at the payload's timestamp (-38005).
    #[error("Unsupported fork")]
    UnsupportedFork,
    /// A fault of this node (database, thread): says nothing about the block, try again (-32603).
    #[error("Internal error: {0}")]
    Internal(String),
    /// The engine is shutting down.
    #[error("the engine has stopped")]
    Stopped,
}

impl EngineError {
    /// A fault of this node, from any error that is one.
    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }
}
