//! BLS12-381 signatures with keys in G1, of the proof-of-possession suite (RFC 9380 hash-to-curve,
//! draft-irtf-cfrg-bls-signature section 4.2.3), as Ethereum's consensus layer has them.

use crate::{Backend, Code};
use alloy_primitives::{B256, hex};
use ark_bls12_381::{Bls12_381, G1Affine, G2Affine, G2Projective};
use ark_ec::{
    AffineRepr,
    hashing::{HashToCurve, curve_maps::wb::WBMap, map_to_curve_hasher::MapToCurveBasedHasher},
    pairing::Pairing,
};
use ark_ff::{Zero, field_hashers::DefaultFieldHasher};
use ark_serialize::{CanonicalDeserialize, Compress, Validate};
use sha2::Sha256;

/// Bytes of a compressed point of G1.
pub(super) const KEY_LEN: usize = 48;
/// Bytes of a compressed point of G2.
pub(super) const SIGNATURE_LEN: usize = 96;

/// Domain separation tag of the suite.
const TAG: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
/// The base field's modulus, exclusive bound of a coordinate.
const FIELD: [u8; 48] = hex!(
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab"
);
/// The first byte's flags: compressed, the point at infinity, y is the greater of two.
const COMPRESSED: u8 = 0x80;
const INFINITY: u8 = 0x40;
const SIGN: u8 = 0x20;

type Hasher = MapToCurveBasedHasher<
    G2Projective,
    DefaultFieldHasher<Sha256>,
    WBMap<ark_bls12_381::g2::Config>,
>;

pub(super) fn check(
    digest: &B256,
    key: &[u8; KEY_LEN],
    signature: &[u8; SIGNATURE_LEN],
    backend: Backend,
) -> Result<(), Code> {
    match backend {
        #[cfg(feature = "native")]
        Backend::Native => {
            let key = usable(key, Code::KeyEncoding, native::key, native::in_g1)?;
            let signature =
                usable(signature, Code::SignatureEncoding, native::signature, native::in_g2)?;
            holds(native::verify(digest, &key, &signature))
        }
        Backend::Portable => {
            let key = usable(key, Code::KeyEncoding, portable::<G1Affine>, |key| {
                key.is_in_correct_subgroup_assuming_on_curve()
            })?;
            let signature =
                usable(signature, Code::SignatureEncoding, portable::<G2Affine>, |signature| {
                    signature.is_in_correct_subgroup_assuming_on_curve()
                })?;
            holds(verify(digest, key, signature))
        }
    }
}

const fn holds(valid: bool) -> Result<(), Code> {
    if valid { Ok(()) } else { Err(Code::SignatureInvalid) }
}

/// Reads a point that a signature may be made of: canonical and on its curve, or `malformed`; not
/// the identity and in the prime-order subgroup, or `SmallOrder`.
fn usable<P>(
    bytes: &[u8],
    malformed: Code,
    read: impl Fn(&[u8]) -> Result<P, NotAPoint>,
    is_in_subgroup: impl Fn(&P) -> bool,
) -> Result<P, Code> {
    if is_identity(bytes) {
        return Err(Code::SmallOrder);
    }
    if !is_canonical(bytes) {
        return Err(malformed);
    }
    let point = read(bytes).map_err(|reason| match reason {
        NotAPoint::OffCurve => malformed,
        #[cfg(feature = "native")]
        NotAPoint::OutsideSubgroup => Code::SmallOrder,
    })?;
    if is_in_subgroup(&point) { Ok(point) } else { Err(Code::SmallOrder) }
}

/// Why a library gives no point for a canonical encoding.
enum NotAPoint {
    OffCurve,
    /// Found while reading: blst does so where x is 0, the points of order 3.
    #[cfg(feature = "native")]
    OutsideSubgroup,
}

/// The one encoding of the point at infinity.
fn is_identity(bytes: &[u8]) -> bool {
    bytes.split_first().is_some_and(|(first, rest)| {
        *first == COMPRESSED | INFINITY && rest.iter().all(|byte| *byte == 0)
    })
}

/// Compressed, not infinity, and each coefficient of x below the modulus.
fn is_canonical(bytes: &[u8]) -> bool {
    let (coefficients, rest) = bytes.as_chunks::<48>();
    rest.is_empty()
        && coefficients.iter().enumerate().all(|(index, coefficient)| {
            let mut coefficient = *coefficient;
            if index == 0 {
                if coefficient[0] & (COMPRESSED | INFINITY) != COMPRESSED {
                    return false;
                }
                coefficient[0] &= !(COMPRESSED | SIGN);
            }
            coefficient < FIELD
        })
}

/// blst, on one thread: its own `verify` would hand the work to a pool.
#[cfg(feature = "native")]
mod native {
    use super::{NotAPoint, TAG};
    use alloy_primitives::B256;
    use blst::{
        BLST_ERROR, Pairing, blst_p1_affine, blst_p2_affine,
        min_pk::{PublicKey, Signature},
    };

    pub(super) fn key(bytes: &[u8]) -> Result<PublicKey, NotAPoint> {
        PublicKey::uncompress(bytes).map_err(NotAPoint::from)
    }

    pub(super) fn signature(bytes: &[u8]) -> Result<Signature, NotAPoint> {
        Signature::uncompress(bytes).map_err(NotAPoint::from)
    }

    impl From<BLST_ERROR> for NotAPoint {
        fn from(error: BLST_ERROR) -> Self {
            match error {
                BLST_ERROR::BLST_POINT_NOT_IN_GROUP => Self::OutsideSubgroup,
                _ => Self::OffCurve,
            }
        }
    }

    pub(super) fn in_g1(key: &PublicKey) -> bool {
        key.validate().is_ok()
    }

    pub(super) fn in_g2(signature: &Signature) -> bool {
        signature.validate(true).is_ok()
    }

    /// Both points are known to be in their groups.
    pub(super) fn verify(digest: &B256, key: &PublicKey, signature: &Signature) -> bool {
        let (key, signature): (&blst_p1_affine, &blst_p2_affine) = (key.into(), signature.into());
        let mut pairing = Pairing::new(true, TAG);
        if pairing.aggregate(key, false, signature, false, digest.as_slice(), &[])
            != BLST_ERROR::BLST_SUCCESS
        {
            return false;
        }
        pairing.commit();
        pairing.finalverify(None)
    }
}

/// A canonical encoding's point, if it is on the curve.
fn portable<P: CanonicalDeserialize>(bytes: &[u8]) -> Result<P, NotAPoint> {
    P::deserialize_with_mode(bytes, Compress::Yes, Validate::No).map_err(|_| NotAPoint::OffCurve)
}

/// e(key, H(digest)) = e(generator, signature), as one product of two pairings.
fn verify(digest: &B256, key: G1Affine, signature: G2Affine) -> bool {
    let hash = Hasher::new(TAG).and_then(|hasher| hasher.hash(digest.as_slice()));
    hash.is_ok_and(|hash| {
        Bls12_381::multi_pairing([key, -G1Affine::generator()], [hash, signature]).is_zero()
    })
}

#[cfg(test)]
mod tests;
