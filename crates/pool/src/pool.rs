//! The pool that others hold.

use crate::{
    BestTransactions, Origin, PoolConfig, PoolError, PoolStatus, Pooled,
    inner::Inner,
    queue::Queue,
    speculate::Speculation,
    transaction::AccountState,
    validate::{Rules, Sender, encode, stateful, stateless},
};
use alloy_consensus::transaction::Recovered;
use alloy_primitives::{Address, B256, KECCAK256_EMPTY};
use assay_chain::{Chain, ChainError, StateView};
use assay_evm::{AssayEvmConfig, KnownSenders, SealedHeader, Transaction};
use op_revm::L1BlockInfo;
use parking_lot::{Mutex, RwLock};
use revm::{database::WrapDatabaseRef, primitives::U256};
use std::{sync::Arc, time::Instant};
use tokio::sync::broadcast;

/// Hashes that a slow subscriber may be behind before it misses some.
const PENDING_CAPACITY: usize = 16_384;

/// The transaction pool. Cheap to clone; any thread may call. [`Pool::maintain`] has to run for it
/// to follow the chain.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    chain: Chain,
    evm: AssayEvmConfig,
    inner: RwLock<Inner>,
    /// What transactions are checked by; of the head that it names.
    rules: Mutex<Option<(B256, Arc<Rules>)>>,
    pending: broadcast::Sender<B256>,
    speculation: Speculation,
}

/// Everything in the pool, in no order of senders, each sender's by nonce.
#[derive(Debug, Clone, Default)]
pub struct PoolContent {
    /// Executable now.
    pub pending: Vec<Recovered<Transaction>>,
    /// Waiting for an earlier nonce or for funds.
    pub queued: Vec<Recovered<Transaction>>,
}

impl Pool {
    /// An empty pool over a chain.
    pub fn new(chain: Chain, evm: AssayEvmConfig, config: PoolConfig) -> Self {
        let speculation = Speculation::start(&chain, &evm, &config);
        Self(Arc::new(Shared {
            chain,
            evm,
            inner: RwLock::new(Inner::new(config)),
            rules: Mutex::new(None),
            pending: broadcast::channel(PENDING_CAPACITY).0,
            speculation,
        }))
    }

    pub(crate) fn chain(&self) -> &Chain {
        &self.0.chain
    }

    pub(crate) fn inner(&self) -> &RwLock<Inner> {
        &self.0.inner
    }

    /// Checks a transaction and takes it in. Returns its hash.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn add(
        &self,
        transaction: Recovered<Transaction>,
        origin: Origin,
    ) -> Result<B256, PoolError> {
        let hash = transaction.tx_hash();
        let sender = transaction.signer();
        let encoded = encode(&transaction);
        let (head, state) = self.head_state()?;
        let rules = self.rules(&head, &state)?;
        {
            let inner = self.0.inner.read();
            if inner.get(&hash).is_some() {
                return Err(PoolError::AlreadyKnown);
            }
            stateless(&transaction, encoded.len(), &rules, &inner.config)?;
        }
        let account = account(&state, sender)?;
        let admitted = stateful(transaction, encoded, account, &rules)?;
        let promoted = self.0.inner.write().insert(admitted, Instant::now())?;
        // What a reorg brought back was verified when it came the first time.
        if origin == Origin::Rpc {
            self.verify_ahead(&head, &promoted);
        }
        self.announce(promoted);
        Ok(hash)
    }

    /// Queues those of these transactions that may carry evidence.
    pub(crate) fn verify_ahead(&self, head: &SealedHeader, hashes: &[B256]) {
        let wanted: Vec<_> = {
            let inner = self.0.inner.read();
            hashes
                .iter()
                .filter_map(|hash| inner.get(hash))
                .map(Pooled::recovered)
                .filter(|transaction| self.0.speculation.wants(head, transaction.inner()))
                .cloned()
                .collect()
        };
        for transaction in wanted {
            self.0.speculation.submit(transaction);
        }
    }

    pub(crate) fn announce(&self, promoted: Vec<B256>) {
        for hash in promoted {
            // Nobody listening is no fault.
            let _ = self.0.pending.send(hash);
        }
    }

    /// The state after the head. The head may move between the two reads: then once more.
    pub(crate) fn head_state(&self) -> Result<(Arc<SealedHeader>, StateView), ChainError> {
        for _ in 0..8 {
            let head = self.0.chain.head();
            if let Some(state) = self.0.chain.state_at(head.hash())? {
                return Ok((head, state));
            }
        }
        Err(ChainError::UnknownBlock(self.0.chain.head().hash()))
    }

    fn rules(&self, head: &SealedHeader, state: &StateView) -> Result<Arc<Rules>, PoolError> {
        let mut cached = self.0.rules.lock();
        if let Some((hash, rules)) = &*cached
            && *hash == head.hash()
        {
            return Ok(Arc::clone(rules));
        }
        let evm = &self.0.evm;
        let spec = evm.spec_id(head.timestamp);
        let l1 = L1BlockInfo::try_fetch(&mut WrapDatabaseRef(state), U256::from(head.number), spec)
            .map_err(ChainError::from)?;
        let rules = Arc::new(Rules {
            chain_id: evm.spec().chain_id(),
            spec,
            gas_limit: head.gas_limit,
            gas_cap: evm.tx_gas_cap(head.timestamp),
            l1,
        });
        *cached = Some((head.hash(), Arc::clone(&rules)));
        Ok(rules)
    }

    /// Pending transactions in the order in which a block of this base fee wants them.
    pub fn best(&self, base_fee: u64) -> BestTransactions {
        self.0.inner.read().best(base_fee)
    }

    /// Whether any transaction is pending.
    pub fn has_pending(&self) -> bool {
        self.status().pending > 0
    }

    /// The transaction of this hash.
    pub fn get(&self, hash: B256) -> Option<Recovered<Transaction>> {
        self.0.inner.read().get(&hash).map(|transaction| transaction.recovered().clone())
    }

    /// Whether the transaction of this hash is here.
    pub fn contains(&self, hash: B256) -> bool {
        self.0.inner.read().get(&hash).is_some()
    }

    /// The sender of the transaction of this hash: saves its recovery.
    pub fn sender(&self, hash: &B256) -> Option<Address> {
        self.0.inner.read().get(hash).map(Pooled::sender)
    }

    /// The nonce after the sender's pending transactions; `None` where it has none here.
    pub fn next_nonce(&self, sender: Address) -> Option<u64> {
        let inner = self.0.inner.read();
        let queue = inner.queue(&sender)?;
        (!queue.pending().is_empty()).then(|| queue.next_nonce())
    }

    /// The sender's transactions by nonce, pending and queued.
    pub fn by_sender(&self, sender: Address) -> Vec<Recovered<Transaction>> {
        let inner = self.0.inner.read();
        let queue = inner.queue(&sender);
        queue.into_iter().flat_map(Queue::iter).map(recovered).collect()
    }

    /// Everything in the pool.
    pub fn content(&self) -> PoolContent {
        let inner = self.0.inner.read();
        let mut content = PoolContent::default();
        for queue in inner.queues.values() {
            content.pending.extend(queue.pending().iter().map(recovered));
            content.queued.extend(queue.queued().map(recovered));
        }
        content
    }

    /// How much is in the pool.
    pub fn status(&self) -> PoolStatus {
        self.0.inner.read().status()
    }

    /// Hashes of transactions as they become pending.
    pub fn subscribe_pending(&self) -> broadcast::Receiver<B256> {
        self.0.pending.subscribe()
    }

    /// Takes transactions out: those that turned out not to be executable.
    pub fn remove(&self, hashes: &[B256]) {
        self.0.inner.write().remove(hashes);
    }
}

impl KnownSenders for Pool {
    fn sender(&self, transaction: &B256) -> Option<Address> {
        Self::sender(self, transaction)
    }
}

fn recovered(transaction: &Pooled) -> Recovered<Transaction> {
    transaction.recovered().clone()
}

/// What the checks ask of an account.
pub(crate) fn account(state: &StateView, address: Address) -> Result<Sender, PoolError> {
    let info = state.account(address).map_err(ChainError::from)?.unwrap_or_default();
    let has_code = info.code_hash != KECCAK256_EMPTY && !info.code_hash.is_zero();
    let delegated = has_code && state.code(info.code_hash).map_err(ChainError::from)?.is_eip7702();
    Ok(Sender {
        state: AccountState { nonce: info.nonce, balance: info.balance, delegated },
        contract: has_code && !delegated,
    })
}
