//! RSA keys that everybody has, for development roots in AMD's format.
//!
//! Finding primes takes seconds, so these keys are files of this crate and not made from a seed.

use crate::{
    encoding::der::{self, Reader},
    signatures::{
        montgomery::{self, Modulus},
        rsa_pss,
    },
};
use alloc::vec::Vec;

/// Limbs of a prime, and of the modulus.
const HALF: usize = 32;
const WHOLE: usize = 64;

/// A private key of 4,096 bits, of two primes of 2,048.
#[derive(Clone)]
pub(crate) struct RsaKey {
    /// DER of the `RSAPublicKey`.
    public: Vec<u8>,
    p: Modulus<HALF>,
    q: Modulus<HALF>,
    q_limbs: [u64; HALF],
    exponent_p: [u64; HALF],
    exponent_q: [u64; HALF],
    /// q⁻¹ modulo p.
    coefficient: [u64; HALF],
}

impl RsaKey {
    /// Reads an `RSAPrivateKey` (RFC 8017, A.1.2); `None` unless its primes have 2,048 bits.
    pub(crate) fn parse(pkcs1: &[u8]) -> Option<Self> {
        let mut reader = Reader::only(pkcs1, der::SEQUENCE).ok()?;
        let mut number = || reader.unsigned().ok();
        let (_version, modulus, exponent, _private) = (number()?, number()?, number()?, number()?);
        let (p, q) = (montgomery::limbs(number()?), montgomery::limbs(number()?));
        let (exponent_p, exponent_q) = (montgomery::limbs(number()?), montgomery::limbs(number()?));
        let coefficient = montgomery::limbs(number()?);
        Some(Self {
            public: super::der::sequence(&[
                &super::der::unsigned(modulus),
                &super::der::unsigned(exponent),
            ]),
            p: Modulus::new(p)?,
            q: Modulus::new(q)?,
            q_limbs: q,
            exponent_p,
            exponent_q,
            coefficient,
        })
    }

    pub(crate) fn public(&self) -> Vec<u8> {
        self.public.clone()
    }

    /// RSASSA-PSS over the message, the same each time.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.decrypt(&rsa_pss::encode(message))
    }

    /// The private operation on a number below the modulus.
    pub(crate) fn decrypt(&self, number: &[u8; rsa_pss::MODULUS_LEN]) -> Vec<u8> {
        let encoded: [u64; WHOLE] = montgomery::limbs(number);
        let down = |exponent: [u64; HALF]| exponent.into_iter().rev();
        let by_p = self.p.power(&self.p.reduce(&encoded), down(self.exponent_p));
        let by_q = self.q.power(&self.q.reduce(&encoded), down(self.exponent_q));
        // Garner: by_q + q·((by_p − by_q)/q modulo p).
        let mut wide = [0; WHOLE];
        wide[..HALF].copy_from_slice(&by_q);
        let difference = self.p.difference(&by_p, &self.p.reduce(&wide));
        let factor = self.p.multiply(&difference, &self.coefficient);
        for (index, digit) in factor.into_iter().enumerate() {
            let mut carry = 0;
            for (limb, &other) in wide[index..].iter_mut().zip(&self.q_limbs) {
                (*limb, carry) = montgomery::accumulate(*limb, digit, other, carry);
            }
            for limb in &mut wide[index + HALF..] {
                (*limb, carry) = montgomery::accumulate(*limb, 0, 0, carry);
            }
        }
        montgomery::bytes(&wide)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Backend;

    #[test]
    fn signatures_hold_alike_each_time() {
        for file in [super::super::snp::ROOT_KEY, super::super::snp::AUTHORITY_KEY] {
            let key = RsaKey::parse(file).unwrap();
            for message in [&b""[..], b"a statement"] {
                let signature: [u8; 512] = key.sign(message).try_into().unwrap();
                assert_eq!(key.sign(message), signature);
                for backend in [Backend::Native, Backend::Portable] {
                    let public = rsa_pss::Key::parse(&key.public(), backend).unwrap();
                    assert!(public.holds(message, &signature));
                    assert!(!public.holds(b"another", &signature));
                }
            }
        }
    }
}
