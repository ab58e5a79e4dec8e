//! A writing process killed at random instants: the store opens on a head that it acknowledged.

#[path = "../../storage/tests/support/mod.rs"]
mod support;

use alloy_primitives::B256;
use assay_chain::{Chain, ChainOptions};
use assay_storage::{Store, StoreOptions};
use std::{
    collections::HashMap,
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};
use support::{Random, genesis, read_world};

const DIRECTORY: &str = "ASSAY_TEST_KILL_DIRECTORY";
const SEED: &str = "ASSAY_TEST_KILL_SEED";

/// Blocks that may be lost: those in memory, and those of a batch that was being written.
const MOST_LOST: u64 = 8;

fn options() -> ChainOptions {
    ChainOptions {
        persist_after: 1,
        persist_batch: 1,
        max_batch: 4,
        max_pending: MOST_LOST as usize,
        ..Default::default()
    }
}

fn store(path: &Path) -> Store {
    let options = StoreOptions { max_size: 1 << 30, growth_step: 1 << 20, readers: 2 };
    Store::open(path, &genesis(1).0, options).unwrap()
}

/// Not a test by itself: the process that is killed. Says each head once it is canonical.
#[test]
fn writing_process() {
    let (Some(directory), Ok(seed)) = (env::var_os(DIRECTORY), env::var(SEED)) else { return };
    let store = store(Path::new(&directory));
    let snapshot = store.snapshot().unwrap();
    let head = snapshot.head();
    let mut world = read_world(&snapshot, head.number, head.hash);
    drop(snapshot);
    let chain = Chain::open(store, Arc::new(genesis(1).0), options()).unwrap();
    let mut random = Random(seed.parse().unwrap());
    let mut out = std::io::stdout();
    loop {
        let (next, block) = world.random_child(&mut random);
        chain.insert(block).unwrap();
        chain.set_canonical(next.hash).unwrap();
        world = next;
        writeln!(out, "head {} {}", world.number, world.hash).unwrap();
        if random.below(16) == 0 && world.number > 12 {
            let target = chain.hash_of(world.number - 1 - random.below(11)).unwrap().unwrap();
            // Said before: whether the process is killed before, in or after the unwind is open.
            let view = chain.state_at(target).unwrap().unwrap();
            world = read_world(&view, view.number(), target);
            drop(view);
            writeln!(out, "back {} {}", world.number, world.hash).unwrap();
            chain.set_canonical(target).unwrap();
        }
    }
}

#[test]
fn the_store_opens_on_an_acknowledged_head() {
    let directory = tempfile::tempdir().unwrap();
    let mut random = Random(0xdead_beef);
    let mut acknowledged: HashMap<B256, u64> = HashMap::new();
    acknowledged.insert(genesis(1).1.hash, 0);
    let mut heads = Vec::new();
    for round in 0..12_u64 {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "writing_process", "--nocapture", "--test-threads=1"])
            .env(DIRECTORY, directory.path())
            .env(SEED, (round + 7).to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let until = 1 + random.below(60);
        let mut lowest = None;
        let mut last = 0;
        let mut said = 0;
        loop {
            if said == until {
                process.kill().unwrap();
            }
            let Some(Ok(line)) = lines.next() else { break };
            let Some(at) = line.find("head ").or_else(|| line.find("back ")) else { continue };
            let mut words = line[at..].split(' ');
            let back = words.next() == Some("back");
            let Some(number) = words.next().and_then(|number| number.parse::<u64>().ok()) else {
                continue;
            };
            // The last line may be cut off.
            let Some(hash) = words.next().and_then(|hash| hash.parse::<B256>().ok()) else {
                continue;
            };
            acknowledged.insert(hash, number);
            last = number;
            said += 1;
            if back {
                // Until the unwind is done, what was above it may be found.
                lowest = Some(number);
            }
        }
        process.wait().unwrap();
        assert!(said >= until, "the process ended by itself after {said} of {until} heads");
        let store = store(directory.path());
        let head = store.verify().unwrap();
        assert_eq!(acknowledged.get(&head.hash), Some(&head.number), "round {round}");
        let floor = lowest.map_or(last, |lowest: u64| lowest.min(last));
        assert!(head.number + MOST_LOST + 2 >= floor, "{} is too far behind {last}", head.number);
        let snapshot = store.snapshot().unwrap();
        let mut parent = None;
        for number in 0..=head.number {
            let block = snapshot.block(number).unwrap().unwrap();
            assert!(parent.is_none_or(|parent| parent == block.header().parent_hash));
            assert_eq!(snapshot.receipts(number).unwrap().unwrap().len(), block.senders().len());
            parent = Some(block.hash());
        }
        heads.push(head.number);
    }
    assert!(heads.iter().any(|head| *head > 50), "{heads:?}");
}
