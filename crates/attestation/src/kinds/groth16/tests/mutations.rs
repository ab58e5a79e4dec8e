//! Evidence with one fault each, and the code it must get.

use super::*;
use ark_bn254::{Fq, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField};

pub(crate) type Mutation = (&'static str, fn(&mut Vec<u8>), Code);

/// Adds a 32-byte integer to the one at a place, modulo 2^256.
pub(crate) fn add(evidence: &mut [u8], at: usize, number: &[u8; WORD]) {
    let mut carry = 0u16;
    for index in (0..WORD).rev() {
        let sum = u16::from(evidence[at + index]) + u16::from(number[index]) + carry;
        evidence[at + index] = sum as u8;
        carry = sum >> 8;
    }
}

pub(crate) fn increment(evidence: &mut [u8], at: usize) {
    let mut one = [0; WORD];
    one[WORD - 1] = 1;
    add(evidence, at, &one);
}

pub(crate) fn put(evidence: &mut [u8], at: usize, bytes: &[u8]) {
    evidence[at..at + bytes.len()].copy_from_slice(bytes);
}

pub(crate) fn copy(evidence: &mut [u8], from: usize, to: usize, length: usize) {
    evidence.copy_within(from..from + length, to);
}

pub(crate) fn swap(evidence: &mut [u8], one: usize, two: usize, length: usize) {
    let (low, high) = evidence.split_at_mut(two);
    low[one..one + length].swap_with_slice(&mut high[..length]);
}

/// p less the coordinate at a place.
fn negate(evidence: &mut [u8], at: usize) {
    let value = -Fq::from_be_bytes_mod_order(&evidence[at..at + WORD]);
    put(evidence, at, &value.into_bigint().to_bytes_be());
}

pub(crate) fn negate_g1(evidence: &mut [u8], at: usize) {
    negate(evidence, at + WORD);
}

pub(crate) fn negate_g2(evidence: &mut [u8], at: usize) {
    negate(evidence, at + 2 * WORD);
    negate(evidence, at + 3 * WORD);
}

pub(crate) fn g2_generator() -> Vec<u8> {
    let point = G2Affine::generator();
    [point.x.c1, point.x.c0, point.y.c1, point.y.c0]
        .iter()
        .flat_map(|value| value.into_bigint().to_bytes_be())
        .collect()
}

pub(crate) const INFINITY: [u8; G2_LEN] = [0; G2_LEN];

/// Of [`SNARKJS`], its key not pinned.
pub(super) const MUTATIONS: &[Mutation] = &[
    ("empty", |e| e.clear(), Code::EvidenceLength),
    ("form alone", |e| e.truncate(1), Code::EvidenceLength),
    ("zeroed", |e| e.fill(0), Code::Groth16KeyPoint),
    ("all ones", |e| e.fill(0xff), Code::Groth16Form),
    ("unknown form", |e| e[0] = 2, Code::Groth16Form),
    ("the other form", |e| e[0] = 1, Code::Groth16KeyUnknown),
    ("hash of no key", |e| *e = [&[1; 33], &e[A..]].concat(), Code::Groth16KeyUnknown),
    ("hash of a key not pinned", |e| *e = by_hash(e), Code::Groth16KeyUnknown),
    ("truncated", |e| e.truncate(e.len() - 1), Code::EvidenceLength),
    ("trailing byte", |e| e.push(0), Code::EvidenceLength),
    ("an input less", |e| e.truncate(e.len() - WORD), Code::EvidenceLength),
    ("an input more", |e| e.extend_from_within(INPUTS..INPUTS + WORD), Code::EvidenceLength),
    ("no inputs", |e| *e = [&e[..IC + G1_LEN], &e[A..INPUTS]].concat(), Code::EvidenceLength),
    ("alpha, x not canonical", |e| add(e, ALPHA, &P), Code::Groth16KeyCoordinate),
    ("alpha, y not canonical", |e| add(e, ALPHA + WORD, &P), Code::Groth16KeyCoordinate),
    ("alpha, x is p", |e| put(e, ALPHA, &P), Code::Groth16KeyCoordinate),
    ("alpha, off the curve", |e| increment(e, ALPHA + WORD), Code::Groth16KeyPoint),
    ("alpha, infinity", |e| put(e, ALPHA, &INFINITY[..G1_LEN]), Code::Groth16KeyPoint),
    ("alpha, negated", |e| negate_g1(e, ALPHA), Code::Groth16Equation),
    ("beta, x1 not canonical", |e| add(e, BETA, &P), Code::Groth16KeyCoordinate),
    ("beta, x0 not canonical", |e| add(e, BETA + 32, &P), Code::Groth16KeyCoordinate),
    ("beta, y1 not canonical", |e| add(e, BETA + 64, &P), Code::Groth16KeyCoordinate),
    ("beta, y0 not canonical", |e| add(e, BETA + 96, &P), Code::Groth16KeyCoordinate),
    ("beta, real and imaginary swapped", |e| swap(e, BETA, BETA + 32, 32), Code::Groth16KeyPoint),
    ("beta, infinity", |e| put(e, BETA, &INFINITY), Code::Groth16KeyPoint),
    ("beta, off its subgroup", |e| put(e, BETA, &OFF_SUBGROUP), Code::Groth16KeySubgroup),
    ("beta, another", |e| put(e, BETA, &g2_generator()), Code::Groth16Equation),
    ("gamma, off the curve", |e| increment(e, GAMMA + 64), Code::Groth16KeyPoint),
    ("gamma, off its subgroup", |e| put(e, GAMMA, &OFF_SUBGROUP), Code::Groth16KeySubgroup),
    ("gamma, negated", |e| negate_g2(e, GAMMA), Code::Groth16Equation),
    ("gamma and delta swapped", |e| swap(e, GAMMA, DELTA, G2_LEN), Code::Groth16Equation),
    ("gamma is delta", |e| copy(e, DELTA, GAMMA, G2_LEN), Code::Groth16KeyDegenerate),
    (
        "gamma is minus delta",
        |e| {
            copy(e, DELTA, GAMMA, G2_LEN);
            negate_g2(e, GAMMA);
        },
        Code::Groth16KeyDegenerate,
    ),
    ("delta, infinity", |e| put(e, DELTA, &INFINITY), Code::Groth16KeyPoint),
    ("delta, off its subgroup", |e| put(e, DELTA, &OFF_SUBGROUP), Code::Groth16KeySubgroup),
    ("delta is beta", |e| copy(e, BETA, DELTA, G2_LEN), Code::Groth16Equation),
    ("IC[0], infinity", |e| put(e, IC, &INFINITY[..G1_LEN]), Code::Groth16KeyPoint),
    ("IC[0], not canonical", |e| add(e, IC, &P), Code::Groth16KeyCoordinate),
    ("IC[4], off the curve", |e| increment(e, IC + 4 * G1_LEN), Code::Groth16KeyPoint),
    ("IC[4], infinity", |e| put(e, IC + 4 * G1_LEN, &INFINITY[..G1_LEN]), Code::Groth16KeyPoint),
    ("IC[1] and IC[2] swapped", |e| swap(e, IC + 64, IC + 128, 64), Code::Groth16Equation),
    ("input, r", |e| put(e, INPUTS, &point::GROUP_ORDER), Code::Groth16Input),
    ("input, plus r", |e| add(e, INPUTS, &point::GROUP_ORDER), Code::Groth16Input),
    ("last input, largest", |e| put(e, INPUTS + 96, &[0xff; 32]), Code::Groth16Input),
    ("input, plus 1", |e| increment(e, INPUTS), Code::Groth16Equation),
    ("input, zero", |e| put(e, INPUTS, &[0; 32]), Code::Groth16Equation),
    ("inputs swapped", |e| swap(e, INPUTS, INPUTS + 32, 32), Code::Groth16Equation),
    ("A, x not canonical", |e| add(e, A, &P), Code::Groth16ProofCoordinate),
    ("A, y not canonical", |e| add(e, A + 32, &P), Code::Groth16ProofCoordinate),
    ("A, off the curve", |e| increment(e, A), Code::Groth16ProofPoint),
    ("A, infinity", |e| put(e, A, &INFINITY[..G1_LEN]), Code::Groth16ProofPoint),
    ("A, negated alone", |e| negate_g1(e, A), Code::Groth16Equation),
    ("A is alpha", |e| copy(e, ALPHA, A, G1_LEN), Code::Groth16Equation),
    ("B, x1 not canonical", |e| add(e, B, &P), Code::Groth16ProofCoordinate),
    ("B, y0 not canonical", |e| add(e, B + 96, &P), Code::Groth16ProofCoordinate),
    ("B, off the curve", |e| increment(e, B), Code::Groth16ProofPoint),
    ("B, infinity", |e| put(e, B, &INFINITY), Code::Groth16ProofPoint),
    ("B, off its subgroup", |e| put(e, B, &OFF_SUBGROUP), Code::Groth16ProofSubgroup),
    ("B, negated alone", |e| negate_g2(e, B), Code::Groth16Equation),
    ("B, real and imaginary swapped", |e| swap(e, B, B + 32, 32), Code::Groth16ProofPoint),
    ("C, x not canonical", |e| add(e, C, &P), Code::Groth16ProofCoordinate),
    ("C, off the curve", |e| increment(e, C + 32), Code::Groth16ProofPoint),
    ("C, infinity", |e| put(e, C, &INFINITY[..G1_LEN]), Code::Groth16ProofPoint),
    ("C, negated", |e| negate_g1(e, C), Code::Groth16Equation),
    ("A and C swapped", |e| swap(e, A, C, G1_LEN), Code::Groth16Equation),
    ("C of another proof", |e| put(e, C, &SNARKJS_AGAIN[C..INPUTS]), Code::Groth16Equation),
    ("proof zeroed", |e| e[A..INPUTS].fill(0), Code::Groth16ProofPoint),
    ("key and proof of another circuit", |e| *e = other_inputs(), Code::Groth16Equation),
];

/// The other circuit's evidence with an input of this one.
fn other_inputs() -> Vec<u8> {
    let mut evidence = MULTIPLIER.to_vec();
    let last = evidence.len() - WORD;
    put(&mut evidence, last, &SNARKJS[INPUTS..INPUTS + WORD]);
    evidence
}

#[test]
fn each_gets_its_code() {
    assert!(MUTATIONS.len() >= 30);
    for (name, mutate, code) in MUTATIONS {
        let mut evidence = SNARKJS.to_vec();
        mutate(&mut evidence);
        let verdict = verdict(&evidence, &Anchors::default());
        assert_eq!(verdict, Err(Refusal::Refused(*code)), "{name}");
    }
}

/// Under a pinned key, named by its hash.
#[test]
fn each_gets_its_code_when_pinned() {
    const SHIFT: usize = A - 1 - WORD;
    let anchors = pinning(SNARKJS);
    let mutations: &[Mutation] = &[
        ("truncated", |e| e.truncate(e.len() - 1), Code::EvidenceLength),
        ("trailing byte", |e| e.push(0), Code::EvidenceLength),
        ("an input less", |e| e.truncate(e.len() - WORD), Code::Groth16InputCount),
        ("an input more", |e| e.extend_from_within(e.len() - WORD..), Code::Groth16InputCount),
        ("no inputs", |e| e.truncate(INPUTS - SHIFT), Code::EvidenceLength),
        ("another hash", |e| e[1] ^= 1, Code::Groth16KeyUnknown),
        ("hash zeroed", |e| e[1..33].fill(0), Code::Groth16KeyUnknown),
        ("input, r", |e| put(e, INPUTS - SHIFT, &point::GROUP_ORDER), Code::Groth16Input),
        ("input, plus 1", |e| increment(e, INPUTS - SHIFT), Code::Groth16Equation),
        ("A, not canonical", |e| add(e, A - SHIFT, &P), Code::Groth16ProofCoordinate),
        ("A, off the curve", |e| increment(e, A - SHIFT), Code::Groth16ProofPoint),
        ("A, negated alone", |e| negate_g1(e, A - SHIFT), Code::Groth16Equation),
        ("B, off its subgroup", |e| put(e, B - SHIFT, &OFF_SUBGROUP), Code::Groth16ProofSubgroup),
        ("B, negated alone", |e| negate_g2(e, B - SHIFT), Code::Groth16Equation),
        ("C, infinity", |e| put(e, C - SHIFT, &INFINITY[..64]), Code::Groth16ProofPoint),
        ("C, negated", |e| negate_g1(e, C - SHIFT), Code::Groth16Equation),
    ];
    for (name, mutate, code) in mutations {
        let mut evidence = by_hash(SNARKJS);
        mutate(&mut evidence);
        let verdict = verdict(&evidence, &anchors);
        assert_eq!(verdict, Err(Refusal::Refused(*code)), "{name}");
    }
    let other = Anchors::new(&[(16, vec![key_of(MULTIPLIER)])].into_iter().collect()).unwrap();
    let unknown = Err(Refusal::Refused(Code::Groth16KeyUnknown));
    assert_eq!(verdict(&by_hash(SNARKJS), &other), unknown);
}

/// Every bit of the key, the inputs and the proof is relied on.
#[test]
fn no_flipped_byte_is_accepted() {
    for at in 0..SNARKJS.len() {
        let mut evidence = SNARKJS.to_vec();
        evidence[at] ^= 1 << (at % 8);
        assert!(verify(&evidence, &[], &Anchors::default()).is_err(), "byte {at}");
    }
}

/// The points of G2 that Ethereum's tests have the pairing precompile refuse (`perturb_g2_by_*` of
/// stZeroKnowledge), as B.
#[test]
fn points_of_ethereums_tests_are_refused() {
    let mut by_one = g2_generator();
    increment(&mut by_one, 0);
    let (mut by_modulus, mut by_order) = (g2_generator(), g2_generator());
    add(&mut by_modulus, 0, &P);
    add(&mut by_order, 0, &point::GROUP_ORDER);
    for (point, code) in [
        (by_one, Code::Groth16ProofPoint),
        (by_modulus, Code::Groth16ProofCoordinate),
        (by_order, Code::Groth16ProofCoordinate),
        (OFF_SUBGROUP.to_vec(), Code::Groth16ProofSubgroup),
    ] {
        let mut evidence = SNARKJS.to_vec();
        put(&mut evidence, B, &point);
        assert_eq!(verdict(&evidence, &Anchors::default()), Err(Refusal::Refused(code)));
    }
}
