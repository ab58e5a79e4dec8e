//! newPayload and payload building, over a block of transfers and storage writes.

#[path = "../tests/common/mod.rs"]
mod common;

use alloy_primitives::{Address, Bytes};
use common::{LastFork, Node, WRITER, transfer, write};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use std::hint::black_box;

const ACCOUNTS: usize = 500;

fn transactions() -> Vec<Bytes> {
    (0..ACCOUNTS)
        .map(|index| {
            if index % 2 == 0 {
                transfer(index, 0, Address::left_padding_from(&index.to_be_bytes()), 1)
            } else {
                write(index, 0, WRITER, index as u64, 1)
            }
        })
        .collect()
}

fn engine(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let transactions = transactions();
    let node = Node::with_accounts(LastFork::Isthmus, ACCOUNTS);
    let attributes = node.attributes(1, transactions);
    let built = runtime.block_on(node.build(node.genesis(), attributes.clone()));
    let data = built.execution_data();

    let mut group = criterion.benchmark_group("engine");
    group.sample_size(20);
    group.bench_function("new_payload/500_transactions", |bencher| {
        bencher.iter_batched(
            || (Node::with_accounts(LastFork::Isthmus, ACCOUNTS), data.clone()),
            |(node, data)| {
                assert!(runtime.block_on(node.new_payload(data)).is_valid());
                node
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("build/500_transactions", |bencher| {
        let mut number = 0;
        bencher.iter_batched(
            || {
                // Another prevRandao makes another payload.
                number += 1;
                let mut attributes = attributes.clone();
                attributes.payload_attributes.prev_randao =
                    alloy_primitives::keccak256(u64::to_be_bytes(number));
                attributes
            },
            |attributes| black_box(runtime.block_on(node.build(node.genesis(), attributes))),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("new_payload/known", |bencher| {
        bencher.iter_batched(
            || data.clone(),
            |data| assert!(runtime.block_on(node.new_payload(data)).is_valid()),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, engine);
criterion_main!(benches);
