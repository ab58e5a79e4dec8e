//! Calls of `IAttribution`: usual ones, and the slowest per gas that were found.

use crate::{Case, case};
use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use assay_attribution::{Frontier, LogBuilder, Span, append, leaf_hash};
use assay_precompiles::{contracts::IAttribution, span_weights_call};

/// The index of the interface's address.
const INTERFACE: usize = 1;
/// The most items of a list.
const MOST: u32 = 65_536;

/// All cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = log();
    cases.extend(splits());
    cases.extend(spans());
    cases.extend(influences());
    cases.extend(shapley());
    cases
}

fn run(name: impl Into<String>, call: &impl SolCall) -> Case {
    case(name, INTERFACE, call.abi_encode())
}

/// Numbers without a pattern.
fn scattered(index: u64) -> u64 {
    // The finalizer of SplitMix64.
    let mixed = (index ^ (index >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn noise(bytes: usize) -> Vec<u8> {
    (1..=bytes as u64).map(|index| scattered(index) as u8).collect()
}

fn log() -> Vec<Case> {
    let leaves: Vec<B256> = (0..1_000_000u64).map(|i| leaf_hash(&i.to_be_bytes())).collect();
    let log = LogBuilder::new(leaves.clone());
    let head = |count: usize| IAttribution::headCall { leafHashes: leaves[..count].to_vec() };
    let mut cases = vec![
        run("head of 1,000 leaves", &head(1_000)),
        run("head of 65,536 leaves", &head(MOST as usize)),
    ];
    let frontier = |size: usize| append(Frontier::default(), &leaves[..size]).unwrap();
    let mut append = |name: &str, size: usize, count: usize| {
        let Frontier { size: leaves_before, nodes } = frontier(size);
        let call = IAttribution::appendCall {
            frontier: nodes,
            size: leaves_before,
            leafHashes: leaves[size..size + count].to_vec(),
        };
        cases.push(run(name, &call));
    };
    append("append 1 leaf to 999,999", 999_999, 1);
    append("append 1,000 leaves to 524,287", 524_287, 1_000);
    // Every leaf joins all of a frontier of 64 nodes, but only the first does.
    let full = IAttribution::appendCall {
        frontier: vec![leaves[0]; 63],
        size: (1 << 63) - 1,
        leafHashes: vec![leaves[1]],
    };
    cases.push(run("append 1 leaf to 2^63 - 1", &full));
    let mut inclusion = |name: &str, indices: Vec<u64>| {
        let call = IAttribution::verifyInclusionCall {
            logHead: log.head(),
            size: log.size(),
            leafHashes: indices.iter().map(|index| leaves[*index as usize]).collect(),
            proof: log.inclusion_proof(&indices).unwrap(),
            indices,
        };
        cases.push(run(name, &call));
    };
    inclusion("inclusion of 1 in a million", vec![123_456]);
    inclusion("inclusion of 1,000 adjacent", (500_000..501_000).collect());
    inclusion("inclusion of 1,000 apart", (0..1_000).map(|i| i * 1_000).collect());
    inclusion("inclusion of 5,000 apart", (0..5_000).map(|i| i * 200).collect());
    let deep = IAttribution::verifyInclusionCall {
        logHead: B256::ZERO,
        size: 1 << 63,
        indices: vec![0],
        leafHashes: vec![B256::ZERO],
        proof: vec![B256::ZERO; 63],
    };
    cases.push(run("inclusion of 1 in 2^63", &deep));
    // Nothing but rising: the last leaf of a log of 2^63 + 1.
    let rising = IAttribution::verifyInclusionCall {
        logHead: B256::ZERO,
        size: (1 << 63) + 1,
        indices: vec![1 << 63],
        leafHashes: vec![B256::ZERO],
        proof: vec![B256::ZERO],
    };
    cases.push(run("inclusion of the last in 2^63 + 1", &rising));
    let consistency = IAttribution::verifyConsistencyCall {
        oldHead: LogBuilder::new(leaves[..333_333].to_vec()).head(),
        oldSize: 333_333,
        newHead: log.head(),
        newSize: log.size(),
        proof: log.consistency_proof(333_333).unwrap(),
    };
    cases.push(run("consistency in a million", &consistency));
    let deep = IAttribution::verifyConsistencyCall {
        oldHead: B256::ZERO,
        oldSize: u64::MAX - 1,
        newHead: B256::ZERO,
        newSize: u64::MAX,
        proof: vec![B256::ZERO; 65],
    };
    cases.push(run("consistency in 2^64 - 1", &deep));
    cases
}

fn splits() -> Vec<Case> {
    let word = |i: u64| U256::from_be_bytes(keccak256(i.to_be_bytes()).0);
    let mut cases = Vec::new();
    for (count, shift) in [(10u64, 12), (1_000, 12), (1_000, 70), (1_000, 140), (65_536, 17)] {
        let weights = (0..count).map(|i| word(i) >> shift).collect();
        let call = IAttribution::apportionCall { pool: U256::MAX, weights };
        cases.push(run(format!("apportion among {count}, {} bits", 256 - shift), &call));
    }
    let equal = IAttribution::apportionCall {
        pool: U256::from(999),
        weights: vec![U256::MAX >> 10; 1_000],
    };
    cases.push(run("apportion among 1,000, equal", &equal));
    cases
}

fn spans() -> Vec<Case> {
    let mut cases = Vec::new();
    // All tokens are zero: every span in range is true.
    let mut search = |name: &str, output: u32, chunks: &[Vec<u8>], mut spans: Vec<Span>| {
        spans.sort_unstable();
        spans.dedup();
        let call = span_weights_call(&vec![0; output as usize * 4], chunks, &spans, 1);
        cases.push(run(format!("spanWeights, {name}"), &call));
    };
    let span = |chunk, output_start, chunk_start, length| Span {
        chunk,
        output_start,
        chunk_start,
        length,
    };
    let random = |i: u32, below: u32| (scattered(u64::from(i)) % u64::from(below)) as u32;
    let chunk = |tokens: u32| vec![0; tokens as usize * 4];
    let all = [chunk(MOST)];
    search(
        "500 tokens, 10 chunks, 20 spans",
        500,
        &vec![chunk(256); 10],
        (0..20).map(|i| span(i % 10, 20 * i, 3 * i, 30)).collect(),
    );
    search(
        "65,536 spans of one token",
        MOST,
        &all,
        (0..MOST).map(|i| span(0, i, random(i, MOST), 1)).collect(),
    );
    search(
        "65,536 spans of up to 16, shuffled",
        MOST,
        &all,
        (0..MOST)
            .map(|i| {
                let (from, to) = (random(i, MOST - 16), random(i + MOST, MOST - 16));
                span(0, to, from, 1 + random(i + 2 * MOST, 16))
            })
            .collect(),
    );
    search(
        "10,000 spans of 1,000",
        MOST,
        &all,
        (0..10_000).map(|i| span(0, 6 * i, random(i, MOST - 1_000), 1_000)).collect(),
    );
    search(
        "100 spans of 60,000",
        MOST,
        &all,
        (0..100).map(|i| span(0, 50 * i, 5_000 - 40 * i, 60_000)).collect(),
    );
    search(
        "16 chunks of 65,536 tokens, 16 spans",
        MOST,
        &vec![chunk(MOST); 16],
        (0..16).map(|i| span(i, 0, 0, 60_000 + i)).collect(),
    );
    search("65,536 tokens, nothing else", MOST, &[], Vec::new());
    search("20,000 empty chunks", 1, &vec![chunk(0); 20_000], Vec::new());
    search("20,000 chunks of 33 tokens", 1, &vec![chunk(33); 20_000], Vec::new());
    search("10,000 chunks of 34 tokens", 1, &vec![chunk(34); 10_000], Vec::new());
    cases
}

fn influences() -> Vec<Case> {
    [
        (1u32, 65_536usize),
        (32, 1_000),
        (33, 10_000),
        (134, 10_000),
        (135, 10_000),
        (1_024, 1_000),
        (65_536, 64),
    ]
    .into_iter()
    .map(|(dimension, rows)| {
        let call = IAttribution::influenceCall {
            output: Bytes::from(noise(dimension as usize)),
            sketches: Bytes::from(noise(dimension as usize * rows)),
            dimension,
        };
        run(format!("influence, {rows} rows of {dimension}"), &call)
    })
    .collect()
}

fn shapley() -> Vec<Case> {
    [(1u32, 65_536usize), (32, 1_000), (33, 10_000), (131, 10_000), (1_024, 1_000), (65_536, 64)]
        .into_iter()
        .map(|(dimension, points)| {
            let labels =
                (0..points as u64).flat_map(|at| ((scattered(at) & 1) as u32).to_be_bytes());
            let call = IAttribution::knnShapleyCall {
                k: 5,
                query: Bytes::from(noise(dimension as usize)),
                queryLabel: 1,
                points: Bytes::from(noise(dimension as usize * points)),
                labels: labels.collect(),
                dimension,
            };
            run(format!("knnShapley, {points} points of {dimension}"), &call)
        })
        .collect()
}
