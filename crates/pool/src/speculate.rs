//! Verifying ahead: a transaction that may carry evidence is run once when it becomes executable,
//! so that its verdict is cached before a block needs it.
//!
//! Nothing depends on it. A sender has a budget of CPU time and some places in the queue; what is
//! above them, or comes while the queue is full, is verified when a block executes it. What waits
//! for an earlier nonce or a lower base fee is not run: it may never be executed, nor paid for. And
//! where cores are scarce blocks come first: the thread takes what they leave.

use crate::PoolConfig;
use alloy_consensus::{Transaction as _, transaction::Recovered};
use alloy_primitives::{
    Address,
    map::{AddressMap, Entry},
};
use assay_chain::Chain;
use assay_evm::{AssayEvmConfig, CachePart, SealedHeader, Transaction};
use parking_lot::Mutex;
use std::{
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

/// Senders whose spending is remembered; beyond it the oldest records are dropped.
const MAX_SENDERS: usize = 16_384;

/// Most transactions of one sender that wait: the flood of a few leaves places to others, also
/// while one of it runs.
const MAX_WAITING: usize = 16;

/// Ten steps of a quarter each.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// The worker's end of the pool.
#[derive(Debug)]
pub(crate) struct Speculation {
    evm: AssayEvmConfig,
    queue: Option<Entrance>,
}

impl Speculation {
    /// Starts the worker, if there is anything to verify on this chain.
    pub(crate) fn start(chain: &Chain, evm: &AssayEvmConfig, config: &PoolConfig) -> Self {
        let idle = config.speculation_budget.is_zero() || evm.spec().agate_time().is_none();
        let queue = if idle { None } else { Self::spawn(chain, evm, config) };
        Self { evm: evm.clone(), queue }
    }

    fn spawn(chain: &Chain, evm: &AssayEvmConfig, config: &PoolConfig) -> Option<Entrance> {
        let (entrance, exit) = queue(config.speculation_queue);
        let worker = Worker {
            chain: chain.clone(),
            evm: evm.clone().with_cache_part(CachePart::Pool),
            budgets: Budgets::new(config.speculation_budget),
        };
        let thread = thread::Builder::new().name("assay-verify".into());
        let run = move || {
            step_back();
            worker.run(&exit);
        };
        match thread.spawn(run) {
            Ok(_) => Some(entrance),
            Err(error) => {
                tracing::warn!(%error, "no thread to verify evidence ahead");
                None
            }
        }
    }

    /// Whether this transaction may carry something worth verifying ahead, and pays the head's base
    /// fee: what pays less may never be executed.
    pub(crate) fn wants(&self, head: &SealedHeader, transaction: &Transaction) -> bool {
        let base_fee = head.base_fee_per_gas.unwrap_or_default();
        self.queue.is_some()
            && transaction.max_fee_per_gas() >= u128::from(base_fee)
            && self.evm.may_carry_evidence(head.timestamp, transaction)
    }

    /// Queues a transaction, unless the queue or its sender's part of it is full.
    pub(crate) fn submit(&self, transaction: Recovered<Transaction>) {
        if let Some(queue) = &self.queue {
            queue.push(transaction);
        }
    }
}

/// Gives this thread a tenth of the weight that others have when there are fewer cores than work.
#[cfg(target_os = "linux")]
fn step_back() {
    use rustix::{process::setpriority_process, thread::gettid};
    // Linux has a niceness per thread, which this call sets where it is given a thread's id.
    if let Err(error) = setpriority_process(Some(gettid()), NICENESS) {
        tracing::debug!(%error, "evidence is verified ahead at the priority of other threads");
    }
}

#[cfg(not(target_os = "linux"))]
const fn step_back() {}

/// How many transactions of each sender wait.
type Waiting = Arc<Mutex<AddressMap<usize>>>;

fn queue(places: usize) -> (Entrance, Exit) {
    let (sender, receiver) = sync_channel(places);
    let waiting = Waiting::default();
    (Entrance { sender, waiting: Arc::clone(&waiting) }, Exit { receiver, waiting })
}

#[derive(Debug)]
struct Entrance {
    sender: SyncSender<Recovered<Transaction>>,
    waiting: Waiting,
}

impl Entrance {
    /// Whether there was a place.
    fn push(&self, transaction: Recovered<Transaction>) -> bool {
        let sender = transaction.signer();
        let mut waiting = self.waiting.lock();
        let count = waiting.get(&sender).copied().unwrap_or_default();
        let pushed = count < MAX_WAITING && self.sender.try_send(transaction).is_ok();
        if pushed {
            waiting.insert(sender, count + 1);
        }
        pushed
    }
}

#[derive(Debug)]
struct Exit {
    receiver: Receiver<Recovered<Transaction>>,
    waiting: Waiting,
}

impl Exit {
    /// The next transaction; `None` once the pool is gone.
    fn pop(&self) -> Option<Recovered<Transaction>> {
        let transaction = self.receiver.recv().ok()?;
        // Nobody is left to want what still waits, and the chain is to be closed.
        if Arc::strong_count(&self.waiting) == 1 {
            return None;
        }
        if let Entry::Occupied(mut count) = self.waiting.lock().entry(transaction.signer()) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        Some(transaction)
    }
}

struct Worker {
    chain: Chain,
    evm: AssayEvmConfig,
    budgets: Budgets,
}

impl Worker {
    /// Runs until the pool is dropped.
    fn run(mut self, queue: &Exit) {
        while let Some(transaction) = queue.pop() {
            let sender = transaction.signer();
            let begun = Instant::now();
            if !self.budgets.allows(sender, begun) {
                continue;
            }
            if let Err(error) = self.verify(&transaction) {
                tracing::debug!(%error, "a transaction was not verified ahead");
            }
            self.budgets.spend(sender, begun.elapsed());
        }
    }

    fn verify(
        &self,
        transaction: &Recovered<Transaction>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let head = self.chain.head();
        if let Some(state) = self.chain.state_at(head.hash())? {
            self.evm.speculate(&head, &state, transaction.inner(), transaction.signer())?;
        }
        Ok(())
    }
}

/// CPU time per sender: a bucket that fills by `rate` per second up to `rate`.
#[derive(Debug)]
struct Budgets {
    rate: Duration,
    spent: AddressMap<(Instant, Duration)>,
}

impl Budgets {
    fn new(rate: Duration) -> Self {
        Self { rate, spent: AddressMap::default() }
    }

    /// Whether the sender has anything left. One run may overdraw it.
    fn allows(&mut self, sender: Address, now: Instant) -> bool {
        if self.spent.len() >= MAX_SENDERS {
            let rate = self.rate;
            self.spent.retain(|_, (since, debt)| !left(rate, *since, *debt, now).is_zero());
            if self.spent.len() >= MAX_SENDERS {
                return false;
            }
        }
        let (since, debt) = self.spent.entry(sender).or_insert((now, Duration::ZERO));
        *debt = left(self.rate, *since, *debt, now);
        *since = now;
        *debt < self.rate
    }

    fn spend(&mut self, sender: Address, time: Duration) {
        if let Some((_, debt)) = self.spent.get_mut(&sender) {
            *debt = debt.saturating_add(time);
        }
    }
}

/// What is left of a debt: `rate` of it is forgiven per second.
fn left(rate: Duration, since: Instant, debt: Duration, now: Instant) -> Duration {
    let elapsed = now.saturating_duration_since(since);
    let forgiven = rate.as_nanos().saturating_mul(elapsed.as_nanos()) / 1_000_000_000;
    debt.saturating_sub(Duration::from_nanos(u64::try_from(forgiven).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{SignableTransaction, TxEip1559};
    use alloy_primitives::Signature;

    fn from(sender: u8) -> Recovered<Transaction> {
        let signed = TxEip1559::default().into_signed(Signature::test_signature());
        Recovered::new_unchecked(signed.into(), Address::repeat_byte(sender))
    }

    #[test]
    fn a_flood_leaves_places_to_others() {
        let (entrance, exit) = queue(64);
        let pushed = (0..100).filter(|_| entrance.push(from(1))).count();
        assert_eq!(pushed, MAX_WAITING);
        assert!(entrance.push(from(2)));
        // Who is served may wait again, behind the others.
        assert_eq!(exit.pop().map(|next| next.signer()), Some(Address::repeat_byte(1)));
        assert!(entrance.push(from(1)));
        assert!(!entrance.push(from(1)));
        for _ in 0..=MAX_WAITING {
            exit.pop();
        }
        assert!(exit.waiting.lock().is_empty());
        // The queue has its own end.
        let pushed = (0..100).filter(|sender| entrance.push(from(*sender))).count();
        assert_eq!(pushed, 64);
        drop(exit);
        assert!(!entrance.push(from(101)));
    }

    #[test]
    fn what_waits_when_the_pool_goes_is_not_run() {
        let (entrance, exit) = queue(64);
        assert!(entrance.push(from(1)) && entrance.push(from(2)));
        assert!(exit.pop().is_some());
        drop(entrance);
        assert!(exit.pop().is_none());
    }

    #[test]
    fn a_sender_that_overdraws_waits_and_others_do_not() {
        let mut budgets = Budgets::new(Duration::from_millis(50));
        let (one, two) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let start = Instant::now();
        assert!(budgets.allows(one, start));
        budgets.spend(one, Duration::from_millis(149));
        assert!(!budgets.allows(one, start));
        assert!(budgets.allows(two, start));
        // 50 ms are forgiven per second: 149 - 50 - 49.
        assert!(!budgets.allows(one, start + Duration::from_millis(1_000)));
        assert!(budgets.allows(one, start + Duration::from_millis(2_000)));
    }

    #[test]
    fn records_stay_bounded() {
        let mut budgets = Budgets::new(Duration::from_millis(50));
        let now = Instant::now();
        for index in 0..MAX_SENDERS as u64 {
            let sender = Address::left_padding_from(&index.to_be_bytes());
            assert!(budgets.allows(sender, now));
            budgets.spend(sender, Duration::from_millis(10));
        }
        let late = Address::repeat_byte(0xff);
        assert!(!budgets.allows(late, now), "nobody has paid back yet");
        assert!(budgets.allows(late, now + Duration::from_secs(1)));
        assert_eq!(budgets.spent.len(), 1);
    }
}
