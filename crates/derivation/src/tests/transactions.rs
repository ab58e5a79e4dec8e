//! Transactions of every kind that batches hold. Signatures are not valid: nothing here asks.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxLegacy};
use alloy_eips::{
    eip2718::Encodable2718,
    eip2930::{AccessList, AccessListItem},
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use op_alloy_consensus::OpTxEnvelope;
use proptest::prelude::{Strategy, any};

fn signature(seed: u64) -> Signature {
    Signature::new(U256::from(seed | 1), U256::MAX >> 7, seed & 1 == 1)
}

fn to(seed: u64) -> TxKind {
    if seed.is_multiple_of(5) {
        TxKind::Create
    } else {
        TxKind::Call(Address::left_padding_from(&seed.to_be_bytes()))
    }
}

fn access_list(seed: u64) -> AccessList {
    AccessList(
        (0..seed % 3)
            .map(|index| AccessListItem {
                address: Address::left_padding_from(&seed.to_be_bytes()),
                storage_keys: vec![B256::from(U256::from(seed)); index as usize],
            })
            .collect(),
    )
}

pub(crate) fn legacy(chain_id: Option<u64>, seed: u64) -> Bytes {
    let transaction = TxLegacy {
        chain_id,
        nonce: seed,
        gas_price: u128::from(seed) << 40,
        gas_limit: seed % 1_000_000,
        to: to(seed),
        value: U256::from(seed),
        input: vec![seed as u8; (seed % 90) as usize].into(),
    };
    OpTxEnvelope::from(transaction.into_signed(signature(seed))).encoded_2718().into()
}

pub(crate) fn access(chain_id: u64, seed: u64) -> Bytes {
    let transaction = TxEip2930 {
        chain_id,
        nonce: seed,
        gas_price: u128::from(seed),
        gas_limit: seed % 1_000_000,
        to: to(seed),
        value: U256::from(seed),
        access_list: access_list(seed),
        input: Bytes::new(),
    };
    OpTxEnvelope::from(transaction.into_signed(signature(seed))).encoded_2718().into()
}

pub(crate) fn dynamic_fee(chain_id: u64, seed: u64) -> Bytes {
    let transaction = TxEip1559 {
        chain_id,
        nonce: seed,
        gas_limit: seed % 1_000_000,
        max_fee_per_gas: u128::from(seed) * 7,
        max_priority_fee_per_gas: u128::from(seed % 9),
        to: to(seed),
        value: U256::from(seed),
        access_list: access_list(seed),
        input: vec![seed as u8; (seed % 70) as usize].into(),
    };
    OpTxEnvelope::from(transaction.into_signed(signature(seed))).encoded_2718().into()
}

pub(crate) fn set_code(chain_id: u64, seed: u64) -> Bytes {
    let authorization = Authorization {
        chain_id: U256::from(chain_id),
        address: Address::repeat_byte(seed as u8),
        nonce: seed,
    };
    let transaction = TxEip7702 {
        chain_id,
        nonce: seed,
        gas_limit: seed % 1_000_000,
        max_fee_per_gas: u128::from(seed) * 7,
        max_priority_fee_per_gas: u128::from(seed % 9),
        to: Address::left_padding_from(&seed.to_be_bytes()),
        value: U256::from(seed),
        access_list: access_list(seed),
        authorization_list: vec![
            SignedAuthorization::new_unchecked(
                authorization,
                1,
                U256::from(3),
                U256::from(4)
            );
            (seed % 3) as usize
        ],
        input: vec![seed as u8; (seed % 60) as usize].into(),
    };
    OpTxEnvelope::from(transaction.into_signed(signature(seed))).encoded_2718().into()
}

/// Any kind that a span batch can hold.
pub(crate) fn any_kind(chain_id: u64) -> impl Strategy<Value = Bytes> {
    (0..5, any::<u32>()).prop_map(move |(kind, seed)| {
        let seed = u64::from(seed);
        match kind {
            0 => legacy(None, seed),
            1 => legacy(Some(chain_id), seed),
            2 => access(chain_id, seed),
            3 => dynamic_fee(chain_id, seed),
            _ => set_code(chain_id, seed),
        }
    })
}
