//! Every check on admission, broken alone.

use super::*;
use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxLegacy};
use alloy_eips::{
    eip2930::{AccessList, AccessListItem},
    eip7702::Authorization,
};
use alloy_primitives::{B256, Signature, TxKind};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use op_alloy_consensus::{OpTxEnvelope, TxDeposit};

const CHAIN: u64 = 42;

fn rules() -> Rules {
    let l1 = L1BlockInfo {
        l1_base_fee: U256::from(1_000_000_000u64),
        l1_base_fee_scalar: U256::from(1_000_000),
        l1_blob_base_fee: Some(U256::ZERO),
        l1_blob_base_fee_scalar: Some(U256::ZERO),
        operator_fee_scalar: Some(U256::from(2)),
        operator_fee_constant: Some(U256::from(5)),
        ..Default::default()
    };
    Rules {
        chain_id: CHAIN,
        spec: OpSpecId::KARST,
        gas_limit: 30_000_000,
        gas_cap: Some(16_777_216),
        l1,
    }
}

fn base() -> TxEip1559 {
    TxEip1559 {
        chain_id: CHAIN,
        nonce: 5,
        gas_limit: 21_000,
        max_fee_per_gas: 1_000,
        max_priority_fee_per_gas: 10,
        to: TxKind::Call(Address::repeat_byte(1)),
        value: U256::from(7),
        ..Default::default()
    }
}

fn signed(transaction: TxEip1559) -> Transaction {
    transaction.into_signed(Signature::test_signature()).into()
}

fn check(transaction: &Transaction, rules: &Rules) -> Result<(), PoolError> {
    stateless(transaction, encode(transaction).len(), rules, &PoolConfig::default())
}

fn refusal(result: Result<impl std::fmt::Debug, PoolError>) -> InvalidTransaction {
    match result {
        Err(PoolError::Invalid(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

fn changed(change: impl FnOnce(&mut TxEip1559)) -> InvalidTransaction {
    let mut transaction = base();
    change(&mut transaction);
    refusal(check(&signed(transaction), &rules()))
}

#[test]
fn a_good_transaction_passes() {
    assert!(check(&signed(base()), &rules()).is_ok());
    // Before EIP-155 there was no chain id in the signature.
    let legacy = TxLegacy { gas_limit: 21_000, gas_price: 1, ..Default::default() };
    let legacy = legacy.into_signed(Signature::test_signature()).into();
    assert!(
        matches!(
            check(&legacy, &rules()),
            Err(PoolError::Invalid(InvalidTransaction::IntrinsicGas { .. }))
        ),
        "a creation"
    );
}

#[test]
fn types_that_users_do_not_send() {
    let deposit: Transaction = TxDeposit::default().into();
    assert_eq!(refusal(check(&deposit, &rules())), InvalidTransaction::Type(0x7e));
    let post_exec = OpTxEnvelope::PostExec(alloy_consensus::Sealed::new_unchecked(
        op_alloy_consensus::TxPostExec::default(),
        B256::ZERO,
    ));
    assert_eq!(refusal(check(&post_exec, &rules())), InvalidTransaction::Type(0x7d));
    // EIP-7702 comes with Isthmus.
    let rules = Rules { spec: OpSpecId::HOLOCENE, ..rules() };
    assert_eq!(refusal(check(&delegating(1), &rules)), InvalidTransaction::Type(4));
}

fn delegating(count: usize) -> Transaction {
    let authorization =
        Authorization { chain_id: U256::from(CHAIN), address: Address::ZERO, nonce: 0 };
    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(9)).expect("a key");
    let signature = key.sign_hash_sync(&authorization.signature_hash()).expect("a signature");
    let transaction = TxEip7702 {
        chain_id: CHAIN,
        gas_limit: 200_000,
        authorization_list: vec![authorization.into_signed(signature); count],
        ..Default::default()
    };
    transaction.into_signed(Signature::test_signature()).into()
}

#[test]
fn delegations_need_authorizations_and_name_their_authorities() {
    assert!(check(&delegating(2), &rules()).is_ok());
    assert_eq!(refusal(check(&delegating(0), &rules())), InvalidTransaction::NoAuthorizations);
    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(9)).expect("a key");
    assert_eq!(*authorities(&delegating(1), CHAIN), [key.address()]);
    assert!(authorities(&delegating(1), CHAIN + 1).is_empty(), "another chain's is skipped");
}

#[test]
fn chain_ids_must_match() {
    assert_eq!(changed(|transaction| transaction.chain_id = 1), InvalidTransaction::ChainId);
}

#[test]
fn sizes_are_bounded() {
    let limit = PoolConfig::default().max_transaction_bytes;
    let refused = changed(|transaction| transaction.input = vec![0; limit].into());
    assert!(
        matches!(refused, InvalidTransaction::Oversized { limit: found, .. } if found == limit)
    );
    let refused = changed(|transaction| {
        transaction.to = TxKind::Create;
        transaction.input = vec![0; MAX_INITCODE_SIZE + 1].into();
        transaction.gas_limit = 10_000_000;
    });
    let size = MAX_INITCODE_SIZE + 1;
    assert_eq!(refused, InvalidTransaction::InitCode { size, limit: MAX_INITCODE_SIZE });
}

#[test]
fn gas_is_bounded_from_both_sides() {
    let maximum = 30_000_000;
    assert_eq!(
        changed(|transaction| transaction.gas_limit = maximum + 1),
        InvalidTransaction::BlockGas { limit: maximum + 1, maximum }
    );
    let cap = 16_777_216;
    assert_eq!(
        changed(|transaction| transaction.gas_limit = cap + 1),
        InvalidTransaction::GasCap { limit: cap + 1, cap }
    );
    assert_eq!(
        changed(|transaction| transaction.gas_limit = 20_999),
        InvalidTransaction::IntrinsicGas { limit: 20_999, needed: 21_000 }
    );
    // EIP-7623: a hundred non-zero bytes are 400 tokens, at least 10 gas each.
    assert_eq!(
        changed(|transaction| {
            transaction.input = vec![1; 100].into();
            transaction.gas_limit = 24_999;
        }),
        InvalidTransaction::IntrinsicGas { limit: 24_999, needed: 25_000 }
    );
    let list = AccessList(vec![AccessListItem {
        address: Address::ZERO,
        storage_keys: vec![B256::ZERO; 2],
    }]);
    let transaction = TxEip2930 {
        chain_id: CHAIN,
        gas_limit: 27_199,
        to: TxKind::Call(Address::ZERO),
        access_list: list,
        ..Default::default()
    };
    let transaction = transaction.into_signed(Signature::test_signature()).into();
    assert_eq!(
        refusal(check(&transaction, &rules())),
        InvalidTransaction::IntrinsicGas { limit: 27_199, needed: 21_000 + 2_400 + 2 * 1_900 }
    );
}

#[test]
fn fees_and_nonces_must_make_sense() {
    assert_eq!(
        changed(|transaction| transaction.max_priority_fee_per_gas = 1_001),
        InvalidTransaction::TipAboveFeeCap
    );
    assert_eq!(changed(|transaction| transaction.nonce = u64::MAX), InvalidTransaction::NonceMax);
    let config = PoolConfig { min_priority_fee: 11, ..Default::default() };
    let transaction = signed(base());
    let result = stateless(&transaction, 100, &rules(), &config);
    assert!(matches!(result, Err(PoolError::Underpriced)));
}

fn against(sender: Sender) -> Result<Admitted, PoolError> {
    let transaction = Recovered::new_unchecked(signed(base()), Address::repeat_byte(2));
    let encoded = encode(&transaction);
    stateful(transaction, encoded, sender, &rules())
}

fn holding(nonce: u64, balance: U256) -> Sender {
    Sender { state: AccountState { nonce, balance, delegated: false }, contract: false }
}

#[test]
fn the_account_must_have_the_nonce_the_funds_and_no_code() {
    // 21,000 gas at 1,000 wei, 7 wei, the operator's 21,000 * 2 * 100 + 5, and the L1 fee of the
    // least size: 100 bytes of 16 gas at 1e9 * 1e6 / 1e6 wei.
    let cost = U256::from(21_000_000 + 7 + 4_200_005u64) + U256::from(1_600u64 * 1_000_000_000);
    let admitted = against(holding(5, cost)).expect("exactly enough");
    assert_eq!(admitted.cost, cost);
    assert!(against(holding(0, cost)).is_ok(), "a gap is no error");
    assert_eq!(
        refusal(against(holding(6, cost))),
        InvalidTransaction::NonceTooLow { tx: 5, state: 6 }
    );
    let balance = cost - U256::from(1);
    assert_eq!(refusal(against(holding(5, balance))), InvalidTransaction::Funds { balance, cost });
    let contract = Sender { contract: true, ..holding(5, cost) };
    assert_eq!(refusal(against(contract)), InvalidTransaction::SenderNotEoa);
}

#[test]
fn texts_are_those_that_scripts_know() {
    let texts = [
        (PoolError::AlreadyKnown.to_string(), "already known"),
        (PoolError::ReplacementUnderpriced.to_string(), "replacement transaction underpriced"),
        (PoolError::Full.to_string(), "txpool is full"),
        (
            InvalidTransaction::NonceTooLow { tx: 1, state: 2 }.to_string(),
            "nonce too low: next nonce 2, tx nonce 1",
        ),
        (
            InvalidTransaction::Funds { balance: U256::from(1), cost: U256::from(2) }.to_string(),
            "insufficient funds for gas * price + value: have 1 want 2",
        ),
        (
            InvalidTransaction::BlockGas { limit: 2, maximum: 1 }.to_string(),
            "exceeds block gas limit",
        ),
        (
            InvalidTransaction::IntrinsicGas { limit: 2, needed: 3 }.to_string(),
            "intrinsic gas too low",
        ),
    ];
    for (text, expected) in texts {
        assert_eq!(text, expected);
    }
}
