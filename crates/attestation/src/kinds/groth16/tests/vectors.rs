use super::*;
use crate::claims::identity;
use alloy_primitives::b256;

#[test]
fn a_snarkjs_proof_gives_its_claims() {
    let claims = verdict(SNARKJS, &Anchors::default()).unwrap();
    let hash = keccak256(&SNARKJS[ALPHA..A]);
    let expected = Claims {
        kind: 16,
        assurance: 2,
        measurement: hash.to_vec(),
        identity: identity(16, hash.as_slice()),
        platform: B256::ZERO,
        bound: SNARKJS[INPUTS..].to_vec(),
        id: keccak256([hash.as_slice(), &SNARKJS[INPUTS..]].concat()),
        anchors: vec![hash],
        collateral: B256::ZERO,
        issued_at: 0,
        not_before: 0,
        not_after: u64::MAX,
        status: 1 << 30,
        tcb: Vec::new(),
    };
    assert_eq!(claims, expected);
    assert_eq!(hash, GOLDEN_HASH);
    assert!(verdict(MULTIPLIER, &Anchors::default()).is_ok());
}

/// Hash of that key's encoding.
const GOLDEN_HASH: B256 = b256!("3b47a1f1c2c06d66b4426d27cafb3be8a5fb565bb7eeb4a70f8ad0c7b43155ac");

#[test]
fn a_pinned_key_changes_the_status_alone() {
    let anchors = pinning(SNARKJS);
    let unpinned = verdict(SNARKJS, &Anchors::default()).unwrap();
    let pinned = Claims { status: 0, ..unpinned };
    assert_eq!(verdict(SNARKJS, &anchors).as_ref(), Ok(&pinned));
    assert_eq!(verdict(&by_hash(SNARKJS), &anchors).as_ref(), Ok(&pinned));
    // Another key stays a matter of policy.
    assert_eq!(verdict(MULTIPLIER, &anchors).unwrap().status, status::ANCHOR_LEFT_TO_POLICY);
}

/// Groth16 proofs can be changed by anyone into others of the same statement.
#[test]
fn proofs_of_one_statement_share_their_claims() {
    let claims = verdict(SNARKJS, &Anchors::default());
    assert_ne!(SNARKJS, SNARKJS_AGAIN);
    assert_eq!(verdict(SNARKJS_AGAIN, &Anchors::default()), claims);
    let mut negated = SNARKJS.to_vec();
    mutations::negate_g1(&mut negated, A);
    mutations::negate_g2(&mut negated, B);
    assert_ne!(SNARKJS, negated);
    assert_eq!(verdict(&negated, &Anchors::default()), claims);
}

#[test]
fn a_key_without_its_second_phase_is_refused() {
    let refusal = Err(Refusal::Refused(Code::Groth16KeyDegenerate));
    assert_eq!(verdict(DEGENERATE, &Anchors::default()), refusal);
    let pinned = [(kind::GROTH16, vec![key_of(DEGENERATE)])].into_iter().collect();
    assert!(Anchors::new(&pinned).is_err());
}

#[test]
fn made_keys_of_every_size_hold() {
    for count in [1, 2, 15, 16, 17, MAX_INPUTS] {
        let prover = DevGroth16::new(B256::repeat_byte(count as u8), count);
        let mut inputs: Vec<B256> =
            (0..count as u64).map(|index| cut(keccak256(index.to_be_bytes()).0)).collect();
        inputs[0] = DevGroth16::largest_input();
        if count > 1 {
            inputs[count - 1] = B256::ZERO;
        }
        let evidence = prover.attest(&inputs, false).unwrap();
        let claims = verdict(&evidence, &Anchors::default()).unwrap();
        assert_eq!(claims.bound, inputs.concat());
        let pinned = prover.attest(&inputs, true).unwrap();
        let verdict = verdict(&pinned, &pinning(&evidence)).unwrap();
        assert_eq!(verdict, Claims { status: 0, ..claims });
    }
}

#[test]
fn sizes_are_capped_and_work_is_counted() {
    let anchors = Anchors::default();
    let most = vec![0; MAX_EVIDENCE + 1];
    let too_large = Refusal::TooLarge { size: most.len() as u64, limit: MAX_EVIDENCE as u64 };
    assert_eq!(verdict(&most, &anchors), Err(too_large));
    let work = |evidence: &[u8]| crate::work(kind::GROTH16, evidence, &[]).unwrap();
    let counts = |evidence: &[u8]| {
        let work = work(evidence);
        (work.groth16, work.groth16_keys, work.groth16_inputs)
    };
    assert_eq!(counts(SNARKJS), (1, 1, 4));
    assert_eq!(counts(&by_hash(SNARKJS)), (1, 0, 4));
    assert_eq!(counts(&most[1..]), (1, 1, 128));
    assert_eq!(counts(&[&[FORM_HASH], &most[2..]].concat()), (1, 0, 128));
    assert_eq!(counts(&[]), (1, 1, 0));
}

#[test]
fn collateral_is_refused_after_the_lengths() {
    let run = |evidence: &[u8]| {
        crate::verify(kind::GROTH16, evidence, &[0], &Anchors::default(), Backend::Native)
    };
    assert_eq!(run(SNARKJS), Err(Refusal::Refused(Code::CollateralNotEmpty)));
    assert_eq!(run(&SNARKJS[1..]), Err(Refusal::Refused(Code::Groth16Form)));
    let mut bad_key = SNARKJS.to_vec();
    bad_key[ALPHA] = 0xff;
    assert_eq!(run(&bad_key), Err(Refusal::Refused(Code::CollateralNotEmpty)));
}

#[test]
fn bad_anchors_are_named() {
    let anchors = |keys: Vec<Bytes>| Anchors::new(&[(kind::GROTH16, keys)].into_iter().collect());
    let key = key_of(SNARKJS);
    assert!(anchors(vec![key.clone(), key_of(MULTIPLIER)]).is_ok());
    assert!(anchors(vec![key.clone(), key.clone()]).is_err());
    assert!(anchors(vec![key.slice(..key.len() - 1)]).is_err());
    assert!(anchors(vec![key.slice(..448)]).is_err());
}
