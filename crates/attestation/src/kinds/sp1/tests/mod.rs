mod mutations;
mod oracle;
mod vectors;

use super::*;
use crate::{
    Anchors, Refusal,
    dev::DevGroth16,
    kinds::groth16::{PROOF_LEN, VerifyingKey},
};

/// Real proofs of the pinned versions, SHA-256 over the public values.
const V5: &[u8] = include_bytes!("../../../../testdata/sp1/v5.0.0.evidence");
const V6: &[u8] = include_bytes!("../../../../testdata/sp1/v6.1.0.evidence");

/// Places: the program's key, the proof's prefix.
const PROGRAM: usize = 1;
const PREFIX: usize = PROGRAM + WORD;
/// What the prefix is followed by in version 6.
const EXIT_CODE: usize = PREFIX + PREFIX_LEN;
const KEY_ROOT: usize = EXIT_CODE + WORD;
const NONCE: usize = KEY_ROOT + WORD;
/// The points, in version 5 and in version 6.
const A5: usize = PREFIX + PREFIX_LEN;
const VALUES5: usize = A5 + PROOF_LEN;
const A6: usize = NONCE + WORD;
const VALUES6: usize = A6 + PROOF_LEN;

/// The verdict through the public entrance, which both backends must share.
fn verdict(evidence: &[u8]) -> Result<Claims, Refusal> {
    let anchors = Anchors::default();
    let run = |backend| crate::verify(kind::SP1, evidence, &[], &anchors, backend);
    let native = run(Backend::Native);
    assert_eq!(native, run(Backend::Portable), "backends differ");
    native
}

/// A circuit whose trapdoor is known, with version 6's layout where it has a root.
struct DevCircuit {
    prover: DevGroth16,
    /// The key as gnark writes it.
    gnark_key: Vec<u8>,
    circuit: Circuit,
}

impl DevCircuit {
    fn new(seed: u8, key_root: Option<[u8; WORD]>) -> Self {
        let inputs = if key_root.is_some() { 5 } else { 2 };
        let prover = DevGroth16::new(B256::repeat_byte(seed), inputs);
        let key = prover.verifying_key();
        let gnark_key = oracle::gnark_key(&key);
        let hash = Backend::Portable.sha256(&gnark_key);
        let circuit = Circuit::new(hash, key_root, &VerifyingKey::decode(&key).unwrap()).unwrap();
        Self { prover, gnark_key, circuit }
    }

    /// Evidence for a run that ends with an exit code; `nonce` and it are for version 6.
    fn attest(&self, run: &Run<'_>) -> Vec<u8> {
        let digest = values_digest(run.mode, run.values, Backend::Portable);
        let root = self.circuit.key_root.map(B256::new);
        let mut inputs = vec![run.program, B256::new(digest)];
        if let Some(root) = root {
            inputs.extend([run.exit_code, root, run.nonce]);
        }
        let proof = self.prover.prove(&inputs, 3).unwrap();
        let mut evidence = [&[run.mode], run.program.as_slice(), self.circuit.prefix()].concat();
        for input in &inputs[2..] {
            evidence.extend_from_slice(input.as_slice());
        }
        evidence.extend_from_slice(&proof);
        evidence.extend_from_slice(run.values);
        evidence
    }

    fn verdict(&self, evidence: &[u8]) -> Result<Claims, Code> {
        let run =
            |backend| verify_under(std::slice::from_ref(&self.circuit), evidence, &[], backend);
        let native = run(Backend::Native);
        assert_eq!(native, run(Backend::Portable), "backends differ");
        native
    }
}

/// What a made proof says.
#[derive(Clone, Copy)]
struct Run<'a> {
    mode: u8,
    program: B256,
    exit_code: B256,
    nonce: B256,
    values: &'a [u8],
}

const RUN: Run<'static> = Run {
    mode: HASH_SHA256,
    program: B256::with_last_byte(7),
    exit_code: B256::ZERO,
    nonce: B256::with_last_byte(1),
    values: b"what the program published",
};

/// The root that SP1's verifier of version 6 insists on.
fn key_root() -> [u8; WORD] {
    circuits()[1].key_root.unwrap()
}
