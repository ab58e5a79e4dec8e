//! Looking after a data directory while no node uses it.

use crate::{NodeConfig, NodeError};
use assay_storage::Store;

/// Recomputes the stored head's state root from all of the state, and the trie nodes stored for it.
/// Gives the head.
///
/// # Errors
/// The database does not open, belongs to another chain, or contradicts itself.
pub fn verify_database(config: &NodeConfig) -> Result<alloy_eips::BlockNumHash, NodeError> {
    let database = config.database();
    let store = Store::open(&database, &config.spec, config.store)?;
    Ok(store.verify()?)
}
