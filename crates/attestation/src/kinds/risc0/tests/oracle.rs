//! A second opinion: the claim and the public inputs derived as RISC Zero's verifier contract does,
//! over other SHA-256 calls and integers, and the equation by substrate-bn.
//!
//! The long run: `ASSAY_MUTATIONS=100000 cargo test -p assay-attestation --lib risc0::tests::oracle`.

use super::*;
use crate::{
    kinds::groth16::tests::{
        mutations::{negate_g1, negate_g2},
        oracle::theirs as holds,
    },
    testing::cases,
};
use alloy_primitives::{U256, hex};
use proptest::{prelude::*, sample::Index};
use releases::{KEY, PINNED};
use sha2::{Digest, Sha256};

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

/// `ReceiptClaimLib.ok(imageId, sha256(journal)).digest()`.
fn claim_digest(image: &[u8], journal: &[u8]) -> B256 {
    let output =
        sha256(&[&sha256(&[b"risc0.Output"]), &sha256(&[journal]), &[0; 32], &hex!("0200")]);
    let halted = hex!("a3acc27117418996340b84e5a90f3ef4c49d22c79e44aad822ec9c313e1eb8e2");
    let exit = [0; 8];
    let parts: [&[u8]; 7] = [
        &sha256(&[b"risc0.ReceiptClaim"]),
        &[0; 32],
        image,
        &halted,
        &output,
        &exit,
        &hex!("0400"),
    ];
    B256::new(sha256(&parts))
}

/// The halves of a digest read backwards, lower half first.
fn split(digest: B256) -> [B256; 2] {
    let reversed = U256::from_le_bytes(digest.0);
    let low = reversed & (U256::MAX >> 128);
    [B256::from(low), B256::from(reversed >> 128)]
}

/// The five public inputs.
pub(super) fn public_inputs(control_root: B256, claim: B256) -> Vec<B256> {
    [split(control_root), split(claim)].concat().into_iter().chain([IDENTITY_PROGRAM]).collect()
}

/// Whether the receipt holds; `None` where something is malformed or of another release.
fn theirs(evidence: &[u8], releases: &[(B256, B256)], key: &[u8]) -> Option<bool> {
    let (image, rest) = evidence.split_at_checked(32)?;
    let (selector, rest) = rest.split_at_checked(4)?;
    let (proof, journal) = rest.split_at_checked(256)?;
    let (_, root) = releases.iter().find(|(parameters, _)| parameters[..4] == *selector)?;
    let inputs = public_inputs(*root, claim_digest(image, journal));
    holds(key, proof, &inputs.concat())
}

fn compare(evidence: &[u8]) {
    let ours = verdict(evidence);
    match theirs(evidence, &PINNED, KEY) {
        Some(true) => assert!(ours.is_ok(), "{ours:?}"),
        Some(false) => {
            let refusals = [Code::Groth16Equation, Code::ZeroMeasurement].map(Refusal::Refused);
            assert!(refusals.contains(&ours.unwrap_err()));
        }
        None => assert!(ours.is_err_and(|code| code != Code::Groth16Equation.into())),
    }
}

#[test]
fn vectors_agree() {
    for evidence in [V2_2, V3_0] {
        assert_eq!(theirs(evidence, &PINNED, KEY), Some(true));
        compare(evidence);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(256)))]

    #[test]
    fn mutated_bytes(
        newer in any::<bool>(),
        edits in proptest::collection::vec((any::<Index>(), any::<u8>(), 0u8..4), 1..3),
    ) {
        let mut evidence = if newer { V3_0 } else { V2_2 }.to_vec();
        for (at, byte, how) in edits {
            let length = evidence.len();
            match how {
                0 => evidence[SELECTOR + at.index(length - SELECTOR)] = byte,
                1 => evidence.insert(SELECTOR + at.index(PROOF_LEN), byte),
                2 => drop(evidence.splice(A + at.index(PROOF_LEN)..=A + at.index(PROOF_LEN), [])),
                // One in a hundred changes the image id, and so goes all the way.
                _ if byte < 10 => evidence[at.index(32)] = byte,
                _ => evidence[A + at.index(PROOF_LEN)] ^= 1 << (byte % 8),
            }
        }
        compare(&evidence);
    }

    /// Decoders take any bytes.
    #[test]
    fn any_bytes(mut bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if bytes.len() > A {
            bytes[SELECTOR..A].copy_from_slice(&V3_0[SELECTOR..A]);
        }
        compare(&bytes);
    }
}

proptest! {
    // Each takes two pairing checks, one of them slow.
    #![proptest_config(ProptestConfig::with_cases(cases(800) / 100))]

    /// Honest and nearly honest proofs under keys whose trapdoors are known.
    #[test]
    fn random_runs(
        seed in any::<u8>(),
        image in any::<[u8; 32]>(),
        journal in proptest::collection::vec(any::<u8>(), 0..200),
        fault in 0u8..6,
    ) {
        let release = DevRelease::new(seed);
        let claim = claim_digest(&image, &journal);
        let mut evidence = release.attest(B256::new(image), &journal, claim);
        match fault {
            0 => negate_g1(&mut evidence, A),
            1 => evidence[0] ^= 1,
            2 => evidence.push(1),
            3 => {
                negate_g1(&mut evidence, A);
                negate_g2(&mut evidence, B);
            }
            _ => {}
        }
        let ours = release.verdict(&evidence);
        let releases = [(release.release.parameters, release.control_root)];
        let theirs = theirs(&evidence, &releases, &release.prover.verifying_key());
        prop_assert_eq!(theirs, Some(ours.is_ok()));
        prop_assert_eq!(ours.is_ok(), fault > 2);
    }
}
