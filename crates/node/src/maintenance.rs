//! Looking after a data directory while no node uses it.

use crate::{NodeConfig, NodeError};
use alloy_primitives::BlockNumber;
use assay_storage::Store;

/// Blocks that are indexed in one transaction.
const INDEX_BATCH: u64 = 2_000;

/// Makes the index of the predeploys' logs anew from the stored receipts, and gives the number of its
/// entries. `progress` hears of the last block that is done and of the head's number. Interrupted, it
/// goes on from there the next time.
///
/// # Errors
/// There is no database, it does not open or belongs to another chain, or its receipts are damaged.
pub fn rebuild_index(
    config: &NodeConfig,
    progress: impl FnMut(BlockNumber, BlockNumber),
) -> Result<usize, NodeError> {
    Ok(open(config)?.rebuild_index(INDEX_BATCH, progress)?)
}

/// Recomputes the stored head's state root from all of the state, and the trie nodes stored for it.
/// Gives the head.
///
/// # Errors
/// There is no database, it does not open or belongs to another chain, or it contradicts itself.
pub fn verify_database(config: &NodeConfig) -> Result<alloy_eips::BlockNumHash, NodeError> {
    Ok(open(config)?.verify()?)
}

/// The database that is there: [`Store::open`] alone would make one.
fn open(config: &NodeConfig) -> Result<Store, NodeError> {
    let database = config.database();
    if !Store::exists(&database) {
        return Err(NodeError::NoDatabase(config.datadir.clone()));
    }
    Ok(Store::open(&database, &config.spec, config.store)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chainspec::ChainSpec;
    use std::sync::Arc;

    #[test]
    fn a_folder_without_a_database_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let genesis = include_str!("../../../genesis/dev.genesis.json");
        let spec = Arc::new(ChainSpec::from_json(genesis).unwrap());
        let datadir = folder.path().join("mistyped");
        let config = NodeConfig::new(spec, datadir.clone());
        for result in [rebuild_index(&config, |_, _| {}).err(), verify_database(&config).err()] {
            assert!(matches!(result, Some(NodeError::NoDatabase(_))), "{result:?}");
        }
        assert!(!datadir.exists());

        drop(Store::open(&config.database(), &config.spec, config.store).unwrap());
        assert_eq!(rebuild_index(&config, |_, _| {}).unwrap(), 0);
        assert_eq!(verify_database(&config).unwrap().hash, config.spec.genesis_hash());
    }
}
