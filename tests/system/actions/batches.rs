//! Batches of every form; late, lost and invalid ones.

use super::{
    batcher::{TestBatcher, calldata, settings},
    node::Node,
    users::User,
    world::{World, assert_same_chain, assert_state_is_sound},
};
use alloy_consensus::transaction::Recovered;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, keccak256};
use assay_batcher::{BatcherConfig, TxManagerConfig};
use assay_chainspec::preset::{DEV_ACCOUNTS, DEV_BATCHER, Preset};
use assay_derivation::{
    BatchKind, ChannelId, ChannelOut, ChannelOutConfig, Compression, block_to_batch, encode_frames,
};
use assay_evm::Transaction;
use std::sync::Arc;

const TO: Address = Address::repeat_byte(0xaa);

/// A transaction whose data does not compress.
fn heavy(user: &mut User, seed: u64, words: u64) -> Recovered<Transaction> {
    let data: Vec<u8> = (0..words)
        .flat_map(|word| keccak256([seed, word].map(u64::to_be_bytes).concat()).0)
        .collect();
    user.call(TO, 0, data, 10_000_000)
}

async fn derived(world: &World, sequencer: &Node) {
    let mut verifier = world.verifier().await;
    verifier.derive().await;
    assert_same_chain(sequencer, &verifier);
    assert_state_is_sound(&verifier);
}

#[tokio::test]
async fn singular_and_zlib_channels() {
    let configs = [
        BatcherConfig { batch_kind: BatchKind::Singular, ..settings() },
        BatcherConfig { compression: Compression::Zlib(9), ..settings() },
        BatcherConfig {
            batch_kind: BatchKind::Singular,
            compression: Compression::Zlib(6),
            ..calldata()
        },
        BatcherConfig { max_blocks_per_span: 2, ..calldata() },
    ];
    let world = World::new(Preset::Dev.builder());
    let mut sequencer = world.sequencer().await;
    let mut user = User::new(DEV_ACCOUNTS[0], &world);
    for config in configs {
        let mut batcher = world.batcher(&sequencer, config);
        for value in 0..3 {
            sequencer.send(user.transfer(TO, value));
            world.round(&mut sequencer, &mut batcher).await;
        }
        world.settle(&mut sequencer, &mut batcher).await;
    }
    derived(&world, &sequencer).await;
}

#[tokio::test]
async fn a_channel_of_many_blobs() {
    let world = World::new(Preset::Dev.builder());
    let mut sequencer = world.sequencer().await;
    let mut user = User::new(DEV_ACCOUNTS[0], &world);
    let config = BatcherConfig { target_num_frames: 3, max_channel_duration: 8, ..settings() };
    let mut batcher = world.batcher(&sequencer, config);
    for seed in 0..6 {
        sequencer.send(heavy(&mut user, seed, 2_000));
        world.round(&mut sequencer, &mut batcher).await;
    }
    world.settle(&mut sequencer, &mut batcher).await;
    assert!(world.l1.batches().1 >= 3);
    derived(&world, &sequencer).await;
}

#[tokio::test]
async fn an_l1_that_wants_cell_proofs() {
    let world = World::on(Preset::Dev.builder(), true);
    let mut sequencer = world.sequencer().await;
    let mut user = User::new(DEV_ACCOUNTS[0], &world);
    let mut batcher = world.batcher(&sequencer, settings());
    for value in 0..3 {
        sequencer.send(user.transfer(TO, value));
        world.round(&mut sequencer, &mut batcher).await;
    }
    world.settle(&mut sequencer, &mut batcher).await;
    assert!(world.l1.batches().1 > 0);
    derived(&world, &sequencer).await;
}

/// Mines blocks in which no batch is.
fn mine_without_batches(world: &World, count: usize) {
    for _ in 0..count {
        world.l1.mine();
    }
}

#[tokio::test]
async fn a_channel_that_times_out_is_sent_again() {
    let world = World::new(Preset::Dev.builder());
    let mut sequencer = world.sequencer().await;
    let mut user = User::new(DEV_ACCOUNTS[0], &world);
    // Two frames in calldata, of which only the first reaches L1 in time.
    let config = BatcherConfig {
        target_num_frames: 2,
        max_channel_duration: 0,
        transactions: TxManagerConfig { num_confirmations: 1, ..TxManagerConfig::default() },
        ..calldata()
    };
    let mut batcher = world.batcher(&sequencer, config);
    world.l1.mine();
    for seed in 0..5 {
        sequencer.send(heavy(&mut user, seed, 2_000));
        sequencer.sequence(1).await;
    }
    let tick = async |batcher: &mut TestBatcher| batcher.tick(world.now()).await.unwrap();
    assert_eq!(tick(&mut batcher).await.in_flight, 1);
    assert_eq!(world.l1.mine().transactions.len(), 1, "the first frame");
    tick(&mut batcher).await;
    assert_eq!(world.l1.lock().pool_len(), 1, "the second frame waits");
    world.l1.forget_last_sent();
    // Granite's timeout is 50 blocks.
    mine_without_batches(&world, 55);
    sequencer.derive().await;
    assert_eq!(sequencer.status().safe_l2.number, 0);

    // The second frame is sent, too late; then both again.
    for _ in 0..12 {
        tick(&mut batcher).await;
        world.l1.mine();
        sequencer.derive().await;
    }
    assert!(world.l1.batches().0 >= 4, "{:?}", world.l1.batches());
    assert!(sequencer.status().safe_l2.number >= 3);
    // The rest fills no channel: the batcher of a node that shuts down sends it.
    let mut last = world.batcher(&sequencer, calldata());
    world.settle(&mut sequencer, &mut last).await;
    derived(&world, &sequencer).await;
}

#[tokio::test]
async fn an_empty_sequencing_window_forces_deposits_only() {
    let world = World::new(Preset::Dev.builder().seq_window_size(10));
    let mut sequencer = world.sequencer().await;
    let mut user = User::new(DEV_ACCOUNTS[0], &world);
    let mut depositor = User::on_l1(DEV_ACCOUNTS[3]);
    // Nobody batches: what the sequencer makes is lost once the window has passed.
    let mut lost = Vec::new();
    for value in 0..4 {
        depositor.deposit(&world, TO, 1, Bytes::new());
        lost.push(sequencer.send(user.transfer(TO, value)));
        world.l1.mine();
        sequencer.sequence_until(world.l1_time()).await;
    }
    let first = sequencer.block(1).hash();
    mine_without_batches(&world, 12);
    sequencer.derive().await;
    let safe = sequencer.status().safe_l2;
    assert!(safe.number >= 8, "{safe:?}");
    assert_ne!(sequencer.block(1).hash(), first);
    for number in 1..=safe.number {
        let block = sequencer.block(number);
        assert!(block.body().transactions.iter().all(Transaction::is_deposit));
    }
    let mut verifier = world.verifier().await;
    verifier.derive().await;
    assert_same_chain(&sequencer, &verifier);

    // The sequencer goes on from there, with a batcher, and includes what was lost.
    let mut batcher = world.batcher(&sequencer, settings());
    world.rounds(4, &mut sequencer, &mut batcher).await;
    world.settle(&mut sequencer, &mut batcher).await;
    verifier.derive().await;
    assert_same_chain(&sequencer, &verifier);
    for hash in lost {
        assert!(verifier.receipt(hash).is_some());
    }
}

#[tokio::test]
async fn an_invalid_transaction_leaves_its_block_with_deposits_only() {
    let world = World::new(Preset::Dev.builder());
    let mut sequencer = world.sequencer().await;
    let mut user = User::new(DEV_ACCOUNTS[0], &world);
    world.l1.mine();
    let good = sequencer.send(user.transfer(TO, 1));
    sequencer.sequence(1).await;
    let replaced = sequencer.send(user.transfer(TO, 2));
    sequencer.sequence(1).await;
    assert_eq!(sequencer.receipt(replaced).unwrap().0, 2);

    // A batcher that lies: the second block has a transaction whose nonce is used already.
    let (first, _) = block_to_batch(&sequencer.block(1).clone_block()).unwrap();
    let (mut second, place) = block_to_batch(&sequencer.block(2).clone_block()).unwrap();
    let repeated = User::new(DEV_ACCOUNTS[0], &world).transfer(TO, 9);
    second.transactions = vec![repeated.encoded_2718().into()];
    let config = ChannelOutConfig { batch_kind: BatchKind::Singular, ..Default::default() };
    let id = ChannelId::repeat_byte(5);
    let mut channel = ChannelOut::new(config, Arc::clone(&world.rollup), id);
    channel.add_block(&first, place).unwrap();
    channel.add_block(&second, place).unwrap();
    channel.close();
    let data = encode_frames(&[channel.next_frame().unwrap()]);
    let mut liar = User::on_l1(DEV_BATCHER);
    liar.send_l1(&world, world.rollup.batch_inbox_address, 0, data);
    world.l1.mine();

    let mut verifier = world.verifier().await;
    verifier.derive().await;
    assert_eq!(verifier.status().safe_l2.number, 2);
    assert!(verifier.receipt(good).is_some());
    let block = verifier.block(2);
    assert!(block.body().transactions.iter().all(Transaction::is_deposit));
    // The sequencer gives way; its transaction waits for another block.
    sequencer.derive().await;
    assert_same_chain(&sequencer, &verifier);
    assert!(sequencer.receipt(replaced).is_none());
    assert!(sequencer.pool().contains(replaced));

    // An honest batcher goes on from there.
    let mut batcher = world.batcher(&sequencer, settings());
    world.rounds(2, &mut sequencer, &mut batcher).await;
    world.settle(&mut sequencer, &mut batcher).await;
    verifier.derive().await;
    assert_same_chain(&sequencer, &verifier);
    assert!(verifier.receipt(replaced).is_some());
}
