//! Why the pool refuses a transaction. The texts are those that wallets and scripts know from
//! op-reth and op-geth.

use alloy_primitives::U256;
use assay_chain::ChainError;

/// Why the pool refuses a transaction.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are named after what they hold")]
pub enum PoolError {
    /// It is in the pool.
    #[error("already known")]
    AlreadyKnown,
    /// It cannot be executed in any block to come, or not by the rules in force: sending it again
    /// does not help.
    #[error(transparent)]
    Invalid(#[from] InvalidTransaction),
    /// It pays too little to replace what the pool has at its nonce.
    #[error("replacement transaction underpriced")]
    ReplacementUnderpriced,
    /// It pays less than the operator asks for.
    #[error("transaction underpriced")]
    Underpriced,
    /// The pool is full of better ones, or the sender has as many as it may.
    #[error("txpool is full")]
    Full,
    /// A delegated account may have one transaction at a time (EIP-7702: another can empty it).
    #[error("in-flight transaction limit reached for delegated accounts")]
    DelegatedInFlight,
    /// A delegated account's transaction must be its next.
    #[error("gapped-nonce tx from delegated accounts")]
    DelegatedGap,
    /// An authority that it names has transactions in the pool, which the delegation may void.
    #[error("authority already reserved")]
    AuthorityReserved,
    /// This node failed.
    #[error("the state is not available: {0}")]
    State(#[from] ChainError),
}

/// What is wrong with a transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are named after what they hold")]
pub enum InvalidTransaction {
    /// Another chain's, or none's where the type demands one.
    #[error("invalid chain ID")]
    ChainId,
    /// Deposits come from L1 alone; blobs have no place here; type 0x7D is not allowed yet.
    #[error("transaction type not supported")]
    Type(u8),
    /// More bytes than the pool takes.
    #[error("oversized data: transaction size {size}, limit {limit}")]
    Oversized { size: usize, limit: usize },
    /// EIP-3860.
    #[error("max initcode size exceeded")]
    InitCode { size: usize, limit: usize },
    /// More gas than a block has.
    #[error("exceeds block gas limit")]
    BlockGas { limit: u64, maximum: u64 },
    /// More gas than EIP-7825 allows.
    #[error("exceeds max transaction gas limit")]
    GasCap { limit: u64, cap: u64 },
    /// Less gas than it takes before anything is executed, or than EIP-7623's floor.
    #[error("intrinsic gas too low")]
    IntrinsicGas { limit: u64, needed: u64 },
    /// EIP-1559.
    #[error("max priority fee per gas higher than max fee per gas")]
    TipAboveFeeCap,
    /// EIP-7702.
    #[error("no items in authorization list for EIP7702 transaction")]
    NoAuthorizations,
    /// EIP-2681.
    #[error("nonce has max value")]
    NonceMax,
    /// Used already.
    #[error("nonce too low: next nonce {state}, tx nonce {tx}")]
    NonceTooLow { tx: u64, state: u64 },
    /// The sender cannot pay value, gas, L1 fee and operator fee.
    #[error("insufficient funds for gas * price + value: have {balance} want {cost}")]
    Funds { balance: U256, cost: U256 },
    /// EIP-3607.
    #[error("sender is not an EOA")]
    SenderNotEoa,
}
