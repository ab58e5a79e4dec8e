//! Each precompile beside ecrecover: gas per second, on the slowest inputs found.
#![allow(missing_docs, unused_crate_dependencies)]

use criterion::{Criterion, criterion_group, criterion_main};

fn benches(_criterion: &mut Criterion) {}

criterion_group!(all, benches);
criterion_main!(all);
