//! What execution adds to op-revm: forks' changes of state, limits, deposits, precompiles.
#![allow(unused_crate_dependencies, reason = "an integration test")]

mod common;

use alloy_consensus::{Sealable, transaction::Recovered};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, address, b256, keccak256};
use assay_chainspec::{AssayConfig, PRECOMPILE_ADDRESSES};
use assay_evm::{
    BlockError, CREATE2_DEPLOYER, InvalidBlock, InvalidTx, KARST_PAIRING_MAX_INPUT,
    KARST_TX_GAS_CAP, Receipt, RecoveredBlock, StateChangePreBlockSource, StateChangeSource,
    Transaction, da_size,
};
use common::{GENESIS_TIME, TestChain, call, deposit, l1_attributes, recovered};
use op_alloy_consensus::{OpTxEnvelope, TxPostExec};
use revm::{
    DatabaseRef,
    state::{AccountInfo, EvmState},
};
use std::sync::{Arc, Mutex};

/// Replaces a built block's transactions.
fn with_transactions(
    block: &RecoveredBlock,
    transactions: Vec<Recovered<Transaction>>,
) -> RecoveredBlock {
    let mut inner = block.clone_block();
    let (transactions, senders) = transactions.into_iter().map(Recovered::into_parts).unzip();
    inner.body.transactions = transactions;
    RecoveredBlock::new_unhashed(inner, senders)
}

fn reason(result: Result<assay_evm::BlockOutput, BlockError>) -> InvalidTx {
    match result {
        Err(BlockError::Invalid(InvalidBlock::Transaction { reason, .. })) => reason,
        other => panic!("expected an invalid transaction, got {other:?}"),
    }
}

#[test]
fn executing_a_built_block_gives_what_building_it_gave() {
    for fork in ["bedrock", "regolith", "canyon", "ecotone", "fjord", "isthmus", "jovian", "karst"]
    {
        let mut chain = TestChain::new(fork);
        chain.set_l1_block(1_000_000_000, 5_000, 10_000, 3, 4, 400);
        for nonce in 0..3 {
            let (block, built) = chain.build(vec![
                chain.transfer(0, nonce),
                recovered(deposit(
                    Address::repeat_byte(3),
                    Address::repeat_byte(4),
                    60_000,
                    Bytes::new(),
                )),
                chain.transfer(1, nonce),
            ]);
            let output = chain.execute(&block).expect("valid");
            assert_eq!(output.receipts, built.receipts, "{fork}");
            assert_eq!(output.bundle.state, built.bundle.state);
            assert_eq!(output.gas_used, block.header().gas_used);
            assert_eq!((output.fees, output.blob_gas_used), (built.fees, built.blob_gas_used));
            chain.advance(&block, &output);
        }
    }
}

#[test]
fn deposit_receipts_carry_nonce_and_version_by_fork() {
    let receipt = |fork: &str| {
        let chain = TestChain::new(fork);
        let (_, output) = chain.build(vec![]);
        match output.receipts.into_iter().next() {
            Some(Receipt::Deposit(receipt)) => receipt.receipt,
            other => panic!("not a deposit receipt: {other:?}"),
        }
    };
    assert_eq!(receipt("bedrock").deposit_nonce, None);
    assert_eq!(receipt("regolith").deposit_nonce, Some(0));
    assert_eq!(receipt("regolith").deposit_receipt_version, None);
    assert_eq!(receipt("canyon").deposit_nonce, Some(0));
    assert_eq!(receipt("canyon").deposit_receipt_version, Some(1));
}

#[test]
fn the_deposit_nonce_stays_out_of_the_root_between_regolith_and_canyon() {
    for (fork, differs) in [("regolith", true), ("canyon", false)] {
        let chain = TestChain::new(fork);
        let (block, output) = chain.build(vec![]);
        let full = alloy_consensus::proofs::calculate_receipt_root(&output.receipts);
        assert_eq!(block.header().receipts_root != full, differs, "{fork}");
    }
}

#[test]
fn a_failed_deposit_keeps_its_mint_and_uses_its_gas() {
    let mut chain = TestChain::new("karst");
    let target = address!("0x00000000000000000000000000000000000c0de1");
    chain.set_code(target, vec![0xfe]);
    let from = Address::repeat_byte(0x33);
    let mut deposit = deposit(from, target, 50_000, Bytes::new());
    deposit.mint = 1_000;
    let (_, output) = chain.build(vec![recovered(deposit)]);
    assert!(!output.receipts[1].status());
    let account = output.bundle.account(&from).and_then(|account| account.info.clone());
    let account = account.expect("the mint stays");
    assert_eq!((account.balance, account.nonce), (U256::from(1_000), 1));
    let used = output.receipts[1].cumulative_gas_used() - output.receipts[0].cumulative_gas_used();
    assert_eq!(used, 50_000);
}

#[test]
fn type_0x7d_is_refused() {
    let chain = TestChain::new("karst");
    let (block, _) = chain.build(vec![]);
    let post_exec = OpTxEnvelope::PostExec(TxPostExec::default().seal_slow());
    let sender = Address::ZERO;
    let block = with_transactions(
        &block,
        vec![l1_attributes(1), Recovered::new_unchecked(post_exec, sender)],
    );
    assert_eq!(reason(chain.execute(&block)), InvalidTx::Type(0x7d));
}

#[test]
fn karst_caps_user_transactions_and_leaves_deposits() {
    for (fork, capped) in [("jovian", false), ("karst", true)] {
        let chain = TestChain::new(fork);
        let (block, _) = chain.build(vec![]);
        let at = |gas| {
            let transaction = chain.sign(0, call(0, Address::repeat_byte(0xaa), gas, Bytes::new()));
            chain.execute(&with_transactions(&block, vec![l1_attributes(1), transaction]))
        };
        assert!(at(KARST_TX_GAS_CAP).is_ok());
        let above = at(KARST_TX_GAS_CAP + 1);
        if capped {
            let limit = KARST_TX_GAS_CAP + 1;
            assert_eq!(reason(above), InvalidTx::GasCap { limit, cap: KARST_TX_GAS_CAP });
        } else {
            assert!(above.is_ok());
        }
    }
}

/// A loop that burns all of its gas but what a final SSTORE takes: it writes GAS to slot 0 first.
#[test]
fn a_deposit_can_use_gas_above_the_cap() {
    let mut chain = TestChain::new("karst");
    let target = address!("0x00000000000000000000000000000000000c0de2");
    // GAS PUSH0 SSTORE
    chain.set_code(target, vec![0x5a, 0x5f, 0x55]);
    let gas = KARST_TX_GAS_CAP + 5_000_000;
    let (_, output) =
        chain.build(vec![recovered(deposit(Address::repeat_byte(1), target, gas, Bytes::new()))]);
    assert!(output.receipts[1].status());
    let account = output.bundle.account(&target).expect("written");
    let seen = account.storage_slot(U256::ZERO).expect("written");
    assert_eq!(seen, U256::from(gas - 21_000 - 2), "all of its gas is there to be used");
}

#[test]
fn block_gas_bounds_transactions() {
    let chain = TestChain::new("karst");
    let (block, _) = chain.build(vec![]);
    let transactions: Vec<_> = std::iter::once(l1_attributes(1))
        .chain((0..4).map(|nonce| {
            chain.sign(0, call(nonce, Address::repeat_byte(0xaa), 16_000_000, Bytes::new()))
        }))
        .collect();
    // 60 M in the block: each uses 21,000 of the 16 M that it asks for.
    assert!(chain.execute(&with_transactions(&block, transactions)).is_ok());
    let mut small = block.clone_block();
    small.header.gas_limit = 50_000;
    small.body.transactions.push(chain.transfer(0, 0).into_inner());
    small.body.transactions.push(chain.transfer(0, 1).into_inner());
    small.body.transactions.remove(0);
    let sender = chain.keys[0].address();
    let block = RecoveredBlock::new_unhashed(small.clone(), vec![sender; 2]);
    assert!(chain.execute(&block).is_ok());
    small.header.gas_limit = 41_999;
    let block = RecoveredBlock::new_unhashed(small, vec![sender; 2]);
    assert_eq!(
        reason(chain.execute(&block)),
        InvalidTx::BlockGas { limit: 21_000, available: 20_999 }
    );
}

#[test]
fn the_da_footprint_is_metered_and_bounded_from_jovian_on() {
    let mut chain = TestChain::new("jovian");
    chain.set_l1_block(1, 1, 1, 0, 0, u16::MAX);
    let noise: Bytes =
        (0..1_000u32).flat_map(|index| keccak256(index.to_be_bytes()).0).collect::<Vec<_>>().into();
    let transaction = chain.sign(0, call(0, Address::repeat_byte(0xaa), 2_000_000, noise));
    let size = da_size(&transaction.encoded_2718());
    assert!(size > 20_000, "noise does not compress: {size}");
    let (block, _) = TestChain::new("jovian").build(vec![]);
    let block = with_transactions(&block, vec![l1_attributes(1), transaction]);
    assert_eq!(
        reason(chain.execute(&block)),
        InvalidTx::DaFootprint { footprint: size * 65_535, available: 60_000_000 }
    );
    chain.set_l1_block(1, 1, 1, 0, 0, 400);
    assert_eq!(chain.execute(&block).map(|output| output.blob_gas_used).ok(), Some(size * 400));
    // Before Jovian nobody counts.
    let chain = TestChain::new("isthmus");
    assert_eq!(chain.execute(&block).map(|output| output.blob_gas_used).ok(), Some(0));
}

fn hooked(chain: &TestChain, seconds: u64) -> (Vec<(String, EvmState)>, RecoveredBlock) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let (block, built) = chain.build_after(seconds, vec![chain.transfer(0, 0)]);
    let hook = move |source: StateChangeSource, state: &EvmState| {
        let name = match source {
            StateChangeSource::PreBlock(StateChangePreBlockSource::Other(name)) => name.to_owned(),
            other => format!("{other:?}"),
        };
        sink.lock().expect("not poisoned").push((name, state.clone()));
    };
    let output =
        chain.config.execute(&block, &chain.head, &chain.db, Some(Box::new(hook))).expect("valid");
    assert_eq!(output.bundle.state, built.bundle.state);
    let seen = std::mem::take(&mut *seen.lock().expect("not poisoned"));
    (seen, block)
}

#[test]
fn the_hook_sees_every_change_in_order() {
    let chain = TestChain::new("karst");
    let (seen, _) = hooked(&chain, 2);
    let names: Vec<_> = seen.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "PreBlock(BlockHashesContract)",
            "PreBlock(BeaconRootContract)",
            "Transaction(0)",
            "Transaction(1)"
        ]
    );
}

#[test]
fn system_contracts_are_called() {
    let mut chain = TestChain::new("karst");
    // CALLDATALOAD(0) to slot 0.
    let store = vec![0x5f, 0x35, 0x5f, 0x55];
    for address in
        [alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS, alloy_eips::eip4788::BEACON_ROOTS_ADDRESS]
    {
        chain.set_code(address, store.clone());
    }
    let (block, output) = chain.build(vec![]);
    let slot = |address| {
        output.bundle.account(&address).and_then(|account| account.storage_slot(U256::ZERO))
    };
    assert_eq!(
        slot(alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS),
        Some(block.header().parent_hash.into())
    );
    assert_eq!(
        slot(alloy_eips::eip4788::BEACON_ROOTS_ADDRESS),
        Some(B256::repeat_byte(0xbe).into())
    );
    assert!(output.bundle.account(&alloy_eips::eip4788::SYSTEM_ADDRESS).is_none());
}

#[test]
fn canyon_deploys_the_create2_deployer_once_for_any_block_time() {
    const HASH: B256 = b256!("0xb0550b5b431e30d38000efb7107aaa0ade03d48a7198a140edda9d27134468b2");
    for seconds in [1, 2, 5, 12] {
        let later = [("canyon", GENESIS_TIME + seconds + 1)];
        let mut chain = TestChain::with_later("regolith", &later);
        // The account exists with a balance: that stays.
        let info = AccountInfo { balance: U256::from(7), ..Default::default() };
        chain.db.insert_account_info(CREATE2_DEPLOYER, info);
        for number in 1..=3 {
            let (seen, block) = hooked(&chain, seconds);
            let deployed = seen.iter().find(|(name, _)| name == "Canyon's create2 deployer");
            assert_eq!(deployed.is_some(), number == 2, "block {number}, {seconds} s");
            if let Some((_, state)) = deployed {
                assert_eq!(state[&CREATE2_DEPLOYER].info.code_hash, HASH);
            }
            let output = chain.execute(&block).expect("valid");
            assert_eq!(output.bundle.contracts.contains_key(&HASH), number == 2);
            chain.advance(&block, &output);
            // Transfers of key 0 all have nonce 0 in `hooked`.
            let account = chain.db.basic_ref(chain.keys[0].address()).expect("in memory");
            let mut account = account.expect("funded");
            account.nonce = 0;
            let key = chain.keys[0].address();
            chain.db.insert_account_info(key, account);
        }
        let account = chain.db.basic_ref(CREATE2_DEPLOYER).expect("in memory").expect("deployed");
        assert_eq!((account.code_hash, account.balance), (HASH, U256::from(7)));
    }
}

/// A genesis whose Agate fork activates at `time`.
fn agate(time: Option<u64>) -> serde_json::Value {
    let config = AssayConfig { agate_time: time, ..Default::default() };
    let mut genesis = common::genesis("karst", &[]);
    genesis["config"]["assay"] = serde_json::to_value(&config).expect("serializes");
    for (address, account) in config.genesis_accounts(GENESIS_TIME) {
        genesis["alloc"][address.to_string()] = serde_json::to_value(account).expect("serializes");
    }
    genesis
}

#[test]
fn agate_gives_the_precompiles_code_in_its_activation_block() {
    let code = keccak256([0xfe]);
    let mut chain = TestChain::from_json(&agate(Some(GENESIS_TIME + 4)));
    // The second has code already: it stays.
    let other = keccak256([0x00]);
    chain.set_code(PRECOMPILE_ADDRESSES[1], vec![0x00]);
    for number in 1..=3 {
        let (block, output) = chain.build(vec![]);
        let hashes = PRECOMPILE_ADDRESSES.map(|address| {
            output
                .bundle
                .account(&address)
                .and_then(|account| Some(account.info.as_ref()?.code_hash))
        });
        let expected = if number == 2 { [Some(code), None, Some(code)] } else { [None; 3] };
        assert_eq!(hashes, expected, "block {number}");
        chain.advance(&block, &output);
    }
    let code_of =
        |address| chain.db.basic_ref(address).expect("in memory").expect("exists").code_hash;
    assert_eq!(PRECOMPILE_ADDRESSES.map(code_of), [code, other, code]);
}

#[test]
fn precompiles_answer_from_agate_on() {
    // An unknown selector reverts at a precompile and succeeds at an account without code.
    let input = Bytes::from_static(&[1, 2, 3, 4]);
    let mut chain = TestChain::from_json(&agate(Some(GENESIS_TIME + 4)));
    for number in 1..=3u64 {
        let mut call = call(number - 1, PRECOMPILE_ADDRESSES[0], 100_000, input.clone());
        call.value = U256::ZERO;
        let (block, output) = chain.build(vec![chain.sign(0, call)]);
        assert_eq!(output.receipts[1].status(), number < 2, "block {number}");
        chain.advance(&block, &output);
    }
    let never = TestChain::from_json(&agate(None));
    let mut call = call(0, PRECOMPILE_ADDRESSES[0], 100_000, input);
    call.value = U256::ZERO;
    let (_, output) = never.build(vec![never.sign(0, call)]);
    assert!(output.receipts[1].status());
}

/// Calls a precompile with as many zero bytes and gives back whether it succeeded and its gas.
fn precompile(fork: &str, address: u64, length: usize) -> (bool, u64) {
    let mut chain = TestChain::new(fork);
    let target = address!("0x00000000000000000000000000000000000c0de3");
    let mut code = Vec::new();
    let push = |code: &mut Vec<u8>, value: u64| {
        code.push(0x67);
        code.extend_from_slice(&value.to_be_bytes());
    };
    // Expand memory first, so that gas is only the call's: MSTORE8(length, 0).
    push(&mut code, 0);
    push(&mut code, length as u64);
    code.push(0x53);
    code.push(0x5a); // GAS
    // STATICCALL(gas, address, 0, length, 0, 0)
    code.extend_from_slice(&[0x5f, 0x5f]);
    push(&mut code, length as u64);
    code.push(0x5f);
    push(&mut code, address);
    code.push(0x5a);
    code.push(0xfa);
    // slot 0 = success + 1
    code.extend_from_slice(&[0x60, 0x01, 0x01, 0x5f, 0x55]);
    // The SSTORE of a new slot and its operands cost 22,100 + 2,106... measured below by difference.
    code.push(0x5a);
    code.extend_from_slice(&[0x90, 0x03, 0x60, 0x01, 0x55]);
    chain.set_code(target, code);
    // A deposit, so that EIP-7825's cap does not apply.
    let transaction = recovered(deposit(Address::repeat_byte(1), target, 40_000_000, Bytes::new()));
    let (_, output) = chain.build(vec![transaction]);
    let account = output.bundle.account(&target).expect("written");
    let success = account.storage_slot(U256::ZERO) == Some(U256::from(2));
    let gas = account.storage_slot(U256::from(1)).expect("written").saturating_to();
    (success, gas)
}

#[test]
fn the_pairing_limit_falls_with_the_forks() {
    let pairing = |fork, length| precompile(fork, 8, length).0;
    for (fork, limit) in [
        ("granite", 112_512),
        ("isthmus", 112_512),
        ("jovian", 81_984),
        ("karst", KARST_PAIRING_MAX_INPUT),
    ] {
        assert!(pairing(fork, limit), "{fork}");
        assert!(!pairing(fork, limit + 192), "{fork}");
    }
}

#[test]
fn p256verify_costs_twice_as_much_in_karst() {
    let gas = |fork| precompile(fork, 0x100, 160).1;
    assert_eq!(gas("karst") - gas("jovian"), 6_900 - 3_450);
}

#[test]
fn modexp_costs_more_in_karst() {
    // EIP-7883 raises the least price from 200 to 500.
    let gas = |fork| precompile(fork, 5, 96).1;
    assert_eq!(gas("karst") - gas("jovian"), 500 - 200);
}

#[test]
fn clz_exists_from_karst_on() {
    for (fork, exists) in [("jovian", false), ("karst", true)] {
        let mut chain = TestChain::new(fork);
        let target = address!("0x00000000000000000000000000000000000c0de4");
        // PUSH1 1 CLZ PUSH0 SSTORE
        chain.set_code(target, vec![0x60, 0x01, 0x1e, 0x5f, 0x55]);
        let (_, output) = chain.build(vec![chain.sign(0, {
            let mut call = call(0, target, 100_000, Bytes::new());
            call.value = U256::ZERO;
            call
        })]);
        assert_eq!(output.receipts[1].status(), exists, "{fork}");
    }
}

#[test]
fn fees_go_to_the_vaults() {
    let mut chain = TestChain::new("jovian");
    chain.set_l1_block(1_000_000_000, 1_000_000, 0, 2, 5, 400);
    let (block, output) = chain.build(vec![chain.transfer(0, 0)]);
    let balance = |address| {
        output.bundle.account(&address).and_then(|account| Some(account.info.as_ref()?.balance))
    };
    let vault = |byte: u8| {
        let mut vault = address!("0x4200000000000000000000000000000000000000");
        vault.0[19] = byte;
        vault
    };
    let base_fee = U256::from(block.header().base_fee_per_gas.expect("a base fee"));
    assert_eq!(balance(vault(0x19)), Some(base_fee * U256::from(21_000)));
    // Least size 100 bytes: 16 * 1e9 * 1e6 * 100e6 / 1e12.
    assert_eq!(balance(vault(0x1a)), Some(U256::from(1_600_000_000_000u64)));
    // Jovian: gas * scalar * 100 + constant.
    assert_eq!(balance(vault(0x1b)), Some(U256::from(21_000 * 2 * 100 + 5)));
    assert_eq!(balance(vault(0x11)), Some(output.fees));
    assert_eq!(output.fees, U256::from(21_000u64 * 1_000_000_000));
}

#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the disk is gone")]
struct DiskGone;
impl revm::context_interface::DBErrorMarker for DiskGone {}

/// Fails at every read.
struct Broken;

impl DatabaseRef for Broken {
    type Error = DiskGone;
    fn basic_ref(&self, _: Address) -> Result<Option<AccountInfo>, DiskGone> {
        Err(DiskGone)
    }
    fn code_by_hash_ref(&self, _: B256) -> Result<revm::bytecode::Bytecode, DiskGone> {
        Err(DiskGone)
    }
    fn storage_ref(&self, _: Address, _: U256) -> Result<U256, DiskGone> {
        Err(DiskGone)
    }
    fn block_hash_ref(&self, _: u64) -> Result<B256, DiskGone> {
        Err(DiskGone)
    }
}

/// Fails at reads of one account.
struct BrokenAt<'a>(&'a TestChain, Address);

impl DatabaseRef for BrokenAt<'_> {
    type Error = DiskGone;
    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, DiskGone> {
        if address == self.1 {
            return Err(DiskGone);
        }
        Ok(self.0.db.basic_ref(address).unwrap_or_default())
    }
    fn code_by_hash_ref(&self, hash: B256) -> Result<revm::bytecode::Bytecode, DiskGone> {
        Ok(self.0.db.code_by_hash_ref(hash).unwrap_or_default())
    }
    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, DiskGone> {
        Ok(self.0.db.storage_ref(address, slot).unwrap_or_default())
    }
    fn block_hash_ref(&self, _: u64) -> Result<B256, DiskGone> {
        Ok(B256::ZERO)
    }
}

#[test]
fn a_database_fault_is_never_an_invalid_block() {
    let chain = TestChain::new("karst");
    let (block, _) = chain.build(vec![
        chain.transfer(0, 0),
        recovered(deposit(Address::repeat_byte(9), Address::repeat_byte(8), 50_000, Bytes::new())),
    ]);
    let fault = |result: Result<_, BlockError>| {
        assert!(matches!(result, Err(BlockError::Database(_))), "{result:?}");
    };
    fault(chain.config.execute(&block, &chain.head, Broken, None));
    for address in [
        alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS,
        alloy_eips::eip4788::BEACON_ROOTS_ADDRESS,
        common::L1_BLOCK,
        common::DEPOSITOR,
        chain.keys[0].address(),
        Address::repeat_byte(0xaa),
        Address::repeat_byte(9),
        Address::repeat_byte(8),
        block.header().beneficiary,
    ] {
        fault(chain.config.execute(&block, &chain.head, BrokenAt(&chain, address), None));
    }
}

#[test]
fn a_plain_account_has_the_empty_code_hash() {
    // What the fixture's states hold, so that the tests above mean what they say.
    let chain = TestChain::new("karst");
    let account = chain.db.basic_ref(chain.keys[0].address()).expect("in memory");
    assert_eq!(account.map(|account| account.code_hash), Some(KECCAK256_EMPTY));
}
