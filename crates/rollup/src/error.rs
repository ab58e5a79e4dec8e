//! What can go wrong, by what the loop does about it.

use crate::{EngineError, L1Error};
use assay_derivation::DerivationError;

/// Why a step did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum RollupError {
    /// Something outside did not answer as it should: try again after a pause.
    #[error("{0}")]
    Temporary(String),
    /// The heads do not fit L1 any more: [`reset`](crate::Rollup::reset), then go on.
    #[error("starting over: {0}")]
    Reset(String),
    /// No retry helps; the operator has to look.
    #[error("{0}")]
    Critical(String),
}

impl From<L1Error> for RollupError {
    fn from(error: L1Error) -> Self {
        Self::Temporary(format!("L1: {error}"))
    }
}

impl From<EngineError> for RollupError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::InvalidForkchoice(_) => Self::Reset(error.to_string()),
            _ => Self::Temporary(format!("engine: {error}")),
        }
    }
}

impl From<DerivationError> for RollupError {
    fn from(error: DerivationError) -> Self {
        match error {
            DerivationError::Reset(reason) => Self::Reset(reason),
            other => Self::Critical(other.to_string()),
        }
    }
}
