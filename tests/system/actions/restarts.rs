//! Nodes that stop in the middle and go on.

use super::{
    batcher::settings,
    users::User,
    world::{World, assert_same_chain, assert_state_is_sound},
};
use alloy_primitives::{Address, Bytes};
use assay_chainspec::preset::{DEV_ACCOUNTS, Preset};

const TO: Address = Address::repeat_byte(0xaa);

#[tokio::test]
async fn both_nodes_go_on_after_a_restart() {
    let world = World::new(Preset::Dev.builder());
    let mut sequencer = world.sequencer().await;
    let mut verifier = world.verifier().await;
    let mut user = User::new(DEV_ACCOUNTS[0], &world);
    let mut depositor = User::on_l1(DEV_ACCOUNTS[3]);
    for restart in 0..3 {
        let mut batcher = world.batcher(&sequencer, settings());
        for value in 0..5 {
            depositor.deposit(&world, TO, 1, Bytes::new());
            sequencer.send(user.transfer(TO, value));
            world.round(&mut sequencer, &mut batcher).await;
            if value == restart {
                verifier.derive().await;
            }
        }
        drop(batcher);
        let head = sequencer.head();
        sequencer = sequencer.restart(&world).await;
        assert_eq!(sequencer.head().hash(), head.hash());
        let head = verifier.head();
        verifier = verifier.restart(&world).await;
        assert_eq!(verifier.head().hash(), head.hash());
    }
    let mut batcher = world.batcher(&sequencer, settings());
    world.settle(&mut sequencer, &mut batcher).await;
    verifier.derive().await;
    // Finality comes with the next look at L1: what is final now was derived just before.
    verifier.derive().await;
    assert!(verifier.status().finalized_l2.number > 0);
    assert_same_chain(&sequencer, &verifier);
    assert_state_is_sound(&sequencer);
    assert_state_is_sound(&verifier);
}

#[tokio::test]
async fn a_batcher_that_is_replaced_posts_nothing_twice() {
    let world = World::new(Preset::Dev.builder());
    let mut sequencer = world.sequencer().await;
    let mut user = User::new(DEV_ACCOUNTS[0], &world);
    for value in 0..6 {
        // With what the one before had posted in L1's pool or in a block, not yet derived.
        let mut batcher = world.batcher(&sequencer, settings());
        sequencer.send(user.transfer(TO, value));
        world.round(&mut sequencer, &mut batcher).await;
        batcher.tick(world.now()).await.unwrap();
    }
    let mut batcher = world.batcher(&sequencer, settings());
    world.settle(&mut sequencer, &mut batcher).await;
    let mut verifier = world.verifier().await;
    verifier.derive().await;
    assert_same_chain(&sequencer, &verifier);
}
