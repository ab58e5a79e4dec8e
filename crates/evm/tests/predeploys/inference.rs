//! `Inference`: models, requests, settlement, refunds.

use crate::world::{
    ANYONE, DATA_SHARE, MODEL_POLICY, NATIVE, OWNER, OWNER_SHARE, PATIENCE, PROVIDER, REQUESTER,
    SESSION, TOKEN, USER_POLICY, World, ether, field, model_call, uncompressed,
};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolValue;
use assay_chainspec::predeploys::{DATANETS, INFERENCE, SESSIONS};
use assay_precompiles::contracts::{IDatanets, IInference, ISessions};

type Receipt = IInference::InferenceReceipt;

#[test]
fn a_model_is_registered_once_by_its_owner() {
    let mut world = World::new();
    let call = model_call(world.datanet, 1, 2, 77);
    let sent = world.chain.send(OWNER, INFERENCE, &call).ok();
    let model = sent.returned::<IInference::registerModelCall>();
    let tag = keccak256("assay.model.v1");
    let id = (tag, OWNER, call.weights, call.tokenizer, call.parameters).abi_encode();
    assert_eq!(model, keccak256(id));
    let (weights, tokenizer, parameters) = (call.weights, call.tokenizer, call.parameters);
    let id_call = IInference::modelIdOfCall { owner: OWNER, weights, tokenizer, parameters };
    assert_eq!(world.chain.call(INFERENCE, &id_call), model);
    assert_eq!(
        sent.event::<IInference::ModelRegistered>(INFERENCE),
        IInference::ModelRegistered {
            modelId: model,
            owner: OWNER,
            weights,
            tokenizer,
            parameters,
            policyId: MODEL_POLICY,
            datanetId: world.datanet,
            ownerShare: 1,
            dataShare: 2,
            uri: call.uri.clone(),
        }
    );
    let held = IInference::Model {
        owner: OWNER,
        policyId: MODEL_POLICY,
        datanetId: world.datanet,
        ownerShare: 1,
        dataShare: 2,
    };
    assert_eq!(world.chain.call(INFERENCE, &IInference::modelCall { modelId: model }), held);
    let again = world.chain.send(OWNER, INFERENCE, &call);
    assert_eq!(again.error::<IInference::ModelExists>().modelId, model);
    // Another's id is another: nobody can take it from the owner.
    assert!(world.chain.send(ANYONE, INFERENCE, &call).is_ok());
}

#[test]
fn a_model_needs_a_policy_a_datanet_and_shares_that_fit() {
    let mut world = World::new();
    let datanet = world.datanet;
    let mut send = |call: &IInference::registerModelCall| world.chain.send(OWNER, INFERENCE, call);
    let all = send(&model_call(datanet, 4_000, 6_000, 50));
    assert!(all.is_ok(), "10,000 parts are all of it");
    let over = send(&model_call(datanet, 4_001, 6_000, 51));
    assert_eq!(over.error::<IInference::WrongShares>().sum, U256::from(10_001));
    let most = send(&model_call(datanet, u16::MAX, u16::MAX, 51));
    assert_eq!(most.error::<IInference::WrongShares>().sum, U256::from(131_070));
    let nobody = send(&model_call(B256::ZERO, 0, 1, 51));
    assert_eq!(nobody.error::<IInference::WrongShares>().sum, U256::from(1));
    let unknown = send(&model_call(B256::repeat_byte(8), 0, 1, 51));
    assert_eq!(unknown.error::<IDatanets::UnknownDatanet>().datanetId, B256::repeat_byte(8));
    for policy in [B256::ZERO, B256::repeat_byte(3)] {
        let call =
            IInference::registerModelCall { policyId: policy, ..model_call(B256::ZERO, 0, 0, 51) };
        assert_eq!(send(&call).error::<ISessions::UnknownPolicy>().policyId, policy);
    }
    assert!(send(&model_call(B256::ZERO, 10_000, 0, 51)).is_ok());
}

#[test]
fn only_its_owner_changes_a_model() {
    let mut world = World::new();
    let model = world.model;
    let policy = IInference::setModelPolicyCall { modelId: model, policyId: USER_POLICY };
    let owner = IInference::setModelOwnerCall { modelId: model, owner: ANYONE };
    for outcome in
        [world.chain.send(ANYONE, INFERENCE, &policy), world.chain.send(ANYONE, INFERENCE, &owner)]
    {
        assert_eq!(outcome.error::<IInference::NotModelOwner>().caller, ANYONE);
    }
    let unknown = IInference::setModelOwnerCall { modelId: B256::ZERO, owner: ANYONE };
    let refused = world.chain.send(OWNER, INFERENCE, &unknown);
    assert_eq!(refused.error::<IInference::UnknownModel>().modelId, B256::ZERO);
    let unknown = IInference::setModelPolicyCall { modelId: model, policyId: B256::ZERO };
    let refused = world.chain.send(OWNER, INFERENCE, &unknown);
    assert_eq!(refused.error::<ISessions::UnknownPolicy>().policyId, B256::ZERO);
    let nobody = IInference::setModelOwnerCall { modelId: model, owner: Address::ZERO };
    let refused = world.chain.send(OWNER, INFERENCE, &nobody);
    assert_eq!(refused.error::<IInference::WrongReceiver>().to, Address::ZERO);

    let sent = world.chain.send(OWNER, INFERENCE, &policy).ok();
    let changed = sent.event::<IInference::ModelPolicyChanged>(INFERENCE);
    assert_eq!((changed.modelId, changed.policyId), (model, USER_POLICY));
    let sent = world.chain.send(OWNER, INFERENCE, &owner).ok();
    let changed = sent.event::<IInference::ModelOwnerChanged>(INFERENCE);
    assert_eq!((changed.modelId, changed.owner), (model, ANYONE));
    let refused = world.chain.send(OWNER, INFERENCE, &policy);
    assert_eq!(refused.error::<IInference::NotModelOwner>().caller, OWNER);
    // Both hold from now on, for open requests as well.
    let held = world.chain.call(INFERENCE, &IInference::modelCall { modelId: model });
    assert_eq!((held.owner, held.policyId), (ANYONE, USER_POLICY));
}

#[test]
fn a_request_puts_its_escrow() {
    for token in [NATIVE, TOKEN] {
        let mut world = World::new();
        for (count, amount) in [ether(3), U256::ZERO].into_iter().enumerate() {
            let before = world.has(token, REQUESTER);
            let call = world.request_call(token, amount);
            let sent = world.send_request(&call).ok();
            println!("request {count} of token {token}: {} gas", sent.gas_used);
            let request = sent.returned::<IInference::requestCall>();
            let id = (
                keccak256("assay.request.v1"),
                U256::from(world.chain.chain_id()),
                INFERENCE,
                REQUESTER,
                U256::from(count),
                (call.modelId, call.inputHash, call.policyId, call.deadline, token, amount),
            );
            assert_eq!(request, keccak256(id.abi_encode()));
            assert_eq!(
                sent.event::<IInference::Requested>(INFERENCE),
                IInference::Requested {
                    requestId: request,
                    modelId: world.model,
                    requester: REQUESTER,
                    token,
                    escrow: amount,
                    inputHash: call.inputHash,
                    policyId: USER_POLICY,
                    deadline: call.deadline,
                }
            );
            assert_eq!(
                world.request_of(request),
                IInference::Request {
                    modelId: world.model,
                    requester: REQUESTER,
                    token,
                    escrow: amount,
                    inputHash: call.inputHash,
                    policyId: USER_POLICY,
                    time: world.chain.timestamp(),
                    deadline: call.deadline,
                    state: IInference::State::Open,
                }
            );
            assert_eq!(before - world.has(token, REQUESTER), amount);
        }
        assert_eq!(world.has(token, INFERENCE), ether(3));
        let count = IInference::requestCountCall { requester: REQUESTER };
        assert_eq!(world.chain.call(INFERENCE, &count), U256::from(2));
    }
}

#[test]
fn a_request_is_refused() {
    let mut world = World::new();
    let good = world.request_call(NATIVE, ether(1));
    let now = world.chain.timestamp();
    let longest = world.chain.call(INFERENCE, &IInference::MAX_TIMECall {});
    for deadline in [0, now - 1, now, now + longest + 1, u64::MAX] {
        let call = IInference::requestCall { deadline, ..good.clone() };
        let refused = world.send_request(&call);
        assert_eq!(refused.error::<IInference::WrongDeadline>().deadline, deadline);
    }
    for deadline in [now + 1, now + longest] {
        let call = IInference::requestCall { deadline, ..good.clone() };
        assert!(world.send_request(&call).is_ok());
    }
    let call = IInference::requestCall { modelId: B256::ZERO, ..good.clone() };
    let refused = world.send_request(&call);
    assert_eq!(refused.error::<IInference::UnknownModel>().modelId, B256::ZERO);
    let call = IInference::requestCall { policyId: B256::repeat_byte(1), ..good.clone() };
    let refused = world.send_request(&call);
    assert_eq!(refused.error::<ISessions::UnknownPolicy>().policyId, B256::repeat_byte(1));
    for value in [U256::ZERO, ether(1) - U256::ONE, ether(1) + U256::ONE] {
        let refused = world.chain.pay(REQUESTER, INFERENCE, value, &good);
        refused.error::<IInference::WrongEscrow>();
    }
    let with_token = IInference::requestCall { token: TOKEN, ..good };
    let refused = world.chain.pay(REQUESTER, INFERENCE, U256::ONE, &with_token);
    refused.error::<IInference::WrongEscrow>();
}

#[test]
fn a_receipt_pays_everyone_to_the_wei() {
    for token in [NATIVE, TOKEN] {
        let mut world = World::new();
        let escrow = ether(10);
        let price = U256::from(1_234_567_890_123_456_789u64);
        let cited = world.cited();
        let request = world.request(token, escrow);
        let receipt = world.receipt(request, price, Some(&cited));
        let hash = world.digest(&receipt);
        let hash_call = IInference::receiptHashCall { receipt: receipt.clone() };
        assert_eq!(world.chain.call(INFERENCE, &hash_call), hash, "EIP-712");
        assert_eq!(
            world.chain.call(INFERENCE, &IInference::receiptOfCall { requestId: request }),
            B256::ZERO
        );
        world.chain.advance(2);
        let settlement = world.sign(receipt.clone());
        let sent = world.settle(settlement).ok();
        println!("settle, token {token}: {} gas", sent.gas_used);

        // Largest remainders over 1,500 · 6,167 · 2,333 parts of the price, computed by hand:
        // remainders 3,500 · 7,763 · 8,737, and two units to give.
        let owner = U256::from(185_185_183_518_518_518u64);
        let provider = U256::from(761_358_017_839_135_802u64);
        let data = U256::from(288_024_688_765_802_469u64);
        assert_eq!(owner + provider + data, price);
        let paid = [(OWNER, owner), (PROVIDER, provider), (REQUESTER, escrow - price)];
        for (account, amount) in paid {
            assert_eq!(world.owed(token, account), amount);
        }
        let events: Vec<_> = sent
            .events::<IInference::Paid>(INFERENCE)
            .into_iter()
            .map(|paid| {
                assert_eq!((paid.token, paid.requestId), (token, request));
                (paid.account, paid.amount)
            })
            .collect();
        assert_eq!(events, paid);
        assert_eq!(
            sent.event::<IInference::Settled>(INFERENCE),
            IInference::Settled {
                requestId: request,
                modelId: world.model,
                provider: PROVIDER,
                receiptHash: hash,
                sessionId: SESSION,
                receipt: receipt.clone(),
            }
        );
        let credited = sent.event::<IDatanets::Credited>(DATANETS);
        assert_eq!((credited.requestId, credited.pool, credited.token), (request, data, token));
        let credit = world.credit_of(request);
        assert_eq!(
            (credit.attributionRoot, credit.outputHash),
            (cited.root(), cited.output_hash())
        );
        assert_eq!((credit.requester, credit.pool), (REQUESTER, data));
        assert_eq!(world.has(token, DATANETS), data);
        assert_eq!(world.has(token, INFERENCE), escrow - data);

        assert_eq!(world.request_of(request).state, IInference::State::Settled);
        assert_eq!(
            world.chain.call(INFERENCE, &IInference::receiptOfCall { requestId: request }),
            hash
        );
        let slot = keccak256((request, U256::ZERO).abi_encode());
        assert_eq!(world.chain.storage(INFERENCE, slot), hash, "slot 0");
        let nonce = |nonce| IInference::nonceUsedCall { sessionId: SESSION, nonce };
        assert!(world.chain.call(INFERENCE, &nonce(receipt.nonce)));
        assert!(!world.chain.call(INFERENCE, &nonce(receipt.nonce + 256)));
    }
}

#[test]
fn shares_go_back_or_nowhere_where_there_is_nobody_to_get_them() {
    let mut world = World::new();
    // Nothing cited: the datanet's share is the requester's.
    let price = U256::from(10_000);
    let request = world.settled(NATIVE, price, price, None);
    assert_eq!(world.owed(NATIVE, REQUESTER), U256::from(DATA_SHARE));
    assert_eq!(world.owed(NATIVE, OWNER), U256::from(OWNER_SHARE));
    assert_eq!(world.credit_of(request).state, IDatanets::State::None);
    // A free answer pays nobody, and is a receipt all the same.
    let cited = world.cited();
    let free = world.settled(NATIVE, U256::ZERO, U256::ZERO, Some(&cited));
    assert_eq!(world.request_of(free).state, IInference::State::Settled);
    assert_eq!(world.credit_of(free).state, IDatanets::State::None);
    // All to the owner.
    world.model = world.register(B256::ZERO, 10_000, 0, 9);
    world.settled(TOKEN, price, price, None);
    assert_eq!(world.owed(TOKEN, OWNER), price);
}

/// A world in which a receipt would settle.
fn ready() -> (World, IInference::Settlement) {
    let mut world = World::new();
    let request = world.request(NATIVE, ether(1));
    world.chain.advance(10);
    let cited = world.cited();
    let receipt = world.receipt(request, ether(1), Some(&cited));
    let settlement = world.sign(receipt);
    (world, settlement)
}

#[test]
fn a_field_that_is_not_the_requests_is_refused() {
    let (mut world, good) = ready();
    type Change = fn(&mut Receipt);
    let cases: [(&str, Change); 3] = [
        ("modelId", |receipt| receipt.modelId = B256::ZERO),
        ("inputHash", |receipt| receipt.inputHash = B256::ZERO),
        ("requester", |receipt| receipt.requester = ANYONE),
    ];
    for (name, change) in cases {
        let mut receipt = good.receipt.clone();
        change(&mut receipt);
        let settlement = world.sign(receipt);
        let refused = world.clone().settle(settlement);
        assert_eq!(refused.error::<IInference::WrongReceipt>().field, field(name));
    }
    let mut receipt = good.receipt.clone();
    receipt.price += U256::ONE;
    let refused = world.clone().settle(world.sign(receipt));
    let above = refused.error::<IInference::PriceAboveEscrow>();
    assert_eq!((above.price, above.escrow), (ether(1) + U256::ONE, ether(1)));

    let mut receipt = good.receipt.clone();
    receipt.provider = ANYONE;
    let refused = world.clone().settle(world.sign(receipt));
    let wrong = refused.error::<IInference::WrongProvider>();
    assert_eq!((wrong.provider, wrong.controller), (ANYONE, PROVIDER));

    let mut receipt = good.receipt.clone();
    receipt.requestId = B256::ZERO;
    let refused = world.clone().settle(world.sign(receipt));
    assert_eq!(refused.error::<IInference::NotOpen>().state, IInference::State::None);
    // Without a datanet nothing can be attributed.
    let mut bare = world.clone();
    bare.model = bare.register(B256::ZERO, 0, 0, 9);
    let request = bare.request(NATIVE, ether(1));
    let cited = bare.cited();
    let receipt = bare.receipt(request, ether(1), Some(&cited));
    let refused = bare.clone().settle(bare.sign(receipt));
    assert_eq!(refused.error::<IInference::WrongReceipt>().field, field("attributionRoot"));
    assert!(world.settle(good).is_ok());
}

#[test]
fn a_receipt_is_from_between_request_and_deadline_and_not_from_the_future() {
    let (mut world, good) = ready();
    let asked = world.request_of(good.receipt.requestId);
    let at = |world: &World, time: u64| {
        let settlement = world.sign(Receipt { time, ..good.receipt.clone() });
        world.clone().settle(settlement)
    };
    let now = world.chain.timestamp();
    assert!(asked.time < now);
    assert!(at(&world, asked.time).is_ok());
    assert!(at(&world, now).is_ok());
    for time in [0, asked.time - 1, now + 1, u64::MAX] {
        assert_eq!(at(&world, time).error::<IInference::WrongTime>().time, time);
    }
    // A receipt from before the deadline settles after it, while nobody was refunded.
    world.chain.advance_to(asked.deadline + 100);
    assert!(at(&world, asked.deadline).is_ok());
    let late = asked.deadline + 1;
    assert_eq!(at(&world, late).error::<IInference::WrongTime>().time, late);
}

#[test]
fn the_session_is_live_under_both_policies() {
    let (world, good) = ready();
    for policy in [MODEL_POLICY, USER_POLICY] {
        let mut dead = world.clone();
        dead.set_live(SESSION, policy, false);
        let not = dead.settle(good.clone()).error::<IInference::NotLive>();
        assert_eq!((not.sessionId, not.policyId), (SESSION, policy));
    }
    // A new policy of the model holds for open requests.
    let mut changed = world.clone();
    let policy = B256::repeat_byte(0x63);
    changed.tell(SESSIONS, &crate::world::TestSessions::setPolicyCall { policyId: policy });
    let set = IInference::setModelPolicyCall { modelId: changed.model, policyId: policy };
    changed.chain.send(OWNER, INFERENCE, &set).ok();
    assert_eq!(changed.settle(good.clone()).error::<IInference::NotLive>().policyId, policy);
    changed.set_live(SESSION, policy, true);
    assert!(changed.settle(good.clone()).is_ok());

    let unknown = B256::repeat_byte(0x52);
    let settlement = IInference::Settlement { sessionId: unknown, ..good };
    let refused = world.clone().settle(settlement);
    assert_eq!(refused.error::<ISessions::UnknownSession>().sessionId, unknown);
    // The requester may leave it to the model's policy.
    let mut world = world;
    world.set_live(SESSION, USER_POLICY, false);
    let call =
        IInference::requestCall { policyId: B256::ZERO, ..world.request_call(NATIVE, ether(1)) };
    let request = world.send_request(&call).ok().returned::<IInference::requestCall>();
    let receipt = world.receipt(request, ether(1), None);
    assert!(world.clone().settle(world.sign(receipt)).is_ok());
}

#[test]
fn a_nonce_is_used_once_in_a_session() {
    let (mut world, good) = ready();
    world.settle(good.clone()).ok();
    let request = world.request(NATIVE, ether(1));
    let mut receipt = world.receipt(request, ether(1), None);
    receipt.nonce = good.receipt.nonce;
    let used = world.clone().settle(world.sign(receipt.clone())).error::<IInference::NonceUsed>();
    assert_eq!((used.sessionId, used.nonce), (SESSION, receipt.nonce));
    for nonce in [0, receipt.nonce ^ 0x80, receipt.nonce + 256, u64::MAX] {
        let settlement = world.sign(Receipt { nonce, ..receipt.clone() });
        assert!(world.clone().settle(settlement).is_ok());
    }
    // An enclave of anyone's can name this provider: its receipts leave his nonces alone.
    let (stranger, other) = (B256::repeat_byte(0x99), B256::repeat_byte(0x53));
    let stranger = PrivateKeySigner::from_bytes(&stranger).expect("a key");
    world.open_session(other, PROVIDER, &stranger);
    for policy in [MODEL_POLICY, USER_POLICY] {
        world.set_live(other, policy, true);
    }
    let signature = stranger.sign_hash_sync(&world.digest(&receipt)).expect("signs");
    let settlement = IInference::Settlement {
        receipt,
        sessionId: other,
        signature: signature.as_bytes()[..64].to_vec().into(),
    };
    assert!(world.settle(settlement).is_ok());
}

#[test]
fn the_sessions_key_signed_the_receipt() {
    let (world, good) = ready();
    let refuse = |settlement: IInference::Settlement| {
        world.clone().settle(settlement).error::<IInference::WrongSignature>();
    };
    let signature = good.signature.clone();
    let mut flipped = signature.to_vec();
    flipped[40] ^= 1;
    let long = vec![0; 1_025];
    for bytes in [vec![], signature[..63].to_vec(), flipped, [&signature[..], &[0]].concat(), long]
    {
        refuse(IInference::Settlement { signature: bytes.into(), ..good.clone() });
    }
    // Every field is signed.
    let changes: [fn(&mut Receipt); 5] = [
        |receipt| receipt.outputHash = B256::ZERO,
        |receipt| receipt.attributionRoot = B256::ZERO,
        |receipt| receipt.price -= U256::ONE,
        |receipt| receipt.nonce += 1,
        |receipt| receipt.time -= 1,
    ];
    for change in changes {
        let mut receipt = good.receipt.clone();
        change(&mut receipt);
        refuse(IInference::Settlement { receipt, ..good.clone() });
    }
    let mut other = world.clone();
    other.key = PrivateKeySigner::from_bytes(&B256::repeat_byte(8)).expect("a key");
    assert_ne!(uncompressed(&other.key), uncompressed(&world.key));
    refuse(other.sign(good.receipt.clone()));
    assert!(world.clone().settle(good).is_ok());
}

#[test]
fn a_request_ends_once() {
    let (mut world, good) = ready();
    let request = good.receipt.requestId;
    let refund = IInference::refundCall { requestId: request };
    let deadline = world.request_of(request).deadline;
    assert_eq!(deadline, world.chain.timestamp() - 10 + PATIENCE);
    let early = world.chain.send(ANYONE, INFERENCE, &refund);
    assert_eq!(early.error::<IInference::NotExpired>().deadline, deadline);
    let mut settled = world.clone();
    settled.settle(good.clone()).ok();
    let not = settled.settle(good.clone()).error::<IInference::NotOpen>();
    assert_eq!((not.requestId, not.state), (request, IInference::State::Settled));
    settled.chain.advance_to(deadline + 1);
    assert_eq!(
        settled.chain.send(ANYONE, INFERENCE, &refund).error::<IInference::NotOpen>().state,
        IInference::State::Settled
    );

    world.chain.advance_to(deadline);
    let early = world.chain.send(REQUESTER, INFERENCE, &refund);
    assert_eq!(early.error::<IInference::NotExpired>().deadline, deadline);
    world.chain.advance(1);
    let sent = world.chain.send(ANYONE, INFERENCE, &refund).ok();
    let refunded = sent.event::<IInference::Refunded>(INFERENCE);
    assert_eq!((refunded.requester, refunded.amount), (REQUESTER, ether(1)));
    assert_eq!(sent.event::<IInference::Paid>(INFERENCE).amount, ether(1));
    assert_eq!(world.owed(NATIVE, REQUESTER), ether(1));
    assert_eq!(world.request_of(request).state, IInference::State::Refunded);
    assert_eq!(
        world.chain.send(ANYONE, INFERENCE, &refund).error::<IInference::NotOpen>().state,
        IInference::State::Refunded
    );
    assert_eq!(
        world.settle(good).error::<IInference::NotOpen>().state,
        IInference::State::Refunded
    );
    let none = IInference::refundCall { requestId: B256::ZERO };
    assert_eq!(
        world.chain.send(ANYONE, INFERENCE, &none).error::<IInference::NotOpen>().state,
        IInference::State::None
    );
}
