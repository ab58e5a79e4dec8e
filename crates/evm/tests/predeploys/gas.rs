//! Gas of whole transactions is what docs/predeploys.md and docs/inference.md state.

use crate::{
    harness::{Chain, Outcome},
    inference_session::opened,
    lab::{ANYONE, CONTROLLER, DAY, ENCLAVE, Lab, START, good, sgx},
    world::{
        CHALLENGER, CONTRIBUTORS, Cited, NATIVE, OWNER, PROVIDER, REQUESTER, TOKEN, World, ether,
        model_call, test_code,
    },
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use assay_attestation::{dev::DevGroth16, kind};
use assay_chainspec::predeploys::{COLLATERAL, DATANETS, INFERENCE, SESSIONS, VERIFIERS};
use assay_precompiles::contracts::{ICollateral, IDatanets, IInference, ISessions, IVerifiers};

type Rows = Vec<(&'static str, u64)>;

#[test]
fn gas_is_what_the_documents_say() {
    let mut predeploys = statements_and_sessions();
    predeploys.extend(proofs());
    compare("docs/predeploys.md", include_str!("../../../../docs/predeploys.md"), &predeploys);
    let inference = [requests_and_receipts(), payouts()].concat();
    compare("docs/inference.md", include_str!("../../../../docs/inference.md"), &inference);
}

/// What a figure may be off by: it is rounded to a hundred, and session ids and signatures, which follow
/// from the genesis block's hash, have more or fewer zero bytes in calldata.
const TOLERANCE: u64 = 200;

/// Compares the rows after a document's `| transaction | gas |` with what was measured.
#[track_caller]
fn compare(name: &str, document: &str, measured: &Rows) {
    let table: String = measured
        .iter()
        .map(|(what, gas)| format!("| {what} | {} |\n", grouped((gas + 50) / 100 * 100)))
        .collect();
    let (_, rest) = document.split_once("| transaction | gas |\n| --- | --- |\n").expect("a table");
    let stated = rest.lines().map_while(|line| {
        let (what, gas) = line.strip_prefix("| ")?.strip_suffix(" |")?.rsplit_once(" | ")?;
        Some((what, gas.replace(',', "").parse::<u64>().expect("a number")))
    });
    let stated: Vec<_> = stated.collect();
    let same = stated.len() == measured.len()
        && stated.iter().zip(measured).all(|((what, gas), (measured_what, measured))| {
            what == measured_what && gas.abs_diff(*measured) <= TOLERANCE
        });
    assert!(same, "{name} should have:\n{table}");
}

/// 12,345,678.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index != 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn statements_and_sessions() -> Rows {
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
    lab.state_snp();
    row("`Sessions.open`, SEV-SNP report", lab.open(&lab.snp_call(false)));
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

fn proofs() -> Rows {
    let mut chain = Chain::new();
    let circuit = DevGroth16::new(B256::repeat_byte(3), 4);
    let words = [1, 2, 3, 4].map(B256::with_last_byte);
    let groth16 = circuit.attest(&words, false).expect("inputs below the order");
    let joined = |high: B256, low: B256| B256::from_slice(&[&high[16..], &low[16..]].concat());
    let mut prove = |kind, input, output, metadata: &[u8], proof: &[u8]| {
        let call = IVerifiers::proveCall {
            verifierId: B256::with_last_byte(kind),
            inputHash: input,
            outputHash: output,
            metadata: Bytes::copy_from_slice(metadata),
            proof: Bytes::copy_from_slice(proof),
        };
        chain.send(ANYONE, VERIFIERS, &call).ok().gas_used
    };
    let mut committed = |kind, evidence: &[u8], program: usize, start: usize| {
        let (program, bound) = (&evidence[program..program + 32], &evidence[start..]);
        let words = [0, 32].map(|at| B256::from_slice(&bound[at..at + 32]));
        prove(kind, words[0], words[1], &[program, &bound[64..]].concat(), evidence)
    };
    let sp1 = include_bytes!("../../../attestation/testdata/sp1/v6.1.0.evidence");
    let sp1 = committed(kind::SP1, sp1, 1, 389);
    let risc0 = include_bytes!("../../../attestation/testdata/risc0/v3.0_kernel.evidence");
    let risc0 = committed(kind::RISC0, risc0, 0, 292);
    let program = keccak256(circuit.verifying_key());
    let (input, output) = (joined(words[0], words[1]), joined(words[2], words[3]));
    let groth16 = prove(kind::GROTH16, input, output, program.as_slice(), &groth16);
    vec![
        ("`Verifiers.prove`, Groth16 of four inputs, its key given", groth16),
        ("`Verifiers.prove`, SP1, 416 bytes of public values", sp1),
        ("`Verifiers.prove`, RISC Zero, a journal of 209 bytes", risc0),
    ]
}

/// A world over the real `Sessions`: a Nitro session, a datanet, and a model under the session's policy.
#[derive(Clone)]
struct Market {
    world: World,
    session: B256,
    policy: B256,
}

impl Market {
    fn new() -> Self {
        let (mut world, session, policy) = opened();
        world.chain.set_code(TOKEN, test_code("TestToken"));
        world.chain.set_balance(CHALLENGER, ether(1));
        world.give_tokens(REQUESTER, ether(1_000));
        world.datanet = world.corpus();
        Self { world, session, policy }
    }

    fn register(&mut self) -> Outcome {
        let call = IInference::registerModelCall {
            policyId: self.policy,
            ..model_call(self.world.datanet, 1_500, 2_333, 2)
        };
        let outcome = self.world.chain.send(OWNER, INFERENCE, &call);
        self.world.model = outcome.clone().ok().returned::<IInference::registerModelCall>();
        outcome
    }

    /// A request under the requester's own policy, which is the model's.
    fn request(&mut self, token: Address) -> (Outcome, B256) {
        let call = IInference::requestCall {
            policyId: self.policy,
            ..self.world.request_call(token, ether(1))
        };
        let outcome = self.world.send_request(&call);
        let id = outcome.clone().ok().returned::<IInference::requestCall>();
        (outcome, id)
    }

    fn answer(&mut self, request: B256, cited: Option<&Cited>) -> IInference::Settlement {
        let receipt = self.world.receipt(request, ether(1) / U256::from(2), cited);
        IInference::Settlement { sessionId: self.session, ..self.world.sign(receipt) }
    }

    fn settle(&mut self, token: Address, cited: Option<&Cited>) -> (Outcome, B256) {
        let (_, request) = self.request(token);
        let settlement = self.answer(request, cited);
        (self.world.settle(settlement), request)
    }
}

fn requests_and_receipts() -> Rows {
    let mut rows = Vec::new();
    let mut row = |what, outcome: Outcome| rows.push((what, outcome.ok().gas_used));
    let mut market = Market::new();
    row("`Inference.registerModel`", market.register());
    let cited = market.world.cited();
    market.request(NATIVE).0.ok();
    market.request(TOKEN).0.ok();
    row("`Inference.request`, native", market.request(NATIVE).0);
    row("`Inference.request`, ERC-20", market.request(TOKEN).0);
    row("`Inference.settle`, native, nothing cited, all payees new", {
        market.clone().settle(NATIVE, None).0
    });
    row("`Inference.settle`, native, three documents cited, all payees new", {
        market.settle(NATIVE, Some(&cited)).0
    });
    market.settle(TOKEN, Some(&cited)).0.ok();
    row("`Inference.settle`, native, nothing cited", market.settle(NATIVE, None).0);
    row("`Inference.settle`, native, cited", market.settle(NATIVE, Some(&cited)).0);
    row("`Inference.settle`, ERC-20, cited", market.settle(TOKEN, Some(&cited)).0);
    let settlements = (0..10)
        .map(|_| {
            let (_, request) = market.request(NATIVE);
            market.answer(request, Some(&cited))
        })
        .collect();
    let batch = IInference::settleManyCall { settlements, gasPerItem: U256::from(400_000) };
    let sent = market.world.chain.send(ANYONE, INFERENCE, &batch);
    assert_eq!(sent.clone().ok().returned::<IInference::settleManyCall>()[..], [0xff, 0b11]);
    row("`Inference.settleMany`, ten native receipts, cited", sent);
    let (_, late) = market.request(NATIVE);
    let until = market.world.request_of(late).deadline;
    market.world.chain.advance_to(until + 1);
    let refund = IInference::refundCall { requestId: late };
    row("`Inference.refund`", market.world.chain.send(ANYONE, INFERENCE, &refund));
    for (token, what) in
        [(NATIVE, "`Inference.withdraw`, native"), (TOKEN, "`Inference.withdraw`, ERC-20")]
    {
        let call = IInference::withdrawCall { token, to: OWNER };
        row(what, market.world.chain.send(OWNER, INFERENCE, &call));
    }
    rows
}

fn payouts() -> Rows {
    let mut rows = Vec::new();
    let mut row = |what, outcome: Outcome| rows.push((what, outcome.ok().gas_used));
    let mut market = Market::new();
    market.register().ok();
    let cited = market.world.cited();
    row("`Datanets.contribute`, one document", {
        let mut world = market.world.clone();
        world.contribute(world.datanet, CONTRIBUTORS[0], &[10])
    });
    let [first, second, proven, disputed] = [(); 4].map(|()| market.settle(NATIVE, Some(&cited)).1);
    let world = &mut market.world;
    let challenge = IDatanets::challengeCall { requestId: disputed };
    let bond = ether(1) / U256::from(100);
    row("`Datanets.challenge`", world.chain.pay(CHALLENGER, DATANETS, bond, &challenge));
    row("`Datanets.prove`, three documents", {
        world.chain.send(PROVIDER, DATANETS, &cited.prove(proven))
    });
    world.chain.advance(DAY);
    let void = IDatanets::voidCreditCall { requestId: disputed };
    row("`Datanets.voidCredit`, challenged", world.chain.send(ANYONE, DATANETS, &void));
    world.chain.send(ANYONE, DATANETS, &cited.distribute(first)).ok();
    row("`Datanets.distribute`, three documents", {
        world.chain.send(ANYONE, DATANETS, &cited.distribute(second))
    });
    let [contributor, ..] = CONTRIBUTORS;
    let claim = IDatanets::claimCall { token: NATIVE, to: contributor };
    row("`Datanets.claim`, native", world.chain.send(contributor, DATANETS, &claim));
    rows
}
