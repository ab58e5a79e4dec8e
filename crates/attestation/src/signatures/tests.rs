use super::Scheme;
use crate::{Anchors, Backend, Code, Refusal, check_time, claims::identity, kind, verify, work};
use alloy_primitives::{B256, U256, hex, keccak256};
use curve25519_dalek::{EdwardsPoint, Scalar, constants::EIGHT_TORSION};
use proptest::prelude::*;
use sha2::{Digest as _, Sha512};

pub(super) const DIGEST: B256 = B256::repeat_byte(0x5a);
const N_SECP256K1: U256 =
    U256::from_be_bytes(hex!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));
const P_SECP256K1: U256 =
    U256::from_be_bytes(hex!("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"));
const N_P256: U256 =
    U256::from_be_bytes(hex!("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"));
const P_P256: U256 =
    U256::from_be_bytes(hex!("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"));

/// Key and signature over a digest.
fn secp256k1(seed: u8, digest: B256) -> (Vec<u8>, Vec<u8>) {
    use k256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
    let key = SigningKey::from_slice(&[seed; 32]).unwrap();
    let signature: Signature = key.sign_prehash(digest.as_slice()).unwrap();
    let signature = signature.normalize_s().unwrap_or(signature);
    (key.verifying_key().to_encoded_point(false).as_bytes().to_vec(), signature.to_vec())
}

fn p256(seed: u8, digest: B256) -> (Vec<u8>, Vec<u8>) {
    use p256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
    let key = SigningKey::from_slice(&[seed; 32]).unwrap();
    let signature: Signature = key.sign_prehash(digest.as_slice()).unwrap();
    (key.verifying_key().to_encoded_point(false).as_bytes().to_vec(), signature.to_vec())
}

fn ed25519(seed: u8, digest: B256) -> (Vec<u8>, Vec<u8>) {
    use ed25519_dalek::{Signer, SigningKey};
    let key = SigningKey::from_bytes(&[seed; 32]);
    (key.verifying_key().to_bytes().to_vec(), key.sign(digest.as_slice()).to_vec())
}

pub(super) fn bls12_381(seed: u8, digest: B256) -> (Vec<u8>, Vec<u8>) {
    const TAG: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    let key = blst::min_pk::SecretKey::key_gen(&[seed; 32], &[]).unwrap();
    let signature = key.sign(digest.as_slice(), TAG, &[]);
    (key.sk_to_pk().compress().to_vec(), signature.compress().to_vec())
}

fn sign(scheme: Scheme, seed: u8, digest: B256) -> (Vec<u8>, Vec<u8>) {
    match scheme {
        Scheme::Secp256k1 => secp256k1(seed, digest),
        Scheme::P256 => p256(seed, digest),
        Scheme::Ed25519 => ed25519(seed, digest),
        Scheme::Bls12381 => bls12_381(seed, digest),
    }
}

/// The verdict, which both backends must share.
pub(super) fn check(
    scheme: Scheme,
    digest: B256,
    key: &[u8],
    signature: &[u8],
) -> Result<(), Code> {
    let native = scheme.check(&digest, key, signature, Backend::Native);
    assert_eq!(native, scheme.check(&digest, key, signature, Backend::Portable));
    let holds = super::verify(scheme, &digest, key, signature, Backend::Native);
    assert_eq!(holds, native.is_ok());
    native
}

const SCHEMES: [Scheme; 4] = [Scheme::Secp256k1, Scheme::P256, Scheme::Ed25519, Scheme::Bls12381];

#[test]
fn evidence_gives_claims() {
    for scheme in SCHEMES {
        let kind = scheme as u8;
        let (key, signature) = sign(scheme, 7, DIGEST);
        let evidence = [&key[..], &signature, DIGEST.as_slice()].concat();
        let run = |evidence: &[u8], collateral: &[u8]| {
            let run = |backend| verify(kind, evidence, collateral, &Anchors::default(), backend);
            let native = run(Backend::Native);
            assert_eq!(native, run(Backend::Portable));
            native
        };
        let claims = run(&evidence, &[]).unwrap();
        assert_eq!((claims.kind, claims.assurance), (kind, 1));
        assert_eq!(claims.measurement, key);
        assert_eq!(claims.identity, identity(kind, &key));
        assert_eq!(claims.bound, DIGEST.as_slice());
        assert_eq!(claims.id, keccak256(DIGEST));
        assert_eq!((claims.platform, claims.collateral), (B256::ZERO, B256::ZERO));
        assert!(claims.anchors.is_empty() && claims.tcb.is_empty());
        assert_eq!((claims.not_before, claims.not_after, claims.status), (0, u64::MAX, 0));
        assert_eq!(check_time(&claims, 0), Ok(()));
        assert_eq!(check_time(&claims, u64::MAX - 1), Ok(()));
        assert!(check_time(&claims, u64::MAX).is_err());

        let counted = work(kind, &evidence, &[]).unwrap();
        let counts = [counted.secp256k1, counted.p256, counted.ed25519, counted.bls12_381];
        assert_eq!(counts.iter().sum::<u32>(), 1);
        let refused = |code| Err(Refusal::Refused(code));
        assert_eq!(run(&evidence, &[0]), refused(Code::CollateralNotEmpty));
        assert_eq!(run(&[], &[0]), refused(Code::EvidenceLength));
        for length in 0..evidence.len() {
            assert_eq!(run(&evidence[..length], &[]), refused(Code::EvidenceLength));
        }
        assert_eq!(run(&[&evidence[..], &[0]].concat(), &[]), refused(Code::EvidenceLength));
        let large = |size| Err(Refusal::TooLarge { size, limit: 1024 });
        assert_eq!(run(&[0; 1025], &[0; 1026]), large(1025));
        assert_eq!(run(&evidence, &[0; 1026]), large(1026));
        for at in 0..evidence.len() {
            let mut mutated = evidence.clone();
            mutated[at] ^= 1 << (at % 8);
            assert!(run(&mutated, &[]).is_err(), "byte {at}");
        }
    }
}

/// An id names what is signed, not who signed it: a replay key is kind, identity and id.
#[test]
fn one_digest_has_one_id_whatever_the_key_and_the_kind() {
    let claims = |scheme: Scheme, seed| {
        let (key, signature) = sign(scheme, seed, DIGEST);
        let evidence = [&key[..], &signature, DIGEST.as_slice()].concat();
        verify(scheme as u8, &evidence, &[], &Anchors::default(), Backend::Native).unwrap()
    };
    let mut identities = std::collections::BTreeSet::new();
    for scheme in SCHEMES {
        for seed in [7, 8] {
            let claims = claims(scheme, seed);
            assert_eq!(claims.id, keccak256(DIGEST));
            assert!(identities.insert(claims.identity));
        }
    }
}

#[test]
fn unknown_kinds_are_refused_before_sizes() {
    let known = |kind| matches!(kind, 1..=5 | 16..=18 | 32..=35);
    for kind in (0..=255).filter(|kind| !known(*kind)) {
        let refusal = verify(kind, &[0; 100_000], &[], &Anchors::default(), Backend::Native);
        assert_eq!(refusal, Err(Refusal::UnknownKind(kind)));
        assert_eq!(work(kind, &[0; 100_000], &[]), Err(Refusal::UnknownKind(kind)));
    }
    assert_eq!(kind::SECP256K1, Scheme::Secp256k1 as u8);
    assert!((0..=255).all(|number| Scheme::from_number(number).is_none_or(|s| s as u8 == number)));
}

/// Replaces the 32 bytes from `at`.
fn with(bytes: &[u8], at: usize, number: U256) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + 32].copy_from_slice(&number.to_be_bytes::<32>());
    bytes
}

fn number(bytes: &[u8], at: usize) -> U256 {
    U256::from_be_slice(&bytes[at..at + 32])
}

#[test]
fn ecdsa_encodings() {
    for (scheme, n, p) in
        [(Scheme::Secp256k1, N_SECP256K1, P_SECP256K1), (Scheme::P256, N_P256, P_P256)]
    {
        let (key, signature) = sign(scheme, 7, DIGEST);
        let (r, s) = (number(&signature, 0), number(&signature, 32));
        let key_is = |key: &[u8]| check(scheme, DIGEST, key, &signature);
        let signature_is = |signature: &[u8]| check(scheme, DIGEST, &key, signature);
        assert_eq!(key_is(&key), Ok(()));

        let compressed = [&[2 + (key[64] & 1)][..], &key[1..33]].concat();
        let mut prefixed = key.clone();
        for prefix in [0, 1, 2, 3, 5, 6, 7, 0xff] {
            prefixed[0] = prefix;
            assert_eq!(key_is(&prefixed), Err(Code::KeyEncoding));
        }
        let (x, y) = (number(&key, 1), number(&key, 33));
        for bad in [
            vec![],
            vec![0],
            compressed,
            key[1..].to_vec(),
            [&key[..], &[0]].concat(),
            [&[4][..], &[0; 64]].concat(),
            with(&key, 1, p),
            with(&key, 33, p),
            with(&key, 1, U256::MAX),
            with(&key, 33, U256::MAX),
            with(&key, 1, x ^ U256::from(1)),
            with(&key, 33, y ^ U256::from(1)),
            with(&with(&key, 1, y), 33, x),
        ] {
            assert_eq!(key_is(&bad), Err(Code::KeyEncoding), "{bad:02x?}");
        }
        // The other point of the same x is a key, but not this one.
        assert_eq!(key_is(&with(&key, 33, p - y)), Err(Code::SignatureInvalid));

        for bad in [
            vec![],
            signature[1..].to_vec(),
            [&signature[..], &[0]].concat(),
            vec![0; 64],
            with(&signature, 0, U256::ZERO),
            with(&signature, 32, U256::ZERO),
            with(&signature, 0, n),
            with(&signature, 32, n),
            with(&signature, 0, n + U256::from(1)),
            with(&signature, 0, U256::MAX),
            with(&signature, 32, U256::MAX),
        ] {
            assert_eq!(signature_is(&bad), Err(Code::SignatureEncoding), "{bad:02x?}");
        }
        for wrong in [
            with(&signature, 0, U256::from(1)),
            with(&signature, 32, U256::from(1)),
            with(&signature, 0, n - U256::from(1)),
            with(&signature, 0, r ^ U256::from(1)),
            with(&signature, 32, s ^ U256::from(2)),
            sign(scheme, 8, DIGEST).1,
            sign(scheme, 7, B256::ZERO).1,
        ] {
            assert_eq!(signature_is(&wrong), Err(Code::SignatureInvalid), "{wrong:02x?}");
        }
        let negated = with(&signature, 32, n - s);
        match scheme {
            Scheme::Secp256k1 => {
                assert_eq!(signature_is(&negated), Err(Code::SignatureEncoding));
                let half = n / U256::from(2);
                let bound = |s| signature_is(&with(&signature, 32, s));
                assert_eq!(bound(half), Err(Code::SignatureInvalid));
                assert_eq!(bound(half + U256::from(1)), Err(Code::SignatureEncoding));
            }
            _ => assert_eq!(signature_is(&negated), Ok(())),
        }
        // The key goes before the signature.
        assert_eq!(check(scheme, DIGEST, &[], &[]), Err(Code::KeyEncoding));
        assert_eq!(
            check(scheme, DIGEST, &with(&key, 33, y ^ U256::from(1)), &[0; 64]),
            Err(Code::KeyEncoding)
        );
        // Any digest can be signed, even zero and those not below the order.
        for digest in [B256::ZERO, B256::repeat_byte(0xff)] {
            let (key, signature) = sign(scheme, 9, digest);
            assert_eq!(check(scheme, digest, &key, &signature), Ok(()));
        }
    }
}

/// Points, scalars and signatures that no signer makes by chance.
macro_rules! equation_edges {
    ($name:ident, $curve:ident, $scheme:expr, $order:expr) => {
        #[test]
        fn $name() {
            use $curve::{
                AffinePoint, EncodedPoint, FieldBytes, ProjectivePoint as Point, Scalar,
                elliptic_curve::{
                    PrimeField,
                    scalar::IsHigh,
                    sec1::{FromEncodedPoint, ToEncodedPoint},
                },
            };
            let bytes = |number: U256| FieldBytes::from(number.to_be_bytes::<32>());
            let scalar = |number: U256| Option::<Scalar>::from(Scalar::from_repr(bytes(number)));
            let of = |point: Point| point.to_affine().to_encoded_point(false);
            let reduced = |point: Point| {
                let x = U256::from_be_slice(of(point).x().unwrap());
                scalar(x % $order).unwrap()
            };
            let inverse = |scalar: Scalar| Option::<Scalar>::from(scalar.invert()).unwrap();
            let verdict = |z: Scalar, key: Point, r: Scalar, s: Scalar| {
                let signature = [&r.to_repr()[..], &s.to_repr()[..]].concat();
                let digest = B256::from_slice(&z.to_repr());
                check($scheme, digest, of(key).as_bytes(), &signature)
            };
            let [z, s] = [77u64, 1_234_567].map(Scalar::from);

            // R's x is a small number, or that number and the order: r is the number.
            let mut held = [0, 0];
            for number in 1..40u64 {
                for (index, x) in
                    [U256::from(number), $order + U256::from(number)].into_iter().enumerate()
                {
                    let encoded = [&[2][..], &x.to_be_bytes::<32>()].concat();
                    let encoded = EncodedPoint::from_bytes(encoded).unwrap();
                    let point =
                        Option::<AffinePoint>::from(AffinePoint::from_encoded_point(&encoded));
                    let Some(point) = point.map(Point::from) else { continue };
                    let r = Scalar::from(number);
                    // Of the key whose signature this is: s·R = z·G + r·Q.
                    let key = (point * s - Point::GENERATOR * z) * inverse(r);
                    assert_eq!(verdict(z, key, r, s), Ok(()), "{number}");
                    held[index] += 1;
                }
            }
            assert!(held.iter().all(|held| *held > 5), "{held:?}");

            // The sum is the point at infinity, which has no x.
            let r = scalar(U256::from(5)).unwrap();
            let key = Point::GENERATOR * -(z * inverse(r));
            assert_eq!(verdict(z, key, r, s), Err(Code::SignatureInvalid));
            // Both terms of the sum are the same point.
            let half = Scalar::from(99u64);
            let r = reduced(Point::GENERATOR * (half + half));
            let z = half * s;
            assert_eq!(verdict(z, Point::GENERATOR * (z * inverse(r)), r, s), Ok(()));
            // A digest of zero leaves one term; the generator and its opposite are keys like others.
            for key in [Scalar::ONE, -Scalar::ONE] {
                let r = reduced(Point::GENERATOR * half);
                let s = r * key * inverse(half);
                // The other s is that of the opposite point, whose x is the same.
                let s = if bool::from(s.is_high()) { -s } else { s };
                assert_eq!(verdict(Scalar::ZERO, Point::GENERATOR * key, r, s), Ok(()));
            }
        }
    };
}

equation_edges!(edges_of_secp256k1s_equation, k256, Scheme::Secp256k1, N_SECP256K1);
equation_edges!(edges_of_p256s_equation, p256, Scheme::P256, N_P256);

#[test]
fn ed25519_encodings() {
    let scheme = Scheme::Ed25519;
    let (key, signature) = sign(scheme, 7, DIGEST);
    let (nonce, s) = signature.split_at(32);
    assert_eq!(check(scheme, DIGEST, &key, &signature), Ok(()));

    let torsion: Vec<Vec<u8>> =
        EIGHT_TORSION.iter().map(|point| point.compress().to_bytes().to_vec()).collect();
    for point in &torsion {
        assert_eq!(check(scheme, DIGEST, point, &signature), Err(Code::SmallOrder));
        let forged = [point, s].concat();
        assert_eq!(check(scheme, DIGEST, &key, &forged), Err(Code::SmallOrder));
        // A small-order key would verify this for every message.
        let forged = [point, &[0; 32][..]].concat();
        assert_eq!(check(scheme, DIGEST, point, &forged), Err(Code::SmallOrder));
    }
    // y = p, p + 1 and so on, and a sign on x = 0.
    let mut not_reduced: Vec<[u8; 32]> = (0xed..=0xffu8)
        .flat_map(|low| {
            let mut y = [0xff; 32];
            y[0] = low;
            let mut positive = y;
            positive[31] = 0x7f;
            [y, positive]
        })
        .collect();
    let mut minus_zero = [0; 32];
    (minus_zero[0], minus_zero[31]) = (1, 0x80);
    not_reduced.push(minus_zero);
    let mut minus_zero = [0xff; 32];
    minus_zero[0] = 0xec;
    not_reduced.push(minus_zero);
    for point in not_reduced {
        assert_eq!(check(scheme, DIGEST, &point, &signature), Err(Code::KeyEncoding));
        let forged = [&point[..], s].concat();
        assert_eq!(check(scheme, DIGEST, &key, &forged), Err(Code::SignatureEncoding));
    }
    // S + L, and L itself.
    let order = hex!("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut carry = 0;
    let over: Vec<u8> = s
        .iter()
        .zip(order)
        .map(|(s, order)| {
            let sum = u16::from(*s) + u16::from(order) + carry;
            carry = sum >> 8;
            sum as u8
        })
        .collect();
    for s in [&over[..], &order, &[0xff; 32]] {
        let forged = [nonce, s].concat();
        assert_eq!(check(scheme, DIGEST, &key, &forged), Err(Code::SignatureEncoding));
    }
    for (key, signature) in
        [(&key[..31], &signature[..]), (&[], &signature[..]), (&[4; 65], &signature[..])]
    {
        assert_eq!(check(scheme, DIGEST, key, signature), Err(Code::KeyEncoding));
    }
    assert_eq!(check(scheme, DIGEST, &key, &signature[..63]), Err(Code::SignatureEncoding));
    for wrong in [sign(scheme, 8, DIGEST).1, sign(scheme, 7, B256::ZERO).1, [s, nonce].concat()] {
        assert!(check(scheme, DIGEST, &key, &wrong).is_err());
    }
    // y = 2 is not on the curve.
    let mut off = [0; 32];
    off[0] = 2;
    assert_eq!(check(scheme, DIGEST, &off, &signature), Err(Code::SignatureInvalid));
    let forged = [&off[..], s].concat();
    assert_eq!(check(scheme, DIGEST, &key, &forged), Err(Code::SignatureInvalid));
}

/// A key with a torsion component: the cofactorless equation holds where it cancels out.
#[test]
fn backends_agree_on_mixed_order_keys() {
    let secret = Scalar::from(123_456_789u64);
    let key = EdwardsPoint::mul_base(&secret) + EIGHT_TORSION[1];
    let key = key.compress().to_bytes();
    let mut held = 0;
    for message in 0..64u8 {
        let digest = keccak256([message]);
        let nonce = Scalar::from(u64::from(message) + 1);
        let point = EdwardsPoint::mul_base(&nonce).compress().to_bytes();
        let hash = Sha512::digest([&point[..], &key, digest.as_slice()].concat());
        let hash = Scalar::from_bytes_mod_order_wide(&hash.into());
        let s = nonce + hash * secret;
        let signature = [&point[..], s.as_bytes()].concat();
        held += usize::from(check(Scheme::Ed25519, digest, &key, &signature).is_ok());
    }
    assert!((1..32).contains(&held), "{held} of 64");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn honest_signatures_hold(seed in 1u8..255, digest: [u8; 32]) {
        for scheme in SCHEMES {
            let (key, signature) = sign(scheme, seed, digest.into());
            prop_assert_eq!(check(scheme, digest.into(), &key, &signature), Ok(()));
        }
    }

    #[test]
    fn garbage_is_refused_alike(
        digest: [u8; 32],
        key in proptest::collection::vec(any::<u8>(), 0..70),
        signature in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        for scheme in SCHEMES {
            prop_assert!(check(scheme, digest.into(), &key, &signature).is_err());
            let mut key = key.clone();
            key.resize(scheme.key_len(), 1);
            let mut signature = signature.clone();
            signature.resize(scheme.signature_len(), 1);
            prop_assert!(check(scheme, digest.into(), &key, &signature).is_err());
            let honest = sign(scheme, 7, digest.into()).0;
            prop_assert!(check(scheme, digest.into(), &honest, &signature).is_err());
        }
    }
}
