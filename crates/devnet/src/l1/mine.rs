//! Making blocks, and unmaking them.

use super::{
    chain::{L1, L1Block},
    pool::Pooled,
    state::StateView,
};
use crate::L1Error;
use alloy_consensus::{
    EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, Header, ReceiptEnvelope, Sealable, Transaction,
    TxEnvelope, TxReceipt,
    proofs::{calculate_receipt_root, calculate_transaction_root},
    transaction::Recovered,
};
use alloy_eips::eip1559::BaseFeeParams;
use alloy_evm::{
    EthEvmFactory, EvmEnv, EvmFactory,
    block::{BlockExecutionResult, BlockExecutor},
    eth::{
        EthBlockExecutionCtx, EthBlockExecutor, NextEvmEnvAttributes,
        receipt_builder::AlloyReceiptBuilder,
    },
};
use alloy_primitives::{Address, B256, Bloom, Bytes, keccak256};
use revm::{
    context::Block,
    database::{BundleState, State, WrapDatabaseRef, states::bundle_state::BundleRetention},
};
use std::{borrow::Cow, collections::VecDeque, sync::Arc};

/// Which dropped transactions a reorg puts back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readd {
    /// All of them.
    All,
    /// None: they are lost, and their senders have to notice.
    None,
    /// Those with these hashes.
    Only(Vec<B256>),
}

/// A reorg to make; see [`L1::reorg`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reorg {
    /// How many blocks to drop from the head on.
    pub depth: u64,
    /// How many blocks to make in their place.
    pub blocks: u64,
    /// Which of the dropped transactions return to the pool.
    pub readd: Readd,
    /// How many of the new blocks come before they return, so that they land elsewhere.
    pub delay: u64,
}

impl Reorg {
    /// Drops `depth` blocks, makes one more, and puts every transaction back one block later than
    /// it could have been.
    pub const fn of_depth(depth: u64) -> Self {
        Self { depth, blocks: depth.saturating_add(1), readd: Readd::All, delay: 1 }
    }
}

/// What goes into a block.
struct Built {
    transactions: Vec<Pooled>,
    result: BlockExecutionResult<ReceiptEnvelope>,
    bundle: BundleState,
    /// Transactions that can never be executed.
    invalid: Vec<B256>,
}

/// Candidates by sender, each in order of nonce.
struct Candidates(Vec<VecDeque<Pooled>>);

impl Candidates {
    /// The best-paying of the senders' next transactions.
    fn best(&self, base_fee: u64) -> Option<usize> {
        (0..self.0.len()).max_by_key(|index| {
            let next = self.0[*index].front();
            let tip = next.and_then(|next| next.transaction.effective_tip_per_gas(base_fee));
            // Of equals the first sender.
            (tip.unwrap_or_default(), std::cmp::Reverse(*index))
        })
    }

    fn remove(&mut self, sender: usize) {
        self.0.swap_remove(sender);
    }

    fn advance(&mut self, sender: usize) -> Option<Pooled> {
        let taken = self.0[sender].pop_front();
        if self.0[sender].is_empty() {
            self.0.swap_remove(sender);
        }
        taken
    }
}

impl L1 {
    /// Makes a block in the slot after the head's.
    ///
    /// # Errors
    /// A fault of the L1 itself.
    pub fn mine(&mut self) -> Result<Arc<L1Block>, L1Error> {
        let timestamp = self.head().header.timestamp.saturating_add(self.config.block_time);
        self.mine_at(timestamp)
    }

    /// Makes a block at a timestamp: one block time after the head's, or a later slot's, the slots
    /// between being missed.
    ///
    /// # Errors
    /// A timestamp that is no later slot's; a fault of the L1 itself.
    pub fn mine_at(&mut self, timestamp: u64) -> Result<Arc<L1Block>, L1Error> {
        let head = &self.head().header;
        let elapsed = timestamp.saturating_sub(head.timestamp);
        if elapsed == 0 || !elapsed.is_multiple_of(self.config.block_time) {
            return Err(L1Error::Request(format!("{timestamp} is no later slot's timestamp")));
        }
        let parent_hash = head.hash();
        let number = head.number.saturating_add(1);
        let env = self.next_env(head, timestamp);
        let beacon_root = beacon_root(parent_hash);
        let built = self.execute(env.clone(), parent_hash, beacon_root)?;

        for hash in &built.invalid {
            self.pool.remove(*hash);
        }
        self.state.apply(number, built.bundle);
        let BlockExecutionResult { receipts, requests, gas_used, blob_gas_used } = built.result;
        let mut sidecars = Vec::new();
        let mut transactions: Vec<Recovered<TxEnvelope>> = Vec::new();
        for pooled in built.transactions {
            if let Some(sidecar) = &pooled.sidecar {
                sidecars.push((pooled.hash(), Arc::clone(sidecar)));
            }
            transactions.push(pooled.transaction);
        }
        let envelopes: Vec<&TxEnvelope> = transactions.iter().map(Recovered::inner).collect();
        let header = Header {
            parent_hash,
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: self.config.coinbase,
            state_root: self.state.root(number),
            transactions_root: calculate_transaction_root(&envelopes),
            receipts_root: calculate_receipt_root(&receipts),
            logs_bloom: receipts.iter().fold(Bloom::ZERO, |bloom, receipt| bloom | receipt.bloom()),
            number,
            gas_limit: env.block_env.gas_limit,
            gas_used,
            timestamp,
            extra_data: self.extra_data(),
            mix_hash: env.block_env.prevrandao.unwrap_or_default(),
            base_fee_per_gas: Some(env.block_env.basefee),
            withdrawals_root: Some(EMPTY_ROOT_HASH),
            blob_gas_used: Some(blob_gas_used),
            excess_blob_gas: env
                .block_env
                .blob_excess_gas_and_price()
                .map(|blob| blob.excess_blob_gas),
            parent_beacon_block_root: Some(beacon_root),
            requests_hash: Some(requests.requests_hash()),
            ..Default::default()
        };
        let block =
            Arc::new(L1Block { header: header.seal_slow(), transactions, receipts, sidecars });
        self.append(Arc::clone(&block));
        Ok(block)
    }

    fn next_env(&self, parent: &Header, timestamp: u64) -> EvmEnv {
        let attributes = NextEvmEnvAttributes {
            timestamp,
            suggested_fee_recipient: self.config.coinbase,
            prev_randao: keccak256([b"assay l1 randao", &parent.hash_slow()[..]].concat()),
            gas_limit: self.config.gas_limit,
            slot_number: None,
        };
        let base_fee = parent.next_block_base_fee(BaseFeeParams::ethereum()).unwrap_or_default();
        EvmEnv::for_eth_next_block(
            parent,
            attributes,
            base_fee,
            self.config.spec(),
            self.config.chain_id,
            Some(self.config.blob_params()),
        )
    }

    /// The next block's base fee and blob base fee, in wei.
    pub fn next_fees(&self) -> (u64, u128) {
        let head = &self.head().header;
        let env = self.next_env(head, head.timestamp.saturating_add(self.config.block_time));
        let blob = env.block_env.blob_gasprice().unwrap_or(1);
        (env.block_env.basefee, blob)
    }

    /// Executes the best of the pool on the head's state.
    fn execute(&self, env: EvmEnv, parent_hash: B256, beacon_root: B256) -> Result<Built, L1Error> {
        let (base_fee, gas_limit) = (env.block_env.basefee, env.block_env.gas_limit);
        let number = self.head_number();
        let blob_fee = env.block_env.blob_gasprice().unwrap_or(u128::MAX);
        let max_blob_gas = self.config.blob_params().max_blob_gas_per_block();
        let fault = |reason: String| L1Error::Mining { number: number + 1, reason };

        let view: StateView<'_> = self.view(number);
        let mut db =
            State::builder().with_database(WrapDatabaseRef(view)).with_bundle_update().build();
        let context = EthBlockExecutionCtx {
            parent_hash,
            parent_beacon_block_root: Some(beacon_root),
            ommers: &[],
            withdrawals: Some(Cow::Borrowed(&[])),
            extra_data: Bytes::new(),
            tx_count_hint: None,
            slot_number: None,
        };
        let mut executor = EthBlockExecutor::new(
            EthEvmFactory::default().create_evm(&mut db, env),
            context,
            self.config.spec(),
            AlloyReceiptBuilder::default(),
        );
        executor.apply_pre_execution_changes().map_err(|error| fault(error.to_string()))?;

        let nonce =
            |address: Address| self.state.basic(address, number).map_or(0, |account| account.nonce);
        let queues = self.pool.executable(nonce);
        let mut candidates = Candidates(queues.into_iter().map(VecDeque::from).collect());
        let mut transactions = Vec::new();
        let mut invalid = Vec::new();
        while let Some(sender) = candidates.best(base_fee) {
            let Some(next) = candidates.0[sender].front() else { break };
            let tx = &*next.transaction;
            let blob_gas = tx.blob_gas_used().unwrap_or_default();
            let fits = tx.gas_limit() <= gas_limit - executor.cumulative_tx_gas_used
                && executor.blob_gas_used + blob_gas <= max_blob_gas;
            let pays = tx.max_fee_per_gas() >= u128::from(base_fee)
                && tx.max_fee_per_blob_gas().is_none_or(|fee| fee >= blob_fee);
            if !fits || !pays {
                candidates.remove(sender);
                continue;
            }
            match executor.execute_transaction(next.transaction.as_recovered_ref()) {
                Ok(_) => transactions.extend(candidates.advance(sender)),
                Err(error) => {
                    tracing::debug!(hash = %next.hash(), %error, "dropping L1 transaction");
                    invalid.push(next.hash());
                    candidates.remove(sender);
                }
            }
        }
        let (evm, result) = executor.finish().map_err(|error| fault(error.to_string()))?;
        drop(evm);
        db.merge_transitions(BundleRetention::PlainState);
        Ok(Built { transactions, result, bundle: db.take_bundle(), invalid })
    }

    fn append(&mut self, block: Arc<L1Block>) {
        let number = block.number();
        for (index, transaction) in block.transactions.iter().enumerate() {
            self.pool.remove(*transaction.tx_hash());
            self.transactions.insert(*transaction.tx_hash(), (number, index));
        }
        self.hashes.push(block.hash());
        self.blocks.insert(block.hash(), Arc::clone(&block));
        self.canonical.push(block);
        let state = &self.state;
        self.pool.prune(|address| state.basic(address, number).map_or(0, |account| account.nonce));
    }

    /// Blocks after a reorg say so, which keeps them from being those that were dropped.
    fn extra_data(&self) -> Bytes {
        match self.reorgs {
            0 => Bytes::from_static(b"assay l1"),
            reorgs => format!("assay l1 reorg {reorgs}").into_bytes().into(),
        }
    }

    /// Drops blocks from the head on and makes others in their place, in the same slots.
    ///
    /// # Errors
    /// A depth that reaches the finalized block; a fault of the L1 itself.
    pub fn reorg(&mut self, reorg: &Reorg) -> Result<Vec<Arc<L1Block>>, L1Error> {
        let refuse = |reason| Err(L1Error::Reorg { depth: reorg.depth, reason });
        let head = self.head_number();
        let Some(base) = head.checked_sub(reorg.depth) else {
            return refuse("the chain is not that long");
        };
        if base < self.finalized_number() {
            return refuse("a finalized block would go");
        }
        let timestamps: Vec<u64> = self.canonical[base as usize + 1..]
            .iter()
            .map(|block| block.header.timestamp)
            .collect();
        let mut dropped = self.unwind(base);
        dropped.retain(|pooled| match &reorg.readd {
            Readd::All => true,
            Readd::None => false,
            Readd::Only(hashes) => hashes.contains(&pooled.hash()),
        });
        self.reorgs += 1;
        let mut made = Vec::new();
        for index in 0..reorg.blocks {
            if index == reorg.delay {
                self.readd(std::mem::take(&mut dropped));
            }
            made.push(match timestamps.get(index as usize) {
                Some(timestamp) => self.mine_at(*timestamp)?,
                None => self.mine()?,
            });
        }
        self.readd(dropped);
        Ok(made)
    }

    /// Makes `base` the head, and gives the transactions that were above it, in order.
    fn unwind(&mut self, base: u64) -> Vec<Pooled> {
        let mut dropped = Vec::new();
        for block in self.canonical.split_off(base as usize + 1) {
            for transaction in &block.transactions {
                let hash = *transaction.tx_hash();
                self.transactions.remove(&hash);
                let sidecar = block.sidecars.iter().find(|(of, _)| *of == hash);
                dropped.push(Pooled {
                    transaction: transaction.clone(),
                    sidecar: sidecar.map(|(_, sidecar)| Arc::clone(sidecar)),
                });
            }
        }
        self.hashes.truncate(base as usize + 1);
        self.state.cut(base);
        dropped
    }

    /// Puts dropped transactions back; one that no longer fits, because its sender has sent others
    /// since, stays out.
    fn readd(&mut self, dropped: Vec<Pooled>) {
        let rules = self.rules();
        for pooled in dropped {
            let hash = pooled.hash();
            if let Err(error) = self.add(pooled, rules) {
                tracing::debug!(%hash, %error, "dropped L1 transaction does not return");
            }
        }
    }
}

/// What stands in for the parent's beacon block root.
fn beacon_root(parent_hash: B256) -> B256 {
    keccak256([b"assay l1 beacon", &parent_hash[..]].concat())
}
