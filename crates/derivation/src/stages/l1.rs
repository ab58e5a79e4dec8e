//! L1 traversal and retrieval: the current L1 block and its batcher data.
//!
//! Spec: [L1 traversal](https://specs.optimism.io/protocol/derivation.html#l1-traversal),
//! [L1 retrieval](https://specs.optimism.io/protocol/derivation.html#l1-retrieval).

use super::{Need, Pull};
use crate::{
    DerivationError, IndexedBlobHash, L1Block, L1Origin, SystemConfig, decode_blob,
    l1_block::InboxData, update_system_config,
};
use alloy_eips::eip4844::Blob;
use alloy_primitives::Bytes;
use assay_chainspec::RollupConfig;
use std::{collections::VecDeque, sync::Arc};

/// The block at which the pipeline stands.
#[derive(Debug)]
pub(crate) struct L1Stage {
    origin: Arc<L1Origin>,
    system_config: SystemConfig,
    data: VecDeque<Data>,
}

#[derive(Debug)]
enum Data {
    Ready(Bytes),
    Missing(IndexedBlobHash),
}

impl L1Stage {
    /// Starts at `block`, whose updates `system_config` has already.
    pub(crate) fn start(block: L1Block, system_config: SystemConfig) -> Self {
        let mut stage = Self { origin: Arc::default(), system_config, data: VecDeque::new() };
        stage.open(block);
        stage
    }

    /// Moves to the next block.
    pub(crate) fn advance(
        &mut self,
        config: &RollupConfig,
        block: L1Block,
    ) -> Result<(), DerivationError> {
        let info = block.origin.info;
        if info.parent_hash != self.origin.info.hash {
            return Err(DerivationError::Reset(format!(
                "L1 block {} at {} does not follow {}",
                info.hash, info.number, self.origin.info.hash
            )));
        }
        update_system_config(&mut self.system_config, config, &block.origin).map_err(|error| {
            DerivationError::Critical(format!("L1 block {}: {error}", info.hash))
        })?;
        self.open(block);
        Ok(())
    }

    fn open(&mut self, block: L1Block) {
        self.data.clear();
        for transaction in block.inbox {
            if transaction.sender != self.system_config.batcher_address {
                continue;
            }
            match transaction.data {
                InboxData::Calldata(data) => self.data.push_back(Data::Ready(data)),
                InboxData::Blobs(hashes) => {
                    self.data.extend(hashes.into_iter().map(Data::Missing));
                }
            }
        }
        self.origin = Arc::new(block.origin);
    }

    pub(crate) const fn origin(&self) -> &Arc<L1Origin> {
        &self.origin
    }

    /// Data of the next batcher transaction or blob.
    pub(crate) fn next(&mut self) -> Pull<Bytes> {
        match self.data.pop_front() {
            None => Pull::Exhausted,
            Some(Data::Ready(data)) => Pull::Item(data),
            Some(missing @ Data::Missing(_)) => {
                self.data.push_front(missing);
                Pull::Need(Need::Blobs(self.missing().collect()))
            }
        }
    }

    fn missing(&self) -> impl Iterator<Item = IndexedBlobHash> {
        self.data.iter().filter_map(|data| match data {
            Data::Missing(hash) => Some(*hash),
            Data::Ready(_) => None,
        })
    }

    /// Takes the blobs in, in the order in which they were asked for. One that holds no data is
    /// passed over.
    pub(crate) fn provide_blobs(&mut self, blobs: &[Box<Blob>]) -> Result<(), DerivationError> {
        if self.missing().count() != blobs.len() {
            return Err(DerivationError::Misuse("other blobs than were asked for"));
        }
        let mut blobs = blobs.iter();
        let data = std::mem::take(&mut self.data);
        self.data = data
            .into_iter()
            .filter_map(|data| match data {
                Data::Missing(_) => {
                    blobs.next().and_then(|blob| decode_blob(blob).ok()).map(Data::Ready)
                }
                ready => Some(ready),
            })
            .collect();
        Ok(())
    }
}
