//! `Sessions`: a session dies with its evidence, and nobody has to act.

use crate::{
    harness::Failure,
    lab::{ANYONE, CONTROLLER, DAY, Lab, START, VALIDITY, good},
};
use alloy_primitives::{Address, B256, keccak256};
use assay_attestation::{dev::DevStatements, kind};
use assay_chainspec::predeploys::SESSIONS;
use assay_precompiles::contracts::{IAttestation, ICollateral, ISessions};
use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};

type Policy = ISessions::Policy;

fn stated(window: std::ops::Range<u64>, out_of_date: bool, revoked: bool) -> DevStatements {
    DevStatements { window: Some(window), out_of_date, revoked }
}

#[test]
fn it_ends_with_the_statements_that_opened_it() {
    let mut lab = Lab::stating(START - 10..START + 1_000);
    let policy = lab.register(&lab.policy());
    let session = lab.open_sgx(CONTROLLER);
    assert_eq!(lab.standing(session), (0, START + 1_000));
    lab.chain.advance_to(START + 999);
    assert!(lab.is_live(session, policy));
    lab.chain.advance(1);
    assert!(!lab.is_live(session, policy));
    // Newer statements do not raise it: its certificates may have ended too.
    lab.state(&good(START + 500..START + DAY)).ok();
    assert!(!lab.is_live(session, policy));
    assert_eq!(lab.standing(session), (0, START + 1_000));
    lab.refresh(session);
    assert_eq!(lab.standing(session), (0, START + 1_000));
}

#[test]
fn newer_statements_do_not_prolong_it() {
    let mut lab = Lab::stating(START - 10..START + 1_000);
    let session = lab.open_sgx(CONTROLLER);
    lab.state(&good(START..START + DAY)).ok();
    assert_eq!(lab.standing(session), (0, START + 1_000));
    // New evidence opens another.
    lab.chain.advance(2);
    let longer = lab.open_sgx(CONTROLLER);
    assert_eq!(lab.standing(longer), (0, START + DAY));
}

#[test]
fn shorter_statements_shorten_it() {
    let mut lab = Lab::stating(START - 10..START + DAY);
    let policy = lab.register(&lab.policy());
    let session = lab.open_sgx(CONTROLLER);
    lab.state(&good(START..START + 500)).ok();
    assert_eq!(lab.standing(session), (0, START + 500));
    lab.chain.advance_to(START + 500);
    assert!(!lab.is_live(session, policy));
}

#[test]
fn revocation_ends_it_for_good() {
    for refreshed in [false, true] {
        let mut lab = Lab::stating(START - 10..START + DAY);
        let policy = lab.register(&lab.policy());
        let session = lab.open_sgx(CONTROLLER);
        lab.state(&stated(START..START + DAY, false, true)).ok();
        if refreshed {
            let done = lab.refresh(session);
            let event = done.event::<ISessions::SessionAssessed>(SESSIONS);
            assert_eq!((event.sessionId, event.notAfter), (session, 0));
        }
        assert!(!lab.is_live(session, policy));
        assert_eq!(lab.standing(session).1, 0);
        // Nor can new evidence of that platform open one.
        lab.chain.advance(2);
        let call = lab.sgx_call(CONTROLLER);
        assert!(!lab.open(&call).is_ok());
    }
}

#[test]
fn a_worse_tcb_ends_it_for_those_who_do_not_tolerate_it() {
    let mut lab = Lab::stating(START - 10..START + DAY);
    let strict = lab.register(&lab.policy());
    let lenient = lab.register(&Policy { toleratedStatus: 4, ..lab.policy() });
    let session = lab.open_sgx(CONTROLLER);
    assert!(lab.is_live(session, strict) && lab.is_live(session, lenient));
    lab.state(&stated(START..START + DAY, true, false)).ok();
    assert!(!lab.is_live(session, strict) && lab.is_live(session, lenient));
    let done = lab.refresh(session);
    let event = done.event::<ISessions::SessionAssessed>(SESSIONS);
    assert_eq!((event.status, event.notAfter), (4, START + DAY));
    assert!(!lab.is_live(session, strict) && lab.is_live(session, lenient));
    // The vendor takes it back.
    lab.state(&good(START + 1..START + DAY)).ok();
    assert!(lab.is_live(session, strict));
    assert_eq!(lab.chain.call(SESSIONS, &ISessions::sessionCall { sessionId: session }).status, 0);
}

#[test]
fn a_verdict_is_remembered_until_something_newer_is_put() {
    let mut lab = Lab::stating(START - 10..START + DAY);
    let policy = lab.register(&lab.policy());
    let session = lab.open_sgx(CONTROLLER);
    let live = ISessions::isLiveCall { sessionId: session, policyId: policy };
    let gas = |lab: &Lab| lab.chain.try_call(ANYONE, SESSIONS, &live).ok().gas_used;
    let remembered = gas(&lab);
    // Nothing to remember anew.
    assert!(lab.refresh(session).logs.is_empty());
    lab.state(&good(START..START + DAY)).ok();
    let judged = gas(&lab);
    assert!(judged > remembered + 10_000, "{judged} {remembered}");
    let done = lab.refresh(session);
    assert_eq!(done.event::<ISessions::SessionAssessed>(SESSIONS).status, 0);
    let again = gas(&lab);
    assert!(again.abs_diff(remembered) < 100, "{again} {remembered}");
    assert!(lab.refresh(session).logs.is_empty());
}

/// What newer statements said is seen alike, remembered or not, until they end; after that only what was
/// remembered says when they did. The session is dead either way.
#[test]
fn newer_statements_that_ended_end_it_remembered_or_not() {
    for refreshed in [false, true] {
        let mut lab = Lab::stating(START - 10..START + DAY);
        let lenient = lab.register(&Policy { toleratedStatus: u32::MAX, ..lab.policy() });
        let session = lab.open_sgx(CONTROLLER);
        lab.state(&stated(START..START + 500, true, false)).ok();
        if refreshed {
            lab.refresh(session);
        }
        lab.chain.advance_to(START + 499);
        assert_eq!(lab.standing(session), (4, START + 500));
        assert!(lab.is_live(session, lenient));
        lab.chain.advance(1);
        assert!(!lab.is_live(session, lenient));
        let ended = if refreshed { (4, START + 500) } else { (0, 0) };
        assert_eq!(lab.standing(session), ended);
        // Remembering it now changes nothing of that.
        lab.refresh(session);
        assert_eq!(lab.standing(session), ended);
        assert!(!lab.is_live(session, lenient));
        // Statements that hold judge it again.
        lab.state(&good(START + 400..START + DAY)).ok();
        assert_eq!(lab.standing(session), (0, START + DAY));
        assert!(lab.is_live(session, lenient));
    }
}

/// Whoever gives too little gas must not make a session look refused, and least of all for good.
#[test]
fn running_out_of_gas_is_no_verdict() {
    let mut lab = Lab::stating(START - 10..START + DAY);
    let policy = lab.register(&lab.policy());
    let session = lab.open_sgx(CONTROLLER);
    lab.state(&good(START..START + DAY)).ok();
    let refresh = ISessions::refreshCall { sessionId: session };
    let live = ISessions::isLiveCall { sessionId: session, policyId: policy };
    let needed = lab.chain.try_call(ANYONE, SESSIONS, &refresh).ok().gas_used;
    let mut refused = 0;
    for gas in (25_000..needed + 40_000).step_by(1_499) {
        let mut copy = lab.clone();
        let outcome = copy.chain.send_with_gas(ANYONE, SESSIONS, gas, &refresh);
        match outcome.result {
            Ok(done) => {
                let found = done.returned::<ISessions::refreshCall>();
                assert_eq!((found.status, found.notAfter), (0, START + DAY));
            }
            Err(failure) => {
                refused += 1;
                assert!(
                    matches!(failure, Failure::Halt(_)) || failure == Failure::Revert([].into())
                );
            }
        }
        assert_eq!(copy.standing(session), (0, START + DAY));
        assert!(copy.is_live(session, policy));
        let outcome = copy.chain.send_with_gas(ANYONE, SESSIONS, gas, &live);
        if let Ok(done) = outcome.result {
            assert!(done.returned::<ISessions::isLiveCall>());
        }
    }
    assert!(refused > 10);
}

#[test]
fn its_controller_alone_closes_it() {
    let mut lab = Lab::stating(START - 10..START + DAY);
    let policy = lab.register(&lab.policy());
    let session = lab.open_sgx(CONTROLLER);
    let stranger = lab.close(ANYONE, session).error::<ISessions::NotController>();
    assert_eq!(stranger.caller, ANYONE);
    assert!(lab.is_live(session, policy));
    let done = lab.close(CONTROLLER, session).ok();
    assert_eq!(done.event::<ISessions::SessionClosed>(SESSIONS).sessionId, session);
    assert!(!lab.is_live(session, policy));
    assert_eq!(lab.standing(session), (0, 0));
    assert!(lab.chain.call(SESSIONS, &ISessions::sessionCall { sessionId: session }).closed);
    assert!(lab.close(CONTROLLER, session).ok().logs.is_empty());
    // Newer statements do not open it again.
    lab.state(&good(START..START + DAY)).ok();
    let done = lab.refresh(session);
    assert_eq!(done.returned::<ISessions::refreshCall>().notAfter, 0);
    assert!(!lab.is_live(session, policy));
    assert_eq!(lab.standing(session), (0, 0));
}

#[test]
fn kinds_without_statements_end_with_their_certificates() {
    let mut lab = Lab::new();
    lab.chain.advance_to(VALIDITY.end - 12);
    // The block that dates the evidence is the last one.
    lab.chain.advance(2);
    let (binding, hash) = lab.binding(CONTROLLER);
    let evidence = lab.nitro_document(hash.as_slice());
    let call =
        ISessions::openCall { kind: kind::AWS_NITRO, evidence, collateralKeys: vec![], binding };
    let session = lab.open(&call).ok().returned::<ISessions::openCall>();
    let opened = lab.chain.call(SESSIONS, &ISessions::sessionCall { sessionId: session });
    let policy = lab.register(&Policy {
        kinds: vec![kind::AWS_NITRO],
        identities: vec![opened.identity],
        anchors: vec![keccak256(lab.nitro.root())],
        ..lab.policy()
    });
    assert!(lab.refresh(session).logs.is_empty());
    lab.chain.advance_to(VALIDITY.end - 1);
    assert!(lab.is_live(session, policy));
    lab.chain.advance(1);
    assert!(!lab.is_live(session, policy));
}

/// AMD's list names the certificate that the chip's was made under: from the block on in which anyone
/// puts that list every session under it is dead, remembered verdicts or not, alone or with a GPU.
#[test]
fn an_snp_session_dies_with_its_certificate() {
    for (with_gpu, refreshed) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut lab = Lab::new();
        lab.state_snp();
        let call = lab.snp_call(with_gpu);
        let session = lab.open(&call).ok().returned::<ISessions::openCall>();
        let opened = lab.chain.call(SESSIONS, &ISessions::sessionCall { sessionId: session });
        let policy = lab.register(&Policy {
            kinds: vec![call.kind],
            identities: vec![opened.identity],
            anchors: opened.anchors,
            toleratedStatus: u32::MAX,
            ..lab.policy()
        });
        assert!(lab.is_live(session, policy));
        // A newer list without it changes nothing; one that ends sooner ends the session sooner.
        let end = opened.notAfter;
        lab.put_list(&lab.snp.clone().listing(START..VALIDITY.end, false)).ok();
        assert_eq!(lab.standing(session), (opened.status, end));
        lab.put_list(&lab.snp.clone().listing(START + 1..START + 600, false)).ok();
        assert_eq!(lab.standing(session), (opened.status, START + 600));
        if refreshed {
            lab.refresh(session);
        }
        lab.put_list(&lab.snp.clone().listing(START + 2..VALIDITY.end, true)).ok();
        assert!(!lab.is_live(session, policy));
        assert_eq!(lab.standing(session).1, 0);
        if refreshed {
            let done = lab.refresh(session);
            let event = done.event::<ISessions::SessionAssessed>(SESSIONS);
            assert_eq!((event.sessionId, event.notAfter), (session, 0));
            assert!(!lab.is_live(session, policy));
        }
        // Nothing of that platform opens another, its controller's same evidence included.
        let again = lab.chain.try_call(CONTROLLER, SESSIONS, &call);
        again.error::<IAttestation::Refused>();
        lab.chain.advance(2);
        let fresh = lab.snp_call(with_gpu);
        lab.open(&fresh).error::<IAttestation::Refused>();
        // An older list does not come back.
        let older = lab.put_list(&lab.snp.clone().listing(START + 1..VALIDITY.end, false));
        older.error::<ICollateral::NotNewer>();
        assert!(!lab.is_live(session, policy));
    }
}

/// What happens in a random story.
#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    /// Statements of this length, in seconds.
    State {
        length: u64,
        out_of_date: bool,
        revoked: bool,
    },
    Open,
    Refresh(usize),
    Close(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (1..40_000u64).prop_map(Step::Wait),
        3 => (100..100_000u64, prop::bool::weighted(0.3), prop::bool::weighted(0.15))
            .prop_map(|(length, out_of_date, revoked)| Step::State { length, out_of_date, revoked }),
        3 => Just(Step::Open),
        2 => any::<usize>().prop_map(Step::Refresh),
        1 => any::<usize>().prop_map(Step::Close),
    ];
    prop::collection::vec(step, 1..25)
}

/// A session as the model knows it.
struct Known {
    id: B256,
    dated: u64,
    end: u64,
    closed: bool,
}

/// No session is live after its evidence, and each is live until then, whatever was remembered.
#[test]
fn sessions_live_exactly_as_long_as_their_evidence() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[3; 32]);
    let config = ProptestConfig { cases: 32, failure_persistence: None, ..Default::default() };
    let mut fresh = Lab::stating(START - 10..START + 50_000);
    let policy = fresh.register(&fresh.policy());
    let lenient = fresh.register(&Policy { toleratedStatus: 4, ..fresh.policy() });
    TestRunner::new_with_rng(config, rng)
        .run(&steps(), |steps| {
            let mut lab = fresh.clone();
            let mut newest = stated(START - 10..START + 50_000, false, false);
            let mut known: Vec<Known> = Vec::new();
            for step in steps {
                run(&mut lab, &mut newest, &mut known, &step);
                let now = lab.chain.timestamp();
                let end = newest.window.clone().unwrap().end;
                for session in &known {
                    let lives = !session.closed
                        && now < session.end.min(end)
                        && !newest.revoked
                        && now < session.dated + DAY;
                    prop_assert_eq!(lab.is_live(session.id, lenient), lives, "{:?}", &step);
                    let strict = lives && !newest.out_of_date;
                    prop_assert_eq!(lab.is_live(session.id, policy), strict, "{:?}", &step);
                }
            }
            Ok(())
        })
        .unwrap();
}

fn run(lab: &mut Lab, newest: &mut DevStatements, known: &mut Vec<Known>, step: &Step) {
    let now = lab.chain.timestamp();
    match *step {
        Step::Wait(seconds) => lab.chain.advance(seconds),
        Step::State { length, out_of_date, revoked } => {
            let statements = stated(now..now + length, out_of_date, revoked);
            let changed = lab.state(&statements).ok();
            // Of one second, the first counts.
            if !changed.logs.is_empty() {
                *newest = statements;
            }
        }
        Step::Open => {
            lab.chain.advance(1);
            let controller = Address::with_last_byte(known.len() as u8);
            let call = lab.sgx_call(controller);
            let outcome = lab.open(&call);
            let end = newest.window.clone().unwrap().end;
            let opens = !newest.revoked && lab.chain.timestamp() < end;
            assert_eq!(outcome.is_ok(), opens);
            if let Ok(done) = outcome.result {
                let id = done.returned::<ISessions::openCall>();
                let dated = lab.chain.ancestor(lab.chain.number() - 1).timestamp;
                known.push(Known { id, dated, end, closed: false });
                assert!(!lab.open(&call).is_ok(), "evidence opens one session");
            }
        }
        Step::Refresh(index) => {
            if let Some(session) = pick(known, index) {
                let before = lab.standing(session.id);
                let found = lab.refresh(session.id).returned::<ISessions::refreshCall>();
                assert_eq!((found.status, found.notAfter), before);
                assert_eq!(lab.standing(session.id), before);
            }
        }
        Step::Close(index) => {
            if let Some(session) = pick(known, index) {
                let controller = lab
                    .chain
                    .call(SESSIONS, &ISessions::sessionCall { sessionId: session.id })
                    .controller;
                lab.close(controller, session.id).ok();
                session.closed = true;
            }
        }
    }
}

fn pick(known: &mut [Known], index: usize) -> Option<&mut Known> {
    let count = known.len().max(1);
    known.get_mut(index % count)
}
