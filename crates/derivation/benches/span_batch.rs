//! Span batches and channels, in both directions: 300 blocks of 20 transactions.

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256};
use assay_chainspec::RollupConfig;
use assay_derivation::{Compression, SingularBatch, SpanBatch, SpanBatchBuilder};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use op_alloy_consensus::OpTxEnvelope;
use std::hint::black_box;

fn config() -> RollupConfig {
    let mut config = RollupConfig { block_time: 2, l2_chain_id: 901, ..RollupConfig::default() };
    config.genesis.l2_time = 1000;
    config
}

fn transaction(seed: u64) -> Bytes {
    let random = keccak256(seed.to_be_bytes());
    let transaction = TxEip1559 {
        chain_id: 901,
        nonce: seed,
        gas_limit: 60_000,
        max_fee_per_gas: 1_000_000_000,
        max_priority_fee_per_gas: 1_000_000,
        to: TxKind::Call(Address::from_slice(&random[..20])),
        value: U256::ZERO,
        // An ERC-20 transfer's length.
        input: [&random[..4], &[0; 12], &random[4..24], &[0; 24], &random[24..]].concat().into(),
        ..Default::default()
    };
    let signature = Signature::new(random.into(), keccak256(random).into(), seed & 1 == 1);
    OpTxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
}

fn blocks() -> Vec<SingularBatch> {
    (0..300u64)
        .map(|index| SingularBatch {
            parent_hash: keccak256(index.to_be_bytes()),
            epoch_number: 100 + index / 6,
            epoch_hash: B256::repeat_byte(1),
            timestamp: 1002 + 2 * index,
            transactions: (0..20).map(|each| transaction(index * 20 + each)).collect(),
        })
        .collect()
}

fn encode(config: &RollupConfig, blocks: &[SingularBatch]) -> Vec<u8> {
    let mut builder = SpanBatchBuilder::new(config);
    for block in blocks {
        builder.push(block, 1).unwrap_or_else(|error| panic!("{error}"));
    }
    let mut out = Vec::new();
    builder.encode(&mut out);
    out
}

fn span_batch(criterion: &mut Criterion) {
    let config = config();
    let blocks = blocks();
    let data = encode(&config, &blocks);
    let mut group = criterion.benchmark_group("span_batch");
    group.throughput(Throughput::Bytes(data.len() as u64));
    group.bench_function("encode", |bencher| {
        bencher.iter(|| encode(&config, black_box(&blocks)));
    });
    group.bench_function("decode", |bencher| {
        bencher.iter(|| SpanBatch::decode(black_box(&data), &config));
    });
    group.sample_size(10);
    for quality in [5, 9, 10] {
        group.bench_function(format!("brotli {quality}"), |bencher| {
            bencher.iter(|| Compression::Brotli(quality).compress(black_box(&data)));
        });
    }
    group.finish();
}

criterion_group!(benches, span_batch);
criterion_main!(benches);
