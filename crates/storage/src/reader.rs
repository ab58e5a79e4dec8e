//! Read transactions of one snapshot, shared by any number of threads.

use crate::{
    StorageError,
    runs::{Run, first_change},
    tables::{Handles, Kind, Table},
};
use alloy_primitives::BlockNumber;
use signet_libmdbx::{Cursor, Environment, RoSync, tx::aliases::RoTxSync};
use std::{
    borrow::Cow,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Several read transactions of one snapshot. A thread always takes the same one, so that threads
/// rarely wait for each other; each is locked by itself for the length of one operation, so that
/// any number of threads can share few of them without waiting for one to be given back.
pub(crate) struct Readers {
    transactions: Box<[RoTxSync]>,
    handles: Arc<Handles>,
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers").field("count", &self.transactions.len()).finish()
    }
}

impl Readers {
    pub(crate) fn begin(
        environment: &Environment,
        handles: Arc<Handles>,
        count: usize,
    ) -> Result<Self, StorageError> {
        let transactions = environment.begin_ro_sync_multi(count.max(1))?.into_boxed_slice();
        Ok(Self { transactions, handles })
    }

    /// The calling thread's reader.
    pub(crate) fn get(&self) -> Reader<'_> {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
        }
        let index = THREAD.with(|thread| *thread) % self.transactions.len();
        Reader { transaction: &self.transactions[index], handles: &self.handles }
    }
}

/// One read transaction.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    transaction: &'a RoTxSync,
    handles: &'a Handles,
}

impl<'a> Reader<'a> {
    pub(crate) fn get(
        self,
        table: Table,
        key: &[u8],
    ) -> Result<Option<Cow<'a, [u8]>>, StorageError> {
        Ok(self.transaction.get(self.handles.get(table).dbi(), key)?)
    }

    pub(crate) fn cursor(self, table: Table) -> Result<Cursor<'a, RoSync>, StorageError> {
        Ok(self.transaction.cursor(self.handles.get(table))?)
    }

    /// Number of entries.
    pub(crate) fn entries(self, table: Table) -> Result<usize, StorageError> {
        Ok(self.transaction.db_stat(&self.handles.get(table))?.entries())
    }

    /// The value of versioned state: the current one, or a past one, which the first change after
    /// the past block replaced.
    pub(crate) fn state(
        self,
        kind: Kind,
        logical: &[u8],
        past: Option<Past<'_>>,
    ) -> Result<Option<Cow<'a, [u8]>>, StorageError> {
        if let Some(past) = past {
            let table = kind.history();
            let mut cursor = self.cursor(table)?;
            for run in past.runs {
                if let Some((_, value)) = first_change(&mut cursor, table, run, logical, past.at)? {
                    return Ok(Some(value).filter(|value| !value.is_empty()));
                }
            }
        }
        self.get(kind.current(), logical)
    }
}

/// A block before the head.
#[derive(Clone, Copy)]
pub(crate) struct Past<'a> {
    pub(crate) at: BlockNumber,
    /// The runs with blocks after it, oldest first.
    pub(crate) runs: &'a [Run],
}
