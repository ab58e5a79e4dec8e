//! `Sessions`: keys of the right length that are none. They open a session, and never sign.

use crate::{
    harness::Outcome,
    lab::{ANYONE, CONTROLLER, ENCLAVE, Lab, VALIDITY, data, sgx},
};
use alloy_primitives::{B256, Bytes, hex, keccak256};
use assay_attestation::kind;
use assay_chainspec::predeploys::SESSIONS;
use assay_precompiles::contracts::ISessions;

/// A point: `04 ‖ x ‖ y`.
fn point(x: B256, y: B256) -> Vec<u8> {
    [&[4], x.as_slice(), y.as_slice()].concat()
}

fn open_with(lab: &mut Lab, key: Vec<u8>) -> Outcome {
    lab.chain.advance(2);
    let (mut binding, _) = lab.binding(CONTROLLER);
    binding.key = key.into();
    let hash = lab.hash(&binding, lab.chain.number() - 1, lab.chain.parent().1);
    let (evidence, keys) = lab.quote(&sgx(ENCLAVE, data(hash, B256::ZERO)));
    lab.open(&ISessions::openCall {
        kind: kind::INTEL_DCAP,
        evidence,
        collateralKeys: keys,
        binding,
    })
}

/// What is no key opens a session that lives and under which nothing can ever be settled: `check` says
/// so with a 0 for whatever signature, as a real key says of another's.
#[test]
fn what_is_no_key_never_signs() {
    let mut lab = Lab::stating(VALIDITY);
    let policy = lab.register(&lab.policy());
    let one = B256::with_last_byte(1);
    let infinity = [&[0xc0][..], &[0; 47]].concat();
    let keys: [(u8, Vec<u8>, usize); 13] = [
        // Off the curve; zero; a coordinate that is not below p; no uncompressed point.
        (kind::SECP256K1, point(one, one), 64),
        (kind::SECP256K1, vec![0; 65], 64),
        (kind::SECP256K1, point(B256::repeat_byte(0xff), one), 64),
        (kind::SECP256K1, vec![2; 65], 64),
        (kind::P256, point(one, one), 64),
        (kind::P256, vec![0; 65], 64),
        (kind::P256, point(B256::repeat_byte(0xff), one), 64),
        // Small order: the neutral element, and a point of order eight; y not below p.
        (kind::ED25519, [&[1][..], &[0; 31]].concat(), 64),
        (
            kind::ED25519,
            hex!("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05").to_vec(),
            64,
        ),
        (kind::ED25519, vec![0xff; 32], 64),
        // The neutral element; no compressed point; x that no point has.
        (kind::BLS12_381, infinity, 96),
        (kind::BLS12_381, vec![0; 48], 96),
        (kind::BLS12_381, [&[0x80][..], &[0; 46], &[5]].concat(), 96),
    ];
    for (scheme, key, length) in keys {
        let session = open_with(&mut lab, [&[scheme][..], &key].concat())
            .ok()
            .returned::<ISessions::openCall>();
        assert!(lab.is_live(session, policy));
        // All zero, all one, the neutral element, and for Ed25519 the signatures that hold under a key of
        // small order where it is not refused: R the same, s = 0.
        let mut small = vec![0; length];
        small[..key.len().min(32)].copy_from_slice(&key[..key.len().min(32)]);
        let mut neutral = vec![0; length];
        neutral[0] = if scheme == kind::BLS12_381 { 0xc0 } else { 1 };
        for digest in [B256::ZERO, keccak256("a receipt"), keccak256("another")] {
            for signature in [vec![0; length], vec![1; length], small.clone(), neutral.clone()] {
                let signatures = vec![Bytes::from(signature)];
                let check = ISessions::checkCall {
                    sessionId: session,
                    policyIds: vec![policy],
                    digests: vec![digest],
                    signatures: signatures.clone(),
                };
                let said = lab.chain.call(SESSIONS, &check);
                assert_eq!((said.live, said.bits[..].to_vec()), (vec![true], vec![0]), "{scheme}");
                let verify = ISessions::verifySignaturesCall {
                    sessionId: session,
                    digests: vec![digest],
                    signatures,
                };
                assert_eq!(lab.chain.call(SESSIONS, &verify)[..], [0]);
            }
        }
        // Its controller ends it like any other.
        lab.close(ANYONE, session).error::<ISessions::NotController>();
        lab.close(CONTROLLER, session).ok();
    }
}
