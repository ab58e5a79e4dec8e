use super::*;
use crate::claims::identity;

#[test]
fn real_proofs_give_their_claims() {
    for (evidence, circuit, values) in [(V5, 0, VALUES5), (V6, 1, VALUES6)] {
        let (program, values) = (&evidence[PROGRAM..PREFIX], &evidence[values..]);
        let expected = Claims {
            kind: 17,
            assurance: 2,
            measurement: program.to_vec(),
            identity: identity(17, program),
            platform: B256::ZERO,
            bound: values.to_vec(),
            id: keccak256([program, values].concat()),
            anchors: vec![circuits()[circuit].hash],
            collateral: B256::ZERO,
            issued_at: 0,
            not_before: 0,
            not_after: u64::MAX,
            status: 0,
            tcb: Vec::new(),
        };
        assert_eq!(verdict(evidence), Ok(expected));
    }
}

/// The pinned keys are SP1's own: gnark's encoding hashes to VERIFIER_HASH and holds these points.
#[test]
fn pinned_keys_are_those_of_sp1_verifier() {
    let gnark: [&[u8]; 2] =
        [&sp1_verifier_v5::GROTH16_VK_BYTES, &sp1_verifier_v6::GROTH16_VK_BYTES];
    assert_eq!(circuits().len(), circuits::PINNED.len());
    for (index, pinned) in circuits::PINNED.iter().enumerate() {
        assert_eq!(Backend::Portable.sha256(gnark[index]), pinned.hash);
        assert_eq!(circuits()[index].hash, pinned.hash);
        assert_eq!(pinned.key_root, [None, Some(*sp1_verifier_v6::VK_ROOT_BYTES)][index]);
        // But for the two points of G1 that verification has no use for, and what follows the key.
        let ours = oracle::gnark_key(pinned.key);
        assert_eq!(ours[..32], gnark[index][..32]);
        assert_eq!(ours[64..192], gnark[index][64..192]);
        assert_eq!(ours[224..], gnark[index][224..ours.len()]);
    }
}

/// Superseded, and unsound (6.0).
#[test]
fn other_versions_are_refused() {
    let v4: &[u8] = include_bytes!("../../../../testdata/sp1/v4.0.0.evidence");
    let v6_0: &[u8] = include_bytes!("../../../../testdata/sp1/v6.0.0.evidence");
    for evidence in [v4, v6_0] {
        assert_eq!(verdict(evidence), Err(Refusal::Refused(Code::Sp1Version)));
    }
}

#[test]
fn both_hash_modes_hold() {
    for root in [None, Some(key_root())] {
        let circuit = DevCircuit::new(5, root);
        for mode in [HASH_SHA256, HASH_BLAKE3] {
            let evidence = circuit.attest(&Run { mode, ..RUN });
            let claims = circuit.verdict(&evidence).unwrap();
            assert_eq!(claims.bound, RUN.values);
            // The same statement, however it is hashed.
            assert_eq!(claims.id, keccak256([RUN.program.as_slice(), RUN.values].concat()));
            let mut other = evidence;
            other[0] ^= 1;
            assert_eq!(circuit.verdict(&other), Err(Code::Groth16Equation));
        }
    }
}

/// An honest proof of a failed run is refused, whatever the code.
#[test]
fn exit_codes_other_than_zero_are_refused() {
    let circuit = DevCircuit::new(6, Some(key_root()));
    for exit_code in
        [B256::with_last_byte(1), B256::with_last_byte(255), DevGroth16::largest_input()]
    {
        let evidence = circuit.attest(&Run { exit_code, ..RUN });
        assert_eq!(circuit.verdict(&evidence), Err(Code::Sp1ExitCode));
        // Nor does it hold for the code that is wanted.
        let mut zeroed = evidence;
        zeroed[EXIT_CODE..KEY_ROOT].fill(0);
        assert_eq!(circuit.verdict(&zeroed), Err(Code::Groth16Equation));
    }
}

/// The nonce is the prover's own: it separates no statements.
#[test]
fn nonces_do_not_change_the_claims() {
    let circuit = DevCircuit::new(6, Some(key_root()));
    let claims = circuit.verdict(&circuit.attest(&RUN)).unwrap();
    let other = Run { nonce: DevGroth16::largest_input(), ..RUN };
    assert_eq!(circuit.verdict(&circuit.attest(&other)), Ok(claims));
}

#[test]
fn public_values_of_every_size_hold() {
    let circuit = DevCircuit::new(6, None);
    let values = vec![0x5a; MAX_EVIDENCE - VALUES5];
    for values in [&[][..], &values[..1], &values] {
        let evidence = circuit.attest(&Run { values, ..RUN });
        assert_eq!(circuit.verdict(&evidence).unwrap().bound, values);
    }
    let refusal = Refusal::TooLarge { size: 16_385, limit: 16_384 };
    assert_eq!(verdict(&[0; MAX_EVIDENCE + 1]), Err(refusal));
    let work = crate::work(kind::SP1, V5, &[]).unwrap();
    assert_eq!((work.groth16, work.groth16_keys, work.groth16_inputs), (1, 0, 3));
}
