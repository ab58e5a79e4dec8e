//! What can go wrong on the development L1.

use alloy_primitives::{B256, Bytes, U256};
use std::net::SocketAddr;

/// An error of the development L1.
#[derive(Debug, thiserror::Error)]
pub enum L1Error {
    /// The transaction was refused: the sender has to change it. Texts are geth's, which
    /// transaction managers recognise.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such block.
    #[error("header not found")]
    UnknownBlock,
    /// A call reverted.
    #[error("execution reverted{}", reason(.0))]
    Reverted(Bytes),
    /// A call cannot be run as asked: out of gas, wrong fees or the like.
    #[error("{0}")]
    Call(String),
    /// A request's parameters make no sense.
    #[error("{0}")]
    Request(String),
    /// A reorg that the L1 does not do.
    #[error("cannot reorg {depth} blocks: {reason}")]
    Reorg {
        /// The depth asked for.
        depth: u64,
        /// Why not.
        reason: &'static str,
    },
    /// A block could not be made. A fault of the L1 itself.
    #[error("cannot make block {number}: {reason}")]
    Mining {
        /// The block's number.
        number: u64,
        /// What failed.
        reason: String,
    },
    /// The server cannot listen.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The operating system's reason.
        source: std::io::Error,
    },
}

/// Why a transaction is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a transaction.
    #[error("rlp: {0}")]
    Undecodable(String),
    /// The signature does not recover to an account.
    #[error("invalid sender")]
    Signature,
    /// Of another chain, or without a chain id.
    #[error("invalid chain id for signer: have {have} want {want}")]
    ChainId {
        /// The transaction's.
        have: u64,
        /// The L1's.
        want: u64,
    },
    /// In the pool already.
    #[error("already known")]
    Known(B256),
    /// Its nonce is used.
    #[error("nonce too low: next nonce {next}, tx nonce {nonce}")]
    NonceTooLow {
        /// The sender's next.
        next: u64,
        /// The transaction's.
        nonce: u64,
    },
    /// Blob transactions are taken in order of nonce only.
    #[error("nonce too high: tx nonce {nonce}, gapped nonce {next}")]
    NonceGapped {
        /// The sender's next.
        next: u64,
        /// The transaction's.
        nonce: u64,
    },
    /// The sender cannot pay for it and for those before it.
    #[error("insufficient funds for gas * price + value: balance {balance}, tx cost {cost}")]
    Funds {
        /// What the sender has.
        balance: U256,
        /// What is needed.
        cost: U256,
    },
    /// It replaces another but pays too little more.
    #[error("replacement transaction underpriced")]
    ReplacementUnderpriced,
    /// It pays less than the pool asks.
    #[error("transaction underpriced: {0}")]
    Underpriced(&'static str),
    /// The sender's other transactions are of the other kind: blobs and none do not mix.
    #[error("address already reserved")]
    Reserved,
    /// The tip is above the fee cap.
    #[error("max priority fee per gas higher than max fee per gas")]
    TipAboveFeeCap,
    /// Less gas than any execution needs.
    #[error("intrinsic gas too low: gas {gas}, minimum needed {needed}")]
    IntrinsicGas {
        /// The transaction's limit.
        gas: u64,
        /// What is needed.
        needed: u64,
    },
    /// More gas than a block or a transaction may have.
    #[error("exceeds block gas limit")]
    GasLimit,
    /// Larger than the pool takes.
    #[error("oversized data: transaction size {size}, limit {limit}")]
    Oversized {
        /// Its size in bytes.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// Blobs that do not prove, of the wrong number, or in the form of another fork.
    #[error("invalid blob sidecar: {0}")]
    Blobs(String),
}

/// `Error(string)`'s text, after a colon.
fn reason(data: &Bytes) -> String {
    use alloy_sol_types::{Revert, SolError};
    Revert::abi_decode(data).map_or_else(|_| String::new(), |revert| format!(": {}", revert.reason))
}
