//! Cited spans: stretches of an output's tokens that stand, token for token, in chunks of data.

use crate::{
    MAX_BYTES, MAX_ITEMS, MAX_OUTPUT_BYTES, Malformed, MalformedCode, Refusal, leaf_hash,
    limits::capped,
};
use alloy_primitives::B256;

/// A token as it stands in bytes: uint32, big-endian.
type Token = [u8; 4];

/// One citation: `length` tokens of the output from `output_start` are those of the chunk from
/// `chunk_start`. Positions and lengths count tokens. The order of the fields is the canonical
/// order of spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Index of the chunk.
    pub chunk: u32,
    /// First token in the output.
    pub output_start: u32,
    /// First token in the chunk.
    pub chunk_start: u32,
    /// Tokens.
    pub length: u32,
}

/// What the cited chunks account for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanWeights {
    /// For each chunk, the output's tokens that its spans account for. Each token counts once.
    pub weights: Vec<u64>,
    /// For each chunk, its leaf hash in a log.
    pub leaf_hashes: Vec<B256>,
}

/// Spans whose shape is checked, and whose tokens are not: what that will cost is known.
#[derive(Debug)]
pub struct SpanClaim<'a> {
    output: &'a [Token],
    chunks: Vec<&'a [Token]>,
    spans: &'a [Span],
}

/// Refuses an output, chunks or spans above their caps, in this order: bytes of the output, chunks,
/// bytes of all chunks, spans.
///
/// # Errors
/// [`Refusal::TooLarge`].
pub fn check_span_sizes(output: &[u8], chunks: &[&[u8]], spans: usize) -> Result<(), Refusal> {
    capped(output.len(), MAX_OUTPUT_BYTES)?;
    capped(chunks.len(), MAX_ITEMS)?;
    // The chunks are slices of memory: their sum saturates only where they overlap.
    let bytes = chunks.iter().fold(0usize, |sum, chunk| sum.saturating_add(chunk.len()));
    capped(bytes, MAX_BYTES)?;
    Ok(capped(spans, MAX_ITEMS)?)
}

impl<'a> SpanClaim<'a> {
    /// Checks everything but the tokens themselves: sizes ([`check_span_sizes`]); `min_length` is
    /// not zero; output and chunks in order are whole tokens; then for each span that it follows
    /// the one before, names a chunk, is long enough, ends within the output and within its chunk.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`], and [`MalformedCode`] 13 to 19.
    pub fn new(
        output: &'a [u8],
        chunks: &[&'a [u8]],
        spans: &'a [Span],
        min_length: u32,
    ) -> Result<Self, Refusal> {
        check_span_sizes(output, chunks, spans.len())?;
        if min_length == 0 {
            return Err(MalformedCode::MinLength.into());
        }
        let output = tokens(output)?;
        let chunks: Vec<&[Token]> =
            chunks.iter().map(|chunk| tokens(chunk)).collect::<Result<_, _>>()?;
        let mut before = None;
        for span in spans {
            if before.is_some_and(|before| before >= span) {
                return Err(MalformedCode::SpanOrder.into());
            }
            before = Some(span);
            let chunk = at(&chunks, span.chunk).ok_or(MalformedCode::SpanChunk)?;
            if span.length < min_length {
                return Err(MalformedCode::SpanLength.into());
            }
            stretch(output, span.output_start, span.length).ok_or(MalformedCode::SpanOutput)?;
            stretch(chunk, span.chunk_start, span.length).ok_or(MalformedCode::SpanEnd)?;
        }
        Ok(Self { output, chunks, spans })
    }

    /// Bytes that [`Self::weigh`] compares at most: those of all spans.
    pub fn compared_bytes(&self) -> u64 {
        // At most 65,536 spans of 65,536 tokens: 2^34.
        self.spans.iter().map(|span| u64::from(span.length) * 4).sum()
    }

    /// Compares every span's tokens, and counts for each chunk the tokens of the output that its
    /// spans account for: a token within several spans goes to the longest of them, among equals
    /// to the lowest index.
    ///
    /// Compares [`Self::compared_bytes`], sorts the spans by length, visits each token of the
    /// output once, and hashes each chunk.
    ///
    /// # Errors
    /// [`MalformedCode::SpanMismatch`].
    pub fn weigh(&self) -> Result<SpanWeights, Malformed> {
        for span in self.spans {
            let cited = at(&self.chunks, span.chunk)
                .and_then(|chunk| stretch(chunk, span.chunk_start, span.length));
            let own = stretch(self.output, span.output_start, span.length);
            if own.map(<[Token]>::as_flattened) != cited.map(<[Token]>::as_flattened) {
                return Err(MalformedCode::SpanMismatch.into());
            }
        }
        let leaf_hashes = self.chunks.iter().map(|chunk| leaf_hash(chunk.as_flattened())).collect();
        Ok(SpanWeights { weights: self.cover(), leaf_hashes })
    }

    /// Tokens by chunk: spans take, longest first, what those before them left.
    fn cover(&self) -> Vec<u64> {
        // The inverted length above the index: ascending order is longest first, ties by index.
        let mut order: Vec<u64> = (0u64..)
            .zip(self.spans)
            .map(|(index, span)| u64::from(u32::MAX - span.length) << 32 | index)
            .collect();
        order.sort_unstable();
        let mut weights = vec![0u64; self.chunks.len()];
        let mut free = Free::new(self.output.len());
        for key in order {
            let Some(span) = at(self.spans, key as u32) else { continue };
            let Some(weight) = weights.get_mut(span.chunk as usize) else { continue };
            *weight += free.take(span.output_start as usize, span.length as usize);
        }
        weights
    }
}

/// `IAttribution.spanWeights`: checks the spans and weighs the chunks.
///
/// # Errors
/// Those of [`SpanClaim::new`], then those of [`SpanClaim::weigh`].
pub fn span_weights(
    output: &[u8],
    chunks: &[&[u8]],
    spans: &[Span],
    min_length: u32,
) -> Result<SpanWeights, Refusal> {
    Ok(SpanClaim::new(output, chunks, spans, min_length)?.weigh()?)
}

/// Positions that no one has taken yet, found without visiting those that are taken.
struct Free {
    /// For each position one that is not after the next free one; a free position has itself. One
    /// more than there are positions.
    next: Vec<u32>,
}

impl Free {
    fn new(positions: usize) -> Self {
        Self { next: (0u32..).take(positions + 1).collect() }
    }

    /// The first free position not before this one; halves the way for those who come later.
    fn find(&mut self, mut position: usize) -> usize {
        while let Some(next) = self.next.get(position).map(|next| *next as usize)
            && next != position
        {
            let after = self.next.get(next).copied().unwrap_or(next as u32);
            self.next[position] = after;
            position = after as usize;
        }
        position
    }

    /// Takes what is free among `count` positions from `start`; how many were.
    fn take(&mut self, start: usize, count: usize) -> u64 {
        let end = (start + count).min(self.next.len() - 1);
        let mut taken = 0;
        let mut position = self.find(start);
        while position < end {
            self.next[position] = position as u32 + 1;
            taken += 1;
            position = self.find(position + 1);
        }
        taken
    }
}

/// Whole tokens.
fn tokens(bytes: &[u8]) -> Result<&[Token], Malformed> {
    match bytes.as_chunks() {
        (tokens, []) => Ok(tokens),
        _ => Err(MalformedCode::TokenBytes.into()),
    }
}

fn at<T>(items: &[T], index: u32) -> Option<&T> {
    items.get(usize::try_from(index).ok()?)
}

/// `length` tokens from `start`.
fn stretch(tokens: &[Token], start: u32, length: u32) -> Option<&[Token]> {
    let (start, length) = (usize::try_from(start).ok()?, usize::try_from(length).ok()?);
    tokens.get(start..start.checked_add(length)?)
}

#[cfg(test)]
mod tests;
