//! A claim proves itself: by the functions that consensus runs.

use super::*;
use crate::{
    provider::{Document, Tokenizer},
    verify_inclusion,
};
use proptest::prelude::*;

fn words(text: &str) -> Vec<u32> {
    let tokens = Tokenizer::Words.tokens(text.as_bytes()).unwrap();
    tokens.into_iter().map(|(token, _)| token).collect()
}

fn corpus(texts: &[&str], chunk_tokens: usize) -> Corpus {
    let document =
        |(index, text): (usize, &&str)| Document { name: format!("{index}"), tokens: words(text) };
    Corpus::new(texts.iter().enumerate().map(document).collect(), chunk_tokens)
}

fn options(min_length: u32) -> CitationOptions {
    CitationOptions { min_length, occurrences: 10 }
}

fn cited(corpus: &Corpus, text: &str, min_length: u32) -> Citations {
    cite(corpus, &words(text), options(min_length), &mut |_| {}).unwrap()
}

fn weights(citations: &Citations) -> Vec<(usize, u64)> {
    citations.documents.iter().map(|cited| (cited.document, cited.weight)).collect()
}

#[test]
fn documents_get_the_tokens_of_their_spans() {
    let corpus = corpus(
        &[
            "The quick brown fox jumps over the lazy dog.",
            "Unrelated words, of which none is used.",
            "And then a quick brown fox jumps high; the lazy cat sleeps.",
        ],
        256,
    );
    let found = cited(&corpus, "A quick, brown fox jumps over the lazy cat.", 3);
    // "quick … lazy" from the first is longer than "a quick brown fox jumps" and "the lazy cat".
    assert_eq!(weights(&found), [(0, 7), (2, 2)]);
    let spans: Vec<(usize, usize, usize)> =
        found.matched.iter().map(|m| (m.span.start, m.span.length, m.cited)).collect();
    assert_eq!(spans, [(0, 5, 5), (1, 7, 7), (6, 3, 3)]);
    assert!(cited(&corpus, "nothing of this stands anywhere", 2).documents.is_empty());
}

#[test]
fn the_earliest_document_is_paid_for_what_several_have() {
    let corpus = corpus(&["one two three", "zero one two three four", "one two three"], 256);
    let found = cited(&corpus, "x one two three x", 2);
    assert_eq!(weights(&found), [(0, 3)]);
    assert_eq!((found.matched[0].span.count, found.matched[0].span.documents), (3, 3));
}

#[test]
fn ends_of_chunks_cut_spans_and_whole_occurrences_are_preferred() {
    let long = "a b c d e f g h i j";
    let cut = corpus(&[long], 4);
    let found = cited(&cut, "b c d e f g h i", 3);
    // b c d | e f g h | i: the last is too short.
    assert_eq!(weights(&found), [(0, 7)]);
    assert_eq!(found.indices, [0, 1]);
    assert_eq!(found.matched[0].cited, 7);
    // The same words stand whole in a later document's chunk.
    let whole = corpus(&["w x y a b c", "a b c"], 4);
    assert_eq!(weights(&cited(&whole, "a b c", 3)), [(1, 3)]);
    assert_eq!(cited(&whole, "x y a", 3).matched[0].cited, 3);
}

#[test]
fn a_text_of_more_tokens_than_a_call_takes_is_refused() {
    let corpus = corpus(&["a b"], 4);
    let text = vec![words("a")[0]; crate::MAX_OUTPUT_BYTES / 4 + 1];
    let refused = cite(&corpus, &text, options(1), &mut |_| {});
    assert!(matches!(refused, Err(CitationError::Claim(Refusal::TooLarge(_)))));
}

proptest! {
    #[test]
    fn a_claim_proves_itself(
        documents in prop::collection::vec(prop::collection::vec(0u32..4, 0..30), 1..6),
        text in prop::collection::vec(0u32..5, 0..40),
        chunk_tokens in 1usize..12,
        min_length in 1u32..5,
    ) {
        let documents: Vec<Document> =
            documents.into_iter().map(|tokens| Document { name: String::new(), tokens }).collect();
        let corpus = Corpus::new(documents, chunk_tokens);
        let found = cite(&corpus, &text, options(min_length), &mut |_| {}).unwrap();

        let chunks: Vec<&[u8]> = found.chunks.iter().map(Vec::as_slice).collect();
        let result = span_weights(&found.output, &chunks, &found.spans, found.min_length).unwrap();
        prop_assert_eq!(&result.weights, &found.weights);
        prop_assert_eq!(&result.leaf_hashes, &found.leaf_hashes);
        prop_assert!(found.weights.iter().all(|weight| *weight > 0));
        if !found.indices.is_empty() {
            let log = corpus.log();
            let holds = verify_inclusion(
                log.head(), log.size(), &found.indices, &found.leaf_hashes, &found.proof,
            );
            prop_assert_eq!(holds, Ok(true));
        }
        let paid: u64 = found.documents.iter().map(|cited| cited.weight).sum();
        prop_assert_eq!(paid, found.weights.iter().sum::<u64>());
        // Each token that some cited span has is paid for once; others are not.
        let mut covered = vec![false; text.len()];
        for matched in &found.matched {
            let range = matched.span.start..matched.span.start + matched.span.length;
            if matched.cited == matched.span.length {
                covered[range].fill(true);
            }
        }
        prop_assert!(paid >= covered.iter().filter(|covered| **covered).count() as u64);
    }
}
