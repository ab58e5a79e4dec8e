//! Looking after a data directory while no node uses it.

use crate::{NodeConfig, NodeError};
use alloy_primitives::BlockNumber;
use assay_storage::Store;

/// Makes the index of the predeploys' logs anew from the stored receipts, and gives the number of its
/// entries. `progress` hears of the last block that is done and of the head's number. Interrupted, it
/// goes on from there the next time.
///
/// # Errors
/// The database does not open, belongs to another chain, or its receipts are damaged.
pub fn rebuild_index(
    config: &NodeConfig,
    progress: impl FnMut(BlockNumber, BlockNumber),
) -> Result<usize, NodeError> {
    Ok(Store::open(&config.database(), &config.spec, config.store)?.rebuild_index(progress)?)
}

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
