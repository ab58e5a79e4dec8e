//! Why a development network does not run.

use crate::L1Error;
use assay_batcher::BatcherError;
use assay_chainspec::ChainSpecError;
use assay_node::NodeError;
use std::path::PathBuf;

/// Why a development network does not start or does not end well. The operator reads it.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A file or directory cannot be made.
    #[error("cannot write {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// The chain cannot be made.
    #[error(transparent)]
    Chain(Box<ChainSpecError>),
    /// L1 does not run.
    #[error("L1: {0}")]
    L1(#[from] L1Error),
    /// The node does not run.
    #[error(transparent)]
    Node(Box<NodeError>),
    /// The batcher ended.
    #[error("batcher: {0}")]
    Batcher(#[from] BatcherError),
    /// A port that the network needs is not served: a defect.
    #[error("the node does not serve its {0} port")]
    NotServed(&'static str),
    /// A task panicked: a defect.
    #[error("the batcher panicked: {0}")]
    Panicked(String),
}

impl From<ChainSpecError> for NetworkError {
    fn from(error: ChainSpecError) -> Self {
        Self::Chain(Box::new(error))
    }
}

impl From<NodeError> for NetworkError {
    fn from(error: NodeError) -> Self {
        Self::Node(Box::new(error))
    }
}
