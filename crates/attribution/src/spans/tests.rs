//! Against the definition, token by token; and the order of checks.

use super::*;
use crate::TooLarge;
use proptest::prelude::*;

fn bytes(tokens: &[u32]) -> Vec<u8> {
    tokens.iter().flat_map(|token| token.to_be_bytes()).collect()
}

const fn span(chunk: u32, output_start: u32, chunk_start: u32, length: u32) -> Span {
    Span { chunk, output_start, chunk_start, length }
}

/// The definition: each token of the output goes to the chunk of the longest span over it, among
/// equals to that of the lowest index.
fn weights_by_definition(output: usize, chunks: usize, spans: &[Span]) -> Vec<u64> {
    let mut weights = vec![0; chunks];
    for token in 0..output {
        let mut best: Option<&Span> = None;
        for span in spans {
            let start = span.output_start as usize;
            let over = start <= token && token < start + span.length as usize;
            if over && best.is_none_or(|best| span.length > best.length) {
                best = Some(span);
            }
        }
        if let Some(best) = best {
            weights[best.chunk as usize] += 1;
        }
    }
    weights
}

/// All that two texts over few tokens have in common, so that many spans overlap.
fn common(output: &[u32], chunks: &[Vec<u32>]) -> Vec<Span> {
    let mut spans = Vec::new();
    for (chunk, tokens) in (0u32..).zip(chunks) {
        for start in 0..output.len() {
            for from in 0..tokens.len() {
                let length = output[start..]
                    .iter()
                    .zip(&tokens[from..])
                    .take_while(|(own, cited)| own == cited)
                    .count();
                spans.extend(
                    (1..=length)
                        .map(|length| span(chunk, start as u32, from as u32, length as u32)),
                );
            }
        }
    }
    spans
}

proptest! {
    #[test]
    fn weights_are_those_of_the_definition(
        output in prop::collection::vec(0u32..3, 0..24),
        chunks in prop::collection::vec(prop::collection::vec(0u32..3, 0..12), 0..5),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let all = common(&output, &chunks);
        let mut spans: Vec<Span> = picks
            .iter()
            .filter(|_| !all.is_empty())
            .map(|pick| all[pick.index(all.len())])
            .collect();
        spans.sort_unstable();
        spans.dedup();
        let least = spans.iter().map(|span| span.length).min().unwrap_or(1);
        let chunk_bytes: Vec<Vec<u8>> = chunks.iter().map(|chunk| bytes(chunk)).collect();
        let chunk_slices: Vec<&[u8]> = chunk_bytes.iter().map(Vec::as_slice).collect();
        let output_bytes = bytes(&output);
        let result = span_weights(&output_bytes, &chunk_slices, &spans, least).unwrap();
        prop_assert_eq!(
            &result.weights,
            &weights_by_definition(output.len(), chunks.len(), &spans)
        );
        prop_assert!(result.weights.iter().sum::<u64>() <= output.len() as u64);
        let leaves: Vec<B256> = chunk_slices.iter().map(|chunk| leaf_hash(chunk)).collect();
        prop_assert_eq!(result.leaf_hashes, leaves);

        // A cited token changed, wherever: refused, for that reason.
        for (at, cited) in spans.iter().enumerate() {
            let mut changed = chunk_bytes.clone();
            let chunk = &mut changed[cited.chunk as usize];
            let last = (cited.chunk_start + cited.length - 1) as usize * 4;
            chunk[last + at % 4] ^= 0x80;
            let slices: Vec<&[u8]> = changed.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(
                span_weights(&output_bytes, &slices, &spans, least),
                Err(MalformedCode::SpanMismatch.into())
            );
        }
        // Longer than the longest is too long.
        prop_assume!(!spans.is_empty());
        let longest = spans.iter().map(|span| span.length).max().unwrap();
        prop_assert_eq!(
            span_weights(&output_bytes, &chunk_slices, &spans, longest + 1),
            Err(MalformedCode::SpanLength.into())
        );
    }

    #[test]
    fn any_spans_are_total(
        output in prop::collection::vec(any::<u8>(), 0..40),
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4),
        spans in prop::collection::vec(
            (number(), number(), number(), number())
                .prop_map(|(chunk, output, from, length)| span(chunk, output, from, length)),
            0..6,
        ),
        least in 0u32..3,
    ) {
        let slices: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
        if let Ok(result) = span_weights(&output, &slices, &spans, least) {
            prop_assert_eq!(
                result.weights,
                weights_by_definition(output.len() / 4, chunks.len(), &spans)
            );
        }
    }
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0u32..12, 1 => Just(u32::MAX), 1 => any::<u32>()]
}

#[test]
fn the_longest_span_takes_a_token_and_then_the_lowest_index() {
    let output = bytes(&[1, 2, 3, 4, 5]);
    let (first, second) = (bytes(&[1, 2, 3]), bytes(&[2, 3, 4, 5]));
    let chunks: [&[u8]; 2] = [&first, &second];
    let weights = |spans: &[Span]| span_weights(&output, &chunks, spans, 1).unwrap().weights;
    // 1 to the first; 2 to 5 to the second, whose span is longer.
    assert_eq!(weights(&[span(0, 0, 0, 3), span(1, 1, 0, 4)]), [1, 4]);
    // Equally long: the first keeps all it cites.
    assert_eq!(weights(&[span(0, 0, 0, 3), span(1, 1, 0, 3)]), [3, 1]);
    // A gap that a shorter span lies around.
    assert_eq!(weights(&[span(0, 0, 0, 3), span(1, 1, 0, 1)]), [3, 0]);
    assert_eq!(weights(&[]), [0, 0]);
}

#[test]
fn order_of_checks() {
    let output = bytes(&[1, 2, 3, 4]);
    let chunk = bytes(&[9, 2, 3]);
    let chunks: [&[u8]; 1] = [&chunk];
    let code = |output: &[u8], chunks: &[&[u8]], spans: &[Span], least| match span_weights(
        output, chunks, spans, least,
    ) {
        Err(Refusal::Malformed(malformed)) => malformed.0,
        other => panic!("{other:?}"),
    };
    // Each input also has every later fault.
    let broken: [&[u8]; 1] = [&chunk[1..]];
    let spans = |first: Span| [first, span(1, 9, 9, 0)];
    assert_eq!(code(&output[1..], &broken, &spans(span(0, 0, 0, 1)), 0), MalformedCode::MinLength);
    assert_eq!(code(&output[1..], &broken, &spans(span(1, 0, 0, 1)), 2), MalformedCode::TokenBytes);
    assert_eq!(code(&output, &broken, &spans(span(1, 0, 0, 1)), 2), MalformedCode::TokenBytes);
    assert_eq!(code(&output, &chunks, &[span(1, 4, 3, 1)], 2), MalformedCode::SpanChunk);
    assert_eq!(code(&output, &chunks, &[span(0, 4, 3, 1)], 2), MalformedCode::SpanLength);
    assert_eq!(code(&output, &chunks, &[span(0, 3, 3, 2)], 2), MalformedCode::SpanOutput);
    assert_eq!(code(&output, &chunks, &[span(0, 2, 2, 2)], 2), MalformedCode::SpanEnd);
    assert_eq!(code(&output, &chunks, &[span(0, 0, 0, 2)], 2), MalformedCode::SpanMismatch);
    assert_eq!(
        code(&output, &chunks, &[span(0, 1, 1, 2), span(0, 1, 1, 2)], 2),
        MalformedCode::SpanOrder
    );
    assert_eq!(
        code(&output, &chunks, &[span(0, 1, 1, 2), span(0, 1, 1, 1)], 2),
        MalformedCode::SpanOrder
    );
    // Shape comes before content: the mismatch of the first is seen after the second's length.
    assert_eq!(
        code(&output, &chunks, &[span(0, 0, 0, 2), span(0, 1, 1, 3)], 2),
        MalformedCode::SpanEnd
    );
    assert_eq!(code(&output, &chunks, &[span(0, u32::MAX, 0, 2)], 2), MalformedCode::SpanOutput);
    assert_eq!(code(&output, &chunks, &[span(0, 1, 0, u32::MAX)], 2), MalformedCode::SpanOutput);
}

#[test]
fn caps() {
    let large = |size, limit| Err(TooLarge { size, limit }.into());
    let output = vec![0; MAX_OUTPUT_BYTES + 4];
    let empty: Vec<&[u8]> = vec![&[]; MAX_ITEMS + 1];
    assert_eq!(check_span_sizes(&output, &empty, 0), large(MAX_OUTPUT_BYTES + 4, MAX_OUTPUT_BYTES));
    assert_eq!(check_span_sizes(&output[4..], &empty, 0), large(MAX_ITEMS + 1, MAX_ITEMS));
    let bytes = vec![0; MAX_BYTES / 2 + 1];
    let chunks: [&[u8]; 2] = [&bytes, &bytes];
    assert_eq!(check_span_sizes(&output[4..], &chunks, 0), large(MAX_BYTES + 2, MAX_BYTES));
    let chunks: [&[u8]; 2] = [&bytes[1..], &bytes[1..]];
    assert_eq!(
        check_span_sizes(&output[4..], &chunks, MAX_ITEMS + 1),
        large(MAX_ITEMS + 1, MAX_ITEMS)
    );
    assert_eq!(check_span_sizes(&output[4..], &chunks, MAX_ITEMS), Ok(()));
}
