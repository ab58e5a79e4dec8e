//! The chain that is replayed.

use super::process::{Process, WRITER, World};
use crate::transactions::{Call, signed};
use alloy_consensus::TxEnvelope;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rpc_types_engine::ForkchoiceState;
use alloy_signer_local::PrivateKeySigner;
use assay_chainspec::{L1ChainConfig, preset::DEV_ACCOUNTS};
use assay_derivation::{L1Origin, L2BlockInfo, UpgradeBundle, prepare_attributes};
use assay_rollup::Engine;
use op_alloy_rpc_types_engine::OpExecutionData;

/// Transfers to accounts that do not exist yet, per block; as many calls write storage.
const TRANSFERS: usize = 150;

/// Blocks on the genesis.
#[derive(Debug)]
pub(super) struct Blocks {
    genesis: B256,
    payloads: Vec<(B256, OpExecutionData)>,
}

impl Blocks {
    /// Has a node build them.
    pub(super) async fn build(world: &World, length: usize) -> Self {
        let process = Process::start(world, &world.folder("builder")).await;
        let engine = process.engine();
        let genesis = world.chain.spec.genesis_hash();
        let rollup = world.rollup();
        let blobs = L1ChainConfig::dev(rollup.l1_chain_id, true).blobs;
        let mut senders = Senders::new(rollup.l2_chain_id);
        let mut parent = L2BlockInfo {
            hash: genesis,
            timestamp: rollup.genesis.l2_time,
            ..L2BlockInfo::default()
        };
        let mut payloads = Vec::new();
        for _ in 0..length {
            let mut attributes = prepare_attributes(
                rollup,
                &blobs,
                &UpgradeBundle::default(),
                &parent,
                &world.builder.system_config(),
                &L1Origin::default(),
            )
            .unwrap();
            attributes.transactions.as_mut().unwrap().extend(senders.block(parent.number));
            let timestamp = attributes.payload_attributes.timestamp;
            let started = engine.forkchoice(head(parent.hash), Some(attributes)).await.unwrap();
            let id = started.payload_id.unwrap_or_else(|| panic!("{started:?}"));
            let payload = engine.payload(id, timestamp).await.unwrap();
            let hash = payload.block_hash();
            assert!(engine.insert(payload.clone()).await.unwrap().is_valid());
            assert!(engine.forkchoice(head(hash), None).await.unwrap().is_valid());
            payloads.push((hash, payload));
            parent = L2BlockInfo {
                hash,
                number: parent.number + 1,
                parent_hash: parent.hash,
                timestamp,
                sequence_number: parent.sequence_number + 1,
                ..parent
            };
        }
        process.stop();
        Self { genesis, payloads }
    }

    pub(super) fn hash(&self, number: usize) -> B256 {
        number.checked_sub(1).map_or(self.genesis, |index| self.payloads[index].0)
    }

    pub(super) fn payload(&self, number: usize) -> &OpExecutionData {
        &self.payloads[number - 1].1
    }
}

fn head(hash: B256) -> ForkchoiceState {
    ForkchoiceState { head_block_hash: hash, ..ForkchoiceState::default() }
}

struct Senders {
    chain_id: u64,
    accounts: Vec<(PrivateKeySigner, u64)>,
}

impl Senders {
    fn new(chain_id: u64) -> Self {
        let accounts =
            DEV_ACCOUNTS.map(|account| (PrivateKeySigner::from_bytes(&account.key).unwrap(), 0));
        Self { chain_id, accounts: accounts.into() }
    }

    /// The transactions of one block.
    fn block(&mut self, number: u64) -> Vec<Bytes> {
        let transfer = |index: usize| {
            let to = Address::from_word(keccak256(format!("{number} {index}")));
            (to, U256::from(1 + index), Bytes::new(), 21_000)
        };
        let call = |index: usize| {
            // Half of the slots are written anew in every block, and some are cleared.
            let slot =
                if index.is_multiple_of(2) { index as u64 } else { number << 16 | index as u64 };
            let value = if index.is_multiple_of(8) { number % 2 } else { number + 1 };
            let input = [B256::from(U256::from(slot)), B256::from(U256::from(value))].concat();
            (WRITER, U256::ZERO, input.into(), 60_000)
        };
        let calls: Vec<_> =
            (0..TRANSFERS).flat_map(|index| [transfer(index), call(index)]).collect();
        calls.into_iter().enumerate().map(|(index, call)| self.sign(index, call)).collect()
    }

    fn sign(&mut self, index: usize, call: Call) -> Bytes {
        let count = self.accounts.len();
        let (signer, nonce) = &mut self.accounts[index % count];
        let signed = signed(signer, self.chain_id, *nonce, call);
        *nonce += 1;
        TxEnvelope::from(signed).encoded_2718().into()
    }
}
