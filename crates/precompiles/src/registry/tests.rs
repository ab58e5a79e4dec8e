//! Dispatch: every selector of every interface, and what is none.

use super::*;
use crate::{IAttestation, IAttribution, ISignatures};
use alloy_primitives::Bytes;
use alloy_sol_types::SolInterface;

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
