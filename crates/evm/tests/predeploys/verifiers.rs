//! `Verifiers`: registration by code, verdicts, and everything that is no verdict.

use crate::{
    harness::{Chain, Failure, Outcome},
    lab::ANYONE,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolValue, sol};
use assay_attestation::{dev::DevGroth16, kind};
use assay_chainspec::{PRECOMPILE_ADDRESSES, predeploys::VERIFIERS};
use assay_evm::KARST_TX_GAS_CAP;
use assay_precompiles::contracts::{IAttestation, IVerifiers};
use std::{collections::BTreeMap, sync::LazyLock};

sol! {
    /// `genesis/contracts/test/TestVerifier.sol`.
    interface TestVerifier {
        function setMode(uint8 mode) external;
        function setName(string calldata name) external;
    }
}

const VERIFIER: Address = Address::repeat_byte(0x5e);
const INPUT: B256 = B256::repeat_byte(1);
const OUTPUT: B256 = B256::repeat_byte(2);
const METADATA: &[u8] = b"circuit";
/// A public input beside the two hashes.
const FIFTH: B256 = B256::with_last_byte(5);

fn code() -> Bytes {
    static CODE: LazyLock<BTreeMap<String, Bytes>> =
        LazyLock::new(|| serde_json::from_str(include_str!("contracts.json")).expect("JSON"));
    CODE["TestVerifier"].clone()
}

/// A chain with the test's verifier, called `name`.
fn chain(name: &str) -> Chain {
    let mut chain = Chain::new();
    chain.set_code(VERIFIER, code());
    chain.send(ANYONE, VERIFIER, &TestVerifier::setNameCall { name: name.to_owned() }).ok();
    chain
}

fn register(chain: &mut Chain, verifier: Address) -> Outcome {
    chain.send(ANYONE, VERIFIERS, &IVerifiers::registerCall { verifier })
}

fn proof() -> Bytes {
    let statement = (INPUT, OUTPUT, Bytes::from_static(METADATA)).abi_encode_params();
    keccak256(statement).abi_encode().into()
}

fn verify(id: B256, proof: impl Into<Bytes>) -> IVerifiers::verifyCall {
    IVerifiers::verifyCall {
        verifierId: id,
        inputHash: INPUT,
        outputHash: OUTPUT,
        metadata: METADATA.into(),
        proof: proof.into(),
    }
}

fn prove(id: B256, proof: impl Into<Bytes>) -> IVerifiers::proveCall {
    IVerifiers::proveCall {
        verifierId: id,
        inputHash: INPUT,
        outputHash: OUTPUT,
        metadata: METADATA.into(),
        proof: proof.into(),
    }
}

#[test]
fn a_contract_is_registered_under_its_address_and_code() {
    let mut chain = chain("zk/test");
    let done = register(&mut chain, VERIFIER).ok();
    let id = done.returned::<IVerifiers::registerCall>();
    let code_hash = keccak256(code());
    assert_eq!(id, keccak256((VERIFIER, code_hash).abi_encode()));
    let event = done.event::<IVerifiers::VerifierRegistered>(VERIFIERS);
    assert_eq!((event.verifierId, event.verifier), (id, VERIFIER));
    assert_eq!((event.codeHash, event.name.as_str()), (code_hash, "zk/test"));
    let found = chain.call(VERIFIERS, &IVerifiers::verifierOfCall { verifierId: id });
    assert_eq!((found.verifier, found.codeHash), (VERIFIER, code_hash));
    assert_eq!(found.name, "zk/test");
    let again = register(&mut chain, VERIFIER).ok();
    assert_eq!(again.returned::<IVerifiers::registerCall>(), id);
    assert!(again.logs.is_empty());
}

#[test]
fn verdicts_are_the_verifiers() {
    let mut chain = chain("zk/test");
    let id = register(&mut chain, VERIFIER).ok().returned::<IVerifiers::registerCall>();
    assert!(chain.call(VERIFIERS, &verify(id, proof())));
    assert!(!chain.call(VERIFIERS, &verify(id, vec![1, 2, 3])));
    let done = chain.send(ANYONE, VERIFIERS, &prove(id, proof())).ok();
    let statement = keccak256((INPUT, OUTPUT, keccak256(METADATA)).abi_encode());
    assert_eq!(done.returned::<IVerifiers::proveCall>(), statement);
    let event = done.event::<IVerifiers::ProofVerified>(VERIFIERS);
    assert_eq!((event.verifierId, event.statement, event.caller), (id, statement, ANYONE));
    let of = IVerifiers::statementOfCall {
        inputHash: INPUT,
        outputHash: OUTPUT,
        metadata: METADATA.into(),
    };
    assert_eq!(chain.call(VERIFIERS, &of), statement);
    let wrong = chain.send(ANYONE, VERIFIERS, &prove(id, vec![1])).error::<IVerifiers::NotProven>();
    assert_eq!((wrong.verifierId, wrong.statement), (id, statement));
}

#[test]
fn what_is_no_verifier_is_not_registered() {
    let mut chain = chain("zk/test");
    let refused = |chain: &mut Chain, verifier| {
        let error = register(chain, verifier).error::<IVerifiers::NotVerifier>();
        assert_eq!(error.verifier, verifier);
    };
    // No code; EIP-7702's; a contract without these functions; one whose functions revert.
    refused(&mut chain, ANYONE);
    refused(&mut chain, Address::repeat_byte(0x99));
    let delegated = Address::repeat_byte(0x77);
    let designator = [&[0xef, 0x01, 0x00][..], VERIFIER.as_slice()].concat();
    chain.set_code(delegated, designator);
    refused(&mut chain, delegated);
    refused(&mut chain, VERIFIERS);
    refused(&mut chain, PRECOMPILE_ADDRESSES[0]);
    let stop = Address::repeat_byte(0x78);
    chain.set_code(stop, vec![0]);
    refused(&mut chain, stop);
    let reverts = Address::repeat_byte(0x79);
    chain.set_code(reverts, vec![0x5f, 0x5f, 0xfd]);
    refused(&mut chain, reverts);
    // Names of 1 to 64 bytes.
    for (length, good) in [(0, false), (1, true), (64, true), (65, false), (5_000, false)] {
        let mut chain = self::chain(&"n".repeat(length));
        assert_eq!(register(&mut chain, VERIFIER).is_ok(), good, "{length}");
    }
}

#[test]
fn unknown_and_changed_verifiers_give_no_verdict() {
    let mut chain = chain("zk/test");
    let id = register(&mut chain, VERIFIER).ok().returned::<IVerifiers::registerCall>();
    for unknown in [B256::ZERO, B256::with_last_byte(15), B256::with_last_byte(19)] {
        let outcome = chain.try_call(ANYONE, VERIFIERS, &verify(unknown, proof()));
        assert_eq!(outcome.error::<IVerifiers::UnknownVerifier>().verifierId, unknown);
        let call = IVerifiers::verifierOfCall { verifierId: unknown };
        let outcome = chain.try_call(ANYONE, VERIFIERS, &call);
        assert_eq!(outcome.error::<IVerifiers::UnknownVerifier>().verifierId, unknown);
    }
    // Always true.
    chain.set_code(VERIFIER, vec![0x60, 0x01, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3]);
    let outcome = chain.try_call(ANYONE, VERIFIERS, &verify(id, proof()));
    assert_eq!(outcome.error::<IVerifiers::VerifierChanged>().verifierId, id);
}

#[test]
fn faults_of_a_verifier_are_no_verdict() {
    // Revert, revert with a megabyte, all gas, an answer of 2, no answer, a change of state.
    for (mode, reason) in [(1, 256), (2, 256), (3, 0), (4, 0), (5, 0), (6, 0)] {
        let mut chain = chain("zk/test");
        let id = register(&mut chain, VERIFIER).ok().returned::<IVerifiers::registerCall>();
        chain.send(ANYONE, VERIFIER, &TestVerifier::setModeCall { mode }).ok();
        let outcome = chain.try_call(ANYONE, VERIFIERS, &verify(id, proof()));
        let failed = outcome.error::<IVerifiers::VerifierFailed>();
        assert_eq!((failed.verifierId, failed.reason.len()), (id, reason), "mode {mode}");
        let outcome = chain.send(ANYONE, VERIFIERS, &prove(id, proof()));
        outcome.error::<IVerifiers::VerifierFailed>();
        if mode == 3 {
            let most = chain.call(VERIFIERS, &IVerifiers::VERIFIER_GASCall {});
            assert!(U256::from(outcome.gas_used) < most + U256::from(100_000));
        }
    }
}

#[test]
fn too_little_gas_never_gives_a_verdict() {
    let mut chain = chain("zk/test");
    let id = register(&mut chain, VERIFIER).ok().returned::<IVerifiers::registerCall>();
    let call = prove(id, proof());
    let needed = chain.try_call(ANYONE, VERIFIERS, &call).ok().gas_used;
    for gas in (32_000..needed + 5_000).step_by(97) {
        let outcome = chain.clone().send_with_gas(ANYONE, VERIFIERS, gas, &call);
        if let Err(Failure::Revert(data)) = &outcome.result
            && !data.is_empty()
        {
            outcome.error::<IVerifiers::VerifierFailed>();
        }
    }
}

/// A verifier that takes its own want of gas for a bad proof: what it says then is no verdict.
#[test]
fn a_verifier_that_is_starved_has_disproved_nothing() {
    let mut chain = chain("zk/test");
    let id = register(&mut chain, VERIFIER).ok().returned::<IVerifiers::registerCall>();
    chain.send(ANYONE, VERIFIER, &TestVerifier::setModeCall { mode: 7 }).ok();
    let call = verify(id, proof());
    let (mut failed, mut held) = (0, 0);
    for gas in
        (100_000..KARST_TX_GAS_CAP).step_by(333_333).chain((10_150_000..10_250_000).step_by(997))
    {
        let outcome = chain.clone().send_with_gas(ANYONE, VERIFIERS, gas, &call);
        if outcome.is_ok() {
            assert!(outcome.ok().returned::<IVerifiers::verifyCall>(), "disproved with {gas}");
            held += 1;
        } else {
            assert_eq!(outcome.error::<IVerifiers::VerifierFailed>().verifierId, id);
            failed += 1;
        }
    }
    assert!(failed > 10 && held > 10, "{failed} {held}");
    // With all its gas, false is a verdict.
    assert!(!chain.call(VERIFIERS, &verify(id, vec![1, 2, 3])));
}

/// An id of the precompile's own.
const fn built_in(kind: u8) -> B256 {
    B256::with_last_byte(kind)
}

#[test]
fn the_precompiles_proof_systems_have_ids_of_their_own() {
    let chain = Chain::new();
    for (kind, name) in
        [(kind::GROTH16, "zk/groth16-bn254"), (kind::SP1, "zk/sp1"), (kind::RISC0, "zk/risc-zero")]
    {
        let id = built_in(kind);
        let found = chain.call(VERIFIERS, &IVerifiers::verifierOfCall { verifierId: id });
        assert_eq!(found.verifier, PRECOMPILE_ADDRESSES[0]);
        assert_eq!((found.codeHash, found.name.as_str()), (B256::ZERO, name));
        for proof in [vec![], vec![1; 300], vec![0; 20_000]] {
            assert!(!chain.call(VERIFIERS, &verify(id, proof)), "{name}");
        }
    }
}

#[test]
fn groth16_proves_by_four_halves() {
    let mut chain = Chain::new();
    let circuit = DevGroth16::new(B256::repeat_byte(3), 4);
    let half = |value: &[u8]| B256::left_padding_from(value);
    let inputs = [half(&INPUT[..16]), half(&INPUT[16..]), half(&OUTPUT[..16]), half(&OUTPUT[16..])];
    let evidence = circuit.attest(&inputs, false).expect("inputs below the order");
    let program = keccak256(circuit.verifying_key());
    let call = |program: B256, proof: &Bytes| IVerifiers::verifyCall {
        metadata: program.abi_encode().into(),
        ..verify(built_in(kind::GROTH16), proof.clone())
    };
    assert!(chain.call(VERIFIERS, &call(program, &evidence)));
    assert!(!chain.call(VERIFIERS, &call(B256::repeat_byte(9), &evidence)));
    let swapped =
        IVerifiers::verifyCall { inputHash: OUTPUT, outputHash: INPUT, ..call(program, &evidence) };
    assert!(!chain.call(VERIFIERS, &swapped));
    let longer = IVerifiers::verifyCall {
        metadata: [program.as_slice(), &[0]].concat().into(),
        ..call(program, &evidence)
    };
    assert!(!chain.call(VERIFIERS, &longer));
    // Another statement's proof; no proof at all.
    let other = circuit.attest(&[inputs[2], inputs[3], inputs[0], inputs[1]], false).unwrap();
    assert!(!chain.call(VERIFIERS, &call(program, &other)));
    let mut broken = evidence.to_vec();
    let last = broken.len() - 1;
    broken[last] ^= 1;
    assert!(!chain.call(VERIFIERS, &call(program, &broken.into())));
    // Five inputs, of which four are right: the fifth is part of the statement.
    let wider = DevGroth16::new(B256::repeat_byte(3), 5);
    let evidence5 = wider.attest(&[&inputs[..], &[FIFTH]].concat(), false).unwrap();
    let program5 = keccak256(wider.verifying_key());
    assert!(!chain.call(VERIFIERS, &call(program5, &evidence5)));
    for (fifth, proven) in [(FIFTH, true), (B256::ZERO, false)] {
        let metadata = [program5.as_slice(), fifth.as_slice()].concat().into();
        let with_rest = IVerifiers::verifyCall { metadata, ..call(program5, &evidence5) };
        assert_eq!(chain.call(VERIFIERS, &with_rest), proven);
    }

    let metadata: Bytes = program.abi_encode().into();
    let prove = IVerifiers::proveCall { metadata, ..prove(built_in(kind::GROTH16), evidence) };
    let done = chain.send(ANYONE, VERIFIERS, &prove).ok();
    let event = done.event::<IVerifiers::ProofVerified>(VERIFIERS);
    assert_eq!(event.verifierId, built_in(kind::GROTH16));
    // Gas that does not suffice is no verdict.
    for gas in [90_000, 120_000, 150_000] {
        let outcome = chain.clone().send_with_gas(ANYONE, VERIFIERS, gas, &prove);
        assert!(!outcome.is_ok());
        if let Err(Failure::Revert(data)) = &outcome.result
            && !data.is_empty()
        {
            outcome.error::<IVerifiers::VerifierFailed>();
        }
    }
}

/// Real proofs, which the precompile accepts, of programs that commit to something else.
#[test]
fn a_proof_of_something_else_proves_nothing_here() {
    let chain = Chain::new();
    for (kind, evidence) in [
        (kind::SP1, &include_bytes!("../../../attestation/testdata/sp1/v6.1.0.evidence")[..]),
        (kind::RISC0, include_bytes!("../../../attestation/testdata/risc0/v3.0.evidence")),
    ] {
        let proof = Bytes::copy_from_slice(evidence);
        let direct = IAttestation::verifyCall {
            kind,
            evidence: proof.clone(),
            collateral: Bytes::new(),
            time: chain.timestamp(),
        };
        let claims = chain.call(PRECOMPILE_ADDRESSES[0], &direct);
        assert_eq!((claims.kind, claims.assurance), (kind, 2));
        let call = IVerifiers::verifyCall {
            metadata: claims.measurement,
            ..verify(built_in(kind), proof)
        };
        assert!(!chain.call(VERIFIERS, &call));
    }
}

/// Real proofs of programs that commit to two words and more: the rest is part of the statement.
#[test]
fn real_proofs_of_sp1_and_risc_zero_prove_their_statements() {
    let mut chain = Chain::new();
    // Kind, evidence, where the program is, where what it commits to starts.
    let vectors: [(u8, &[u8], usize, usize); 3] = [
        (kind::SP1, include_bytes!("../../../attestation/testdata/sp1/v5.0.0.evidence"), 1, 293),
        (kind::SP1, include_bytes!("../../../attestation/testdata/sp1/v6.1.0.evidence"), 1, 389),
        (
            kind::RISC0,
            include_bytes!("../../../attestation/testdata/risc0/v3.0_kernel.evidence"),
            0,
            292,
        ),
    ];
    for (kind, evidence, program, start) in vectors {
        let (program, bound) = (&evidence[program..program + 32], &evidence[start..]);
        let word = |from: usize| B256::from_slice(&bound[from..from + 32]);
        let metadata = [program, &bound[64..]].concat();
        let good = IVerifiers::verifyCall {
            verifierId: built_in(kind),
            inputHash: word(0),
            outputHash: word(32),
            metadata: metadata.clone().into(),
            proof: evidence.to_vec().into(),
        };
        assert!(chain.call(VERIFIERS, &good), "kind {kind}");
        let prove = IVerifiers::proveCall {
            verifierId: good.verifierId,
            inputHash: good.inputHash,
            outputHash: good.outputHash,
            metadata: good.metadata.clone(),
            proof: good.proof.clone(),
        };
        let done = chain.send(ANYONE, VERIFIERS, &prove).ok();
        println!("prove kind {kind}: {} gas", done.gas_used);
        let event = done.event::<IVerifiers::ProofVerified>(VERIFIERS);
        let statement = (good.inputHash, good.outputHash, keccak256(&metadata)).abi_encode();
        assert_eq!((event.verifierId, event.statement), (good.verifierId, keccak256(statement)));

        // Every other statement is not proven: hashes, program, each end of the rest.
        let changed = |change: &dyn Fn(&mut IVerifiers::verifyCall)| {
            let mut call = good.clone();
            change(&mut call);
            call
        };
        let with = |metadata: Vec<u8>| changed(&|call| call.metadata = metadata.clone().into());
        let mut flipped = metadata.clone();
        flipped[31] ^= 1;
        let mut rest = metadata.clone();
        *rest.last_mut().expect("not empty") ^= 1;
        for call in [
            changed(&|call| call.inputHash = INPUT),
            changed(&|call| call.outputHash = OUTPUT),
            changed(&|call| (call.inputHash, call.outputHash) = (call.outputHash, call.inputHash)),
            changed(&|call| call.verifierId = built_in(if kind == 17 { 18 } else { 17 })),
            with(flipped),
            with(rest),
            with(program.to_vec()),
            with(program[..31].to_vec()),
            with(vec![]),
            with(metadata[..metadata.len() - 1].to_vec()),
            with([&metadata[..], &[0]].concat()),
            with([program, bound].concat()),
        ] {
            assert!(!chain.call(VERIFIERS, &call), "kind {kind}: {:?}", call.metadata);
        }
        // Nor is it by a proof that is changed anywhere.
        for at in (0..start).step_by(37) {
            let mut proof = evidence.to_vec();
            proof[at] ^= 1;
            let call = changed(&|call| call.proof = proof.clone().into());
            assert!(!chain.call(VERIFIERS, &call), "kind {kind}, byte {at}");
        }
    }
}
