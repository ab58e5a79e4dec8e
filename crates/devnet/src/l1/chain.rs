//! The chain: blocks, labels, and what can be asked of them.

use super::{
    blobs::{self, BlockBlob},
    config::L1Config,
    pool::{self, Pool, Pooled, Rules, Sender},
    state::{State, StateView},
};
use crate::L1Error;
use alloy_consensus::{
    Header, ReceiptEnvelope, Sealable, Sealed, TxEnvelope, transaction::Recovered,
};
use alloy_eips::eip7594::BlobTransactionSidecarVariant;
use alloy_primitives::{Address, B256, Bytes, U256, map::HashMap};
use alloy_rpc_types_eth::{BlockId, BlockNumberOrTag, Filter, FilterBlockOption, Log};
use std::sync::Arc;

/// A block of the L1, canonical or not.
#[derive(Debug)]
pub struct L1Block {
    /// Header and hash.
    pub header: Sealed<Header>,
    /// Transactions with their senders, without sidecars.
    pub transactions: Vec<Recovered<TxEnvelope>>,
    /// Receipts.
    pub receipts: Vec<ReceiptEnvelope>,
    /// The blob transactions' sidecars, by transaction hash, in order.
    pub(super) sidecars: Vec<(B256, Arc<BlobTransactionSidecarVariant>)>,
}

impl L1Block {
    /// The block's number.
    pub fn number(&self) -> u64 {
        self.header.number
    }

    /// The block's hash.
    pub fn hash(&self) -> B256 {
        self.header.hash()
    }
}

/// A development L1: EVM execution, a pool, and a chain that can be reorganised. Nothing in it
/// reads a clock: whoever drives it says when a block is made.
#[derive(Debug)]
pub struct L1 {
    pub(super) config: L1Config,
    pub(super) state: State,
    /// Canonical blocks from genesis on.
    pub(super) canonical: Vec<Arc<L1Block>>,
    /// Their hashes.
    pub(super) hashes: Vec<B256>,
    /// Every block ever made.
    pub(super) blocks: HashMap<B256, Arc<L1Block>>,
    /// Where canonical transactions are.
    pub(super) transactions: HashMap<B256, (u64, usize)>,
    pub(super) pool: Pool,
    /// How many reorgs there were: goes into headers, so that no block comes twice.
    pub(super) reorgs: u64,
}

impl L1 {
    /// An L1 with its genesis block.
    pub fn new(config: L1Config) -> Self {
        let state = State::genesis(&config.alloc);
        let header = config.genesis_header(state.root(0)).seal_slow();
        let hash = header.hash();
        let genesis = Arc::new(L1Block {
            header,
            transactions: Vec::new(),
            receipts: Vec::new(),
            sidecars: Vec::new(),
        });
        Self {
            config,
            state,
            canonical: vec![Arc::clone(&genesis)],
            hashes: vec![hash],
            blocks: HashMap::from_iter([(hash, genesis)]),
            transactions: HashMap::default(),
            pool: Pool::default(),
            reorgs: 0,
        }
    }

    /// The parameters.
    pub const fn config(&self) -> &L1Config {
        &self.config
    }

    /// Puts a raw transaction into the pool: EIP-2718 encoded, a blob transaction with its sidecar.
    ///
    /// # Errors
    /// Why it is refused, in geth's words.
    pub fn submit(&mut self, raw: &[u8]) -> Result<B256, L1Error> {
        let rules = self.rules();
        let pooled = pool::decode(raw, rules)?;
        let hash = pooled.hash();
        self.add(pooled, rules)?;
        Ok(hash)
    }

    pub(super) fn add(&mut self, pooled: Pooled, rules: Rules) -> Result<(), L1Error> {
        let sender = self.sender(pooled.transaction.signer());
        Ok(self.pool.add(pooled, sender, rules)?)
    }

    pub(super) const fn rules(&self) -> Rules {
        Rules {
            chain_id: self.config.chain_id,
            gas_limit: self.config.gas_limit,
            osaka: self.config.osaka,
            max_blobs: self.config.blob_params().max_blobs_per_tx,
            exclusive: self.config.exclusive_pools,
        }
    }

    fn sender(&self, address: Address) -> Sender {
        self.state
            .basic(address, self.head_number())
            .map(|account| Sender { nonce: account.nonce, balance: account.balance })
            .unwrap_or_default()
    }

    /// The head.
    pub fn head(&self) -> &Arc<L1Block> {
        // There is a genesis block from the start on, and no reorg drops it.
        &self.canonical[self.canonical.len() - 1]
    }

    /// The head's number.
    pub fn head_number(&self) -> u64 {
        self.head().number()
    }

    /// The genesis block.
    pub fn genesis(&self) -> &Arc<L1Block> {
        &self.canonical[0]
    }

    /// The safe block: a fixed number of blocks behind the head.
    pub fn safe_number(&self) -> u64 {
        self.head_number().saturating_sub(self.config.safe_lag)
    }

    /// The finalized block: as the safe one, further behind.
    pub fn finalized_number(&self) -> u64 {
        self.head_number().saturating_sub(self.config.finalized_lag)
    }

    /// A canonical block by its number.
    pub fn block_by_number(&self, number: u64) -> Option<&Arc<L1Block>> {
        self.canonical.get(usize::try_from(number).ok()?)
    }

    /// A block by its hash, canonical or not.
    pub fn block_by_hash(&self, hash: B256) -> Option<&Arc<L1Block>> {
        self.blocks.get(&hash)
    }

    /// A canonical block by number, tag or hash. Pending is the head.
    pub fn block(&self, id: BlockId) -> Option<&Arc<L1Block>> {
        match id {
            BlockId::Hash(hash) => self.block_by_hash(hash.block_hash),
            BlockId::Number(tag) => self.block_by_number(self.resolve(tag)),
        }
    }

    /// The number that a tag stands for.
    pub fn resolve(&self, tag: BlockNumberOrTag) -> u64 {
        match tag {
            BlockNumberOrTag::Latest | BlockNumberOrTag::Pending => self.head_number(),
            BlockNumberOrTag::Safe => self.safe_number(),
            BlockNumberOrTag::Finalized => self.finalized_number(),
            BlockNumberOrTag::Earliest => 0,
            BlockNumberOrTag::Number(number) => number,
        }
    }

    /// The number of a canonical block: state is kept of those alone.
    pub(super) fn number_of(&self, id: BlockId) -> Result<u64, L1Error> {
        let block = self.block(id).ok_or(L1Error::UnknownBlock)?;
        let canonical = self.hashes.get(block.number() as usize) == Some(&block.hash());
        if canonical { Ok(block.number()) } else { Err(L1Error::UnknownBlock) }
    }

    /// A canonical block's receipts.
    pub fn receipts(&self, number: u64) -> Option<&[ReceiptEnvelope]> {
        self.block_by_number(number).map(|block| &block.receipts[..])
    }

    /// Where a canonical transaction is: its block and its index there.
    pub fn transaction(&self, hash: B256) -> Option<(&Arc<L1Block>, usize)> {
        let (number, index) = *self.transactions.get(&hash)?;
        Some((self.block_by_number(number)?, index))
    }

    /// A transaction that waits in the pool.
    pub fn pooled(&self, hash: B256) -> Option<&Recovered<TxEnvelope>> {
        self.pool.get(hash).map(|pooled| &pooled.transaction)
    }

    /// How many transactions wait in the pool.
    pub fn pool_len(&self) -> usize {
        self.pool.len()
    }

    /// Takes a transaction out of the pool, as if it had never come: for tests of senders.
    pub fn forget(&mut self, hash: B256) -> bool {
        self.pool.remove(hash).is_some()
    }

    /// An account's balance after a block.
    ///
    /// # Errors
    /// An unknown block.
    pub fn balance(&self, address: Address, block: BlockId) -> Result<U256, L1Error> {
        let number = self.number_of(block)?;
        Ok(self.state.basic(address, number).map_or(U256::ZERO, |account| account.balance))
    }

    /// An account's nonce after a block; with `pending`, after the pool's transactions too.
    ///
    /// # Errors
    /// An unknown block.
    pub fn nonce(&self, address: Address, block: BlockId) -> Result<u64, L1Error> {
        let number = self.number_of(block)?;
        let nonce = self.state.basic(address, number).map_or(0, |account| account.nonce);
        Ok(match block {
            BlockId::Number(BlockNumberOrTag::Pending) => self.pool.next_nonce(address, nonce),
            _ => nonce,
        })
    }

    /// An account's code after a block.
    ///
    /// # Errors
    /// An unknown block.
    pub fn code(&self, address: Address, block: BlockId) -> Result<Bytes, L1Error> {
        let number = self.number_of(block)?;
        let account = self.state.basic(address, number);
        Ok(account
            .map_or_else(Bytes::new, |account| self.state.code(account.code_hash).original_bytes()))
    }

    /// A storage slot after a block.
    ///
    /// # Errors
    /// An unknown block.
    pub fn storage(&self, address: Address, slot: U256, block: BlockId) -> Result<U256, L1Error> {
        Ok(self.state.storage(address, slot, self.number_of(block)?))
    }

    pub(super) const fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn view(&self, number: u64) -> StateView<'_> {
        StateView { state: &self.state, number, hashes: &self.hashes }
    }

    /// The slot of a timestamp, as rollup nodes compute it.
    pub fn slot_at(&self, timestamp: u64) -> u64 {
        timestamp.saturating_sub(self.config.genesis_time) / self.config.block_time
    }

    /// The canonical block of a slot; none where the slot was missed.
    pub fn block_at_slot(&self, slot: u64) -> Option<&Arc<L1Block>> {
        // Slots ascend with numbers, and there is at most one block in each.
        let index = self
            .canonical
            .binary_search_by_key(&slot, |block| self.slot_at(block.header.timestamp))
            .ok()?;
        self.canonical.get(index)
    }

    /// A block's blobs with their proofs.
    ///
    /// # Errors
    /// None of a block of this L1: its sidecars were checked.
    pub fn blobs(&self, block: &L1Block) -> Result<Vec<BlockBlob>, L1Error> {
        let mut all = Vec::new();
        for (_, sidecar) in &block.sidecars {
            let blobs = blobs::block_blobs(sidecar, all.len() as u64).map_err(|error| {
                L1Error::Mining { number: block.number(), reason: error.to_string() }
            })?;
            all.extend(blobs);
        }
        Ok(all)
    }

    /// Logs of canonical blocks.
    ///
    /// # Errors
    /// An unknown block, a range that ends before it begins.
    pub fn logs(&self, filter: &Filter) -> Result<Vec<Log>, L1Error> {
        let mut logs = Vec::new();
        match filter.block_option {
            FilterBlockOption::AtBlockHash(hash) => {
                let block = self.block_by_hash(hash).ok_or(L1Error::UnknownBlock)?;
                logs.extend(block_logs(block, filter));
            }
            FilterBlockOption::Range { from_block, to_block } => {
                let from = self.resolve(from_block.unwrap_or_default());
                let to = self.resolve(to_block.unwrap_or_default());
                if to < from {
                    return Err(L1Error::Request("invalid block range params".into()));
                }
                for number in from..=to.min(self.head_number()) {
                    if let Some(block) = self.block_by_number(number)
                        && filter.matches_bloom(block.header.logs_bloom)
                    {
                        logs.extend(block_logs(block, filter));
                    }
                }
            }
        }
        Ok(logs)
    }
}

/// A block's logs as RPC gives them.
pub(super) fn rpc_logs(block: &L1Block) -> impl Iterator<Item = Log> {
    let logs = block
        .receipts
        .iter()
        .enumerate()
        .flat_map(|(index, receipt)| receipt.logs().iter().map(move |log| (index, log)));
    logs.enumerate().map(|(log_index, (index, log))| Log {
        inner: log.clone(),
        block_hash: Some(block.hash()),
        block_number: Some(block.number()),
        block_timestamp: Some(block.header.timestamp),
        transaction_hash: Some(*block.transactions[index].tx_hash()),
        transaction_index: Some(index as u64),
        log_index: Some(log_index as u64),
        removed: false,
    })
}

fn block_logs(block: &L1Block, filter: &Filter) -> impl Iterator<Item = Log> {
    rpc_logs(block).filter(|log| filter.matches(&log.inner))
}
