//! `Inference.settleMany`: settles what verifies and reports the rest, whatever an item does.

use crate::{
    harness::{Failure, Success},
    world::{ANYONE, NATIVE, PROVIDER, SESSION, TOKEN, TestToken, USER_POLICY, World, ether, mode},
};
use alloy_primitives::{B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolError};
use assay_chainspec::predeploys::INFERENCE;
use assay_precompiles::contracts::{IInference, ISessions};

/// What an item that settles needs, roughly.
const ITEM_GAS: u64 = 700_000;
/// `TestSessions` answers this session with a kilobyte, and the next with a megabyte.
const LOUD: B256 = B256::repeat_byte(0xb0);
const BOMB: B256 = B256::repeat_byte(0xb1);

fn batch(settlements: Vec<IInference::Settlement>, gas: u64) -> IInference::settleManyCall {
    IInference::settleManyCall { settlements, gasPerItem: U256::from(gas) }
}

impl World {
    fn good(&mut self, token: alloy_primitives::Address) -> IInference::Settlement {
        let cited = self.cited();
        let request = self.request(token, ether(1));
        let receipt = self.receipt(request, ether(1), Some(&cited));
        self.sign(receipt)
    }
}

fn bits(sent: &Success) -> Bytes {
    sent.returned::<IInference::settleManyCall>()
}

fn failures(sent: &Success) -> Vec<(usize, Bytes)> {
    let events = sent.events::<IInference::SettlementFailed>(INFERENCE);
    events
        .into_iter()
        .map(|failed| (usize::try_from(failed.index).expect("small"), failed.reason))
        .collect()
}

#[test]
fn what_verifies_settles_and_the_rest_is_reported() {
    let mut world = World::new();
    let mut items: Vec<_> = (0..10).map(|_| world.good(NATIVE)).collect();
    items[1].signature = Bytes::from_static(&[1; 64]);
    items[2].receipt.price += U256::ONE;
    items[4].sessionId = B256::ZERO;
    items[5] = items[0].clone();
    items[7].signature = vec![0; 1_025].into();
    let sent = world.chain.send(ANYONE, INFERENCE, &batch(items.clone(), ITEM_GAS)).ok();
    assert_eq!(bits(&sent)[..], [0b0100_1001, 0b11]);
    let not_open = IInference::NotOpen {
        requestId: items[0].receipt.requestId,
        state: IInference::State::Settled,
    };
    let above = IInference::PriceAboveEscrow { price: ether(1) + U256::ONE, escrow: ether(1) };
    let wrong = IInference::WrongSignature {};
    let unknown = ISessions::UnknownSession { sessionId: B256::ZERO };
    let expected: Vec<(usize, Bytes)> = vec![
        (1, wrong.abi_encode().into()),
        (2, above.abi_encode().into()),
        (4, unknown.abi_encode().into()),
        (5, not_open.abi_encode().into()),
        (7, wrong.abi_encode().into()),
    ];
    assert_eq!(failures(&sent), expected);
    assert_eq!(sent.events::<IInference::Settled>(INFERENCE).len(), 5);
    // Those that failed settle later, alone.
    items[2].receipt.price = ether(1);
    assert!(world.settle(items[2].clone()).is_ok());
    let nothing = world
        .chain
        .send(ANYONE, INFERENCE, &batch(vec![], u64::MAX))
        .error::<IInference::GasPerItem>();
    assert_eq!(nothing.needed, U256::from(u64::MAX));
    assert!(bits(&world.chain.send(ANYONE, INFERENCE, &batch(vec![], 1)).ok()).is_empty());
}

#[test]
fn no_item_takes_from_another() {
    for answer in [mode::BOMB, mode::BURN, mode::REVERT] {
        let mut world = World::new();
        let mut items: Vec<_> =
            (0..8).map(|item| world.good(if item % 3 == 1 { TOKEN } else { NATIVE })).collect();
        items[2].sessionId = LOUD;
        items[5].sessionId = BOMB;
        world.set_mode(answer);
        let sent = world.chain.send(ANYONE, INFERENCE, &batch(items, ITEM_GAS)).ok();
        assert_eq!(bits(&sent)[..], [0b0100_1001]);
        let failures = failures(&sent);
        assert_eq!(failures.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1, 2, 4, 5, 7]);
        assert_eq!(failures[1].1[..], [0xee; 256], "cut");
        assert!(failures[3].1.is_empty(), "out of gas");
    }
}

#[test]
fn a_token_cannot_settle_its_neighbours() {
    let mut world = World::new();
    let items = vec![world.good(TOKEN), world.good(NATIVE)];
    let data = IInference::settleCall { settlement: items[1].clone() }.abi_encode().into();
    world.tell(TOKEN, &TestToken::setReentryCall { target: INFERENCE, data });
    let sent = world.chain.send(ANYONE, INFERENCE, &batch(items.clone(), ITEM_GAS)).ok();
    assert_eq!(bits(&sent)[..], [0b11]);
    assert_eq!(world.chain.call(TOKEN, &TestToken::reentryCall {}), U256::from(1));
    let answer = world.chain.call(TOKEN, &TestToken::answerCall {});
    assert_eq!(answer, IInference::Reentered {}.abi_encode());
    // Nor does anyone but the batch call its inner function.
    let call = IInference::settleItemCall { settlement: items[1].clone() };
    let refused = world.chain.send(PROVIDER, INFERENCE, &call);
    assert_eq!(refused.error::<IInference::NotSelf>().caller, PROVIDER);
}

/// With whatever gas a batch is sent: either it reverts as a whole, or every item had all that it
/// was promised. The items are the dearest: the longest signatures and reasons, all gas used.
#[test]
fn each_item_gets_its_gas_or_all_reverts() {
    let mut world = World::new();
    let mut items: Vec<_> = (0..4).map(|_| world.good(TOKEN)).collect();
    items[0].sessionId = LOUD;
    items[0].signature = vec![1; 1_024].into();
    items[1].sessionId = LOUD;
    items[1].signature = vec![1; 1_024].into();
    items[3].sessionId = BOMB;
    // As little as lets the good one settle: less for it would be seen.
    let alone = |world: &World, gas: u64| {
        let sent = world.clone().chain.send(ANYONE, INFERENCE, &batch(vec![items[2].clone()], gas));
        bits(&sent.ok())[..] == [1]
    };
    let (mut low, mut high) = (21_000, ITEM_GAS);
    while high - low > 200 {
        let middle = low.midpoint(high);
        *(if alone(&world, middle) { &mut high } else { &mut low }) = middle;
    }
    let gas = high + 5_000;
    let call = batch(items, gas);
    let (mut reverted, mut settled) = (0, 0);
    for limit in (gas..5 * gas + 400_000).step_by(9_973) {
        let sent = world.clone().chain.send_with_gas(ANYONE, INFERENCE, limit, &call);
        match sent.result {
            Ok(success) => {
                assert_eq!(bits(&success)[..], [0b0100], "with {limit}");
                assert_eq!(failures(&success)[0].1[..], [0xee; 256]);
                settled += 1;
            }
            Err(Failure::Revert(data)) => {
                let short = IInference::GasPerItem::abi_decode(&data).expect("GasPerItem");
                assert!(short.given < short.needed);
                assert_eq!(settled, 0, "more gas is never worse");
                reverted += 1;
            }
            Err(Failure::Halt(_)) => assert_eq!(settled, 0, "more gas is never worse"),
        }
    }
    assert!(reverted > 5 && settled > 5, "{reverted} reverted, {settled} settled");
}

#[test]
fn a_batch_settles_nothing_under_a_dead_session() {
    let mut world = World::new();
    let items = vec![world.good(NATIVE), world.good(TOKEN)];
    world.set_live(SESSION, USER_POLICY, false);
    let sent = world.chain.send(ANYONE, INFERENCE, &batch(items.clone(), ITEM_GAS)).ok();
    assert_eq!(bits(&sent)[..], [0]);
    let reason = IInference::NotLive { sessionId: SESSION, policyId: USER_POLICY }.abi_encode();
    assert!(failures(&sent).iter().all(|(_, data)| data[..] == reason));
    world.set_live(SESSION, USER_POLICY, true);
    let sent = world.chain.send(ANYONE, INFERENCE, &batch(items, ITEM_GAS)).ok();
    assert_eq!(bits(&sent)[..], [3]);
}
