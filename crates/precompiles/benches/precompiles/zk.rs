//! Kinds 16, 17 and 18: proofs under keys given and pinned, with the most inputs and public values.

use crate::{Case, case, verify};
use alloy_primitives::{B256, Bytes};
use assay_attestation::{dev::DevGroth16, kind};

const SNARKJS: &[u8] = include_bytes!("../../../attestation/testdata/groth16/snarkjs.evidence");
const SP1: &[u8] = include_bytes!("../../../attestation/testdata/sp1/v6.1.0.evidence");
const RISC0: &[u8] = include_bytes!("../../../attestation/testdata/risc0/v3.0.evidence");

const INPUTS: [usize; 2] = [1, 128];
/// Most bytes of evidence of kinds 17 and 18.
const MOST_BYTES: usize = 16 * 1024;

fn prover(inputs: usize) -> DevGroth16 {
    DevGroth16::new(B256::repeat_byte(4), inputs)
}

/// Keys that the benchmark's chain pins.
pub(crate) fn pinned_keys() -> Vec<Bytes> {
    INPUTS.iter().map(|inputs| prover(*inputs).verifying_key()).collect()
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        case("verify Groth16, 4 inputs", 0, verify(kind::GROTH16, SNARKJS, &[], 0)),
        case("verify SP1", 0, verify(kind::SP1, SP1, &[], 0)),
        case("verify RISC Zero", 0, verify(kind::RISC0, RISC0, &[], 0)),
    ];
    for inputs in INPUTS {
        let words = vec![DevGroth16::largest_input(); inputs];
        // A key that is not pinned: the same prover's with another seed.
        let other = DevGroth16::new(B256::repeat_byte(5), inputs).attest(&words, false).unwrap();
        let pinned = prover(inputs).attest(&words, true).unwrap();
        for (name, evidence) in [("given", other), ("pinned", pinned)] {
            let name = format!("verify Groth16, {inputs} inputs, key {name}");
            cases.push(case(name, 0, verify(kind::GROTH16, &evidence, &[], 0)));
        }
    }
    // The equation fails over these, at the very end.
    for (name, kind, evidence) in [
        ("SP1, most public values", kind::SP1, SP1),
        ("RISC Zero, longest journal", kind::RISC0, RISC0),
    ] {
        let mut evidence = evidence.to_vec();
        evidence.resize(MOST_BYTES, 0x5a);
        cases.push(case(format!("verify {name}"), 0, verify(kind, &evidence, &[], 0)));
    }
    cases
}
