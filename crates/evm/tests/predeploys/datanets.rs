//! `Datanets`: logs and contributions, and the ways a credit's pool can take.

use crate::{
    harness::Outcome,
    world::{
        ACTOR, ANYONE, CHALLENGER, CONTRIBUTORS, Cited, DATA_SHARE, DAY, NATIVE, OWNER, PROVIDER,
        REQUESTER, TOKEN, TestActor, TestToken, World, document, ether, mode, tokens,
    },
};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolValue};
use assay_attribution::{LogBuilder, empty_root, leaf_hash, log_head};
use assay_chainspec::predeploys::{DATANETS, INFERENCE};
use assay_precompiles::contracts::{IAttribution, IDatanets, IInference};

const CURATOR: Address = Address::repeat_byte(0xc7);
/// `IAttribution.Malformed` of weights that sum to zero.
const NO_WEIGHT: u16 = 10;

fn bond() -> U256 {
    ether(1) / U256::from(100)
}

/// What the model's datanet gets of a price.
fn share(price: U256) -> U256 {
    price * U256::from(DATA_SHARE) / U256::from(10_000)
}

/// A world with one credit, its attribution, and the pool.
fn credited(token: Address) -> (World, B256, Cited, U256) {
    let mut world = World::new();
    let cited = world.cited();
    let request = world.settled(token, ether(1), ether(1), Some(&cited));
    (world, request, cited, share(ether(1)))
}

impl World {
    fn distribute(&mut self, request: B256, cited: &Cited) -> Outcome {
        self.chain.send(ANYONE, DATANETS, &cited.distribute(request))
    }

    fn prove(&mut self, request: B256, cited: &Cited) -> Outcome {
        self.chain.send(PROVIDER, DATANETS, &cited.prove(request))
    }

    fn challenge(&mut self, request: B256) -> Outcome {
        let call = IDatanets::challengeCall { requestId: request };
        self.chain.pay(CHALLENGER, DATANETS, bond(), &call)
    }

    fn void(&mut self, request: B256) -> Outcome {
        self.chain.send(ANYONE, DATANETS, &IDatanets::voidCreditCall { requestId: request })
    }

    fn create(&mut self, curator: Address, salt: u8) -> Outcome {
        let salt = B256::repeat_byte(salt);
        let call = IDatanets::createCall { curator, salt, uri: "ipfs://more".into() };
        self.chain.send(OWNER, DATANETS, &call)
    }

    /// A credit for whatever root a provider chose.
    fn credit_for(&mut self, cited: &Cited) -> B256 {
        self.settled(NATIVE, ether(1), ether(1), Some(cited))
    }

    fn paid(&self, token: Address) -> [U256; 3] {
        CONTRIBUTORS.map(|contributor| self.due(token, contributor))
    }
}

#[test]
fn a_log_grows_as_the_log_builder_says() {
    let mut world = World::new();
    let datanet = world.create(Address::ZERO, 1).ok().returned::<IDatanets::createCall>();
    let tag = keccak256("assay.datanet.v1");
    let id = (tag, OWNER, Address::ZERO, B256::repeat_byte(1)).abi_encode();
    assert_eq!(datanet, keccak256(id));
    let state =
        |world: &World| world.chain.call(DATANETS, &IDatanets::datanetCall { datanetId: datanet });
    assert_eq!(state(&world).head, log_head(0, empty_root()));
    let mut leaves: Vec<B256> = Vec::new();
    let mut firsts = Vec::new();
    for (round, count) in [1u32, 1, 1, 5, 9, 1, 14, 32, 3].into_iter().enumerate() {
        let who = CONTRIBUTORS[round % 2];
        let first = leaves.len() as u64;
        let documents: Vec<u32> = (0..count).map(|index| index + 7 * count).collect();
        leaves.extend(documents.iter().map(|index| leaf_hash(&document(*index))));
        let log = LogBuilder::new(leaves.clone());
        let sent = world.contribute(datanet, who, &documents).ok();
        assert_eq!(
            sent.event::<IDatanets::Contributed>(DATANETS),
            IDatanets::Contributed {
                datanetId: datanet,
                contributor: who,
                firstIndex: first,
                newSize: log.size(),
                newHead: log.head(),
                leafHashes: leaves[first as usize..].to_vec(),
            }
        );
        assert_eq!(sent.returned::<IDatanets::contributeCall>(), first);
        let held = state(&world);
        assert_eq!((held.creator, held.curator), (OWNER, Address::ZERO));
        assert_eq!((held.size, held.head), (log.size(), log.head()));
        let frontier = world.chain.call(DATANETS, &IDatanets::frontierCall { datanetId: datanet });
        assert_eq!(frontier.len(), log.size().count_ones() as usize);
        firsts.push((log.size(), log.head(), first, who));
    }
    let count = IDatanets::rangeCountCall { datanetId: datanet };
    assert_eq!(world.chain.call(DATANETS, &count), U256::from(firsts.len()));
    for (index, (size, head, first, who)) in firsts.into_iter().enumerate() {
        let call = IDatanets::headAtCall { datanetId: datanet, size };
        assert_eq!(world.chain.call(DATANETS, &call), head, "heads are kept");
        let call = IDatanets::rangeCall { datanetId: datanet, index: U256::from(index) };
        let range = world.chain.call(DATANETS, &call);
        assert_eq!((range.firstIndex, range.contributor), (first, who));
    }
    let between = IDatanets::headAtCall { datanetId: datanet, size: 4 };
    assert_eq!(world.chain.call(DATANETS, &between), B256::ZERO);
    let beyond = IDatanets::rangeCall { datanetId: datanet, index: U256::from(9) };
    let refused = world.chain.try_call(ANYONE, DATANETS, &beyond);
    assert_eq!(refused.error::<IDatanets::WrongRange>().index, U256::from(9));
}

#[test]
fn who_may_contribute() {
    let mut world = World::new();
    let sent = world.create(CURATOR, 1).ok();
    let created = sent.event::<IDatanets::DatanetCreated>(DATANETS);
    assert_eq!((created.creator, created.curator), (OWNER, CURATOR));
    let datanet = created.datanetId;
    let exists = world.create(CURATOR, 1).error::<IDatanets::DatanetExists>();
    assert_eq!(exists.datanetId, datanet);

    let [alice, bob, _] = CONTRIBUTORS;
    let leaves = vec![B256::repeat_byte(1)];
    let call = |contributor| IDatanets::contributeCall {
        datanetId: datanet,
        contributor,
        leafHashes: leaves.clone(),
    };
    let refuse = |world: &mut World, caller: Address, contributor: Address| {
        let not = world.chain.send(caller, DATANETS, &call(contributor));
        let not = not.error::<IDatanets::NotContributor>();
        assert_eq!((not.caller, not.contributor), (caller, contributor));
    };
    refuse(&mut world, alice, alice);
    refuse(&mut world, OWNER, alice);
    refuse(&mut world, CURATOR, Address::ZERO);
    assert!(world.chain.send(CURATOR, DATANETS, &call(alice)).is_ok());
    assert!(world.chain.send(CURATOR, DATANETS, &call(CURATOR)).is_ok());
    let allow =
        |contributor, allowed| IDatanets::allowCall { datanetId: datanet, contributor, allowed };
    let refused = world.chain.send(OWNER, DATANETS, &allow(alice, true));
    assert_eq!(refused.error::<IDatanets::NotCurator>().caller, OWNER);
    let sent = world.chain.send(CURATOR, DATANETS, &allow(alice, true)).ok();
    let allowed = sent.event::<IDatanets::ContributorAllowed>(DATANETS);
    assert_eq!((allowed.contributor, allowed.allowed), (alice, true));
    assert!(world.chain.send(alice, DATANETS, &call(alice)).is_ok());
    refuse(&mut world, alice, bob);
    refuse(&mut world, bob, bob);
    world.chain.send(CURATOR, DATANETS, &allow(alice, false)).ok();
    refuse(&mut world, alice, alice);
    let asked = IDatanets::isAllowedCall { datanetId: datanet, contributor: alice };
    assert!(!world.chain.call(DATANETS, &asked));
    // The open one: everybody for himself.
    let open = IDatanets::contributeCall { datanetId: world.datanet, ..call(bob) };
    assert!(world.chain.send(bob, DATANETS, &open).is_ok());
    let not = world.chain.send(alice, DATANETS, &open).error::<IDatanets::NotContributor>();
    assert_eq!((not.caller, not.contributor), (alice, bob));
    let nothing = IDatanets::contributeCall { leafHashes: vec![], ..open.clone() };
    world.chain.send(bob, DATANETS, &nothing).error::<IDatanets::NoLeaves>();
    let unknown = IDatanets::contributeCall { datanetId: B256::ZERO, ..open };
    let refused = world.chain.send(bob, DATANETS, &unknown);
    assert_eq!(refused.error::<IDatanets::UnknownDatanet>().datanetId, B256::ZERO);
    let refused = world.chain.send(
        CURATOR,
        DATANETS,
        &IDatanets::allowCall { datanetId: B256::ZERO, contributor: bob, allowed: true },
    );
    assert_eq!(refused.error::<IDatanets::UnknownDatanet>().datanetId, B256::ZERO);
}

#[test]
fn inference_alone_credits() {
    let mut world = World::new();
    let call = IDatanets::creditCall {
        requestId: B256::ZERO,
        datanetId: world.datanet,
        attributionRoot: B256::ZERO,
        outputHash: B256::ZERO,
        requester: ANYONE,
        token: NATIVE,
    };
    let refused = world.chain.pay(ANYONE, DATANETS, ether(1), &call);
    assert_eq!(refused.error::<IDatanets::NotInference>().caller, ANYONE);
    let refused = world.chain.send(ANYONE, DATANETS, &IDatanets::awaitShareCall { token: TOKEN });
    assert_eq!(refused.error::<IDatanets::NotInference>().caller, ANYONE);
    // Inference itself, were it ever to call wrongly.
    world.chain.set_code(INFERENCE, crate::world::test_code("TestActor"));
    let act = |world: &mut World, value: U256, call: &IDatanets::creditCall| {
        let act = TestActor::actCall { to: DATANETS, call: call.abi_encode().into() };
        world.chain.pay(OWNER, INFERENCE, value, &act)
    };
    let token = IDatanets::creditCall { token: TOKEN, ..call.clone() };
    let refused = act(&mut world, ether(1), &token);
    assert_eq!(refused.error::<IDatanets::WrongValue>().value, ether(1));
    // What Datanets has of a token is not a share that was not awaited.
    let refused = act(&mut world, U256::ZERO, &token);
    assert_eq!(refused.error::<IDatanets::NotAwaited>().token, TOKEN);
    act(&mut world, ether(1), &call).ok();
    assert_eq!(
        act(&mut world, ether(1), &call).error::<IDatanets::WrongState>().state,
        IDatanets::State::Waiting
    );
}

#[test]
fn after_the_window_the_pool_is_split_to_the_wei() {
    for token in [NATIVE, TOKEN] {
        let (mut world, request, cited, pool) = credited(token);
        let until = world.chain.timestamp() + DAY;
        assert_eq!(world.credit_of(request).until, until);
        assert_eq!(world.distribute(request, &cited).error::<IDatanets::TooEarly>().until, until);
        world.chain.advance_to(until - 1);
        assert_eq!(world.distribute(request, &cited).error::<IDatanets::TooEarly>().until, until);
        world.chain.advance(1);
        let sent = world.distribute(request, &cited).ok();
        let distributed = sent.event::<IDatanets::Distributed>(DATANETS);
        assert_eq!(distributed.indices, [1, 6, 9]);
        assert_eq!(distributed.contributors, CONTRIBUTORS);
        assert_eq!(distributed.amounts.iter().sum::<U256>(), pool);
        let expected = assay_attribution::apportion(pool, &[7, 1, 5].map(U256::from)).unwrap();
        assert_eq!(distributed.amounts, expected);
        assert_eq!(world.paid(token)[..], expected);
        assert_eq!(world.credit_of(request).state, IDatanets::State::Distributed);
        let ended = |outcome: Outcome| {
            let state = outcome.error::<IDatanets::WrongState>().state;
            assert_eq!(state, IDatanets::State::Distributed);
        };
        ended(world.distribute(request, &cited));
        ended(world.prove(request, &cited));
        ended(world.challenge(request));
        world.chain.advance(40 * DAY);
        ended(world.void(request));
        // Everybody claims; nothing is left.
        for contributor in CONTRIBUTORS {
            let claim = IDatanets::claimCall { token, to: contributor };
            world.chain.send(contributor, DATANETS, &claim).ok();
        }
        assert_eq!(CONTRIBUTORS.map(|who| world.has(token, who))[..], expected);
        assert_eq!(world.has(token, DATANETS), U256::ZERO);
    }
}

#[test]
fn nothing_happens_to_a_credit_that_is_not_there() {
    let mut world = World::new();
    let cited = world.cited();
    for outcome in [
        world.distribute(B256::ZERO, &cited),
        world.prove(B256::ZERO, &cited),
        world.challenge(B256::ZERO),
        world.void(B256::ZERO),
    ] {
        assert_eq!(outcome.error::<IDatanets::WrongState>().state, IDatanets::State::None);
    }
}

#[test]
fn an_attribution_is_what_the_receipt_committed_to() {
    let (mut world, request, good, _) = credited(NATIVE);
    world.chain.advance(DAY);
    let changes: [fn(&mut IDatanets::Attribution); 6] = [
        |attribution| attribution.datanetId = B256::ZERO,
        |attribution| attribution.logSize -= 1,
        |attribution| attribution.indices[0] = 0,
        |attribution| attribution.leafHashes[0] = B256::ZERO,
        |attribution| attribution.weights[2] += U256::ONE,
        |attribution| attribution.spansHash = B256::ZERO,
    ];
    for change in changes {
        let mut cited = good.clone();
        change(&mut cited.attribution);
        world.distribute(request, &cited).error::<IDatanets::WrongAttribution>();
    }
    for (place, range) in [(0, 1u64), (1, 0), (1, 2), (2, 1), (2, 3)] {
        let mut cited = good.clone();
        cited.ranges[place] = U256::from(range);
        let wrong = world.distribute(request, &cited).error::<IDatanets::WrongRange>();
        assert_eq!(wrong.index, U256::from(place));
    }
    let mut cited = good.clone();
    cited.ranges[2] = U256::MAX;
    world.distribute(request, &cited).error::<IDatanets::WrongRange>();
    cited.ranges.pop();
    world.distribute(request, &cited).error::<IDatanets::WrongAttribution>();
    let mut cited = good.clone();
    cited.proof[0] = B256::ZERO;
    world.distribute(request, &cited).error::<IDatanets::NotInLog>();
    cited.proof.pop();
    let malformed = world.distribute(request, &cited).error::<IAttribution::Malformed>();
    assert_eq!(malformed.code, 7);
    assert!(world.distribute(request, &good).is_ok());
}

/// Roots that a provider can choose so that nobody can ever open them: the pool goes back, by a
/// challenge or by time alone.
#[test]
fn what_nobody_can_open_goes_back() {
    let mut world = World::new();
    let other = world.create(Address::ZERO, 2).ok().returned::<IDatanets::createCall>();
    world.contribute(other, CONTRIBUTORS[0], &(0..10).collect::<Vec<_>>()).ok();
    let good = world.cited();
    type Change = fn(&mut Cited, B256);
    let broken: [(&str, Change); 8] = [
        ("another datanet", |cited, other| cited.attribution.datanetId = other),
        ("a size never had", |cited, _| cited.attribution.logSize = 7),
        ("a size to come", |cited, _| cited.attribution.logSize = 11),
        ("lists that differ", |cited, _| cited.attribution.weights.truncate(2)),
        ("no list", |cited, _| {
            cited.attribution.indices.clear();
            cited.attribution.leafHashes.clear();
            cited.attribution.weights.clear();
            cited.ranges.clear();
        }),
        ("no weight", |cited, _| cited.attribution.weights.fill(U256::ZERO)),
        ("too much weight", |cited, _| cited.attribution.weights.fill(U256::MAX)),
        ("twice one place", |cited, _| cited.attribution.indices[1] = 1),
    ];
    for (name, change) in broken {
        let mut world = world.clone();
        let mut cited = good.clone();
        change(&mut cited, other);
        let request = world.credit_for(&cited);
        let pool = share(ether(1));
        let until = world.chain.timestamp() + DAY;
        let mut challenged = world.clone();
        challenged.challenge(request).ok();
        world.chain.advance(DAY);
        assert!(!world.distribute(request, &cited).is_ok(), "{name}");
        assert!(!world.prove(request, &cited).is_ok(), "{name}");
        // Without a challenge: once it could have been opened for long enough.
        let end = until + 30 * DAY;
        assert_eq!(world.void(request).error::<IDatanets::TooEarly>().until, end);
        world.chain.advance_to(end - 1);
        assert_eq!(world.void(request).error::<IDatanets::TooEarly>().until, end);
        world.chain.advance(1);
        let sent = world.void(request).ok();
        let voided = sent.event::<IDatanets::Voided>(DATANETS);
        assert_eq!((voided.requester, voided.pool), (REQUESTER, pool));
        assert!(sent.events::<IDatanets::BondPaid>(DATANETS).is_empty());
        assert_eq!(world.due(NATIVE, REQUESTER), pool);
        assert_eq!(
            world.void(request).error::<IDatanets::WrongState>().state,
            IDatanets::State::Void
        );
        // With one: when the time to answer is over.
        assert_eq!(challenged.void(request).error::<IDatanets::TooEarly>().until, until);
        challenged.chain.advance(DAY);
        assert_eq!(challenged.prove(request, &cited).error::<IDatanets::TooLate>().until, until);
        let sent = challenged.void(request).ok();
        let paid = sent.event::<IDatanets::BondPaid>(DATANETS);
        assert_eq!((paid.account, paid.bond), (CHALLENGER, bond()));
        assert_eq!(challenged.due(NATIVE, REQUESTER), pool);
        assert_eq!(challenged.due(NATIVE, CHALLENGER), bond());
        assert_eq!(challenged.has(NATIVE, DATANETS), pool + bond());
    }
    // What is wrong with no weight is the precompile's to say.
    let mut cited = good;
    cited.attribution.weights.fill(U256::ZERO);
    let request = world.credit_for(&cited);
    world.chain.advance(DAY);
    let malformed = world.distribute(request, &cited).error::<IAttribution::Malformed>();
    assert_eq!(malformed.code, NO_WEIGHT);
}

#[test]
fn a_challenge_takes_the_bond_within_the_window_once() {
    let (mut world, request, cited, _) = credited(TOKEN);
    let call = IDatanets::challengeCall { requestId: request };
    for value in [U256::ZERO, bond() - U256::ONE, bond() + U256::ONE] {
        let refused = world.chain.pay(CHALLENGER, DATANETS, value, &call);
        assert_eq!(refused.error::<IDatanets::WrongBond>().bond, value);
    }
    let until = world.chain.timestamp() + DAY;
    let mut late = world.clone();
    late.chain.advance_to(until);
    assert_eq!(late.challenge(request).error::<IDatanets::TooLate>().until, until);
    world.chain.advance_to(until - 1);
    let sent = world.challenge(request).ok();
    let challenged = sent.event::<IDatanets::Challenged>(DATANETS);
    let end = until - 1 + DAY;
    assert_eq!((challenged.challenger, challenged.until), (CHALLENGER, end));
    let credit = world.credit_of(request);
    assert_eq!((credit.state, credit.challenger), (IDatanets::State::Challenged, CHALLENGER));
    assert_eq!(
        world.challenge(request).error::<IDatanets::WrongState>().state,
        IDatanets::State::Challenged
    );
    assert_eq!(
        world.distribute(request, &cited).error::<IDatanets::WrongState>().state,
        IDatanets::State::Challenged
    );
    assert_eq!(world.has(NATIVE, DATANETS), bond());
    // Answered in the last second: the pool is split at once, the bond is the answerer's.
    world.chain.advance_to(end - 1);
    let sent = world.prove(request, &cited).ok();
    let paid = sent.event::<IDatanets::BondPaid>(DATANETS);
    assert_eq!((paid.account, paid.bond), (PROVIDER, bond()));
    assert_eq!(world.due(NATIVE, PROVIDER), bond());
    assert_eq!(world.paid(TOKEN).iter().sum::<U256>(), share(ether(1)));
    world.chain.advance(DAY);
    assert_eq!(
        world.void(request).error::<IDatanets::WrongState>().state,
        IDatanets::State::Distributed
    );
}

#[test]
fn a_proof_needs_no_challenge() {
    for wait in [0, DAY, 50 * DAY] {
        let (mut world, request, cited, pool) = credited(NATIVE);
        world.chain.advance(wait);
        let sent = world.prove(request, &cited).ok();
        assert!(sent.events::<IDatanets::BondPaid>(DATANETS).is_empty());
        assert_eq!(world.paid(NATIVE).iter().sum::<U256>(), pool);
        assert_eq!(
            world.challenge(request).error::<IDatanets::WrongState>().state,
            IDatanets::State::Distributed
        );
    }
}

#[test]
fn a_proof_shows_the_attributions_spans() {
    let (mut world, request, good, _) = credited(NATIVE);
    world.challenge(request).ok();
    let changes: [fn(&mut Cited); 4] = [
        |cited| cited.output = tokens([5]).into(),
        |cited| cited.spans[0].length -= 1,
        |cited| cited.min_length = 2,
        |cited| cited.chunks[0] = document(2).into(),
    ];
    for change in &changes[..3] {
        let mut cited = good.clone();
        change(&mut cited);
        world.prove(request, &cited).error::<IDatanets::WrongSpans>();
    }
    // A chunk that the spans do not hold for is the precompile's to refuse.
    let mut cited = good.clone();
    changes[3](&mut cited);
    world.prove(request, &cited).error::<IAttribution::Malformed>();
    // Chunks more or other than those in the log: the spans hold, the leaves differ.
    let mut cited = good.clone();
    cited.chunks[0] = [document(1), tokens([1])].concat().into();
    world.prove(request, &cited).error::<IDatanets::WrongSpans>();
    cited = good.clone();
    cited.chunks.push(document(3).into());
    world.prove(request, &cited).error::<IDatanets::WrongSpans>();
    // Weights or leaves that are not what the spans give, though the root commits to them.
    let lies: [fn(&mut Cited); 2] = [
        |cited| cited.attribution.weights.swap(0, 1),
        |cited| cited.attribution.leafHashes[0] = B256::ZERO,
    ];
    for lie in lies {
        let mut cited = good.clone();
        lie(&mut cited);
        let request = world.credit_for(&cited);
        world.prove(request, &cited).error::<IDatanets::WrongSpans>();
    }
    // Spans that hold of an output that is not the receipt's.
    let mut other = good.clone();
    other.output = tokens([1, 2, 3]).into();
    let request_of_other = world.credit_for(&other);
    world.prove(request_of_other, &good).error::<IDatanets::WrongSpans>();
    assert!(world.prove(request, &good).is_ok());
}

#[test]
fn weights_of_zero_and_contributors_of_many_places() {
    let mut world = World::new();
    // Documents 0, 2 and 4 are one contributor's; document 5 is cited with no token.
    let cited = world.cite(&[(0, 3), (2, 4), (4, 5), (5, 0), (8, 6)]);
    assert_eq!(cited.attribution.weights[3], U256::ZERO);
    let request = world.credit_for(&cited);
    let pool = share(ether(1));
    let sent = world.prove(request, &cited).ok();
    let amounts = sent.event::<IDatanets::Distributed>(DATANETS).amounts;
    assert_eq!(amounts.iter().sum::<U256>(), pool);
    let [first, second, third] = world.paid(NATIVE);
    assert_eq!(first, amounts[0] + amounts[1] + amounts[2]);
    assert_eq!((second, third), (U256::ZERO, amounts[4]));
    assert_eq!(first + third, pool);
}

#[test]
fn a_claim_pays_its_account_once_and_survives_bad_receivers() {
    for token in [NATIVE, TOKEN] {
        let (mut world, request, cited, _) = credited(token);
        world.prove(request, &cited).ok();
        let [alice, ..] = CONTRIBUTORS;
        let amount = world.due(token, alice);
        for to in [Address::ZERO, DATANETS, INFERENCE] {
            let refused = world.chain.send(alice, DATANETS, &IDatanets::claimCall { token, to });
            assert_eq!(refused.error::<IDatanets::WrongReceiver>().to, to);
        }
        // A receiver or token that reverts, answers false, bombs: nothing is lost.
        world.set_mode(mode::BOMB);
        world.tell(ACTOR, &TestActor::setModeCall { mode: U256::from(2) });
        let call = IDatanets::claimCall { token, to: ACTOR };
        let refused = world.chain.send(alice, DATANETS, &call);
        assert_eq!(refused.error::<IDatanets::TransferFailed>().token, token);
        assert_eq!(world.due(token, alice), amount);
        // One that comes in again: refused, and paid once.
        world.set_mode(mode::SILENT);
        let again: alloy_primitives::Bytes = call.abi_encode().into();
        let reentry = TestActor::setReentryCall { target: DATANETS, data: again.clone() };
        world.tell(ACTOR, &reentry);
        world.tell(TOKEN, &TestToken::setReentryCall { target: DATANETS, data: again });
        let before = world.has(token, ACTOR);
        let sent = world.chain.send(alice, DATANETS, &call).ok();
        assert_eq!(
            sent.event::<IDatanets::Claimed>(DATANETS),
            IDatanets::Claimed { contributor: alice, token, to: ACTOR, amount }
        );
        let answer = if token == NATIVE {
            world.chain.call(ACTOR, &TestActor::answerCall {})
        } else {
            world.chain.call(TOKEN, &TestToken::answerCall {})
        };
        assert_eq!(answer, IDatanets::Reentered {}.abi_encode());
        assert_eq!(world.has(token, ACTOR) - before, amount);
        world.chain.send(alice, DATANETS, &call).error::<IDatanets::NothingToClaim>();
        world.chain.send(ANYONE, DATANETS, &call).error::<IDatanets::NothingToClaim>();
    }
}

/// As many places as one transaction can pay for: the figure that docs/inference.md names.
#[test]
fn an_attribution_to_four_hundred_contributors_is_paid() {
    let mut world = World::new();
    let datanet = world.create(CURATOR, 3).ok().returned::<IDatanets::createCall>();
    let count = 400u32;
    for index in 0..count {
        let contributor = Address::left_padding_from(&(0x1000 + index).to_be_bytes());
        let call = IDatanets::contributeCall {
            datanetId: datanet,
            contributor,
            leafHashes: vec![leaf_hash(&document(index))],
        };
        world.chain.send(CURATOR, DATANETS, &call).ok();
    }
    world.model = world.register(datanet, 0, 10_000, 5);
    let log = LogBuilder::new((0..count).map(|index| leaf_hash(&document(index))).collect());
    let indices: Vec<u64> = (0..u64::from(count)).collect();
    let attribution = IDatanets::Attribution {
        datanetId: datanet,
        logSize: indices.len() as u64,
        leafHashes: (0..count).map(|index| leaf_hash(&document(index))).collect(),
        weights: (1..=count).map(U256::from).collect(),
        spansHash: B256::ZERO,
        indices: indices.clone(),
    };
    let cited = Cited {
        attribution,
        ranges: indices.iter().map(|index| U256::from(*index)).collect(),
        proof: log.inclusion_proof(&indices).expect("in the log"),
        ..world.cited()
    };
    let request = world.credit_for(&cited);
    world.chain.advance(DAY);
    let sent = world.distribute(request, &cited).ok();
    let amounts = sent.event::<IDatanets::Distributed>(DATANETS).amounts;
    assert_eq!(amounts.iter().sum::<U256>(), ether(1));
    println!("distribute to {count}: {} gas", sent.gas_used);
    assert_eq!(world.request_of(request).state, IInference::State::Settled);
}
