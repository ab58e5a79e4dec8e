//! What a model's owner can do to open requests by replacing its policy, and what he cannot.

use crate::world::{
    ANYONE, MODEL_POLICY, NATIVE, OWNER, PROVIDER, REQUESTER, SESSION, TestSessions, USER_POLICY,
    World, ether,
};
use alloy_primitives::{B256, U256};
use alloy_signer_local::PrivateKeySigner;
use assay_chainspec::predeploys::{INFERENCE, SESSIONS};
use assay_precompiles::contracts::IInference;

/// A policy that the owner's session meets alone, and that session.
const OWNERS_POLICY: B256 = B256::repeat_byte(0x63);
const OWNERS_SESSION: B256 = B256::repeat_byte(0x53);

/// A world with an open request under this policy, whose model's owner puts his own policy in place of
/// the model's; the receipt of his session, for all of the escrow; and the honest one.
fn taken_over(policy: B256) -> (World, IInference::Settlement, IInference::Settlement) {
    let mut world = World::new();
    let call = IInference::requestCall { policyId: policy, ..world.request_call(NATIVE, ether(5)) };
    let request = world.send_request(&call).ok().returned::<IInference::requestCall>();
    let receipt = world.receipt(request, ether(1), None);
    let honest = world.sign(receipt);

    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(0x77)).expect("a key");
    world.open_session(OWNERS_SESSION, OWNER, &key);
    world.tell(SESSIONS, &TestSessions::setPolicyCall { policyId: OWNERS_POLICY });
    world.set_live(OWNERS_SESSION, OWNERS_POLICY, true);
    let model = world.model;
    let replace = IInference::setModelPolicyCall { modelId: model, policyId: OWNERS_POLICY };
    world.chain.send(OWNER, INFERENCE, &replace).ok();

    let mut receipt = world.receipt(request, ether(5), None);
    receipt.provider = OWNER;
    let signer = World { key, ..world.clone() };
    let theft = IInference::Settlement { sessionId: OWNERS_SESSION, ..signer.sign(receipt) };
    (world, theft, honest)
}

/// Both policies must hold: the owner can stop such a request, and it costs the requester nothing.
#[test]
fn a_request_that_names_a_policy_keeps_its_escrow() {
    // His own, and the one that was the model's when he asked.
    for policy in [USER_POLICY, MODEL_POLICY] {
        let (mut world, theft, honest) = taken_over(policy);
        let request = theft.receipt.requestId;
        let refused = world.settle(theft).error::<IInference::NotLive>();
        assert_eq!((refused.sessionId, refused.policyId), (OWNERS_SESSION, policy));
        // The model's policy of now holds as well.
        let refused = world.settle(honest).error::<IInference::NotLive>();
        assert_eq!((refused.sessionId, refused.policyId), (SESSION, OWNERS_POLICY));
        let deadline = world.request_of(request).deadline;
        world.chain.advance_to(deadline + 1);
        let refund = IInference::refundCall { requestId: request };
        world.chain.send(ANYONE, INFERENCE, &refund).ok();
        assert_eq!(world.owed(NATIVE, REQUESTER), ether(5));
        assert_eq!(world.owed(NATIVE, OWNER), U256::ZERO);
    }
}

/// Without one it is the owner's to say whose receipt settles, as docs/inference.md warns.
#[test]
fn a_request_without_a_policy_trusts_the_models_owner() {
    let (mut world, theft, honest) = taken_over(B256::ZERO);
    assert_eq!(world.settle(honest).error::<IInference::NotLive>().policyId, OWNERS_POLICY);
    world.settle(theft).ok();
    assert_eq!(world.owed(NATIVE, PROVIDER), U256::ZERO);
    assert_eq!(world.owed(NATIVE, OWNER) + world.owed(NATIVE, REQUESTER), ether(5));
    assert!(world.owed(NATIVE, OWNER) > ether(3), "all but the datanet's share");
}
