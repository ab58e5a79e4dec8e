//! ECDSA where implementations have gone wrong: keys made for a signature's numbers, so that sums
//! wrap, double or vanish. Both backends must give the verdict that the equation gives.

use crate::Backend;
use alloy_primitives::{B256, hex};

/// `left + right`, big-endian numbers of one length; `None` if it overflows.
fn sum(left: &[u8], right: &[u8]) -> Option<Vec<u8>> {
    let mut carry = 0;
    let mut sum: Vec<u8> = left
        .iter()
        .zip(right)
        .rev()
        .map(|(left, right)| {
            let digit = u16::from(*left) + u16::from(*right) + carry;
            carry = digit >> 8;
            digit as u8
        })
        .collect();
    sum.reverse();
    (carry == 0).then_some(sum)
}

macro_rules! edges {
    ($name:ident, $curve:ident, $limbs:ident, $len:literal, $order:literal, $holds:expr) => {
        mod $name {
            use super::*;
            use $curve::{
                AffinePoint, FieldBytes, ProjectivePoint, Scalar,
                elliptic_curve::{
                    PrimeField as _,
                    bigint::$limbs,
                    ops::Reduce,
                    point::{AffineCoordinates as _, DecompressPoint as _},
                    sec1::ToEncodedPoint as _,
                    subtle::Choice,
                },
            };

            fn reduced(bytes: &[u8]) -> Scalar {
                <Scalar as Reduce<$limbs>>::reduce_bytes(&field(bytes))
            }

            fn field(bytes: &[u8]) -> FieldBytes {
                <[u8; $len]>::try_from(bytes).unwrap().into()
            }

            fn bytes(scalar: &Scalar) -> Vec<u8> {
                scalar.to_repr().to_vec()
            }

            /// The verdict of both backends.
            fn holds(key: &ProjectivePoint, digest: &[u8], r: &[u8], s: &[u8]) -> bool {
                let key = key.to_affine().to_encoded_point(false);
                let signature: [u8; 2 * $len] = [r, s].concat().try_into().unwrap();
                let run = |backend| {
                    let holds: fn(&[u8], &[u8], &[u8; 2 * $len], Backend) -> Option<bool> = $holds;
                    holds(key.as_bytes(), digest, &signature, backend).expect("a key of the curve")
                };
                let native = run(Backend::Native);
                assert_eq!(native, run(Backend::Portable), "{r:02x?} {s:02x?} {digest:02x?}");
                native
            }

            fn number(low: u32) -> Vec<u8> {
                let mut number = vec![0; $len];
                number[$len - 4..].copy_from_slice(&low.to_be_bytes());
                number
            }

            /// Values of s, and digests.
            fn values() -> Vec<Vec<u8>> {
                let one = Scalar::ONE;
                let mut values: Vec<Vec<u8>> =
                    [one, one.double(), -one, -one.double(), one.double().invert().unwrap()]
                        .iter()
                        .map(bytes)
                        .collect();
                values.push(vec![0x7f; $len]);
                values
            }

            /// A nonce point whose x is r, or r + n where that is still a coordinate.
            #[test]
            fn x_coordinates_above_the_order() {
                let order = hex!($order);
                let mut wrapped = 0;
                for low in 1..12 {
                    let r = number(low);
                    for (is_wrapped, x) in [(false, r.clone()), (true, sum(&r, &order).unwrap())] {
                        let x = field(&x);
                        let point = AffinePoint::decompress(&x, Choice::from(low as u8 & 1));
                        let Some(point) = Option::<AffinePoint>::from(point) else { continue };
                        wrapped += u32::from(is_wrapped);
                        let nonce = ProjectivePoint::from(point);
                        let inverse = reduced(&r).invert().unwrap();
                        for s in values() {
                            for digest in
                                [vec![0; $len], vec![0xff; $len], order.to_vec(), s.clone()]
                            {
                                let z = reduced(&digest);
                                let key = (nonce * reduced(&s) - ProjectivePoint::GENERATOR * z)
                                    * inverse;
                                if key == ProjectivePoint::IDENTITY {
                                    continue;
                                }
                                assert!(holds(&key, &digest, &r, &s));
                                assert!(!holds(&key, &digest, &number(low + 1), &s));
                                assert!(!holds(&-key, &digest, &r, &s) || z == Scalar::ZERO);
                            }
                        }
                    }
                }
                assert!(wrapped > 2, "{wrapped}");
            }

            /// u₁·G = u₂·Q: the sum is a doubling. And u₁·G = −u₂·Q: it is infinity, and refused.
            #[test]
            fn doublings_and_infinity() {
                for seed in 1..6u8 {
                    let secret = reduced(&[seed; $len]);
                    let k = reduced(&[seed ^ 0xa5; $len]);
                    let key = ProjectivePoint::GENERATOR * secret;
                    let r = reduced(&(ProjectivePoint::GENERATOR * k).to_affine().x());
                    let z = r * secret;
                    let s = z.double() * k.invert().unwrap();
                    assert!(holds(&key, &bytes(&z), &bytes(&r), &bytes(&s)));
                    assert!(!holds(&key, &bytes(&-z), &bytes(&r), &bytes(&s)));
                    // A digest of zero, and the generator and its opposite as keys.
                    let s = r * secret * k.invert().unwrap();
                    assert!(holds(&key, &[0; $len], &bytes(&r), &bytes(&s)));
                    for (key, secret) in [
                        (ProjectivePoint::GENERATOR, Scalar::ONE),
                        (-ProjectivePoint::GENERATOR, -Scalar::ONE),
                    ] {
                        let s = (z + r * secret) * k.invert().unwrap();
                        assert!(holds(&key, &bytes(&z), &bytes(&r), &bytes(&s)));
                        assert!(holds(&key, &bytes(&z), &bytes(&r), &bytes(&-s)));
                        assert!(!holds(&key, &bytes(&-(r * secret)), &bytes(&r), &bytes(&s)));
                    }
                }
            }
        }
    };
}

edges!(
    on_p256,
    p256,
    U256,
    32,
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    |key, digest, signature, backend| {
        let key = crate::signatures::p256::Key::parse(key.try_into().ok()?, backend)?;
        Some(key.holds(&B256::from_slice(digest), signature))
    }
);

edges!(
    on_p384,
    p384,
    U384,
    48,
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    |key, digest, signature, backend| {
        let key = crate::signatures::p384::Key::parse(key.try_into().ok()?, backend)?;
        Some(key.holds(digest.try_into().ok()?, signature))
    }
);
