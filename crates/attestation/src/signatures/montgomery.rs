//! Powers modulo an odd number of `64·L` bits, after P. L. Montgomery: enough of RSA for proofs.
//!
//! Variable time: fit for public data only.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// An odd modulus whose highest bit is set. Numbers are limbs, least significant first.
#[derive(Clone)]
pub(crate) struct Modulus<const L: usize> {
    n: [u64; L],
    /// −n⁻¹ modulo 2^64.
    inverse: u64,
    /// R = 2^(64·L) modulo n: one, in Montgomery form.
    one: [u64; L],
    /// R² modulo n: what brings a number into Montgomery form.
    square: [u64; L],
}

impl<const L: usize> Modulus<L> {
    /// `None` where the number is even or its highest bit is not set.
    pub(crate) fn new(n: [u64; L]) -> Option<Self> {
        let (first, last) = (n.first()?, n.last()?);
        if first & 1 == 0 || last >> 63 == 0 {
            return None;
        }
        // Newton: each round doubles the bits that are right, from three.
        let mut inverse = *first;
        for _ in 0..5 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(first.wrapping_mul(inverse)));
        }
        // R − n, which is below n as the highest bit of n is set.
        let mut one = [0; L];
        subtract(&mut one, &n);
        let mut modulus = Self { n, inverse: inverse.wrapping_neg(), one, square: [0; L] };
        // 2R, squared until it is 2^(64·L)·R.
        let mut power = one;
        modulus.double(&mut power);
        let bits = 64 * L;
        for bit in (0..bits.ilog2()).rev() {
            power = modulus.product(&power, &power);
            if bits >> bit & 1 == 1 {
                modulus.double(&mut power);
            }
        }
        modulus.square = power;
        Some(modulus)
    }

    /// Whether a number is below the modulus.
    pub(crate) fn exceeds(&self, number: &[u64; L]) -> bool {
        compare(number, &self.n) == Ordering::Less
    }

    /// `base` to the power of `exponent`, most significant limb first; `base` is below the modulus.
    pub(crate) fn power(
        &self,
        base: &[u64; L],
        exponent: impl IntoIterator<Item = u64>,
    ) -> [u64; L] {
        let base = self.product(base, &self.square);
        let mut power = self.one;
        let mut begun = false;
        for limb in exponent {
            for bit in (0..64).rev() {
                if begun {
                    power = self.product(&power, &power);
                }
                if limb >> bit & 1 == 1 {
                    power = self.product(&power, &base);
                    begun = true;
                }
            }
        }
        let mut unit = [0; L];
        if let Some(first) = unit.first_mut() {
            *first = 1;
        }
        self.product(&power, &unit)
    }

    /// A number of twice the limbs, modulo the modulus. Further limbs are not looked at.
    pub(crate) fn reduce(&self, number: &[u64]) -> [u64; L] {
        let (mut low, mut high) = ([0; L], [0; L]);
        for (limb, &value) in low.iter_mut().chain(&mut high).zip(number) {
            *limb = value;
        }
        if !self.exceeds(&low) {
            subtract(&mut low, &self.n);
        }
        // high·R, as the product divides by R once.
        let high = self.product(&high, &self.square);
        let mut negative = self.n;
        subtract(&mut negative, &high);
        self.difference(&low, &negative)
    }

    /// `a − b` modulo the modulus, `a` below and `b` not above it.
    pub(crate) fn difference(&self, a: &[u64; L], b: &[u64; L]) -> [u64; L] {
        let mut difference = *a;
        let is_negative = compare(a, b) == Ordering::Less;
        subtract(&mut difference, b);
        if is_negative {
            let mut negative = [0; L];
            subtract(&mut negative, &difference);
            difference = self.n;
            subtract(&mut difference, &negative);
        }
        difference
    }

    /// `a·b`, both below the modulus.
    pub(crate) fn multiply(&self, a: &[u64; L], b: &[u64; L]) -> [u64; L] {
        self.product(&self.product(a, &self.square), b)
    }

    /// `a·b/R`, both below the modulus (coarsely integrated operand scanning).
    fn product(&self, a: &[u64; L], b: &[u64; L]) -> [u64; L] {
        let mut sum = [0u64; L];
        // The sum's limb above L; it never needs more than one bit.
        let mut top = 0u64;
        for &digit in a {
            let mut carry = 0;
            for (limb, &factor) in sum.iter_mut().zip(b) {
                (*limb, carry) = accumulate(*limb, digit, factor, carry);
            }
            let (high, over) = top.overflowing_add(carry);
            // What makes the lowest limb zero, so that it can be dropped.
            let multiple = sum[0].wrapping_mul(self.inverse);
            let (_, mut carry) = accumulate(sum[0], multiple, self.n[0], 0);
            for index in 1..L {
                (sum[index - 1], carry) = accumulate(sum[index], multiple, self.n[index], carry);
            }
            let (last, again) = high.overflowing_add(carry);
            sum[L - 1] = last;
            top = u64::from(over) + u64::from(again);
        }
        if top != 0 || compare(&sum, &self.n) != Ordering::Less {
            subtract(&mut sum, &self.n);
        }
        sum
    }

    fn double(&self, number: &mut [u64; L]) {
        let mut carry = 0;
        for limb in number.iter_mut() {
            (*limb, carry) = (*limb << 1 | carry, *limb >> 63);
        }
        if carry != 0 || compare(number, &self.n) != Ordering::Less {
            subtract(number, &self.n);
        }
    }
}

/// `limb + digit·factor + carry`, low and high.
pub(crate) const fn accumulate(limb: u64, digit: u64, factor: u64, carry: u64) -> (u64, u64) {
    let sum = limb as u128 + digit as u128 * factor as u128 + carry as u128;
    (sum as u64, (sum >> 64) as u64)
}

fn compare<const L: usize>(a: &[u64; L], b: &[u64; L]) -> Ordering {
    a.iter().rev().cmp(b.iter().rev())
}

/// `a − b` modulo 2^(64·L).
fn subtract<const L: usize>(a: &mut [u64; L], b: &[u64; L]) {
    let mut borrow = false;
    for (limb, other) in a.iter_mut().zip(b) {
        let (difference, first) = limb.overflowing_sub(*other);
        let (difference, second) = difference.overflowing_sub(u64::from(borrow));
        (*limb, borrow) = (difference, first || second);
    }
}

/// Reads a big-endian number of at most `8·L` bytes; longer ones lose their head.
pub(crate) fn limbs<const L: usize>(bytes: &[u8]) -> [u64; L] {
    let mut number = [0; L];
    for (limb, chunk) in number.iter_mut().zip(bytes.rchunks(8)) {
        *limb = chunk.iter().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    }
    number
}

/// Writes a number big-endian into `8·L` bytes.
pub(crate) fn bytes<const L: usize>(number: &[u64; L]) -> Vec<u8> {
    number.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::U256;
    use proptest::prelude::*;

    fn words(number: U256) -> [u64; 4] {
        number.into_limbs()
    }

    proptest! {
        #[test]
        fn agrees_with_another_bignum(n: [u64; 4], base: [u64; 4], exponent: [u64; 4]) {
            let n = [n[0] | 1, n[1], n[2], n[3] | 1 << 63];
            let modulus = Modulus::new(n).unwrap();
            let (wide, base) = (U256::from_limbs(n), U256::from_limbs(base));
            let reduced = base % wide;
            prop_assert!(modulus.exceeds(&words(reduced)));
            prop_assert_eq!(modulus.exceeds(&words(base)), base < wide);
            let expected = base.pow_mod(U256::from_limbs(exponent), wide);
            let power = modulus.power(&words(reduced), exponent.into_iter().rev());
            prop_assert_eq!(U256::from_limbs(power), expected);
            let product = modulus.multiply(&words(reduced), &words(expected));
            prop_assert_eq!(U256::from_limbs(product), base.mul_mod(expected, wide));
            prop_assert_eq!(limbs::<4>(&bytes(&power)), power);
            let difference = modulus.difference(&words(reduced), &words(expected));
            let sum = U256::from_limbs(difference).add_mod(expected, wide);
            prop_assert_eq!(sum, reduced);
            // 2^256·expected + base.
            let shifted = expected.mul_mod((U256::MAX % wide).add_mod(U256::ONE, wide), wide);
            let number = [words(base), power].concat();
            prop_assert_eq!(
                U256::from_limbs(modulus.reduce(&number)),
                shifted.add_mod(reduced, wide)
            );
        }

        #[test]
        fn small_moduli_of_three_limbs(low: [u64; 3], base: [u64; 3]) {
            let n = [low[0] | 1, low[1], low[2] | 1 << 63];
            let modulus = Modulus::new(n).unwrap();
            let widen = |n: [u64; 3]| U256::from_limbs([n[0], n[1], n[2], 0]);
            let reduced = widen(base) % widen(n);
            let power = modulus.power(&limbs(&reduced.to_be_bytes::<32>()[8..]), [65_537]);
            prop_assert_eq!(widen(power), reduced.pow_mod(U256::from(65_537), widen(n)));
        }
    }

    #[test]
    fn the_modulus_is_odd_and_full() {
        assert!(Modulus::new([2, 1 << 63]).is_none());
        assert!(Modulus::new([1, 1 << 62]).is_none());
        assert!(Modulus::new([]).is_none());
        let largest = Modulus::new([u64::MAX; 2]).unwrap();
        assert_eq!(largest.power(&[2, 0], [128]), [1, 0]);
        assert_eq!(largest.power(&[2, 0], [0, 0]), [1, 0]);
        assert_eq!(largest.power(&[0, 0], [5]), [0, 0]);
    }
}
