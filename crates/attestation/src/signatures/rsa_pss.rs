//! RSASSA-PSS (RFC 8017) as AMD uses it: 4,096 bits, e = 65537, SHA-384, MGF1 with SHA-384, a salt
//! of 48 bytes.

use super::montgomery::{self, Modulus};
use crate::Backend;
use alloc::boxed::Box;
use alloy_primitives::hex;
#[cfg(feature = "native")]
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PSS_2048_8192_SHA384, UnparsedPublicKey};
use sha2::{Digest as _, Sha384};

/// Bytes of a modulus and of a signature.
pub(crate) const MODULUS_LEN: usize = 512;
/// `SEQUENCE { INTEGER 0x00…`, up to the modulus.
const KEY_HEAD: &[u8] = &hex!("3082020a0282020100");
/// `INTEGER 65537 }`.
const KEY_TAIL: &[u8] = &hex!("0203010001");
const EXPONENT: u64 = 65_537;

const HASH_LEN: usize = 48;
const SALT_LEN: usize = 48;
/// Bytes of the data block: the encoded message without its hash and trailer.
const BLOCK_LEN: usize = MODULUS_LEN - HASH_LEN - 1;
const TRAILER: u8 = 0xbc;

/// A public key of 4,096 bits, odd, with the exponent 65537.
pub(crate) struct Key {
    modulus: [u8; MODULUS_LEN],
    parsed: Parsed,
}

enum Parsed {
    #[cfg(feature = "native")]
    Native(ParsedPublicKey),
    Portable(Box<Modulus<64>>),
}

impl Key {
    /// Reads the DER of an `RSAPublicKey`; `None` unless the modulus is odd and has exactly 4,096
    /// bits and the exponent is 65537.
    pub(crate) fn parse(der: &[u8], backend: Backend) -> Option<Self> {
        let modulus = der.strip_prefix(KEY_HEAD)?.strip_suffix(KEY_TAIL)?;
        let modulus: [u8; MODULUS_LEN] = modulus.try_into().ok()?;
        if modulus[0] >> 7 == 0 || modulus[MODULUS_LEN - 1] & 1 == 0 {
            return None;
        }
        let parsed = match backend {
            #[cfg(feature = "native")]
            Backend::Native => {
                Parsed::Native(UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA384, der).parse().ok()?)
            }
            Backend::Portable => {
                Parsed::Portable(Box::new(Modulus::new(montgomery::limbs(&modulus))?))
            }
        };
        Some(Self { modulus, parsed })
    }

    /// Whether `signature` is this key's over `message`. A signature that is not below the modulus
    /// is nobody's.
    pub(crate) fn holds(&self, message: &[u8], signature: &[u8; MODULUS_LEN]) -> bool {
        if *signature >= self.modulus {
            return false;
        }
        match &self.parsed {
            #[cfg(feature = "native")]
            Parsed::Native(key) => key.verify_sig(message, signature).is_ok(),
            Parsed::Portable(modulus) => {
                let encoded = modulus.power(&montgomery::limbs(signature), [EXPONENT]);
                is_encoding(&montgomery::bytes(&encoded), &Sha384::digest(message).into())
            }
        }
    }
}

/// EMSA-PSS-VERIFY (RFC 8017, 9.1.2) of a digest, for a modulus of 4,096 bits.
fn is_encoding(encoded: &[u8], digest: &[u8; HASH_LEN]) -> bool {
    let Some((&TRAILER, rest)) = encoded.split_last() else { return false };
    let Some((masked, hash)) = rest.split_at_checked(BLOCK_LEN) else { return false };
    let mut block = [0; BLOCK_LEN];
    if masked.len() != BLOCK_LEN || masked[0] >> 7 != 0 {
        return false;
    }
    for ((byte, masked), mask) in block.iter_mut().zip(masked).zip(mask(hash)) {
        *byte = masked ^ mask;
    }
    // One bit more than the encoded message has.
    block[0] &= 0x7f;
    let (padding, salt) = block.split_at(BLOCK_LEN - SALT_LEN);
    let Some((1, zeros)) = padding.split_last() else { return false };
    zeros.iter().all(|byte| *byte == 0) && salted(digest, salt) == hash
}

/// SHA-384 of eight zeros, the digest and the salt.
fn salted(digest: &[u8; HASH_LEN], salt: &[u8]) -> [u8; HASH_LEN] {
    Sha384::new().chain_update([0; 8]).chain_update(digest).chain_update(salt).finalize().into()
}

/// MGF1 of SHA-384, as many bytes as are asked for.
fn mask(seed: &[u8]) -> impl Iterator<Item = u8> {
    (0u32..).flat_map(move |counter| {
        let block: [u8; HASH_LEN] =
            Sha384::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize().into();
        block
    })
}

/// EMSA-PSS-ENCODE of a message with a salt made from it: for development keys, which sign alike
/// each time.
pub(crate) fn encode(message: &[u8]) -> [u8; MODULUS_LEN] {
    let digest: [u8; HASH_LEN] = Sha384::digest(message).into();
    let salt: [u8; SALT_LEN] =
        Sha384::new().chain_update(b"salt").chain_update(digest).finalize().into();
    let hash = salted(&digest, &salt);
    let mut encoded = [0; MODULUS_LEN];
    let (block, end) = encoded.split_at_mut(BLOCK_LEN);
    block[BLOCK_LEN - SALT_LEN - 1] = 1;
    block[BLOCK_LEN - SALT_LEN..].copy_from_slice(&salt);
    for (byte, mask) in block.iter_mut().zip(mask(&hash)) {
        *byte ^= mask;
    }
    block[0] &= 0x7f;
    end[..HASH_LEN].copy_from_slice(&hash);
    end[HASH_LEN] = TRAILER;
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::{rsa::RsaKey, snp::AUTHORITY_KEY};
    use proptest::prelude::*;

    fn dev_key() -> RsaKey {
        RsaKey::parse(AUTHORITY_KEY).unwrap()
    }

    /// The verdict on a signature, which both backends must share.
    fn holds(message: &[u8], signature: &[u8]) -> bool {
        let signature = signature.try_into().unwrap();
        let run =
            |backend| Key::parse(&dev_key().public(), backend).unwrap().holds(message, signature);
        let native = run(Backend::Native);
        assert_eq!(native, run(Backend::Portable), "backends differ");
        native
    }

    const MESSAGE: &[u8] = b"a statement";

    /// Changes an encoded message before the private operation.
    fn holds_after(change: impl FnOnce(&mut [u8; MODULUS_LEN])) -> bool {
        let mut encoded = encode(MESSAGE);
        change(&mut encoded);
        holds(MESSAGE, &dev_key().decrypt(&encoded))
    }

    /// Changes a data block before it is masked.
    fn holds_with_block(change: impl FnOnce(&mut [u8])) -> bool {
        holds_after(|encoded| {
            let (block, end) = encoded.split_at_mut(BLOCK_LEN);
            let masks: Vec<u8> = mask(&end[..HASH_LEN]).take(BLOCK_LEN).collect();
            let flip = |block: &mut [u8]| {
                block.iter_mut().zip(&masks).for_each(|(byte, mask)| *byte ^= mask);
            };
            flip(block);
            block[0] &= 0x7f;
            change(block);
            flip(block);
            block[0] &= 0x7f;
        })
    }

    #[test]
    fn encodings_are_exact() {
        assert!(holds_after(|_| {}));
        assert!(holds_with_block(|_| {}));
        // Trailer, hash, the bit above the encoded message, padding, separator, salt.
        assert!(!holds_after(|encoded| encoded[MODULUS_LEN - 1] = 0xcc));
        assert!(!holds_after(|encoded| encoded[BLOCK_LEN] ^= 1));
        assert!(!holds_after(|encoded| encoded[0] |= 0x80));
        assert!(!holds_with_block(|block| block[0] = 1));
        assert!(!holds_with_block(|block| block[BLOCK_LEN - SALT_LEN - 2] = 1));
        assert!(!holds_with_block(|block| block[BLOCK_LEN - SALT_LEN - 1] = 0));
        assert!(!holds_with_block(|block| block[BLOCK_LEN - SALT_LEN - 1] = 2));
        assert!(!holds_with_block(|block| block[BLOCK_LEN - 1] ^= 1));
    }

    /// A salt of another length, with its own hash, is another algorithm.
    #[test]
    fn salts_have_one_length() {
        for length in [0, 32, 47, 48, 49] {
            let salt = vec![9; length];
            let held = holds_after(|encoded| {
                let digest: [u8; HASH_LEN] = Sha384::digest(MESSAGE).into();
                let hash = salted(&digest, &salt);
                let mut block = [0; BLOCK_LEN];
                block[BLOCK_LEN - length - 1] = 1;
                block[BLOCK_LEN - length..].copy_from_slice(&salt);
                block.iter_mut().zip(mask(&hash)).for_each(|(byte, mask)| *byte ^= mask);
                block[0] &= 0x7f;
                encoded[..BLOCK_LEN].copy_from_slice(&block);
                encoded[BLOCK_LEN..BLOCK_LEN + HASH_LEN].copy_from_slice(&hash);
            });
            assert_eq!(held, length == SALT_LEN, "{length}");
        }
    }

    #[test]
    fn signatures_lie_below_the_modulus() {
        assert!(!holds(MESSAGE, &[0; MODULUS_LEN]));
        assert!(!holds(MESSAGE, &[0xff; MODULUS_LEN]));
        let key = dev_key().public();
        let modulus = &key[KEY_HEAD.len()..][..MODULUS_LEN];
        assert!(!holds(MESSAGE, modulus));
        // The same number modulo n: a second encoding of the signature, were it let in.
        let mut signature = dev_key().sign(MESSAGE);
        let mut carry = 0;
        for (byte, other) in signature.iter_mut().zip(modulus).rev() {
            let sum = u16::from(*byte) + u16::from(*other) + carry;
            (*byte, carry) = (sum as u8, sum >> 8);
        }
        if carry == 0 {
            assert!(!holds(MESSAGE, &signature));
        }
    }

    #[test]
    fn keys_have_one_form() {
        let good = dev_key().public();
        for backend in [Backend::Native, Backend::Portable] {
            assert!(Key::parse(&good, backend).is_some());
            // Tag, length, sign byte, highest bit, lowest bit, exponent.
            for (at, flip) in [(0, 1), (3, 1), (8, 1), (9, 0x80), (520, 1), (525, 2), (524, 1)] {
                let mut key = good.clone();
                key[at] ^= flip;
                assert!(Key::parse(&key, backend).is_none(), "{at}");
            }
            assert!(Key::parse(&good[..good.len() - 1], backend).is_none());
            assert!(Key::parse(&[&good[..], &[0]].concat(), backend).is_none());
            assert!(Key::parse(&[], backend).is_none());
        }
    }

    /// An authority's key is read before anybody vouches for it: any odd number of full length must
    /// do, whatever its factors, and numbers that are their own powers are no signatures.
    #[test]
    fn moduli_of_any_shape() {
        let full = |fill: u8, last: u8| {
            let mut modulus = [fill; MODULUS_LEN];
            (modulus[0], modulus[MODULUS_LEN - 1]) = (fill | 0x80, last);
            modulus
        };
        for modulus in [full(0, 1), full(0xff, 0xff), full(0, 3), full(0x55, 0x55), full(0, 0xff)] {
            let der = [KEY_HEAD, &modulus, KEY_TAIL].concat();
            let mut below = modulus;
            below[MODULUS_LEN - 1] -= 1;
            let mut one = [0; MODULUS_LEN];
            one[MODULUS_LEN - 1] = 1;
            let mut two = one;
            two[MODULUS_LEN - 1] = 2;
            for signature in [[0; MODULUS_LEN], one, two, below, modulus, encode(MESSAGE)] {
                for backend in [Backend::Native, Backend::Portable] {
                    let key = Key::parse(&der, backend).expect("a key");
                    assert!(!key.holds(MESSAGE, &signature), "{backend:?}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn backends_read_any_odd_modulus(
            mut modulus in proptest::collection::vec(any::<u8>(), MODULUS_LEN),
            signature in proptest::collection::vec(any::<u8>(), MODULUS_LEN),
        ) {
            modulus[0] |= 0x80;
            modulus[MODULUS_LEN - 1] |= 1;
            let der = [KEY_HEAD, &modulus, KEY_TAIL].concat();
            let signature = signature.as_slice().try_into().unwrap();
            for backend in [Backend::Native, Backend::Portable] {
                let key = Key::parse(&der, backend).expect("a key");
                prop_assert!(!key.holds(MESSAGE, signature));
            }
        }

        #[test]
        fn backends_agree_on_any_number(
            seed in proptest::collection::vec(any::<u8>(), MODULUS_LEN),
            at in 0..MODULUS_LEN,
        ) {
            prop_assert!(!holds(MESSAGE, &seed));
            let mut signature = dev_key().sign(&seed);
            prop_assert!(holds(&seed, &signature));
            signature[at] ^= 1;
            prop_assert!(!holds(&seed, &signature));
        }
    }
}
