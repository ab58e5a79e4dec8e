//! Payloads to blocks and back, and senders.
#![allow(unused_crate_dependencies, reason = "an integration test")]

mod common;

use alloy_consensus::Sealable;
use alloy_eips::{Encodable2718, eip4895::Withdrawal};
use alloy_primitives::{Address, B256, Bytes, U256};
use assay_evm::{
    InvalidBlock, PayloadError, RecoveredBlock, decode_payload, decode_transactions, recover_block,
    recover_senders,
};
use common::TestChain;
use op_alloy_consensus::{OpTxEnvelope, TxPostExec};
use op_alloy_rpc_types_engine::{OpExecutionPayload, OpExecutionPayloadSidecar, OpPayloadError};
use proptest::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

fn payload(block: &RecoveredBlock) -> (OpExecutionPayload, OpExecutionPayloadSidecar) {
    OpExecutionPayload::from_block_unchecked(block.hash(), &block.clone_block())
}

#[test]
fn every_version_round_trips() {
    for (fork, version) in [("regolith", 1), ("canyon", 2), ("ecotone", 3), ("karst", 4)] {
        let chain = TestChain::new(fork);
        let transactions = (0..100).map(|nonce| chain.transfer(0, nonce)).collect();
        let (block, _) = chain.build(transactions);
        let (payload, sidecar) = payload(&block);
        let found = match &payload {
            OpExecutionPayload::V1(_) => 1,
            OpExecutionPayload::V2(_) => 2,
            OpExecutionPayload::V3(_) => 3,
            OpExecutionPayload::V4(_) => 4,
        };
        assert_eq!(found, version);
        let decoded = decode_payload(payload, &sidecar).expect("valid");
        assert_eq!(decoded.hash(), block.hash());
        let recovered = recover_block(decoded, &()).expect("valid signatures");
        assert_eq!(recovered, block);
    }
}

#[test]
fn a_wrong_hash_is_told() {
    let chain = TestChain::new("karst");
    let (block, _) = chain.build(vec![]);
    let (mut wrong, sidecar) = payload(&block);
    wrong.as_v1_mut().block_hash = B256::ZERO;
    assert!(matches!(
        decode_payload(wrong, &sidecar),
        Err(PayloadError::BlockHash { stated: B256::ZERO, computed }) if computed == block.hash()
    ));
    let (mut wrong, sidecar) = payload(&block);
    wrong.as_v1_mut().gas_used += 1;
    assert!(matches!(decode_payload(wrong, &sidecar), Err(PayloadError::BlockHash { .. })));
    // What newPayload gives beside the payload is hashed as well.
    let (good, _) = payload(&block);
    let sidecar = OpExecutionPayloadSidecar::default();
    assert!(matches!(decode_payload(good, &sidecar), Err(PayloadError::BlockHash { .. })));
}

#[test]
fn foreign_fields_are_refused() {
    let chain = TestChain::new("karst");
    let (block, _) = chain.build(vec![]);
    let (mut wrong, sidecar) = payload(&block);
    wrong.as_v2_mut().expect("V4").withdrawals.push(Withdrawal::default());
    assert!(matches!(
        decode_payload(wrong, &sidecar),
        Err(PayloadError::Fields(OpPayloadError::NonEmptyL1Withdrawals))
    ));
    let (mut wrong, sidecar) = payload(&block);
    wrong.as_v1_mut().base_fee_per_gas = U256::MAX;
    assert!(matches!(decode_payload(wrong, &sidecar), Err(PayloadError::Fields(_))));
}

#[test]
fn type_0x7d_and_blobs_are_refused() {
    let chain = TestChain::new("karst");
    let (block, _) = chain.build(vec![]);
    let post_exec = OpTxEnvelope::PostExec(TxPostExec::default().seal_slow()).encoded_2718();
    let good = block.body().transactions[0].encoded_2718();
    let decode = |second: Vec<u8>| decode_transactions(&[good.clone().into(), second.into()]);
    assert!(matches!(
        decode(post_exec.clone()),
        Err(PayloadError::TransactionType { index: 1, ty: 0x7d })
    ));
    assert!(matches!(decode(vec![0x03, 0xc0]), Err(PayloadError::Transaction { index: 1, .. })));
    assert!(matches!(decode(vec![]), Err(PayloadError::Transaction { index: 1, .. })));
    let mut trailing = good.clone();
    trailing.push(0);
    assert!(matches!(decode(trailing), Err(PayloadError::Transaction { index: 1, .. })));
    let (mut wrong, sidecar) = payload(&block);
    wrong.as_v1_mut().transactions.push(post_exec.into());
    // The hash is checked first: restate it.
    let Err(PayloadError::BlockHash { computed, .. }) = decode_payload(wrong.clone(), &sidecar)
    else {
        panic!("the payload has another hash now");
    };
    wrong.as_v1_mut().block_hash = computed;
    assert!(matches!(
        decode_payload(wrong, &sidecar),
        Err(PayloadError::TransactionType { index: 1, ty: 0x7d })
    ));
}

#[test]
fn known_senders_are_not_recovered() {
    let chain = TestChain::new("karst");
    let transactions: Vec<_> = (0..10).map(|nonce| chain.transfer(0, nonce).into_inner()).collect();
    let asked = AtomicUsize::new(0);
    let claimed = Address::repeat_byte(0x5e);
    let known = |hash: &B256| {
        asked.fetch_add(1, Ordering::Relaxed);
        (hash == transactions[3].hash()).then_some(claimed)
    };
    let senders = recover_senders(&transactions, &known).expect("valid signatures");
    assert_eq!(asked.load(Ordering::Relaxed), 10);
    let own = chain.keys[0].address();
    for (index, sender) in senders.into_iter().enumerate() {
        assert_eq!(sender, if index == 3 { claimed } else { own });
    }
}

#[test]
fn a_signature_without_a_sender_names_its_transaction() {
    let chain = TestChain::new("karst");
    let mut transactions: Vec<_> =
        (0..10).map(|nonce| chain.transfer(0, nonce).into_inner()).collect();
    let OpTxEnvelope::Eip1559(signed) = &transactions[4] else { panic!("EIP-1559") };
    let (transaction, signature, _) = signed.clone().into_parts();
    let bad = alloy_primitives::Signature::new(U256::ZERO, signature.s(), signature.v());
    transactions[4] = alloy_consensus::Signed::new_unhashed(transaction, bad).into();
    assert_eq!(recover_senders(&transactions, &()), Err(InvalidBlock::Signature { index: 4 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Decoding outside bytes ends in a transaction that encodes to the same bytes, or an error.
    #[test]
    fn transactions_decode_exactly_or_not_at_all(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ty in prop::sample::select(vec![0u8, 1, 2, 3, 4, 0x7d, 0x7e, 0xc0, 0xf8]),
    ) {
        let mut bytes = bytes;
        bytes.insert(0, ty);
        if let Ok(decoded) = decode_transactions(&[bytes.clone().into()]) {
            prop_assert_eq!(decoded[0].encoded_2718(), bytes);
        }
    }

    /// A byte flipped anywhere in a transaction of a payload changes the hash or fails to decode.
    #[test]
    fn a_flipped_byte_is_noticed(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let chain = TestChain::new("karst");
        let (block, _) = chain.build(vec![chain.transfer(0, 0)]);
        let (mut wrong, sidecar) = payload(&block);
        let mut bytes = wrong.transactions()[1].to_vec();
        let index = at.index(bytes.len());
        bytes[index] ^= 1 << bit;
        wrong.as_v1_mut().transactions[1] = Bytes::from(bytes);
        prop_assert!(decode_payload(wrong, &sidecar).is_err());
    }
}
