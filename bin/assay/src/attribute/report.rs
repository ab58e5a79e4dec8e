//! What was found, as a table or as JSON.

use super::calldata::Calldata;
use crate::runtime::CommandResult;
use assay_attribution::provider::{Citations, Corpus, MatchedSpan};
use serde_json::{Value, json};
use std::{io::Write, ops::Range};

/// What there is to say.
pub(super) struct Report {
    pub(super) text: Vec<u8>,
    /// Where each token stands in the text.
    pub(super) places: Vec<Range<usize>>,
    pub(super) corpus: Corpus,
    pub(super) citations: Citations,
    pub(super) calldata: Vec<Calldata>,
}

impl Report {
    /// Tokens of the text that some document accounts for.
    pub(super) fn cited(&self) -> u64 {
        self.citations.weights.iter().sum()
    }

    fn name(&self, document: usize) -> &str {
        &self.corpus.documents()[document].name
    }

    /// The words of a span, on one line.
    fn words(&self, matched: &MatchedSpan) -> String {
        let tokens = &self.places[matched.span.start..][..matched.span.length];
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
            return String::new();
        };
        let text = String::from_utf8_lossy(&self.text[first.start..last.end]);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub(super) fn print(&self, out: &mut impl Write) -> CommandResult {
        let log = self.corpus.log();
        let documents = self.corpus.documents();
        let tokens: usize = documents.iter().map(|document| document.tokens.len()).sum();
        writeln!(
            out,
            "corpus     {} documents, {tokens} tokens, {} chunks",
            documents.len(),
            log.size()
        )?;
        writeln!(out, "log head   {}", log.head())?;
        writeln!(out, "text       {} tokens, {} of them cited", self.places.len(), self.cited())?;
        if self.citations.matched.is_empty() {
            writeln!(
                out,
                "\nNo stretch of {} tokens or more stands in the corpus.",
                self.citations.min_length
            )?;
        } else {
            self.print_matches(out)?;
        }
        for (index, call) in self.calldata.iter().enumerate() {
            let Calldata { function, bytes, gas, path } = call;
            let start = if index == 0 { "\n" } else { "" };
            let path = path.display();
            writeln!(out, "{start}{function:<16} {bytes} bytes, {gas} gas: {path}")?;
        }
        Ok(())
    }

    fn print_matches(&self, out: &mut impl Write) -> CommandResult {
        writeln!(out, "\n   at  tokens  cited  places  stretch, and where it stands")?;
        for matched in &self.citations.matched {
            let MatchedSpan { span, cited } = matched;
            writeln!(
                out,
                "{:>5}  {:>6}  {cited:>5}  {:>6}  {}",
                span.start,
                span.length,
                span.count,
                shortened(&self.words(matched), 70)
            )?;
            for occurrence in &span.occurrences {
                let name = self.name(occurrence.document);
                writeln!(out, "{:>29}{name}, token {}", "", occurrence.start)?;
            }
            if span.count > span.occurrences.len() {
                let more = span.count - span.occurrences.len();
                writeln!(out, "{:>29}and {more} more", "")?;
            }
        }
        writeln!(out, "\nweight  share  document")?;
        let mut documents: Vec<_> = self.citations.documents.iter().collect();
        documents.sort_by_key(|cited| (u64::MAX - cited.weight, cited.document));
        for cited in documents {
            let share = 100.0 * cited.weight as f64 / self.cited() as f64;
            writeln!(out, "{:>6}  {share:>4.1}%  {}", cited.weight, self.name(cited.document))?;
        }
        Ok(())
    }

    pub(super) fn json(&self) -> Value {
        let citations = &self.citations;
        let log = self.corpus.log();
        let spans = citations.matched.iter().map(|matched| {
            let span = &matched.span;
            let occurrences = span.occurrences.iter().map(|occurrence| {
                json!({"document": self.name(occurrence.document), "start": occurrence.start})
            });
            json!({
                "start": span.start,
                "length": span.length,
                "cited": matched.cited,
                "text": self.words(matched),
                "count": span.count,
                "documents": span.documents,
                "occurrences": occurrences.collect::<Vec<_>>(),
            })
        });
        let documents = citations
            .documents
            .iter()
            .map(|cited| json!({"name": self.name(cited.document), "weight": cited.weight}));
        let calldata = self.calldata.iter().map(|call| {
            json!({
                "function": call.function,
                "bytes": call.bytes,
                "gas": call.gas,
                "path": call.path,
            })
        });
        json!({
            "logHead": log.head(),
            "logSize": log.size(),
            "tokens": self.places.len(),
            "citedTokens": self.cited(),
            "minLength": citations.min_length,
            "spans": spans.collect::<Vec<_>>(),
            "documents": documents.collect::<Vec<_>>(),
            "chunks": citations.indices,
            "chunkWeights": citations.weights,
            "leafHashes": citations.leaf_hashes,
            "calldata": calldata.collect::<Vec<_>>(),
        })
    }
}

/// The first so many characters.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
