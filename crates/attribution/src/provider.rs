//! What providers and data networks run off chain: a corpus of documents with its log, a suffix
//! array over its tokens, and the citations of a text in it.
//!
//! Consensus needs none of this: it checks what is cited, not how it was found. So this part may
//! read files, and is left out where the feature `provider` is not on.
//!
//! [`cite`] does all of it in one call, as `assay attribute` does.

mod citation;
mod corpus;
mod index;
mod tokens;

pub use citation::{CitationError, CitationOptions, Citations, CitedDocument, MatchedSpan, cite};
pub use corpus::{Corpus, CorpusError, Document};
pub use index::{IndexError, MaximalSpan, Occurrence, SuffixIndex};
pub use tokens::{TokenError, Tokenizer, token_bytes};

/// How far long work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Reading documents.
    Reading {
        /// Documents read.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// Sorting the suffixes of so many tokens.
    Indexing {
        /// Tokens in the corpus.
        tokens: usize,
    },
    /// Looking for the text's spans.
    Matching {
        /// Tokens of the text that are behind.
        done: usize,
        /// Of so many.
        total: usize,
    },
}
