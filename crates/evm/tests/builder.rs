//! Building blocks: limits, what is skipped, what fails the job, attributes.
#![allow(unused_crate_dependencies, reason = "an integration test")]

mod common;

use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B64, Bytes, keccak256};
use alloy_rpc_types_engine::PayloadAttributes;
use assay_evm::{
    AttributesError, BlockBuilder, BlockError, DaLimits, InvalidBlock, InvalidTx, Limit,
    NextBlockAttributes, TxError, da_size, validate_body, validate_header,
};
use common::{ROOTS, TestChain, call, deposit, l1_attributes, recovered};
use op_alloy_rpc_types_engine::OpPayloadAttributes;
use revm::database::InMemoryDB;
use std::convert::Infallible;

fn begin(chain: &TestChain, limits: DaLimits, gas_limit: u64) -> BlockBuilder<&InMemoryDB> {
    let mut attributes = chain.attributes(2);
    attributes.gas_limit = gas_limit;
    let mut builder = chain
        .config
        .block_builder(chain.head.clone(), attributes, limits, &chain.db, None)
        .expect("attributes are valid");
    builder.push_forced(l1_attributes(1)).expect("a deposit");
    builder
}

#[test]
fn what_does_not_fit_leaves_the_block_as_it_was() {
    let chain = TestChain::new("karst");
    let mut builder = begin(&chain, DaLimits::default(), 100_000);
    let left = builder.gas_left();
    let big = chain.sign(0, call(0, Address::repeat_byte(0xaa), left + 1, Bytes::new()));
    assert!(matches!(
        builder.push_transaction(big),
        Err(TxError::DoesNotFit(Limit::Gas { limit, available })) if (limit, available) == (left + 1, left)
    ));
    assert_eq!((builder.len(), builder.gas_left()), (1, left));
    assert_eq!(builder.push_transaction(chain.transfer(0, 0)).expect("fits"), 21_000);
    assert_eq!((builder.len(), builder.gas_left()), (2, left - 21_000));
    let (block, output) = builder.finish(|_| Ok::<_, Infallible>(ROOTS)).expect("a block");
    assert_eq!(block.header().gas_used, output.gas_used);
    let head = &chain.head;
    assert_eq!(validate_header(chain.spec(), block.header(), head, head.hash()), Ok(()));
    assert_eq!(validate_body(chain.spec(), &block.clone_block(), head, false), Ok(()));
}

#[test]
fn invalid_pool_transactions_are_skipped_and_forced_ones_fail_the_job() {
    let chain = TestChain::new("karst");
    let mut builder = begin(&chain, DaLimits::default(), 60_000_000);
    let skipped = builder.push_transaction(chain.transfer(0, 1));
    assert!(matches!(skipped, Err(TxError::Invalid(InvalidTx::Evm(_)))), "{skipped:?}");
    let deposit = recovered(deposit(Address::ZERO, Address::ZERO, 21_000, Bytes::new()));
    assert!(matches!(
        builder.push_transaction(deposit),
        Err(TxError::Invalid(InvalidTx::Deposit { from: Address::ZERO }))
    ));
    let gas = assay_evm::KARST_TX_GAS_CAP + 1;
    let above = chain.sign(0, call(0, Address::repeat_byte(0xaa), gas, Bytes::new()));
    assert!(matches!(
        builder.push_transaction(above),
        Err(TxError::Invalid(InvalidTx::GasCap { .. }))
    ));
    assert!(matches!(
        builder.push_forced(chain.transfer(0, 1)),
        Err(BlockError::Invalid(InvalidBlock::Transaction { index: 1, .. }))
    ));
    assert!(builder.push_transaction(chain.transfer(0, 0)).is_ok());
}

#[test]
fn the_operators_da_limits_hold_for_pool_transactions() {
    let chain = TestChain::new("isthmus");
    let noise = |seed: u32| -> Bytes {
        (0..20u32)
            .flat_map(|index| keccak256([seed.to_be_bytes(), index.to_be_bytes()].concat()).0)
            .collect::<Vec<_>>()
            .into()
    };
    let make = |nonce: u64| {
        chain.sign(0, call(nonce, Address::repeat_byte(0xaa), 100_000, noise(nonce as u32)))
    };
    let size = da_size(&make(0).encoded_2718());
    let limits = |transaction, block| DaLimits { transaction, block };
    let mut builder = begin(&chain, limits(Some(size - 1), None), 60_000_000);
    assert!(matches!(
        builder.push_transaction(make(0)),
        Err(TxError::DoesNotFit(Limit::TransactionDaSize { .. }))
    ));
    let mut builder = begin(&chain, limits(None, Some(size * 5 / 2)), 60_000_000);
    assert!(builder.push_transaction(make(0)).is_ok());
    assert!(builder.push_transaction(make(1)).is_ok());
    assert!(matches!(
        builder.push_transaction(make(2)),
        Err(TxError::DoesNotFit(Limit::BlockDaSize { .. }))
    ));
    // A small one still fits; the attributes' own are never refused.
    assert!(builder.push_transaction(chain.transfer(1, 0)).is_ok());
    assert!(builder.push_forced(make(2)).is_ok());
}

#[test]
fn the_da_footprint_bounds_the_block_from_jovian_on() {
    let mut chain = TestChain::new("jovian");
    chain.set_l1_block(1, 1, 1, 0, 0, 400);
    // 100 bytes each at least: 40,000 of footprint.
    let mut builder = begin(&chain, DaLimits::default(), 100_000);
    assert!(builder.push_transaction(chain.transfer(0, 0)).is_ok());
    assert!(builder.push_transaction(chain.transfer(0, 1)).is_ok());
    assert!(matches!(
        builder.push_transaction(chain.transfer(0, 2)),
        Err(TxError::DoesNotFit(Limit::DaFootprint { footprint: 40_000, available: 20_000 }))
    ));
    let (block, _) = builder.finish(|_| Ok::<_, Infallible>(ROOTS)).expect("a block");
    assert_eq!(block.header().blob_gas_used, Some(80_000));
}

#[test]
fn roots_that_cannot_be_computed_are_no_block() {
    let chain = TestChain::new("karst");
    let builder = begin(&chain, DaLimits::default(), 60_000_000);
    let failed = builder.finish(|_| Err(std::io::Error::other("the disk is gone")));
    assert!(matches!(failed, Err(BlockError::Database(_))));
    let builder = begin(&chain, DaLimits::default(), 60_000_000);
    let roots = assay_evm::Roots { message_passer_root: None, ..ROOTS };
    let failed = builder.finish(|_| Ok::<_, Infallible>(roots));
    assert!(matches!(failed, Err(BlockError::Internal(_))));
}

#[test]
fn attributes_are_checked_against_their_fork() {
    let good = |fork: &str| {
        let at = |since: &str| {
            let position = |name| common::FORKS.iter().position(|fork| *fork == name);
            position(fork) >= position(since)
        };
        OpPayloadAttributes {
            payload_attributes: PayloadAttributes {
                timestamp: common::GENESIS_TIME + 2,
                prev_randao: Default::default(),
                suggested_fee_recipient: Address::ZERO,
                withdrawals: at("canyon").then(Vec::new),
                parent_beacon_block_root: at("ecotone").then(Default::default),
                slot_number: None,
                target_gas_limit: None,
            },
            transactions: None,
            no_tx_pool: None,
            gas_limit: Some(30_000_000),
            eip_1559_params: at("holocene").then_some(B64::ZERO),
            min_base_fee: at("jovian").then_some(7),
        }
    };
    for fork in ["regolith", "canyon", "ecotone", "holocene", "jovian", "karst"] {
        let chain = TestChain::new(fork);
        let check = |attributes: &OpPayloadAttributes| {
            NextBlockAttributes::from_payload(chain.spec(), &chain.head, attributes)
        };
        let attributes = good(fork);
        assert!(check(&attributes).is_ok(), "{fork}");

        let flipped = |field: &'static str, present: bool| {
            Err(if present {
                AttributesError::Missing { field }
            } else {
                AttributesError::TooEarly { field }
            })
        };
        let mut wrong = attributes.clone();
        let present = wrong.payload_attributes.withdrawals.is_some();
        wrong.payload_attributes.withdrawals = (!present).then(Vec::new);
        assert_eq!(check(&wrong), flipped("withdrawals", present));
        let mut wrong = attributes.clone();
        let present = wrong.payload_attributes.parent_beacon_block_root.is_some();
        wrong.payload_attributes.parent_beacon_block_root = (!present).then(Default::default);
        assert_eq!(check(&wrong), flipped("parentBeaconBlockRoot", present));
        let mut wrong = attributes.clone();
        let present = wrong.eip_1559_params.is_some();
        wrong.eip_1559_params = (!present).then_some(B64::ZERO);
        assert_eq!(check(&wrong), flipped("eip1559Params", present));
        let mut wrong = attributes.clone();
        let present = wrong.min_base_fee.is_some();
        wrong.min_base_fee = (!present).then_some(1);
        assert_eq!(check(&wrong), flipped("minBaseFee", present));
        let mut wrong = attributes.clone();
        wrong.gas_limit = None;
        assert_eq!(check(&wrong), flipped("gasLimit", true));
        let mut wrong = attributes.clone();
        wrong.payload_attributes.timestamp = common::GENESIS_TIME;
        assert!(matches!(check(&wrong), Err(AttributesError::Timestamp { .. })));
        let mut wrong = attributes;
        if wrong.eip_1559_params.is_some() {
            wrong.eip_1559_params = Some(B64::new([0, 0, 0, 1, 0, 0, 0, 0]));
            assert!(matches!(check(&wrong), Err(AttributesError::Eip1559(_))));
        }
    }
}
