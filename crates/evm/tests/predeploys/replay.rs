//! A receipt is good on one chain, in one contract, once, whatever else its session's key signed.

use crate::world::{ANYONE, NATIVE, PROVIDER, REQUESTER, SESSION, World, ether};
use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_signer::SignerSync;
use alloy_sol_types::{Eip712Domain, SolStruct};
use assay_chainspec::predeploys::{DATANETS, INFERENCE};
use assay_precompiles::contracts::IInference;
use std::borrow::Cow;

/// The code behind `Inference`'s proxy, called by itself.
const IMPLEMENTATION: Address = address!("0xA55a000000000000000000000000000000002003");

fn domain(world: &World) -> Eip712Domain {
    Eip712Domain {
        name: Some(Cow::Borrowed("Assay Inference")),
        version: Some(Cow::Borrowed("1")),
        chain_id: Some(U256::from(world.chain.chain_id())),
        verifying_contract: Some(INFERENCE),
        salt: None,
    }
}

fn signed(
    world: &World,
    receipt: &IInference::InferenceReceipt,
    domain: &Eip712Domain,
) -> IInference::Settlement {
    let hash = receipt.eip712_signing_hash(domain);
    let signature = world.key.sign_hash_sync(&hash).expect("signs");
    IInference::Settlement {
        receipt: receipt.clone(),
        sessionId: SESSION,
        signature: Bytes::copy_from_slice(&signature.as_bytes()[..64]),
    }
}

#[test]
fn a_receipt_of_another_domain_is_not_signed_here() {
    let mut world = World::new();
    let request = world.request(NATIVE, ether(1));
    let receipt = world.receipt(request, ether(1), None);
    let own = domain(&world);
    let next = own.chain_id.map(|id| id + U256::ONE);
    for other in [
        Eip712Domain { chain_id: next, ..own.clone() },
        Eip712Domain { chain_id: None, ..own.clone() },
        Eip712Domain { verifying_contract: Some(DATANETS), ..own.clone() },
        Eip712Domain { verifying_contract: Some(IMPLEMENTATION), ..own.clone() },
        Eip712Domain { verifying_contract: None, ..own.clone() },
        Eip712Domain { name: Some(Cow::Borrowed("Assay")), ..own.clone() },
        Eip712Domain { version: Some(Cow::Borrowed("2")), ..own.clone() },
        Eip712Domain { salt: Some(B256::ZERO), ..own.clone() },
    ] {
        let settlement = signed(&world, &receipt, &other);
        world.clone().settle(settlement).error::<IInference::WrongSignature>();
    }
    // The struct's hash alone, as a message of another scheme might have it.
    let bare = world.key.sign_hash_sync(&receipt.eip712_hash_struct()).expect("signs");
    let mut settlement = signed(&world, &receipt, &own);
    let good = settlement.clone();
    settlement.signature = Bytes::copy_from_slice(&bare.as_bytes()[..64]);
    world.clone().settle(settlement).error::<IInference::WrongSignature>();
    world.settle(good).ok();
}

/// One request has one receipt: under no other session, with no other nonce, nowhere else.
#[test]
fn a_receipt_that_settled_settles_nowhere_again() {
    let mut world = World::new();
    let request = world.request(NATIVE, ether(2));
    let receipt = world.receipt(request, ether(1), None);
    let own = domain(&world);
    let settlement = signed(&world, &receipt, &own);
    // At the implementation itself there is no such request.
    let call = IInference::settleCall { settlement: settlement.clone() };
    let refused = world.chain.send(ANYONE, IMPLEMENTATION, &call).error::<IInference::NotOpen>();
    assert_eq!(refused.state, IInference::State::None);
    world.settle(settlement.clone()).ok();
    let owed = world.owed(NATIVE, PROVIDER);
    let twin = B256::repeat_byte(0x52);
    let key = world.key.clone();
    world.open_session(twin, PROVIDER, &key);
    for policy in [crate::world::MODEL_POLICY, crate::world::USER_POLICY] {
        world.set_live(twin, policy, true);
    }
    let other_nonce = IInference::InferenceReceipt { nonce: 77, ..receipt };
    for again in [
        settlement.clone(),
        IInference::Settlement { sessionId: twin, ..settlement },
        signed(&world, &other_nonce, &own),
    ] {
        let refused = world.settle(again).error::<IInference::NotOpen>();
        assert_eq!((refused.requestId, refused.state), (request, IInference::State::Settled));
    }
    let refund = IInference::refundCall { requestId: request };
    world.chain.advance(10_000);
    world.chain.send(REQUESTER, INFERENCE, &refund).error::<IInference::NotOpen>();
    assert_eq!(world.owed(NATIVE, PROVIDER), owed);
}
