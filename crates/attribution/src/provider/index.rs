//! A suffix array over a corpus, and the spans of a text that stand in it.
//!
//! As in infini-gram ([Liu and others, 2024](https://arxiv.org/abs/2401.17377)) a phrase is found by
//! bisection, however long it is; as in OLMoTrace ([2025](https://arxiv.org/abs/2504.07096)) the
//! spans sought are the maximal ones: those that stand in the corpus, and in no longer span of the
//! text that does.

use libsais::SuffixArrayConstruction;
use std::{cmp::Ordering, ops::Range};

/// Ends a document: no token has it, so that no span reaches from one document into the next.
const END: i32 = 0;
/// A token of a text that no document has.
const ABSENT: i32 = -1;

/// The corpus cannot be indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// The index counts tokens, and one more a document, in 31 bits.
    #[error(
        "{0} tokens and documents are more than the 2,147,483,646 that one index holds: split the corpus"
    )]
    TooManyTokens(usize),
    /// The suffix array's construction ran out of memory.
    #[error("the suffix array's construction failed: {0}")]
    Construction(#[from] libsais::LibsaisError),
}

/// Where a span stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// Index of the document.
    pub document: usize,
    /// First token in the document.
    pub start: usize,
}

/// A stretch of a text that stands in the corpus, and that no longer one of the text contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaximalSpan {
    /// First token in the text.
    pub start: usize,
    /// Tokens.
    pub length: usize,
    /// How often it stands in the corpus.
    pub count: usize,
    /// In how many documents.
    pub documents: usize,
    /// Where, earliest first; not more than were asked for.
    pub occurrences: Vec<Occurrence>,
}

/// A corpus' suffixes in order. Twelve bytes a token while it is built, eight after.
#[derive(Debug)]
pub struct SuffixIndex {
    /// The documents one after the other, each behind it [`END`]; tokens as their rank in
    /// `vocabulary`, from 1.
    text: Vec<i32>,
    /// Positions in `text`, by the order of what begins there.
    suffixes: Vec<i32>,
    /// Every token that occurs, ascending.
    vocabulary: Vec<u32>,
    /// Where each document begins in `text`.
    starts: Vec<usize>,
}

impl SuffixIndex {
    /// Indexes documents of tokens, in linear time.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn new<'a>(
        documents: impl IntoIterator<Item = &'a [u32]> + Clone,
    ) -> Result<Self, IndexError> {
        let size = documents.clone().into_iter().map(|document| document.len() + 1).sum();
        if i32::try_from(size).is_err() || size == i32::MAX as usize {
            return Err(IndexError::TooManyTokens(size));
        }
        let mut vocabulary: Vec<u32> = documents.clone().into_iter().flatten().copied().collect();
        vocabulary.sort_unstable();
        vocabulary.dedup();
        vocabulary.shrink_to_fit();

        let mut text = Vec::with_capacity(size);
        let mut starts = Vec::new();
        for document in documents {
            starts.push(text.len());
            text.extend(document.iter().map(|token| rank(&vocabulary, *token)));
            text.push(END);
        }
        let suffixes = if text.is_empty() {
            Vec::new()
        } else {
            SuffixArrayConstruction::for_text_mut(&mut text)
                .in_owned_buffer32()
                .single_threaded()
                .run()?
                .into_vec()
        };
        Ok(Self { text, suffixes, vocabulary, starts })
    }

    /// Tokens in the corpus.
    pub fn tokens(&self) -> usize {
        self.text.len() - self.starts.len()
    }

    /// How often a phrase stands in the corpus.
    pub fn count(&self, phrase: &[u32]) -> usize {
        self.places(&self.ranks(phrase)).len()
    }

    /// The maximal spans of a text that are at least `min_length` (at least one) long, in their
    /// order, with the earliest `occurrences` of each. `progress` hears how many tokens of the text
    /// are behind.
    ///
    /// Bisects once for each span, and for each place at which one ends as often as the logarithm
    /// of its length says; each step of a bisection compares the tokens that decide it.
    pub fn maximal_spans(
        &self,
        text: &[u32],
        min_length: usize,
        occurrences: usize,
        progress: &mut dyn FnMut(usize),
    ) -> Vec<MaximalSpan> {
        let text = self.ranks(text);
        let mut spans = Vec::new();
        let mut start = 0;
        while start < text.len() {
            let length = self.longest(&text[start..]);
            if length >= min_length.max(1) {
                spans.push(self.span(&text, start, length, occurrences));
            }
            let end = start + length;
            progress(end);
            if end == text.len() {
                break;
            }
            // The next maximal span has the token at `end`, with which this one could not go on. It
            // begins at the first place from which the tokens up to that one stand in the corpus;
            // if they do from one place, they do from every later one.
            let begins = |from: &usize| self.stands(&text[*from..=end]);
            start = first(start + 1..end + 1, begins);
        }
        spans
    }

    fn span(&self, text: &[i32], start: usize, length: usize, most: usize) -> MaximalSpan {
        let places = self.places(&text[start..start + length]);
        let mut positions: Vec<usize> =
            self.suffixes[places].iter().map(|position| *position as usize).collect();
        positions.sort_unstable();
        let mut documents = 0;
        let mut last = None;
        let mut occurrences = Vec::new();
        for (index, position) in positions.iter().enumerate() {
            let document = self.starts.partition_point(|start| start <= position) - 1;
            if last != Some(document) {
                documents += 1;
                last = Some(document);
            }
            if index < most {
                occurrences.push(Occurrence { document, start: position - self.starts[document] });
            }
        }
        MaximalSpan { start, length, count: positions.len(), documents, occurrences }
    }

    /// The most leading tokens of a phrase that stand together in the corpus.
    fn longest(&self, phrase: &[i32]) -> usize {
        let (mut low, mut high) = (0, self.suffixes.len());
        // What the phrase shares with the suffixes at either end; all between share the lesser.
        let (mut shared_low, mut shared_high) = (0, 0);
        while low < high {
            let middle = low + (high - low) / 2;
            let suffix = self.suffix(middle);
            let known = shared_low.min(shared_high);
            let shared = known + common(&suffix[known..], &phrase[known..]);
            let Some(next) = phrase.get(shared) else { return shared };
            // A suffix ends with END at the latest, which is less than every token that is there,
            // and no token of a phrase: it never runs out first.
            if suffix.get(shared).is_none_or(|token| token < next) {
                (low, shared_low) = (middle + 1, shared);
            } else {
                (high, shared_high) = (middle, shared);
            }
        }
        // Both neighbours of the place at which the phrase would stand have been looked at.
        shared_low.max(shared_high)
    }

    fn stands(&self, phrase: &[i32]) -> bool {
        self.longest(phrase) == phrase.len()
    }

    /// The suffixes that begin with a phrase.
    fn places(&self, phrase: &[i32]) -> Range<usize> {
        let order = |position: &i32| {
            let suffix = &self.text[*position as usize..];
            suffix[..phrase.len().min(suffix.len())].cmp(phrase)
        };
        let start = self.suffixes.partition_point(|at| order(at) == Ordering::Less);
        let rest = &self.suffixes[start..];
        start..start + rest.partition_point(|at| order(at) == Ordering::Equal)
    }

    fn suffix(&self, index: usize) -> &[i32] {
        &self.text[self.suffixes[index] as usize..]
    }

    fn ranks(&self, tokens: &[u32]) -> Vec<i32> {
        tokens.iter().map(|token| rank(&self.vocabulary, *token)).collect()
    }
}

/// A token's rank, from 1; [`ABSENT`] if the vocabulary does not have it.
fn rank(vocabulary: &[u32], token: u32) -> i32 {
    // The vocabulary is no larger than the text, whose size is checked.
    vocabulary.binary_search(&token).map_or(ABSENT, |rank| rank as i32 + 1)
}

/// Leading tokens that two slices share.
fn common(a: &[i32], b: &[i32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// The first number of a range that has a property which all after it have too; the range's end if
/// none has.
fn first(range: Range<usize>, holds: impl Fn(&usize) -> bool) -> usize {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(&middle) { high = middle } else { low = middle + 1 }
    }
    low
}

#[cfg(test)]
mod tests;
