mod mutations;
mod oracle;
mod vectors;

use super::*;
use crate::{
    Anchors, Refusal,
    dev::DevGroth16,
    kinds::groth16::{PROOF_LEN, PreparedKey, VerifyingKey},
};
use releases::IDENTITY_PROGRAM;

/// Real receipts of the pinned releases.
const V2_2: &[u8] = include_bytes!("../../../../testdata/risc0/v2.2.evidence");
const V3_0: &[u8] = include_bytes!("../../../../testdata/risc0/v3.0.evidence");

/// Places.
const SELECTOR: usize = 32;
const A: usize = SELECTOR + SELECTOR_LEN;
const B: usize = A + 64;
const C: usize = B + 128;
const JOURNAL: usize = A + PROOF_LEN;

/// The verdict through the public entrance, which both backends must share.
fn verdict(evidence: &[u8]) -> Result<Claims, Refusal> {
    let anchors = Anchors::default();
    let run = |backend| crate::verify(kind::RISC0, evidence, &[], &anchors, backend);
    let native = run(Backend::Native);
    assert_eq!(native, run(Backend::Portable), "backends differ");
    native
}

/// A release whose key's trapdoor is known.
struct DevRelease {
    prover: DevGroth16,
    control_root: B256,
    release: Release,
}

impl DevRelease {
    fn new(seed: u8) -> Self {
        let prover = DevGroth16::new(B256::repeat_byte(seed), 5);
        let key = PreparedKey::new(&VerifyingKey::decode(&prover.verifying_key()).unwrap());
        let (parameters, control_root) = (keccak256([seed, 0]), keccak256([seed, 1]));
        let release = Release::new(parameters, control_root, &key).unwrap();
        Self { prover, control_root, release }
    }

    /// Evidence whose proof is for a claim of this digest.
    fn attest(&self, image: B256, journal: &[u8], claim: B256) -> Vec<u8> {
        let inputs = oracle::public_inputs(self.control_root, claim);
        let proof = self.prover.prove(&inputs, 2).unwrap();
        [image.as_slice(), self.release.selector(), &proof, journal].concat()
    }

    fn verdict(&self, evidence: &[u8]) -> Result<Claims, Code> {
        let run =
            |backend| verify_under(std::slice::from_ref(&self.release), evidence, &[], backend);
        let native = run(Backend::Native);
        assert_eq!(native, run(Backend::Portable), "backends differ");
        native
    }
}
