//! A block with 200 evidence verifications: its execution with verdicts cached and computed, and its
//! newPayload with verdicts cached, computed by the block alone, and computed ahead on all cores.
#![allow(missing_docs)]

#[path = "../tests/common/mod.rs"]
mod common;

use alloy_primitives::{Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use assay_attestation::dev::{DevDocument, DevNitro, DevPlatform, DevReport};
use assay_chainspec::{ChainSpec, PRECOMPILE_ADDRESSES};
use assay_engine::{BuiltPayload, EngineConfig};
use assay_evm::AssayEvmConfig;
use assay_precompiles::contracts::IAttestation;
use common::{GENESIS_TIME, LastFork, Node, assay_spec, sign};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use op_alloy_rpc_types_engine::OpPayloadAttributes;
use std::sync::Arc;

const VERIFICATIONS: usize = 200;
/// Evidence is large: room for 200 calls with all of their collateral in one block.
const GAS_LIMIT: u64 = 400_000_000;

fn platform() -> DevPlatform {
    DevPlatform::new(keccak256("bench"), GENESIS_TIME - 3_600..GENESIS_TIME + 86_400)
}

fn nitro() -> DevNitro {
    DevNitro::new(keccak256("bench"), GENESIS_TIME - 3_600..GENESIS_TIME + 86_400)
}

fn spec() -> Arc<ChainSpec> {
    assay_spec(GAS_LIMIT, VERIFICATIONS, [(1, platform().root()), (2, nitro().root())])
}

/// What each of the accounts verifies.
#[derive(Debug, Clone, Copy)]
enum Evidence {
    /// A TDX quote of its own, with all of its collateral: 21 KB.
    Tdx,
    /// A Nitro document of its own: 4 KB.
    Nitro,
}

fn transactions(evidence: Evidence) -> Vec<Bytes> {
    let (platform, nitro) = (platform(), nitro());
    let call = |index: usize| {
        let mut bound = [0; 64];
        bound[..8].copy_from_slice(&(index as u64).to_be_bytes());
        let (kind, evidence, collateral) = match evidence {
            Evidence::Tdx => {
                let registers = [[1; 48]; 4];
                let report = DevReport::Tdx { mr_td: [7; 48], registers, report_data: bound };
                let made = platform.attest(&report);
                (1, made.evidence, made.collateral)
            }
            Evidence::Nitro => {
                let document = DevDocument {
                    pcrs: (0..3).map(|index| (index, [index + 1; 48])).collect(),
                    user_data: Some(Bytes::copy_from_slice(&bound)),
                    time: GENESIS_TIME,
                    ..DevDocument::default()
                };
                (2, nitro.attest(&document), Bytes::new())
            }
        };
        IAttestation::verifyCall { kind, evidence, collateral, time: GENESIS_TIME + 2 }
    };
    (0..VERIFICATIONS)
        .map(|index| {
            let input = call(index).abi_encode().into();
            sign(index, 0, PRECOMPILE_ADDRESSES[0], U256::ZERO, input, 2_000_000)
        })
        .collect()
}

fn node(spec: &Arc<ChainSpec>, verify_ahead: bool) -> Node {
    let evm = AssayEvmConfig::new(Arc::clone(spec)).unwrap();
    let config = EngineConfig { verify_ahead, ..EngineConfig::default() };
    Node::over(LastFork::Jovian, Arc::clone(spec), evm, config)
}

fn attributes(node: &Node, transactions: &[Bytes], random: u64) -> OpPayloadAttributes {
    let mut attributes = node.attributes(1, transactions.to_vec());
    attributes.gas_limit = Some(GAS_LIMIT);
    // Another prevRandao makes another block of the same transactions.
    attributes.payload_attributes.prev_randao = keccak256(random.to_be_bytes());
    attributes
}

fn evidence(criterion: &mut Criterion) {
    for (name, evidence) in [("tdx", Evidence::Tdx), ("nitro", Evidence::Nitro)] {
        block(criterion, name, &transactions(evidence));
    }
}

fn block(criterion: &mut Criterion, name: &str, transactions: &[Bytes]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let spec = spec();
    let builder = node(&spec, true);
    let build = |random| -> BuiltPayload {
        let attributes = attributes(&builder, transactions, random);
        runtime.block_on(builder.build(builder.genesis(), attributes))
    };
    let built = build(0);
    assert_eq!(
        built.block().body().transactions.len(),
        VERIFICATIONS + 1,
        "every verification is in the block"
    );
    let data = built.execution_data();

    let mut group = criterion.benchmark_group("evidence");
    group.sample_size(10);
    let genesis = builder.genesis();
    let parent = builder.chain.header_by_hash(genesis).unwrap().unwrap();
    let state = builder.chain.state_at(genesis).unwrap().unwrap();
    let afresh = || AssayEvmConfig::new(Arc::clone(&spec)).unwrap();
    let execute = |evm: &AssayEvmConfig| {
        let output = evm.execute(built.block(), &parent, state.clone(), None).unwrap();
        assert_eq!(output.gas_used, built.block().header().gas_used);
    };
    let cached = afresh();
    execute(&cached);
    group.bench_function(format!("execute/200_{name}_cached"), |bencher| {
        bencher.iter(|| execute(&cached));
    });
    group.bench_function(format!("execute/200_{name}_computed"), |bencher| {
        bencher.iter_batched(afresh, |evm| execute(&evm), BatchSize::PerIteration);
    });
    let import = |node: Node, data| {
        assert!(runtime.block_on(node.new_payload(data)).is_valid());
        node
    };
    group.bench_function(format!("new_payload/200_{name}_cached"), |bencher| {
        let mut number = 0;
        let node = node(&spec, true);
        assert!(runtime.block_on(node.new_payload(data.clone())).is_valid());
        bencher.iter_batched(
            || {
                number += 1;
                build(number).execution_data()
            },
            |data| assert!(runtime.block_on(node.new_payload(data)).is_valid()),
            BatchSize::PerIteration,
        );
    });
    group.bench_function(format!("new_payload/200_{name}_ahead"), |bencher| {
        bencher.iter_batched(
            || (node(&spec, true), data.clone()),
            |(node, data)| import(node, data),
            BatchSize::PerIteration,
        );
    });
    group.bench_function(format!("new_payload/200_{name}_alone"), |bencher| {
        bencher.iter_batched(
            || (node(&spec, false), data.clone()),
            |(node, data)| import(node, data),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, evidence);
criterion_main!(benches);
