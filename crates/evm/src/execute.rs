//! Execution of a block, transaction by transaction, on one EVM.

use crate::{
    AssayEvmConfig, BlockError, InvalidBlock, InvalidTx, Receipt, RecoveredBlock, Transaction,
    db::StateError,
    irregular::{Preparation, evm_fault},
    overlay::Overlay,
};
use alloy_consensus::{Eip658Value, Header, Transaction as _};
use alloy_eips::{Encodable2718, Typed2718, eip7685::Requests};
use alloy_evm::{
    Evm, EvmEnv, EvmFactory, FromTxWithEncoded,
    block::{OnStateHook, StateChangeSource},
    precompiles::PrecompilesMap,
};
use alloy_op_evm::{OpEvm, OpTx};
use alloy_op_hardforks::OpHardforks;
use alloy_primitives::{Address, Bytes, U256};
use op_alloy_consensus::{OpDepositReceipt, OpTxType};
use op_revm::{L1BlockInfo, OpHaltReason, OpSpecId, estimate_tx_compressed_size};
use revm::{
    Database, DatabaseCommit, DatabaseRef,
    context_interface::result::{ExecutionResult, ResultAndState},
    database::BundleState,
    inspector::NoOpInspector,
};

/// What executing a block gives.
#[derive(Debug, Clone, Default)]
pub struct BlockOutput {
    /// Receipts in order of transactions.
    pub receipts: Vec<Receipt>,
    /// Gas used by the whole block.
    pub gas_used: u64,
    /// The DA footprint from Jovian on, else 0.
    pub blob_gas_used: u64,
    /// What the block did to the state. Without reverts; accounts and slots that ended as they
    /// began are not in it.
    pub bundle: BundleState,
    /// Always empty: OP chains have no execution-layer requests.
    pub requests: Requests,
    /// What the block's transactions pay its fee recipient, in wei.
    pub fees: U256,
}

pub(crate) type BlockEvm<DB> = OpEvm<Overlay<DB>, NoOpInspector, PrecompilesMap, OpTx>;

/// A state that blocks can be executed on: any revm database that can be read by reference.
pub trait ParentState: DatabaseRef<Error: std::error::Error + Send + Sync + 'static> {}
impl<DB: DatabaseRef<Error: std::error::Error + Send + Sync + 'static>> ParentState for DB {}

impl AssayEvmConfig {
    /// Executes a block on its parent's state. `hook` sees every change of state as it is made, in
    /// order, so that the state root can be computed meanwhile.
    ///
    /// Checks what execution alone can check (each transaction against the state and the block's
    /// limits); the rest is [`validate_post_execution`](crate::validate_post_execution)'s.
    ///
    /// # Errors
    /// [`BlockError::Invalid`] where a transaction cannot be executed; a fault of the state is
    /// [`BlockError::Database`].
    pub fn execute<DB: ParentState>(
        &self,
        block: &RecoveredBlock,
        parent: &Header,
        state: DB,
        hook: Option<Box<dyn OnStateHook>>,
    ) -> Result<BlockOutput, BlockError> {
        let header = block.header();
        let mut executor = Executor::new(
            self,
            self.evm_env(header),
            Preparation::of(header, parent),
            state,
            hook,
        )?;
        executor.receipts.reserve_exact(block.body().transactions.len());
        for (index, (transaction, sender)) in
            block.body().transactions.iter().zip(block.senders()).enumerate()
        {
            executor.execute(transaction, *sender, None).map_err(|error| match error {
                TxFailure::Invalid(reason) => {
                    InvalidBlock::Transaction { index, hash: transaction.tx_hash(), reason }.into()
                }
                TxFailure::Fatal(error) => error,
            })?;
        }
        Ok(executor.finish())
    }

    /// Applies what a block does before its first transaction to an EVM of any database: for
    /// tracing and replay. `header` is the block's own.
    ///
    /// # Errors
    /// A fault of the database.
    pub fn apply_pre_execution<E, DBError>(
        &self,
        header: &Header,
        parent: &Header,
        evm: &mut E,
    ) -> Result<(), BlockError>
    where
        E: Evm<
                DB: Database<Error = DBError> + DatabaseCommit,
                Error = revm::context::result::EVMError<DBError, alloy_op_evm::OpTxError>,
            >,
        DBError: std::error::Error + Send + Sync + 'static,
    {
        Preparation::of(header, parent).apply(self.spec(), evm, &mut None)
    }
}

/// Why a transaction was not executed.
#[derive(Debug)]
pub(crate) enum TxFailure {
    Invalid(InvalidTx),
    Fatal(BlockError),
}

impl From<InvalidTx> for TxFailure {
    fn from(reason: InvalidTx) -> Self {
        Self::Invalid(reason)
    }
}

/// The forks that execution asks for at every transaction.
#[derive(Debug, Clone, Copy)]
struct Rules {
    regolith: bool,
    canyon: bool,
    jovian: bool,
    gas_cap: Option<u64>,
    gas_limit: u64,
    base_fee: u64,
}

/// Runs a block's transactions one after the other.
pub(crate) struct Executor<DB: ParentState> {
    evm: BlockEvm<DB>,
    hook: Option<Box<dyn OnStateHook>>,
    rules: Rules,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) gas_used: u64,
    pub(crate) da_footprint: u64,
    /// Read from L1Block after the latest deposit, which alone can change it.
    da_scalar: Option<u64>,
    fees: U256,
}

impl<DB: ParentState> Executor<DB> {
    pub(crate) fn new(
        config: &AssayEvmConfig,
        env: EvmEnv<OpSpecId>,
        preparation: Preparation,
        state: DB,
        hook: Option<Box<dyn OnStateHook>>,
    ) -> Result<Self, BlockError> {
        let timestamp = env.block_env.timestamp.saturating_to();
        let spec = config.spec();
        let rules = Rules {
            regolith: spec.is_regolith_active_at_timestamp(timestamp),
            canyon: spec.is_canyon_active_at_timestamp(timestamp),
            jovian: spec.is_jovian_active_at_timestamp(timestamp),
            gas_cap: config.tx_gas_cap(timestamp),
            gas_limit: env.block_env.gas_limit,
            base_fee: env.block_env.basefee,
        };
        let mut executor = Self {
            evm: config.factory().create_evm(Overlay::new(state), env),
            hook,
            rules,
            receipts: Vec::new(),
            gas_used: 0,
            da_footprint: 0,
            da_scalar: None,
            fees: U256::ZERO,
        };
        preparation.apply(spec, &mut executor.evm, &mut executor.hook)?;
        Ok(executor)
    }

    /// Executes a transaction and commits what it did. `encoded` is its EIP-2718 encoding, where
    /// the caller has it. Returns the gas used.
    pub(crate) fn execute(
        &mut self,
        transaction: &Transaction,
        sender: Address,
        encoded: Option<Bytes>,
    ) -> Result<u64, TxFailure> {
        let deposit = transaction.is_deposit();
        if transaction.is_post_exec() {
            return Err(InvalidTx::Type(transaction.ty()).into());
        }
        let limit = transaction.gas_limit();
        let available = self.gas_left();
        if limit > available && (self.rules.regolith || !deposit) {
            return Err(InvalidTx::BlockGas { limit, available }.into());
        }
        if let Some(cap) = self.rules.gas_cap
            && limit > cap
            && !deposit
        {
            return Err(InvalidTx::GasCap { limit, cap }.into());
        }
        // A deposit pays no L1 fee: nobody asks for its encoding.
        let encoded = match encoded {
            Some(encoded) => encoded,
            None if deposit => Bytes::new(),
            None => transaction.encoded_2718().into(),
        };
        let mut footprint = 0;
        if self.rules.jovian && !deposit {
            footprint = self.da_footprint_of(&encoded).map_err(TxFailure::Fatal)?;
            let available = self.da_footprint_left();
            if footprint > available {
                return Err(InvalidTx::DaFootprint { footprint, available }.into());
            }
        }
        let deposit_nonce = if deposit && self.rules.regolith {
            let account =
                self.evm.db_mut().basic(sender).map_err(fault).map_err(TxFailure::Fatal)?;
            Some(account.unwrap_or_default().nonce)
        } else {
            None
        };

        let result = self
            .evm
            .transact(OpTx::from_encoded_tx(transaction, sender, encoded))
            .map_err(|error| match evm_fault(error) {
                Ok(error) => TxFailure::Invalid(InvalidTx::Evm(error.0)),
                Err(error) => TxFailure::Fatal(error),
            })?;
        Ok(self.commit(transaction, deposit_nonce, footprint, result))
    }

    fn commit(
        &mut self,
        transaction: &Transaction,
        deposit_nonce: Option<u64>,
        footprint: u64,
        output: ResultAndState<OpHaltReason>,
    ) -> u64 {
        let ResultAndState { result, state } = output;
        if let Some(hook) = &mut self.hook {
            hook.on_state(StateChangeSource::Transaction(self.receipts.len()), &state);
        }
        let gas_used = result.tx_gas_used();
        // Each transaction's gas limit was within what the block had left, so the sum stays within
        // the block's gas limit; before Regolith deposits may exceed it.
        self.gas_used = self.gas_used.saturating_add(gas_used);
        self.da_footprint = self.da_footprint.saturating_add(footprint);
        if transaction.is_deposit() {
            self.da_scalar = None;
        } else if let Some(tip) = transaction.effective_tip_per_gas(self.rules.base_fee) {
            self.fees = self.fees.saturating_add(U256::from(tip) * U256::from(gas_used));
        }
        self.receipts.push(receipt(
            transaction.tx_type(),
            result,
            self.gas_used,
            deposit_nonce,
            self.rules.canyon,
        ));
        self.evm.db_mut().commit(state);
        gas_used
    }

    /// The DA footprint of a user transaction of this encoding (Jovian).
    pub(crate) fn da_footprint_of(&mut self, encoded: &[u8]) -> Result<u64, BlockError> {
        let scalar = match self.da_scalar {
            Some(scalar) => scalar,
            None => {
                let database = self.evm.db_mut();
                let scalar = L1BlockInfo::fetch_da_footprint_gas_scalar(database).map_err(fault)?;
                *self.da_scalar.insert(scalar.into())
            }
        };
        Ok(da_size(encoded).saturating_mul(scalar))
    }

    pub(crate) const fn gas_left(&self) -> u64 {
        self.rules.gas_limit.saturating_sub(self.gas_used)
    }

    pub(crate) const fn da_footprint_left(&self) -> u64 {
        self.rules.gas_limit.saturating_sub(self.da_footprint)
    }

    /// Whether Jovian's limit on the DA footprint holds.
    pub(crate) const fn meters_da(&self) -> bool {
        self.rules.jovian
    }

    pub(crate) const fn gas_cap(&self) -> Option<u64> {
        self.rules.gas_cap
    }

    pub(crate) const fn fees(&self) -> U256 {
        self.fees
    }

    pub(crate) fn finish(self) -> BlockOutput {
        let Self { evm, receipts, gas_used, da_footprint, fees, .. } = self;
        let (state, _) = evm.finish();
        BlockOutput {
            receipts,
            gas_used,
            blob_gas_used: da_footprint,
            bundle: state.into_bundle(),
            requests: Requests::default(),
            fees,
        }
    }
}

/// Bytes that a transaction of this encoding is estimated to take in a batch (Fjord's model).
pub fn da_size(encoded: &[u8]) -> u64 {
    estimate_tx_compressed_size(encoded) / 1_000_000
}

fn receipt(
    ty: OpTxType,
    result: ExecutionResult<OpHaltReason>,
    cumulative_gas_used: u64,
    deposit_nonce: Option<u64>,
    canyon: bool,
) -> Receipt {
    let receipt = alloy_consensus::Receipt {
        status: Eip658Value::Eip658(result.is_success()),
        cumulative_gas_used,
        logs: result.into_logs(),
    };
    match ty {
        OpTxType::Legacy => Receipt::Legacy(receipt.with_bloom()),
        OpTxType::Eip2930 => Receipt::Eip2930(receipt.with_bloom()),
        OpTxType::Eip1559 => Receipt::Eip1559(receipt.with_bloom()),
        OpTxType::Eip7702 => Receipt::Eip7702(receipt.with_bloom()),
        // Refused before execution; the arm keeps the match total.
        OpTxType::PostExec => Receipt::PostExec(receipt.with_bloom()),
        OpTxType::Deposit => Receipt::Deposit(
            OpDepositReceipt {
                inner: receipt,
                deposit_nonce,
                deposit_receipt_version: canyon.then_some(1),
            }
            .with_bloom(),
        ),
    }
}

fn fault(error: StateError) -> BlockError {
    BlockError::Database(error.into_inner())
}
