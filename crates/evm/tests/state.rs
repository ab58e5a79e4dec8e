//! What a block does to the state, against revm's own `State` as the reference: random blocks that
//! create, write, pay, destroy and create again, before and after EIP-6780.
#![allow(unused_crate_dependencies, reason = "an integration test")]

mod common;

use alloy_consensus::transaction::Recovered;
use alloy_evm::{Evm, EvmFactory, FromRecoveredTx};
use alloy_op_evm::OpTx;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, address, keccak256};
use assay_evm::{RecoveredBlock, Transaction};
use common::{TestChain, call, deposit, l1_attributes, recovered};
use proptest::prelude::*;
use revm::{
    DatabaseCommit, DatabaseRef,
    bytecode::Bytecode,
    database::{BundleState, State, WrapDatabaseRef, states::bundle_state::BundleRetention},
    state::AccountInfo,
};
use std::{collections::BTreeMap, convert::Infallible};

const FACTORY: Address = address!("0x000000000000000000000000000000000000fac7");
const WRITER: Address = address!("0x0000000000000000000000000000000000003717");

/// Without calldata destroys itself, else sets slot calldata[0..32] to calldata[32..64].
const CHILD: [u8; 15] =
    [0x36, 0x60, 0x06, 0x57, 0x33, 0xff, 0x5b, 0x60, 0x20, 0x35, 0x60, 0x00, 0x35, 0x55, 0x00];

fn child_init() -> Vec<u8> {
    // PUSH15 child, MSTORE(0), RETURN(17, 15)
    [&[0x6e][..], &CHILD, &[0x60, 0x00, 0x52, 0x60, 0x0f, 0x60, 0x11, 0xf3]].concat()
}

/// Creates the child with salt 0 and the call's value.
fn factory() -> Vec<u8> {
    let create = [0x60, 0x00, 0x60, 0x18, 0x60, 0x08, 0x34, 0xf5, 0x50, 0x00];
    [&[0x77][..], &child_init(), &[0x60, 0x00, 0x52], &create].concat()
}

fn child() -> Address {
    FACTORY.create2(B256::ZERO, keccak256(child_init()))
}

/// The whole state, plainly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Plain {
    accounts: BTreeMap<Address, (u64, U256, B256)>,
    storage: BTreeMap<(Address, U256), U256>,
    codes: BTreeMap<B256, Bytes>,
}

impl Plain {
    fn put(&mut self, address: Address, info: &AccountInfo) {
        if let Some(code) = info.code.as_ref().filter(|code| !code.is_empty()) {
            self.codes.insert(info.code_hash, code.original_bytes());
        }
        self.accounts.insert(address, (info.nonce, info.balance, info.code_hash));
    }

    /// Applies a block's changes as a store does.
    fn apply(&mut self, bundle: &BundleState) {
        for (hash, code) in &bundle.contracts {
            self.codes.insert(*hash, code.original_bytes());
        }
        for (address, account) in &bundle.state {
            if account.was_destroyed() || account.info.is_none() {
                self.storage.retain(|(owner, _), _| owner != address);
            }
            match &account.info {
                Some(info) => {
                    self.accounts.insert(*address, (info.nonce, info.balance, info.code_hash));
                }
                None => {
                    self.accounts.remove(address);
                }
            }
            for (slot, value) in &account.storage {
                let key = (*address, *slot);
                if value.present_value.is_zero() {
                    self.storage.remove(&key);
                } else {
                    self.storage.insert(key, value.present_value);
                }
            }
        }
    }
}

impl DatabaseRef for Plain {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.accounts.get(&address).map(|(nonce, balance, code_hash)| AccountInfo {
            nonce: *nonce,
            balance: *balance,
            code_hash: *code_hash,
            code: None,
            account_id: None,
        }))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Infallible> {
        let code = self.codes.get(&hash).cloned();
        assert!(code.is_some() || hash == KECCAK256_EMPTY, "unknown code {hash}");
        Ok(Bytecode::new_raw(code.unwrap_or_default()))
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Infallible> {
        Ok(self.storage.get(&(address, slot)).copied().unwrap_or_default())
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        Ok(keccak256(number.to_be_bytes()))
    }
}

/// Runs the block's transactions over revm's `State`.
fn reference(chain: &TestChain, block: &RecoveredBlock, state: &Plain) -> BundleState {
    let mut database =
        State::builder().with_database(WrapDatabaseRef(state)).with_bundle_update().build();
    let mut evm =
        chain.config.factory().create_evm(&mut database, chain.config.evm_env(block.header()));
    chain
        .config
        .apply_pre_execution(block.header(), &chain.head, &mut evm)
        .expect("nothing can fail");
    for (transaction, sender) in block.body().transactions.iter().zip(block.senders()) {
        let result = evm
            .transact(OpTx::from_recovered_tx(transaction, *sender))
            .expect("valid: the builder took it");
        evm.db_mut().commit(result.state);
    }
    drop(evm);
    database.merge_transitions(BundleRetention::PlainState);
    database.take_bundle()
}

#[derive(Debug, Clone)]
enum Step {
    Create {
        value: u64,
    },
    Child {
        slot: u64,
        value: u64,
    },
    Destroy,
    Pay {
        value: u64,
    },
    Write {
        slot: u64,
        value: u64,
    },
    /// A deposit that touches an account that does not exist.
    Touch,
}

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = prop_oneof![
        3 => (0u64..2).prop_map(|value| Step::Create { value }),
        4 => (0u64..3, 0u64..3).prop_map(|(slot, value)| Step::Child { slot, value }),
        3 => Just(Step::Destroy),
        2 => (0u64..3).prop_map(|value| Step::Pay { value }),
        2 => (0u64..3, 0u64..3).prop_map(|(slot, value)| Step::Write { slot, value }),
        1 => Just(Step::Touch),
    ];
    proptest::collection::vec(proptest::collection::vec(step, 0..8), 1..5)
}

fn transaction(chain: &TestChain, nonce: u64, step: &Step) -> Recovered<Transaction> {
    let words = |slot: u64, value: u64| -> Bytes {
        [U256::from(slot).to_be_bytes::<32>(), U256::from(value).to_be_bytes::<32>()]
            .concat()
            .into()
    };
    let (to, value, input) = match step {
        Step::Create { value } => (FACTORY, *value, Bytes::new()),
        Step::Child { slot, value } => (child(), 0, words(*slot, *value)),
        Step::Destroy => (child(), 0, Bytes::new()),
        Step::Pay { value } => (Address::repeat_byte(0xee), *value, Bytes::new()),
        Step::Write { slot, value } => (WRITER, 0, words(*slot, *value)),
        Step::Touch => {
            let from = Address::repeat_byte(0x70);
            return recovered(deposit(from, Address::repeat_byte(0x71), 50_000, Bytes::new()));
        }
    };
    let mut call = call(nonce, to, 300_000, input);
    call.value = U256::from(value);
    chain.sign(0, call)
}

fn world(fork: &str) -> (TestChain, Plain) {
    let mut chain = TestChain::new(fork);
    chain.set_code(FACTORY, factory());
    chain.set_code(WRITER, CHILD.to_vec());
    let mut plain = Plain::default();
    for (address, account) in &chain.db.cache.accounts {
        let mut info = account.info.clone();
        info.code = chain.db.cache.contracts.get(&info.code_hash).cloned();
        plain.put(*address, &info);
        for (slot, value) in &account.storage {
            plain.storage.insert((*address, *slot), *value);
        }
    }
    plain.storage.retain(|_, value| !value.is_zero());
    (chain, plain)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn blocks_do_to_the_state_what_revm_says(
        fork in prop::sample::select(vec!["regolith", "canyon", "ecotone", "karst"]),
        blocks in steps(),
    ) {
        let (mut chain, mut plain) = world(fork);
        let mut nonce = 0;
        for steps in blocks {
            let mut builder = chain
                .config
                .block_builder(
                    chain.head.clone(), chain.attributes(2), Default::default(), &plain, None,
                )
                .expect("attributes are valid");
            builder.push_forced(l1_attributes(chain.head.number + 1)).expect("a deposit");
            for step in &steps {
                builder.push_forced(transaction(&chain, nonce, step)).expect("valid");
                nonce += u64::from(!matches!(step, Step::Touch));
            }
            let (block, built) = builder.finish(|_| Ok::<_, Infallible>(common::ROOTS)).expect("built");
            let output = chain.config.execute(&block, &chain.head, &plain, None).expect("valid");
            prop_assert_eq!(&output.bundle.state, &built.bundle.state);

            let mut expected = plain.clone();
            expected.apply(&reference(&chain, &block, &plain));
            let before = plain.clone();
            plain.apply(&output.bundle);
            // Codes that nothing refers to any more may be kept or not.
            expected.codes.clone_from(&plain.codes);
            prop_assert_eq!(&plain, &expected);
            for (_, _, hash) in plain.accounts.values() {
                prop_assert!(*hash == KECCAK256_EMPTY || plain.codes.contains_key(hash));
            }
            for (address, account) in &output.bundle.state {
                prop_assert_eq!(
                    account.original_info.as_ref().map(|info| (info.nonce, info.balance, info.code_hash)),
                    before.accounts.get(address).copied(),
                    "original values are the parent's"
                );
                for (slot, value) in &account.storage {
                    prop_assert!(value.is_changed());
                    if !account.was_destroyed() {
                        prop_assert_eq!(
                            value.previous_or_original_value,
                            before.storage_ref(*address, *slot).expect("infallible")
                        );
                    }
                }
            }
            chain.head = alloy_consensus::Sealed::new_unchecked(block.header().clone(), block.hash());
        }
    }
}

#[test]
fn a_child_can_be_destroyed_and_created_again_before_eip_6780() {
    let (mut chain, mut plain) = world("regolith");
    let mut nonce = 0;
    let mut run = |steps: &[Step], plain: &mut Plain| {
        let mut builder = chain
            .config
            .block_builder(
                chain.head.clone(),
                chain.attributes(2),
                Default::default(),
                &*plain,
                None,
            )
            .expect("attributes are valid");
        for step in steps {
            builder.push_forced(transaction(&chain, nonce, step)).expect("valid");
            nonce += 1;
        }
        let (block, output) =
            builder.finish(|_| Ok::<_, Infallible>(common::ROOTS)).expect("built");
        plain.apply(&output.bundle);
        chain.head = alloy_consensus::Sealed::new_unchecked(block.header().clone(), block.hash());
        output.bundle
    };
    run(&[Step::Create { value: 0 }, Step::Child { slot: 1, value: 2 }], &mut plain);
    assert_eq!(plain.storage.get(&(child(), U256::from(1))), Some(&U256::from(2)));
    let bundle = run(
        &[Step::Destroy, Step::Create { value: 1 }, Step::Child { slot: 2, value: 1 }],
        &mut plain,
    );
    assert!(bundle.account(&child()).expect("changed").was_destroyed());
    assert_eq!(plain.storage.get(&(child(), U256::from(1))), None, "the old slot is gone");
    assert_eq!(plain.storage.get(&(child(), U256::from(2))), Some(&U256::from(1)));
    run(&[Step::Destroy], &mut plain);
    assert!(!plain.accounts.contains_key(&child()));
    assert!(plain.storage.keys().all(|(owner, _)| *owner != child()));
    // Created and destroyed in one block: as if it had never been.
    let bundle = run(&[Step::Create { value: 0 }, Step::Destroy], &mut plain);
    assert!(bundle.account(&child()).is_none());
}
