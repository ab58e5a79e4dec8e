//! A second opinion on the same bytes: substrate-bn, which shares no code with arkworks.
//!
//! The long run: `ASSAY_MUTATIONS=100000 cargo test -p assay-attestation --lib groth16::tests::oracle`.

use super::*;
use crate::testing::cases;
use bn::{AffineG1, AffineG2, Fq, Fq2, Gt, pairing_batch};
use proptest::{prelude::*, sample::Index};
use std::sync::LazyLock;

/// Reads points as the library's own checks allow.
struct Points<'a>(&'a [u8]);

impl Points<'_> {
    fn word(&mut self) -> Option<Fq> {
        let (head, rest) = self.0.split_first_chunk::<WORD>()?;
        self.0 = rest;
        Fq::from_slice(head).ok()
    }

    fn g1(&mut self) -> Option<bn::G1> {
        let (x, y) = (self.word()?, self.word()?);
        Some(AffineG1::new(x, y).ok()?.into())
    }

    fn g2(&mut self) -> Option<bn::G2> {
        let (x1, x0) = (self.word()?, self.word()?);
        let (y1, y0) = (self.word()?, self.word()?);
        Some(AffineG2::new(Fq2::new(x0, x1), Fq2::new(y0, y1)).ok()?.into())
    }
}

/// Whether the proof holds; `None` where something is malformed.
pub(crate) fn theirs(key: &[u8], proof: &[u8], inputs: &[u8]) -> Option<bool> {
    let mut points = Points(key);
    let (alpha, beta, gamma, delta) = (points.g1()?, points.g2()?, points.g2()?, points.g2()?);
    let mut sum = points.g1()?;
    if points.0.len() / G1_LEN * WORD != inputs.len() {
        return None;
    }
    for word in inputs.chunks_exact(WORD) {
        let word: &[u8; WORD] = word.try_into().ok()?;
        if *word >= point::GROUP_ORDER {
            return None;
        }
        sum = sum + points.g1()? * bn::Fr::from_slice(word).ok()?;
    }
    let mut points = Points(proof);
    let (a, b, c) = (points.g1()?, points.g2()?, points.g1()?);
    let product = pairing_batch(&[(a, b), (-alpha, beta), (-sum, gamma), (-c, delta)]);
    Some(product == Gt::one())
}

/// Compares the two; the key is given or pinned.
fn compare(evidence: &[u8], anchors: &Anchors) {
    let ours = verdict(evidence, anchors);
    let Ok(parts) = Parts::split(evidence) else {
        assert!(ours.is_err());
        return;
    };
    let key = match parts.key {
        Key::Given(key) => Bytes::copy_from_slice(key),
        Key::Hash(hash) => match anchors.of(kind::GROTH16).find(|key| keccak256(key) == hash) {
            Some(key) => Bytes::copy_from_slice(key),
            None => return assert_eq!(ours, Err(Refusal::Refused(Code::Groth16KeyUnknown))),
        },
    };
    let expected = match theirs(&key, parts.proof, parts.inputs) {
        Some(true) => ours.as_ref().err().copied().is_none_or(|refusal| {
            // The one thing in which this verifier is stricter.
            refusal == Refusal::Refused(Code::Groth16KeyDegenerate)
        }),
        Some(false) => [Code::Groth16Equation, Code::Groth16KeyDegenerate]
            .iter()
            .any(|code| ours == Err(Refusal::Refused(*code))),
        None => ours.is_err() && ours != Err(Refusal::Refused(Code::Groth16Equation)),
    };
    assert!(expected, "{ours:?}");
}

#[test]
fn vectors_and_known_mistakes() {
    let pinned = pinning(SNARKJS);
    let hashed = by_hash(SNARKJS);
    for evidence in [SNARKJS, SNARKJS_AGAIN, MULTIPLIER, DEGENERATE, &hashed] {
        compare(evidence, &Anchors::default());
        compare(evidence, &pinned);
    }
    for (_, mutate, _) in mutations::MUTATIONS {
        let mut evidence = SNARKJS.to_vec();
        mutate(&mut evidence);
        compare(&evidence, &Anchors::default());
    }
}

/// Evidence whose key is given, and the same named by its hash; the anchors pin both keys.
static CASES: LazyLock<(Vec<Vec<u8>>, Anchors)> = LazyLock::new(|| {
    let prover = DevGroth16::new(B256::repeat_byte(9), 2);
    let inputs = [DevGroth16::largest_input(), B256::with_last_byte(5)];
    let made = prover.attest(&inputs, false).unwrap();
    let given = [SNARKJS, MULTIPLIER, &made];
    let keys = given.iter().map(|evidence| key_of(evidence)).collect();
    let anchors = Anchors::new(&[(kind::GROTH16, keys)].into_iter().collect()).unwrap();
    let hashed = given.iter().map(|evidence| by_hash(evidence));
    (given.iter().map(|evidence| evidence.to_vec()).chain(hashed).collect(), anchors)
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(256)))]

    #[test]
    fn mutated_bytes(
        which in any::<Index>(),
        pinned in any::<bool>(),
        edits in proptest::collection::vec((any::<Index>(), any::<u8>(), 0u8..4), 1..3),
    ) {
        let (cases, anchors) = &*CASES;
        let mut evidence = which.get(cases).clone();
        for (at, byte, how) in edits {
            let length = evidence.len();
            match how {
                0 => evidence[at.index(length)] = byte,
                1 => evidence.insert(at.index(length), byte),
                2 => drop(evidence.splice(at.index(length)..=at.index(length), [])),
                // The last word is an input, mostly still below r: a few go all the way.
                _ if byte < 24 => evidence[length - 1 - at.index(31)] = byte,
                _ => evidence[1 + at.index(length - 1 - WORD)] ^= 1 << (byte % 8),
            }
            if evidence.is_empty() {
                break;
            }
        }
        let default = crate::Anchors::default();
        compare(&evidence, if pinned { anchors } else { &default });
    }

    /// Decoders take any bytes.
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..1200)) {
        compare(&bytes, &crate::Anchors::default());
    }
}

proptest! {
    // Each takes two pairing checks, one of them slow.
    #![proptest_config(ProptestConfig::with_cases(cases(800) / 100))]

    /// Honest and nearly honest proofs of random statements, all of whose points are valid.
    #[test]
    fn random_statements(
        seed in any::<[u8; 32]>(),
        inputs in proptest::collection::vec(any::<[u8; 32]>(), 1..5),
        salt in any::<u64>(),
        fault in 0u8..6,
    ) {
        let prover = DevGroth16::new(B256::new(seed), inputs.len());
        let inputs: Vec<B256> = inputs.into_iter().map(cut).collect();
        let key = prover.verifying_key();
        let mut proof = prover.prove(&inputs, salt).unwrap();
        let mut bound = inputs.concat();
        match fault {
            0 => mutations::negate_g1(&mut proof, 0),
            1 => mutations::negate_g2(&mut proof, G1_LEN),
            2 => mutations::negate_g1(&mut proof, G1_LEN + G2_LEN),
            3 => bound[31] ^= 1,
            4 => {
                mutations::negate_g1(&mut proof, 0);
                mutations::negate_g2(&mut proof, G1_LEN);
            }
            _ => {}
        }
        let evidence = [&[FORM_KEY], key.as_ref(), &proof, &bound].concat();
        let ours = verdict(&evidence, &crate::Anchors::default());
        prop_assert_eq!(theirs(&key, &proof, &bound), Some(ours.is_ok()));
        prop_assert_eq!(ours.is_ok(), fault >= 4);
    }
}
