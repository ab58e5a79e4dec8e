//! What can go wrong, grouped by what the caller does about it.

use alloy_primitives::{B256, Bytes};
use std::error::Error;

/// An error of a client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The endpoint cannot be used: a URL or a key is wrong.
    #[error("{0}")]
    Config(String),
    /// The endpoint did not answer, or not as a node does. It may do so later.
    #[error("{method}: {reason}")]
    Transport {
        /// The method called.
        method: String,
        /// What happened.
        reason: String,
    },
    /// The node refused the request.
    #[error("{method}: {message} ({code}){}", data.as_ref().map(|data| format!(", {data}")).unwrap_or_default())]
    Rejected {
        /// The method called.
        method: String,
        /// The JSON-RPC code.
        code: i32,
        /// The node's words.
        message: String,
        /// Return data of a call that reverted.
        data: Option<Bytes>,
    },
    /// The transaction is in a block and did not succeed.
    #[error("{what} reverted in transaction {hash}")]
    Reverted {
        /// What it was for.
        what: String,
        /// The transaction.
        hash: B256,
    },
    /// No receipt came in time. The transaction may still get into a block.
    #[error("no receipt of {what} in time: transaction {hash} is not in a block yet")]
    Timeout {
        /// What it was for.
        what: String,
        /// The transaction.
        hash: B256,
    },
}

/// An error with its causes, without which one of a transport says no more than that there was one.
pub fn with_causes(error: &dyn Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
