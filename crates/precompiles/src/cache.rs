//! Verdicts computed once: by the pool when it admits a transaction, or ahead of a block's
//! execution on other cores. Gas is charged the same either way, so that nobody can tell.
//!
//! A verdict is a pure function of the rules and the calldata without `time`, which is what the key
//! hashes. The cache holds bytes, not entries: a flood of distinct documents cannot grow it. What
//! the pool computes and what blocks need are kept apart: a flood through the pool cannot evict a
//! block's verdicts. A verdict that one thread is computing is waited for by the others, not computed
//! again: what is verified ahead of a block is then worth it even when the block catches up.

use crate::Verdict;
use alloy_primitives::{B256, map::B256Map};
use parking_lot::{Condvar, Mutex};
use std::{collections::VecDeque, sync::Arc};

/// Who computes, and so which part a new verdict goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CachePart {
    /// Block execution and building.
    #[default]
    Block,
    /// Speculative execution in the pool.
    Pool,
    /// Calls and traces: read what is there, add nothing.
    ReadOnly,
}

/// A bounded, shared cache of verdicts. Clones share it.
#[derive(Debug, Clone)]
pub struct VerdictCache {
    parts: Arc<[Mutex<Part>; 2]>,
    flights: Arc<Mutex<B256Map<Arc<Flight>>>>,
}

/// A verdict that some thread is computing.
#[derive(Debug, Default)]
struct Flight {
    state: Mutex<FlightState>,
    landed: Condvar,
}

#[derive(Debug, Default)]
enum FlightState {
    #[default]
    Computing,
    Done(Verdict),
    /// The computing thread unwound: there is no verdict.
    Lost,
}

impl Flight {
    /// Waits until the verdict is there; `None` if it will not come.
    fn wait(&self) -> Option<Verdict> {
        let mut state = self.state.lock();
        loop {
            match &*state {
                FlightState::Computing => self.landed.wait(&mut state),
                FlightState::Done(verdict) => return Some(verdict.clone()),
                FlightState::Lost => return None,
            }
        }
    }
}

/// The computing thread's end of a flight: tells those who wait, even when the thread unwinds.
struct Pilot<'a> {
    flights: &'a Mutex<B256Map<Arc<Flight>>>,
    flight: Arc<Flight>,
    key: B256,
    verdict: Option<Verdict>,
}

impl Drop for Pilot<'_> {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.key);
        *self.flight.state.lock() = match self.verdict.take() {
            Some(verdict) => FlightState::Done(verdict),
            None => FlightState::Lost,
        };
        self.flight.landed.notify_all();
    }
}

/// What the cache holds and how it fares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Verdicts held.
    pub entries: usize,
    /// Bytes held.
    pub bytes: usize,
    /// Lookups that found their verdict.
    pub hits: u64,
    /// Lookups that did not.
    pub misses: u64,
}

#[derive(Debug, Default)]
struct Part {
    verdicts: B256Map<Verdict>,
    /// Oldest first: the order of eviction.
    order: VecDeque<B256>,
    bytes: usize,
    limit: usize,
    hits: u64,
    misses: u64,
}

/// What an entry costs besides the verdict's own heap: the map's and the queue's share.
const ENTRY_BYTES: usize = 160 + std::mem::size_of::<Verdict>();

impl Part {
    fn insert(&mut self, key: B256, verdict: Verdict) {
        let size = size_of_verdict(&verdict);
        if size > self.limit || self.verdicts.contains_key(&key) {
            return;
        }
        while self.bytes + size > self.limit {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(evicted) = self.verdicts.remove(&oldest) {
                self.bytes -= size_of_verdict(&evicted);
            }
        }
        self.bytes += size;
        self.order.push_back(key);
        self.verdicts.insert(key, verdict);
    }
}

fn size_of_verdict(verdict: &Verdict) -> usize {
    let answer = verdict
        .as_ref()
        .map_or(0, |answer| answer.output.capacity() + std::mem::size_of_val(&**answer));
    ENTRY_BYTES + answer
}

impl VerdictCache {
    /// A cache of at most `bytes`, three quarters of them for blocks and one for the pool.
    pub fn new(bytes: usize) -> Self {
        let pool = bytes / 4;
        let part = |limit| Mutex::new(Part { limit, ..Part::default() });
        let parts = Arc::new([part(bytes - pool), part(pool)]);
        Self { parts, flights: Arc::default() }
    }

    /// The verdict under this key: remembered, awaited from the thread that is computing it, or
    /// computed here and remembered.
    ///
    /// `compute` must not wait for other verdicts, nor run anything on rayon's threads that does:
    /// nobody waits in a circle then.
    pub(crate) fn get_or_compute(
        &self,
        part: CachePart,
        key: B256,
        compute: impl FnOnce() -> Verdict,
    ) -> Verdict {
        if let Some(verdict) = self.get(&key) {
            return verdict;
        }
        let mut pilot = {
            let mut flights = self.flights.lock();
            if let Some(flight) = flights.get(&key) {
                let flight = Arc::clone(flight);
                drop(flights);
                let verdict = flight.wait().unwrap_or_else(compute);
                // Who computed it may be one who remembers nothing, or not for this part.
                self.insert(part, key, verdict.clone());
                return verdict;
            }
            let flight = Arc::<Flight>::default();
            flights.insert(key, Arc::clone(&flight));
            Pilot { flights: &self.flights, flight, key, verdict: None }
        };
        // Between the look into the cache and the start of this flight another may have landed.
        let verdict = self.peek(&key).unwrap_or_else(compute);
        self.insert(part, key, verdict.clone());
        pilot.verdict = Some(verdict.clone());
        verdict
    }

    /// The verdict under this key, without a trace in the statistics.
    fn peek(&self, key: &B256) -> Option<Verdict> {
        self.parts.iter().find_map(|part| part.lock().verdicts.get(key).cloned())
    }

    /// The verdict under this key, from either part.
    pub(crate) fn get(&self, key: &B256) -> Option<Verdict> {
        for part in self.parts.iter() {
            let mut part = part.lock();
            if let Some(verdict) = part.verdicts.get(key).cloned() {
                part.hits += 1;
                return Some(verdict);
            }
        }
        self.parts[0].lock().misses += 1;
        None
    }

    /// Remembers a verdict.
    pub(crate) fn insert(&self, part: CachePart, key: B256, verdict: Verdict) {
        match part {
            CachePart::Block => self.parts[0].lock().insert(key, verdict),
            CachePart::Pool => self.parts[1].lock().insert(key, verdict),
            CachePart::ReadOnly => {}
        }
    }

    /// What the cache holds now.
    pub fn stats(&self) -> CacheStats {
        self.parts.iter().fold(CacheStats::default(), |stats, part| {
            let part = part.lock();
            CacheStats {
                entries: stats.entries + part.verdicts.len(),
                bytes: stats.bytes + part.bytes,
                hits: stats.hits + part.hits,
                misses: stats.misses + part.misses,
            }
        })
    }
}

impl Default for VerdictCache {
    /// 32 MiB: some twenty thousand verdicts on TEE evidence.
    fn default() -> Self {
        Self::new(32 << 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_attestation::{Code, Refusal};
    use std::sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    };

    fn refusal() -> Verdict {
        Err(Refusal::Refused(Code::SignatureInvalid))
    }

    #[test]
    fn a_flood_stays_within_its_bytes_and_its_part() {
        let cache = VerdictCache::new(64 << 10);
        let kept = B256::repeat_byte(0xaa);
        cache.insert(CachePart::Block, kept, refusal());
        for index in 0..10_000u64 {
            cache.insert(CachePart::Pool, B256::left_padding_from(&index.to_be_bytes()), refusal());
            assert!(cache.stats().bytes <= 64 << 10);
        }
        assert!(cache.get(&kept).is_some(), "the pool evicted a block's verdict");
        assert!(cache.get(&B256::left_padding_from(&9_999u64.to_be_bytes())).is_some());
        assert!(cache.get(&B256::ZERO).is_none(), "the oldest of the flood is gone");
    }

    #[test]
    fn those_who_wait_get_the_verdict_though_nothing_is_remembered() {
        let cache = VerdictCache::new(0);
        let (started, waiting) = (Barrier::new(2), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                cache.get_or_compute(CachePart::Block, B256::ZERO, || {
                    started.wait();
                    while waiting.load(Ordering::Acquire) == 0 {
                        std::thread::yield_now();
                    }
                    refusal()
                })
            });
            started.wait();
            let flight = Arc::clone(&cache.flights.lock()[&B256::ZERO]);
            waiting.store(1, Ordering::Release);
            assert_eq!(flight.wait(), Some(refusal()));
        });
    }

    #[test]
    fn a_block_remembers_what_a_call_computed_for_it() {
        let cache = VerdictCache::default();
        let (started, go) = (Barrier::new(2), Barrier::new(2));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                cache.get_or_compute(CachePart::ReadOnly, B256::ZERO, || {
                    started.wait();
                    go.wait();
                    refusal()
                })
            });
            started.wait();
            let flight = Arc::clone(&cache.flights.lock()[&B256::ZERO]);
            let block = scope.spawn(|| {
                let compute = || panic!("another thread is computing it");
                cache.get_or_compute(CachePart::Block, B256::ZERO, compute)
            });
            // The map, this test, the pilot and then the block hold the flight.
            while Arc::strong_count(&flight) < 4 {
                std::thread::yield_now();
            }
            go.wait();
            assert_eq!(block.join().unwrap(), refusal());
        });
        assert_eq!(cache.stats().entries, 1);
    }

    #[test]
    fn a_thread_that_unwinds_holds_up_nobody() {
        let cache = VerdictCache::default();
        let lost = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            cache.get_or_compute(CachePart::Block, B256::ZERO, || panic!("unwinds"))
        }));
        assert!(lost.is_err());
        let verdict = cache.get_or_compute(CachePart::Block, B256::ZERO, refusal);
        assert_eq!(verdict, refusal());
        assert_eq!(cache.stats().entries, 1);
    }

    #[test]
    fn read_only_adds_nothing() {
        let cache = VerdictCache::default();
        cache.insert(CachePart::ReadOnly, B256::ZERO, refusal());
        assert_eq!(cache.stats().entries, 0);
    }
}
