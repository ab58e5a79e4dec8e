//! Signed transactions.

use alloy_consensus::{SignableTransaction, Signed, TxEip1559};
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;

const GWEI: u128 = 1_000_000_000;

/// To whom, how much, with what calldata and how much gas.
pub(crate) type Call = (Address, U256, Bytes, u64);

/// A transaction that pays more than any base fee of these tests.
pub(crate) fn signed(
    signer: &PrivateKeySigner,
    chain_id: u64,
    nonce: u64,
    (to, value, input, gas_limit): Call,
) -> Signed<TxEip1559> {
    let transaction = TxEip1559 {
        chain_id,
        nonce,
        gas_limit,
        max_fee_per_gas: 100 * GWEI,
        max_priority_fee_per_gas: GWEI,
        to: TxKind::Call(to),
        value,
        input,
        ..TxEip1559::default()
    };
    let signature = signer.sign_hash_sync(&transaction.signature_hash()).unwrap();
    transaction.into_signed(signature)
}
