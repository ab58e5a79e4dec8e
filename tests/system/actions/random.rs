//! Whatever happens, in whatever order: in the end everybody agrees.

use super::{
    batcher::{TestBatcher, calldata, settings},
    node::Node,
    users::User,
    world::{World, assert_same_chain, assert_state_is_sound},
};
use alloy_consensus::transaction::Recovered;
use alloy_primitives::{Address, Bytes, keccak256};
use assay_batcher::{BatcherConfig, TxManagerConfig};
use assay_chainspec::preset::{DEV_ACCOUNTS, Preset};
use assay_derivation::{BatchKind, Compression};
use assay_devnet::l1::{Readd, Reorg};
use assay_evm::Transaction;
use assay_pool::{InvalidTransaction, PoolError};

const TO: Address = Address::repeat_byte(0xaa);
const ACTIONS: usize = 120;

/// Numbers that follow from a seed.
#[derive(Debug)]
struct Dice {
    seed: u64,
    rolls: u64,
}

impl Dice {
    /// Less than `sides`.
    fn roll(&mut self, sides: u64) -> u64 {
        self.rolls += 1;
        let hash = keccak256([self.seed, self.rolls].map(u64::to_be_bytes).concat());
        u64::from_be_bytes(hash[..8].try_into().unwrap()) % sides
    }

    fn config(&mut self) -> BatcherConfig {
        let base = if self.roll(2) == 0 { settings() } else { calldata() };
        let batch_kind = if self.roll(3) == 0 { BatchKind::Singular } else { BatchKind::Span };
        let compression =
            if self.roll(3) == 0 { Compression::Zlib(6) } else { Compression::Brotli(5) };
        BatcherConfig {
            batch_kind,
            compression,
            max_channel_duration: self.roll(4) + 1,
            max_pending_transactions: usize::try_from(self.roll(3)).unwrap(),
            max_blocks_per_span: usize::try_from(self.roll(4)).unwrap(),
            transactions: TxManagerConfig {
                num_confirmations: self.roll(6) + 1,
                ..base.transactions
            },
            ..base
        }
    }
}

struct Story {
    world: World,
    dice: Dice,
    sequencer: Node,
    verifier: Node,
    batcher: TestBatcher,
    user: User,
    depositor: User,
}

impl Story {
    async fn begin(seed: u64) -> Self {
        let world = World::new(Preset::Dev.builder());
        let mut dice = Dice { seed, rolls: 0 };
        let sequencer = world.sequencer_behind(dice.roll(4)).await;
        let batcher = world.batcher(&sequencer, dice.config());
        Self {
            sequencer,
            verifier: world.verifier().await,
            batcher,
            user: User::new(DEV_ACCOUNTS[0], &world),
            depositor: User::on_l1(DEV_ACCOUNTS[3]),
            dice,
            world,
        }
    }

    async fn act(mut self) -> Self {
        match self.dice.roll(20) {
            0..5 => drop(self.world.l1.mine()),
            5..9 => {
                self.sequencer.derive().await;
                self.sequencer.sequence_until(self.world.l1_time()).await;
            }
            9..12 => self.tick().await,
            12..14 => self.verifier.derive().await,
            14 => {
                let data = vec![0xda; usize::try_from(self.dice.roll(30_000)).unwrap()];
                let transaction = self.user.call(TO, 1, data, 3_000_000);
                self.send(transaction);
            }
            15 => {
                let transaction = self.user.transfer(TO, 1);
                self.send(transaction);
            }
            16 => {
                // What a reorg lost is not sent again by the L1's users.
                self.depositor.take_l1_nonce(&self.world);
                self.depositor.deposit(&self.world, TO, 1, Bytes::new());
            }
            17 => self.reorg(),
            18 => self.batcher = self.world.batcher(&self.sequencer, self.dice.config()),
            _ => return self.restart().await,
        }
        self
    }

    fn send(&mut self, transaction: Recovered<Transaction>) {
        match self.sequencer.try_send(transaction) {
            Ok(_) => {}
            // L1 had a transaction that a restart lost.
            Err(PoolError::Invalid(InvalidTransaction::NonceTooLow { .. })) => {
                self.user.take_nonce(&self.sequencer);
            }
            Err(error) => panic!("{error}"),
        }
    }

    async fn tick(&mut self) {
        match self.batcher.tick(self.world.now()).await {
            Err(error) if !error.is_temporary() => panic!("{error}"),
            _ => {}
        }
    }

    fn reorg(&mut self) {
        let depth = self.dice.roll(5) + 1;
        if self.world.l1.lock().head_number() < depth {
            return;
        }
        let readd = if self.dice.roll(2) == 0 { Readd::All } else { Readd::None };
        let blocks = depth + self.dice.roll(3);
        self.world.l1.reorg(&Reorg { depth, blocks, readd, delay: self.dice.roll(3) });
    }

    async fn restart(mut self) -> Self {
        if self.dice.roll(2) == 0 {
            self.verifier = self.verifier.restart(&self.world).await;
            return self;
        }
        // The batcher holds the node's parts; the pool is empty after a restart.
        drop(self.batcher);
        self.sequencer = self.sequencer.restart(&self.world).await;
        self.batcher = self.world.batcher(&self.sequencer, self.dice.config());
        self.user.take_nonce(&self.sequencer);
        self
    }

    async fn end(mut self) {
        let config = settings();
        self.batcher = self.world.batcher(&self.sequencer, config);
        self.world.l1.mine();
        self.sequencer.derive().await;
        self.sequencer.sequence_until(self.world.l1_time()).await;
        self.world.settle(&mut self.sequencer, &mut self.batcher).await;
        self.verifier.derive().await;
        assert_same_chain(&self.sequencer, &self.verifier);
        let mut fresh = self.world.verifier().await;
        fresh.derive().await;
        assert_same_chain(&self.sequencer, &fresh);
        assert_eq!(fresh.resets(), 0);
        for node in [&self.sequencer, &self.verifier, &fresh] {
            assert_state_is_sound(node);
        }
    }
}

async fn tell(seed: u64) {
    let mut story = Story::begin(seed).await;
    for _ in 0..ACTIONS {
        story = story.act().await;
    }
    story.end().await;
}

#[tokio::test]
async fn everybody_agrees_in_the_end_1() {
    tell(1).await;
}

#[tokio::test]
async fn everybody_agrees_in_the_end_2() {
    tell(2).await;
}

#[tokio::test]
async fn everybody_agrees_in_the_end_3() {
    tell(3).await;
}

/// Many stories: `cargo test -p assay-tests -- --ignored`.
#[tokio::test]
#[ignore = "takes minutes"]
async fn everybody_agrees_in_the_end_always() {
    for seed in 100..160 {
        println!("seed {seed}");
        tell(seed).await;
    }
}
