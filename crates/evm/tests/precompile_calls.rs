//! How contracts reach Assay's precompiles: by each of the EVM's calls, with and without value.
#![allow(unused_crate_dependencies, reason = "an integration test")]

mod common;

use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use assay_chainspec::{AssayConfig, PRECOMPILE_ADDRESSES};
use assay_evm::BlockError;
use assay_precompiles::contracts::IAttribution::headCall;
use common::{GENESIS_TIME, TestChain, call, deposit, genesis, recovered};
use revm::{DatabaseRef, state::AccountInfo};
use std::convert::Infallible;

const CALLER: Address = Address::repeat_byte(0xca);
const DELEGATED: Address = Address::repeat_byte(0xde);
const CALL: u8 = 0xf1;
const CALLCODE: u8 = 0xf2;
const DELEGATECALL: u8 = 0xf4;
const STATICCALL: u8 = 0xfa;

/// A contract that passes on its input, and its value where the call takes one, with `gas`. Slot 0
/// is then 1 if the call failed and 2 if not, slot 1 the hash of what it returned.
fn forwarder(opcode: u8, to: Address, gas: u32) -> Vec<u8> {
    // CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY PUSH0 PUSH0 CALLDATASIZE PUSH0
    let mut code = hex!("365f5f375f5f365f").to_vec();
    if [CALL, CALLCODE].contains(&opcode) {
        // CALLVALUE
        code.push(0x34);
    }
    // PUSH20 to PUSH4 gas
    code.push(0x73);
    code.extend(to);
    code.push(0x63);
    code.extend(gas.to_be_bytes());
    code.push(opcode);
    // PUSH1 1 ADD PUSH0 SSTORE
    code.extend(hex!("6001015f55"));
    // RETURNDATASIZE PUSH0 PUSH0 RETURNDATACOPY RETURNDATASIZE PUSH0 KECCAK256 PUSH1 1 SSTORE
    code.extend(hex!("3d5f5f3e3d5f20600155"));
    code
}

/// A chain with the precompiles from genesis on.
fn chain() -> TestChain {
    let config = AssayConfig { agate_time: Some(GENESIS_TIME), ..Default::default() };
    let mut json = genesis("karst", &[]);
    json["config"]["assay"] = serde_json::to_value(&config).expect("serializes");
    for (address, account) in config.genesis_accounts(GENESIS_TIME) {
        json["alloc"][address.to_string()] = serde_json::to_value(account).expect("serializes");
    }
    TestChain::from_json(&json)
}

/// Whether `to` answered, the hash of what it returned, and its balance after.
fn forwarded(opcode: u8, to: Address, gas: u32, value: u64, input: Bytes) -> (bool, B256, U256) {
    let mut chain = chain();
    // EIP-7702: an account that names a precompile as its code.
    chain.set_code(DELEGATED, [&hex!("ef0100")[..], PRECOMPILE_ADDRESSES[1].as_slice()].concat());
    chain.set_code(CALLER, forwarder(opcode, to, gas));
    let mut call = call(0, CALLER, 1_000_000, input);
    call.value = U256::from(value);
    let (block, output) = chain.build(vec![chain.sign(0, call)]);
    assert!(output.receipts[1].status());
    // Whoever executes the block finds the same.
    assert_eq!(chain.execute(&block).expect("valid").receipts, output.receipts);
    let account = output.bundle.account(&CALLER).expect("called");
    let slot = |slot: u64| account.storage_slot(U256::from(slot)).expect("written");
    let balance =
        output.bundle.account(&to).and_then(|account| Some(account.info.as_ref()?.balance));
    (slot(0) == U256::from(2), slot(1).into(), balance.unwrap_or_default())
}

#[test]
fn every_call_without_value_answers_and_every_value_reverts() {
    let leaves = vec![B256::ZERO; 3];
    let input = Bytes::from(headCall { leafHashes: leaves.clone() }.abi_encode());
    let answer = keccak256(assay_attribution::head(&leaves).abi_encode());
    let attribution = PRECOMPILE_ADDRESSES[1];
    for opcode in [CALL, CALLCODE, DELEGATECALL, STATICCALL] {
        let run = |value| forwarded(opcode, attribution, 100_000, value, input.clone());
        assert_eq!(run(0), (true, answer, U256::ZERO), "{opcode:#x}");
        // A static call has no value; a delegated one has its caller's, as in any contract.
        let with_value = if opcode == STATICCALL {
            (true, answer, U256::ZERO)
        } else {
            (false, keccak256([]), U256::ZERO)
        };
        assert_eq!(run(1), with_value, "{opcode:#x}");
    }
}

/// It runs the byte that stands at the precompile's address, which is no instruction.
#[test]
fn who_delegates_to_a_precompile_cannot_be_called() {
    let input = Bytes::from(headCall { leafHashes: vec![B256::ZERO; 3] }.abi_encode());
    for opcode in [CALL, CALLCODE, DELEGATECALL, STATICCALL] {
        let (answered, returned, _) = forwarded(opcode, DELEGATED, 100_000, 0, input.clone());
        assert_eq!((answered, returned), (false, keccak256([])), "{opcode:#x}");
    }
}

#[test]
fn too_little_gas_fails_without_an_answer() {
    let input = Bytes::from(headCall { leafHashes: vec![B256::ZERO; 3] }.abi_encode());
    // Dispatch and calldata, and a node for each leaf.
    let gas = assay_precompiles::gas::call(input.len()).expect("small");
    let gas = u32::try_from(gas + 3 * assay_precompiles::gas::LOG_NODE).expect("small");
    for opcode in [CALL, CALLCODE, DELEGATECALL, STATICCALL] {
        let run = |gas| forwarded(opcode, PRECOMPILE_ADDRESSES[1], gas, 0, input.clone());
        assert!(run(gas).0, "{opcode:#x}");
        assert_eq!(run(gas - 1), (false, keccak256([]), U256::ZERO), "{opcode:#x}");
    }
}

#[test]
fn what_may_carry_evidence() {
    let chain = chain();
    let may = |to: Address, bytes: usize| {
        let transaction = chain.sign(0, call(0, to, 100_000, vec![0; bytes].into()));
        chain.config.may_carry_evidence(GENESIS_TIME, transaction.inner())
    };
    let [attestation, attribution, signatures] = PRECOMPILE_ADDRESSES;
    assert!(may(attestation, 1) && may(CALLER, 512));
    assert!(!may(attestation, 0) && !may(CALLER, 511));
    // Nothing of theirs is remembered.
    assert!(!may(attribution, 10_000) && !may(signatures, 10_000));
    let deposit = recovered(deposit(CALLER, attestation, 100_000, vec![0; 512].into()));
    assert!(!chain.config.may_carry_evidence(GENESIS_TIME, deposit.inner()));
    let plain = TestChain::new("karst");
    let transaction = plain.sign(0, call(0, attestation, 100_000, vec![0; 512].into()));
    assert!(!plain.config.may_carry_evidence(GENESIS_TIME, transaction.inner()));
}

/// Panics at every read.
struct Mad;

impl DatabaseRef for Mad {
    type Error = Infallible;
    fn basic_ref(&self, _: Address) -> Result<Option<AccountInfo>, Infallible> {
        panic!("mad")
    }
    fn code_by_hash_ref(&self, _: B256) -> Result<revm::bytecode::Bytecode, Infallible> {
        panic!("mad")
    }
    fn storage_ref(&self, _: Address, _: U256) -> Result<U256, Infallible> {
        panic!("mad")
    }
    fn block_hash_ref(&self, _: u64) -> Result<B256, Infallible> {
        panic!("mad")
    }
}

/// On rayon's threads it would end the process.
#[test]
fn a_speculative_run_that_panics_is_a_fault_and_no_more() {
    let chain = chain();
    let transaction = chain.transfer(0, 0);
    let sender = transaction.signer();
    let run = chain.config.speculate(&chain.head, Mad, transaction.inner(), sender);
    assert!(matches!(run, Err(BlockError::Internal(_))), "{run:?}");
}
