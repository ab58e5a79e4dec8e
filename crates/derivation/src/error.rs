//! What can go wrong, by what the caller does about it.

/// Why derivation or an encoding stopped.
///
/// There is no "temporary" variant: the pipeline does no I/O of its own. Where it lacks data it
/// answers with a [`Step`](crate::Step) that names what it needs, and the caller retries its I/O.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DerivationError {
    /// Bytes that do not decode. Within the pipeline they are dropped, as the protocol asks; only
    /// direct callers of a decoder see this.
    #[error("malformed {what}: {reason}")]
    Malformed {
        /// What was being decoded.
        what: &'static str,
        /// Why it does not decode.
        reason: &'static str,
    },
    /// The pipeline's view fits the chains no longer (an L1 reorg, or an L2 chain that was rewound):
    /// rewind the safe head to a block whose origin is canonical and
    /// [reset](crate::Pipeline::reset).
    #[error("derivation must start over: {0}")]
    Reset(String),
    /// No retry helps: the chain's configuration or the protocol's invariants are broken.
    #[error("derivation cannot go on: {0}")]
    Critical(String),
    /// The call does not fit the pipeline's state: a defect of the caller.
    #[error("out of order: {0}")]
    Misuse(&'static str),
    /// A block or batch that cannot be encoded.
    #[error("cannot encode: {0}")]
    Encode(String),
}

impl DerivationError {
    pub(crate) const fn malformed(what: &'static str, reason: &'static str) -> Self {
        Self::Malformed { what, reason }
    }
}
