//! The defining test: what a sequencer makes, a node that knows only L1 makes again.

use super::{
    batcher::{TestBatcher, calldata, settings},
    evidence::{Case, every_case, expired_quote, trusting},
    node::Node,
    users::{User, recorded},
    world::{RECORDER, World, assert_same_chain, assert_state_is_sound},
};
use alloy_primitives::{Address, B256, Bytes, U256};
use assay_chainspec::preset::{DEV_ACCOUNTS, Preset};
use assay_evm::Receipt;
use op_alloy_rpc_types_engine::OpExecutionData;

/// Records a transaction under the case that it calls.
type Sent = (B256, Case);

/// That the recorder's log has the answer that the pure crates give.
fn assert_recorded(receipt: &Receipt, case: &Case) {
    assert!(receipt.status(), "{}", case.name);
    let [log] = receipt.logs() else { panic!("{}: {} logs", case.name, receipt.logs().len()) };
    let (topic, data) = match &case.answer {
        Ok(data) => (1, data),
        Err(data) => (0, data),
    };
    assert_eq!(log.address, RECORDER, "{}", case.name);
    assert_eq!(log.topics(), [B256::with_last_byte(topic)], "{}", case.name);
    assert_eq!(log.data.data, *data, "{}", case.name);
}

/// Sends every case from two accounts over a few rounds.
async fn send_cases(
    world: &World,
    sequencer: &mut Node,
    batcher: &mut TestBatcher,
    users: &mut [User; 2],
) -> Vec<Sent> {
    let mut sent = Vec::new();
    for (index, case) in every_case().into_iter().enumerate() {
        let transaction = users[index % 2].record(case.target, &case.input);
        sent.push((sequencer.send(transaction), case));
        if index % 4 == 3 {
            world.round(sequencer, batcher).await;
        }
    }
    world.round(sequencer, batcher).await;
    sent
}

#[tokio::test]
async fn a_chain_of_every_precompile_is_derived_from_l1() {
    let world = World::new(trusting(Preset::Dev.builder()));
    let mut sequencer = world.sequencer().await;
    let mut users = [0, 1].map(|index| User::new(DEV_ACCOUNTS[index], &world));

    // In blobs: every call, one of them from L1, and one that is reverted as a whole.
    let mut batcher = world.batcher(&sequencer, settings());
    let mut depositor = User::on_l1(DEV_ACCOUNTS[3]);
    let deposited = every_case().swap_remove(0);
    let data = recorded(deposited.target, &deposited.input);
    depositor.deposit(&world, RECORDER, 0, data);
    let expired = expired_quote();
    let reverted = sequencer.send(users[0].call(expired.target, 0, expired.input, 6_000_000));
    let mut sent = send_cases(&world, &mut sequencer, &mut batcher, &mut users).await;
    drop(batcher);

    // In calldata: some of it again.
    let mut batcher = world.batcher(&sequencer, calldata());
    for case in every_case().into_iter().step_by(5) {
        let transaction = users[1].record(case.target, &case.input);
        sent.push((sequencer.send(transaction), case));
    }
    world.rounds(2, &mut sequencer, &mut batcher).await;
    world.settle(&mut sequencer, &mut batcher).await;
    assert_eq!(sequencer.pool().status().pending, 0);
    let (in_calldata, in_blobs) = world.l1.batches();
    assert!(in_calldata > 0 && in_blobs > 1, "{in_calldata} in calldata, {in_blobs} in blobs");

    // As payloads, whose evidence is verified ahead of each block, on a node that has seen none.
    let mut follower = world.verifier().await;
    for number in 1..=sequencer.head().number {
        let block = sequencer.block(number);
        let payload = OpExecutionData::from_block_unchecked(block.hash(), &block.clone_block());
        follower.rollup().unsafe_block(payload).await.unwrap();
    }
    assert_eq!(follower.head().hash(), sequencer.head().hash());
    assert_state_is_sound(&follower);

    // From L1 alone.
    let mut verifier = world.verifier().await;
    verifier.derive().await;
    assert_same_chain(&sequencer, &verifier);
    assert_state_is_sound(&verifier);
    assert_state_is_sound(&sequencer);
    assert_eq!(verifier.resets(), 0);
    for (hash, case) in &sent {
        let (_, receipt) = verifier.receipt(*hash).unwrap();
        assert_recorded(&receipt, case);
    }
    let (_, receipt) = verifier.receipt(reverted).unwrap();
    assert!(!receipt.status() && receipt.logs().is_empty());
    let deposits = (1..=verifier.head().number).filter_map(|number| {
        let receipts = verifier.receipts(number);
        let deposit = receipts.get(1).filter(|receipt| matches!(receipt, Receipt::Deposit(_)));
        deposit.cloned()
    });
    let deposits: Vec<Receipt> = deposits.collect();
    assert_eq!(deposits.len(), 1);
    assert_recorded(&deposits[0], &deposited);
}

#[tokio::test]
async fn a_plain_op_chain_is_derived_from_l1() {
    let world = World::new(Preset::DevIsthmus.builder());
    let mut sequencer = world.sequencer().await;
    let mut batcher = world.batcher(&sequencer, settings());
    let mut user = User::new(DEV_ACCOUNTS[0], &world);
    let mut depositor = User::on_l1(DEV_ACCOUNTS[3]);
    let to = Address::repeat_byte(0xaa);
    depositor.deposit(&world, to, 5, Bytes::new());
    // No precompiles here: a call of their addresses does nothing.
    let case = every_case().swap_remove(0);
    let call = sequencer.send(user.record(case.target, &case.input));
    for value in 1..=6 {
        sequencer.send(user.transfer(to, value));
        world.round(&mut sequencer, &mut batcher).await;
    }
    world.settle(&mut sequencer, &mut batcher).await;

    let mut verifier = world.verifier().await;
    verifier.derive().await;
    assert_same_chain(&sequencer, &verifier);
    assert_state_is_sound(&verifier);
    let (_, receipt) = verifier.receipt(call).unwrap();
    assert_recorded(&receipt, &Case { answer: Ok(Vec::new()), ..case });
    let state = verifier.chain().state_at(verifier.head().hash()).unwrap().unwrap();
    let account = state.account(to).unwrap().unwrap();
    assert_eq!(account.balance, U256::from(5 + 21));
}
