//! What a request can fail with, and the JSON-RPC error each becomes: op-reth's codes.

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_evm::{
    call::CallError,
    overrides::StateOverrideError,
    rpc::{CallFeesError, EthTxEnvError},
};
use alloy_op_evm::OpTxError;
use alloy_primitives::{Address, Bytes, U256, hex};
use alloy_sol_types::{ContractError, RevertReason};
use jsonrpsee::types::{ErrorObject, ErrorObjectOwned, error};
use op_revm::{OpHaltReason, OpTransactionError};
use revm::context_interface::result::{EVMError, HaltReason, InvalidTransaction, OutOfGasError};
use revm_inspectors::tracing::{DebugInspectorError, MuxError, js::JsInspectorError};
use std::{fmt, time::Duration};

/// The call reverted.
const EXECUTION_REVERTED: i32 = 3;
/// The input is well formed, but cannot be accepted.
pub(crate) const INVALID_INPUT: i32 = -32000;
/// The thing asked for is not there.
const RESOURCE_NOT_FOUND: i32 = -32001;
/// The transaction is refused.
pub(crate) const TRANSACTION_REJECTED: i32 = -32003;
/// `eth_sendRawTransactionSync` ran out of time.
const CONFIRMATION_TIMEOUT: i32 = 4;

/// Why a request has no result.
#[derive(Debug, thiserror::Error)]
pub enum RpcError {
    /// The request itself is wrong (-32602).
    #[error("{0}")]
    InvalidParams(String),
    /// A state override that gives both `state` and `stateDiff` (-32602).
    #[error("account {0:?} has both 'state' and 'stateDiff'")]
    BothStateAndStateDiff(Address),
    /// No such block (-32001).
    #[error("block not found: {}", BlockName(*.0))]
    BlockNotFound(BlockId),
    /// No such transaction (-32001).
    #[error("transaction not found")]
    TransactionNotFound,
    /// The transaction cannot run or did not succeed.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    /// The pool refused the transaction.
    #[error("{message}")]
    Pool {
        /// The JSON-RPC code.
        code: i32,
        /// Why.
        message: String,
    },
    /// An error with a code of its own, such as those of `eth_simulateV1`.
    #[error("{message}")]
    Coded {
        /// The JSON-RPC code.
        code: i32,
        /// What happened.
        message: String,
    },
    /// The work took too long (-32000).
    #[error("execution aborted (timeout = {0:?})")]
    TimedOut(Duration),
    /// The transaction entered the pool, but no block in time (4).
    #[error("The transaction was added to the mempool but wasn't processed within {0:?}.")]
    NotConfirmed(Duration),
    /// Not offered (-32603).
    #[error("{0}")]
    Unsupported(&'static str),
    /// A fault of the node (-32603).
    #[error("{0}")]
    Internal(String),
}

impl RpcError {
    /// A malformed request.
    pub(crate) fn params(message: impl Into<String>) -> Self {
        Self::InvalidParams(message.into())
    }

    /// A fault of the node.
    pub(crate) fn internal(fault: impl fmt::Display) -> Self {
        Self::Internal(fault.to_string())
    }

    /// What a call that ended like this answers: its output, or the error it becomes.
    pub(crate) fn from_halt(reason: &OpHaltReason, gas_limit: u64) -> Self {
        TransactionError::from_halt(reason, gas_limit).into()
    }

    /// Whether a lower gas limit might help.
    pub(crate) const fn is_gas_too_high(&self) -> bool {
        matches!(self, Self::Transaction(TransactionError::GasTooHigh))
    }

    /// Whether a higher gas limit might help.
    pub(crate) const fn is_gas_too_low(&self) -> bool {
        matches!(self, Self::Transaction(TransactionError::GasTooLow))
    }

    /// The error as JSON-RPC sends it.
    pub fn to_object(&self) -> ErrorObjectOwned {
        let message = self.to_string();
        match self {
            Self::InvalidParams(_) | Self::BothStateAndStateDiff(_) => {
                plain(error::INVALID_PARAMS_CODE, message)
            }
            Self::BlockNotFound(_) | Self::TransactionNotFound => {
                plain(RESOURCE_NOT_FOUND, message)
            }
            Self::Transaction(error) => error.to_object(),
            Self::Pool { code, .. } | Self::Coded { code, .. } => plain(*code, message),
            Self::TimedOut(_) => plain(error::CALL_EXECUTION_FAILED_CODE, message),
            Self::NotConfirmed(_) => plain(CONFIRMATION_TIMEOUT, message),
            Self::Unsupported(_) | Self::Internal(_) => plain(error::INTERNAL_ERROR_CODE, message),
        }
    }
}

impl From<RpcError> for ErrorObject<'static> {
    fn from(error: RpcError) -> Self {
        error.to_object()
    }
}

fn plain(code: i32, message: String) -> ErrorObjectOwned {
    ErrorObject::owned(code, message, None::<()>)
}

/// A block as errors name it: `0x58`, `latest`, `hash 0x…`.
struct BlockName(BlockId);

impl fmt::Display for BlockName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            BlockId::Hash(hash) if hash.require_canonical == Some(true) => {
                write!(f, "canonical hash {}", hash.block_hash)
            }
            BlockId::Hash(hash) => write!(f, "hash {}", hash.block_hash),
            BlockId::Number(BlockNumberOrTag::Number(number)) => write!(f, "{number:#x}"),
            BlockId::Number(tag) => write!(f, "{tag}"),
        }
    }
}

/// Why a transaction or call cannot run, or how it failed. Worded as geth and reth word it, since
/// wallets match the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // each variant's message says what it is
pub enum TransactionError {
    #[error("nonce too low: next nonce {state}, tx nonce {tx}")]
    NonceTooLow { tx: u64, state: u64 },
    #[error("nonce too high")]
    NonceTooHigh,
    #[error("nonce has max value")]
    NonceMaxValue,
    #[error("max initcode size exceeded")]
    MaxInitCodeSizeExceeded,
    #[error("insufficient funds for gas * price + value: have {balance} want {cost}")]
    InsufficientFunds { cost: U256, balance: U256 },
    #[error("gas required exceeds allowance ({0})")]
    GasRequiredExceedsAllowance(u64),
    #[error("gas uint64 overflow")]
    GasUintOverflow,
    #[error("intrinsic gas too low")]
    GasTooLow,
    #[error("intrinsic gas too high")]
    GasTooHigh,
    #[error("transaction type not supported")]
    TypeNotSupported,
    #[error("max priority fee per gas higher than max fee per gas")]
    TipAboveFeeCap,
    #[error("max priority fee per gas higher than 2^256-1")]
    TipVeryHigh,
    #[error("max fee per gas less than block base fee")]
    FeeCapTooLow,
    #[error("sender is not an EOA")]
    SenderNotEoa,
    #[error("invalid chain ID")]
    InvalidChainId,
    #[error("blob transaction missing blob hashes")]
    MissingBlobHashes,
    #[error("EIP-7702 authorization list has invalid fields")]
    InvalidAuthorizationList,
    /// Refused for a reason that the EVM words.
    #[error("{0}")]
    Rejected(String),
    #[error("out of gas: gas required exceeds: {0}")]
    OutOfGas(u64),
    #[error("out of gas: gas exhausted during memory expansion: {0}")]
    MemoryOutOfGas(u64),
    #[error("out of memory: memory limit exceeded during memory expansion")]
    MemoryLimit,
    #[error("out of gas: gas exhausted during precompiled contract execution: {0}")]
    PrecompileOutOfGas(u64),
    #[error("out of gas: invalid operand to an opcode: {0}")]
    InvalidOperandOutOfGas(u64),
    /// The EVM halted.
    #[error("EVM error: {0}")]
    Halt(String),
    /// The call reverted, with this output.
    #[error("execution reverted{}", RevertText(.0))]
    Revert(Bytes),
}

impl TransactionError {
    pub(crate) fn from_halt(reason: &OpHaltReason, gas_limit: u64) -> Self {
        match reason {
            OpHaltReason::Base(HaltReason::OutOfGas(kind)) => match kind {
                OutOfGasError::Basic | OutOfGasError::ReentrancySentry => Self::OutOfGas(gas_limit),
                OutOfGasError::Memory => Self::MemoryOutOfGas(gas_limit),
                OutOfGasError::MemoryLimit => Self::MemoryLimit,
                OutOfGasError::Precompile => Self::PrecompileOutOfGas(gas_limit),
                OutOfGasError::InvalidOperand => Self::InvalidOperandOutOfGas(gas_limit),
            },
            OpHaltReason::Base(HaltReason::NonceOverflow) => Self::NonceMaxValue,
            OpHaltReason::Base(reason) => Self::Halt(format!("{reason:?}")),
            reason => Self::Halt(format!("{reason:?}")),
        }
    }

    /// The JSON-RPC code.
    pub const fn code(&self) -> i32 {
        match self {
            Self::InvalidChainId
            | Self::GasTooLow
            | Self::GasTooHigh
            | Self::GasRequiredExceedsAllowance(_)
            | Self::NonceTooLow { .. }
            | Self::NonceTooHigh
            | Self::FeeCapTooLow => INVALID_INPUT,
            Self::Revert(_) => EXECUTION_REVERTED,
            _ => TRANSACTION_REJECTED,
        }
    }

    fn to_object(&self) -> ErrorObjectOwned {
        let data = match self {
            Self::Revert(output) if !output.is_empty() => Some(hex::encode_prefixed(output)),
            _ => None,
        };
        ErrorObject::owned(self.code(), self.to_string(), data)
    }
}

impl From<&InvalidTransaction> for TransactionError {
    fn from(error: &InvalidTransaction) -> Self {
        use InvalidTransaction as Invalid;
        match error {
            Invalid::InvalidChainId | Invalid::MissingChainId => Self::InvalidChainId,
            Invalid::PriorityFeeGreaterThanMaxFee => Self::TipAboveFeeCap,
            Invalid::GasPriceLessThanBasefee => Self::FeeCapTooLow,
            Invalid::CallerGasLimitMoreThanBlock | Invalid::TxGasLimitGreaterThanCap { .. } => {
                Self::GasTooHigh
            }
            Invalid::CallGasCostMoreThanGasLimit { .. }
            | Invalid::GasFloorMoreThanGasLimit { .. } => Self::GasTooLow,
            Invalid::RejectCallerWithCode => Self::SenderNotEoa,
            Invalid::LackOfFundForMaxFee { fee, balance } => {
                Self::InsufficientFunds { cost: **fee, balance: **balance }
            }
            Invalid::OverflowPaymentInTransaction => Self::GasUintOverflow,
            Invalid::NonceOverflowInTransaction => Self::NonceMaxValue,
            Invalid::CreateInitCodeSizeLimit => Self::MaxInitCodeSizeExceeded,
            Invalid::NonceTooHigh { .. } => Self::NonceTooHigh,
            Invalid::NonceTooLow { tx, state } => Self::NonceTooLow { tx: *tx, state: *state },
            Invalid::EmptyBlobs => Self::MissingBlobHashes,
            Invalid::AuthorizationListInvalidFields | Invalid::EmptyAuthorizationList => {
                Self::InvalidAuthorizationList
            }
            Invalid::Eip2930NotSupported
            | Invalid::Eip1559NotSupported
            | Invalid::Eip4844NotSupported
            | Invalid::Eip7702NotSupported
            | Invalid::Eip7873NotSupported => Self::TypeNotSupported,
            other => Self::Rejected(other.to_string()),
        }
    }
}

/// `: reason`, where the output holds one that the Solidity ABI can read.
struct RevertText<'a>(&'a Bytes);

impl fmt::Display for RevertText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        let Some(reason) = RevertReason::decode(self.0) else { return Ok(()) };
        let text = reason.to_string();
        match reason {
            RevertReason::ContractError(ContractError::Revert(_)) => {
                write!(f, ": {}", text.trim_start_matches("revert: "))
            }
            _ => write!(f, ": {text}"),
        }
    }
}

impl<E: fmt::Display> From<EVMError<E, OpTxError>> for RpcError {
    fn from(error: EVMError<E, OpTxError>) -> Self {
        match error {
            EVMError::Transaction(OpTxError(OpTransactionError::Base(invalid))) => {
                TransactionError::from(&invalid).into()
            }
            EVMError::Transaction(other) => TransactionError::Rejected(other.to_string()).into(),
            EVMError::Header(error) => Self::internal(error),
            EVMError::Database(error) => Self::internal(error),
            EVMError::Custom(error) => Self::Internal(format!("Revm error: {error}")),
            EVMError::CustomAny(error) => Self::Internal(format!("Revm error: {error}")),
        }
    }
}

impl<E: fmt::Display> From<CallError<E>> for RpcError {
    fn from(error: CallError<E>) -> Self {
        match error {
            CallError::Database(error) => Self::internal(error),
            CallError::InsufficientFunds(short) => {
                TransactionError::InsufficientFunds { cost: short.cost, balance: short.balance }
                    .into()
            }
        }
    }
}

impl<E: fmt::Display> From<StateOverrideError<E>> for RpcError {
    fn from(error: StateOverrideError<E>) -> Self {
        match error {
            StateOverrideError::InvalidBytecode(error) => {
                Self::InvalidParams(format!("Invalid bytecode: {error}"))
            }
            StateOverrideError::BothStateAndStateDiff(address) => {
                Self::BothStateAndStateDiff(address)
            }
            StateOverrideError::Database(error) => Self::internal(error),
        }
    }
}

impl From<EthTxEnvError> for RpcError {
    fn from(error: EthTxEnvError) -> Self {
        match error {
            EthTxEnvError::CallFees(error) => match error {
                CallFeesError::ConflictingFeeFieldsInRequest => Self::params(error.to_string()),
                CallFeesError::FeeCapTooLow => TransactionError::FeeCapTooLow.into(),
                CallFeesError::TipAboveFeeCap => TransactionError::TipAboveFeeCap.into(),
                CallFeesError::TipVeryHigh => TransactionError::TipVeryHigh.into(),
                CallFeesError::BlobTransactionMissingBlobHashes => {
                    TransactionError::MissingBlobHashes.into()
                }
            },
            EthTxEnvError::Input(error) => Self::params(error.to_string()),
        }
    }
}

impl<E: fmt::Display> From<DebugInspectorError<E>> for RpcError {
    fn from(error: DebugInspectorError<E>) -> Self {
        match error {
            DebugInspectorError::InvalidTracerConfig => Self::params("invalid tracer config"),
            DebugInspectorError::UnsupportedTracer => Self::Unsupported("unsupported tracer"),
            DebugInspectorError::JsTracerNotEnabled => {
                Self::Unsupported("JS Tracer is not enabled")
            }
            DebugInspectorError::MuxInspector(error) => error.into(),
            DebugInspectorError::JsInspector(error) => error.into(),
            DebugInspectorError::Database(error) => Self::internal(error),
        }
    }
}

impl From<MuxError> for RpcError {
    fn from(error: MuxError) -> Self {
        Self::internal(error)
    }
}

impl From<JsInspectorError> for RpcError {
    fn from(error: JsInspectorError) -> Self {
        match error {
            error @ JsInspectorError::JsError(_) => Self::internal(error),
            error => Self::params(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{RpcError, TransactionError};
    use alloy_eips::BlockId;
    use alloy_primitives::{B256, Bytes};
    use alloy_sol_types::{Revert, SolError};

    #[test]
    fn a_revert_carries_its_reason_and_data() {
        let output = Bytes::from(Revert::from("boom").abi_encode());
        let object = RpcError::from(TransactionError::Revert(output.clone())).to_object();
        assert_eq!(object.code(), 3);
        assert_eq!(object.message(), "execution reverted: boom");
        assert_eq!(object.data().unwrap().get(), format!("\"{output}\""));
    }

    #[test]
    fn a_revert_without_output_has_no_data() {
        let object = RpcError::from(TransactionError::Revert(Bytes::new())).to_object();
        assert_eq!((object.code(), object.message()), (3, "execution reverted"));
        assert!(object.data().is_none());
    }

    #[test]
    fn blocks_are_named_as_asked_for() {
        let text = |id: BlockId| RpcError::BlockNotFound(id).to_string();
        assert_eq!(text(88.into()), "block not found: 0x58");
        assert_eq!(text(BlockId::safe()), "block not found: safe");
        assert!(text(B256::ZERO.into()).starts_with("block not found: hash 0x00"));
        assert_eq!(RpcError::BlockNotFound(88.into()).to_object().code(), -32001);
    }
}
