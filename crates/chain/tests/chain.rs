//! The chain against a model: random trees, reorgs of every depth, restarts, views while the
//! writer works.

#[path = "../../storage/tests/support/mod.rs"]
mod support;

use alloy_primitives::{B256, U256};
use assay_chain::{
    CanonicalUpdate, Chain, ChainError, ChainOptions, ExecutedBlock, LogQuery, StateView,
};
use assay_chainspec::ChainSpec;
use assay_storage::{Store, StoreOptions};
use assay_trie::TrieUpdates;
use revm::{
    database::{AccountStatus, BundleAccount, BundleState},
    state::AccountInfo,
};
use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};
use support::{ADDRESSES, Random, World, address, check_state, contents, genesis, plain};

fn options() -> ChainOptions {
    ChainOptions {
        persist_after: 2,
        persist_batch: 1,
        max_batch: 4,
        max_pending: 8,
        side_depth: 4,
        cache_budget: 4 << 20,
        trie_budget: 1 << 20,
    }
}

fn open(path: &Path, spec: &ChainSpec, options: ChainOptions) -> Chain {
    let store = StoreOptions { max_size: 1 << 30, growth_step: 1 << 20, readers: 2 };
    let store = Store::open(path, spec, store).unwrap();
    Chain::open(store, Arc::new(spec.clone()), options).unwrap()
}

/// Blocks and states that were made, canonical or not.
struct Model {
    known: HashMap<B256, (Arc<World>, Option<ExecutedBlock>)>,
    parents: HashMap<B256, B256>,
    canonical: Vec<B256>,
}

impl Model {
    fn new(genesis: World) -> Self {
        let hash = genesis.hash;
        let known = HashMap::from([(hash, (Arc::new(genesis), None))]);
        Self { known, parents: HashMap::new(), canonical: vec![hash] }
    }

    fn head(&self) -> B256 {
        *self.canonical.last().unwrap()
    }

    fn ancestry(&self, hash: B256) -> Vec<B256> {
        let mut path = vec![hash];
        while let Some(parent) = self.parents.get(path.last().unwrap()) {
            path.push(*parent);
        }
        path.reverse();
        path
    }

    fn follow(&mut self, update: &CanonicalUpdate, head: B256) {
        for block in update.removed.iter().rev() {
            assert_eq!(self.canonical.pop(), Some(block.hash()));
        }
        for block in &update.added {
            assert_eq!(block.parent_hash(), self.head());
            self.canonical.push(block.hash());
        }
        assert_eq!((self.head(), update.head.hash()), (head, head));
        assert_eq!(self.canonical, self.ancestry(head));
    }
}

fn check_chain(chain: &Chain, model: &Model) {
    assert_eq!(chain.head().hash(), model.head());
    for (number, hash) in model.canonical.iter().enumerate() {
        let number = number as u64;
        assert_eq!(chain.hash_of(number).unwrap(), Some(*hash));
        assert_eq!(chain.number_of(*hash).unwrap(), Some(number));
        assert!(chain.is_canonical(*hash).unwrap());
        assert_eq!(chain.header_by_number(number).unwrap().unwrap().hash(), *hash);
    }
    let above = model.canonical.len() as u64;
    assert_eq!(chain.hash_of(above).unwrap(), None);
    assert_eq!(chain.block_by_number(above).unwrap(), None);
}

fn check_view(view: &StateView, world: &World) {
    assert_eq!(view.number(), world.number);
    check_state(view, world);
    assert_eq!(contents(view), world.hashed);
    assert_eq!(view.block_hash(world.number).unwrap(), world.hash);
    assert_eq!(view.block_hash(world.number + 1).unwrap(), B256::ZERO);
}

/// A child on `parent`, its trie computed from what the chain holds.
fn child(chain: &Chain, parent: &World, random: &mut Random) -> (World, ExecutedBlock) {
    let (world, mut block) = parent.random_child(random);
    let view = chain.state_at(parent.hash).unwrap().unwrap();
    let trie = chain.trie_at(parent.hash).unwrap().unwrap();
    let (trie, updates) = trie.apply(&view, &block.hashed).unwrap();
    assert_eq!(trie.root(), block.block.header().state_root);
    let mut nodes = parent.hashed.clone();
    nodes.apply_nodes(&updates);
    assert_eq!(nodes.account_nodes, world.hashed.account_nodes);
    assert_eq!(nodes.storage_nodes, world.hashed.storage_nodes);
    block.trie = trie;
    block.trie_updates = Arc::new(updates);
    (world, block)
}

#[test]
fn random_trees_agree_with_the_model() {
    for seed in 1..=4_u64 {
        let directory = tempfile::tempdir().unwrap();
        let (spec, world) = genesis(1);
        let mut options = options();
        if seed % 2 == 0 {
            // So small that it always drops.
            options.cache_budget = 30_000;
            options.persist_batch = 3;
        }
        let mut chain = open(directory.path(), &spec, options);
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut model = Model::new(world);
        let mut kept: Vec<(StateView, Arc<World>)> = Vec::new();
        for _ in 0..100 {
            match random.below(20) {
                0 => chain.flush().unwrap(),
                1 => {
                    kept.clear();
                    drop(chain);
                    chain = open(directory.path(), &spec, options);
                    let canonical = model.canonical.clone();
                    model.known.retain(|hash, _| canonical.contains(hash));
                }
                2..=5 => switch(&chain, &mut model, &mut random),
                _ => grow(&chain, &mut model, &mut random),
            }
            check_chain(&chain, &model);
            let known: Vec<_> = model.known.keys().copied().collect();
            for _ in 0..2 {
                let hash = known[random.below(known.len() as u64) as usize];
                let world = model.known[&hash].0.clone();
                if let Some(view) = chain.state_at(hash).unwrap() {
                    check_view(&view, &world);
                    kept.push((view, world));
                } else {
                    assert!(!model.canonical.contains(&hash));
                }
            }
            if kept.len() > 6 {
                for (view, world) in kept.drain(..) {
                    check_view(&view, &world);
                }
            }
        }
        check_blocks(&chain, &model);
        chain.shutdown().unwrap();
        chain.store().verify().unwrap();
        assert_eq!(chain.store().snapshot().unwrap().head().hash, model.head());
    }
}

fn grow(chain: &Chain, model: &mut Model, random: &mut Random) {
    let known: Vec<_> = model.known.keys().copied().collect();
    let parent = match random.below(3) {
        0 => known[random.below(known.len() as u64) as usize],
        _ => model.head(),
    };
    if !chain.contains(parent).unwrap() {
        let (_, block) = model.known[&parent].0.random_child(random);
        assert!(matches!(chain.insert(block), Err(ChainError::UnknownBlock(_))));
        return;
    }
    let world = model.known[&parent].0.clone();
    let (world, block) = child(chain, &world, random);
    let hash = world.hash;
    chain.insert(block.clone()).unwrap();
    assert!(chain.contains(hash).unwrap());
    assert!(!chain.is_canonical(hash).unwrap());
    model.known.insert(hash, (Arc::new(world), Some(block)));
    model.parents.insert(hash, parent);
    if parent == model.head() || random.below(3) == 0 {
        let update = chain.set_canonical(hash).unwrap();
        model.follow(&update, hash);
    }
}

fn switch(chain: &Chain, model: &mut Model, random: &mut Random) {
    let known: Vec<_> = model.known.keys().copied().collect();
    let target = known[random.below(known.len() as u64) as usize];
    match chain.set_canonical(target) {
        Ok(update) => model.follow(&update, target),
        Err(ChainError::UnknownBlock(hash)) => {
            assert_eq!(hash, target);
            assert!(!chain.contains(target).unwrap());
        }
        Err(error) => panic!("{error}"),
    }
}

/// The predeploys' logs of the canonical blocks, in both directions and in pages.
fn check_index(chain: &Chain, model: &Model) {
    let blocks: Vec<_> =
        model.canonical.iter().filter_map(|hash| model.known[hash].1.as_ref()).collect();
    for (subject, mut expected) in support::indexed(blocks) {
        for newest_first in [false, true] {
            let mut query =
                LogQuery { subject, blocks: 0..=u64::MAX, past: None, newest_first, limit: 2 };
            let mut found = Vec::new();
            loop {
                let page = chain.logs_of(&query).unwrap();
                query.past = page.last().copied();
                found.extend(page);
                if query.past.is_none() {
                    break;
                }
            }
            assert_eq!(found, expected);
            expected.reverse();
        }
    }
}

fn check_blocks(chain: &Chain, model: &Model) {
    check_index(chain, model);
    for (hash, (_, block)) in &model.known {
        let Some(block) = block else { continue };
        if !chain.contains(*hash).unwrap() {
            continue;
        }
        assert_eq!(chain.block_by_hash(*hash).unwrap().unwrap(), block.block);
        assert_eq!(chain.receipts_by_hash(*hash).unwrap().unwrap(), block.receipts);
        for (index, tx) in block.block.body().transactions.iter().enumerate() {
            let found = chain.transaction(tx.tx_hash()).unwrap();
            let expected = model.canonical.contains(hash).then_some((*hash, index as u32));
            assert_eq!(found.map(|found| (found.block_hash, found.index)), expected);
        }
    }
}

#[test]
fn unknown_blocks_and_labels() {
    let directory = tempfile::tempdir().unwrap();
    let (spec, world) = genesis(1);
    let chain = open(directory.path(), &spec, options());
    let mut random = Random(9);
    let mut updates = chain.subscribe();
    let (first, block) = child(&chain, &world, &mut random);
    assert!(matches!(chain.set_canonical(first.hash), Err(ChainError::UnknownBlock(_))));
    chain.insert(block).unwrap();
    let (side, block) = child(&chain, &world, &mut random);
    chain.insert(block).unwrap();
    chain.set_canonical(first.hash).unwrap();
    assert_eq!(updates.try_recv().unwrap().head.hash(), first.hash);
    assert!(chain.set_canonical(first.hash).unwrap().is_empty());
    assert!(updates.try_recv().is_err());

    assert!(matches!(chain.set_safe(Some(side.hash)), Err(ChainError::NotCanonical(_))));
    let unknown = B256::repeat_byte(9);
    assert!(matches!(chain.set_finalized(Some(unknown)), Err(ChainError::UnknownBlock(_))));
    chain.set_safe(Some(first.hash)).unwrap();
    chain.set_finalized(Some(world.hash)).unwrap();
    chain.set_canonical(side.hash).unwrap();
    assert_eq!(chain.safe(), None, "a label goes with its block");
    assert_eq!(chain.finalized().unwrap().hash(), world.hash);
    chain.set_safe(Some(side.hash)).unwrap();
    chain.shutdown().unwrap();
    drop(chain);

    let chain = open(directory.path(), &spec, options());
    assert_eq!(chain.head().hash(), side.hash);
    assert_eq!(chain.safe().unwrap().hash(), side.hash);
    assert_eq!(chain.finalized().unwrap().hash(), world.hash);
    assert!(chain.state_at(first.hash).unwrap().is_none());
}

/// A block that moves balances, keeping their sum, and counts blocks in an account's nonce.
fn transfer(parent: &World, random: &mut Random) -> (World, ExecutedBlock) {
    let mut world = parent.clone();
    let mut bundle = BundleState::default();
    let mut change = |world: &mut World, target, change: &dyn Fn(&mut AccountInfo)| {
        let info = world.accounts.entry(target).or_insert_with(plain);
        change(info);
        let (original, present) = (parent.accounts.get(&target).cloned(), Some(info.clone()));
        let status =
            if original.is_some() { AccountStatus::Changed } else { AccountStatus::InMemoryChange };
        let account = BundleAccount::new(original, present, Default::default(), status);
        bundle.state.insert(target, account);
    };
    for _ in 0..10 {
        let from = address(1 + random.below(ADDRESSES - 1));
        let to = address(1 + random.below(ADDRESSES - 1));
        let held = world.accounts.get(&from).map_or(U256::ZERO, |info| info.balance);
        let amount = U256::from(random.below(50)).min(held);
        change(&mut world, from, &|info| info.balance -= amount);
        change(&mut world, to, &|info| info.balance += amount);
    }
    change(&mut world, address(0), &|info| info.nonce = parent.number + 1);
    world.seal(parent, bundle, 1, random)
}

fn check_sum(view: &StateView, sum: U256) {
    let accounts = (0..ADDRESSES).map(|index| view.account(address(index)).unwrap());
    let accounts: Vec<_> = accounts.collect();
    assert_eq!(accounts[0].as_ref().unwrap().nonce, view.number());
    let balances = accounts.iter().flatten().map(|info| info.balance);
    assert_eq!(balances.fold(U256::ZERO, |sum, balance| sum + balance), sum);
}

#[test]
fn views_hold_while_the_chain_moves_and_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let (spec, world) = genesis(1);
    let sum = world.accounts.values().fold(U256::ZERO, |sum, info| sum + info.balance);
    let chain = open(directory.path(), &spec, options());
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut earlier: Option<StateView> = None;
                while !stop.load(Ordering::Relaxed) {
                    let Some(view) = chain.state_at(chain.head().hash()).unwrap() else { continue };
                    check_sum(&view, sum);
                    if let Some(earlier) = earlier.replace(view) {
                        check_sum(&earlier, sum);
                    }
                }
            });
        }
        let mut random = Random(4242);
        let mut worlds = vec![world];
        for round in 0..400_u64 {
            let (world, block) = transfer(worlds.last().unwrap(), &mut random);
            chain.insert(block).unwrap();
            chain.set_canonical(world.hash).unwrap();
            worlds.push(world);
            if round % 40 == 39 {
                let back = 1 + random.below(12) as usize;
                worlds.truncate(worlds.len() - back);
                chain.set_canonical(worlds.last().unwrap().hash).unwrap();
            }
        }
        stop.store(true, Ordering::Relaxed);
        chain.shutdown().unwrap();
        assert_eq!(chain.head().hash(), worlds.last().unwrap().hash);
    });
    chain.store().verify().unwrap();
}

#[test]
fn dropped_blocks_leave_their_transactions_for_the_pool() {
    let directory = tempfile::tempdir().unwrap();
    let (spec, genesis) = genesis(1);
    let chain = open(directory.path(), &spec, options());
    let mut random = Random(31);
    let mut world = genesis.clone();
    let mut blocks = Vec::new();
    for _ in 0..6 {
        let (next, block) = child(&chain, &world, &mut random);
        chain.insert(block.clone()).unwrap();
        chain.set_canonical(next.hash).unwrap();
        blocks.push(block);
        world = next;
    }
    chain.flush().unwrap();
    assert_eq!(chain.persisted(), 6);
    let update = chain.set_canonical(genesis.hash).unwrap();
    assert_eq!(update.removed.len(), 6);
    for (removed, block) in update.removed.iter().zip(&blocks) {
        assert_eq!((&removed.block, &removed.receipts), (&block.block, &block.receipts));
        assert_eq!(*removed.trie_updates, TrieUpdates::default());
    }
    assert_eq!(chain.head().hash(), genesis.hash);
    chain.store().verify().unwrap();
}
