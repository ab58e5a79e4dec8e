//! Blobs as data: 130,044 bytes in 4,096 field elements.
//!
//! Each round packs 127 bytes into four field elements: 31 bytes into the lower bytes of each, and
//! three more, cut into four pieces of six bits, into their top bytes, whose upper two bits stay
//! zero so that every element is below the field's modulus. The first element's bytes 1..5 hold the
//! version and the length.
//!
//! Spec: [blob encoding](https://specs.optimism.io/protocol/ecotone/derivation.html#blob-encoding).

use crate::DerivationError;
use alloy_eips::eip4844::Blob;
use alloy_primitives::Bytes;

/// Bytes of data that one blob holds.
pub const MAX_BLOB_DATA: usize = (4 * 31 + 3) * ROUNDS - 4;

const ROUNDS: usize = 1024;
const VERSION: u8 = 0;
const WHAT: &str = "blob";

/// Decodes the data of a blob.
///
/// # Errors
/// [`DerivationError::Malformed`]: an unknown version, a length that does not fit, set bits where
/// there must be none.
pub fn decode_blob(blob: &Blob) -> Result<Bytes, DerivationError> {
    let fail = |reason| DerivationError::malformed(WHAT, reason);
    if blob[1] != VERSION {
        return Err(fail("unknown encoding version"));
    }
    let length = u32::from_be_bytes([0, blob[2], blob[3], blob[4]]) as usize;
    if length > MAX_BLOB_DATA {
        return Err(fail("its length exceeds a blob"));
    }
    // With the four bytes of version and length in front, every round is alike.
    let mut data = Vec::with_capacity(127 * ROUNDS);
    let mut rounds = blob.chunks_exact(128);
    for round in rounds.by_ref() {
        let top = [round[0], round[32], round[64], round[96]];
        // The blob's very first byte is not checked: op-node masks its top bits instead.
        let checked = if data.is_empty() { &top[1..] } else { &top[..] };
        if checked.iter().any(|byte| byte & 0b1100_0000 != 0) {
            return Err(fail("a field element's top bits are set"));
        }
        data.extend_from_slice(&round[1..32]);
        data.push((top[0] & 0b0011_1111) | ((top[1] & 0b0011_0000) << 2));
        data.extend_from_slice(&round[33..64]);
        data.push((top[1] & 0b0000_1111) | ((top[3] & 0b0000_1111) << 4));
        data.extend_from_slice(&round[65..96]);
        data.push((top[2] & 0b0011_1111) | ((top[3] & 0b0011_0000) << 2));
        data.extend_from_slice(&round[97..128]);
        if data.len() >= length + 4 {
            break;
        }
    }
    if data[length + 4..].iter().any(|byte| *byte != 0) || rounds.flatten().any(|byte| *byte != 0) {
        return Err(fail("set bits behind its data"));
    }
    data.truncate(length + 4);
    data.drain(..4);
    Ok(data.into())
}

/// Encodes `data` as a blob.
///
/// # Errors
/// [`DerivationError::Encode`]: more than [`MAX_BLOB_DATA`] bytes.
pub fn encode_blob(data: &[u8]) -> Result<Box<Blob>, DerivationError> {
    let mut blob = Box::<Blob>::default();
    encode_blob_into(data, &mut blob)?;
    Ok(blob)
}

/// Encodes `data` into a blob that exists already: 128 KiB are better not moved over the stack.
///
/// # Errors
/// As [`encode_blob`].
pub fn encode_blob_into(data: &[u8], blob: &mut Blob) -> Result<(), DerivationError> {
    if data.len() > MAX_BLOB_DATA {
        return Err(DerivationError::Encode(format!(
            "{} bytes do not fit into a blob's {MAX_BLOB_DATA}",
            data.len()
        )));
    }
    blob.fill(0);
    if data.is_empty() {
        return Ok(());
    }
    // At most 130,044, so three bytes hold the length.
    let length = (data.len() as u32).to_be_bytes();
    let mut input =
        [VERSION, length[1], length[2], length[3]].into_iter().chain(data.iter().copied());
    for round in blob.chunks_exact_mut(128) {
        let mut next = [0u8; 127];
        let mut read = 0;
        for (slot, byte) in next.iter_mut().zip(input.by_ref()) {
            *slot = byte;
            read += 1;
        }
        if read == 0 {
            break;
        }
        let (x, y, z) = (next[31], next[63], next[95]);
        round[0] = x & 0b0011_1111;
        round[1..32].copy_from_slice(&next[..31]);
        round[32] = (y & 0b0000_1111) | ((x & 0b1100_0000) >> 2);
        round[33..64].copy_from_slice(&next[32..63]);
        round[64] = z & 0b0011_1111;
        round[65..96].copy_from_slice(&next[64..95]);
        round[96] = ((z & 0b1100_0000) >> 2) | ((y & 0b1111_0000) >> 4);
        round[97..128].copy_from_slice(&next[96..127]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Blob, MAX_BLOB_DATA, decode_blob, encode_blob};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    fn pseudo(length: usize) -> Vec<u8> {
        let mut state = 0x9e37_79b9u32;
        (0..length)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                state as u8
            })
            .collect()
    }

    #[test]
    fn round_trips_at_the_edges() {
        for length in [0, 1, 26, 27, 28, 122, 123, 124, 127, 250, MAX_BLOB_DATA - 1, MAX_BLOB_DATA]
        {
            let data = pseudo(length);
            let blob = encode_blob(&data).unwrap();
            assert_eq!(decode_blob(&blob).unwrap(), data, "{length} bytes");
        }
        assert!(encode_blob(&vec![1; MAX_BLOB_DATA + 1]).is_err());
    }

    #[test]
    fn refuses_what_no_encoder_makes() {
        let good = encode_blob(&pseudo(1000)).unwrap();
        let spoil = |index: usize, value: u8| {
            let mut blob = good.clone();
            blob[index] = value;
            decode_blob(&blob).is_err()
        };
        assert!(spoil(1, 1), "version");
        assert!(spoil(2, 0xff), "length");
        assert!(spoil(32, 0b0100_0000), "top bits");
        assert!(spoil(131_071, 1), "behind the data");
        assert!(spoil(1100, 1), "within the last round");
    }

    proptest! {
        #[test]
        fn arbitrary_blobs_never_panic(seed in any::<u64>(), sparse in any::<bool>()) {
            let mut blob = Blob::ZERO;
            let mut state = seed | 1;
            for byte in &mut blob {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                if !sparse || state >> 60 == 0 {
                    *byte = (state >> 40) as u8;
                }
            }
            let _ = decode_blob(&blob);
            blob[1] = 0;
            blob[2] = 0;
            for element in 0..4096 {
                blob[element * 32] &= 0x3f;
            }
            let _ = decode_blob(&blob);
        }

        #[test]
        fn data_round_trips(data in proptest::collection::vec(any::<u8>(), 0..2000)) {
            prop_assert_eq!(&decode_blob(&encode_blob(&data).unwrap()).unwrap()[..], &data[..]);
        }
    }
}
