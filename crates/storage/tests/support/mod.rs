//! A model of state in ordered maps that makes random blocks, with the root and the stored nodes
//! computed from all of the state.

#![allow(dead_code, missing_docs, unreachable_pub)]

use alloy_consensus::{
    BlockBody, Header, Receipt, ReceiptWithBloom, Sealable, SignableTransaction,
};
use alloy_primitives::{
    Address, B256, Bytes, KECCAK256_EMPTY, Log, Sealed, Signature, TxKind, U256, keccak256,
    map::HashMap,
};
use assay_chainspec::{ChainSpec, PREDEPLOY_ADDRESSES};
use assay_evm::{Block, Receipt as OpReceipt, RecoveredBlock, Transaction};
use assay_storage::{ExecutedBlock, LogPosition, LogSubject, StorageError};
use assay_trie::{
    HashedPostState, Nibbles, StateTrie, StorageTrieUpdates, TrieReader, TrieSource, TrieUpdates,
    memory::MemorySource, recompute_state_root,
};
use op_alloy_consensus::{OpDepositReceipt, OpReceiptEnvelope, TxDeposit};
use revm::{
    DatabaseRef,
    database::{AccountStatus, BundleAccount, BundleState, states::StorageSlot},
    state::{AccountInfo, Bytecode},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A reproducible source of numbers.
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 16) % bound
    }

    pub fn word(&mut self) -> U256 {
        U256::from_limbs([self.next(), self.next(), self.next(), self.next()])
            >> usize::try_from(self.below(256)).unwrap()
    }
}

/// State after one block.
#[derive(Debug, Clone, Default)]
pub struct World {
    pub accounts: BTreeMap<Address, AccountInfo>,
    pub storage: BTreeMap<Address, BTreeMap<U256, U256>>,
    pub hashed: MemorySource,
    pub number: u64,
    pub hash: B256,
}

pub const ADDRESSES: u64 = 70;
pub const SLOTS: u64 = 50;

pub fn address(index: u64) -> Address {
    Address::left_padding_from(&keccak256(index.to_be_bytes())[..20])
}

pub fn slot(index: u64) -> U256 {
    U256::from(index)
}

pub fn genesis_json(chain: u64, alloc: &str) -> String {
    format!(
        r#"{{"config":{{"chainId":{chain},"bedrockBlock":0,"regolithTime":0,"canyonTime":0,
        "optimism":{{"eip1559Elasticity":6,"eip1559Denominator":50,"eip1559DenominatorCanyon":250}}}},
        "nonce":"0x0","timestamp":"0x1","extraData":"0x","gasLimit":"0x1c9c380","difficulty":"0x0",
        "mixHash":"0x{zero}","coinbase":"0x0000000000000000000000000000000000000000",
        "alloc":{{{alloc}}}}}"#,
        zero = "00".repeat(32)
    )
}

/// A chain whose genesis has accounts, code and storage, and its state.
pub fn genesis(chain: u64) -> (ChainSpec, World) {
    let mut world = World::default();
    let mut alloc = Vec::new();
    for index in 0..ADDRESSES / 2 {
        let mut info = AccountInfo { balance: U256::from(index + 1), nonce: index, ..plain() };
        let mut fields = format!(r#""balance":"{}","nonce":"{index:#x}""#, info.balance);
        if index % 3 == 0 {
            let code = Bytes::from(vec![0x60, index as u8, 0x50, 0x00]);
            info.code_hash = keccak256(&code);
            let slots = (0..index % 20).map(|at| (slot(at), U256::from(at + 7))).collect();
            let slots: BTreeMap<U256, U256> = slots;
            let listed: Vec<_> = slots
                .iter()
                .map(|(at, value)| format!(r#""{}":"{}""#, B256::from(*at), B256::from(*value)))
                .collect();
            fields += &format!(r#","code":"{code}","storage":{{{}}}"#, listed.join(","));
            if !slots.is_empty() {
                world.storage.insert(address(index), slots);
            }
        }
        alloc.push(format!(r#""{}":{{{fields}}}"#, address(index)));
        world.accounts.insert(address(index), info);
    }
    let spec = ChainSpec::from_json(&genesis_json(chain, &alloc.join(","))).unwrap();
    for (address, info) in &world.accounts {
        world.hashed.accounts.insert(keccak256(address), info.into());
    }
    for (address, slots) in &world.storage {
        let slots = slots.iter().map(|(slot, value)| (keccak256(B256::from(*slot)), *value));
        world.hashed.storages.insert(keccak256(address), slots.collect());
    }
    let (root, nodes) = recompute_state_root(&world.hashed).unwrap();
    assert_eq!(root, spec.genesis_header().state_root);
    world.hashed.apply_nodes(&nodes);
    world.hash = spec.genesis_hash();
    (spec, world)
}

pub fn plain() -> AccountInfo {
    AccountInfo { code_hash: KECCAK256_EMPTY, code: None, ..Default::default() }
}

impl World {
    pub fn slot(&self, address: Address, slot: U256) -> U256 {
        let slots = self.storage.get(&address);
        slots.and_then(|slots| slots.get(&slot)).copied().unwrap_or_default()
    }

    fn set_slot(&mut self, address: Address, slot: U256, value: U256) {
        let slots = self.storage.entry(address).or_default();
        if value.is_zero() {
            slots.remove(&slot);
        } else {
            slots.insert(slot, value);
        }
        if slots.is_empty() {
            self.storage.remove(&address);
        }
    }

    /// A random block on top, and the state after it.
    pub fn random_child(&self, random: &mut Random) -> (Self, ExecutedBlock) {
        let mut child = self.clone();
        let mut touched = BTreeSet::new();
        let mut destroyed = BTreeSet::new();
        let mut contracts = HashMap::default();
        let mut slots: BTreeSet<(Address, U256)> = BTreeSet::new();
        for _ in 0..1 + random.below(14) {
            let target = address(random.below(ADDRESSES));
            touched.insert(target);
            match random.below(10) {
                0 => {
                    child.accounts.remove(&target);
                    child.storage.remove(&target);
                    destroyed.insert(target);
                    slots.retain(|(address, _)| *address != target);
                }
                1 | 2 => {
                    let code = Bytes::from(random.next().to_be_bytes()[1..].to_vec());
                    let code = Bytecode::new_legacy(code);
                    let info = child.accounts.entry(target).or_insert_with(plain);
                    info.code_hash = code.hash_slow();
                    info.nonce += 1;
                    contracts.insert(info.code_hash, code);
                }
                3..=5 => {
                    let info = child.accounts.entry(target).or_insert_with(plain);
                    info.balance = random.word();
                    info.nonce += 1;
                }
                _ => {
                    child.accounts.entry(target).or_insert_with(plain).nonce += 1;
                    for _ in 0..1 + random.below(6) {
                        let slot = slot(random.below(SLOTS));
                        let value = if random.below(4) == 0 { U256::ZERO } else { random.word() };
                        child.set_slot(target, slot, value);
                        slots.insert((target, slot));
                    }
                }
            }
        }
        let mut bundle = BundleState { contracts, ..Default::default() };
        for target in touched {
            let original = self.accounts.get(&target).cloned();
            let present = child.accounts.get(&target).cloned();
            let status = match (&original, &present) {
                (None, None) => continue,
                (None, Some(_)) => AccountStatus::InMemoryChange,
                (Some(_), None) => AccountStatus::Destroyed,
                (Some(_), Some(_)) if destroyed.contains(&target) => {
                    AccountStatus::DestroyedChanged
                }
                _ => AccountStatus::Changed,
            };
            let storage = slots
                .iter()
                .filter(|(address, _)| *address == target)
                .map(|(address, slot)| {
                    let old = match status {
                        AccountStatus::Changed => self.slot(*address, *slot),
                        _ => U256::ZERO,
                    };
                    (*slot, StorageSlot::new_changed(old, child.slot(*address, *slot)))
                })
                .collect();
            bundle.state.insert(target, BundleAccount::new(original, present, storage, status));
        }
        let transactions = random.below(5);
        child.seal(self, bundle, transactions, random)
    }

    /// The block that makes `bundle`'s changes, already made to `self`, on top of `parent`.
    pub fn seal(
        mut self,
        parent: &Self,
        bundle: BundleState,
        transactions: u64,
        random: &mut Random,
    ) -> (Self, ExecutedBlock) {
        let hashed = HashedPostState::from_bundle(&bundle);
        self.hashed.apply_state(&hashed);
        let (root, nodes) = recompute_state_root(&self.hashed).unwrap();
        let trie_updates = difference(&parent.hashed, &nodes, &hashed);
        self.hashed.apply_nodes(&trie_updates);
        let (body, senders, receipts) = body(transactions, random);
        let header = Header {
            parent_hash: parent.hash,
            number: parent.number + 1,
            state_root: root,
            timestamp: random.next() >> 32,
            base_fee_per_gas: Some(7),
            withdrawals_root: Some(B256::repeat_byte(3)),
            extra_data: Bytes::from_static(b"model"),
            ..Default::default()
        };
        let hash = header.hash_slow();
        self.number = header.number;
        self.hash = hash;
        let block = RecoveredBlock::new(Block { header, body }, senders, hash);
        let executed = ExecutedBlock {
            block: Arc::new(block),
            receipts: Arc::new(receipts),
            bundle: Arc::new(bundle),
            hashed: Arc::new(hashed),
            trie_updates: Arc::new(trie_updates),
            trie: StateTrie::cold(root),
        };
        (self, executed)
    }
}

fn difference(before: &MemorySource, all: &TrieUpdates, hashed: &HashedPostState) -> TrieUpdates {
    let mut updates = TrieUpdates::default();
    for (path, node) in &all.account_nodes {
        if before.account_nodes.get(path) != node.as_ref() {
            updates.account_nodes.insert(*path, node.clone());
        }
    }
    for path in before.account_nodes.keys() {
        if !all.account_nodes.contains_key(path) {
            updates.account_nodes.insert(*path, None);
        }
    }
    let addresses: BTreeSet<_> =
        before.storage_nodes.keys().chain(all.storage_tries.keys()).copied().collect();
    for address in addresses {
        let empty = BTreeMap::new();
        let old = before.storage_nodes.get(&address).unwrap_or(&empty);
        let new = all.storage_tries.get(&address).map(|trie| &trie.nodes);
        let wiped = hashed.storages.get(&address).is_some_and(|storage| storage.wiped);
        let mut trie = StorageTrieUpdates { wiped, ..Default::default() };
        for (path, node) in new.into_iter().flatten() {
            if wiped || old.get(path) != node.as_ref() {
                trie.nodes.insert(*path, node.clone());
            }
        }
        for path in old.keys().filter(|_| !wiped) {
            if !new.is_some_and(|new| new.contains_key(path)) {
                trie.nodes.insert(*path, None);
            }
        }
        if wiped || !trie.nodes.is_empty() {
            updates.storage_tries.insert(address, trie);
        }
    }
    updates
}

fn body(count: u64, random: &mut Random) -> (BlockBody<Transaction>, Vec<Address>, Vec<OpReceipt>) {
    let mut transactions = Vec::new();
    let mut receipts = Vec::new();
    for index in 0..count {
        // Some logs are the predeploys', about few things.
        let (emitter, first, second) = match random.below(3) {
            0 => (
                address(random.below(ADDRESSES)),
                B256::from(random.word()),
                B256::from(random.word()),
            ),
            _ => (
                PREDEPLOY_ADDRESSES[random.below(5) as usize],
                B256::repeat_byte(random.below(2) as u8),
                B256::repeat_byte(random.below(2) as u8),
            ),
        };
        let log = Log::new_unchecked(
            emitter,
            vec![first, second],
            Bytes::from(vec![random.next() as u8; random.below(80) as usize]),
        );
        let receipt = Receipt {
            status: (random.below(5) > 0).into(),
            cumulative_gas_used: 21_000 * (index + 1),
            logs: vec![log; random.below(3) as usize],
        };
        if index == 0 {
            let deposit = TxDeposit {
                source_hash: B256::from(random.word()),
                from: address(1),
                to: TxKind::Call(address(2)),
                gas_limit: 1_000_000,
                ..Default::default()
            };
            transactions.push(Transaction::Deposit(deposit.seal_slow()));
            let receipt = OpDepositReceipt {
                inner: receipt,
                deposit_nonce: Some(random.below(9)),
                deposit_receipt_version: Some(1),
            };
            receipts.push(OpReceiptEnvelope::Deposit(receipt.with_bloom()));
        } else {
            let tx = alloy_consensus::TxEip1559 {
                chain_id: 1,
                nonce: random.next(),
                gas_limit: 21_000,
                to: TxKind::Call(address(random.below(ADDRESSES))),
                value: random.word(),
                input: Bytes::from(vec![7; random.below(100) as usize]),
                ..Default::default()
            };
            let tx = tx.into_signed(Signature::test_signature());
            transactions.push(Transaction::Eip1559(tx));
            receipts.push(OpReceiptEnvelope::Eip1559(ReceiptWithBloom::from(receipt)));
        }
    }
    let senders = transactions.iter().map(|_| address(random.below(ADDRESSES))).collect();
    let body =
        BlockBody { transactions, withdrawals: Some(Default::default()), ..Default::default() };
    (body, senders, receipts)
}

/// What the index has to give for the canonical blocks: by subject, oldest first.
pub fn indexed<'a>(
    blocks: impl IntoIterator<Item = &'a ExecutedBlock>,
) -> BTreeMap<LogSubject, Vec<LogPosition>> {
    let mut all: BTreeMap<LogSubject, Vec<LogPosition>> = BTreeMap::new();
    for block in blocks {
        let mut index = 0;
        for (transaction, receipt) in block.receipts.iter().enumerate() {
            for log in receipt.logs() {
                let position = LogPosition {
                    block: block.number(),
                    log: index,
                    transaction: transaction as u32,
                };
                index += 1;
                let [event, topic] = log.topics() else { continue };
                let subjects = [
                    LogSubject::event(log.address, *event),
                    LogSubject::topic(log.address, *event, 1, *topic),
                ];
                for subject in subjects.into_iter().flatten() {
                    all.entry(subject).or_default().push(position);
                }
            }
        }
    }
    all
}

pub fn sealed_header(block: &ExecutedBlock) -> Sealed<Header> {
    Sealed::new_unchecked(block.block.header().clone(), block.hash())
}

/// Everything that a source's cursors give.
pub fn contents(source: &dyn TrieSource) -> MemorySource {
    let reader = source.reader().unwrap();
    let mut all = MemorySource::default();
    let mut accounts = reader.accounts().unwrap();
    let mut entry = accounts.seek(B256::ZERO).unwrap();
    while let Some((key, account)) = entry {
        all.accounts.insert(key, account);
        entry = accounts.next().unwrap();
    }
    let mut nodes = reader.account_trie().unwrap();
    let mut entry = nodes.seek(Nibbles::new()).unwrap();
    while let Some((path, node)) = entry {
        all.account_nodes.insert(path, node);
        entry = nodes.next().unwrap();
    }
    for index in 0..ADDRESSES {
        let hashed = keccak256(address(index));
        storage_contents(reader.as_ref(), hashed, &mut all);
    }
    all
}

fn storage_contents(reader: &dyn TrieReader, hashed: B256, all: &mut MemorySource) {
    let mut slots = BTreeMap::new();
    let mut cursor = reader.storage(hashed).unwrap();
    let mut entry = cursor.seek(B256::ZERO).unwrap();
    while let Some((slot, value)) = entry {
        slots.insert(slot, value);
        entry = cursor.next().unwrap();
    }
    if !slots.is_empty() {
        all.storages.insert(hashed, slots);
    }
    let mut nodes = BTreeMap::new();
    let mut cursor = reader.storage_trie(hashed).unwrap();
    let mut entry = cursor.seek(Nibbles::new()).unwrap();
    while let Some((path, node)) = entry {
        nodes.insert(path, node);
        entry = cursor.next().unwrap();
    }
    if !nodes.is_empty() {
        all.storage_nodes.insert(hashed, nodes);
    }
}

/// Compares every account, slot and code that may exist.
pub fn check_state(db: &impl DatabaseRef<Error = StorageError>, world: &World) {
    for index in 0..ADDRESSES {
        let target = address(index);
        let found = db.basic_ref(target).unwrap();
        assert_eq!(found.as_ref(), world.accounts.get(&target), "account {target}");
        if let Some(info) = found {
            let code = db.code_by_hash_ref(info.code_hash).unwrap();
            assert_eq!(code.hash_slow(), info.code_hash);
        }
        for at in 0..SLOTS {
            assert_eq!(db.storage_ref(target, slot(at)).unwrap(), world.slot(target, slot(at)));
        }
    }
}

/// The state of a source with known addresses and slots, as a model.
pub fn read_world<S>(source: &S, number: u64, hash: B256) -> World
where
    S: DatabaseRef<Error = StorageError> + TrieSource,
{
    let mut world = World { number, hash, hashed: contents(source), ..Default::default() };
    for index in 0..ADDRESSES {
        let target = address(index);
        if let Some(info) = source.basic_ref(target).unwrap() {
            world.accounts.insert(target, info);
        }
        for at in 0..SLOTS {
            let value = source.storage_ref(target, slot(at)).unwrap();
            if !value.is_zero() {
                world.set_slot(target, slot(at), value);
            }
        }
    }
    world
}
