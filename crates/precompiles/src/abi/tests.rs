//! Against alloy's encoder, and against every way to encode the same arguments otherwise.

use super::*;
use crate::contracts::{IAttestation, IAttribution, ISignatures};
use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use proptest::prelude::*;

fn read_verify(arguments: &[u8]) -> Option<(u8, Vec<u8>, Vec<u8>, u64)> {
    let mut reader = Reader::new(arguments, 4)?;
    let kind = reader.u8()?;
    let evidence = reader.bytes()?;
    let collateral = reader.bytes()?;
    let time = reader.u64()?;
    reader.finish()?;
    Some((kind, evidence.to_vec(), collateral.to_vec(), time))
}

type Many = (u8, Vec<B256>, Vec<Vec<u8>>, Vec<Vec<u8>>);

fn read_many(arguments: &[u8]) -> Option<Many> {
    let mut reader = Reader::new(arguments, 4)?;
    let scheme = reader.u8()?;
    let digests = reader.words()?.iter().copied().map(B256::new).collect();
    let keys = reader.bytes_array()?.into_iter().map(<[u8]>::to_vec).collect();
    let signatures = reader.bytes_array()?.into_iter().map(<[u8]>::to_vec).collect();
    reader.finish()?;
    Some((scheme, digests, keys, signatures))
}

type Spans = (Vec<u8>, Vec<Vec<u8>>, Vec<[u32; 4]>, u32);

fn read_spans(arguments: &[u8]) -> Option<Spans> {
    let mut reader = Reader::new(arguments, 4)?;
    let output = reader.bytes()?.to_vec();
    let chunks = reader.bytes_array()?.into_iter().map(<[u8]>::to_vec).collect();
    let member = |word: &Word| as_u32(word);
    let spans = reader.structs::<4>()?.iter().map(|[chunk, output, start, length]| {
        Some([member(chunk)?, member(output)?, member(start)?, member(length)?])
    });
    let spans = spans.collect::<Option<_>>()?;
    let least = reader.u32()?;
    reader.finish()?;
    Some((output, chunks, spans, least))
}

proptest! {
    #[test]
    fn arrays_of_structs_round_trip(
        output in prop::collection::vec(any::<u8>(), 0..70),
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..70), 0..4),
        spans in prop::collection::vec(any::<[u32; 4]>(), 0..5),
        least in any::<u32>(),
        at in any::<prop::sample::Index>(),
        change in 1u8..,
    ) {
        let call = IAttribution::spanWeightsCall {
            output: output.clone().into(),
            chunks: chunks.iter().cloned().map(Bytes::from).collect(),
            spans: spans
                .iter()
                .map(|[chunk, output_start, chunk_start, length]| IAttribution::Span {
                    chunk: *chunk,
                    outputStart: *output_start,
                    chunkStart: *chunk_start,
                    length: *length,
                })
                .collect(),
            minLength: least,
        };
        let encoded = call.abi_encode();
        let arguments = &encoded[4..];
        prop_assert_eq!(read_spans(arguments), Some((output, chunks, spans, least)));
        for extra in [1, 31, 32, 128] {
            let mut longer = arguments.to_vec();
            longer.resize(arguments.len() + extra, 0);
            prop_assert_eq!(read_spans(&longer), None);
            prop_assert_eq!(read_spans(&arguments[..arguments.len() - extra]), None);
        }
        let mut changed = arguments.to_vec();
        let at = at.index(changed.len());
        changed[at] ^= change;
        prop_assert_ne!(read_spans(&changed), read_spans(arguments));
    }

    #[test]
    fn verify_round_trip_is_the_only_encoding(
        kind in any::<u8>(),
        evidence in prop::collection::vec(any::<u8>(), 0..100),
        collateral in prop::collection::vec(any::<u8>(), 0..100),
        time in any::<u64>(),
        at in any::<prop::sample::Index>(),
        change in 1u8..,
    ) {
        let call = IAttestation::verifyCall {
            kind,
            evidence: Bytes::from(evidence.clone()),
            collateral: Bytes::from(collateral.clone()),
            time,
        };
        let encoded = call.abi_encode();
        let arguments = &encoded[4..];
        prop_assert_eq!(read_verify(arguments), Some((kind, evidence, collateral, time)));

        // Trailing and missing bytes.
        for extra in [1, 31, 32] {
            let mut longer = arguments.to_vec();
            longer.resize(arguments.len() + extra, 0);
            prop_assert_eq!(read_verify(&longer), None);
            prop_assert_eq!(read_verify(&arguments[..arguments.len() - extra]), None);
        }
        // A changed byte is refused or changes what is read: no two encodings of one value.
        let mut changed = arguments.to_vec();
        let at = at.index(changed.len());
        changed[at] ^= change;
        prop_assert_ne!(read_verify(&changed), read_verify(arguments));
    }

    #[test]
    fn nested_arrays_round_trip(
        scheme in any::<u8>(),
        digests in prop::collection::vec(any::<[u8; 32]>().prop_map(B256::from), 0..5),
        keys in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..70), 0..5),
        signatures in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..70), 0..5),
        at in any::<prop::sample::Index>(),
        change in 1u8..,
    ) {
        let call = ISignatures::verifyManyCall {
            scheme,
            digests: digests.clone(),
            keys: keys.iter().cloned().map(Bytes::from).collect(),
            signatures: signatures.iter().cloned().map(Bytes::from).collect(),
        };
        let encoded = call.abi_encode();
        let arguments = &encoded[4..];
        prop_assert_eq!(read_many(arguments), Some((scheme, digests, keys, signatures)));
        let mut changed = arguments.to_vec();
        let at = at.index(changed.len());
        changed[at] ^= change;
        prop_assert_ne!(read_many(&changed), read_many(arguments));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_verify(&bytes);
        let _ = read_many(&bytes);
        let _ = read_spans(&bytes);
    }

    /// Words that look like offsets and lengths get further than random bytes do.
    #[test]
    fn arbitrary_small_words_never_panic(
        words in prop::collection::vec(prop_oneof![0u64..20, Just(u64::MAX), (0u64..12).prop_map(|word| word * 32)], 0..24),
    ) {
        let bytes: Vec<u8> =
            words.iter().flat_map(|word| U256::from(*word).to_be_bytes::<32>()).collect();
        let _ = read_verify(&bytes);
        let _ = read_many(&bytes);
        let _ = read_spans(&bytes);
    }
}

#[test]
fn shared_tails_are_refused() {
    // Both `bytes` at one place: Solidity would take it.
    let mut bytes = Vec::new();
    for word in [1u64, 128, 128, 7, 0] {
        bytes.extend_from_slice(&U256::from(word).to_be_bytes::<32>());
    }
    assert_eq!(read_verify(&bytes), None);
}
