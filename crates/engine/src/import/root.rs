//! The state root, prepared while the block runs.
//!
//! A thread follows execution and loads the paths of the trie that the block is going to change, so
//! that the root needs no reads when execution ends.

use alloy_primitives::{
    Address, B256, U256, keccak256,
    map::{AddressMap, HashSet},
};
use assay_chain::StateView;
use assay_evm::{OnStateHook, StateChangeSource};
use assay_trie::{HashedPostState, StateTrie, TrieError, TrieUpdates};
use revm::{database::BundleState, state::EvmState};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread::JoinHandle,
};

/// Keys that execution touched.
#[derive(Debug, Default)]
struct Touched {
    accounts: Vec<Address>,
    slots: Vec<(Address, U256)>,
}

/// The work under way for one block.
#[derive(Debug)]
pub(crate) struct RootTask {
    source: StateView,
    keys: Option<Sender<Touched>>,
    work: Work,
}

#[derive(Debug)]
enum Work {
    Thread(JoinHandle<StateTrie>),
    /// No thread was to be had: the root is computed without preparation.
    None(StateTrie),
}

/// What a block made of the state.
#[derive(Debug)]
pub(crate) struct PostState {
    pub(crate) hashed: HashedPostState,
    pub(crate) updates: TrieUpdates,
    pub(crate) trie: StateTrie,
}

impl RootTask {
    /// Starts from the parent's trie over the parent's state.
    pub(crate) fn start(trie: StateTrie, source: StateView) -> Self {
        let (keys, inbox) = mpsc::channel();
        let (thread_trie, thread_source) = (trie.clone(), source.clone());
        let thread = std::thread::Builder::new()
            .name("trie-prefetch".to_owned())
            .spawn(move || prefetch(thread_trie, &thread_source, &inbox));
        match thread {
            Ok(thread) => Self { source, keys: Some(keys), work: Work::Thread(thread) },
            Err(error) => {
                tracing::warn!(%error, "no thread for trie prefetching");
                Self { source, keys: None, work: Work::None(trie) }
            }
        }
    }

    /// What execution is to call at every change of state. It also counts transactions in
    /// `executed`.
    pub(crate) fn hook(&self, executed: Arc<AtomicUsize>) -> Option<Box<dyn OnStateHook>> {
        let keys = self.keys.clone()?;
        Some(Box::new(move |source: StateChangeSource, state: &EvmState| {
            if let StateChangeSource::Transaction(index) = source {
                executed.store(index + 1, Ordering::Relaxed);
            }
            let mut touched = Touched::default();
            for (address, account) in state {
                if !account.is_touched() {
                    continue;
                }
                touched.accounts.push(*address);
                touched.slots.extend(
                    account
                        .storage
                        .iter()
                        .filter(|(_, slot)| slot.is_changed())
                        .map(|(slot, _)| (*address, *slot)),
                );
            }
            // The thread ends early only by a panic, which costs speed alone.
            let _ = keys.send(touched);
        }))
    }

    /// Applies what the block changed. The hook must have been dropped.
    ///
    /// Not to be called on a thread of rayon's: it waits for the prefetching thread, which may wait
    /// for rayon.
    pub(crate) fn finish(mut self, bundle: &BundleState) -> Result<PostState, TrieError> {
        drop(self.keys.take());
        let hashed = HashedPostState::from_bundle(bundle);
        let trie = match self.work {
            Work::Thread(thread) => thread
                .join()
                .map_err(|_| TrieError::Source("the prefetching thread panicked".to_owned()))?,
            Work::None(trie) => trie,
        };
        let (trie, updates) = trie.apply_owned(&self.source, &hashed)?;
        Ok(PostState { hashed, updates, trie })
    }
}

fn prefetch(mut trie: StateTrie, source: &StateView, inbox: &Receiver<Touched>) -> StateTrie {
    let mut accounts_seen: AddressMap<B256> = AddressMap::default();
    let mut slots_seen: HashSet<(Address, U256)> = HashSet::default();
    let (mut accounts, mut slots) = (Vec::new(), Vec::new());
    while let Ok(first) = inbox.recv() {
        accounts.clear();
        slots.clear();
        for touched in std::iter::once(first).chain(inbox.try_iter()) {
            for address in touched.accounts {
                accounts_seen.entry(address).or_insert_with(|| {
                    let hashed = keccak256(address);
                    accounts.push(hashed);
                    hashed
                });
            }
            for (address, slot) in touched.slots {
                if slots_seen.insert((address, slot))
                    && let Some(hashed) = accounts_seen.get(&address)
                {
                    slots.push((*hashed, keccak256(slot.to_be_bytes::<32>())));
                }
            }
        }
        if accounts.is_empty() && slots.is_empty() {
            continue;
        }
        match trie.prefetch(source, &accounts, &slots) {
            Ok(warmer) => trie = warmer,
            // The root will meet the same fault and report it.
            Err(error) => tracing::debug!(%error, "trie prefetch failed"),
        }
    }
    trie
}
