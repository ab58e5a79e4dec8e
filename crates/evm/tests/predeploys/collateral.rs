//! `Collateral`: what replaces what, and that evidence is judged as by the precompile itself.

use crate::{
    harness::Chain,
    lab::{ANYONE, DAY, ENCLAVE, Lab, START, collateral_keys, good, sgx, tdx},
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use assay_attestation::{
    Anchors, Backend, Code, collateral_digest, dcap, dev::DevStatements, kind, verify_collateral,
};
use assay_chainspec::{PRECOMPILE_ADDRESSES, predeploys::COLLATERAL};
use assay_precompiles::contracts::{IAttestation, ICollateral};
use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use std::collections::BTreeMap;

const KIND: u8 = kind::INTEL_DCAP;

fn put(statement: &[u8]) -> ICollateral::putCall {
    ICollateral::putCall { kind: KIND, collateral: Bytes::copy_from_slice(statement) }
}

fn held(chain: &Chain, key: B256) -> ICollateral::Statement {
    chain.call(COLLATERAL, &ICollateral::statementCall { key })
}

fn digest(chain: &Chain, keys: &[B256]) -> B256 {
    chain.call(COLLATERAL, &ICollateral::digestOfCall { keys: keys.to_vec() })
}

#[test]
fn nothing_is_held_at_genesis() {
    let chain = Chain::new();
    let key = B256::repeat_byte(7);
    let statement = held(&chain, key);
    assert_eq!((statement.digest, statement.pointer), (B256::ZERO, Address::ZERO));
    let call = ICollateral::verifyCall { kind: 1, evidence: vec![1].into(), keys: vec![key] };
    let refused = chain.try_call(ANYONE, COLLATERAL, &call);
    assert_eq!(refused.error::<ICollateral::Missing>().key, key);
    let call = ICollateral::assessCall { kind: 1, tcb: vec![1].into(), keys: vec![key] };
    let refused = chain.try_call(ANYONE, COLLATERAL, &call);
    assert_eq!(refused.error::<ICollateral::Missing>().key, key);
    assert_eq!(digest(&chain, &[key, key]), keccak256([0; 64]));
}

#[test]
fn a_statement_is_kept_as_the_precompile_gives_it() {
    let mut lab = Lab::new();
    let statements = lab.statements(&DevStatements::default(), &sgx(ENCLAVE, [0; 64]));
    let (_, keys) = lab.quote(&sgx(ENCLAVE, [0; 64]));
    let anchors = Anchors::new(&BTreeMap::from([(KIND, vec![lab.platform.root()])])).unwrap();
    for (statement, key) in statements.iter().zip(&keys) {
        let claims = verify_collateral(KIND, statement, &anchors, Backend::Native).unwrap();
        let done = lab.chain.send(ANYONE, COLLATERAL, &put(statement)).ok();
        assert_eq!(done.returned::<ICollateral::putCall>(), *key);
        let event = done.event::<ICollateral::CollateralPut>(COLLATERAL);
        assert_eq!((event.kind, event.key), (KIND, *key));
        let held = held(&lab.chain, *key);
        assert_eq!(held.digest, collateral_digest(KIND, lab.anchor(), &claims.compact));
        assert_eq!((held.digest, held.pointer), (event.digest, event.pointer));
        assert_eq!((held.version, event.version), (claims.version, claims.version));
        assert_eq!((held.notBefore, event.notBefore), (claims.not_before, claims.not_before));
        assert_eq!((held.notAfter, event.notAfter), (claims.not_after, claims.not_after));
        assert_eq!(lab.chain.code(held.pointer), [&[0], &claims.compact[..]].concat());
        // The account does nothing when it is called.
        let called = lab.chain.try_call(ANYONE, held.pointer, &put(statement)).ok();
        assert!(called.output.is_empty());
    }
    let digests: Vec<_> = keys.iter().map(|key| held(&lab.chain, *key).digest).collect();
    assert_eq!(digest(&lab.chain, &keys), keccak256(digests.concat()));
}

#[test]
fn only_a_newer_statement_replaces() {
    let mut lab = Lab::new();
    let report = sgx(ENCLAVE, [0; 64]);
    let older = lab.statements(&good(START - 20..START + DAY), &report);
    let newer = lab.statements(&good(START - 10..START + DAY), &report);
    for (older, newer) in older.iter().zip(&newer) {
        lab.chain.send(ANYONE, COLLATERAL, &put(older)).ok();
        let again = lab.chain.send(ANYONE, COLLATERAL, &put(older));
        let error = again.error::<ICollateral::NotNewer>();
        assert_eq!(error.version, error.held);
        let replaced = lab.chain.send(ANYONE, COLLATERAL, &put(newer)).ok();
        let event = replaced.event::<ICollateral::CollateralPut>(COLLATERAL);
        let back = lab.chain.send(ANYONE, COLLATERAL, &put(older));
        let error = back.error::<ICollateral::NotNewer>();
        assert_eq!((error.key, error.held), (event.key, event.version));
        assert!(error.version < error.held);
        assert_eq!(held(&lab.chain, event.key).digest, event.digest);
    }
}

#[test]
fn putting_many_passes_over_what_is_held_and_fails_as_a_whole() {
    let mut lab = Lab::new();
    let report = sgx(ENCLAVE, [0; 64]);
    let statements = lab.statements(&good(START - 20..START + DAY), &report);
    let changed = |outcome: crate::harness::Outcome| {
        outcome.ok().returned::<ICollateral::putManyCall>().to::<u64>()
    };
    lab.chain.send(ANYONE, COLLATERAL, &put(&statements[2])).ok();
    assert_eq!(changed(lab.put_many(&statements)), 3);
    assert_eq!(changed(lab.put_many(&statements)), 0);
    let (_, keys) = lab.quote(&report);
    let before = digest(&lab.chain, &keys);
    let mut newer = lab.statements(&good(START - 10..START + DAY), &report);
    let last = newer[3].len() - 1;
    newer[3][last] ^= 1;
    let refused = lab.put_many(&newer).error::<IAttestation::Refused>();
    assert_eq!(refused.code, Code::QeIdentitySignature.number());
    assert_eq!(digest(&lab.chain, &keys), before);
    newer[3][last] ^= 1;
    assert_eq!(changed(lab.put_many(&newer)), 4);
    assert_ne!(digest(&lab.chain, &keys), before);
}

#[test]
fn what_the_precompile_refuses_is_not_put() {
    let mut lab = Lab::new();
    let refused = lab.chain.send(ANYONE, COLLATERAL, &put(b"\x09no statement"));
    assert_eq!(refused.error::<IAttestation::Refused>().code, Code::StatementType.number());
    let no_collateral = ICollateral::putCall { kind: 2, collateral: vec![1].into() };
    let refused = lab.chain.send(ANYONE, COLLATERAL, &no_collateral);
    assert_eq!(refused.error::<IAttestation::UnknownKind>().kind, 2);
    let report = sgx(ENCLAVE, [0; 64]);
    let later = lab.statements(&good(START + 10..START + DAY), &report);
    let early = lab.chain.send(ANYONE, COLLATERAL, &put(&later[2]));
    assert_eq!(early.error::<IAttestation::NotYetValid>().notBefore, START + 10);
    lab.chain.advance_to(START + DAY);
    let late = lab.chain.send(ANYONE, COLLATERAL, &put(&later[2]));
    assert_eq!(late.error::<IAttestation::Expired>().notAfter, START + DAY);
    let paid = lab.chain.pay(DEV_RICH, COLLATERAL, U256::from(1), &put(&later[2]));
    assert!(paid.revert().is_empty());
}

const DEV_RICH: Address = assay_chainspec::preset::DEV_ACCOUNTS[0].address;

#[test]
fn evidence_is_verified_as_with_the_same_statements_in_full() {
    let mut lab = Lab::new();
    for report in [sgx(ENCLAVE, [3; 64]), tdx([4; 64])] {
        let full = lab.platform.attest(&report);
        let statements = lab.statements(&DevStatements::default(), &report);
        lab.put_many(&statements).ok();
        let (evidence, keys) = lab.quote(&report);
        let whole = IAttestation::verifyCall {
            kind: KIND,
            evidence: evidence.clone(),
            collateral: full.collateral,
            time: lab.chain.timestamp(),
        };
        let whole = lab.chain.call(PRECOMPILE_ADDRESSES[0], &whole);
        let ahead = ICollateral::verifyCall { kind: KIND, evidence, keys: keys.clone() };
        let ahead = lab.chain.call(COLLATERAL, &ahead);
        assert_eq!(ahead, whole);
        assert_eq!(ahead.status, 0);
        let assess = ICollateral::assessCall { kind: KIND, tcb: ahead.tcb, keys };
        let assessed = lab.chain.call(COLLATERAL, &assess);
        assert_eq!((assessed.status, assessed.notAfter), (0, crate::lab::VALIDITY.end));
    }
}

/// Quotes that Intel's root vouches for, at a time inside their collateral's window.
#[test]
fn intels_own_quotes_are_verified_by_statements_that_were_put() {
    for (quote, collateral) in [
        (
            &include_bytes!("../../../attestation/testdata/dcap/sgx_v3.quote")[..],
            &include_bytes!("../../../attestation/testdata/dcap/sgx_v3.collateral.json")[..],
        ),
        (
            include_bytes!("../../../attestation/testdata/dcap/tdx_v4.quote"),
            include_bytes!("../../../attestation/testdata/dcap/tdx_v4.collateral.json"),
        ),
    ] {
        let quote = assay_attestation::trim_quote(quote).unwrap();
        let anchors = Anchors::new(&BTreeMap::new()).unwrap();
        let claims =
            assay_attestation::verify(KIND, quote, collateral, &anchors, Backend::Native).unwrap();
        let mut chain =
            Chain::of(&assay_chainspec::preset::Preset::Dev.builder().timestamp(claims.not_before));
        for statement in dcap::split_collateral(collateral).unwrap() {
            chain.send(ANYONE, COLLATERAL, &put(&statement)).ok();
        }
        let evaluation = u32::from_be_bytes(claims.tcb[2..6].try_into().unwrap());
        let keys = collateral_keys(quote, evaluation);
        let verify =
            ICollateral::verifyCall { kind: KIND, evidence: Bytes::copy_from_slice(quote), keys };
        let found = chain.call(COLLATERAL, &verify);
        assert_eq!((found.id, found.identity), (claims.id, claims.identity));
        assert_eq!((found.notAfter, found.status), (claims.not_after, claims.status));
        chain.advance_to(claims.not_after - 1);
        chain.call(COLLATERAL, &verify);
        chain.advance(1);
        let expired = chain.try_call(ANYONE, COLLATERAL, &verify);
        assert_eq!(expired.error::<IAttestation::Expired>().notAfter, claims.not_after);
    }
}

#[test]
fn statements_about_something_else_do_not_judge() {
    let mut lab = Lab::new();
    for report in [sgx(ENCLAVE, [0; 64]), tdx([0; 64])] {
        let statements = lab.statements(&DevStatements::default(), &report);
        lab.put_many(&statements).ok();
    }
    let (quote, keys) = lab.quote(&sgx(ENCLAVE, [0; 64]));
    let (_, other) = lab.quote(&tdx([0; 64]));
    let code = |lab: &Lab, keys: &[B256]| {
        let verify =
            ICollateral::verifyCall { kind: KIND, evidence: quote.clone(), keys: keys.to_vec() };
        lab.chain.try_call(ANYONE, COLLATERAL, &verify).error::<IAttestation::Refused>().code
    };
    // TDX's TCB info, TDX's QE identity, in another order, too few, none.
    assert_eq!(code(&lab, &[keys[0], keys[1], other[2], keys[3]]), Code::TcbInfoKind.number());
    assert_eq!(code(&lab, &[keys[0], keys[1], keys[2], other[3]]), Code::QeIdentityKind.number());
    assert_eq!(code(&lab, &[keys[1], keys[0], keys[2], keys[3]]), Code::CompactType.number());
    assert_eq!(code(&lab, &keys[..3]), Code::CompactParts.number());
    assert_eq!(code(&lab, &keys[..1]), Code::CompactParts.number());
    assert_eq!(code(&lab, &[]), Code::CompactParts.number());
}

#[test]
fn newer_statements_change_the_verdict() {
    let mut lab = Lab::stating(START - 20..START + DAY);
    let (evidence, keys) = lab.quote(&sgx(ENCLAVE, [0; 64]));
    let verify = ICollateral::verifyCall { kind: KIND, evidence, keys: keys.clone() };
    let claims = lab.chain.call(COLLATERAL, &verify);
    let assess = ICollateral::assessCall { kind: KIND, tcb: claims.tcb, keys };
    let assessed = |lab: &Lab| {
        let found = lab.chain.call(COLLATERAL, &assess);
        (found.status, found.notAfter)
    };
    assert_eq!(assessed(&lab), (0, START + DAY));
    let window = Some(START - 10..START + 2 * DAY);
    lab.state(&DevStatements { window, out_of_date: true, revoked: false }).ok();
    assert_eq!(assessed(&lab), (4, START + 2 * DAY));
    assert_eq!(lab.chain.call(COLLATERAL, &verify).status, 4);
    let window = Some(START - 5..START + 2 * DAY);
    lab.state(&DevStatements { window, out_of_date: false, revoked: true }).ok();
    for outcome in [
        lab.chain.try_call(ANYONE, COLLATERAL, &assess),
        lab.chain.try_call(ANYONE, COLLATERAL, &verify),
    ] {
        let refused = outcome.error::<IAttestation::Refused>();
        assert_eq!(refused.code, Code::CertificateRevoked.number());
    }
    // Nobody can put the older ones back.
    lab.state(&good(START - 20..START + DAY)).ok();
    assert!(!lab.chain.try_call(ANYONE, COLLATERAL, &verify).is_ok());
}

#[test]
fn put_keeps_the_newest_whatever_the_order() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let puts = prop::collection::vec((0u64..6, any::<bool>(), 0usize..4), 1..12);
    let fresh = Lab::new();
    let (_, keys) = fresh.quote(&sgx(ENCLAVE, [0; 64]));
    runner
        .run(&puts, |puts| {
            let mut lab = fresh.clone();
            let mut newest: [Option<(u64, B256)>; 4] = [None; 4];
            for (age, out_of_date, which) in puts {
                let window = Some(START - 60 + age..START + DAY);
                let statements = DevStatements { window, out_of_date, revoked: false };
                let statements = lab.statements(&statements, &sgx(ENCLAVE, [0; 64]));
                let outcome = lab.chain.send(ANYONE, COLLATERAL, &put(&statements[which]));
                let newer = newest[which].is_none_or(|(held, _)| age > held);
                prop_assert_eq!(outcome.is_ok(), newer);
                if newer {
                    let event = outcome.ok().event::<ICollateral::CollateralPut>(COLLATERAL);
                    newest[which] = Some((age, event.digest));
                }
                for (key, newest) in keys.iter().zip(&newest) {
                    let digest = newest.map_or(B256::ZERO, |(_, digest)| digest);
                    prop_assert_eq!(held(&lab.chain, *key).digest, digest);
                }
            }
            Ok(())
        })
        .unwrap();
}
