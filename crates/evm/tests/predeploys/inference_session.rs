//! `Inference` over the real `Sessions`: a receipt settles under evidence, and not after its end.

#![allow(unreachable_pub, reason = "the test of gas uses it too")]

use crate::{
    harness::Chain,
    world::{NATIVE, OWNER, PROVIDER, REQUESTER, World, ether, model_call, uncompressed},
};
use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolError, SolValue};
use assay_attestation::{
    Anchors, Backend,
    dev::{DevDocument, DevNitro},
    kind,
};
use assay_chainspec::{
    predeploys::{INFERENCE, SESSIONS},
    preset::Preset,
};
use assay_precompiles::contracts::{IInference, ISessions};
use std::collections::BTreeMap;

/// Seconds that the document's certificates have left when the session opens.
const LEFT: u64 = 10_000;

/// A chain that trusts a Nitro instance of the test's, and its session of `PROVIDER` there.
pub fn opened() -> (World, B256, B256) {
    let start = Chain::new().timestamp();
    let instance = DevNitro::new(B256::repeat_byte(0x77), start..start + 2 + LEFT);
    let mut chain = Chain::of(&Preset::Dev.builder().trust(kind::AWS_NITRO, instance.root()));
    chain.advance(2);
    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).expect("a key");
    let public = Bytes::from([&[kind::SECP256K1], &uncompressed(&key)[..]].concat());
    let (header, hash) = chain.parent();
    let bound = (
        keccak256("assay.session.v1"),
        U256::from(chain.chain_id()),
        SESSIONS,
        PROVIDER,
        public.clone(),
        Bytes::new(),
        U256::from(chain.number() - 1),
        hash,
    );
    let evidence = instance.attest(&DevDocument {
        pcrs: (0..16).map(|register| (register, [register + 1; 48])).collect(),
        user_data: Some(keccak256(bound.abi_encode_params()).to_vec().into()),
        time: chain.timestamp(),
        ..DevDocument::default()
    });
    let anchors = Anchors::new(&BTreeMap::from([(kind::AWS_NITRO, vec![instance.root()])]));
    let claims = assay_attestation::verify(
        kind::AWS_NITRO,
        &evidence,
        &[],
        &anchors.expect("a root"),
        Backend::default(),
    )
    .expect("good evidence");
    let policy = ISessions::Policy {
        kinds: vec![kind::AWS_NITRO],
        identities: vec![claims.identity],
        platforms: vec![],
        anchors: claims.anchors,
        masks: vec![],
        leastAssurance: 3,
        toleratedStatus: 0,
        leastEvaluation: 0,
        firmware: vec![],
        greatestAge: 10 * LEFT,
    };
    let register = ISessions::registerPolicyCall { policy };
    let sent = chain.send(OWNER, SESSIONS, &register).ok();
    let policy = sent.returned::<ISessions::registerPolicyCall>();
    let open = ISessions::openCall {
        kind: kind::AWS_NITRO,
        evidence,
        collateralKeys: vec![],
        binding: ISessions::Binding {
            controller: PROVIDER,
            key: public,
            encryptionKey: Bytes::new(),
            header,
        },
    };
    let session = chain.send(OWNER, SESSIONS, &open).ok().returned::<ISessions::openCall>();
    chain.set_balance(REQUESTER, ether(1_000));
    let call =
        IInference::registerModelCall { policyId: policy, ..model_call(B256::ZERO, 1_000, 0, 1) };
    let sent = chain.send(OWNER, INFERENCE, &call).ok();
    let model = sent.returned::<IInference::registerModelCall>();
    (World { chain, key, model, datanet: B256::ZERO, nonce: 0 }, session, policy)
}

fn answered(world: &mut World, session: B256, policy: B256) -> IInference::Settlement {
    let now = world.chain.timestamp();
    let call = IInference::requestCall {
        policyId: policy,
        deadline: now + 100 * LEFT,
        ..world.request_call(NATIVE, ether(1))
    };
    let request = world.send_request(&call).ok().returned::<IInference::requestCall>();
    let receipt = world.receipt(request, ether(1), None);
    IInference::Settlement { sessionId: session, ..world.sign(receipt) }
}

#[test]
fn a_receipt_settles_while_its_session_lives() {
    let (mut world, session, policy) = opened();
    let (first, second) =
        (answered(&mut world, session, policy), answered(&mut world, session, B256::ZERO));
    let sent = world.settle(first).ok();
    println!("settle under a Nitro session: {} gas", sent.gas_used);
    assert_eq!(world.owed(NATIVE, PROVIDER), ether(9) / U256::from(10));
    assert_eq!(world.owed(NATIVE, OWNER), ether(1) / U256::from(10));
    // Nobody acts, and the session ends with its evidence, to the second.
    let end = world.chain.timestamp() + LEFT;
    world.chain.advance_to(end - 1);
    assert!(world.clone().settle(second.clone()).is_ok());
    world.chain.advance(1);
    let refused = world.settle(second.clone()).error::<IInference::NotLive>();
    assert_eq!((refused.sessionId, refused.policyId), (session, policy));
    let batch =
        IInference::settleManyCall { settlements: vec![second], gasPerItem: U256::from(1_000_000) };
    let sent = world.chain.send(OWNER, INFERENCE, &batch).ok();
    let failed = sent.event::<IInference::SettlementFailed>(INFERENCE);
    assert_eq!(
        failed.reason,
        IInference::NotLive { sessionId: session, policyId: policy }.abi_encode()
    );
}

#[test]
fn a_session_that_is_closed_settles_nothing() {
    let (mut world, session, policy) = opened();
    let settlement = answered(&mut world, session, policy);
    let close = ISessions::closeCall { sessionId: session };
    world.chain.send(PROVIDER, SESSIONS, &close).ok();
    assert_eq!(world.settle(settlement.clone()).error::<IInference::NotLive>().sessionId, session);
    let unknown = IInference::Settlement { sessionId: B256::ZERO, ..settlement };
    let refused = world.settle(unknown).error::<ISessions::UnknownSession>();
    assert_eq!(refused.sessionId, B256::ZERO);
}
