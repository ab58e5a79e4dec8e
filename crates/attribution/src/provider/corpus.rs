//! A corpus: documents in the order in which they were contributed, cut into chunks, which are the
//! leaves of its log.

use super::{Progress, TokenError, Tokenizer, token_bytes};
use crate::{LogBuilder, leaf_hash};
use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
};

/// A corpus cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// A folder or a file cannot be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// There is not a token in the folder.
    #[error("{0} has no documents with tokens in them")]
    Empty(PathBuf),
    /// A file is not what the tokenizer takes.
    #[error("{path}: {error}")]
    Tokens {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        error: TokenError,
    },
}

/// A document: its name, and its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What it is called: of a file, its path within the folder, with `/` between the parts.
    pub name: String,
    /// Its tokens.
    pub tokens: Vec<u32>,
}

/// Documents and the log of their chunks.
#[derive(Debug)]
pub struct Corpus {
    documents: Vec<Document>,
    /// Tokens in every chunk but a document's last.
    chunk_tokens: usize,
    /// The first leaf of each document, and the number of all leaves.
    first_leaves: Vec<usize>,
    log: LogBuilder,
}

impl Corpus {
    /// The corpus of these documents, in this order, cut into chunks of so many tokens (at least
    /// one); a document's last chunk has what is left. A document without tokens has no chunk.
    pub fn new(documents: Vec<Document>, chunk_tokens: usize) -> Self {
        let chunk_tokens = chunk_tokens.max(1);
        let mut leaves = Vec::new();
        let mut first_leaves = vec![0];
        for document in &documents {
            let chunks = document.tokens.chunks(chunk_tokens);
            leaves.extend(chunks.map(|chunk| leaf_hash(&token_bytes(chunk))));
            first_leaves.push(leaves.len());
        }
        Self { documents, chunk_tokens, first_leaves, log: LogBuilder::new(leaves) }
    }

    /// Reads every file below a folder, in the order of their names' bytes (`/` between the parts).
    /// Symbolic links are not followed, and names that begin with a dot are left out. A folder that
    /// only gains names which sort last has a log that only grows.
    ///
    /// # Errors
    /// [`CorpusError`].
    pub fn read(
        folder: &Path,
        tokenizer: Tokenizer,
        chunk_tokens: usize,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, CorpusError> {
        let mut files = Vec::new();
        list(folder, "", &mut files)?;
        files.sort_unstable();
        let total = files.len();
        let mut documents = Vec::with_capacity(total);
        for (done, (name, path)) in files.into_iter().enumerate() {
            progress(Progress::Reading { done, total });
            let data =
                fs::read(&path).map_err(|error| CorpusError::Read { path: path.clone(), error })?;
            let tokens = tokenizer
                .tokens(&data)
                .map_err(|error| CorpusError::Tokens { path, error })?
                .into_iter()
                .map(|(token, _)| token)
                .collect();
            documents.push(Document { name, tokens });
        }
        progress(Progress::Reading { done: total, total });
        if documents.iter().all(|document| document.tokens.is_empty()) {
            return Err(CorpusError::Empty(folder.to_owned()));
        }
        Ok(Self::new(documents, chunk_tokens))
    }

    /// The documents.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The log of all chunks.
    pub const fn log(&self) -> &LogBuilder {
        &self.log
    }

    /// Tokens in every chunk but a document's last.
    pub const fn chunk_tokens(&self) -> usize {
        self.chunk_tokens
    }

    /// The leaf that has a document's token.
    pub(super) fn leaf(&self, document: usize, token: usize) -> usize {
        self.first_leaves[document] + token / self.chunk_tokens
    }

    /// The document of a leaf, and which of its tokens the leaf has.
    pub(super) fn chunk(&self, leaf: usize) -> (usize, Range<usize>) {
        // The last document that begins at or before the leaf: those without chunks begin there
        // too, and come first.
        let document = self.first_leaves.partition_point(|first| *first <= leaf) - 1;
        let start = (leaf - self.first_leaves[document]) * self.chunk_tokens;
        let end = (start + self.chunk_tokens).min(self.documents[document].tokens.len());
        (document, start..end)
    }
}

/// Every file below a folder, with its name.
fn list(
    folder: &Path,
    prefix: &str,
    files: &mut Vec<(String, PathBuf)>,
) -> Result<(), CorpusError> {
    let failed = |error| CorpusError::Read { path: folder.to_owned(), error };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let name = format!("{prefix}{name}");
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            list(&entry.path(), &format!("{name}/"), files)?;
        } else if kind.is_file() {
            files.push((name, entry.path()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(name: &str, tokens: usize) -> Document {
        Document { name: name.into(), tokens: (0..tokens as u32).collect() }
    }

    #[test]
    fn leaves_are_chunks() {
        let corpus = Corpus::new(
            vec![document("a", 0), document("b", 5), document("c", 0), document("d", 2)],
            2,
        );
        let chunks: Vec<_> = (0..4).map(|leaf| corpus.chunk(leaf)).collect();
        assert_eq!(chunks, [(1, 0..2), (1, 2..4), (1, 4..5), (3, 0..2)]);
        for (leaf, (document, tokens)) in chunks.into_iter().enumerate() {
            for token in tokens.clone() {
                assert_eq!(corpus.leaf(document, token), leaf);
            }
            let data = token_bytes(&corpus.documents()[document].tokens[tokens]);
            assert_eq!(corpus.log().leaf_hashes()[leaf], leaf_hash(&data));
        }
        assert_eq!(corpus.log().size(), 4);
    }

    #[test]
    fn a_folder_is_read_in_the_order_of_names() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("b")).unwrap();
        for (name, text) in
            [("c.txt", "three"), ("b/z", "two two"), ("a", "one"), (".git", "not this"), ("e", "")]
        {
            fs::write(root.join(name), text).unwrap();
        }
        let mut seen = Vec::new();
        let corpus =
            Corpus::read(root, Tokenizer::Words, 256, &mut |step| seen.push(step)).unwrap();
        let names: Vec<(&str, usize)> = corpus
            .documents()
            .iter()
            .map(|document| (document.name.as_str(), document.tokens.len()))
            .collect();
        assert_eq!(names, [("a", 1), ("b/z", 2), ("c.txt", 1), ("e", 0)]);
        assert_eq!(seen.last(), Some(&Progress::Reading { done: 4, total: 4 }));

        let missing = Corpus::read(&root.join("no"), Tokenizer::Words, 256, &mut |_| {});
        assert!(matches!(missing, Err(CorpusError::Read { .. })));
        fs::create_dir(root.join("empty")).unwrap();
        let empty = Corpus::read(&root.join("empty"), Tokenizer::Words, 256, &mut |_| {});
        assert!(matches!(empty, Err(CorpusError::Empty(_))));
        let raw = Corpus::read(root, Tokenizer::Raw, 256, &mut |_| {});
        assert!(matches!(raw, Err(CorpusError::Tokens { .. })));
    }
}
