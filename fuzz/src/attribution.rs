//! A corpus and a text, from bytes to a claim.

use assay_attribution::{
    provider::{CitationOptions, Corpus, Document, Tokenizer, cite},
    span_weights, verify_inclusion,
};

/// Tokenizer (modulo 3), least length, tokens in a chunk, the text's length (2 bytes), the text, and
/// the documents, each ended by a zero byte (raw: all of the rest is one).
pub fn citation(data: &[u8]) {
    let Some(([tokenizer, least, chunk, high, low], rest)) = data.split_first_chunk() else { return };
    let tokenizer = match tokenizer % 3 {
        0 => Tokenizer::Words,
        1 => Tokenizer::Bytes,
        _ => Tokenizer::Raw,
    };
    let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
    let (text, documents) = rest.split_at(length);
    let tokens = |data: &[u8]| -> Option<Vec<u32>> {
        let tokens = tokenizer.tokens(data).ok()?;
        Some(tokens.into_iter().map(|(token, _)| token).collect())
    };
    let Some(text) = tokens(text) else { return };
    let separate = |byte: &u8| tokenizer != Tokenizer::Raw && *byte == 0;
    let documents: Option<Vec<Document>> = documents
        .split(separate)
        .map(|data| Some(Document { name: String::new(), tokens: tokens(data)? }))
        .collect();
    let Some(documents) = documents else { return };
    let corpus = Corpus::new(documents, usize::from(*chunk));
    let options = CitationOptions { min_length: u32::from(*least), occurrences: 3 };
    let found = cite(&corpus, &text, options, &mut |_| {}).expect("within the caps");

    let chunks: Vec<&[u8]> = found.chunks.iter().map(Vec::as_slice).collect();
    let result = span_weights(&found.output, &chunks, &found.spans, found.min_length)
        .expect("what is cited is true");
    assert_eq!((result.weights, &result.leaf_hashes), (found.weights, &found.leaf_hashes));
    if !found.indices.is_empty() {
        let log = corpus.log();
        let holds = verify_inclusion(
            log.head(),
            log.size(),
            &found.indices,
            &found.leaf_hashes,
            &found.proof,
        );
        assert_eq!(holds, Ok(true));
    }
}
