//! `Sessions`: what opens a session, once, and what does not.

use crate::lab::{
    ANYONE, CONTROLLER, ENCLAVE, Lab, START, VALIDITY, data, good, session_key, sgx, sgx_identity,
    sgx_measurement, signature, snp_report, tdx,
};
use alloy_primitives::{B256, Bytes, keccak256};
use alloy_signer_local::PrivateKeySigner;
use assay_attestation::{
    dev::{DEV_EVALUATION, DevStatements, composite_evidence},
    kind,
};
use assay_chainspec::predeploys::SESSIONS;
use assay_precompiles::contracts::{IAttestation, ICollateral, ISessions};

fn session(lab: &Lab, id: B256) -> ISessions::Session {
    lab.chain.call(SESSIONS, &ISessions::sessionCall { sessionId: id })
}

#[test]
fn a_quote_opens_a_session() {
    let mut lab = Lab::stating(VALIDITY);
    let call = lab.sgx_call(CONTROLLER);
    let dated = lab.chain.ancestor(lab.chain.number() - 1).timestamp;
    let done = lab.open(&call).ok();
    let id = done.returned::<ISessions::openCall>();
    let event = done.event::<ISessions::SessionOpened>(SESSIONS);
    assert_eq!((event.sessionId, event.controller), (id, CONTROLLER));
    assert_eq!((event.kind, event.assurance, event.status), (1, 3, 0));
    assert_eq!((event.identity, event.anchors), (sgx_identity(ENCLAVE), vec![lab.anchor()]));
    assert_eq!((event.time, event.notAfter), (dated, VALIDITY.end));
    assert_eq!(
        (&event.key, &event.encryptionKey),
        (&call.binding.key, &call.binding.encryptionKey)
    );

    let opened = session(&lab, id);
    assert_eq!((opened.kind, opened.assurance, opened.controller), (1, 3, CONTROLLER));
    assert_eq!(opened.identity, sgx_identity(ENCLAVE));
    assert_eq!(opened.measurement, sgx_measurement(ENCLAVE));
    assert_eq!((opened.platform, opened.anchors), (event.platform, vec![lab.anchor()]));
    assert_eq!((opened.status, opened.time, opened.notAfter), (0, dated, VALIDITY.end));
    assert!(!opened.closed);
    assert_eq!((opened.key, opened.encryptionKey), (event.key, event.encryptionKey));
    assert_eq!(opened.tcb.len(), 249);
    assert_eq!(opened.tcb[2..6], DEV_EVALUATION.to_be_bytes());
    assert_eq!(opened.collateralKeys, call.collateralKeys);
    assert_eq!(lab.standing(id), (0, VALIDITY.end));
    let policy = lab.register(&lab.policy());
    assert!(lab.is_live(id, policy));
}

#[test]
fn every_tee_kind_opens_a_session() {
    let mut lab = Lab::new();
    let statements = lab.statements(&DevStatements::default(), &tdx([0; 64]));
    lab.put_many(&statements).ok();
    let (binding, hash) = lab.binding(CONTROLLER);
    let nonce = B256::repeat_byte(0x99);
    let both = data(hash, nonce);
    let gpus = lab.gpu.attest(nonce, 2);
    let (quote, keys) = lab.quote(&tdx(both));
    let with_quote = composite_evidence(kind::INTEL_DCAP, &quote, &gpus);
    let with_nitro = composite_evidence(kind::AWS_NITRO, &lab.nitro_document(&both), &gpus);
    let pinless = 1 << 30;
    // The second quote must not be the first one's: it would be the same evidence.
    let (alone, _) = lab.quote(&tdx(data(hash, B256::ZERO)));
    let alone_document = lab.nitro_document(hash.as_slice());
    lab.state_snp();
    let report = lab.snp.attest(&snp_report(both)).evidence;
    let with_report = composite_evidence(kind::AMD_SEV_SNP, &report, &gpus);
    let alone_report = lab.snp.attest(&snp_report(data(hash, B256::ZERO))).evidence;
    let list = lab.snp_keys();
    for (number, evidence, collateral, assurance, status, end) in [
        (kind::INTEL_DCAP, alone, keys.clone(), 3, 0, VALIDITY.end),
        (kind::AWS_NITRO, alone_document, vec![], 3, 0, VALIDITY.end),
        (kind::AMD_SEV_SNP, alone_report, list.clone(), 3, 0, VALIDITY.end),
        (kind::NVIDIA_GPU, lab.gpu.attest(hash, 1), vec![], 3, pinless, START + 3_600),
        (kind::CPU_WITH_GPU, with_quote, keys, 4, pinless, START + 3_600),
        (kind::CPU_WITH_GPU, with_report, list, 4, pinless, START + 3_600),
        (kind::CPU_WITH_GPU, with_nitro, vec![], 4, pinless, START + 3_600),
    ] {
        let call = ISessions::openCall {
            kind: number,
            evidence,
            collateralKeys: collateral.clone(),
            binding: binding.clone(),
        };
        let id = lab.open(&call).ok().returned::<ISessions::openCall>();
        let opened = session(&lab, id);
        assert_eq!((opened.kind, opened.assurance, opened.status), (number, assurance, status));
        assert_eq!((opened.notAfter, opened.collateralKeys), (end, collateral));
        assert_eq!(lab.standing(id), (status, end), "kind {number}");
        let again = lab.open(&call);
        assert_eq!(again.error::<ISessions::AlreadyOpened>().sessionId, id);
    }
}

#[test]
fn evidence_opens_one_session() {
    let mut lab = Lab::stating(VALIDITY);
    let mut call = lab.sgx_call(CONTROLLER);
    let id = lab.open(&call).ok().returned::<ISessions::openCall>();
    assert_eq!(lab.open(&call).error::<ISessions::AlreadyOpened>().sessionId, id);
    // The same report under another signature of the same key: n − s in place of s.
    let (at, order) = signature_of(&call.evidence);
    let negated = order - alloy_primitives::U256::from_be_slice(&call.evidence[at..at + 32]);
    let mut evidence = call.evidence.to_vec();
    evidence[at..at + 32].copy_from_slice(&negated.to_be_bytes::<32>());
    assert_ne!(evidence, call.evidence);
    call.evidence = evidence.into();
    assert_eq!(lab.open(&call).error::<ISessions::AlreadyOpened>().sessionId, id);
    // Nor does it after the session was closed.
    lab.close(CONTROLLER, id).ok();
    assert_eq!(lab.open(&call).error::<ISessions::AlreadyOpened>().sessionId, id);
}

/// Evidence of a CPU with a GPU has the CPU's id. Whoever sees it on its way can bring the CPU's half
/// first, or all of it with tokens of his own GPU: the controller brings it again, and that counts.
#[test]
fn nobody_spoils_evidence_by_bringing_it_first() {
    let mut lab = Lab::new();
    lab.state_snp();
    let whole = lab.snp_call(true);
    let half = ISessions::openCall { kind: kind::AMD_SEV_SNP, ..lab.snp_call(false) };
    let other_gpus = {
        let mut lab = lab.clone();
        lab.gpu = assay_attestation::dev::DevGpu::new(B256::repeat_byte(5), START - 60..START + 60);
        lab.snp_call(true)
    };
    for first in [half, other_gpus] {
        let mut lab = lab.clone();
        let id = lab.open(&first).ok().returned::<ISessions::openCall>();
        // Anyone else's second try changes nothing.
        assert_eq!(lab.open(&whole).error::<ISessions::AlreadyOpened>().sessionId, id);
        let done = lab.chain.send(CONTROLLER, SESSIONS, &whole).ok();
        assert_eq!(done.returned::<ISessions::openCall>(), id);
        let event = done.event::<ISessions::SessionOpened>(SESSIONS);
        assert_eq!((event.sessionId, event.kind, event.assurance), (id, kind::CPU_WITH_GPU, 4));
        let opened = session(&lab, id);
        assert_eq!((opened.kind, opened.assurance), (kind::CPU_WITH_GPU, 4));
        assert_eq!(opened.notAfter, START + 3_600);
        assert_eq!(lab.standing(id), (1 << 30, START + 3_600));
        assert_eq!(lab.open(&first).error::<ISessions::AlreadyOpened>().sessionId, id);
        // What is closed stays closed, to its controller as well.
        lab.close(CONTROLLER, id).ok();
        let again = lab.chain.send(CONTROLLER, SESSIONS, &whole);
        assert_eq!(again.error::<ISessions::AlreadyOpened>().sessionId, id);
    }
}

/// Opened again, a session ends as the statements say that judged it then, and no later than those.
#[test]
fn a_session_that_is_opened_again_is_judged_anew() {
    let mut lab = Lab::stating(START - 10..START + 500);
    let policy = lab.register(&lab.policy());
    let call = lab.sgx_call(CONTROLLER);
    let id = lab.open(&call).ok().returned::<ISessions::openCall>();
    let dated = session(&lab, id).time;
    lab.state(&good(START..START + 900)).ok();
    assert_eq!(lab.standing(id), (0, START + 500));
    lab.chain.send(CONTROLLER, SESSIONS, &call).ok();
    assert_eq!(lab.standing(id), (0, START + 900));
    // Its age still counts from the block that dates the evidence.
    assert_eq!(session(&lab, id).time, dated);
    lab.chain.advance_to(START + 899);
    assert!(lab.is_live(id, policy));
    lab.chain.advance(1);
    assert!(!lab.is_live(id, policy));
}

/// Where a version 3 quote has its signature's s, and P-256's order.
fn signature_of(_quote: &[u8]) -> (usize, alloy_primitives::U256) {
    let order = alloy_primitives::uint!(
        0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551_U256
    );
    // Header 48, report 384, length 4, r 32.
    (468, order)
}

#[test]
fn evidence_must_commit_to_the_binding() {
    let mut lab = Lab::stating(VALIDITY);
    // So that genesis is not the block that dates the evidence.
    lab.chain.advance(2);
    let good = lab.sgx_call(CONTROLLER);
    let wrong = |lab: &mut Lab, call: &ISessions::openCall| {
        lab.open(call).error::<ISessions::WrongBinding>().expected
    };
    let number = lab.chain.number() - 1;
    let (_, parent) = lab.chain.parent();
    let mut call = good.clone();
    call.binding.controller = ANYONE;
    assert_eq!(wrong(&mut lab, &call), lab.hash(&call.binding, number, parent));
    let mut call = good.clone();
    let other = PrivateKeySigner::from_bytes(&B256::repeat_byte(8)).unwrap();
    call.binding.key = session_key(&other);
    assert_eq!(wrong(&mut lab, &call), lab.hash(&call.binding, number, parent));
    let mut call = good.clone();
    call.binding.encryptionKey = Bytes::new();
    assert_eq!(wrong(&mut lab, &call), lab.hash(&call.binding, number, parent));
    // Another block.
    let mut call = good.clone();
    let genesis = lab.chain.ancestor(0).clone();
    call.binding.header = alloy_rlp::encode(&genesis).into();
    assert_eq!(wrong(&mut lab, &call), lab.hash(&call.binding, 0, genesis.hash_slow()));
    // A later block cannot be claimed either: its hash is not what the evidence has.
    lab.chain.advance(2);
    let mut call = good.clone();
    call.binding.header = lab.chain.parent().0;
    wrong(&mut lab, &call);
    // The view computes the same hash.
    let view = ISessions::bindingHashCall {
        controller: CONTROLLER,
        key: good.binding.key.clone(),
        encryptionKey: good.binding.encryptionKey.clone(),
        blockNumber: alloy_primitives::U256::from(number),
        blockHash: parent,
    };
    assert_eq!(lab.chain.call(SESSIONS, &view), lab.hash(&good.binding, number, parent));
    lab.open(&good).ok();
}

#[test]
fn a_binding_holds_on_its_own_chain_alone() {
    let lab = Lab::stating(VALIDITY);
    let call = lab.sgx_call(CONTROLLER);
    let builder = assay_chainspec::preset::Preset::Dev
        .builder()
        .chain_id(4_243)
        .trust(kind::INTEL_DCAP, lab.platform.root());
    let mut other = Lab { chain: crate::harness::Chain::of(&builder), ..lab };
    other.state(&good(VALIDITY)).ok();
    // Its genesis block is another: the header is unknown there.
    other.open(&call).error::<ISessions::WrongHeader>();
    let mut own_header = call;
    own_header.binding.header = other.chain.parent().0;
    other.open(&own_header).error::<ISessions::WrongBinding>();
}

#[test]
fn other_kinds_open_no_session() {
    let mut lab = Lab::stating(VALIDITY);
    let mut call = lab.sgx_call(CONTROLLER);
    for number in [0, 6, 16, 17, 18, 32, 255] {
        call.kind = number;
        assert_eq!(lab.open(&call).error::<ISessions::WrongKind>().kind, number);
    }
}

#[test]
fn a_key_must_fit_its_scheme() {
    let mut lab = Lab::stating(VALIDITY);
    for (scheme, length, fits) in [
        (32, 65, true),
        (33, 65, true),
        (34, 32, true),
        (35, 48, true),
        (32, 64, false),
        (32, 66, false),
        (33, 33, false),
        (34, 65, false),
        (35, 96, false),
        (31, 65, false),
        (36, 32, false),
        (0, 0, false),
    ] {
        lab.chain.advance(2);
        let (mut binding, _) = lab.binding(CONTROLLER);
        binding.key = [&[scheme][..], &vec![5; length]].concat().into();
        let outcome = open_bound(&mut lab, binding);
        if fits {
            outcome.ok();
        } else {
            outcome.error::<ISessions::WrongKey>();
        }
    }
    let (mut binding, _) = lab.binding(CONTROLLER);
    binding.key = Bytes::new();
    open_bound(&mut lab, binding).error::<ISessions::WrongKey>();
    for (length, fits) in [(0, true), (2_048, true), (2_049, false)] {
        lab.chain.advance(2);
        let (mut binding, _) = lab.binding(CONTROLLER);
        binding.encryptionKey = vec![1; length].into();
        let outcome = open_bound(&mut lab, binding);
        if fits {
            let id = outcome.ok().returned::<ISessions::openCall>();
            assert_eq!(session(&lab, id).encryptionKey.len(), length);
        } else {
            outcome.error::<ISessions::WrongKey>();
        }
    }
}

/// Opens a session by an SGX quote that commits to the binding to the parent block.
fn open_bound(lab: &mut Lab, binding: ISessions::Binding) -> crate::harness::Outcome {
    let hash = lab.hash(&binding, lab.chain.number() - 1, lab.chain.parent().1);
    let (evidence, keys) = lab.quote(&sgx(ENCLAVE, data(hash, B256::ZERO)));
    lab.open(&ISessions::openCall { kind: 1, evidence, collateralKeys: keys, binding })
}

#[test]
fn only_a_recent_blocks_header_dates_evidence() {
    let mut lab = Lab::stating(VALIDITY);
    lab.chain.advance(2);
    let (header, _) = lab.chain.parent();
    let mut refused = |header: Vec<u8>| {
        let (mut binding, _) = lab.binding(CONTROLLER);
        binding.header = header.into();
        open_bound(&mut lab, binding).error::<ISessions::WrongHeader>();
    };
    refused(vec![]);
    refused(header[..header.len() - 1].to_vec());
    refused([&header[..], &[0]].concat());
    // Every byte counts: structure, number, timestamp, and what is only hashed.
    for index in (0..header.len()).step_by(7).chain([0, 1, 2, 3, 448, 449, 450, 451, 452, 453]) {
        let mut changed = header.to_vec();
        changed[index] ^= 1;
        refused(changed);
    }
    refused(alloy_rlp::encode(vec![0u8; 600].as_slice()));
    // The block that is being made has no hash yet.
    let mut now = lab.chain.ancestor(lab.chain.number() - 1).clone();
    now.number += 1;
    let (mut binding, _) = lab.binding(CONTROLLER);
    binding.header = alloy_rlp::encode(&now).into();
    open_bound(&mut lab, binding).error::<ISessions::WrongHeader>();
}

#[test]
fn a_block_dates_evidence_for_8191_blocks() {
    let mut lab = Lab::stating(VALIDITY);
    let call = lab.sgx_call(CONTROLLER);
    let dated = lab.chain.number() - 1;
    while lab.chain.number() < dated + 8_191 {
        lab.chain.advance(2);
    }
    let mut late = lab.clone();
    late.chain.advance(2);
    late.open(&call).error::<ISessions::WrongHeader>();
    let id = lab.open(&call).ok().returned::<ISessions::openCall>();
    assert_eq!(session(&lab, id).time, lab.chain.ancestor(dated).timestamp);
}

#[test]
fn collateral_must_be_that_of_the_evidence() {
    let mut lab = Lab::new();
    let call = lab.sgx_call(CONTROLLER);
    let missing = lab.open(&call).error::<ICollateral::Missing>();
    assert_eq!(missing.key, call.collateralKeys[0]);
    lab.state(&good(VALIDITY)).ok();
    // Without keys the evidence is verified with empty collateral, which this kind refuses.
    let none = ISessions::openCall { collateralKeys: vec![], ..call.clone() };
    lab.open(&none).error::<IAttestation::Refused>();
    let swapped = ISessions::openCall {
        collateralKeys: call.collateralKeys.iter().rev().copied().collect(),
        ..call.clone()
    };
    lab.open(&swapped).error::<IAttestation::Refused>();
    let many = ISessions::openCall { collateralKeys: vec![B256::ZERO; 17], ..call.clone() };
    let count = lab.open(&many).error::<ISessions::TooManyKeys>().count;
    assert_eq!(count.to::<u64>(), 17);
    // Kind 2 takes none.
    let (binding, hash) = lab.binding(CONTROLLER);
    let document = ISessions::openCall {
        kind: kind::AWS_NITRO,
        evidence: lab.nitro_document(hash.as_slice()),
        collateralKeys: call.collateralKeys.clone(),
        binding,
    };
    lab.open(&document).error::<IAttestation::Refused>();
    lab.open(&call).ok();
}

#[test]
fn what_the_precompile_refuses_opens_nothing() {
    let mut lab = Lab::stating(VALIDITY);
    let mut call = lab.sgx_call(CONTROLLER);
    let mut evidence = call.evidence.to_vec();
    evidence[400] ^= 1;
    call.evidence = evidence.into();
    lab.open(&call).error::<IAttestation::Refused>();
    // A root that this chain does not trust.
    let mut lab = Lab::stating(VALIDITY);
    lab.platform = assay_attestation::dev::DevPlatform::new(B256::repeat_byte(0x66), VALIDITY);
    let mut call = lab.sgx_call(CONTROLLER);
    call.collateralKeys = Lab::new().sgx_call(CONTROLLER).collateralKeys;
    lab.open(&call).error::<IAttestation::Refused>();
}

#[test]
fn unknown_sessions_are_unknown() {
    let mut lab = Lab::stating(VALIDITY);
    let policy = lab.register(&lab.policy());
    let id = B256::repeat_byte(5);
    assert!(!lab.is_live(id, policy));
    let none = Vec::new;
    let unknown = [
        lab.chain.try_call(ANYONE, SESSIONS, &ISessions::sessionCall { sessionId: id }),
        lab.chain.try_call(ANYONE, SESSIONS, &ISessions::standingCall { sessionId: id }),
        lab.chain.try_call(ANYONE, SESSIONS, &ISessions::refreshCall { sessionId: id }),
        lab.chain.try_call(ANYONE, SESSIONS, &ISessions::closeCall { sessionId: id }),
        lab.chain.try_call(
            ANYONE,
            SESSIONS,
            &ISessions::verifySignaturesCall { sessionId: id, digests: none(), signatures: vec![] },
        ),
        lab.chain.try_call(
            ANYONE,
            SESSIONS,
            &ISessions::checkCall {
                sessionId: id,
                policyIds: none(),
                digests: none(),
                signatures: vec![],
            },
        ),
    ];
    for outcome in unknown {
        assert_eq!(outcome.error::<ISessions::UnknownSession>().sessionId, id);
    }
}

#[test]
fn signatures_are_the_sessions_keys() {
    let mut lab = Lab::stating(VALIDITY);
    let id = lab.open_sgx(CONTROLLER);
    let other = PrivateKeySigner::from_bytes(&B256::repeat_byte(8)).unwrap();
    let digests: Vec<_> = (0u8..9).map(|byte| keccak256([byte])).collect();
    let signatures: Vec<_> = digests
        .iter()
        .enumerate()
        .map(|(index, digest)| match index {
            2 => signature(&other, *digest),
            5 => Bytes::new(),
            _ => lab.sign(*digest),
        })
        .collect();
    let call = ISessions::verifySignaturesCall {
        sessionId: id,
        digests: digests.clone(),
        signatures: signatures.clone(),
    };
    let bits = lab.chain.call(SESSIONS, &call);
    assert_eq!(bits[..], [0b1101_1011, 1]);

    let policy = lab.register(&lab.policy());
    let strict = lab.register(&ISessions::Policy { leastAssurance: 4, ..lab.policy() });
    let check = ISessions::checkCall {
        sessionId: id,
        policyIds: vec![policy, strict],
        digests,
        signatures,
    };
    let found = lab.chain.call(SESSIONS, &check);
    assert_eq!((found.controller, found.live), (CONTROLLER, vec![true, false]));
    assert_eq!(found.bits, bits);
    let unequal = ISessions::verifySignaturesCall {
        sessionId: id,
        digests: vec![],
        signatures: vec![Bytes::new()],
    };
    assert!(!lab.chain.try_call(ANYONE, SESSIONS, &unequal).is_ok());
}

#[test]
fn nothing_takes_money() {
    let lab = Lab::stating(VALIDITY);
    let mut chain = lab.chain.clone();
    let rich = assay_chainspec::preset::DEV_ACCOUNTS[0].address;
    let one = alloy_primitives::U256::from(1);
    assert!(!chain.pay(rich, SESSIONS, one, &lab.sgx_call(CONTROLLER)).is_ok());
    assert_eq!(chain.balance(SESSIONS), alloy_primitives::U256::ZERO);
}
