//! What can go wrong, by what the caller does about it.

use alloy_primitives::{Address, B256, Bloom};
use op_revm::OpTransactionError;

/// An error of unknown type from the database below, or from a precompile.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Why a block was not executed, validated or built.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// The block breaks a rule of consensus: it is invalid everywhere and for ever.
    #[error(transparent)]
    Invalid(#[from] InvalidBlock),
    /// This node failed to read its state. Says nothing about the block: try again or stop.
    #[error("state could not be read: {0}")]
    Database(#[source] BoxError),
    /// This node broke its own rules. Says nothing about the block: a bug to report.
    #[error("internal error: {0}")]
    Internal(String),
}

impl BlockError {
    /// Wraps a fault of the database.
    pub fn database(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Database(Box::new(error))
    }

    /// Whether the block is at fault, not this node.
    pub const fn is_invalid(&self) -> bool {
        matches!(self, Self::Invalid(_))
    }
}

/// A configuration from which no EVM can be made.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The trust anchors of the genesis cannot be used.
    #[error("the precompiles cannot be set up from the genesis: {0}")]
    Precompiles(#[source] BoxError),
}

/// A rule of consensus that a block breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are named after what they hold")]
pub enum InvalidBlock {
    /// The header names another parent.
    #[error("parent hash is {got}, expected {expected}")]
    ParentHash { got: B256, expected: B256 },
    /// The number does not follow the parent's.
    #[error("block number is {got}, expected {expected}")]
    Number { got: u64, expected: u64 },
    /// The timestamp is not later than the parent's.
    #[error("timestamp {got} is not after the parent's {parent}")]
    Timestamp { got: u64, parent: u64 },
    /// Above 2^63 - 1.
    #[error("gas limit {got} is above {maximum}")]
    GasLimit { got: u64, maximum: u64 },
    /// The header claims to have used more gas than it allows.
    #[error("gas used {used} is above the gas limit {limit}")]
    GasUsedAboveLimit { used: u64, limit: u64 },
    /// extraData has a shape that the fork does not allow.
    #[error("extraData: {0}")]
    ExtraData(#[from] ExtraDataError),
    /// No base fee.
    #[error("base fee is missing")]
    BaseFeeMissing,
    /// The base fee does not follow from the parent.
    #[error("base fee is {got}, expected {expected}")]
    BaseFee { got: u64, expected: u64 },
    /// The base fee that follows from the parent does not fit 64 bits.
    #[error("the base fee that follows from the parent does not fit 64 bits")]
    BaseFeeOverflow,
    /// Difficulty must be zero.
    #[error("difficulty is not zero")]
    Difficulty,
    /// The nonce must be zero.
    #[error("nonce is not zero")]
    Nonce,
    /// There are no ommers.
    #[error("ommers hash is {0}, not that of an empty list")]
    OmmersHash(B256),
    /// The body has ommers.
    #[error("the body has ommers")]
    Ommers,
    /// A header field that the fork does not know yet.
    #[error("{field} is present, but its fork is not active")]
    FieldTooEarly { field: &'static str },
    /// A header field that the fork demands.
    #[error("{field} is missing")]
    FieldMissing { field: &'static str },
    /// Between Canyon and Isthmus the withdrawals root is that of an empty list.
    #[error("withdrawals root is {0}, not that of an empty list")]
    WithdrawalsRootNotEmpty(B256),
    /// From Isthmus on the withdrawals root is the storage root of L2ToL1MessagePasser.
    #[error("withdrawals root is {got}, expected {expected}")]
    WithdrawalsRoot { got: B256, expected: B256 },
    /// The body's withdrawals list must be empty from Canyon on.
    #[error("the body has withdrawals")]
    Withdrawals,
    /// The requests hash must be that of no requests.
    #[error("requests hash is {0}, not that of no requests")]
    RequestsHash(B256),
    /// Between Ecotone and Jovian there is no blob gas.
    #[error("blob gas used is {0}, not zero")]
    BlobGasUsedNotZero(u64),
    /// From Jovian on blob gas used is the block's DA footprint.
    #[error("blob gas used is {got}, expected the DA footprint {expected}")]
    BlobGasUsed { got: u64, expected: u64 },
    /// The DA footprint must not exceed the gas limit.
    #[error("blob gas used {used} (the DA footprint) is above the gas limit {limit}")]
    DaFootprintAboveLimit { used: u64, limit: u64 },
    /// There is never excess blob gas.
    #[error("excess blob gas is {0}, not zero")]
    ExcessBlobGas(u64),
    /// The transactions are not those of the header.
    #[error("transactions root is {got}, expected {expected}")]
    TransactionsRoot { got: B256, expected: B256 },
    /// The block has a transaction of a type that no active fork allows.
    #[error("transaction {index} has type {ty:#x}, which this chain does not allow")]
    TransactionType { index: usize, ty: u8 },
    /// Jovian's activation block has deposits only.
    #[error("transaction {index} is not a deposit, in Jovian's activation block")]
    UserTransactionAtActivation { index: usize },
    /// A transaction's signature gives no sender.
    #[error("transaction {index} has an invalid signature")]
    Signature { index: usize },
    /// A transaction cannot be executed.
    #[error("transaction {index} ({hash}): {reason}")]
    Transaction { index: usize, hash: B256, reason: InvalidTx },
    /// Execution used another amount of gas.
    #[error("gas used is {got}, expected {expected}")]
    GasUsed { got: u64, expected: u64 },
    /// Execution gave other receipts.
    #[error("receipts root is {got}, expected {expected}")]
    ReceiptsRoot { got: B256, expected: B256 },
    /// Execution gave other logs.
    #[error("logs bloom differs from that of the receipts")]
    LogsBloom { got: Box<Bloom>, expected: Box<Bloom> },
    /// Execution gave another state.
    #[error("state root is {got}, expected {expected}")]
    StateRoot { got: B256, expected: B256 },
}

/// What is wrong with extraData.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are named after what they hold")]
pub enum ExtraDataError {
    /// Another length than the fork's.
    #[error("has {got} bytes, expected {expected}")]
    Length { got: usize, expected: usize },
    /// Another version than the fork's.
    #[error("has version {got}, expected {expected}")]
    Version { got: u8, expected: u8 },
    /// One of the two EIP-1559 parameters is zero and the other is not.
    #[error("denominator {denominator} and elasticity {elasticity}: both or none must be zero")]
    Parameters { denominator: u32, elasticity: u32 },
}

/// Why a transaction cannot be part of a block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are named after what they hold")]
pub enum InvalidTx {
    /// The EVM refuses it: nonce, balance, intrinsic gas, fees, type.
    #[error("{0}")]
    Evm(OpTransactionError),
    /// It asks for more gas than the block has left.
    #[error("gas limit {limit} is above the {available} that the block has left")]
    BlockGas { limit: u64, available: u64 },
    /// It asks for more gas than EIP-7825 allows (Karst).
    #[error("gas limit {limit} is above the cap of {cap}")]
    GasCap { limit: u64, cap: u64 },
    /// Its DA footprint is above what the block has left (Jovian).
    #[error("DA footprint {footprint} is above the {available} that the block has left")]
    DaFootprint { footprint: u64, available: u64 },
    /// Type 0x7D, which no fork allows yet.
    #[error("transaction type {0:#x} is not allowed")]
    Type(u8),
    /// Only the attributes bring deposits.
    #[error("a deposit from {from} outside the payload attributes")]
    Deposit { from: Address },
}

/// Why the block builder did not take a transaction.
#[derive(Debug, thiserror::Error)]
pub enum TxError {
    /// It cannot be part of this block nor, until the state changes, of another: drop it, and what
    /// depends on it.
    #[error("{0}")]
    Invalid(InvalidTx),
    /// It is above a limit of what this block has left: leave it, and its sender's later ones, for
    /// another block.
    #[error("{0}")]
    DoesNotFit(Limit),
    /// The node failed: give the block up.
    #[error(transparent)]
    Fatal(#[from] BlockError),
}

/// The limit of a block that a transaction is above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are named after what they hold")]
pub enum Limit {
    /// Gas.
    #[error("gas limit {limit} is above the {available} that the block has left")]
    Gas { limit: u64, available: u64 },
    /// The DA footprint (Jovian).
    #[error("DA footprint {footprint} is above the {available} that the block has left")]
    DaFootprint { footprint: u64, available: u64 },
    /// The operator's limit per transaction (miner_setMaxDASize).
    #[error("DA size {size} is above the limit {limit} per transaction")]
    TransactionDaSize { size: u64, limit: u64 },
    /// The operator's limit per block (miner_setMaxDASize).
    #[error("DA size {size} is above the {available} that the block has left")]
    BlockDaSize { size: u64, available: u64 },
}

/// Why a payload is not a block.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are named after what they hold")]
pub enum PayloadError {
    /// The fields do not make a block of another hash than the payload states.
    #[error("block hash mismatch: the payload says {stated}, its contents hash to {computed}")]
    BlockHash { stated: B256, computed: B256 },
    /// A transaction does not decode.
    #[error("transaction {index} does not decode: {source}")]
    Transaction { index: usize, source: alloy_eips::eip2718::Eip2718Error },
    /// A transaction type that no fork allows.
    #[error("transaction {index} has type {ty:#x}, which this chain does not allow")]
    TransactionType { index: usize, ty: u8 },
    /// Withdrawals, requests or blob hashes are not empty, or a field is out of range.
    #[error("{0}")]
    Fields(op_alloy_rpc_types_engine::OpPayloadError),
}

/// Why payload attributes do not make a block's frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are named after what they hold")]
pub enum AttributesError {
    /// A field that the fork demands.
    #[error("{field} is missing")]
    Missing { field: &'static str },
    /// A field that the fork does not know yet.
    #[error("{field} is present, but its fork is not active")]
    TooEarly { field: &'static str },
    /// One of the two EIP-1559 parameters is zero and the other is not.
    #[error("{0}")]
    Eip1559(#[from] ExtraDataError),
    /// Not later than the parent.
    #[error("timestamp {got} is not after the parent's {parent}")]
    Timestamp { got: u64, parent: u64 },
    /// Withdrawals are not empty.
    #[error("withdrawals are not empty")]
    Withdrawals,
    /// The base fee that follows from the parent does not fit 64 bits.
    #[error("the base fee that follows from the parent does not fit 64 bits")]
    BaseFeeOverflow,
}
