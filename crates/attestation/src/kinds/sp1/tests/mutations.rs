//! Evidence with one fault each, and the code it must get.

use super::*;
use crate::kinds::groth16::GROUP_ORDER;
use crate::kinds::groth16::tests::{
    OFF_SUBGROUP, P,
    mutations::{
        INFINITY, Mutation, add, g2_generator, increment, negate_g1, negate_g2, put, swap,
    },
};

const B6: usize = A6 + 64;
const C6: usize = B6 + 128;

/// Of version 6's proof.
const MUTATIONS: &[Mutation] = &[
    ("empty", |e| e.clear(), Code::Sp1Truncated),
    ("hash mode alone", |e| e.truncate(1), Code::Sp1Truncated),
    ("cut in the prefix", |e| e.truncate(PREFIX + 3), Code::Sp1Truncated),
    ("cut in the nonce", |e| e.truncate(A6 - 1), Code::Sp1Truncated),
    ("cut in the proof", |e| e.truncate(VALUES6 - 1), Code::Sp1Truncated),
    ("cut in the public values", |e| e.truncate(e.len() - 1), Code::Groth16Equation),
    ("no public values", |e| e.truncate(VALUES6), Code::Groth16Equation),
    ("trailing byte", |e| e.push(0), Code::Groth16Equation),
    ("zeroed", |e| e.fill(0), Code::Sp1Version),
    ("all ones", |e| e.fill(0xff), Code::Sp1HashMode),
    ("the other hash", |e| e[0] = HASH_BLAKE3, Code::Groth16Equation),
    ("no hash", |e| e[0] = 2, Code::Sp1HashMode),
    ("program zeroed", |e| e[PROGRAM..PREFIX].fill(0), Code::ZeroMeasurement),
    ("program is r", |e| put(e, PROGRAM, &GROUP_ORDER), Code::Sp1ProgramKey),
    ("program plus r", |e| add(e, PROGRAM, &GROUP_ORDER), Code::Sp1ProgramKey),
    ("another program", |e| increment(e, PROGRAM), Code::Groth16Equation),
    ("prefix changed", |e| e[PREFIX] ^= 1, Code::Sp1Version),
    ("prefix zeroed", |e| e[PREFIX..EXIT_CODE].fill(0), Code::Sp1Version),
    ("prefix of version 5", |e| put(e, PREFIX, &V5[PREFIX..A5]), Code::Groth16ProofPoint),
    ("exit code 1", |e| increment(e, EXIT_CODE), Code::Sp1ExitCode),
    ("exit code is r", |e| put(e, EXIT_CODE, &GROUP_ORDER), Code::Sp1ExitCode),
    ("root zeroed", |e| e[KEY_ROOT..NONCE].fill(0), Code::Sp1KeyRoot),
    ("root plus 1", |e| increment(e, KEY_ROOT), Code::Sp1KeyRoot),
    ("root plus r", |e| add(e, KEY_ROOT, &GROUP_ORDER), Code::Sp1KeyRoot),
    ("nonce plus 1", |e| increment(e, NONCE), Code::Groth16Equation),
    ("nonce is r", |e| put(e, NONCE, &GROUP_ORDER), Code::Sp1Nonce),
    ("nonce all ones", |e| e[NONCE..A6].fill(0xff), Code::Sp1Nonce),
    ("A, not canonical", |e| add(e, A6, &P), Code::Groth16ProofCoordinate),
    ("A, off the curve", |e| increment(e, A6), Code::Groth16ProofPoint),
    ("A, infinity", |e| put(e, A6, &INFINITY[..64]), Code::Groth16ProofPoint),
    ("A, negated alone", |e| negate_g1(e, A6), Code::Groth16Equation),
    ("A and C swapped", |e| swap(e, A6, C6, 64), Code::Groth16Equation),
    ("B, not canonical", |e| add(e, B6 + 96, &P), Code::Groth16ProofCoordinate),
    ("B, real and imaginary swapped", |e| swap(e, B6, B6 + 32, 32), Code::Groth16ProofPoint),
    ("B, infinity", |e| put(e, B6, &INFINITY), Code::Groth16ProofPoint),
    ("B, off its subgroup", |e| put(e, B6, &OFF_SUBGROUP), Code::Groth16ProofSubgroup),
    ("B, another", |e| put(e, B6, &g2_generator()), Code::Groth16Equation),
    ("B, negated alone", |e| negate_g2(e, B6), Code::Groth16Equation),
    ("C, not canonical", |e| add(e, C6 + 32, &P), Code::Groth16ProofCoordinate),
    ("C, off the curve", |e| increment(e, C6 + 32), Code::Groth16ProofPoint),
    ("C, negated", |e| negate_g1(e, C6), Code::Groth16Equation),
    ("proof of version 5", |e| put(e, A6, &V5[A5..VALUES5]), Code::Groth16Equation),
    ("proof zeroed", |e| e[A6..VALUES6].fill(0), Code::Groth16ProofPoint),
    ("public values changed", |e| e[VALUES6] ^= 1, Code::Groth16Equation),
    ("public values of another run", |e| put(e, VALUES6, &V5[VALUES5..]), Code::Groth16Equation),
];

#[test]
fn each_gets_its_code() {
    assert!(MUTATIONS.len() >= 30);
    for (name, mutate, code) in MUTATIONS {
        let mut evidence = V6.to_vec();
        mutate(&mut evidence);
        assert_eq!(verdict(&evidence), Err(Refusal::Refused(*code)), "{name}");
    }
}

/// Version 5, where its layout differs.
#[test]
fn each_gets_its_code_in_version_5() {
    let mutations: &[Mutation] = &[
        ("cut in the proof", |e| e.truncate(VALUES5 - 1), Code::Sp1Truncated),
        ("no public values", |e| e.truncate(VALUES5), Code::Groth16Equation),
        ("trailing byte", |e| e.push(0), Code::Groth16Equation),
        ("the other hash", |e| e[0] = HASH_BLAKE3, Code::Groth16Equation),
        ("program zeroed", |e| e[PROGRAM..PREFIX].fill(0), Code::ZeroMeasurement),
        ("program plus r", |e| add(e, PROGRAM, &GROUP_ORDER), Code::Sp1ProgramKey),
        ("prefix of version 6", |e| put(e, PREFIX, &V6[PREFIX..EXIT_CODE]), Code::Sp1ExitCode),
        ("A, off the curve", |e| increment(e, A5), Code::Groth16ProofPoint),
        ("B, off its subgroup", |e| put(e, A5 + 64, &OFF_SUBGROUP), Code::Groth16ProofSubgroup),
        ("C, negated", |e| negate_g1(e, A5 + 192), Code::Groth16Equation),
        ("public values changed", |e| e[VALUES5] ^= 0x80, Code::Groth16Equation),
    ];
    for (name, mutate, code) in mutations {
        let mut evidence = V5.to_vec();
        mutate(&mut evidence);
        assert_eq!(verdict(&evidence), Err(Refusal::Refused(*code)), "{name}");
    }
}

/// Anyone can negate A and B: another proof of the same statement.
#[test]
fn a_proof_negated_twice_gives_the_same_claims() {
    let mut evidence = V6.to_vec();
    negate_g1(&mut evidence, A6);
    negate_g2(&mut evidence, B6);
    assert_ne!(evidence, V6);
    assert_eq!(verdict(&evidence), verdict(V6));
}

#[test]
fn collateral_is_refused() {
    let run = |evidence: &[u8]| {
        crate::verify(kind::SP1, evidence, &[0], &Anchors::default(), Backend::Native)
    };
    assert_eq!(run(V6), Err(Refusal::Refused(Code::CollateralNotEmpty)));
    assert_eq!(run(&V6[..36]), Err(Refusal::Refused(Code::Sp1Truncated)));
}
