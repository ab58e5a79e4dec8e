//! A second opinion: SP1's own verifiers of the two versions, over substrate-bn.
//!
//! The long run: `ASSAY_MUTATIONS=100000 cargo test -p assay-attestation --lib sp1::tests::oracle`.

use super::*;
use crate::{
    kinds::groth16::tests::{
        cut,
        mutations::{negate_g1, negate_g2},
    },
    testing::cases,
};
use alloy_primitives::hex;
use ark_bn254::Fq;
use ark_ff::PrimeField;
use proptest::{prelude::*, sample::Index};

/// Sets gnark's flag of a compressed point: which of the two is y, judged by this coordinate.
fn flag(x: &mut [u8], y: &[u8]) {
    let value = Fq::from_be_bytes_mod_order(y).into_bigint();
    let larger = value > Fq::MODULUS_MINUS_ONE_DIV_TWO;
    x[0] |= if larger { 0b1100_0000 } else { 0b1000_0000 };
}

fn compress_g1(point: &[u8]) -> Vec<u8> {
    let mut x = point[..32].to_vec();
    flag(&mut x, &point[32..]);
    x
}

fn compress_g2(point: &[u8]) -> Vec<u8> {
    let mut x = point[..64].to_vec();
    let y1 = &point[64..96];
    flag(&mut x, if y1 == [0; 32] { &point[96..] } else { y1 });
    x
}

/// A key of kind 16's encoding as gnark writes it, up to its commitments; the points of G1 that
/// verification has no use for are alpha.
pub(super) fn gnark_key(key: &[u8]) -> Vec<u8> {
    let alpha = compress_g1(&key[..64]);
    let [beta, gamma, delta] = [64, 192, 320].map(|at| compress_g2(&key[at..at + 128]));
    let ic: Vec<Vec<u8>> = key[448..].chunks(64).map(compress_g1).collect();
    let count = (ic.len() as u32).to_be_bytes();
    [&alpha, &alpha, &beta, &gamma, &alpha, &delta, &count[..], &ic.concat()].concat()
}

/// Whether SP1's verifier takes the proof, under either hash; `None` where it has no say.
fn theirs(evidence: &[u8], v5_key: &[u8], v6_key: &[u8]) -> Option<bool> {
    let program = hex::encode_prefixed(evidence.get(PROGRAM..PREFIX)?);
    let prefix = evidence.get(PREFIX..A5)?;
    if *prefix == Backend::Portable.sha256(v6_key)[..PREFIX_LEN] {
        let (proof, values) = evidence[PREFIX..].split_at_checked(VALUES6 - PREFIX)?;
        return Some(
            sp1_verifier_v6::Groth16Verifier::verify(proof, values, &program, v6_key).is_ok(),
        );
    }
    let (proof, values) = evidence[PREFIX..].split_at_checked(VALUES5 - PREFIX)?;
    Some(sp1_verifier_v5::Groth16Verifier::verify(proof, values, &program, v5_key).is_ok())
}

/// Where this verifier is stricter: SP1's reduces the program's key and the nonce modulo r, tries
/// both hashes, and has no objection to a program's key of zero.
const STRICTER: [Code; 4] =
    [Code::Sp1HashMode, Code::Sp1ProgramKey, Code::Sp1Nonce, Code::ZeroMeasurement];

fn compare(evidence: &[u8], ours: &Result<Claims, Code>, theirs: Option<bool>) {
    match ours {
        Ok(_) => assert_eq!(theirs, Some(true)),
        Err(code) if theirs == Some(true) => {
            let other_hash = *code == Code::Groth16Equation && evidence[0] <= HASH_BLAKE3;
            assert!(other_hash || STRICTER.contains(code), "{code:?} is accepted by SP1");
        }
        Err(_) => {}
    }
}

/// Under the pinned keys.
fn compare_pinned(evidence: &[u8]) -> Result<Claims, Code> {
    let ours = verdict(evidence).map_err(|refusal| match refusal {
        Refusal::Refused(code) => code,
        refusal => panic!("{refusal}"),
    });
    let keys = (&sp1_verifier_v5::GROTH16_VK_BYTES, &sp1_verifier_v6::GROTH16_VK_BYTES);
    compare(evidence, &ours, theirs(evidence, keys.0, keys.1));
    ours
}

#[test]
fn vectors_agree() {
    for evidence in [V5, V6] {
        assert!(compare_pinned(evidence).is_ok());
        for mode in [HASH_BLAKE3, 2] {
            let mut evidence = evidence.to_vec();
            evidence[0] = mode;
            assert!(compare_pinned(&evidence).is_err());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(64)))]

    #[test]
    fn mutated_bytes(
        version_6 in any::<bool>(),
        edits in proptest::collection::vec((any::<Index>(), any::<u8>(), 0u8..4), 1..3),
    ) {
        let mut evidence = if version_6 { V6 } else { V5 }.to_vec();
        let values = if version_6 { VALUES6 } else { VALUES5 };
        for (at, byte, how) in edits {
            let length = evidence.len();
            match how {
                0 => evidence[at.index(values)] = byte,
                1 => evidence.insert(at.index(values), byte),
                2 => drop(evidence.splice(at.index(values)..=at.index(values), [])),
                // One in a hundred changes the public values, and so goes all the way.
                _ if byte < 10 => evidence[values + at.index(length.saturating_sub(values).max(1))] ^= 1,
                _ => evidence[at.index(values)] ^= 1 << (byte % 8),
            }
        }
        let _ = compare_pinned(&evidence);
    }

    /// Decoders take any bytes.
    #[test]
    fn any_bytes(mut bytes in proptest::collection::vec(any::<u8>(), 0..500), mode in 0u8..3) {
        if let Some(first) = bytes.first_mut() {
            *first = mode;
        }
        if bytes.len() > A5 {
            bytes[PREFIX..A5].copy_from_slice(&V5[PREFIX..A5]);
        }
        prop_assert!(compare_pinned(&bytes).is_err());
    }
}

proptest! {
    // Each takes two pairing checks, one of them slow.
    #![proptest_config(ProptestConfig::with_cases(cases(800) / 100))]

    /// Honest and nearly honest proofs under keys whose trapdoors are known.
    #[test]
    fn random_runs(
        version_6 in any::<bool>(),
        seed in any::<u8>(),
        mode in 0u8..2,
        program in any::<[u8; 32]>(),
        nonce in any::<[u8; 32]>(),
        values in proptest::collection::vec(any::<u8>(), 0..200),
        fault in 0u8..8,
    ) {
        let circuit = DevCircuit::new(seed, version_6.then(key_root));
        let honest = Run {
            mode,
            program: cut(program),
            nonce: cut(nonce),
            values: &values,
            ..RUN
        };
        let a = if version_6 { A6 } else { A5 };
        let run = Run { exit_code: B256::with_last_byte(u8::from(fault == 0)), ..honest };
        let mut evidence = circuit.attest(&run);
        match fault {
            1 => negate_g1(&mut evidence, a),
            2 => evidence.push(0),
            3 => evidence[PREFIX - 1] ^= 1,
            4 => evidence[0] ^= 1,
            5 => {
                negate_g1(&mut evidence, a);
                negate_g2(&mut evidence, a + 64);
            }
            _ => {}
        }
        let ours = circuit.verdict(&evidence);
        let key = &circuit.gnark_key;
        let none = [];
        let theirs = if version_6 { theirs(&evidence, &none, key) } else { theirs(&evidence, key, &none) };
        prop_assert_eq!(ours.is_ok(), fault > 4 || fault == 0 && !version_6);
        // SP1's verifier finds the other hash by itself.
        prop_assert_eq!(theirs, Some(ours.is_ok() || fault == 4));
        compare(&evidence, &ours, theirs);
    }
}
