use super::*;
use crate::claims::identity;
use releases::{KEY, PINNED};

#[test]
fn real_receipts_give_their_claims() {
    for (evidence, release) in [(V2_2, 0), (V3_0, 1)] {
        let (image, journal) = (&evidence[..SELECTOR], &evidence[JOURNAL..]);
        let digest = claim::digest(B256::from_slice(image), journal, Backend::Portable);
        let expected = Claims {
            kind: 18,
            assurance: 2,
            measurement: image.to_vec(),
            identity: identity(18, image),
            platform: B256::ZERO,
            bound: b"just a simple receipt".to_vec(),
            id: keccak256(digest),
            anchors: vec![releases()[release].parameters],
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

/// Stopped by their maker.
#[test]
fn other_releases_are_refused() {
    let v2_0: &[u8] = include_bytes!("../../../../testdata/risc0/v2.0.evidence");
    let v2_1: &[u8] = include_bytes!("../../../../testdata/risc0/v2.1.evidence");
    for evidence in [v2_0, v2_1] {
        assert_eq!(verdict(evidence), Err(Refusal::Refused(Code::Risc0Version)));
    }
}

/// The parameters' digest commits to the control root, the identity program and every point of the
/// key: it is RISC Zero's own, so all three are.
#[test]
fn pinned_parameters_hash_to_their_digests() {
    let structure =
        |tag: &str, digests: &[B256]| claim::structure(tag, digests, &[], Backend::Portable);
    let hash = |range: core::ops::Range<usize>| Backend::Portable.sha256(&KEY[range]);
    let ic = (448..KEY.len())
        .step_by(64)
        .map(|at| hash(at..at + 64))
        .rfold(B256::ZERO, |rest, point| {
            structure("risc0_groth16.VerifyingKey.IC", &[point, rest])
        });
    let key = structure(
        "risc0_groth16.VerifyingKey",
        &[hash(0..64), hash(64..192), hash(192..320), hash(320..448), ic],
    );
    let mut program = IDENTITY_PROGRAM;
    program.0.reverse();
    assert_eq!(releases().len(), PINNED.len());
    for ((parameters, control_root), release) in PINNED.iter().zip(releases()) {
        let digest =
            structure("risc0.Groth16ReceiptVerifierParameters", &[*control_root, program, key]);
        assert_eq!((digest, release.parameters), (*parameters, *parameters));
    }
}

/// Honest proofs of runs that did not halt with success, or that assume something.
#[test]
fn other_claims_are_refused() {
    let release = DevRelease::new(3);
    let (image, journal) = (B256::repeat_byte(8), b"journal".as_slice());
    let claim =
        |exit, assumptions| claim::claim(image, exit, journal, assumptions, Backend::Native);
    let verdict = |claim| release.verdict(&release.attest(image, journal, claim));
    assert_eq!(claim([0, 0], B256::ZERO), claim::digest(image, journal, Backend::Portable));
    assert!(verdict(claim([0, 0], B256::ZERO)).is_ok());
    for (exit, assumptions) in [
        ([0, 1], B256::ZERO),
        ([1, 0], B256::ZERO),
        ([2, 0], B256::ZERO),
        ([0, 0], B256::with_last_byte(1)),
    ] {
        assert_eq!(verdict(claim(exit, assumptions)), Err(Code::Groth16Equation));
    }
}

#[test]
fn journals_of_every_size_hold() {
    let release = DevRelease::new(3);
    let image = B256::repeat_byte(8);
    let journal = vec![0x5a; MAX_EVIDENCE - JOURNAL];
    for journal in [&[][..], &journal[..1], &journal] {
        let claim = claim::digest(image, journal, Backend::Native);
        let claims = release.verdict(&release.attest(image, journal, claim)).unwrap();
        assert_eq!(claims.bound, journal);
    }
    let refusal = Refusal::TooLarge { size: 16_385, limit: 16_384 };
    assert_eq!(verdict(&[0; MAX_EVIDENCE + 1]), Err(refusal));
    let work = crate::work(kind::RISC0, V3_0, &[]).unwrap();
    assert_eq!((work.groth16, work.groth16_keys, work.groth16_inputs), (1, 0, 2));
}
