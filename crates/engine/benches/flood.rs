//! Payload building while distinct invalid documents flood in: a block of nothing else beside a
//! block of ecrecover calls; and a block of transfers while nothing, the documents, or as many bytes
//! that nobody verifies flood into the pool.
//! The throughput is gas per second.
#![allow(missing_docs)]

#[path = "../tests/common/mod.rs"]
mod common;

use alloy_consensus::transaction::{Recovered, SignerRecoverable};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy_sol_types::{SolCall, sol};
use assay_attestation::dev::{DevDocument, DevNitro};
use assay_chainspec::{ChainSpec, PRECOMPILE_ADDRESSES};
use assay_engine::{BuilderConfig, BuiltPayload, EngineConfig};
use assay_evm::{AssayEvmConfig, Transaction};
use assay_pool::Origin;
use assay_precompiles::contracts::IAttestation;
use common::{GENESIS_TIME, LastFork, Node, assay_spec, sign, signer, transfer};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use op_alloy_rpc_types_engine::OpPayloadAttributes;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

const GAS_LIMIT: u64 = 30_000_000;
/// Accounts with one transfer each: almost a full block.
const TRANSFERS: usize = 1_400;
/// Accounts with one document each.
const DOCUMENTS: usize = 4_000;
/// Documents in a block of nothing else.
const BLOCK_DOCUMENTS: usize = 140;
const MULTICALL: Address = address!("cA11bde05977b3631167028862bE2a173976CA11");

sol! {
    struct Call { address target; bytes callData; }
    function aggregate(Call[] calls) external payable returns (uint256, bytes[] memory);
}

fn nitro() -> DevNitro {
    DevNitro::new(keccak256("flood"), GENESIS_TIME - 3_600..GENESIS_TIME + 86_400)
}

fn spec() -> Arc<ChainSpec> {
    static SPEC: OnceLock<Arc<ChainSpec>> = OnceLock::new();
    let build = || assay_spec(GAS_LIMIT, TRANSFERS + DOCUMENTS, [(2, nitro().root())]);
    Arc::clone(SPEC.get_or_init(build))
}

fn node() -> Node {
    let spec = spec();
    let evm = AssayEvmConfig::new(Arc::clone(&spec)).unwrap();
    // However slow, a block takes everything that fits.
    let patient = BuilderConfig { grace: Duration::from_secs(60), ..BuilderConfig::default() };
    let config = EngineConfig { builder: patient, ..EngineConfig::default() };
    Node::over(LastFork::Jovian, spec, evm, config)
}

/// Documents that differ in one signed byte string and fail at the last step, the signature over it.
fn documents(count: usize, to: Address) -> Vec<Bytes> {
    let mark = B256::repeat_byte(0x5a);
    let document = nitro().attest(&DevDocument {
        pcrs: (0..3).map(|index| (index, [index + 1; 48])).collect(),
        user_data: Some(mark.into()),
        time: GENESIS_TIME,
        ..DevDocument::default()
    });
    let at = document.windows(32).position(|window| window == mark.as_slice()).unwrap();
    let sign_one = |index: usize| {
        let mut evidence = document.to_vec();
        evidence[at..at + 8].copy_from_slice(&(index as u64).to_be_bytes());
        let time = GENESIS_TIME + 2;
        let call = IAttestation::verifyCall {
            kind: 2,
            evidence: evidence.into(),
            collateral: Bytes::new(),
            time,
        };
        sign(TRANSFERS + index, 0, to, U256::ZERO, call.abi_encode().into(), 400_000)
    };
    (0..count).map(sign_one).collect()
}

fn ecrecovers() -> Vec<Bytes> {
    let call = Call { target: Address::with_last_byte(1), callData: ecrecover_input() };
    let input: Bytes = aggregateCall { calls: vec![call; 400] }.abi_encode().into();
    (0..10).map(|index| sign(index, 0, MULTICALL, U256::ZERO, input.clone(), 3_000_000)).collect()
}

fn ecrecover_input() -> Bytes {
    use alloy_signer::SignerSync;
    let digest = keccak256("flood");
    let signature = signer(0).sign_hash_sync(&digest).unwrap();
    let recovery = B256::with_last_byte(27 + u8::from(signature.v()));
    let (r, s) = (B256::from(signature.r()), B256::from(signature.s()));
    [digest, recovery, r, s].concat().into()
}

fn attributes(node: &Node, transactions: Vec<Bytes>, from_pool: bool) -> OpPayloadAttributes {
    let mut attributes = node.attributes(1, transactions);
    attributes.gas_limit = Some(GAS_LIMIT);
    attributes.no_tx_pool = Some(!from_pool);
    attributes
}

fn build(node: &Node, transactions: Vec<Bytes>, from_pool: bool) -> BuiltPayload {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let attributes = attributes(node, transactions, from_pool);
    runtime.block_on(node.build(node.genesis(), attributes))
}

fn gas(built: &BuiltPayload) -> u64 {
    built.block().header().gas_used
}

fn blocks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("flood");
    group.sample_size(10);
    for (name, transactions) in [
        ("ecrecover", ecrecovers()),
        ("invalid_documents", documents(BLOCK_DOCUMENTS, PRECOMPILE_ADDRESSES[0])),
    ] {
        let built = build(&node(), transactions.clone(), false);
        assert_eq!(built.block().body().transactions.len(), transactions.len() + 1);
        group.throughput(Throughput::Elements(gas(&built)));
        group.bench_function(format!("build/{name}"), |bencher| {
            bencher.iter_batched(
                || (node(), transactions.clone()),
                |(node, transactions)| {
                    build(&node, transactions, false);
                    node
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// Transactions as the RPC hands them to the pool.
fn recovered(encoded: &[Bytes]) -> Vec<Recovered<Transaction>> {
    let recover = |raw: &Bytes| {
        Transaction::decode_2718_exact(raw.as_ref()).unwrap().try_into_recovered().unwrap()
    };
    encoded.iter().map(recover).collect()
}

fn pool(criterion: &mut Criterion) {
    let transfers: Vec<_> =
        (0..TRANSFERS).map(|index| transfer(index, 0, Address::repeat_byte(9), 1)).collect();
    let transfers = recovered(&transfers);
    let flood = recovered(&documents(DOCUMENTS, PRECOMPILE_ADDRESSES[0]));
    let data = recovered(&documents(DOCUMENTS, Address::repeat_byte(9)));
    let mut group = criterion.benchmark_group("flood");
    group.sample_size(10);
    for (name, flood) in
        [("quiet", &[][..]), ("with_data", &data[..]), ("with_documents", &flood[..])]
    {
        group.throughput(Throughput::Elements(21_000 * TRANSFERS as u64));
        let sent = AtomicUsize::new(0);
        group.bench_function(format!("build/transfers_{name}"), |bencher| {
            bencher.iter_custom(|iterations| {
                (0..iterations).map(|_| build_flooded(&transfers, flood, &sent)).sum()
            });
        });
        println!("    sent meanwhile: {}", sent.into_inner());
    }
    group.finish();
}

/// How long a block of the transfers takes while another thread hands the flood to the pool as
/// fast as it is taken.
fn build_flooded(
    transfers: &[Recovered<Transaction>],
    flood: &[Recovered<Transaction>],
    sent: &AtomicUsize,
) -> Duration {
    let node = node();
    for transaction in transfers {
        node.pool.add(transaction.clone(), Origin::Rpc).unwrap();
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for transaction in flood {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                node.pool.add(transaction.clone(), Origin::Rpc).unwrap();
                sent.fetch_add(1, Ordering::Relaxed);
            }
        });
        // The flood is in full swing.
        std::thread::sleep(Duration::from_millis(20));
        let begun = Instant::now();
        let built = build(&node, Vec::new(), true);
        let elapsed = begun.elapsed();
        stop.store(true, Ordering::Relaxed);
        assert!(built.block().body().transactions.len() > TRANSFERS, "every transfer is in it");
        elapsed
    })
}

criterion_group!(benches, blocks, pool);
criterion_main!(benches);
