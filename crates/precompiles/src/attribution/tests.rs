//! Every function of `IAttribution` through calldata: results, gas, refusals.

use crate::{Outcome, Precompiles, VerdictCache, contracts::IAttribution};
use alloy_primitives::{B256, Bytes, I256, U256};
use alloy_sol_types::{SolCall, SolError};
use assay_attribution::{
    LogBuilder, MAX_BYTES, MAX_ITEMS, MAX_OUTPUT_BYTES, MalformedCode, leaf_hash,
};
use assay_chainspec::{AssayRules, PRECOMPILE_ADDRESSES};
use proptest::prelude::*;

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

fn too_large(call: &impl SolCall, size: usize, limit: usize) {
    let expected =
        IAttribution::TooLarge { size: U256::from(size), limit: U256::from(limit) }.abi_encode();
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
    too_large(
        &IAttribution::headCall { leafHashes: vec![B256::ZERO; MAX_ITEMS + 1] },
        MAX_ITEMS + 1,
        MAX_ITEMS,
    );
    let spans = IAttribution::spanWeightsCall {
        output: vec![0; MAX_OUTPUT_BYTES + 4].into(),
        chunks: vec![],
        spans: vec![],
        minLength: 1,
    };
    too_large(&spans, MAX_OUTPUT_BYTES + 4, MAX_OUTPUT_BYTES);
    let influence = IAttribution::influenceCall {
        output: Bytes::new(),
        sketches: vec![0; MAX_BYTES + 1].into(),
        dimension: 0,
    };
    too_large(&influence, MAX_BYTES + 1, MAX_BYTES);
    let shapley = IAttribution::knnShapleyCall {
        k: 0,
        query: Bytes::new(),
        queryLabel: 0,
        points: vec![0; MAX_ITEMS + 1].into(),
        labels: Bytes::new(),
        dimension: 1,
    };
    too_large(&shapley, MAX_ITEMS + 1, MAX_ITEMS);
}

fn tokens(tokens: &[u32]) -> Bytes {
    tokens.iter().flat_map(|token| token.to_be_bytes()).collect()
}

fn spans_call() -> IAttribution::spanWeightsCall {
    let span = |chunk, output_start, chunk_start, length| IAttribution::Span {
        chunk,
        outputStart: output_start,
        chunkStart: chunk_start,
        length,
    };
    IAttribution::spanWeightsCall {
        output: tokens(&[1, 2, 3, 4, 5, 6]),
        chunks: vec![tokens(&[9, 1, 2, 3]), Bytes::new(), tokens(&[2, 3, 4, 5])],
        spans: vec![span(0, 0, 1, 3), span(2, 1, 0, 4)],
        minLength: 3,
    }
}

#[test]
fn spans_weigh_their_chunks() {
    let call = spans_call();
    let result = returns(&call);
    assert_eq!(result.weights, [1u64, 0, 4].map(U256::from));
    let hashes: Vec<B256> = call.chunks.iter().map(|chunk| leaf_hash(chunk)).collect();
    assert_eq!(result.leafHashes, hashes);

    refuses(
        &IAttribution::spanWeightsCall { minLength: 0, ..call.clone() },
        MalformedCode::MinLength,
    );
    refuses(
        &IAttribution::spanWeightsCall { minLength: 4, ..call.clone() },
        MalformedCode::SpanLength,
    );
    refuses(
        &IAttribution::spanWeightsCall { output: tokens(&[1, 2, 3, 4, 7, 6]), ..call.clone() },
        MalformedCode::SpanMismatch,
    );
    // A member that does not fit its uint32.
    let mut data = call.abi_encode();
    let last_length = data.len() - 32;
    data[last_length + 27] = 1;
    let expected = IAttribution::Malformed { code: MalformedCode::Abi.code() }.abi_encode();
    assert!(matches!(run(&data, u64::MAX), Outcome::Revert { bytes, .. } if bytes == expected));
}

/// What comparing costs is charged after the shape is checked, and before a token is looked at.
#[test]
fn a_span_out_of_range_is_malformed_rather_than_unpayable() {
    let mut call = spans_call();
    call.spans[1].length = u32::MAX;
    let code = IAttribution::Malformed { code: MalformedCode::SpanOutput.code() }.abi_encode();
    assert!(
        matches!(run(&call.abi_encode(), 100_000), Outcome::Revert { bytes, .. } if bytes == code)
    );
}

#[test]
fn influence_is_signed() {
    let sketches = Bytes::from_static(&[1, 2, 0x80, 0x80, 0, 0xff]);
    let call = IAttribution::influenceCall {
        output: Bytes::from_static(&[0x80, 3]),
        sketches: sketches.clone(),
        dimension: 2,
    };
    let result = returns(&call);
    assert_eq!(result.values, [-122i64, 16_000, -3].map(|v| I256::try_from(v).unwrap()));
    assert_eq!(result.leafHashes[1], leaf_hash(&sketches[2..4]));
    let other = |dimension| IAttribution::influenceCall { dimension, ..call.clone() };
    refuses(&other(0), MalformedCode::Dimension);
    refuses(&other(4), MalformedCode::RowBytes);
    refuses(&other(3), MalformedCode::VectorLength);
}

#[test]
fn shapley_values_sum_to_the_utility() {
    let call = IAttribution::knnShapleyCall {
        k: 3,
        query: Bytes::from_static(&[0, 0]),
        queryLabel: 7,
        points: Bytes::from_static(&[3, 4, 0, 1, 0xff, 0, 9, 9]),
        labels: tokens(&[7, 7, 8, 7]),
        dimension: 2,
    };
    let result = returns(&call);
    let sum = result.values.iter().fold(I256::ZERO, |sum, value| sum + *value);
    // Two of the three nearest match: two thirds, rounded down.
    assert_eq!(sum, I256::try_from(666_666_666_666_666_666i64).unwrap());
    // The residue is -1: all lose one and the nearest three, index 3 not among them, get it back.
    let quarter = 250_000_000_000_000_000i64;
    let twelfth = 83_333_333_333_333_333i64;
    let expected = [quarter, quarter, -twelfth, quarter - 1];
    assert_eq!(result.values, expected.map(|value| I256::try_from(value).unwrap()));
    assert_eq!(result.leafHashes[2], leaf_hash(&[0xff, 0, 0, 0, 0, 8]));
    refuses(&IAttribution::knnShapleyCall { k: 0, ..call.clone() }, MalformedCode::NoNeighbours);
    refuses(
        &IAttribution::knnShapleyCall { labels: tokens(&[7, 7, 8]), ..call },
        MalformedCode::LabelCount,
    );
}

/// What the gas schedule is made to allow.
#[test]
fn aims() {
    let gas = |call: &dyn Fn() -> Vec<u8>| match run(&call(), u64::MAX) {
        Outcome::Success { gas, .. } => gas,
        other => panic!("{other:?}"),
    };
    // A thousand adjacent leaves in a million: beside them, 17 nodes of the proof.
    let inclusion = gas(&|| {
        IAttribution::verifyInclusionCall {
            logHead: B256::ZERO,
            size: 1_000_000,
            indices: (500_000..501_000).collect(),
            leafHashes: vec![B256::ZERO; 1_000],
            proof: vec![B256::ZERO; 17],
        }
        .abi_encode()
    });
    assert!(inclusion <= 100_000, "{inclusion}");
    let split = gas(&|| {
        IAttribution::apportionCall { pool: U256::MAX, weights: vec![U256::ONE; 1_000] }
            .abi_encode()
    });
    assert!(split <= 30_000, "{split}");
}

proptest! {
    /// No byte of the calldata is without meaning: any change changes the outcome, or (where a
    /// span moves to another place with the same tokens) the calldata that gives it is canonical.
    #[test]
    fn mutated_calldata_never_passes_for_the_original(
        at in any::<prop::sample::Index>(),
        change in 1u8..,
    ) {
        let call = spans_call();
        let mut data = call.abi_encode();
        let at = at.index(data.len());
        data[at] ^= change;
        if matches!(run(&data, 1 << 24), Outcome::Success { .. }) {
            let decoded = IAttribution::spanWeightsCall::abi_decode_validate(&data).unwrap();
            prop_assert_ne!(decoded.abi_encode(), call.abi_encode());
            prop_assert_eq!(decoded.abi_encode(), data);
        }
    }
}
