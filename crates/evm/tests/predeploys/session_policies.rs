//! `Sessions`: policies, field by field.

use crate::lab::{
    ANYONE, CONTROLLER, DAY, ENCLAVE, Lab, VALIDITY, data, identity, sgx_identity, sgx_measurement,
    snp_report, tdx,
};
use alloy_primitives::{B256, Bytes, keccak256};
use alloy_sol_types::SolValue;
use assay_attestation::{
    dev::{DevStatements, composite_evidence},
    kind,
};
use assay_chainspec::predeploys::SESSIONS;
use assay_precompiles::contracts::ISessions;

type Policy = ISessions::Policy;

#[test]
fn a_policy_is_known_by_its_hash() {
    let mut lab = Lab::new();
    let policy = Policy {
        platforms: vec![B256::repeat_byte(1)],
        masks: vec![ISessions::Mask { kind: 1, mask: vec![0xff; 154].into() }],
        ..lab.policy()
    };
    let call = ISessions::registerPolicyCall { policy: policy.clone() };
    let done = lab.chain.send(ANYONE, SESSIONS, &call).ok();
    let id = done.returned::<ISessions::registerPolicyCall>();
    assert_eq!(id, keccak256(policy.abi_encode()));
    let event = done.event::<ISessions::PolicyRegistered>(SESSIONS);
    assert_eq!((event.policyId, &event.policy), (id, &policy));
    assert_eq!(lab.chain.call(SESSIONS, &ISessions::policyCall { policyId: id }), policy);
    // Again: the same id, no event.
    let again = lab.chain.send(ANYONE, SESSIONS, &call).ok();
    assert_eq!(again.returned::<ISessions::registerPolicyCall>(), id);
    assert!(again.logs.is_empty());
}

#[test]
fn policies_that_nothing_meets_are_refused() {
    let mut lab = Lab::new();
    let mask = |kind, length| ISessions::Mask { kind, mask: vec![1; length].into() };
    let good = lab.policy();
    for policy in [
        Policy { kinds: vec![], ..good.clone() },
        Policy { identities: vec![], ..good.clone() },
        Policy { anchors: vec![], ..good.clone() },
        Policy { kinds: vec![1, 0], ..good.clone() },
        Policy { kinds: vec![6], ..good.clone() },
        Policy { masks: vec![mask(1, 0)], ..good.clone() },
        Policy { masks: vec![mask(1, 154), mask(2, 154), mask(1, 154)], ..good.clone() },
    ] {
        let call = ISessions::registerPolicyCall { policy };
        lab.chain.send(ANYONE, SESSIONS, &call).error::<ISessions::WrongPolicy>();
    }
    let long = Policy { identities: vec![B256::ZERO; 800], ..good.clone() };
    let call = ISessions::registerPolicyCall { policy: long };
    lab.chain.send(ANYONE, SESSIONS, &call).error::<ISessions::TooLong>();
    lab.register(&Policy { masks: vec![mask(1, 154), mask(1, 400), mask(2, 154)], ..good });
}

#[test]
fn an_unknown_policy_is_an_error_and_not_a_verdict() {
    let mut lab = Lab::stating(VALIDITY);
    let session = lab.open_sgx(CONTROLLER);
    let policy = B256::repeat_byte(3);
    for outcome in [
        lab.chain.try_call(
            ANYONE,
            SESSIONS,
            &ISessions::isLiveCall { sessionId: session, policyId: policy },
        ),
        lab.chain.try_call(ANYONE, SESSIONS, &ISessions::policyCall { policyId: policy }),
    ] {
        assert_eq!(outcome.error::<ISessions::UnknownPolicy>().policyId, policy);
    }
}

#[test]
fn every_field_decides() {
    let mut lab = Lab::stating(VALIDITY);
    let session = lab.open_sgx(CONTROLLER);
    let opened = lab.chain.call(SESSIONS, &ISessions::sessionCall { sessionId: session });
    let good = lab.policy();
    let other = B256::repeat_byte(0x77);
    for (policy, live) in [
        (good.clone(), true),
        (Policy { kinds: vec![2, 3], ..good.clone() }, false),
        (Policy { kinds: vec![2, 1], ..good.clone() }, true),
        (Policy { identities: vec![other], ..good.clone() }, false),
        (Policy { identities: vec![other, sgx_identity(ENCLAVE)], ..good.clone() }, true),
        (Policy { platforms: vec![other], ..good.clone() }, false),
        (Policy { platforms: vec![other, opened.platform], ..good.clone() }, true),
        (Policy { anchors: vec![other], ..good.clone() }, false),
        (Policy { anchors: vec![other, lab.anchor()], ..good.clone() }, true),
        (Policy { leastAssurance: 4, ..good.clone() }, false),
        (Policy { leastEvaluation: 20, ..good.clone() }, true),
        (Policy { leastEvaluation: 21, ..good.clone() }, false),
        (Policy { greatestAge: 0, ..good.clone() }, false),
        (Policy { greatestAge: u64::MAX, ..good.clone() }, true),
        (Policy { toleratedStatus: u32::MAX, ..good }, true),
    ] {
        let id = lab.register(&policy);
        assert_eq!(lab.is_live(session, id), live, "{policy:?}");
    }
}

#[test]
fn age_counts_from_the_dated_block_and_ends_exclusively() {
    let mut lab = Lab::stating(VALIDITY);
    let dated = lab.chain.ancestor(lab.chain.number() - 1).timestamp;
    lab.chain.advance(2);
    let policy = lab.register(&Policy { greatestAge: 100, ..lab.policy() });
    lab.chain.advance(2);
    let session = lab.open_sgx(CONTROLLER);
    let dated = dated + 4;
    lab.chain.advance_to(dated + 99);
    assert!(lab.is_live(session, policy));
    lab.chain.advance_to(dated + 100);
    assert!(!lab.is_live(session, policy));
    // The session itself goes on.
    assert_eq!(lab.standing(session), (0, VALIDITY.end));
}

#[test]
fn masks_take_out_what_varies() {
    let mut lab = Lab::stating(VALIDITY);
    let session = lab.open_sgx(CONTROLLER);
    // Whatever the enclave, of this signer.
    let mut mask = vec![0xff; 154];
    mask[..32].fill(0);
    let mut masked = sgx_measurement(ENCLAVE);
    masked[..32].fill(0);
    let accepted = identity(1, &masked);
    let mask_of = |kind, mask: &[u8]| ISessions::Mask { kind, mask: Bytes::copy_from_slice(mask) };
    let cases = [
        (vec![mask_of(1, &mask)], accepted, true),
        // Without the mask, of another kind, of another length: the whole measurement counts.
        (vec![], accepted, false),
        (vec![mask_of(2, &mask)], accepted, false),
        (vec![mask_of(1, &mask[1..])], accepted, false),
        (vec![mask_of(1, &mask[1..])], sgx_identity(ENCLAVE), true),
        (vec![mask_of(1, &[0; 400]), mask_of(1, &mask)], accepted, true),
        // The unmasked identity is none of a masked policy's.
        (vec![mask_of(1, &mask)], sgx_identity(ENCLAVE), false),
        (vec![mask_of(1, &[0xff; 154])], sgx_identity(ENCLAVE), true),
    ];
    for (masks, accepted, live) in cases {
        let policy = Policy { masks, identities: vec![accepted], ..lab.policy() };
        let id = lab.register(&policy);
        assert_eq!(lab.is_live(session, id), live, "{policy:?}");
    }
}

/// AMD calls no version out of date: what is too old, the policy says.
#[test]
fn firmware_is_compared_version_by_version() {
    let mut lab = Lab::stating(VALIDITY);
    lab.state_snp();
    let (binding, hash) = lab.binding(CONTROLLER);
    let nonce = B256::repeat_byte(0x99);
    let alone = lab.snp.attest(&snp_report(data(hash, B256::ZERO))).evidence;
    let report = lab.snp.attest(&snp_report(data(hash, nonce))).evidence;
    let both = composite_evidence(kind::AMD_SEV_SNP, &report, &lab.gpu.attest(nonce, 1));
    let firmware = |product, least: [u8; 5]| ISessions::Firmware { product, least: least.into() };
    // A Genoa: no FMC, boot loader 10, TEE 0, SNP firmware 23, microcode 84.
    let cases = [
        (vec![], true),
        (vec![firmware(2, [0, 10, 0, 23, 84])], true),
        (vec![firmware(2, [0; 5])], true),
        (vec![firmware(1, [255; 5]), firmware(2, [0, 9, 0, 22, 83])], true),
        (vec![firmware(2, [1, 10, 0, 23, 84])], false),
        (vec![firmware(2, [0, 11, 0, 0, 0])], false),
        (vec![firmware(2, [0, 10, 1, 23, 84])], false),
        (vec![firmware(2, [0, 10, 0, 24, 84])], false),
        (vec![firmware(2, [0, 10, 0, 23, 85])], false),
        // Of another product.
        (vec![firmware(1, [0; 5]), firmware(3, [0; 5])], false),
    ];
    for (kind, evidence) in [(kind::AMD_SEV_SNP, alone), (kind::CPU_WITH_GPU, both)] {
        let call = ISessions::openCall {
            kind,
            evidence,
            collateralKeys: lab.snp_keys(),
            binding: binding.clone(),
        };
        let session = lab.open(&call).ok().returned::<ISessions::openCall>();
        let opened = lab.chain.call(SESSIONS, &ISessions::sessionCall { sessionId: session });
        for (firmware, live) in &cases {
            let policy = Policy {
                kinds: vec![kind],
                identities: vec![opened.identity],
                anchors: opened.anchors.clone(),
                toleratedStatus: 1 << 30,
                firmware: firmware.clone(),
                // Says nothing of this kind.
                leastEvaluation: 30,
                ..lab.policy()
            };
            let id = lab.register(&policy);
            assert_eq!(lab.is_live(session, id), *live, "{policy:?}");
        }
    }
    // And the other way round: kinds without AMD's firmware are not asked for it.
    let session = lab.open_sgx(CONTROLLER);
    let policy = Policy { firmware: vec![firmware(2, [255; 5])], ..lab.policy() };
    let id = lab.register(&policy);
    assert!(lab.is_live(session, id));
    let twice = vec![firmware(2, [0; 5]), firmware(1, [0; 5]), firmware(2, [1; 5])];
    let policy = Policy { firmware: twice, ..lab.policy() };
    let call = ISessions::registerPolicyCall { policy };
    lab.chain.send(ANYONE, SESSIONS, &call).error::<ISessions::WrongPolicy>();
}

/// Kind 5: every anchor must be named, NVIDIA's unpinned key tolerated, and the evaluation number is
/// the CPU's.
#[test]
fn composites_are_judged_by_both_halves() {
    let mut lab = Lab::new();
    let statements = lab.statements(&DevStatements::default(), &tdx([0; 64]));
    lab.put_many(&statements).ok();
    let (binding, hash) = lab.binding(CONTROLLER);
    let nonce = B256::repeat_byte(0x99);
    let (quote, keys) = lab.quote(&tdx(data(hash, nonce)));
    let gpus = lab.gpu.attest(nonce, 2);
    let call = ISessions::openCall {
        kind: kind::CPU_WITH_GPU,
        evidence: composite_evidence(kind::INTEL_DCAP, &quote, &gpus),
        collateralKeys: keys,
        binding,
    };
    let session = lab.open(&call).ok().returned::<ISessions::openCall>();
    let opened = lab.chain.call(SESSIONS, &ISessions::sessionCall { sessionId: session });
    assert_eq!(opened.anchors.len(), 2);
    let good = Policy {
        kinds: vec![5],
        identities: vec![opened.identity],
        anchors: opened.anchors.clone(),
        leastAssurance: 4,
        toleratedStatus: 1 << 30,
        leastEvaluation: 20,
        greatestAge: DAY,
        ..lab.policy()
    };
    let cases = [
        (good.clone(), true),
        (Policy { toleratedStatus: 0, ..good.clone() }, false),
        (Policy { anchors: vec![opened.anchors[0]], ..good.clone() }, false),
        (Policy { anchors: vec![opened.anchors[1]], ..good.clone() }, false),
        (Policy { leastEvaluation: 21, ..good }, false),
    ];
    let check = |lab: &mut Lab| {
        for (policy, live) in &cases {
            let id = lab.register(policy);
            assert_eq!(lab.is_live(session, id), *live, "{policy:?}");
        }
    };
    check(&mut lab);
    // Newer statements about the CPU do not make the GPUs' anchor a pinned one.
    let newer =
        DevStatements { window: Some(VALIDITY.start + 10..VALIDITY.end), ..Default::default() };
    let statements = lab.statements(&newer, &tdx([0; 64]));
    lab.put_many(&statements).ok();
    check(&mut lab);
    lab.refresh(session);
    check(&mut lab);
    assert_eq!(lab.standing(session).0, 1 << 30);
    assert_eq!(opened.tcb[0], kind::INTEL_DCAP);
}

/// Kind 5: the CPU's status is that of the newest statements, better or worse; what was said of the GPUs
/// stays said, for no statement tells of them.
#[test]
fn a_composites_cpu_is_judged_by_the_newest_statements() {
    let mut lab = Lab::new();
    let state = |lab: &mut Lab, seconds: u64, out_of_date: bool| {
        let window = Some(VALIDITY.start + seconds..VALIDITY.end);
        let statements = DevStatements { window, out_of_date, ..Default::default() };
        lab.put_many(&lab.statements(&statements, &tdx([0; 64]))).ok();
    };
    state(&mut lab, 0, true);
    let (binding, hash) = lab.binding(CONTROLLER);
    let nonce = B256::repeat_byte(0x99);
    let (quote, keys) = lab.quote(&tdx(data(hash, nonce)));
    let call = ISessions::openCall {
        kind: kind::CPU_WITH_GPU,
        evidence: composite_evidence(kind::INTEL_DCAP, &quote, &lab.gpu.attest(nonce, 1)),
        collateralKeys: keys,
        binding,
    };
    let session = lab.open(&call).ok().returned::<ISessions::openCall>();
    let (gpu, out_of_date) = (1 << 30, 1 << 2);
    assert_eq!(lab.standing(session).0, gpu | out_of_date);
    for (seconds, worse) in [(10, false), (20, true), (30, false)] {
        state(&mut lab, seconds, worse);
        let status = if worse { gpu | out_of_date } else { gpu };
        assert_eq!(lab.standing(session).0, status, "after {seconds} seconds");
        lab.refresh(session);
        assert_eq!(lab.standing(session).0, status, "remembered");
    }
}
