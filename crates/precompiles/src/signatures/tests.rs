//! `verifyMany`: the bits, and what reverts.

use crate::{Outcome, Precompiles, VerdictCache, contracts::ISignatures};
use alloy_primitives::{B256, Bytes, U256, hex, keccak256};
use alloy_sol_types::{SolCall, SolError};
use assay_chainspec::{AssayRules, PRECOMPILE_ADDRESSES};
use k256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};

fn run(call: &ISignatures::verifyManyCall, gas: u64) -> Outcome {
    Precompiles::new(&AssayRules::default(), VerdictCache::default())
        .unwrap()
        .call(&PRECOMPILE_ADDRESSES[2], &call.abi_encode(), U256::ZERO, gas)
        .unwrap()
}

fn signed(count: u8) -> ISignatures::verifyManyCall {
    let mut call = ISignatures::verifyManyCall {
        scheme: 32,
        digests: vec![],
        keys: vec![],
        signatures: vec![],
    };
    for index in 1..=count {
        let key = SigningKey::from_slice(&[index; 32]).unwrap();
        let digest: B256 = keccak256([index]);
        let signature: Signature = key.sign_prehash(digest.as_slice()).unwrap();
        let signature = signature.normalize_s().unwrap_or(signature);
        let point = key.verifying_key().to_encoded_point(false);
        call.digests.push(digest);
        call.keys.push(Bytes::copy_from_slice(point.as_bytes()));
        call.signatures.push(Bytes::copy_from_slice(&signature.to_bytes()));
    }
    call
}

fn bits(call: &ISignatures::verifyManyCall) -> Vec<u8> {
    let Outcome::Success { gas, bytes } = run(call, u64::MAX) else { panic!("reverted") };
    assert_eq!(run(call, gas - 1), Outcome::OutOfGas);
    ISignatures::verifyManyCall::abi_decode_returns(&bytes).unwrap().to_vec()
}

#[test]
fn each_bit_is_its_signature() {
    let mut call = signed(10);
    assert_eq!(bits(&call), [0xff, 0x03]);
    call.digests[3].0[0] ^= 1;
    call.keys[8] = Bytes::from_static(&[4]);
    call.signatures[9] = Bytes::new();
    assert_eq!(bits(&call), [0xf7, 0x00]);
    assert_eq!(bits(&signed(0)), Vec::<u8>::new());
}

/// The first `verify` case of Ethereum's consensus specification, and what breaks it.
#[test]
fn bls_signatures() {
    let vectors = include_str!("../../../attestation/testdata/bls/consensus.txt");
    let mut call = ISignatures::verifyManyCall {
        scheme: 35,
        digests: vec![],
        keys: vec![],
        signatures: vec![],
    };
    for line in vectors.lines() {
        let fields: Vec<Vec<u8>> =
            line.split(' ').map(|field| hex::decode(field).unwrap()).collect();
        let secret = blst::min_pk::SecretKey::from_bytes(&fields[0]).unwrap();
        call.digests.push(B256::from_slice(&fields[1]));
        call.keys.push(secret.sk_to_pk().compress().to_vec().into());
        call.signatures.push(fields[2].clone().into());
    }
    assert_eq!(bits(&call), [0xff, 0x01]);
    call.digests[0].0[0] ^= 1;
    call.keys[1] = [&[0xc0][..], &[0; 47]].concat().into();
    call.signatures[2] = [&[0xc0][..], &[0; 95]].concat().into();
    call.signatures[3] = call.signatures[3][..64].to_vec().into();
    call.keys[4] = call.keys[0].clone();
    assert_eq!(bits(&call), [0xe0, 0x01]);
}

#[test]
fn unequal_lengths_and_unknown_schemes_revert() {
    let mut short = signed(2);
    short.keys.pop();
    let expected = ISignatures::Malformed { code: 1 }.abi_encode();
    assert!(matches!(run(&short, u64::MAX), Outcome::Revert { bytes, .. } if bytes == expected));
    let unknown = ISignatures::verifyManyCall { scheme: 36, ..signed(1) };
    let expected = ISignatures::UnknownScheme { scheme: 36 }.abi_encode();
    assert!(matches!(run(&unknown, u64::MAX), Outcome::Revert { bytes, .. } if bytes == expected));
}
