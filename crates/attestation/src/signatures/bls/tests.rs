use super::{Hasher, TAG};
use crate::{
    Backend, Code,
    signatures::{
        Scheme,
        tests::{DIGEST, bls12_381, check},
    },
    testing::cases,
};
use alloy_primitives::{B256, hex};
use ark_bls12_381::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup, hashing::HashToCurve};
use ark_ff::{AdditiveGroup, Field, PrimeField};
use ark_serialize::CanonicalSerialize;
use blst::min_pk::SecretKey;
use proptest::prelude::*;

const CONSENSUS: &str = include_str!("../../../testdata/bls/consensus.txt");
const RFC_9380: &str = include_str!("../../../testdata/bls/rfc9380_g2.txt");

fn bytes(text: &str) -> Vec<u8> {
    if text == "-" { Vec::new() } else { hex::decode(text).unwrap() }
}

fn verdict(digest: B256, key: &[u8], signature: &[u8]) -> Result<(), Code> {
    check(Scheme::Bls12381, digest, key, signature)
}

fn compressed(point: &impl CanonicalSerialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    point.serialize_compressed(&mut bytes).unwrap();
    bytes
}

#[test]
fn consensus_vectors_hold() {
    let mut count = 0;
    for line in CONSENSUS.lines() {
        let fields: Vec<Vec<u8>> = line.split(' ').map(bytes).collect();
        let [secret, message, signature] = fields.as_slice() else { panic!("three fields") };
        let digest = B256::from_slice(message);
        let secret = SecretKey::from_bytes(secret).unwrap();
        assert_eq!(&secret.sign(message, TAG, &[]).compress()[..], signature.as_slice());
        let key = secret.sk_to_pk().compress();
        assert_eq!(verdict(digest, &key, signature), Ok(()));
        assert_eq!(verdict(DIGEST, &key, signature), Err(Code::SignatureInvalid));
        count += 1;
    }
    assert_eq!(count, 9);
}

#[test]
fn hash_to_curve_is_the_rfcs() {
    const RFC_TAG: &[u8] = b"QUUX-V01-CS02-with-BLS12381G2_XMD:SHA-256_SSWU_RO_";
    let one = SecretKey::from_bytes(&[&[0; 31][..], &[1]].concat()).unwrap();
    for line in RFC_9380.lines() {
        let (message, point) = line.split_once(' ').unwrap();
        let (message, point) = (bytes(message), bytes(point));
        let portable = Hasher::new(RFC_TAG).unwrap().hash(&message).unwrap();
        let mut uncompressed = Vec::new();
        portable.serialize_uncompressed(&mut uncompressed).unwrap();
        assert_eq!(uncompressed, point);
        // One times a hash is the hash.
        assert_eq!(&one.sign(&message, RFC_TAG, &[]).serialize()[..], point.as_slice());
    }
}

#[test]
fn encodings() {
    let (key, signature) = bls12_381(7, DIGEST);
    assert_eq!(verdict(DIGEST, &key, &signature), Ok(()));
    let modulus = super::FIELD.to_vec();
    let with_flags = |flags: u8, x: &[u8]| {
        let mut bytes = x.to_vec();
        bytes[0] |= flags;
        bytes
    };
    let plain = |point: &[u8]| with_flags(0, &[&[point[0] & 0x1f][..], &point[1..]].concat());
    let mut max = vec![0xff; 48];
    max[0] = 0x1f;

    let mut bad_keys = vec![
        vec![],
        key[..47].to_vec(),
        [&key[..], &[0]].concat(),
        SecretKey::key_gen(&[7; 32], &[]).unwrap().sk_to_pk().serialize().to_vec(),
        plain(&key),
        with_flags(0x20, &plain(&key)),
        with_flags(0x40, &key),
        with_flags(0x60, &key),
        with_flags(0x80, &modulus),
        with_flags(0xa0, &modulus),
        with_flags(0x80, &max),
        // Infinity with a sign, without compression, with something behind it.
        with_flags(0xe0, &[0; 48]),
        with_flags(0x40, &[0; 48]),
        [&[0xc0][..], &[0; 46], &[1]].concat(),
        [&[0xc0, 1][..], &[0; 46]].concat(),
    ];
    // x = 1 is not on the curve: 5 is no square.
    let mut one = vec![0; 48];
    one[47] = 1;
    bad_keys.push(with_flags(0x80, &one));
    for bad in &bad_keys {
        assert_eq!(verdict(DIGEST, bad, &signature), Err(Code::KeyEncoding), "{bad:02x?}");
        // The key goes before the signature.
        assert_eq!(verdict(DIGEST, bad, &[0; 96]), Err(Code::KeyEncoding));
    }

    let (c1, c0) = signature.split_at(48);
    for bad in [
        vec![],
        signature[..95].to_vec(),
        [&signature[..], &[0]].concat(),
        plain(&signature),
        with_flags(0x40, &signature),
        [&with_flags(0x80, &modulus)[..], c0].concat(),
        [c1, &modulus].concat(),
        [c1, &max].concat(),
        [c1, &[0xff; 48]].concat(),
        // A flag where only the first coefficient has any.
        [c1, &with_flags(0x80, &plain(c0))].concat(),
        with_flags(0xe0, &[0; 96]),
        with_flags(0x40, &[0; 96]),
        [&[0xc0][..], &[0; 94], &[1]].concat(),
    ] {
        assert_eq!(verdict(DIGEST, &key, &bad), Err(Code::SignatureEncoding), "{bad:02x?}");
    }
    let off_curve = (0u64..)
        .map(|x| Fq2::new(Fq::from(x), Fq::ONE))
        .find(|x| G2Affine::get_point_from_x_unchecked(*x, false).is_none())
        .unwrap();
    let mut off = Vec::new();
    for coefficient in [off_curve.c1, off_curve.c0] {
        let mut bytes = Vec::new();
        coefficient.serialize_compressed(&mut bytes).unwrap();
        bytes.reverse();
        off.extend(bytes);
    }
    off[0] |= 0x80;
    assert_eq!(verdict(DIGEST, &key, &off), Err(Code::SignatureEncoding));
}

#[test]
fn identities_and_points_outside_the_subgroup() {
    let (key, signature) = bls12_381(7, DIGEST);
    let identity = |length: usize| [&[0xc0][..], &vec![0; length - 1]].concat();
    let on_g1: Vec<G1Affine> = (0u64..30)
        .filter_map(|x| G1Affine::get_point_from_x_unchecked(Fq::from(x), x % 2 == 0))
        .filter(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .collect();
    let on_g2: Vec<G2Affine> = (0u64..30)
        .filter_map(|x| {
            G2Affine::get_point_from_x_unchecked(Fq2::new(Fq::from(x), Fq::ZERO), x % 2 == 0)
        })
        .filter(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .collect();
    assert!(on_g1.len() > 5 && on_g2.len() > 5);
    // x = 0 has order 3, and what its curve's order without r leaves has an order that divides the
    // cofactor.
    let small_g1 = on_g1.iter().map(|point| point.mul_bigint(ark_bls12_381::Fr::MODULUS));
    let small_g2 = on_g2.iter().map(|point| point.mul_bigint(ark_bls12_381::Fr::MODULUS));

    let mut keys = vec![identity(48)];
    keys.extend(on_g1.iter().map(compressed));
    keys.extend(small_g1.map(|point| compressed(&point.into_affine())));
    for bad in keys {
        assert_eq!(verdict(DIGEST, &bad, &signature), Err(Code::SmallOrder), "{bad:02x?}");
    }
    let mut signatures = vec![identity(96)];
    signatures.extend(on_g2.iter().map(compressed));
    signatures.extend(small_g2.map(|point| compressed(&point.into_affine())));
    for bad in signatures {
        assert_eq!(verdict(DIGEST, &key, &bad), Err(Code::SmallOrder), "{bad:02x?}");
    }
    // Both identities satisfy the equation for every message.
    assert_eq!(verdict(DIGEST, &identity(48), &identity(96)), Err(Code::SmallOrder));
    // A signature with a part of small order is not one, though its subgroup part is.
    let torsion = on_g2[0].mul_bigint(ark_bls12_381::Fr::MODULUS);
    let mixed = super::portable::<G2Affine>(&signature).ok().unwrap() + torsion;
    assert_eq!(verdict(DIGEST, &key, &compressed(&mixed.into_affine())), Err(Code::SmallOrder));
}

#[test]
fn wrong_signatures() {
    let (key, signature) = bls12_381(7, DIGEST);
    let (other_key, other_signature) = bls12_381(8, DIGEST);
    let mut negated = signature.clone();
    negated[0] ^= 0x20;
    let mut negated_key = key.clone();
    negated_key[0] ^= 0x20;
    for (key, signature) in [
        (&key, &other_signature),
        (&other_key, &signature),
        (&key, &negated),
        (&negated_key, &signature),
        (&key, &bls12_381(7, B256::ZERO).1),
        (&key, &compressed(&G2Affine::generator())),
    ] {
        assert_eq!(verdict(DIGEST, key, signature), Err(Code::SignatureInvalid));
    }
    assert_eq!(verdict(DIGEST, &negated_key, &negated), Ok(()));
    // The same suite without proof of possession is another one.
    let basic = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";
    let basic = SecretKey::key_gen(&[7; 32], &[]).unwrap().sign(DIGEST.as_slice(), basic, &[]);
    assert_eq!(verdict(DIGEST, &key, &basic.compress()), Err(Code::SignatureInvalid));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(128)))]

    /// Both backends agree on every point that a few changed bits give. A long run:
    /// `ASSAY_MUTATIONS=100000 cargo test -p assay-attestation --lib bls`.
    #[test]
    fn mutations_are_judged_alike(
        seed in 1u8..255,
        digest: [u8; 32],
        flips in proptest::collection::vec((0usize..144, 0u8..8), 1..4),
        x: u64,
    ) {
        let digest = B256::new(digest);
        let (key, signature) = bls12_381(seed, digest);
        let mut bytes = [&key[..], &signature].concat();
        for (at, bit) in flips {
            bytes[at] ^= 1 << bit;
        }
        let (changed_key, changed_signature) = bytes.split_at(48);
        let _ = verdict(digest, changed_key, &signature);
        let _ = verdict(digest, &key, changed_signature);
        let mut small = [0; 48];
        small[0] = 0x80;
        small[40..].copy_from_slice(&x.to_be_bytes());
        prop_assert!(verdict(digest, &small, &signature).is_err());
        prop_assert!(Scheme::Bls12381.check(&digest, &key, &signature, Backend::Native).is_ok());
    }
}
