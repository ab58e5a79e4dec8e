//! A chain with its L1, and what every test does with them.

use super::{
    batcher::{TestBatcher, batcher},
    l1::SharedL1,
    node::Node,
};
use alloy_genesis::GenesisAccount;
use alloy_primitives::{Address, Bytes, address, hex};
use assay_batcher::BatcherConfig;
use assay_chainspec::{
    BlockId, ChainSpec, L1ChainConfig, RollupConfig,
    preset::{DEV_BATCHER, PresetBuilder},
};
use assay_derivation::UpgradeBundle;
use assay_devnet::l1::{L1, L1Config};
use assay_rollup::{RollupConfigs, RollupOptions};
use std::{sync::Arc, time::Duration};

pub(super) const L1_CHAIN_ID: u64 = 31_337;
/// Of both chains: the year 2027, when the collateral of Intel's sample has run out.
pub(super) const GENESIS_TIME: u64 = 1_800_000_000;
pub(super) const L1_BLOCK_TIME: u64 = 4;

/// A contract that calls the address in the first word of its calldata with the rest, and logs
/// what comes back under a topic of 1 (success) or 0 (revert): so that a call's every byte is in
/// the receipts root.
pub(super) const RECORDER: Address = address!("0x000000000000000000000000000000000000c0de");
/// CALLDATACOPY(0, 32, CALLDATASIZE - 32); STATICCALL(GAS, CALLDATALOAD(0), 0, CALLDATASIZE - 32,
/// 0, 0); RETURNDATACOPY(0, 0, RETURNDATASIZE); LOG1(0, RETURNDATASIZE, success); STOP
const RECORDER_CODE: [u8; 27] = hex!("6020360360205f375f5f602036035f5f355afa3d5f5f3e3d5fa100");

/// One chain with its L1.
pub(super) struct World {
    pub(super) l1: SharedL1,
    pub(super) l1_config: L1ChainConfig,
    pub(super) spec: Arc<ChainSpec>,
    pub(super) rollup: Arc<RollupConfig>,
    pub(super) configs: RollupConfigs,
}

impl World {
    pub(super) fn new(builder: PresetBuilder) -> Self {
        Self::on(builder, false)
    }

    /// On an L1 at Prague, or at Osaka.
    pub(super) fn on(builder: PresetBuilder, osaka: bool) -> Self {
        let recorder = GenesisAccount {
            code: Some(Bytes::from_static(&RECORDER_CODE)),
            ..GenesisAccount::default()
        };
        let builder =
            builder.l1_chain_id(L1_CHAIN_ID).timestamp(GENESIS_TIME).account(RECORDER, recorder);
        let config = L1Config::new(L1_CHAIN_ID, GENESIS_TIME, L1_BLOCK_TIME)
            .with_rollup(&builder)
            .lags(6, 12);
        let l1_config = L1ChainConfig::dev(L1_CHAIN_ID, osaka);
        let l1 = L1::new(if osaka { config.osaka() } else { config });
        let genesis = BlockId { number: 0, hash: l1.genesis().hash() };
        let chain = builder.l1_genesis(genesis).build().unwrap();
        let rollup = Arc::new(chain.rollup);
        let configs = RollupConfigs {
            rollup: Arc::clone(&rollup),
            blobs: l1_config.blobs.clone(),
            upgrades: Arc::new(UpgradeBundle::default()),
        };
        let l1 = SharedL1::new(l1, Arc::clone(&rollup));
        Self { l1, l1_config, spec: Arc::new(chain.spec), rollup, configs }
    }

    pub(super) async fn sequencer(&self) -> Node {
        self.sequencer_behind(0).await
    }

    /// A sequencer that stays some blocks behind L1's head.
    pub(super) async fn sequencer_behind(&self, confirmations: u64) -> Node {
        let options = RollupOptions {
            sequencer: true,
            sequencer_l1_confs: confirmations,
            verifier_l1_confs: 0,
        };
        Node::new(self, options).await
    }

    pub(super) async fn verifier(&self) -> Node {
        Node::new(self, RollupOptions::default()).await
    }

    pub(super) fn batcher(&self, node: &Node, config: BatcherConfig) -> TestBatcher {
        batcher(self, node, config, DEV_BATCHER)
    }

    /// How long the L1 has been running: the clock of this world.
    pub(super) fn now(&self) -> Duration {
        Duration::from_secs(self.l1_time() - GENESIS_TIME)
    }

    pub(super) fn l1_time(&self) -> u64 {
        self.l1.lock().head().header.timestamp
    }

    /// L1 mines, the sequencer derives and catches up with L1's time, the batcher sends.
    pub(super) async fn round(&self, sequencer: &mut Node, batcher: &mut TestBatcher) {
        self.l1.mine();
        sequencer.derive().await;
        sequencer.sequence_until(self.l1_time()).await;
        batcher.tick(self.now()).await.unwrap();
    }

    pub(super) async fn rounds(&self, count: usize, node: &mut Node, batcher: &mut TestBatcher) {
        for _ in 0..count {
            self.round(node, batcher).await;
        }
    }

    /// As [`Self::round`], without new L2 blocks, until L1 has all there are.
    pub(super) async fn settle(&self, sequencer: &mut Node, batcher: &mut TestBatcher) {
        for _ in 0..40 {
            batcher.tick(self.now()).await.unwrap();
            self.l1.mine();
            sequencer.derive().await;
            let status = sequencer.status();
            if status.safe_l2 == status.unsafe_l2 && status.safe_l2.number > 0 {
                return;
            }
        }
        panic!("not all of L2 is on L1: {:?}", sequencer.status());
    }
}

/// That two nodes have the same chain, all of it safe: every hash, root and receipt.
pub(super) fn assert_same_chain(sequencer: &Node, verifier: &Node) {
    let status = verifier.status();
    assert_eq!(status.safe_l2, sequencer.status().safe_l2);
    assert_eq!(status.safe_l2, status.unsafe_l2);
    assert_eq!(sequencer.head().hash(), verifier.head().hash());
    assert!(status.safe_l2.number > 0);
    for number in 0..=status.safe_l2.number {
        let (ours, theirs) = (sequencer.block(number), verifier.block(number));
        assert_eq!(ours.hash(), theirs.hash(), "hash of block {number}");
        assert_eq!(ours.header().state_root, theirs.header().state_root, "state of {number}");
        assert_eq!(ours.header().receipts_root, theirs.header().receipts_root, "{number}");
        assert_eq!(ours.body(), theirs.body(), "body of block {number}");
        assert_eq!(sequencer.receipts(number), verifier.receipts(number), "receipts of {number}");
    }
}

/// A [`Node`]'s stored state, recomputed from all of it, is what its head says.
pub(super) fn assert_state_is_sound(node: &Node) {
    node.chain().flush().unwrap();
    let verified = node.chain().store().verify().unwrap();
    assert_eq!(verified.hash, node.head().hash());
}
