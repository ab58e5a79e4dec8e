//! The store against a model in ordered maps.

mod support;

use alloy_primitives::{Address, B256, U256, keccak256};
use assay_storage::{ExecutedBlock, Snapshot, StorageError, Store, StoreOptions};
use assay_trie::{Nibbles, TrieSource, recompute_state_root};
use revm::DatabaseRef;
use signet_libmdbx::{Environment, Geometry, WriteFlags};
use std::{path::Path, sync::Arc};
use support::{ADDRESSES, Random, World, address, check_state, contents, genesis, genesis_json};

fn options() -> StoreOptions {
    StoreOptions { max_size: 1 << 30, growth_step: 1 << 20, readers: 2 }
}

fn check_history(store: &Store, worlds: &[World], blocks: &[Arc<ExecutedBlock>]) {
    let snapshot = store.snapshot().unwrap();
    let head = worlds.last().unwrap();
    assert_eq!((snapshot.head().number, snapshot.head().hash), (head.number, head.hash));
    check_state(&snapshot, head);
    assert_eq!(contents(&snapshot), head.hashed);
    store.verify().unwrap();
    for world in worlds {
        let past = snapshot.at(world.number).unwrap();
        check_state(&past, world);
        assert_eq!(contents(&past), world.hashed, "block {}", world.number);
        let root = snapshot.header(world.number).unwrap().unwrap().state_root;
        assert_eq!(recompute_state_root(&past).unwrap().0, root);
        assert_eq!(past.block_hash_ref(world.number).unwrap(), world.hash);
        assert_eq!(past.block_hash_ref(world.number + 1).unwrap(), B256::ZERO);
    }
    for block in blocks {
        check_block(&snapshot, block);
    }
    check_index(&snapshot, blocks);
    assert!(snapshot.at(head.number + 1).is_err());
    assert_eq!(snapshot.header(head.number + 1).unwrap(), None);
}

/// Every subject's logs in both directions, whole and in pages, and a range in the middle.
fn check_index(snapshot: &Snapshot, blocks: &[Arc<ExecutedBlock>]) {
    let head = snapshot.head().number;
    for (subject, mut expected) in support::indexed(blocks.iter().map(AsRef::as_ref)) {
        let middle = head / 3..=head / 2;
        let within: Vec<_> =
            expected.iter().copied().filter(|log| middle.contains(&log.block)).collect();
        for newest_first in [false, true] {
            let find = |blocks, past, limit| {
                snapshot.logs_of(&subject, blocks, past, newest_first, limit).unwrap()
            };
            assert_eq!(find(0..=head, None, usize::MAX), expected);
            let mut pages = Vec::new();
            loop {
                let page = find(0..=head, pages.last().copied(), 3);
                if page.is_empty() {
                    break;
                }
                pages.extend(page);
            }
            assert_eq!(pages, expected);
            let mut found = find(middle.clone(), None, usize::MAX);
            if newest_first {
                found.reverse();
            }
            assert_eq!(found, within);
            expected.reverse();
        }
    }
}

fn check_block(snapshot: &Snapshot, block: &ExecutedBlock) {
    let number = block.number();
    assert_eq!(snapshot.header(number).unwrap().unwrap(), support::sealed_header(block));
    assert_eq!(snapshot.block(number).unwrap().unwrap(), *block.block);
    assert_eq!(snapshot.receipts(number).unwrap().unwrap(), *block.receipts);
    assert_eq!(snapshot.senders(number).unwrap().unwrap(), block.block.senders());
    assert_eq!(snapshot.number(block.hash()).unwrap(), Some(number));
    assert_eq!(snapshot.hash(number).unwrap(), Some(block.hash()));
    for (index, tx) in block.block.body().transactions.iter().enumerate() {
        let found = snapshot.transaction(tx.tx_hash()).unwrap();
        assert_eq!(found, Some((number, index as u32)));
    }
}

#[test]
fn genesis_is_written_and_found_again() {
    let directory = tempfile::tempdir().unwrap();
    let (spec, world) = genesis(1);
    for _ in 0..2 {
        let store = Store::open(directory.path(), &spec, options()).unwrap();
        check_history(&store, std::slice::from_ref(&world), &[]);
        let block = store.snapshot().unwrap().block(0).unwrap().unwrap();
        assert_eq!(block.hash(), spec.genesis_hash());
        assert_eq!(block.header(), spec.genesis_header().inner());
    }
}

#[test]
fn commits_unwinds_and_past_states_agree_with_the_model() {
    for seed in 1..=6 {
        let directory = tempfile::tempdir().unwrap();
        let (spec, world) = genesis(1);
        let mut store = Store::open(directory.path(), &spec, options()).unwrap();
        let mut random = Random(seed * 0x9e37_79b9);
        let mut worlds = vec![world];
        let mut blocks: Vec<Arc<ExecutedBlock>> = Vec::new();
        for round in 0..12 {
            let mut batch = Vec::new();
            for _ in 0..1 + random.below(6) {
                let (world, block) = worlds.last().unwrap().random_child(&mut random);
                worlds.push(world);
                batch.push(Arc::new(block));
            }
            let before = store.snapshot().unwrap();
            let head_before = before.head();
            store.commit(&batch).unwrap();
            assert_eq!(before.head(), head_before, "a snapshot does not move");
            blocks.extend(batch);
            if round % 4 == 3 {
                let keep = 1 + random.below(worlds.len() as u64) as usize;
                let gone = blocks.split_off(keep - 1);
                worlds.truncate(keep);
                store.unwind_to(keep as u64 - 1).unwrap();
                let snapshot = store.snapshot().unwrap();
                for block in gone {
                    assert_eq!(snapshot.number(block.hash()).unwrap(), None);
                    for tx in &block.block.body().transactions {
                        assert_eq!(snapshot.transaction(tx.tx_hash()).unwrap(), None);
                    }
                }
            }
            if round % 5 == 4 {
                drop(before);
                drop(store);
                store = Store::open(directory.path(), &spec, options()).unwrap();
            }
        }
        check_history(&store, &worlds, &blocks);
    }
}

#[test]
fn a_rebuilt_index_is_the_one_that_was_there() {
    let directory = tempfile::tempdir().unwrap();
    let (spec, world) = genesis(1);
    let store = Store::open(directory.path(), &spec, options()).unwrap();
    let mut random = Random(5);
    let mut worlds = vec![world];
    let mut blocks = Vec::new();
    for _ in 0..20 {
        let (world, block) = worlds.last().unwrap().random_child(&mut random);
        worlds.push(world);
        blocks.push(Arc::new(block));
    }
    store.commit(&blocks).unwrap();
    let mut heard = Vec::new();
    let entries = store.rebuild_index(9, |done, head| heard.push((done, head))).unwrap();
    let expected = support::indexed(blocks.iter().map(AsRef::as_ref));
    assert_eq!(entries, expected.values().map(Vec::len).sum::<usize>());
    assert_eq!(heard, [(9, 20), (18, 20), (20, 20)]);
    check_index(&store.snapshot().unwrap(), &blocks);
}

/// Every batch rewrites pages of the index all over; those that the batches before it left are used
/// again.
#[test]
fn a_rebuild_of_many_batches_takes_no_more_space_than_one() {
    let directory = tempfile::tempdir().unwrap();
    let (spec, world) = genesis(1);
    let options = StoreOptions { growth_step: 64 << 10, ..options() };
    let store = Store::open(directory.path(), &spec, options).unwrap();
    let mut random = Random(3);
    let mut world = world;
    for _ in 0..80 {
        let (next, block) = world.random_child(&mut random);
        store.commit(&[Arc::new(block)]).unwrap();
        world = next;
    }
    let size = || directory.path().join("mdbx.dat").metadata().unwrap().len();
    let entries = store.rebuild_index(80, |_, _| {}).unwrap();
    let before = size();
    assert_eq!(store.rebuild_index(1, |_, _| {}).unwrap(), entries);
    let grown = size() - before;
    assert!(grown <= 256 << 10, "{before} bytes grew by {grown} for {entries} entries");
}

#[test]
fn an_interrupted_rebuild_goes_on_whatever_happened_since() {
    let directory = tempfile::tempdir().unwrap();
    let (spec, world) = genesis(1);
    let store = Store::open(directory.path(), &spec, options()).unwrap();
    let mut random = Random(11);
    let mut worlds = vec![world];
    let mut blocks: Vec<Arc<ExecutedBlock>> = Vec::new();
    let mut grow = |worlds: &mut Vec<_>, blocks: &mut Vec<_>, count: usize| {
        let mut batch = Vec::new();
        for _ in 0..count {
            let (world, block) = World::random_child(worlds.last().unwrap(), &mut random);
            worlds.push(world);
            batch.push(Arc::new(block));
        }
        store.commit(&batch).unwrap();
        blocks.extend(batch);
    };
    grow(&mut worlds, &mut blocks, 20);
    let interrupt =
        std::panic::AssertUnwindSafe(|| store.rebuild_index(20, |_, _| panic!("killed")));
    assert!(std::panic::catch_unwind(interrupt).is_err());
    let subject = *support::indexed(blocks.iter().map(AsRef::as_ref)).keys().next().unwrap();
    let ask = || store.snapshot().unwrap().logs_of(&subject, 0..=100, None, true, 10);
    assert!(matches!(ask(), Err(StorageError::Index { indexed: 20 })));
    // The node runs in between: a reorg below what was indexed, and new blocks.
    store.unwind_to(12).unwrap();
    worlds.truncate(13);
    blocks.truncate(12);
    grow(&mut worlds, &mut blocks, 15);
    assert!(matches!(ask(), Err(StorageError::Index { .. })));
    let entries = store.rebuild_index(4, |_, _| {}).unwrap();
    let expected = support::indexed(blocks.iter().map(AsRef::as_ref));
    assert_eq!(entries, expected.values().map(Vec::len).sum::<usize>());
    check_index(&store.snapshot().unwrap(), &blocks);
}

#[test]
fn cursors_seek_into_past_states() {
    let directory = tempfile::tempdir().unwrap();
    let (spec, world) = genesis(1);
    let store = Store::open(directory.path(), &spec, options()).unwrap();
    let mut random = Random(77);
    let mut worlds = vec![world];
    // Enough commits for merged runs of merged runs, one of them cut by an unwind.
    for round in 0..100 {
        let (world, block) = worlds.last().unwrap().random_child(&mut random);
        worlds.push(world);
        store.commit(&[Arc::new(block)]).unwrap();
        if round == 70 {
            store.unwind_to(59).unwrap();
            worlds.truncate(60);
        }
    }
    store.verify().unwrap();
    let snapshot = store.snapshot().unwrap();
    for round in 0..400 {
        let world = &worlds[random.below(worlds.len() as u64) as usize];
        if round % 40 == 0 {
            check_state(&snapshot.at(world.number).unwrap(), world);
        }
        let past = snapshot.at(world.number).unwrap();
        let reader = past.reader().unwrap();
        let key = B256::from(random.word() << 128);
        let mut cursor = reader.accounts().unwrap();
        let mut model = world.hashed.accounts.range(key..).map(|(key, value)| (*key, *value));
        assert_eq!(cursor.seek(key).unwrap(), model.next());
        assert_eq!(cursor.next().unwrap(), model.next());
        assert_eq!(cursor.next().unwrap(), model.next());
        let path = Nibbles::unpack(key).slice(..random.below(4) as usize);
        let mut cursor = reader.account_trie().unwrap();
        assert_eq!(
            cursor.seek_exact(path).unwrap().as_ref(),
            world.hashed.account_nodes.get(&path)
        );
        let mut model = world.hashed.account_nodes.range(path..);
        let found = cursor.seek(path).unwrap();
        assert_eq!(found.as_ref().map(|(path, node)| (path, node)), model.next());
    }
}

#[test]
fn blocks_that_do_not_follow_are_refused_and_change_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (spec, world) = genesis(1);
    let store = Store::open(directory.path(), &spec, options()).unwrap();
    let mut random = Random(5);
    let (first, block) = world.random_child(&mut random);
    let (_, second) = first.random_child(&mut random);
    let (_, other) = world.random_child(&mut random);
    let (block, second, other) = (Arc::new(block), Arc::new(second), Arc::new(other));
    for batch in [vec![second.clone()], vec![block.clone(), other], vec![second, block.clone()]] {
        assert!(matches!(store.commit(&batch), Err(StorageError::Misuse(_))));
        check_history(&store, std::slice::from_ref(&world), &[]);
    }
    store.commit(&[block]).unwrap();
    assert!(matches!(store.unwind_to(2), Err(StorageError::Misuse(_))));
}

#[test]
fn labels_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let (spec, _) = genesis(1);
    let store = Store::open(directory.path(), &spec, options()).unwrap();
    store.set_labels(Some(B256::repeat_byte(1)), None).unwrap();
    drop(store);
    let store = Store::open(directory.path(), &spec, options()).unwrap();
    let labels = store.snapshot().unwrap().labels();
    assert_eq!((labels.safe, labels.finalized), (Some(B256::repeat_byte(1)), None));
}

#[test]
fn a_block_of_many_megabytes_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let (spec, world) = genesis(1);
    let store = Store::open(directory.path(), &spec, options()).unwrap();
    let (_, mut block) = world.random_child(&mut Random(3));
    let transactions = vec![large_transaction(); 12];
    let senders = vec![Address::ZERO; 12];
    let header = block.block.header().clone();
    let body = alloy_consensus::BlockBody { transactions, ..block.block.body().clone() };
    let large = assay_evm::Block { header, body };
    block.block = Arc::new(assay_evm::RecoveredBlock::new(large, senders, block.hash()));
    store.commit(&[Arc::new(block.clone())]).unwrap();
    assert_eq!(store.snapshot().unwrap().block(1).unwrap().unwrap(), *block.block);
}

fn large_transaction() -> assay_evm::Transaction {
    let tx = op_alloy_consensus::TxDeposit { input: vec![1; 1 << 20].into(), ..Default::default() };
    assay_evm::Transaction::Deposit(alloy_consensus::Sealable::seal_slow(tx))
}

#[test]
fn a_directory_in_use_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (spec, _) = genesis(1);
    let _store = Store::open(directory.path(), &spec, options()).unwrap();
    let second = Store::open(directory.path(), &spec, options());
    assert!(matches!(second, Err(StorageError::Locked { .. })), "{second:?}");
}

#[test]
fn another_chain_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    drop(Store::open(directory.path(), &genesis(1).0, options()).unwrap());
    let alloc = format!(r#""{}":{{"balance":"0x1"}}"#, address(1));
    let other = assay_chainspec::ChainSpec::from_json(&genesis_json(1, &alloc)).unwrap();
    let error = Store::open(directory.path(), &other, options());
    let Err(StorageError::OtherChain { expected, found, .. }) = error else { panic!("{error:?}") };
    assert_eq!((expected, found), (other.genesis_hash(), genesis(1).0.genesis_hash()));
}

/// Changes bytes behind the store's back.
fn edit(path: &Path, table: &str, change: impl Fn(&[u8], &mut Vec<u8>)) {
    let environment = Environment::builder()
        .set_max_dbs(32)
        .set_geometry(Geometry { size: Some(0..1 << 30), ..Default::default() })
        .open(path)
        .unwrap();
    let tx = environment.begin_rw_unsync().unwrap();
    let db = tx.open_db(Some(table)).unwrap();
    let mut entries = Vec::new();
    let mut cursor = tx.cursor(db).unwrap();
    let mut entry = cursor.first::<Vec<u8>, Vec<u8>>().unwrap();
    while let Some((key, value)) = entry {
        entries.push((key, value));
        entry = cursor.next().unwrap();
    }
    drop(cursor);
    for (key, mut value) in entries {
        change(&key, &mut value);
        tx.put(db, &key, &value, WriteFlags::UPSERT).unwrap();
    }
    tx.commit().unwrap();
}

#[test]
fn a_store_of_another_schema_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (spec, _) = genesis(1);
    drop(Store::open(directory.path(), &spec, options()).unwrap());
    edit(directory.path(), "Meta", |key, value| {
        if key == b"schema" {
            value[7] += 1;
        }
    });
    let error = Store::open(directory.path(), &spec, options());
    assert!(matches!(error, Err(StorageError::Schema { found: 3, supported: 2, .. })), "{error:?}");
}

#[test]
fn a_store_that_was_never_finished_is_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    let (spec, world) = genesis(1);
    drop(Store::open(directory.path(), &spec, options()).unwrap());
    {
        let environment = Environment::builder()
            .set_max_dbs(32)
            .set_geometry(Geometry { size: Some(0..1 << 30), ..Default::default() })
            .open(directory.path())
            .unwrap();
        let tx = environment.begin_rw_unsync().unwrap();
        let meta = tx.open_db(Some("Meta")).unwrap();
        assert!(tx.del(meta, b"genesis", None).unwrap());
        tx.commit().unwrap();
    }
    let store = Store::open(directory.path(), &spec, options()).unwrap();
    check_history(&store, &[world], &[]);
}

#[test]
fn damaged_values_are_errors() {
    for damage in [
        (|_, value: &mut Vec<u8>| value.truncate(value.len() / 2)) as fn(&[u8], &mut Vec<u8>),
        |_, value| value.push(0xff),
        |_, value| {
            for byte in value {
                *byte = 0xff;
            }
        },
        |_, value| *value = vec![0xff; 40],
    ] {
        for table in ["Headers", "Bodies", "Receipts", "Bytecodes", "Accounts", "AccountsTrie"] {
            let directory = tempfile::tempdir().unwrap();
            let (spec, world) = genesis(1);
            let store = Store::open(directory.path(), &spec, options()).unwrap();
            let (_, block) = world.random_child(&mut Random(11));
            store.commit(&[Arc::new(block)]).unwrap();
            drop(store);
            edit(directory.path(), table, damage);
            let store = Store::open(directory.path(), &spec, options()).unwrap();
            let snapshot = store.snapshot().unwrap();
            let corrupt = match table {
                "Headers" => snapshot.header(1).map(drop),
                "Bodies" => snapshot.block(1).map(drop),
                "Receipts" => snapshot.receipts(1).map(drop),
                "Bytecodes" => {
                    let code = world
                        .accounts
                        .values()
                        .find(|info| info.code_hash != support::plain().code_hash);
                    snapshot.code(code.unwrap().code_hash).map(drop)
                }
                "Accounts" => (0..ADDRESSES)
                    .try_for_each(|index| snapshot.basic_ref(address(index)).map(drop)),
                _ => {
                    let reader = snapshot.reader().unwrap();
                    let mut cursor = reader.account_trie().unwrap();
                    cursor.seek(Nibbles::new()).map(drop).map_err(StorageError::from)
                }
            };
            assert!(corrupt.is_err(), "{table}");
        }
    }
}

#[test]
fn damaged_history_does_not_panic() {
    for (at, table) in ["AccountHistory", "StorageHistory", "TransactionLookup"].iter().enumerate()
    {
        for damage in 0..24 {
            let directory = tempfile::tempdir().unwrap();
            let (spec, world) = genesis(1);
            let store = Store::open(directory.path(), &spec, options()).unwrap();
            let (next, first) = world.random_child(&mut Random(11 + damage));
            let (_, second) = next.random_child(&mut Random(12 + damage));
            store.commit(&[Arc::new(first.clone()), Arc::new(second)]).unwrap();
            drop(store);
            let random = Random(damage * 31 + at as u64 + 1);
            edit(directory.path(), table, |_, value| {
                let mut random = random.clone();
                for _ in 0..3 {
                    let at = random.below(value.len() as u64) as usize;
                    value[at] = random.next() as u8;
                }
                value.truncate(value.len() - random.below(value.len() as u64) as usize / 2);
            });
            let store = Store::open(directory.path(), &spec, options()).unwrap();
            let past = store.snapshot().unwrap().at(0).unwrap();
            for index in 0..ADDRESSES {
                let _ = past.basic_ref(address(index));
                let _ = past.storage_ref(address(index), U256::ZERO);
            }
            for tx in &first.block.body().transactions {
                let _ = past.snapshot().transaction(tx.tx_hash());
            }
            let _ = store.unwind_to(0);
        }
    }
}

#[test]
fn a_wrong_state_is_found_by_verify() {
    let directory = tempfile::tempdir().unwrap();
    let (spec, world) = genesis(1);
    drop(Store::open(directory.path(), &spec, options()).unwrap());
    let wrong = keccak256(address(1));
    edit(directory.path(), "Accounts", |key, value| {
        if key == wrong.as_slice() {
            *value = vec![0x11, 0, 9, 9];
        }
    });
    let store = Store::open(directory.path(), &spec, options()).unwrap();
    assert!(matches!(store.verify(), Err(StorageError::StateRoot { .. })));
    assert_eq!(world.accounts[&address(1)].balance, U256::from(2));
}
