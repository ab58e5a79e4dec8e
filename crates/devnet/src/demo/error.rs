//! Why a demonstration failed.

use crate::{L1Error, network::NetworkError};
use assay_client::ClientError;

/// Why a demonstration failed. Each is a defect, or a machine that is too slow for its patience.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The network does not run.
    #[error(transparent)]
    Network(Box<NetworkError>),
    /// L1 does not run.
    #[error("L1: {0}")]
    L1(#[from] L1Error),
    /// A request or a transaction failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Something did not happen in time.
    #[error("waited too long for {0}")]
    Timeout(&'static str),
    /// The evidence does not verify outside of the EVM.
    #[error("evidence: {0}")]
    Evidence(String),
    /// Something is not as it must be.
    #[error("{0}")]
    Wrong(String),
    /// The second node's process cannot be started.
    #[error("the second node: {0}")]
    Process(#[from] std::io::Error),
}

impl From<NetworkError> for DemoError {
    fn from(error: NetworkError) -> Self {
        Self::Network(Box::new(error))
    }
}
