//! The database in its directory.

use crate::{
    ExecutedBlock, StorageError, commit,
    genesis::write_genesis,
    meta,
    reader::Readers,
    snapshot::{Labels, Snapshot},
    tables::{Handles, SCHEMA_VERSION, Table},
};
use alloy_eips::BlockNumHash;
use alloy_primitives::{B256, BlockNumber};
use assay_chainspec::ChainSpec;
use assay_trie::recompute_state_root;
use signet_libmdbx::{
    DatabaseFlags, Environment, EnvironmentFlags, Geometry, MdbxError, Mode, SyncMode,
    tx::aliases::RwTxUnsync,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread::available_parallelism,
    time::Instant,
};

/// How the database is opened.
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    /// Most bytes that the database may grow to: address space, not disk, is taken at once.
    pub max_size: usize,
    /// By how many bytes the file grows.
    pub growth_step: usize,
    /// Read transactions of each snapshot: about as many as threads read at a time.
    pub readers: usize,
}

impl Default for StoreOptions {
    fn default() -> Self {
        let threads = available_parallelism().map_or(2, usize::from);
        Self { max_size: 4 << 40, growth_step: 64 << 20, readers: (threads + 1).clamp(2, 16) }
    }
}

/// The database: canonical blocks, the state after the last of them, and what it was before each.
/// Cheap to clone. Every change is one durable transaction: all of it or nothing is on disk.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    environment: Environment,
    handles: Arc<Handles>,
    path: PathBuf,
    options: StoreOptions,
}

impl Store {
    /// Whether a store was ever opened in `path`.
    pub fn exists(path: &Path) -> bool {
        path.join("mdbx.dat").is_file()
    }

    /// Opens the store in `path`, or makes it with the genesis of `spec`.
    ///
    /// # Errors
    /// [`StorageError::Locked`], [`StorageError::OtherChain`], [`StorageError::Schema`] and
    /// [`StorageError::Open`] say what the operator has to do.
    pub fn open(
        path: &Path,
        spec: &ChainSpec,
        options: StoreOptions,
    ) -> Result<Self, StorageError> {
        let environment = open_environment(path, options)?;
        let handles = Arc::new(open_tables(&environment, path)?);
        let store = Self(Arc::new(Inner { environment, handles, path: path.into(), options }));
        store.check_genesis(spec)?;
        Ok(store)
    }

    fn check_genesis(&self, spec: &ChainSpec) -> Result<(), StorageError> {
        let inner = &*self.0;
        let readers = self.readers()?;
        let Some(found) = readers.get().get(Table::Meta, meta::GENESIS)? else {
            drop(readers);
            return write_genesis(self, &inner.environment, &inner.handles, spec);
        };
        let expected = spec.genesis_hash();
        if *found != *expected {
            return Err(StorageError::OtherChain {
                path: inner.path.clone(),
                expected,
                found: crate::codec::read_hash(&found).unwrap_or_default(),
            });
        }
        Ok(())
    }

    fn readers(&self) -> Result<Readers, StorageError> {
        let inner = &*self.0;
        Readers::begin(&inner.environment, inner.handles.clone(), inner.options.readers)
    }

    pub(crate) fn handles(&self) -> &Handles {
        &self.0.handles
    }

    pub(crate) fn begin_write(&self) -> Result<RwTxUnsync, StorageError> {
        Ok(self.0.environment.begin_rw_unsync()?)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The store as it is now.
    pub fn snapshot(&self) -> Result<Snapshot, StorageError> {
        Snapshot::new(self.readers()?)
    }

    /// Writes blocks that follow the head, one after the other. Returns when they are on disk.
    ///
    /// # Errors
    /// [`StorageError::Misuse`] if they do not follow; then, and on any other error, nothing is
    /// written.
    pub fn commit(&self, blocks: &[Arc<ExecutedBlock>]) -> Result<(), StorageError> {
        self.commit_with(blocks, None)
    }

    /// As [`Self::commit`], and sets the labels with it.
    pub fn commit_with(
        &self,
        blocks: &[Arc<ExecutedBlock>],
        labels: Option<Labels>,
    ) -> Result<(), StorageError> {
        let tx = self.0.environment.begin_rw_unsync()?;
        // Read inside the write transaction: no other writer can come between.
        let snapshot = self.snapshot()?;
        let head = snapshot.head();
        let start = Instant::now();
        commit::commit(tx, &self.0.handles, &snapshot, blocks, labels)?;
        tracing::debug!(head = head.number, blocks = blocks.len(), elapsed = ?start.elapsed(), "committed");
        Ok(())
    }

    /// Takes back every block above `n`: state, trie and indices are as they were after it.
    ///
    /// # Errors
    /// [`StorageError::Misuse`] if `n` is not stored.
    pub fn unwind_to(&self, n: BlockNumber) -> Result<(), StorageError> {
        let tx = self.0.environment.begin_rw_unsync()?;
        let snapshot = self.snapshot()?;
        let hash = snapshot.hash(n)?;
        let hash = hash.ok_or_else(|| StorageError::Misuse(format!("block {n} is not stored")))?;
        if n == snapshot.head().number {
            return Ok(());
        }
        commit::unwind(tx, &self.0.handles, &snapshot, BlockNumHash::new(n, hash))
    }

    /// Stores the safe and finalized blocks.
    pub fn set_labels(
        &self,
        safe: Option<B256>,
        finalized: Option<B256>,
    ) -> Result<(), StorageError> {
        let tx = self.0.environment.begin_rw_unsync()?;
        meta::put_labels(&tx, &self.0.handles, Labels { safe, finalized })?;
        Ok(tx.commit()?)
    }

    /// Computes the state root from all of the state and compares it, and the nodes that are stored
    /// for it, with the head's. Reads everything: seconds for a million accounts.
    ///
    /// # Errors
    /// [`StorageError::StateRoot`] if they differ.
    pub fn verify(&self) -> Result<BlockNumHash, StorageError> {
        let snapshot = self.snapshot()?;
        let head = snapshot.head();
        let header = snapshot.header(head.number)?.ok_or_else(|| {
            StorageError::corrupt(Table::Headers, &head.number.to_be_bytes(), "missing")
        })?;
        let (computed, nodes) = recompute_state_root(&snapshot)?;
        if computed != header.state_root {
            return Err(StorageError::StateRoot {
                number: head.number,
                expected: header.state_root,
                computed,
            });
        }
        crate::verify::stored_nodes(&snapshot, &nodes)?;
        Ok(head)
    }
}

fn open_environment(path: &Path, options: StoreOptions) -> Result<Environment, StorageError> {
    let failed = |reason: String| StorageError::Open { path: path.into(), reason };
    std::fs::create_dir_all(path).map_err(|error| failed(error.to_string()))?;
    let mut builder = Environment::builder();
    builder
        .set_max_dbs(Table::ALL.len() + 8)
        .set_max_readers(4096)
        .set_geometry(Geometry {
            size: Some(0..options.max_size),
            growth_step: isize::try_from(options.growth_step).ok(),
            shrink_threshold: Some(0),
            page_size: None,
        })
        .set_flags(EnvironmentFlags {
            mode: Mode::ReadWrite { sync_mode: SyncMode::Durable },
            // A second process is refused instead of sharing the file.
            exclusive: true,
            // State is read at random places: reading ahead only evicts what is needed.
            no_rdahead: true,
            coalesce: true,
            ..Default::default()
        })
        .write_map();
    builder.open(path).map_err(|error| match error {
        // EAGAIN: the lock is another process's, or another environment's of this one.
        MdbxError::Busy | MdbxError::Other(11) => StorageError::Locked { path: path.into() },
        error => failed(error.to_string()),
    })
}

/// Opens the tables of a store of our schema, or makes them.
fn open_tables(environment: &Environment, path: &Path) -> Result<Handles, StorageError> {
    let tx = environment.begin_rw_unsync()?;
    let table = tx.create_db(Some(Table::Meta.name()), DatabaseFlags::empty())?;
    let schema = tx.get::<Vec<u8>>(table.dbi(), meta::SCHEMA)?;
    if let Some(schema) = schema {
        let found = crate::codec::read_number(&schema).unwrap_or(u64::MAX);
        if found != SCHEMA_VERSION {
            return Err(StorageError::Schema {
                path: path.into(),
                found,
                supported: SCHEMA_VERSION,
            });
        }
    } else {
        let version = crate::codec::number(SCHEMA_VERSION);
        tx.put(table, meta::SCHEMA, version, signet_libmdbx::WriteFlags::UPSERT)?;
    }
    let handles = Handles::create(&tx)?;
    tx.commit()?;
    Ok(handles)
}
