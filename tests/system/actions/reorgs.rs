//! L1 takes blocks back; L2's unsafe chain turns out to be another.

use super::{
    batcher::settings,
    users::User,
    world::{World, assert_same_chain, assert_state_is_sound},
};
use alloy_primitives::{Address, B256};
use assay_batcher::{BatcherConfig, TxManagerConfig};
use assay_chainspec::preset::{DEV_ACCOUNTS, Preset};
use assay_devnet::l1::{Readd, Reorg};

const TO: Address = Address::repeat_byte(0xaa);

/// A batcher that looks back further than the reorgs of these tests.
fn careful() -> BatcherConfig {
    let transactions = TxManagerConfig { num_confirmations: 6, ..settings().transactions };
    BatcherConfig { max_pending_transactions: 0, transactions, ..settings() }
}

#[tokio::test]
async fn a_reorg_that_drops_batches_loses_no_block() {
    let world = World::new(Preset::Dev.builder());
    // Origins are deeper than the reorg: the unsafe chain stands.
    let mut sequencer = world.sequencer_behind(5).await;
    let mut verifier = world.verifier().await;
    let mut batcher = world.batcher(&sequencer, careful());
    let mut user = User::new(DEV_ACCOUNTS[0], &world);
    for value in 0..8 {
        sequencer.send(user.transfer(TO, value));
        world.round(&mut sequencer, &mut batcher).await;
        verifier.derive().await;
    }
    let (head, safe) = (sequencer.head(), verifier.status().safe_l2);
    let before = world.l1.batches();
    world.l1.reorg(&Reorg { depth: 3, blocks: 4, readd: Readd::None, delay: 0 });
    assert!(world.l1.batches() < before, "the reorg dropped no batch");
    for node in [&mut sequencer, &mut verifier] {
        node.derive().await;
        assert_eq!(node.resets(), 1);
        assert!(node.status().safe_l2.number < safe.number);
    }
    assert_eq!(sequencer.head().hash(), head.hash());

    world.rounds(3, &mut sequencer, &mut batcher).await;
    world.settle(&mut sequencer, &mut batcher).await;
    verifier.derive().await;
    assert_eq!(verifier.block(head.number).hash(), head.hash());
    assert_same_chain(&sequencer, &verifier);
    assert_state_is_sound(&verifier);
}

#[tokio::test]
async fn a_reorg_that_drops_an_origin_replaces_its_blocks() {
    let world = World::new(Preset::Dev.builder());
    let mut sequencer = world.sequencer().await;
    let mut verifier = world.verifier().await;
    let mut batcher = world.batcher(&sequencer, careful());
    let mut user = User::new(DEV_ACCOUNTS[0], &world);
    let mut depositor = User::on_l1(DEV_ACCOUNTS[3]);
    let mut sent: Vec<B256> = Vec::new();
    for value in 0..8 {
        sent.push(sequencer.send(user.transfer(TO, value)));
        depositor.deposit(&world, TO, 100, Default::default());
        world.round(&mut sequencer, &mut batcher).await;
        verifier.derive().await;
    }
    let old = sequencer.head();
    world.l1.reorg(&Reorg { depth: 3, blocks: 4, readd: Readd::All, delay: 2 });
    world.rounds(4, &mut sequencer, &mut batcher).await;
    assert!(sequencer.resets() > 0);
    assert_ne!(sequencer.block(old.number).hash(), old.hash());

    world.settle(&mut sequencer, &mut batcher).await;
    verifier.derive().await;
    assert!(verifier.resets() > 0);
    assert_same_chain(&sequencer, &verifier);
    assert_state_is_sound(&sequencer);
    // Transactions of replaced blocks came back to the pool and into other blocks.
    for hash in sent {
        assert!(verifier.receipt(hash).is_some());
    }
    let fresh = {
        let mut node = world.verifier().await;
        node.derive().await;
        node
    };
    assert_same_chain(&verifier, &fresh);
}

#[tokio::test]
async fn an_unsafe_chain_gives_way_to_the_derived_one() {
    let world = World::new(Preset::Dev.builder());
    let mut sequencer = world.sequencer().await;
    let mut rogue = world.sequencer().await;
    let mut batcher = world.batcher(&sequencer, settings());
    let mut user = User::new(DEV_ACCOUNTS[0], &world);
    let mut other = User::new(DEV_ACCOUNTS[1], &world);
    // The rogue's first blocks are the sequencer's; what follows is not.
    for round in 0..6 {
        world.l1.mine();
        sequencer.send(user.transfer(TO, round));
        if round >= 2 {
            rogue.send(other.transfer(TO, round));
        } else {
            rogue.send(sequencer.pool().by_sender(user.address()).remove(0));
        }
        sequencer.sequence_until(world.l1_time()).await;
        rogue.sequence_until(world.l1_time()).await;
    }
    rogue.sequence(3).await;
    assert_eq!(sequencer.block(4).hash(), rogue.block(4).hash());
    assert_ne!(sequencer.block(5).hash(), rogue.block(5).hash());

    rogue.rollup().set_sequencer(false);
    let ahead = rogue.head().number;
    world.settle(&mut sequencer, &mut batcher).await;
    rogue.derive().await;
    assert_same_chain(&sequencer, &rogue);
    assert!(rogue.head().number < ahead);
    assert_eq!(rogue.resets(), 0);
    // What only the rogue had included waits again.
    assert!(rogue.pool().status().pending > 0);

    // It sequences again, and its blocks stand where L1 has them.
    rogue.rollup().set_sequencer(true);
    let mut batcher = world.batcher(&rogue, settings());
    world.rounds(2, &mut rogue, &mut batcher).await;
    world.settle(&mut rogue, &mut batcher).await;
    assert_eq!(rogue.pool().status().pending, 0);
    sequencer.derive().await;
    assert_same_chain(&rogue, &sequencer);
}
