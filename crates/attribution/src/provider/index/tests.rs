//! Against looking everywhere.

use super::*;
use proptest::prelude::*;

fn index(documents: &[Vec<u32>]) -> SuffixIndex {
    SuffixIndex::new(documents.iter().map(Vec::as_slice)).unwrap()
}

fn occurrences(documents: &[Vec<u32>], phrase: &[u32]) -> Vec<Occurrence> {
    let mut found = Vec::new();
    for (document, tokens) in documents.iter().enumerate() {
        for (start, window) in tokens.windows(phrase.len()).enumerate() {
            if window == phrase {
                found.push(Occurrence { document, start });
            }
        }
    }
    found
}

/// By definition: of all stretches of the text that stand in some document, those that no other
/// contains.
fn spans_by_definition(documents: &[Vec<u32>], text: &[u32], least: usize) -> Vec<MaximalSpan> {
    let stands = |start: usize, end: usize| !occurrences(documents, &text[start..end]).is_empty();
    let mut spans = Vec::new();
    for start in 0..text.len() {
        for end in start + 1..=text.len() {
            let whole = stands(start, end)
                && (start == 0 || !stands(start - 1, end))
                && (end == text.len() || !stands(start, end + 1));
            if whole && end - start >= least {
                let found = occurrences(documents, &text[start..end]);
                let mut distinct: Vec<usize> = found.iter().map(|at| at.document).collect();
                distinct.dedup();
                spans.push(MaximalSpan {
                    start,
                    length: end - start,
                    count: found.len(),
                    documents: distinct.len(),
                    occurrences: found,
                });
            }
        }
    }
    spans
}

fn corpora() -> impl Strategy<Value = (Vec<Vec<u32>>, Vec<u32>)> {
    // Few tokens, so that much repeats; the largest, so that ranks and values differ.
    let token = || prop_oneof![0u32..3, Just(u32::MAX)];
    (
        prop::collection::vec(prop::collection::vec(token(), 0..30), 0..6),
        prop::collection::vec(prop_oneof![8 => token(), 1 => Just(77)], 0..40),
    )
}

proptest! {
    #[test]
    fn maximal_spans_are_those_of_the_definition(
        (documents, text) in corpora(),
        least in 1usize..5,
        most in 0usize..4,
    ) {
        let index = index(&documents);
        let mut behind = 0;
        let spans = index.maximal_spans(&text, least, most, &mut |done| {
            assert!(done >= behind && done <= text.len());
            behind = done;
        });
        let mut expected = spans_by_definition(&documents, &text, least);
        for span in &mut expected {
            span.occurrences.truncate(most);
        }
        prop_assert_eq!(spans, expected);
        prop_assert_eq!(index.tokens(), documents.iter().map(Vec::len).sum::<usize>());
    }

    #[test]
    fn a_text_cut_from_a_document_is_found_whole(
        (mut documents, text) in corpora(),
        at in any::<prop::sample::Index>(),
    ) {
        prop_assume!(!text.is_empty());
        documents.insert(at.index(documents.len() + 1), text.clone());
        let spans = index(&documents).maximal_spans(&text, 1, 100, &mut |_| {});
        prop_assert_eq!(spans.len(), 1);
        prop_assert_eq!((spans[0].start, spans[0].length), (0, text.len()));
        prop_assert_eq!(index(&documents).count(&text), spans[0].count);
    }
}

#[test]
fn empty_corpora_and_texts_have_no_spans() {
    let none = |documents: &[Vec<u32>], text: &[u32]| {
        index(documents).maximal_spans(text, 0, 1, &mut |_| {}).is_empty()
    };
    assert!(none(&[], &[1, 2]));
    assert!(none(&[vec![], vec![]], &[1, 2]));
    assert!(none(&[vec![1, 2]], &[]));
    assert!(none(&[vec![1, 2]], &[3, 4]));
}

/// A long text in a repetitive corpus: the worst for comparing suffixes from their beginning.
#[test]
fn long_repeats_are_found_in_time() {
    let document: Vec<u32> = (0..60_000).map(|at| at % 2).collect();
    let text = &document[..50_000];
    let spans = index(&[document.clone(), vec![5; 60_000]]).maximal_spans(text, 1, 2, &mut |_| {});
    assert_eq!(spans.len(), 1);
    assert_eq!((spans[0].length, spans[0].count, spans[0].documents), (50_000, 5_001, 1));
}
