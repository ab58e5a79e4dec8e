//! `assay attribute`.

use crate::{files, runtime::CommandResult};
use alloy_primitives::{U256, hex};
use alloy_sol_types::SolCall;
use assay_attribution::provider::{
    CitationOptions, Citations, Corpus, MatchedSpan, Progress, Tokenizer, cite,
};
use assay_chainspec::{AssayRules, PRECOMPILE_ADDRESSES};
use assay_precompiles::{IAttribution, Outcome, Precompiles, VerdictCache, span_weights_call};
use clap::Args;
use serde_json::{Value, json};
use std::{
    fs,
    io::{IsTerminal, Read, Write},
    ops::Range,
    path::{Path, PathBuf},
    str::FromStr,
    time::{Duration, Instant},
};

/// Arguments of `assay attribute`.
///
/// Finds every longest stretch of a text that also stands in a folder of documents, and splits the
/// text's tokens among the documents: a token goes to the longest stretch over it, a tie to the
/// earliest document. With --out, writes the calldata with which a contract has the precompile at
/// 0xA55a…0002 check all of that.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay attribute --corpus ./documents answer.txt
  assay attribute --corpus ./documents --min-length 4 \"to be or not to be\"
  some-model | assay attribute --corpus ./documents --out calldata.hex --json -

What a document is, how tokens are made and what is proven: docs/attribution.md.")]
pub(crate) struct AttributeArgs {
    /// The folder of documents: every file below it, in the order of their names.
    #[arg(long, value_name = "FOLDER")]
    corpus: PathBuf,
    /// The least length of a stretch, in tokens. Default: 6 words, 32 bytes or 8 raw tokens.
    #[arg(long = "min-length", value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(1..))]
    min_length: Option<u32>,
    /// How tokens are made: words, bytes, or raw (files have uint32 tokens, big-endian).
    #[arg(long, default_value_t = Tokenizer::Words, value_parser = Tokenizer::from_str)]
    tokens: Tokenizer,
    /// Tokens in a chunk, the leaf of the corpus' log. Stretches end where chunks do.
    #[arg(long, value_name = "TOKENS", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    chunk: u32,
    /// The most places to consider, and to print, for each stretch.
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    occurrences: u32,
    /// Writes the calldata of spanWeights there, in hex, and beside it (`.inclusion` before the
    /// extension) that of verifyInclusion, which proves the cited chunks against the corpus' log.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Prints the result as one JSON object, and nothing else on standard output.
    #[arg(long)]
    json: bool,
    /// The text; or the file that has it; or `-`, for standard input.
    #[arg(value_name = "TEXT OR FILE")]
    text: String,
}

/// A call, what it costs, and where it was written.
struct Calldata {
    function: &'static str,
    bytes: usize,
    gas: u64,
    path: PathBuf,
}

impl AttributeArgs {
    pub(crate) fn run(self) -> CommandResult {
        let mut lines = ProgressLines::default();
        let result = self.attribute(&mut |step| lines.show(step));
        lines.clear();
        let report = result?;
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", report.json())?;
        } else {
            report.print(&mut out)?;
        }
        Ok(())
    }

    fn attribute(&self, progress: &mut dyn FnMut(Progress)) -> CommandResult<Report> {
        let text = self.text()?;
        let tokens = self.tokens.tokens(&text)?;
        if tokens.is_empty() {
            return Err("the text has no tokens".into());
        }
        let corpus = Corpus::read(&self.corpus, self.tokens, self.chunk as usize, progress)?;
        let options = CitationOptions {
            min_length: self.min_length.unwrap_or_else(|| self.tokens.default_min_length()),
            occurrences: self.occurrences as usize,
        };
        let (tokens, places): (Vec<u32>, Vec<Range<usize>>) = tokens.into_iter().unzip();
        let citations = cite(&corpus, &tokens, options, progress)?;
        let calldata = match &self.out {
            Some(path) => write_calldata(&corpus, &citations, path)?,
            None => Vec::new(),
        };
        Ok(Report { text, places, corpus, citations, calldata })
    }

    fn text(&self) -> CommandResult<Vec<u8>> {
        if self.text == "-" {
            let mut text = Vec::new();
            std::io::stdin().read_to_end(&mut text)?;
            return Ok(text);
        }
        let path = Path::new(&self.text);
        if path.is_file() {
            return fs::read(path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()).into());
        }
        Ok(self.text.clone().into_bytes())
    }
}

fn write_calldata(
    corpus: &Corpus,
    citations: &Citations,
    path: &Path,
) -> CommandResult<Vec<Calldata>> {
    let spans = span_weights_call(
        &citations.output,
        &citations.chunks,
        &citations.spans,
        citations.min_length,
    );
    let mut calls = vec![("spanWeights", spans.abi_encode(), path.to_owned())];
    // Of nothing there is no proof.
    if !citations.indices.is_empty() {
        let inclusion = IAttribution::verifyInclusionCall {
            logHead: corpus.log().head(),
            size: corpus.log().size(),
            indices: citations.indices.clone(),
            leafHashes: citations.leaf_hashes.clone(),
            proof: citations.proof.clone(),
        };
        let extension = match path.extension() {
            Some(extension) => format!("inclusion.{}", extension.display()),
            None => "inclusion".to_owned(),
        };
        calls.push(("verifyInclusion", inclusion.abi_encode(), path.with_extension(extension)));
    }
    calls
        .into_iter()
        .map(|(function, data, path)| {
            let gas = gas(function, &data)?;
            files::write(&path, &format!("{}\n", hex::encode_prefixed(&data)))?;
            Ok(Calldata { function, bytes: data.len(), gas, path })
        })
        .collect()
}

/// What the precompile asks for a call, which it must take.
fn gas(function: &str, data: &[u8]) -> CommandResult<u64> {
    let precompiles = Precompiles::new(&AssayRules::default(), VerdictCache::new(0))?;
    match precompiles.call(&PRECOMPILE_ADDRESSES[1], data, U256::ZERO, u64::MAX) {
        Some(Outcome::Success { gas, .. }) => Ok(gas),
        other => Err(format!("the precompile refuses {function}: {other:?}").into()),
    }
}

/// What there is to say.
struct Report {
    text: Vec<u8>,
    /// Where each token stands in the text.
    places: Vec<Range<usize>>,
    corpus: Corpus,
    citations: Citations,
    calldata: Vec<Calldata>,
}

impl Report {
    /// Tokens of the text that some document accounts for.
    fn cited(&self) -> u64 {
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

    fn print(&self, out: &mut impl Write) -> CommandResult {
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

    fn json(&self) -> Value {
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

/// Progress on standard error: in place on a terminal, else a line for each kind of work and every
/// few seconds of it.
struct ProgressLines {
    terminal: bool,
    last: Option<(std::mem::Discriminant<Progress>, Instant)>,
    start: Instant,
}

impl Default for ProgressLines {
    fn default() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), last: None, start: Instant::now() }
    }
}

impl ProgressLines {
    fn show(&mut self, step: Progress) {
        let pause = if self.terminal { Duration::from_millis(100) } else { Duration::from_secs(5) };
        let kind = std::mem::discriminant(&step);
        if self.last.is_some_and(|(last, at)| last == kind && at.elapsed() < pause) {
            return;
        }
        self.last = Some((kind, Instant::now()));
        let line = match step {
            Progress::Reading { done, total } => format!("reading documents: {done} of {total}"),
            Progress::Indexing { tokens } => format!("indexing {tokens} tokens"),
            Progress::Matching { done, total } => format!("matching: {done} of {total} tokens"),
        };
        let seconds = self.start.elapsed().as_secs_f64();
        if self.terminal {
            eprint!("\r\x1b[K[{seconds:>5.1} s] {line}");
        } else {
            eprintln!("[{seconds:>5.1} s] {line}");
        }
    }

    fn clear(&self) {
        if self.terminal && self.last.is_some() {
            eprint!("\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        arguments: AttributeArgs,
    }

    fn run(arguments: &[&str]) -> CommandResult<Report> {
        let all = ["attribute"].iter().chain(arguments);
        Command::try_parse_from(all)?.arguments.attribute(&mut |_| {})
    }

    #[test]
    fn a_text_is_attributed_and_its_calldata_written() {
        let folder = tempfile::tempdir().unwrap();
        let corpus = folder.path().join("corpus");
        fs::create_dir(&corpus).unwrap();
        fs::write(corpus.join("fox.txt"), "The quick brown fox\njumps over the lazy dog.").unwrap();
        fs::write(corpus.join("none.txt"), "Nothing that is of use here.").unwrap();
        let (corpus, out) = (corpus.to_str().unwrap(), folder.path().join("calldata.hex"));
        let text = "A quick brown fox jumps over the moon.";
        let out_argument = out.to_str().unwrap();
        let report = run(&["--corpus", corpus, "--out", out_argument, text]).unwrap();

        let json = report.json();
        assert_eq!(json["documents"], json!([{"name": "fox.txt", "weight": 6}]));
        assert_eq!(json["spans"][0]["text"], "quick brown fox jumps over the");
        assert_eq!(json["logSize"], 2);
        let mut table = Vec::new();
        report.print(&mut table).unwrap();
        let table = String::from_utf8(table).unwrap();
        assert!(table.contains("     6  100.0%  fox.txt"), "{table}");

        let read = |path: &Path| hex::decode(fs::read_to_string(path).unwrap().trim()).unwrap();
        let spans = IAttribution::spanWeightsCall::abi_decode(&read(&out)).unwrap();
        assert_eq!((spans.spans.len(), spans.minLength), (1, 6));
        let inclusion = read(&out.with_file_name("calldata.inclusion.hex"));
        let inclusion = IAttribution::verifyInclusionCall::abi_decode(&inclusion).unwrap();
        assert_eq!((inclusion.indices.as_slice(), inclusion.size), (&[0][..], 2));

        // The same text in a file; and what cannot be.
        let file = folder.path().join("text.txt");
        fs::write(&file, text).unwrap();
        let report = run(&["--corpus", corpus, file.to_str().unwrap()]).unwrap();
        assert_eq!(report.cited(), 6);
        assert!(run(&["--corpus", corpus, "--min-length", "7", text]).unwrap().cited() == 0);
        let error = |arguments: &[&str]| run(arguments).err().unwrap().to_string();
        assert_eq!(error(&["--corpus", corpus, " ."]), "the text has no tokens");
        assert!(error(&["--corpus", "/no/such", text]).starts_with("cannot read /no/such"));
    }
}
