//! Tokens that lie, call back, take a fee or change balances by themselves: what they can do to their
//! own holders, and that they do nothing to anybody else's money.

use crate::world::{
    ANYONE, CHALLENGER, CONTRIBUTORS, Cited, DAY, NATIVE, OWNER, PROVIDER, REQUESTER, TOKEN,
    TestToken, World, document, ether, mode,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolError};
use assay_attribution::{LogBuilder, leaf_hash};
use assay_chainspec::predeploys::{DATANETS, INFERENCE};
use assay_precompiles::contracts::{IDatanets, IInference};

const AWAY: Address = Address::repeat_byte(0xaa);

impl World {
    /// The token calls this from within each transfer from now on.
    fn call_back(&mut self, target: Address, data: impl Into<Bytes>) {
        self.tell(TOKEN, &TestToken::setReentryCall { target, data: data.into() });
    }

    /// A model all of whose price goes to one contributor of a datanet: the token itself.
    fn token_contributes(&mut self) -> Cited {
        let create = IDatanets::createCall { curator: OWNER, salt: B256::ZERO, uri: String::new() };
        let sent = self.chain.send(OWNER, DATANETS, &create).ok();
        self.datanet = sent.returned::<IDatanets::createCall>();
        let leaves: Vec<_> = (0..10).map(|index| leaf_hash(&document(index))).collect();
        let contribute = IDatanets::contributeCall {
            datanetId: self.datanet,
            contributor: TOKEN,
            leafHashes: leaves.clone(),
        };
        self.chain.send(OWNER, DATANETS, &contribute).ok();
        self.model = self.register(self.datanet, 0, 10_000, 8);
        let proof = LogBuilder::new(leaves).inclusion_proof(&[1, 6, 9]).expect("in the log");
        Cited { ranges: vec![U256::ZERO; 3], proof, ..self.cited() }
    }
}

/// The token has a balance in Datanets and takes it while a share of another receipt is on its way
/// there: what Datanets has falls in the middle of the transfer, and must not be taken off the share.
#[test]
fn a_share_on_its_way_is_not_mixed_up_with_a_claim() {
    let mut world = World::new();
    let cited = world.token_contributes();
    let first = world.settled(TOKEN, ether(2), ether(2), Some(&cited));
    world.chain.send(PROVIDER, DATANETS, &cited.prove(first)).ok();
    assert_eq!(world.due(TOKEN, TOKEN), ether(2));

    let request = world.request(TOKEN, ether(5));
    let receipt = world.receipt(request, ether(5), Some(&cited));
    let settlement = world.sign(receipt);
    let claim = IDatanets::claimCall { token: TOKEN, to: AWAY }.abi_encode();
    world.call_back(DATANETS, claim);
    world.settle(settlement).ok();
    assert_eq!(
        world.chain.call(TOKEN, &TestToken::answerCall {}),
        IDatanets::Reentered {}.abi_encode()
    );
    assert_eq!(world.credit_of(request).pool, ether(5));
    assert_eq!(world.has(TOKEN, DATANETS), ether(7), "all of it is somebody's");
}

/// Whatever the token calls in either contract while it moves to Datanets is refused.
#[test]
fn nothing_can_be_called_while_a_share_is_on_its_way() {
    let mut world = World::new();
    let cited = world.cited();
    let waiting = world.settled(NATIVE, ether(1), ether(1), Some(&cited));
    world.chain.advance(DAY);
    let calls: [(Address, Vec<u8>); 6] = [
        (DATANETS, cited.distribute(waiting).abi_encode()),
        (DATANETS, cited.prove(waiting).abi_encode()),
        (DATANETS, IDatanets::challengeCall { requestId: waiting }.abi_encode()),
        (DATANETS, IDatanets::voidCreditCall { requestId: waiting }.abi_encode()),
        (
            DATANETS,
            IDatanets::createCall { curator: ANYONE, salt: B256::ZERO, uri: String::new() }
                .abi_encode(),
        ),
        (INFERENCE, IInference::withdrawCall { token: TOKEN, to: AWAY }.abi_encode()),
    ];
    for (target, call) in calls {
        let mut world = world.clone();
        let request = world.request(TOKEN, ether(1));
        let receipt = world.receipt(request, ether(1), Some(&cited));
        let settlement = world.sign(receipt);
        world.call_back(target, call);
        world.settle(settlement).ok();
        assert_eq!(
            world.chain.call(TOKEN, &TestToken::answerCall {}),
            IInference::Reentered {}.abi_encode()
        );
        assert_eq!(world.credit_of(request).pool, world.has(TOKEN, DATANETS));
    }
    // The lock is gone with the transaction, and within one: a batch settles two.
    let items = [TOKEN, TOKEN].map(|token| {
        let request = world.request(token, ether(1));
        let receipt = world.receipt(request, ether(1), Some(&cited));
        world.sign(receipt)
    });
    let batch =
        IInference::settleManyCall { settlements: items.to_vec(), gasPerItem: U256::from(700_000) };
    let sent = world.chain.send(ANYONE, INFERENCE, &batch).ok();
    assert_eq!(sent.returned::<IInference::settleManyCall>()[..], [0b11]);
    world.chain.send(ANYONE, DATANETS, &cited.distribute(waiting)).ok();
}

/// A transfer that fails on its way to Datanets settles nothing, and leaves no lock behind: the same
/// transaction settles the next item.
#[test]
fn a_share_that_does_not_move_leaves_nothing_behind() {
    let mut world = World::new();
    let cited = world.cited();
    let items = [TOKEN, NATIVE].map(|token| {
        let request = world.request(token, ether(1));
        let receipt = world.receipt(request, ether(1), Some(&cited));
        world.sign(receipt)
    });
    let failed = items[0].receipt.requestId;
    for answer in [mode::FALSE, mode::REVERT, mode::BOMB, mode::BURN, mode::TWO] {
        let mut world = world.clone();
        world.set_mode(answer);
        let batch = IInference::settleManyCall {
            settlements: items.to_vec(),
            gasPerItem: U256::from(700_000),
        };
        let sent = world.chain.send(ANYONE, INFERENCE, &batch).ok();
        assert_eq!(sent.returned::<IInference::settleManyCall>()[..], [0b10], "mode {answer}");
        assert_eq!(world.credit_of(failed).state, IDatanets::State::None);
        assert_eq!(world.request_of(failed).state, IInference::State::Open);
        assert_eq!(world.has(TOKEN, DATANETS), U256::ZERO);
    }
}

/// A token that says it moved and did not: the pool is what arrived, nothing; nobody else's pool pays.
#[test]
fn a_share_that_never_arrives_is_no_pool() {
    let mut world = World::new();
    let cited = world.cited();
    let honest = world.settled(TOKEN, ether(1), ether(1), Some(&cited));
    let held = world.has(TOKEN, DATANETS);
    let request = world.request(TOKEN, ether(1));
    let receipt = world.receipt(request, ether(1), Some(&cited));
    let settlement = world.sign(receipt);
    world.set_mode(mode::LIE);
    world.settle(settlement).ok();
    assert_eq!(world.credit_of(request).pool, U256::ZERO);
    assert_eq!((world.credit_of(honest).pool, world.has(TOKEN, DATANETS)), (held, held));
    // Nor is an escrow that never arrives one.
    world.send_request(&world.request_call(TOKEN, ether(1))).error::<IInference::WrongEscrow>();
    world.set_mode(mode::TRUE);
    world.chain.advance(DAY);
    world.chain.send(ANYONE, DATANETS, &cited.distribute(honest)).ok();
    let due: U256 = CONTRIBUTORS.iter().map(|who| world.due(TOKEN, *who)).sum();
    assert_eq!(due, held);
}

/// Balances that fall by themselves: who comes last waits until somebody makes up for it; the native
/// token, and other tokens, do not. Balances that rise: what is more is nobody's.
#[test]
fn balances_that_change_by_themselves_hurt_their_token_alone() {
    let mut world = World::new();
    world.settled(TOKEN, ether(10), ether(10), None);
    world.settled(NATIVE, ether(10), ether(10), None);
    let (owner, provider) = (world.owed(TOKEN, OWNER), world.owed(TOKEN, PROVIDER));
    world.tell(TOKEN, &TestToken::burnCall { from: INFERENCE, amount: ether(3) });
    let withdraw = |world: &mut World, from: Address, token: Address| {
        let call = IInference::withdrawCall { token, to: AWAY };
        world.chain.send(from, INFERENCE, &call)
    };
    withdraw(&mut world, OWNER, TOKEN).ok();
    let refused = withdraw(&mut world, PROVIDER, TOKEN);
    assert_eq!(refused.error::<IInference::TransferFailed>().token, TOKEN);
    assert_eq!(world.owed(TOKEN, PROVIDER), provider, "nothing is lost");
    withdraw(&mut world, PROVIDER, NATIVE).ok();
    withdraw(&mut world, REQUESTER, NATIVE).ok();
    world.tell(TOKEN, &TestToken::mintCall { to: INFERENCE, amount: ether(5) });
    withdraw(&mut world, PROVIDER, TOKEN).ok();
    assert_eq!(world.has(TOKEN, AWAY), owner + provider);
    withdraw(&mut world, REQUESTER, TOKEN).ok();
    assert_eq!(world.has(TOKEN, INFERENCE), ether(2));
    withdraw(&mut world, CHALLENGER, TOKEN).error::<IInference::NothingToWithdraw>();
}

/// A token that refuses one account, as a blacklist does: nobody else's money waits, whichever account
/// it is, and nothing is lost.
#[test]
fn a_token_that_refuses_one_account_stops_nobody_else() {
    let refuse = |world: &mut World, account: Address| {
        world.tell(TOKEN, &TestToken::refuseCall { account });
    };
    let withdraw = |world: &mut World, from: Address, to: Address| {
        world.chain.send(from, INFERENCE, &IInference::withdrawCall { token: TOKEN, to })
    };
    let mut world = World::new();
    let cited = world.cited();
    let credited = world.settled(TOKEN, ether(1), ether(1), Some(&cited));
    world.chain.send(PROVIDER, DATANETS, &cited.prove(credited)).ok();

    // A payee: the receipt settles and pays all, and he takes his part elsewhere.
    let mut payee = world.clone();
    refuse(&mut payee, PROVIDER);
    payee.settled(TOKEN, ether(1), ether(1), Some(&cited));
    let owed = payee.owed(TOKEN, PROVIDER);
    let refused = withdraw(&mut payee, PROVIDER, PROVIDER);
    assert_eq!(refused.error::<IInference::TransferFailed>().token, TOKEN);
    assert_eq!(payee.owed(TOKEN, PROVIDER), owed);
    withdraw(&mut payee, OWNER, OWNER).ok();
    withdraw(&mut payee, PROVIDER, AWAY).ok();
    assert_eq!(payee.has(TOKEN, AWAY), owed);

    // Datanets: what cites does not settle, what does not cite does, and in the end the escrow goes back.
    let mut datanets = world.clone();
    let requests = [TOKEN, NATIVE, TOKEN].map(|token| datanets.request(token, ether(1)));
    let citations = [Some(&cited), Some(&cited), None];
    let items = [0, 1, 2].map(|item: usize| {
        let receipt = datanets.receipt(requests[item], ether(1), citations[item]);
        datanets.sign(receipt)
    });
    refuse(&mut datanets, DATANETS);
    let gas = U256::from(700_000);
    let batch = IInference::settleManyCall { settlements: items.to_vec(), gasPerItem: gas };
    let sent = datanets.chain.send(ANYONE, INFERENCE, &batch).ok();
    assert_eq!(sent.returned::<IInference::settleManyCall>()[..], [0b110]);
    let claim = IDatanets::claimCall { token: TOKEN, to: AWAY };
    let refused = datanets.chain.send(CONTRIBUTORS[0], DATANETS, &claim);
    assert_eq!(refused.error::<IDatanets::TransferFailed>().token, TOKEN);
    datanets.chain.advance(DAY);
    let before = datanets.owed(TOKEN, REQUESTER);
    let refund = IInference::refundCall { requestId: requests[0] };
    datanets.chain.send(ANYONE, INFERENCE, &refund).ok();
    assert_eq!(datanets.owed(TOKEN, REQUESTER) - before, ether(1));
    withdraw(&mut datanets, REQUESTER, AWAY).ok();
    let due = datanets.due(TOKEN, CONTRIBUTORS[0]);
    datanets.set_mode(mode::TRUE);
    let before = datanets.has(TOKEN, AWAY);
    datanets.chain.send(CONTRIBUTORS[0], DATANETS, &claim).ok();
    assert_eq!(datanets.has(TOKEN, AWAY) - before, due);

    // Inference: balances wait, receipts that cite nothing settle, the native token moves.
    let mut inference = world;
    let request = inference.request(TOKEN, ether(1));
    inference.settled(NATIVE, ether(1), ether(1), None);
    refuse(&mut inference, INFERENCE);
    let refused = inference.send_request(&inference.request_call(TOKEN, ether(1)));
    assert_eq!(refused.error::<IInference::TransferFailed>().token, TOKEN);
    let receipt = inference.receipt(request, ether(1), None);
    let settlement = inference.sign(receipt);
    inference.settle(settlement).ok();
    let owed = inference.owed(TOKEN, PROVIDER);
    let refused = withdraw(&mut inference, PROVIDER, AWAY);
    assert_eq!(refused.error::<IInference::TransferFailed>().token, TOKEN);
    let native = IInference::withdrawCall { token: NATIVE, to: AWAY };
    inference.chain.send(PROVIDER, INFERENCE, &native).ok();
    inference.set_mode(mode::TRUE);
    withdraw(&mut inference, PROVIDER, AWAY).ok();
    assert_eq!(inference.has(TOKEN, AWAY), owed);
}
