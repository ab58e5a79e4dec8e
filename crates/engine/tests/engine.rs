//! The engine's rules, over blocks of its own making.

mod common;

use alloy_primitives::{Address, B256, U256};
use alloy_rpc_types_engine::{ForkchoiceState, PayloadStatusEnum};
use assay_engine::EngineError;
use common::{LastFork, MESSAGE_PASSER, Node, WRITER, head, transfer, write};

fn account(byte: u8) -> Address {
    Address::with_last_byte(byte)
}

#[tokio::test]
async fn what_one_node_builds_another_accepts() {
    for last in [LastFork::Canyon, LastFork::Ecotone, LastFork::Isthmus, LastFork::Jovian] {
        let (builder, verifier) = (Node::new(last), Node::new(last));
        let mut parent = builder.genesis();
        assert_eq!(parent, verifier.genesis());
        for number in 1..=5 {
            let nonce = number - 1;
            let transactions = vec![
                transfer(0, nonce, account(7), 1_000 + number),
                write(1, nonce, WRITER, number, 100 + number),
                write(2, nonce, MESSAGE_PASSER, number % 3, number),
            ];
            let built = builder.build(parent, builder.attributes(number, transactions)).await;
            assert_eq!(built.block().body().transactions.len(), 4, "{last:?}");
            assert!(built.fees() > U256::ZERO);
            for node in [&builder, &verifier] {
                let status = node.import(&built).await;
                assert_eq!(status.status, PayloadStatusEnum::Valid, "{last:?} block {number}");
                assert_eq!(status.latest_valid_hash, Some(built.hash()));
                assert!(node.head(built.hash()).await.unwrap().is_valid());
                assert_eq!(node.chain.head().hash(), built.hash());
            }
            parent = built.hash();
        }
        verifier.engine.shutdown();
        verifier.chain.flush().unwrap();
    }
}

#[tokio::test]
async fn siblings_reorgs_and_older_heads() {
    let node = Node::new(LastFork::Isthmus);
    let genesis = node.genesis();
    let one = node.build(genesis, node.attributes(1, vec![transfer(0, 0, account(1), 1)])).await;
    let other = node.build(genesis, node.attributes(1, vec![transfer(0, 0, account(2), 1)])).await;
    assert_ne!(one.hash(), other.hash());
    let two = node.build(one.hash(), node.attributes(2, vec![transfer(0, 1, account(1), 1)])).await;
    for hash in [two.hash(), other.hash(), two.hash(), one.hash(), genesis, two.hash()] {
        assert!(node.head(hash).await.unwrap().is_valid());
        assert_eq!(node.chain.head().hash(), hash);
    }
    // A block on top of a sibling that was never the head.
    let three =
        node.build(other.hash(), node.attributes(3, vec![transfer(0, 1, account(3), 5)])).await;
    assert_eq!(three.block().header().parent_hash, other.hash());
    assert!(node.head(three.hash()).await.unwrap().is_valid());
}

#[tokio::test]
async fn orphans_wait_for_their_parent() {
    let (builder, node) = (Node::new(LastFork::Isthmus), Node::new(LastFork::Isthmus));
    let mut blocks = Vec::new();
    let mut parent = builder.genesis();
    for number in 1..=4 {
        let transactions = vec![transfer(0, number - 1, account(1), number)];
        let built = builder.build(parent, builder.attributes(number, transactions)).await;
        parent = built.hash();
        blocks.push(built);
    }
    for block in [&blocks[3], &blocks[2], &blocks[1]] {
        let status = node.import(block).await;
        assert_eq!((status.status, status.latest_valid_hash), (PayloadStatusEnum::Syncing, None));
    }
    assert!(node.head(parent).await.unwrap().is_syncing());
    assert!(node.import(&blocks[0]).await.is_valid());
    // The queue is in order: the orphans have run before this is looked at.
    assert!(node.head(parent).await.unwrap().is_valid());
    assert_eq!(node.chain.head().hash(), parent);
}

#[tokio::test]
async fn unknown_heads_and_labels() {
    let node = Node::new(LastFork::Isthmus);
    let genesis = node.genesis();
    let unknown = B256::repeat_byte(9);
    assert!(node.head(unknown).await.unwrap().is_syncing());
    let answer = node.start(unknown, node.attributes(1, Vec::new())).await.unwrap();
    assert!(answer.is_syncing() && answer.payload_id.is_none());
    assert!(matches!(node.head(B256::ZERO).await, Err(EngineError::InvalidForkchoice(_))));

    let one = node.build(genesis, node.attributes(1, vec![transfer(0, 0, account(1), 1)])).await;
    let other = node.build(genesis, node.attributes(1, vec![transfer(0, 0, account(2), 1)])).await;
    let labelled = |safe, finalized| ForkchoiceState {
        safe_block_hash: safe,
        finalized_block_hash: finalized,
        ..head(one.hash())
    };
    for (safe, finalized) in
        [(other.hash(), B256::ZERO), (genesis, other.hash()), (unknown, genesis)]
    {
        let answer = node.engine.fork_choice_updated(labelled(safe, finalized), None).await;
        assert!(matches!(answer, Err(EngineError::InvalidForkchoice(_))), "{answer:?}");
    }
    let state = labelled(one.hash(), genesis);
    assert!(node.engine.fork_choice_updated(state, None).await.unwrap().is_valid());
    // Zero leaves the labels; a reorganisation that takes a labelled block away clears its label.
    assert!(node.head(other.hash()).await.unwrap().is_valid());
    assert!(node.chain.safe().is_none());
    assert_eq!(node.chain.finalized().map(|header| header.hash()), Some(genesis));
}

#[tokio::test]
async fn attributes_are_checked_and_the_head_moves_all_the_same() {
    let node = Node::new(LastFork::Jovian);
    let genesis = node.genesis();
    let one = node.build(genesis, node.attributes(1, Vec::new())).await;
    let good = node.attributes(2, Vec::new());
    let mut bad = Vec::new();
    let mut change = |edit: &dyn Fn(&mut op_alloy_rpc_types_engine::OpPayloadAttributes)| {
        let mut attributes = good.clone();
        edit(&mut attributes);
        bad.push(attributes);
    };
    change(&|attributes| attributes.gas_limit = None);
    change(&|attributes| attributes.eip_1559_params = None);
    change(&|attributes| attributes.min_base_fee = None);
    change(&|attributes| {
        attributes.eip_1559_params = Some(alloy_primitives::b64!("0000000000000006"));
    });
    change(&|attributes| attributes.payload_attributes.withdrawals = None);
    change(&|attributes| attributes.payload_attributes.parent_beacon_block_root = None);
    change(&|attributes| attributes.payload_attributes.timestamp = one.block().header().timestamp);
    change(&|attributes| attributes.transactions = Some(vec![vec![0x7d, 0xc0].into()]));
    change(&|attributes| attributes.transactions = Some(vec![vec![0x02, 0x01].into()]));
    // A forced transaction that cannot be executed.
    change(&|attributes| attributes.transactions = Some(vec![transfer(0, 9, account(1), 1)]));
    for attributes in bad {
        node.head(genesis).await.unwrap();
        let answer = node.start(one.hash(), attributes).await;
        assert!(matches!(answer, Err(EngineError::InvalidAttributes(_))), "{answer:?}");
        assert_eq!(node.chain.head().hash(), one.hash());
    }
    let before_jovian = Node::new(LastFork::Isthmus);
    let mut early = before_jovian.attributes(1, Vec::new());
    early.min_base_fee = Some(0);
    let answer = before_jovian.start(before_jovian.genesis(), early).await;
    assert!(matches!(answer, Err(EngineError::InvalidAttributes(_))), "{answer:?}");
}

#[tokio::test]
async fn payloads_are_found_by_id_and_only_by_id() {
    let node = Node::new(LastFork::Isthmus);
    let attributes = node.attributes(1, vec![transfer(0, 0, account(1), 1)]);
    let first = node.start(node.genesis(), attributes.clone()).await.unwrap().payload_id.unwrap();
    let again = node.start(node.genesis(), attributes).await.unwrap().payload_id.unwrap();
    assert_eq!(first, again);
    let built = node.engine.get_payload(first).await.unwrap();
    assert_eq!(node.engine.get_payload(first).await.unwrap().hash(), built.hash());
    let unknown = alloy_rpc_types_engine::PayloadId::new([1; 8]);
    assert!(matches!(node.engine.get_payload(unknown).await, Err(EngineError::UnknownPayload)));
}

#[tokio::test]
async fn bodies_by_hash_and_range() {
    let node = Node::new(LastFork::Isthmus);
    let mut parent = node.genesis();
    let mut hashes = Vec::new();
    for number in 1..=3 {
        let transactions = vec![transfer(0, number - 1, account(1), 1)];
        parent = node.build(parent, node.attributes(number, transactions)).await.hash();
        hashes.push(parent);
    }
    node.head(parent).await.unwrap();
    let bodies =
        node.engine.payload_bodies_by_hash(&[hashes[1], B256::repeat_byte(1), hashes[0]]).unwrap();
    assert_eq!(bodies.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    let body = bodies[0].as_ref().unwrap();
    assert_eq!(body.transactions.len(), 2);
    assert_eq!(body.withdrawals, Some(Vec::new()));
    // The range ends with the head.
    assert_eq!(node.engine.payload_bodies_by_range(2, 10).unwrap().len(), 2);
    assert!(node.engine.payload_bodies_by_range(4, 10).unwrap().is_empty());
    let too_many = node.engine.payload_bodies_by_range(1, 1025);
    assert!(matches!(too_many, Err(EngineError::TooLarge { .. })));
}

#[tokio::test]
async fn after_shutdown_requests_fail() {
    let node = Node::new(LastFork::Isthmus);
    node.engine.shutdown();
    assert!(matches!(node.head(node.genesis()).await, Err(EngineError::Stopped)));
}

#[tokio::test]
async fn the_pool_fills_what_the_attributes_leave() {
    let node = Node::new(LastFork::Jovian);
    for (from, nonce) in [(0, 0), (0, 1), (1, 0)] {
        node.pool_add(&transfer(from, nonce, account(1), 1));
    }
    let with_pool = |number, transactions| {
        let mut attributes = node.attributes(number, transactions);
        attributes.no_tx_pool = None;
        attributes
    };
    // Asked for at once: the first attempt is waited for.
    let attributes = with_pool(1, vec![transfer(2, 0, account(1), 1)]);
    let built = node.build(node.genesis(), attributes).await;
    assert_eq!(built.block().body().transactions.len(), 5);
    // The pool has not heard of the new head: what is mined does not keep the rest out.
    node.pool_add(&transfer(0, 2, account(1), 1));
    let next = node.build(built.hash(), with_pool(2, Vec::new())).await;
    assert_eq!(next.block().body().transactions.len(), 2);
    // noTxPool is obeyed.
    let only = node.build(built.hash(), node.attributes(2, Vec::new())).await;
    assert_eq!(only.block().body().transactions.len(), 1);
}

#[tokio::test]
async fn da_limits_hold_the_pool_back_but_not_the_attributes() {
    let node = Node::new(LastFork::Isthmus);
    node.pool_add(&transfer(0, 0, account(1), 1));
    node.pool_add(&transfer(1, 0, account(1), 1));
    let attributes = |randao| {
        let mut attributes = node.attributes(1, vec![transfer(2, 0, account(1), 1)]);
        attributes.no_tx_pool = Some(false);
        attributes.payload_attributes.prev_randao = B256::with_last_byte(randao);
        attributes
    };
    // A transfer is estimated at 100 bytes, the least that the model gives.
    for (transaction, block, expected) in [(99, 0, 2), (0, 150, 2), (0, 250, 3), (0, 0, 4)] {
        node.engine.set_max_da_size(transaction, block);
        let built = node.build(node.genesis(), attributes(expected as u8 + block as u8)).await;
        assert_eq!(built.block().body().transactions.len(), expected, "{transaction} {block}");
    }
}
