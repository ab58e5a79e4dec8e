//! `Inference` and money: tokens and receivers of every kind, and who comes in again.

use crate::world::{
    ACTOR, ANYONE, NATIVE, OWNER, PROVIDER, TOKEN, TestActor, TestToken, USER_POLICY, World, ether,
    mode, model_call,
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use assay_chainspec::predeploys::{DATANETS, INFERENCE};
use assay_precompiles::contracts::IInference;

#[test]
fn tokens_answer_in_many_ways() {
    let mut world = World::new();
    let call = world.request_call(TOKEN, ether(1));
    for answer in [mode::TRUE, mode::SILENT, mode::LONG] {
        world.set_mode(answer);
        assert!(world.send_request(&call).is_ok(), "mode {answer}");
    }
    for answer in [mode::FALSE, mode::REVERT, mode::BOMB, mode::BURN, mode::TWO] {
        world.set_mode(answer);
        let refused = world.send_request(&call);
        assert_eq!(refused.error::<IInference::TransferFailed>().token, TOKEN, "mode {answer}");
    }
    let no_code = IInference::requestCall { token: ANYONE, ..call.clone() };
    let refused = world.send_request(&no_code);
    assert_eq!(refused.error::<IInference::TransferFailed>().token, ANYONE);
    // Not a token: it has no balances.
    let no_token = IInference::requestCall { token: ACTOR, ..call.clone() };
    let refused = world.send_request(&no_token);
    assert_eq!(refused.error::<IInference::TransferFailed>().token, ACTOR);
    // Without allowance.
    world.set_mode(mode::TRUE);
    let refused = world.chain.send(ANYONE, INFERENCE, &call);
    assert_eq!(refused.error::<IInference::TransferFailed>().token, TOKEN);
}

#[test]
fn of_a_token_with_a_fee_what_arrives_counts() {
    let mut world = World::new();
    world.tell(TOKEN, &TestToken::setFeeCall { fee: U256::from(100) });
    let amount = U256::from(1_000_003);
    let request = world.request(TOKEN, amount);
    let escrow = amount - amount * U256::from(100) / U256::from(10_000);
    assert_eq!(world.request_of(request).escrow, escrow);
    assert_eq!(world.has(TOKEN, INFERENCE), escrow);

    // The datanet's share loses the fee on its way; the rest is to the unit what the price was.
    let cited = world.cited();
    let receipt = world.receipt(request, escrow, Some(&cited));
    let settlement = world.sign(receipt);
    world.settle(settlement).ok();
    let held = world.has(TOKEN, INFERENCE);
    let share = escrow - held;
    assert_eq!(world.owed(TOKEN, OWNER) + world.owed(TOKEN, PROVIDER), held);
    let pool = share - share / U256::from(100);
    assert_eq!(world.credit_of(request).pool, pool);
    assert_eq!(world.has(TOKEN, DATANETS), pool);

    world.tell(TOKEN, &TestToken::setFeeCall { fee: U256::from(10_000) });
    let nothing = world.request_call(TOKEN, amount);
    world.send_request(&nothing).error::<IInference::WrongEscrow>();
}

#[test]
fn an_account_withdraws_its_own() {
    for token in [NATIVE, TOKEN] {
        let mut world = World::new();
        world.settled(token, ether(1), ether(1), None);
        let amount = world.owed(token, PROVIDER);
        let held = world.has(token, INFERENCE);
        for to in [Address::ZERO, INFERENCE, DATANETS] {
            let refused =
                world.chain.send(PROVIDER, INFERENCE, &IInference::withdrawCall { token, to });
            assert_eq!(refused.error::<IInference::WrongReceiver>().to, to);
        }
        let to = Address::repeat_byte(0xee);
        let call = IInference::withdrawCall { token, to };
        let sent = world.chain.send(PROVIDER, INFERENCE, &call).ok();
        assert_eq!(sent.returned::<IInference::withdrawCall>(), amount);
        assert_eq!(
            sent.event::<IInference::Withdrawn>(INFERENCE),
            IInference::Withdrawn { account: PROVIDER, token, to, amount }
        );
        assert_eq!(world.has(token, to), amount);
        assert_eq!(world.has(token, INFERENCE), held - amount);
        for account in [PROVIDER, ANYONE] {
            world.chain.send(account, INFERENCE, &call).error::<IInference::NothingToWithdraw>();
        }
    }
}

#[test]
fn a_receiver_that_fails_loses_nothing() {
    let mut world = World::new();
    world.settled(NATIVE, ether(1), ether(1), None);
    world.settled(TOKEN, ether(1), ether(1), None);
    let amount = world.owed(NATIVE, PROVIDER);
    for behaviour in [1u8, 2] {
        world.tell(ACTOR, &TestActor::setModeCall { mode: U256::from(behaviour) });
        let call = IInference::withdrawCall { token: NATIVE, to: ACTOR };
        let refused = world.chain.send(PROVIDER, INFERENCE, &call);
        assert_eq!(refused.error::<IInference::TransferFailed>().token, NATIVE);
    }
    assert_eq!(world.owed(NATIVE, PROVIDER), amount);
    for answer in [mode::FALSE, mode::REVERT, mode::BOMB, mode::BURN, mode::TWO] {
        world.set_mode(answer);
        let call = IInference::withdrawCall { token: TOKEN, to: ANYONE };
        let refused = world.chain.send(PROVIDER, INFERENCE, &call);
        assert_eq!(refused.error::<IInference::TransferFailed>().token, TOKEN, "mode {answer}");
    }
    assert_eq!(world.owed(TOKEN, PROVIDER), amount);
}

/// Calls of each function that changes anything.
fn every_call(world: &World, settlement: &IInference::Settlement) -> Vec<Vec<u8>> {
    let request =
        IInference::requestCall { amount: U256::ZERO, ..world.request_call(NATIVE, U256::ZERO) };
    vec![
        model_call(B256::ZERO, 0, 0, 99).abi_encode(),
        request.abi_encode(),
        IInference::settleCall { settlement: settlement.clone() }.abi_encode(),
        IInference::settleManyCall { settlements: vec![], gasPerItem: U256::ZERO }.abi_encode(),
        IInference::refundCall { requestId: settlement.receipt.requestId }.abi_encode(),
        IInference::withdrawCall { token: TOKEN, to: ACTOR }.abi_encode(),
        IInference::withdrawCall { token: NATIVE, to: ACTOR }.abi_encode(),
        IInference::setModelOwnerCall { modelId: world.model, owner: ANYONE }.abi_encode(),
        IInference::setModelPolicyCall { modelId: world.model, policyId: USER_POLICY }.abi_encode(),
    ]
}

#[test]
fn nobody_comes_in_again() {
    let mut world = World::new();
    let open = world.request(NATIVE, ether(1));
    let receipt = world.receipt(open, ether(1), None);
    let settlement = world.sign(receipt);
    let cited = world.cited();
    let reentered = alloy_sol_types::SolError::abi_encode(&IInference::Reentered {});
    for call in every_call(&world, &settlement) {
        // From a token, within request, settle (on its way to Datanets) and withdraw.
        let mut token = world.clone();
        token.tell(
            TOKEN,
            &TestToken::setReentryCall { target: INFERENCE, data: call.clone().into() },
        );
        let check = |world: &World| {
            assert_eq!(world.chain.call(TOKEN, &TestToken::reentryCall {}), U256::from(1));
            assert_eq!(world.chain.call(TOKEN, &TestToken::answerCall {}), reentered);
        };
        token.settled(TOKEN, ether(1), ether(1), Some(&cited));
        check(&token);
        let withdraw = IInference::withdrawCall { token: TOKEN, to: ANYONE };
        token.chain.send(PROVIDER, INFERENCE, &withdraw).ok();
        check(&token);
        // From who is sent the native token.
        let mut actor = world.clone();
        let receive = TestActor::setReentryCall { target: INFERENCE, data: call.into() };
        actor.tell(ACTOR, &receive);
        actor.settled(NATIVE, ether(1), ether(1), None);
        let amount = actor.owed(NATIVE, PROVIDER);
        let before = actor.has(NATIVE, ACTOR);
        let withdraw = IInference::withdrawCall { token: NATIVE, to: ACTOR };
        actor.chain.send(PROVIDER, INFERENCE, &withdraw).ok();
        assert_eq!(actor.chain.call(ACTOR, &TestActor::answerCall {}), reentered);
        assert_eq!(actor.has(NATIVE, ACTOR) - before, amount);
    }
    // The lock ends with each call: the same calls succeed after one another.
    assert!(world.settle(settlement).is_ok());
}
