//! A wrong value in each header field: INVALID, with the parent as the latest valid hash, and
//! nothing lost.

mod common;

use alloy_consensus::{Block, Header};
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, U256};
use alloy_rpc_types_engine::{PayloadStatus, PayloadStatusEnum};
use assay_engine::BuiltPayload;
use assay_evm::Transaction;
use common::{LastFork, Node, transfer, write};
use op_alloy_rpc_types_engine::{OpExecutionData, OpExecutionPayload};

type Edit = fn(&mut Header);

/// Every header field that newPayload carries and that a block may get wrong.
const FIELDS: [(&str, Edit); 16] = [
    ("stateRoot", |header| header.state_root = B256::repeat_byte(1)),
    ("receiptsRoot", |header| header.receipts_root = B256::repeat_byte(1)),
    ("logsBloom", |header| header.logs_bloom = Bloom::repeat_byte(1)),
    ("number", |header| header.number += 1),
    ("gasLimit below gasUsed", |header| header.gas_limit = header.gas_used - 1),
    ("gasUsed", |header| header.gas_used += 1),
    ("timestamp", |header| header.timestamp = common::GENESIS_TIME),
    ("baseFeePerGas", |header| *header.base_fee_per_gas.as_mut().unwrap() += 1),
    ("extraData too long", |header| header.extra_data = Bytes::from(vec![0; 33])),
    ("extraData version", |header| header.extra_data = Bytes::from(vec![7; 9])),
    ("extraData empty", |header| header.extra_data = Bytes::new()),
    ("withdrawalsRoot", |header| header.withdrawals_root = Some(B256::repeat_byte(1))),
    ("blobGasUsed", |header| header.blob_gas_used = Some(1)),
    ("excessBlobGas", |header| header.excess_blob_gas = Some(1)),
    ("feeRecipient", |header| header.beneficiary = Address::repeat_byte(1)),
    ("parentBeaconBlockRoot", |header| {
        header.parent_beacon_block_root = Some(B256::repeat_byte(1));
    }),
];

/// The block with an edited header, under the hash that the header then has.
fn edited(built: &BuiltPayload, edit: impl FnOnce(&mut Header)) -> OpExecutionData {
    let mut block: Block<Transaction> = built.block().clone_block();
    edit(&mut block.header);
    OpExecutionData::from_block_slow(&block)
}

fn assert_invalid(status: &PayloadStatus, latest_valid: Option<B256>, what: &str) {
    assert!(matches!(status.status, PayloadStatusEnum::Invalid { .. }), "{what}: {status:?}");
    assert_eq!(status.latest_valid_hash, latest_valid, "{what}: {status:?}");
}

async fn two_blocks(node: &Node) -> (BuiltPayload, BuiltPayload) {
    let to = Address::with_last_byte(1);
    let one = node.build(node.genesis(), node.attributes(1, vec![transfer(0, 0, to, 1)])).await;
    let transactions = vec![
        transfer(0, 1, to, 1),
        write(1, 0, common::WRITER, 1, 2),
        write(2, 0, common::MESSAGE_PASSER, 1, 2),
    ];
    let two = node.build(one.hash(), node.attributes(2, transactions)).await;
    (one, two)
}

#[tokio::test]
async fn a_wrong_value_in_each_header_field() {
    let builder = Node::new(LastFork::Isthmus);
    let (one, two) = two_blocks(&builder).await;
    let node = Node::new(LastFork::Isthmus);
    assert!(node.import(&one).await.is_valid());
    for (what, edit) in FIELDS {
        let status = node.new_payload(edited(&two, edit)).await;
        assert_invalid(&status, Some(one.hash()), what);
    }
    // Fields that a payload cannot carry: the hash is then not the header's.
    for (what, edit) in [
        ("nonce", (|header| header.nonce = B64::with_last_byte(1)) as Edit),
        ("difficulty", |header| header.difficulty = U256::from(1)),
        ("ommersHash", |header| header.ommers_hash = B256::ZERO),
        ("requestsHash", |header| header.requests_hash = Some(B256::ZERO)),
    ] {
        let mut block = two.block().clone_block();
        edit(&mut block.header);
        let hash = block.header.hash_slow();
        let mut data = two.execution_data();
        data.payload.as_v1_mut().block_hash = hash;
        assert_invalid(&node.new_payload(data).await, None, what);
    }
    assert!(node.import(&two).await.is_valid());
    assert!(node.head(two.hash()).await.unwrap().is_valid());
}

#[tokio::test]
async fn a_wrong_hash_names_no_valid_ancestor() {
    let node = Node::new(LastFork::Isthmus);
    let (_, two) = two_blocks(&node).await;
    let mut data = two.execution_data();
    data.payload.as_v1_mut().gas_used += 1;
    assert_invalid(&node.new_payload(data).await, None, "gas used under the old hash");
    let mut data = two.execution_data();
    data.payload.as_v1_mut().transactions.pop();
    assert_invalid(&node.new_payload(data).await, None, "a transaction less under the old hash");
}

#[tokio::test]
async fn bad_transactions() {
    let builder = Node::new(LastFork::Isthmus);
    let (one, two) = two_blocks(&builder).await;
    let node = Node::new(LastFork::Isthmus);
    assert!(node.import(&one).await.is_valid());
    let to = Address::with_last_byte(1);
    for (what, raw) in [
        ("not a transaction", Bytes::from(vec![0x02, 0xff])),
        ("type 0x7d", Bytes::from(vec![0x7d, 0xc0])),
        ("nonce too high", transfer(0, 7, to, 1)),
        ("nonce too low", transfer(0, 0, to, 1)),
        ("no balance", transfer(50, 0, to, 1)),
    ] {
        let mut data = two.execution_data();
        data.payload.as_v1_mut().transactions.push(raw);
        let hash = raw_hash(&data);
        data.payload.as_v1_mut().block_hash = hash;
        assert_invalid(&node.new_payload(data).await, Some(one.hash()), what);
    }
}

/// The hash of a payload whose transactions need not decode.
fn raw_hash(data: &OpExecutionData) -> B256 {
    let block = data.payload.clone().into_block_with_sidecar_raw(&data.sidecar).unwrap();
    block.header.hash_slow()
}

#[tokio::test]
async fn descendants_of_an_invalid_block() {
    let builder = Node::new(LastFork::Isthmus);
    let (one, two) = two_blocks(&builder).await;
    let node = Node::new(LastFork::Isthmus);
    assert!(node.import(&one).await.is_valid());
    let bad = edited(&two, |header| header.state_root = B256::repeat_byte(1));
    let bad_hash = bad.payload.block_hash();
    assert_invalid(&node.new_payload(bad.clone()).await, Some(one.hash()), "first");
    assert_invalid(&node.new_payload(bad).await, Some(one.hash()), "again");
    let child = edited(&two, |header| header.parent_hash = bad_hash);
    let child_hash = child.payload.block_hash();
    assert_invalid(&node.new_payload(child).await, Some(one.hash()), "child");
    for hash in [bad_hash, child_hash] {
        let answer = node.head(hash).await.unwrap();
        assert_invalid(&answer.payload_status, Some(one.hash()), "forkchoice");
    }
    assert_eq!(node.chain.head().hash(), node.genesis());
}

#[tokio::test]
async fn the_shape_of_another_fork() {
    let node = Node::new(LastFork::Isthmus);
    let (_, two) = two_blocks(&node).await;
    let data = two.execution_data();
    let OpExecutionPayload::V4(v4) = data.payload else { panic!("an Isthmus block is V4") };
    let v3 = OpExecutionData { payload: OpExecutionPayload::V3(v4.payload_inner), ..data };
    assert_invalid(&node.new_payload(v3).await, None, "V3 of a V4 block");
}
