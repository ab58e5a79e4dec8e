//! The citations of a text: its maximal spans in a corpus, and of those the claim that
//! `IAttribution.spanWeights` checks.

use super::{Corpus, IndexError, MaximalSpan, Progress, SuffixIndex, token_bytes};
use crate::{MalformedCode, Refusal, Span, span_weights};
use alloy_primitives::B256;
use std::collections::{BTreeMap, BTreeSet};

/// What to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CitationOptions {
    /// The least length of a span, in tokens; at least one.
    pub min_length: u32,
    /// The most occurrences of a span to look at, earliest first; at least one.
    pub occurrences: usize,
}

/// A text cannot be cited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CitationError {
    /// The corpus cannot be indexed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The claim is more than one call takes.
    #[error(
        "the claim is more than one call takes ({0}): shorten the text or ask for longer spans"
    )]
    Claim(Refusal),
}

impl From<Refusal> for CitationError {
    fn from(refusal: Refusal) -> Self {
        Self::Claim(refusal)
    }
}

/// A maximal span, and whether the claim has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedSpan {
    /// Where it stands in the text and in the corpus.
    pub span: MaximalSpan,
    /// The tokens of it that the claim cites: fewer than all where a chunk's end cuts it, none where
    /// it falls into parts below the least length.
    pub cited: usize,
}

/// What a document accounts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitedDocument {
    /// Index of the document.
    pub document: usize,
    /// Tokens of the text that go to its spans.
    pub weight: u64,
}

/// A text's spans in a corpus, and the arguments with which a contract proves them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citations {
    /// Every maximal span of the text.
    pub matched: Vec<MatchedSpan>,
    /// The documents that the claim pays, in the corpus' order.
    pub documents: Vec<CitedDocument>,
    /// `output`: the text's tokens, in bytes.
    pub output: Vec<u8>,
    /// `chunks`: the tokens, in bytes, of every chunk that the claim cites.
    pub chunks: Vec<Vec<u8>>,
    /// `spans`.
    pub spans: Vec<Span>,
    /// `minLength`.
    pub min_length: u32,
    /// What `spanWeights` gives for them: tokens of the text for each chunk.
    pub weights: Vec<u64>,
    /// The leaf of each chunk, strictly ascending.
    pub indices: Vec<u64>,
    /// The leaf hash of each chunk.
    pub leaf_hashes: Vec<B256>,
    /// With them, the proof that the chunks are in the corpus' log.
    pub proof: Vec<B256>,
}

/// Finds the maximal spans of a text in a corpus, and makes of them a claim: of each span the
/// occurrence of which chunks' ends leave most, of those the earliest. Chunks that get no token are
/// left out, with their spans.
///
/// Chunks stand in the order of the log, so that a tie between spans of equal length goes to the
/// document that was contributed first.
///
/// # Errors
/// [`CitationError`].
pub fn cite(
    corpus: &Corpus,
    text: &[u32],
    options: CitationOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Citations, CitationError> {
    let documents = corpus.documents();
    let tokens = documents.iter().map(|document| document.tokens.len()).sum();
    progress(Progress::Indexing { tokens });
    let index = SuffixIndex::new(documents.iter().map(|document| document.tokens.as_slice()))?;
    let least = options.min_length.max(1);
    let total = text.len();
    let found =
        index.maximal_spans(text, least as usize, options.occurrences.max(1), &mut |done| {
            progress(Progress::Matching { done, total });
        });
    drop(index);

    let mut pieces = BTreeSet::new();
    let mut matched = Vec::with_capacity(found.len());
    for span in found {
        let best = best_pieces(corpus, &span, least as usize);
        matched.push(MatchedSpan { span, cited: best.iter().map(|piece| piece.length).sum() });
        pieces.extend(best);
    }
    claim(corpus, text, least, matched, &pieces)
}

/// A span within one chunk. In the order of the claim, as leaves ascend with chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Piece {
    leaf: usize,
    output_start: usize,
    chunk_start: usize,
    length: usize,
}

/// What chunks' ends leave of the occurrence of which they leave most.
fn best_pieces(corpus: &Corpus, span: &MaximalSpan, least: usize) -> Vec<Piece> {
    let mut best = Vec::new();
    let mut most = 0;
    for occurrence in &span.occurrences {
        let mut left = Vec::new();
        let (mut token, end) = (occurrence.start, occurrence.start + span.length);
        while token < end {
            let leaf = corpus.leaf(occurrence.document, token);
            let (_, tokens) = corpus.chunk(leaf);
            let stop = tokens.end.min(end);
            if stop - token >= least {
                left.push(Piece {
                    leaf,
                    output_start: span.start + token - occurrence.start,
                    chunk_start: token - tokens.start,
                    length: stop - token,
                });
            }
            token = stop;
        }
        let cited = left.iter().map(|piece| piece.length).sum();
        if cited > most {
            (best, most) = (left, cited);
        }
        if most == span.length {
            break;
        }
    }
    best
}

/// The claim of these pieces, without those that get nothing.
fn claim(
    corpus: &Corpus,
    text: &[u32],
    min_length: u32,
    matched: Vec<MatchedSpan>,
    pieces: &BTreeSet<Piece>,
) -> Result<Citations, CitationError> {
    let output = token_bytes(text);
    let all: Vec<usize> =
        pieces.iter().map(|piece| piece.leaf).collect::<BTreeSet<_>>().into_iter().collect();
    let (chunks, spans) = arguments(corpus, pieces, &all)?;
    let result = weigh(&output, &chunks, &spans, min_length)?;
    let paid: Vec<usize> =
        all.iter().zip(&result).filter(|(_, weight)| **weight > 0).map(|(leaf, _)| *leaf).collect();

    // A chunk that gets nothing took no token from another: the weights of the rest stay.
    let (chunks, spans) = arguments(corpus, pieces, &paid)?;
    let weights = weigh(&output, &chunks, &spans, min_length)?;
    let mut by_document = BTreeMap::new();
    for (leaf, weight) in paid.iter().zip(&weights) {
        *by_document.entry(corpus.chunk(*leaf).0).or_insert(0) += weight;
    }
    let indices: Vec<u64> = paid.iter().map(|leaf| *leaf as u64).collect();
    let hashes = corpus.log().leaf_hashes();
    Ok(Citations {
        matched,
        documents: by_document
            .into_iter()
            .map(|(document, weight)| CitedDocument { document, weight })
            .collect(),
        leaf_hashes: paid.iter().map(|leaf| hashes[*leaf]).collect(),
        // Nothing is cited: there is nothing to prove.
        proof: corpus.log().inclusion_proof(&indices).unwrap_or_default(),
        output,
        chunks,
        spans,
        min_length,
        weights,
        indices,
    })
}

/// `chunks` and `spans` of these leaves alone.
fn arguments(
    corpus: &Corpus,
    pieces: &BTreeSet<Piece>,
    leaves: &[usize],
) -> Result<(Vec<Vec<u8>>, Vec<Span>), Refusal> {
    let chunks = leaves
        .iter()
        .map(|leaf| {
            let (document, tokens) = corpus.chunk(*leaf);
            token_bytes(&corpus.documents()[document].tokens[tokens])
        })
        .collect();
    let number = |number: usize, code: MalformedCode| u32::try_from(number).map_err(|_| code);
    let mut spans = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let Ok(chunk) = leaves.binary_search(&piece.leaf) else { continue };
        spans.push(Span {
            chunk: number(chunk, MalformedCode::SpanChunk)?,
            output_start: number(piece.output_start, MalformedCode::SpanOutput)?,
            chunk_start: number(piece.chunk_start, MalformedCode::SpanEnd)?,
            length: number(piece.length, MalformedCode::SpanLength)?,
        });
    }
    Ok((chunks, spans))
}

/// What the precompile gives for these arguments.
fn weigh(
    output: &[u8],
    chunks: &[Vec<u8>],
    spans: &[Span],
    min_length: u32,
) -> Result<Vec<u64>, Refusal> {
    let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
    Ok(span_weights(output, &chunks, spans, min_length)?.weights)
}

#[cfg(test)]
mod tests;
