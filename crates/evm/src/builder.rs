//! Building a block: attributes' transactions first, then the pool's, then the header.

use crate::{
    AssayEvmConfig, Block, BlockError, BlockOutput, BoxError, InvalidBlock, InvalidTx, Limit,
    NextBlockAttributes, RecoveredBlock, SealedHeader, Transaction, TxError,
    error::AttributesError,
    execute::{Executor, ParentState, TxFailure, da_size},
    irregular::Preparation,
    validate::{logs_bloom, receipts_root},
};
use alloy_consensus::{
    BlockBody, EMPTY_OMMER_ROOT_HASH, Header, Transaction as _, constants::EMPTY_WITHDRAWALS,
    proofs::calculate_transaction_root, transaction::Recovered,
};
use alloy_eips::{Encodable2718, Typed2718, eip4895::Withdrawals, eip7685::EMPTY_REQUESTS_HASH};
use alloy_evm::block::OnStateHook;
use alloy_op_hardforks::OpHardforks;
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, U256};
use revm::database::BundleState;

/// Limits on the DA size of what the builder takes from the pool (miner_setMaxDASize). The
/// attributes' own transactions count towards the block's but are never refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DaLimits {
    /// The most bytes per transaction.
    pub transaction: Option<u64>,
    /// The most bytes per block.
    pub block: Option<u64>,
}

/// The roots of the state after the block, which its builder gets from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roots {
    /// The state root.
    pub state_root: B256,
    /// The storage root of L2ToL1MessagePasser; asked for from Isthmus on.
    pub message_passer_root: Option<B256>,
}

/// A block while it is built.
pub struct BlockBuilder<DB: ParentState> {
    config: AssayEvmConfig,
    executor: Executor<DB>,
    parent: SealedHeader,
    attributes: NextBlockAttributes,
    base_fee: u64,
    limits: DaLimits,
    da_used: u64,
    transactions: Vec<Transaction>,
    senders: Vec<Address>,
}

impl<DB: ParentState> std::fmt::Debug for BlockBuilder<DB> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("BlockBuilder")
            .field("parent", &self.parent.hash())
            .field("attributes", &self.attributes)
            .field("transactions", &self.transactions.len())
            .finish_non_exhaustive()
    }
}

/// Why building could not begin.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The attributes do not make a block.
    #[error(transparent)]
    Attributes(#[from] AttributesError),
    /// The node failed.
    #[error(transparent)]
    Block(#[from] BlockError),
}

impl AssayEvmConfig {
    /// Begins a block on `parent`, whose state is `state`.
    ///
    /// # Errors
    /// A base fee out of range, a fault of the state.
    pub fn block_builder<DB: ParentState>(
        &self,
        parent: SealedHeader,
        attributes: NextBlockAttributes,
        limits: DaLimits,
        state: DB,
        hook: Option<Box<dyn OnStateHook>>,
    ) -> Result<BlockBuilder<DB>, BuildError> {
        let env = self.next_evm_env(&parent, &attributes)?;
        let base_fee = env.block_env.basefee;
        let preparation = Preparation {
            parent_hash: parent.hash(),
            parent_timestamp: parent.timestamp,
            parent_beacon_block_root: attributes.parent_beacon_block_root,
        };
        let executor = Executor::new(self, env, preparation, state, hook)?;
        Ok(BlockBuilder {
            config: self.clone(),
            executor,
            parent,
            attributes,
            base_fee,
            limits,
            da_used: 0,
            transactions: Vec::new(),
            senders: Vec::new(),
        })
    }
}

impl<DB: ParentState> BlockBuilder<DB> {
    /// Takes a transaction of the attributes: it must be valid, or the block cannot be built.
    ///
    /// # Errors
    /// [`BlockError::Invalid`] where the transaction cannot be executed.
    pub fn push_forced(&mut self, transaction: Recovered<Transaction>) -> Result<u64, BlockError> {
        let (transaction, sender) = transaction.into_parts();
        let (encoded, size) = if transaction.is_deposit() {
            (None, 0)
        } else {
            let encoded = Bytes::from(transaction.encoded_2718());
            let size = da_size(&encoded);
            (Some(encoded), size)
        };
        match self.executor.execute(&transaction, sender, encoded) {
            Ok(gas) => {
                self.keep(transaction, sender, size);
                Ok(gas)
            }
            Err(TxFailure::Invalid(reason)) => Err(InvalidBlock::Transaction {
                index: self.transactions.len(),
                hash: transaction.tx_hash(),
                reason,
            }
            .into()),
            Err(TxFailure::Fatal(error)) => Err(error),
        }
    }

    /// Takes a transaction of the pool, if it fits. Returns the gas used.
    ///
    /// # Errors
    /// [`TxError::Invalid`] and [`TxError::DoesNotFit`] leave the block as it was.
    pub fn push_transaction(
        &mut self,
        transaction: Recovered<Transaction>,
    ) -> Result<u64, TxError> {
        let (transaction, sender) = transaction.into_parts();
        if transaction.is_deposit() {
            return Err(TxError::Invalid(InvalidTx::Deposit { from: sender }));
        }
        if transaction.is_post_exec() {
            return Err(TxError::Invalid(InvalidTx::Type(transaction.ty())));
        }
        let limit = transaction.gas_limit();
        if let Some(cap) = self.executor.gas_cap()
            && limit > cap
        {
            return Err(TxError::Invalid(InvalidTx::GasCap { limit, cap }));
        }
        let encoded = Bytes::from(transaction.encoded_2718());
        let size = da_size(&encoded);
        self.fits(limit, size, &encoded)?;
        match self.executor.execute(&transaction, sender, Some(encoded)) {
            Ok(gas) => {
                self.keep(transaction, sender, size);
                Ok(gas)
            }
            Err(TxFailure::Invalid(reason)) => Err(TxError::Invalid(reason)),
            Err(TxFailure::Fatal(error)) => Err(TxError::Fatal(error)),
        }
    }

    fn fits(&mut self, limit: u64, size: u64, encoded: &[u8]) -> Result<(), TxError> {
        let available = self.executor.gas_left();
        if limit > available {
            return Err(TxError::DoesNotFit(Limit::Gas { limit, available }));
        }
        if let Some(limit) = self.limits.transaction
            && size > limit
        {
            return Err(TxError::DoesNotFit(Limit::TransactionDaSize { size, limit }));
        }
        if let Some(limit) = self.limits.block {
            let available = limit.saturating_sub(self.da_used);
            if size > available {
                return Err(TxError::DoesNotFit(Limit::BlockDaSize { size, available }));
            }
        }
        if self.executor.meters_da() {
            let footprint = self.executor.da_footprint_of(encoded)?;
            let available = self.executor.da_footprint_left();
            if footprint > available {
                return Err(TxError::DoesNotFit(Limit::DaFootprint { footprint, available }));
            }
        }
        Ok(())
    }

    fn keep(&mut self, transaction: Transaction, sender: Address, size: u64) {
        self.transactions.push(transaction);
        self.senders.push(sender);
        self.da_used = self.da_used.saturating_add(size);
    }

    /// Gas that the block has left.
    pub const fn gas_left(&self) -> u64 {
        self.executor.gas_left()
    }

    /// The block's base fee, in wei.
    pub const fn base_fee(&self) -> u64 {
        self.base_fee
    }

    /// What the block's transactions pay its fee recipient so far, in wei.
    pub const fn fees(&self) -> U256 {
        self.executor.fees()
    }

    /// Transactions taken so far.
    pub const fn len(&self) -> usize {
        self.transactions.len()
    }

    /// Whether no transaction has been taken.
    pub const fn is_empty(&self) -> bool {
        self.transactions.is_empty()
    }

    /// Completes the block. `roots` computes the roots of the state that the changes lead to.
    ///
    /// # Errors
    /// What `roots` fails with, as a fault of the database.
    pub fn finish<E: Into<BoxError>>(
        self,
        roots: impl FnOnce(&BundleState) -> Result<Roots, E>,
    ) -> Result<(RecoveredBlock, BlockOutput), BlockError> {
        let Self { config, executor, parent, attributes, base_fee, transactions, senders, .. } =
            self;
        let output = executor.finish();
        let spec = config.spec();
        let timestamp = attributes.timestamp;
        let mut transactions_root = B256::ZERO;
        let mut receipts = (B256::ZERO, Bloom::ZERO);
        // The state root takes longest and stays on this thread.
        let roots = rayon::in_place_scope(|scope| {
            scope.spawn(|_| transactions_root = calculate_transaction_root(&transactions));
            scope.spawn(|_| {
                receipts = (
                    receipts_root(spec, timestamp, &output.receipts),
                    logs_bloom(&output.receipts),
                );
            });
            roots(&output.bundle)
        })
        .map_err(|error| BlockError::Database(error.into()))?;

        let canyon = spec.is_canyon_active_at_timestamp(timestamp);
        let ecotone = spec.is_ecotone_active_at_timestamp(timestamp);
        let isthmus = spec.is_isthmus_active_at_timestamp(timestamp);
        let withdrawals_root = if isthmus {
            let root = roots.message_passer_root.ok_or_else(|| {
                BlockError::Internal("no storage root of L2ToL1MessagePasser was given".into())
            })?;
            Some(root)
        } else {
            canyon.then_some(EMPTY_WITHDRAWALS)
        };
        let header = Header {
            parent_hash: parent.hash(),
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: attributes.suggested_fee_recipient,
            state_root: roots.state_root,
            transactions_root,
            receipts_root: receipts.0,
            logs_bloom: receipts.1,
            difficulty: U256::ZERO,
            number: parent.number.saturating_add(1),
            gas_limit: attributes.gas_limit,
            gas_used: output.gas_used,
            timestamp,
            extra_data: attributes.extra_data,
            mix_hash: attributes.prev_randao,
            nonce: B64::ZERO,
            base_fee_per_gas: Some(base_fee),
            withdrawals_root,
            blob_gas_used: ecotone.then_some(output.blob_gas_used),
            excess_blob_gas: ecotone.then_some(0),
            parent_beacon_block_root: attributes.parent_beacon_block_root,
            requests_hash: isthmus.then_some(EMPTY_REQUESTS_HASH),
            block_access_list_hash: None,
            slot_number: None,
        };
        let body = BlockBody {
            transactions,
            ommers: Vec::new(),
            withdrawals: canyon.then(Withdrawals::default),
        };
        let block = RecoveredBlock::new_unhashed(Block { header, body }, senders);
        // The hash is computed here, once, and kept.
        block.hash_ref();
        Ok((block, output))
    }
}
