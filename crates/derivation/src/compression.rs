//! Channel compression: zlib since Bedrock, brotli behind a version byte since Fjord.
//!
//! Spec: [channel format](https://specs.optimism.io/protocol/derivation.html#channel-format),
//! [brotli channels](https://specs.optimism.io/protocol/fjord/derivation.html#brotli-channel-compression).

use crate::DerivationError;
use brotli::enc::{BrotliEncoderParams, StandardAlloc};
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use miniz_oxide::inflate::{
    TINFLStatus,
    core::{DecompressorOxide, decompress, inflate_flags},
};
use std::io::Write;

/// First byte of a brotli channel.
const BROTLI_VERSION: u8 = 1;
/// Output is grown in steps of this many bytes, so that a small channel costs little.
const STEP: usize = 256 * 1024;
const WHAT: &str = "channel";

/// How a channel is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// zlib at a level from 0 to 9.
    Zlib(u8),
    /// Brotli at a quality from 0 to 11; from Fjord on.
    Brotli(u8),
}

/// op-batcher's default.
impl Default for Compression {
    fn default() -> Self {
        Self::Brotli(10)
    }
}

impl Compression {
    /// Compresses a channel's batches, version byte included.
    pub fn compress(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Zlib(level) => miniz_oxide::deflate::compress_to_vec_zlib(data, level.min(9)),
            Self::Brotli(quality) => {
                let mut out = vec![BROTLI_VERSION];
                let params = BrotliEncoderParams {
                    quality: i32::from(quality.min(11)),
                    size_hint: data.len(),
                    ..BrotliEncoderParams::default()
                };
                let mut writer = brotli::CompressorWriter::with_params(&mut out, 0, &params);
                // Writing to a vector does not fail; a failure would show as a truncated channel,
                // which the round trip below catches in tests.
                let _ = writer.write_all(data);
                drop(writer);
                out
            }
        }
    }
}

/// Decompresses a channel, clipped to `limit` bytes. A stream that is broken further on gives what
/// came before the break: batches are read as the stream is, so those in front still count.
///
/// # Errors
/// [`DerivationError::Malformed`]: empty, unknown compression, or brotli where `brotli` is false
/// (before Fjord).
pub(crate) fn decompress_channel(
    data: &[u8],
    brotli: bool,
    limit: usize,
) -> Result<Vec<u8>, DerivationError> {
    match data.first() {
        None => Err(DerivationError::malformed(WHAT, "it is empty")),
        // The low nibble of a zlib header is its compression method: 8, or the reserved 15.
        Some(first) if matches!(first & 0x0f, 8 | 15) => inflate(data, limit),
        Some(&BROTLI_VERSION) if brotli => Ok(unbrotli(&data[1..], limit)),
        Some(&BROTLI_VERSION) => Err(DerivationError::malformed(WHAT, "brotli before Fjord")),
        Some(_) => Err(DerivationError::malformed(WHAT, "unknown compression")),
    }
}

fn inflate(mut input: &[u8], limit: usize) -> Result<Vec<u8>, DerivationError> {
    let flags = inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER
        | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut state = Box::<DecompressorOxide>::default();
    let mut out = vec![0; STEP.min(limit)];
    let mut written = 0;
    loop {
        let (status, consumed, produced) = decompress(&mut state, input, &mut out, written, flags);
        input = input.get(consumed..).unwrap_or_default();
        written += produced;
        match status {
            TINFLStatus::HasMoreOutput if out.len() < limit => {
                out.resize(grown(out.len(), limit), 0);
            }
            TINFLStatus::Failed if written == 0 => {
                return Err(DerivationError::malformed(WHAT, "a broken zlib header"));
            }
            _ => break,
        }
    }
    out.truncate(written);
    Ok(out)
}

fn unbrotli(input: &[u8], limit: usize) -> Vec<u8> {
    let alloc = StandardAlloc::default;
    // Strict: without the large windows that RFC 7932 does not know.
    let mut state = BrotliState::new_strict(alloc(), alloc(), alloc());
    let mut out = vec![0; STEP.min(limit)];
    let (mut available_in, mut input_offset) = (input.len(), 0);
    let (mut output_offset, mut total) = (0, 0);
    loop {
        let mut available_out = out.len() - output_offset;
        let result = BrotliDecompressStream(
            &mut available_in,
            &mut input_offset,
            input,
            &mut available_out,
            &mut output_offset,
            &mut out,
            &mut total,
            &mut state,
        );
        match result {
            BrotliResult::NeedsMoreOutput if out.len() < limit => {
                out.resize(grown(out.len(), limit), 0);
            }
            _ => break,
        }
    }
    out.truncate(output_offset);
    out
}

fn grown(length: usize, limit: usize) -> usize {
    length.saturating_mul(2).max(STEP).min(limit)
}

#[cfg(test)]
mod tests {
    use super::{Compression, decompress_channel};
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    const LIMIT: usize = 10_000_000;

    fn text(length: usize) -> Vec<u8> {
        (0..length).map(|index| (index * index / 7 % 251) as u8).collect()
    }

    #[test]
    fn round_trips() {
        for compression in [Compression::Zlib(9), Compression::Brotli(10), Compression::Brotli(5)] {
            for length in [0, 1, 1000, 700_000] {
                let data = text(length);
                let packed = compression.compress(&data);
                assert_eq!(decompress_channel(&packed, true, LIMIT).unwrap(), data);
            }
        }
    }

    #[test]
    fn clips_at_the_limit() {
        let data = text(700_000);
        for compression in [Compression::Zlib(6), Compression::Brotli(5)] {
            let packed = compression.compress(&data);
            for limit in [1, 1000, 300_000, 699_999] {
                let out = decompress_channel(&packed, true, limit).unwrap();
                assert_eq!(out, data[..limit], "{compression:?} {limit}");
            }
        }
    }

    #[test]
    fn a_broken_tail_keeps_the_head() {
        let data = text(500_000);
        let mut packed = Compression::Zlib(6).compress(&data);
        let length = packed.len();
        packed.truncate(length / 2);
        let out = decompress_channel(&packed, true, LIMIT).unwrap();
        assert!(!out.is_empty() && out.len() < data.len());
        assert_eq!(out, data[..out.len()]);
    }

    #[test]
    fn brotli_needs_fjord() {
        let packed = Compression::Brotli(5).compress(b"x");
        assert!(decompress_channel(&packed, false, LIMIT).is_err());
        assert!(decompress_channel(&[], true, LIMIT).is_err());
        assert!(decompress_channel(&[2, 3], true, LIMIT).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(
            mut data in proptest::collection::vec(any::<u8>(), 1..400),
            first in 0usize..3,
        ) {
            data[0] = [0x78, 0x01, data[0]][first];
            if let Ok(out) = decompress_channel(&data, true, 1 << 20) {
                prop_assert!(out.len() <= 1 << 20);
            }
        }

        #[test]
        fn mutated_channels_never_panic(at in any::<u16>(), flip in 1u8.., zlib in any::<bool>()) {
            let data = text(5000);
            let mut packed =
                if zlib { Compression::Zlib(6) } else { Compression::Brotli(4) }.compress(&data);
            let at = usize::from(at) % packed.len();
            packed[at] ^= flip;
            let _ = decompress_channel(&packed, true, 1 << 20);
            packed[at] ^= flip;
            prop_assert_eq!(decompress_channel(&packed, true, LIMIT).unwrap(), data);
        }
    }
}
