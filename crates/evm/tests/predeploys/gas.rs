//! Gas of whole transactions, held below the bounds that docs/predeploys.md states.

use crate::{
    harness::Outcome,
    interfaces::{ICollateral, ISessions},
    lab::{ANYONE, CONTROLLER, DAY, ENCLAVE, Lab, START, good, sgx},
};
use alloy_primitives::{Bytes, keccak256};
use assay_attestation::kind;
use assay_chainspec::predeploys::{COLLATERAL, SESSIONS};

#[test]
fn gas_is_within_the_documents_bounds() {
    let measured = measure();
    let document = include_str!("../../../../docs/predeploys.md");
    for (what, gas) in &measured {
        println!("| {what} | {gas} |");
    }
    for (what, gas) in measured {
        let row = document.lines().find_map(|line| line.strip_prefix(&format!("| {what} | ")));
        let row = row.unwrap_or_else(|| panic!("docs/predeploys.md has no row of {what}"));
        let bound: u64 = row.trim_end_matches(" |").replace(',', "").parse().expect("a number");
        assert!(gas <= bound, "{what}: {gas}, documented {bound}");
    }
}

fn measure() -> Vec<(&'static str, u64)> {
    let mut rows = Vec::new();
    let mut row = |what, outcome: Outcome| rows.push((what, outcome.ok().gas_used));
    let mut lab = Lab::new();
    let statements = lab.statements(&good(START - 10..START + DAY), &sgx(ENCLAVE, [0; 64]));
    for (statement, what) in statements.iter().zip([
        "`Collateral.put`, root's list",
        "`Collateral.put`, PCK list",
        "`Collateral.put`, TCB info",
        "`Collateral.put`, QE identity",
    ]) {
        let collateral = Bytes::copy_from_slice(statement);
        let call = ICollateral::putCall { kind: kind::INTEL_DCAP, collateral };
        row(what, lab.chain.send(ANYONE, COLLATERAL, &call));
    }
    let call = lab.sgx_call(CONTROLLER);
    let verify = ICollateral::verifyCall {
        kind: kind::INTEL_DCAP,
        evidence: call.evidence.clone(),
        keys: call.collateralKeys.clone(),
    };
    row("`Collateral.verify`, SGX quote", lab.chain.try_call(ANYONE, COLLATERAL, &verify));
    let opened = lab.open(&call);
    let id = opened.clone().ok().returned::<ISessions::openCall>();
    row("`Sessions.open`, SGX quote", opened);
    let (binding, hash) = lab.binding(CONTROLLER);
    let evidence = lab.nitro_document(hash.as_slice());
    let document =
        ISessions::openCall { kind: kind::AWS_NITRO, evidence, collateralKeys: vec![], binding };
    row("`Sessions.open`, Nitro document", lab.open(&document));
    let policy = ISessions::registerPolicyCall { policy: lab.policy() };
    row("`Sessions.registerPolicy`", lab.chain.send(ANYONE, SESSIONS, &policy));
    let policy = lab.register(&lab.policy());
    let live = ISessions::isLiveCall { sessionId: id, policyId: policy };
    row("`Sessions.isLive`", lab.chain.try_call(ANYONE, SESSIONS, &live));
    let digest = keccak256("a receipt");
    let check = ISessions::checkCall {
        sessionId: id,
        policyIds: vec![policy],
        digests: vec![digest],
        signatures: vec![lab.sign(digest)],
    };
    row(
        "`Sessions.check`, one policy, one signature",
        lab.chain.try_call(ANYONE, SESSIONS, &check),
    );
    lab.state(&good(START..START + DAY)).ok();
    row("`Sessions.isLive`, newer statements", lab.chain.try_call(ANYONE, SESSIONS, &live));
    let refresh = ISessions::refreshCall { sessionId: id };
    row("`Sessions.refresh`", lab.chain.send(ANYONE, SESSIONS, &refresh));
    row("`Sessions.close`", lab.close(CONTROLLER, id));
    rows
}
