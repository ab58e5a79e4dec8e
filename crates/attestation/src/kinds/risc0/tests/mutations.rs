//! Evidence with one fault each, and the code it must get.

use super::*;
use crate::kinds::groth16::tests::{
    OFF_SUBGROUP, P,
    mutations::{
        INFINITY, Mutation, add, g2_generator, increment, negate_g1, negate_g2, put, swap,
    },
};

const MUTATIONS: &[Mutation] = &[
    ("empty", |e| e.clear(), Code::Risc0Truncated),
    ("cut in the image id", |e| e.truncate(31), Code::Risc0Truncated),
    ("cut in the selector", |e| e.truncate(A - 1), Code::Risc0Truncated),
    ("cut in the proof", |e| e.truncate(JOURNAL - 1), Code::Risc0Truncated),
    ("no journal", |e| e.truncate(JOURNAL), Code::Groth16Equation),
    ("cut in the journal", |e| e.truncate(e.len() - 1), Code::Groth16Equation),
    ("trailing byte", |e| e.push(0), Code::Groth16Equation),
    ("zeroed", |e| e.fill(0), Code::Risc0Version),
    ("all ones", |e| e.fill(0xff), Code::Risc0Version),
    ("image id zeroed", |e| e[..SELECTOR].fill(0), Code::ZeroMeasurement),
    ("image id changed", |e| e[0] ^= 1, Code::Groth16Equation),
    ("another image id", |e| put(e, 0, &V2_2[..SELECTOR]), Code::Groth16Equation),
    ("selector changed", |e| e[SELECTOR] ^= 1, Code::Risc0Version),
    ("selector zeroed", |e| e[SELECTOR..A].fill(0), Code::Risc0Version),
    ("selector of fakes", |e| e[SELECTOR..A].fill(0xff), Code::Risc0Version),
    (
        "selector of another release",
        |e| put(e, SELECTOR, &V2_2[SELECTOR..A]),
        Code::Groth16Equation,
    ),
    (
        "seal of another release",
        |e| put(e, SELECTOR, &V2_2[SELECTOR..JOURNAL]),
        Code::Groth16Equation,
    ),
    ("proof of another release", |e| put(e, A, &V2_2[A..JOURNAL]), Code::Groth16Equation),
    ("A, x not canonical", |e| add(e, A, &P), Code::Groth16ProofCoordinate),
    ("A, y not canonical", |e| add(e, A + 32, &P), Code::Groth16ProofCoordinate),
    ("A, off the curve", |e| increment(e, A), Code::Groth16ProofPoint),
    ("A, infinity", |e| put(e, A, &INFINITY[..64]), Code::Groth16ProofPoint),
    ("A, negated alone", |e| negate_g1(e, A), Code::Groth16Equation),
    ("A and C swapped", |e| swap(e, A, C, 64), Code::Groth16Equation),
    ("B, x1 not canonical", |e| add(e, B, &P), Code::Groth16ProofCoordinate),
    ("B, y0 not canonical", |e| add(e, B + 96, &P), Code::Groth16ProofCoordinate),
    ("B, off the curve", |e| increment(e, B + 32), Code::Groth16ProofPoint),
    ("B, infinity", |e| put(e, B, &INFINITY), Code::Groth16ProofPoint),
    ("B, off its subgroup", |e| put(e, B, &OFF_SUBGROUP), Code::Groth16ProofSubgroup),
    ("B, real and imaginary swapped", |e| swap(e, B, B + 32, 32), Code::Groth16ProofPoint),
    ("B, another", |e| put(e, B, &g2_generator()), Code::Groth16Equation),
    ("B, negated alone", |e| negate_g2(e, B), Code::Groth16Equation),
    ("C, x not canonical", |e| add(e, C, &P), Code::Groth16ProofCoordinate),
    ("C, off the curve", |e| increment(e, C), Code::Groth16ProofPoint),
    ("C, infinity", |e| put(e, C, &INFINITY[..64]), Code::Groth16ProofPoint),
    ("C, negated", |e| negate_g1(e, C), Code::Groth16Equation),
    ("proof zeroed", |e| e[A..JOURNAL].fill(0), Code::Groth16ProofPoint),
    ("journal changed", |e| e[JOURNAL] ^= 1, Code::Groth16Equation),
    ("journal zeroed", |e| e[JOURNAL..].fill(0), Code::Groth16Equation),
];

#[test]
fn each_gets_its_code() {
    assert!(MUTATIONS.len() >= 30);
    for (name, mutate, code) in MUTATIONS {
        let mut evidence = V3_0.to_vec();
        mutate(&mut evidence);
        assert_eq!(verdict(&evidence), Err(Refusal::Refused(*code)), "{name}");
    }
}

/// Anyone can negate A and B: another proof of the same statement.
#[test]
fn a_proof_negated_twice_gives_the_same_claims() {
    let mut evidence = V3_0.to_vec();
    negate_g1(&mut evidence, A);
    negate_g2(&mut evidence, B);
    assert_ne!(evidence, V3_0);
    assert_eq!(verdict(&evidence), verdict(V3_0));
}

/// Every byte is relied on.
#[test]
fn no_flipped_byte_is_accepted() {
    for at in 0..V3_0.len() {
        let mut evidence = V3_0.to_vec();
        evidence[at] ^= 1 << (at % 8);
        assert!(verify(&evidence, &[], Backend::Native).is_err(), "byte {at}");
    }
}

#[test]
fn collateral_is_refused() {
    let run = |evidence: &[u8]| {
        crate::verify(kind::RISC0, evidence, &[0], &Anchors::default(), Backend::Native)
    };
    assert_eq!(run(V3_0), Err(Refusal::Refused(Code::CollateralNotEmpty)));
    assert_eq!(run(&V3_0[..JOURNAL - 1]), Err(Refusal::Refused(Code::Risc0Truncated)));
}
