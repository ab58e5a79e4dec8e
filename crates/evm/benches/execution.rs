//! Execution of a block of a thousand transfers between distinct accounts, without precompiles.
#![allow(missing_docs, unused_crate_dependencies, reason = "a benchmark")]

#[path = "../tests/common/mod.rs"]
mod common;

use alloy_primitives::{Address, Bytes, U256, keccak256};
use assay_evm::{decode_payload, recover_senders, validate_post_execution};
use common::{TestChain, call};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use op_alloy_rpc_types_engine::OpExecutionPayload;
use revm::state::AccountInfo;
use std::hint::black_box;

const TRANSFERS: u64 = 1_000;

fn execution(criterion: &mut Criterion) {
    let mut chain = TestChain::new("karst");
    let mut transactions = Vec::new();
    for index in 0..TRANSFERS {
        let to = Address::from_slice(&keccak256(index.to_be_bytes())[12..]);
        chain
            .db
            .insert_account_info(to, AccountInfo { balance: U256::from(1), ..Default::default() });
        let key = (index % chain.keys.len() as u64) as usize;
        let nonce = index / chain.keys.len() as u64;
        transactions.push(chain.sign(key, call(nonce, to, 21_000, Bytes::new())));
    }
    let (block, output) = chain.build(transactions);
    let (payload, sidecar) =
        OpExecutionPayload::from_block_unchecked(block.hash(), &block.clone_block());

    let mut group = criterion.benchmark_group("block");
    group.throughput(Throughput::Elements(TRANSFERS));
    group.bench_function("execute 1,000 transfers", |bencher| {
        bencher.iter(|| chain.execute(black_box(&block)).expect("valid"));
    });
    group.bench_function("decode 1,000 transfers", |bencher| {
        bencher.iter(|| decode_payload(black_box(payload.clone()), &sidecar).expect("valid"));
    });
    group.bench_function("recover 1,000 senders", |bencher| {
        bencher.iter(|| recover_senders(black_box(&block.body().transactions), &()));
    });
    group.bench_function("check 1,000 receipts", |bencher| {
        bencher.iter(|| validate_post_execution(chain.spec(), block.header(), black_box(&output)));
    });
    group.finish();
}

criterion_group!(benches, execution);
criterion_main!(benches);
