//! Every function of `IAttribution` through calldata: results, gas, refusals.

use crate::{IAttribution, Outcome, Precompiles, VerdictCache};
use alloy_primitives::{B256, U256};
use alloy_sol_types::{SolCall, SolError};
use assay_attribution::{LogBuilder, MAX_ITEMS, MalformedCode, leaf_hash};
use assay_chainspec::{AssayRules, PRECOMPILE_ADDRESSES};

fn run(data: &[u8], gas: u64) -> Outcome {
    Precompiles::new(&AssayRules::default(), VerdictCache::default())
        .unwrap()
        .call(&PRECOMPILE_ADDRESSES[1], data, U256::ZERO, gas)
        .unwrap()
}

/// The decoded return value, having checked that one gas less is not enough.
fn returns<C: SolCall>(call: &C) -> C::Return {
    let data = call.abi_encode();
    let Outcome::Success { gas, bytes } = run(&data, u64::MAX) else { panic!("reverted") };
    assert_eq!(run(&data, gas - 1), Outcome::OutOfGas);
    C::abi_decode_returns(&bytes).unwrap()
}

fn refuses(call: &impl SolCall, code: MalformedCode) {
    let expected = IAttribution::Malformed { code: code.code() }.abi_encode();
    match run(&call.abi_encode(), u64::MAX) {
        Outcome::Revert { bytes, .. } => assert_eq!(bytes, expected),
        other => panic!("{other:?}"),
    }
}

fn leaves(count: u64) -> Vec<B256> {
    (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
}

#[test]
fn log_functions_agree_with_the_builder() {
    let all = leaves(21);
    let (old, new) = (LogBuilder::new(all[..8].to_vec()), LogBuilder::new(all.clone()));
    assert_eq!(returns(&IAttribution::headCall { leafHashes: all.clone() }), new.head());

    let grown = returns(&IAttribution::appendCall {
        frontier: vec![old.root()],
        size: 8,
        leafHashes: all[8..].to_vec(),
    });
    assert_eq!((grown.newSize, grown.newHead), (21, new.head()));
    assert_eq!(grown.newFrontier.len(), 3);

    let indices = vec![0, 7, 8, 20];
    let inclusion = IAttribution::verifyInclusionCall {
        logHead: new.head(),
        size: 21,
        leafHashes: indices.iter().map(|index| all[*index as usize]).collect(),
        proof: new.inclusion_proof(&indices).unwrap(),
        indices,
    };
    assert!(returns(&inclusion));
    assert!(!returns(&IAttribution::verifyInclusionCall { logHead: old.head(), ..inclusion }));

    let consistency = IAttribution::verifyConsistencyCall {
        oldHead: old.head(),
        oldSize: 8,
        newHead: new.head(),
        newSize: 21,
        proof: new.consistency_proof(8).unwrap(),
    };
    assert!(returns(&consistency));
    assert!(!returns(&IAttribution::verifyConsistencyCall { oldHead: new.head(), ..consistency }));
}

#[test]
fn apportion_sums_to_the_pool() {
    let weights: Vec<U256> = (1..=10u64).map(U256::from).collect();
    let parts = returns(&IAttribution::apportionCall { pool: U256::from(1_000), weights });
    assert_eq!(parts.iter().sum::<U256>(), U256::from(1_000));
}

#[test]
fn malformed_input_reverts_with_its_code() {
    let zero = B256::ZERO;
    refuses(
        &IAttribution::appendCall { frontier: vec![], size: 1, leafHashes: vec![] },
        MalformedCode::FrontierLength,
    );
    refuses(
        &IAttribution::verifyInclusionCall {
            logHead: zero,
            size: 1,
            indices: vec![],
            leafHashes: vec![],
            proof: vec![],
        },
        MalformedCode::NoIndices,
    );
    refuses(
        &IAttribution::verifyConsistencyCall {
            oldHead: zero,
            oldSize: 2,
            newHead: zero,
            newSize: 1,
            proof: vec![],
        },
        MalformedCode::SizesReversed,
    );
    refuses(
        &IAttribution::apportionCall { pool: U256::ONE, weights: vec![U256::ZERO] },
        MalformedCode::NoWeight,
    );
    // An index that does not fit 64 bits is not a canonical uint64.
    let mut data = IAttribution::verifyInclusionCall {
        logHead: zero,
        size: 1,
        indices: vec![0],
        leafHashes: vec![zero],
        proof: vec![],
    }
    .abi_encode();
    data[4 + 6 * 32] = 1;
    let expected = IAttribution::Malformed { code: MalformedCode::Abi.code() }.abi_encode();
    assert!(matches!(run(&data, u64::MAX), Outcome::Revert { bytes, .. } if bytes == expected));
}

#[test]
fn lists_are_capped() {
    let call = IAttribution::headCall { leafHashes: vec![B256::ZERO; MAX_ITEMS + 1] };
    let expected =
        IAttribution::TooLarge { size: U256::from(MAX_ITEMS + 1), limit: U256::from(MAX_ITEMS) }
            .abi_encode();
    assert!(
        matches!(run(&call.abi_encode(), u64::MAX), Outcome::Revert { bytes, .. } if bytes == expected)
    );
}
