//! Dispatch: every selector of every interface, and what is none.

use super::*;
use crate::contracts::{IAttestation, IAttribution, ISignatures};
use alloy_primitives::{B256, Bytes};
use alloy_sol_types::{SolCall, SolInterface};
use proptest::prelude::*;

fn precompiles() -> Precompiles {
    Precompiles::new(&AssayRules::default(), VerdictCache::default()).unwrap()
}

#[test]
fn every_selector_is_dispatched() {
    let selectors = IAttestation::IAttestationCalls::selectors()
        .map(|selector| (0, selector))
        .chain(IAttribution::IAttributionCalls::selectors().map(|selector| (1, selector)))
        .chain(ISignatures::ISignaturesCalls::selectors().map(|selector| (2, selector)));
    for (index, selector) in selectors {
        // Without arguments, each refuses its calldata with an error; what is not dispatched
        // reverts with nothing.
        let outcome =
            precompiles().call(&PRECOMPILE_ADDRESSES[index], &selector, U256::ZERO, 10_000);
        assert!(
            matches!(&outcome, Some(Outcome::Revert { bytes, .. }) if !bytes.is_empty()),
            "selector {selector:02x?} of interface {index} is not dispatched: {outcome:?}"
        );
    }
}

#[test]
fn nothing_is_payable_and_unknown_selectors_revert_empty() {
    for address in PRECOMPILE_ADDRESSES {
        for (data, value) in [(&[0xde, 0xad, 0xbe, 0xef][..], 0), (&[], 0), (&[1, 2], 0), (&[], 1)]
        {
            let outcome = precompiles().call(&address, data, U256::from(value), 10_000);
            let gas = gas::call(data.len()).unwrap();
            assert_eq!(outcome, Some(Outcome::Revert { gas, bytes: Bytes::new() }));
        }
    }
    assert_eq!(precompiles().call(&Address::ZERO, &[], U256::ZERO, 10_000), None);
}

#[test]
fn gas_is_charged_before_anything() {
    for address in PRECOMPILE_ADDRESSES {
        let outcome = precompiles().call(&address, &[0; 320], U256::ZERO, gas::BASE);
        assert_eq!(outcome, Some(Outcome::OutOfGas));
    }
}

/// With the gas that a call uses it does the same, with less it runs out: whatever it comes to, it
/// was paid before.
fn assert_exact(index: usize, data: &[u8], value: u64) -> Result<(), TestCaseError> {
    let run = |gas| {
        let call = precompiles().call(&PRECOMPILE_ADDRESSES[index], data, U256::from(value), gas);
        call.expect("a precompile")
    };
    let whole = run(100_000_000);
    let (Outcome::Success { gas, .. } | Outcome::Revert { gas, .. }) = whole else {
        return Err(TestCaseError::fail("100 M gas are not enough"));
    };
    prop_assert!(gas >= gas::call(data.len()).unwrap());
    prop_assert_eq!(run(gas), whole);
    for less in [0, gas / 2, gas - 1] {
        prop_assert_eq!(run(less), Outcome::OutOfGas);
    }
    Ok(())
}

/// Calls that get far, of every function.
fn calls() -> Vec<(usize, Vec<u8>)> {
    let evidence = Bytes::from([7; 161]);
    let none = Bytes::new();
    let word = B256::repeat_byte(1);
    vec![
        (
            0,
            IAttestation::verifyCall {
                kind: 32,
                evidence: evidence.clone(),
                collateral: none.clone(),
                time: 1,
            }
            .abi_encode(),
        ),
        (
            0,
            IAttestation::verifyCall {
                kind: 16,
                evidence: vec![0; 865].into(),
                collateral: none.clone(),
                time: 1,
            }
            .abi_encode(),
        ),
        (
            0,
            IAttestation::verifyCall {
                kind: 32,
                evidence: vec![0; 2_000].into(),
                collateral: none.clone(),
                time: 1,
            }
            .abi_encode(),
        ),
        (
            0,
            IAttestation::verifyCall {
                kind: 99,
                evidence: none.clone(),
                collateral: none,
                time: 1,
            }
            .abi_encode(),
        ),
        (
            0,
            IAttestation::verifyCollateralCall { kind: 1, collateral: evidence.clone(), time: 1 }
                .abi_encode(),
        ),
        (
            0,
            IAttestation::verifyWithCall {
                kind: 3,
                evidence: evidence.clone(),
                compact: evidence.clone(),
                time: 1,
            }
            .abi_encode(),
        ),
        (
            0,
            IAttestation::assessCall {
                kind: 1,
                tcb: vec![0; 249].into(),
                compact: evidence.clone(),
                time: 1,
            }
            .abi_encode(),
        ),
        (1, IAttribution::headCall { leafHashes: vec![word; 5] }.abi_encode()),
        (
            1,
            IAttribution::appendCall {
                frontier: vec![word; 2],
                size: 3,
                leafHashes: vec![word; 2],
            }
            .abi_encode(),
        ),
        (
            1,
            IAttribution::verifyInclusionCall {
                logHead: word,
                size: 4,
                indices: vec![1, 2],
                leafHashes: vec![word; 2],
                proof: vec![word; 2],
            }
            .abi_encode(),
        ),
        (
            1,
            IAttribution::verifyConsistencyCall {
                oldHead: word,
                oldSize: 2,
                newHead: word,
                newSize: 4,
                proof: vec![word; 2],
            }
            .abi_encode(),
        ),
        (
            1,
            IAttribution::spanWeightsCall {
                output: vec![1; 16].into(),
                chunks: vec![vec![1; 16].into()],
                spans: vec![IAttribution::Span {
                    chunk: 0,
                    outputStart: 0,
                    chunkStart: 0,
                    length: 3,
                }],
                minLength: 1,
            }
            .abi_encode(),
        ),
        (
            1,
            IAttribution::influenceCall {
                output: vec![1; 4].into(),
                sketches: vec![2; 8].into(),
                dimension: 4,
            }
            .abi_encode(),
        ),
        (
            1,
            IAttribution::knnShapleyCall {
                k: 1,
                query: vec![1; 4].into(),
                queryLabel: 0,
                points: vec![2; 8].into(),
                labels: vec![0; 8].into(),
                dimension: 4,
            }
            .abi_encode(),
        ),
        (
            1,
            IAttribution::apportionCall { pool: U256::from(7), weights: vec![U256::ONE; 3] }
                .abi_encode(),
        ),
        (
            2,
            ISignatures::verifyManyCall {
                scheme: 33,
                digests: vec![word; 3],
                keys: vec![evidence.clone(); 3],
                signatures: vec![evidence; 3],
            }
            .abi_encode(),
        ),
    ]
}

#[test]
fn whatever_a_call_comes_to_it_has_paid_for() {
    let large = IAttribution::headCall { leafHashes: vec![B256::ZERO; 65_537] }.abi_encode();
    for (index, data) in calls().into_iter().chain([(1, large)]) {
        assert_exact(index, &data, 0).unwrap();
        assert_exact(index, &data, 1).unwrap();
        assert_exact(index, &data[..data.len() - 1], 0).unwrap();
        assert_exact(index, &data[..3], 0).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_a_mutated_call_comes_to_it_has_paid_for(
        call in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let calls = calls();
        let (index, mut data) = calls[call.index(calls.len())].clone();
        for (at, byte) in changes {
            let at = at.index(data.len());
            data[at] = byte;
        }
        assert_exact(index, &data, 0)?;
    }
}
