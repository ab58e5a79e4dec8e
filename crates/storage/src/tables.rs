//! The tables, their names, and the four kinds of versioned state.

use crate::StorageError;
use signet_libmdbx::{Database, DatabaseFlags, tx::aliases::RwTxUnsync};

/// The layout's version. A store of another version is refused.
pub(crate) const SCHEMA_VERSION: u64 = 2;

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A table of the store.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Table { $($(#[$doc])* $name,)* }

        impl Table {
            /// Every table, in the order of their discriminants.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name under which MDBX knows it.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

tables! {
    /// Single values by name: see `meta`.
    Meta,
    /// number → checked Compact header.
    Headers,
    /// number → checked RLP body.
    Bodies,
    /// number → senders, 20 bytes each.
    Senders,
    /// number → checked RLP receipts without blooms.
    Receipts,
    /// number → hash.
    CanonicalHashes,
    /// hash → number.
    HeaderNumbers,
    /// Runs: transaction hash, number → index (u32).
    TransactionLookup,
    /// code hash → checked code.
    Bytecodes,
    /// hashed address → Compact account.
    Accounts,
    /// hashed address ‖ hashed slot → value without leading zeros.
    Storages,
    /// path → Compact branch node.
    AccountsTrie,
    /// hashed address ‖ path → Compact branch node.
    StoragesTrie,
    /// Runs: key of `Accounts`, block → value before the block, empty if there was none.
    AccountHistory,
    /// The same for `Storages`.
    StorageHistory,
    /// The same for `AccountsTrie`.
    AccountsTrieHistory,
    /// The same for `StoragesTrie`.
    StoragesTrieHistory,
    /// What a predeploy's log is found by, block, log → transaction: see `index`.
    PredeployLogs,
    /// First block of a run → last block, level, bytes.
    Runs,
}

/// One of the four kinds of versioned state: a table of current values by a prefix-free key, and the
/// runs of the values before each block that changed them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Account,
    Storage,
    AccountNode,
    StorageNode,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] =
        [Self::Account, Self::Storage, Self::AccountNode, Self::StorageNode];

    /// Current values.
    pub(crate) const fn current(self) -> Table {
        match self {
            Self::Account => Table::Accounts,
            Self::Storage => Table::Storages,
            Self::AccountNode => Table::AccountsTrie,
            Self::StorageNode => Table::StoragesTrie,
        }
    }

    /// Values before each change.
    pub(crate) const fn history(self) -> Table {
        match self {
            Self::Account => Table::AccountHistory,
            Self::Storage => Table::StorageHistory,
            Self::AccountNode => Table::AccountsTrieHistory,
            Self::StorageNode => Table::StoragesTrieHistory,
        }
    }
}

/// Handles of all tables, opened once per environment.
#[derive(Debug, Clone)]
pub(crate) struct Handles(Vec<Database>);

impl Handles {
    /// Opens every table, creating those that are absent. The handles live as long as the
    /// environment once the transaction is committed.
    pub(crate) fn create(tx: &RwTxUnsync) -> Result<Self, StorageError> {
        Table::ALL
            .iter()
            .map(|table| Ok(tx.create_db(Some(table.name()), DatabaseFlags::empty())?))
            .collect::<Result<_, StorageError>>()
            .map(Self)
    }

    pub(crate) fn get(&self, table: Table) -> Database {
        self.0[table as usize]
    }
}
