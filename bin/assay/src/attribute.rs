//! `assay attribute`.

mod calldata;
mod progress;
mod report;

use crate::runtime::CommandResult;
use assay_attribution::provider::{CitationOptions, Corpus, Progress, Tokenizer, cite};
use clap::Args;
use progress::ProgressLines;
use report::Report;
use std::{
    fs,
    io::{Read, Write},
    ops::Range,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Arguments of `assay attribute`.
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
        let tokens = self.tokens.tokens(&text).map_err(|error| format!("the text: {error}"))?;
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
            Some(path) => calldata::write(&corpus, &citations, path)?,
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::hex;
    use alloy_sol_types::SolCall;
    use assay_precompiles::contracts::IAttribution;
    use clap::Parser;
    use serde_json::json;

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
        let raw = error(&["--corpus", corpus, "--tokens", "raw", "three"]);
        assert!(raw.starts_with("the text: 5 bytes"), "{raw}");
        assert!(error(&["--corpus", "/no/such", text]).starts_with("cannot read /no/such"));
    }
}
