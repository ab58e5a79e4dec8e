use crate::Code;
use thiserror::Error;

/// Why evidence gives no claims. Part of consensus: each maps to one revert of `IAttestation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A check failed; no passing of time changes that. Reverts `Refused(code.number())`.
    #[error("refused ({number}): {0}", number = .0.number())]
    Refused(Code),
    /// No verifier for this kind. Reverts `UnknownKind(kind)`.
    #[error("unknown evidence kind {0}")]
    UnknownKind(u8),
    /// An input is over its cap. Reverts `TooLarge(size, limit)`.
    #[error("{size} bytes is over the limit of {limit}")]
    TooLarge {
        /// Bytes given.
        size: u64,
        /// Most bytes allowed.
        limit: u64,
    },
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::Refused(code)
    }
}

/// The claims hold, but not at the time asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TimeRefusal {
    /// The time is before the window's start, given in unix seconds.
    #[error("not valid before {0}")]
    NotYetValid(u64),
    /// The time is at or after the window's end, given in unix seconds.
    #[error("expired at {0}")]
    Expired(u64),
}
