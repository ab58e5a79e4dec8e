//! `assay demo`: everything once, from an empty folder, with a second node as the judge.

mod census;
mod client;
mod error;
mod scenes;
mod second;

pub use error::DemoError;

use crate::{
    l1::Reorg,
    network::{Network, NetworkConfig},
};
use alloy_primitives::keccak256;
use assay_attestation::dev::DevPlatform;
use assay_batcher::{BatcherConfig, DataAvailability};
use client::Rpc;
use scenes::Scenes;
use second::SecondNode;
use serde::Serialize;
use std::{
    ffi::OsString,
    path::PathBuf,
    time::{Duration, Instant},
};

/// How a demonstration runs.
#[derive(Debug, Clone)]
pub struct DemoConfig {
    /// An empty folder for both nodes.
    pub folder: PathBuf,
    /// The program that runs the second node, as `PROGRAM node …`.
    pub program: OsString,
    /// L2 blocks at least.
    pub blocks: u64,
}

/// What a demonstration came to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoReport {
    /// Blocks of L1's canonical chain.
    pub l1_blocks: u64,
    /// Blocks that the sequencer's chain has.
    pub l2_blocks: u64,
    /// Times that L1 reorganised.
    pub l1_reorgs: u64,
    /// Batcher transactions on L1's canonical chain.
    pub batch_transactions: u64,
    /// Those of them that carry calldata.
    pub calldata_transactions: u64,
    /// Blobs of the others.
    pub blobs: u64,
    /// Channels that the batches are in.
    pub channels: u64,
    /// Deposits from L1 that arrived.
    pub deposits: u64,
    /// Pieces of evidence that the precompiles verified in transactions.
    pub evidence_verified: u64,
    /// What the precompile charges for the Intel-signed quote.
    pub evidence_gas: u64,
    /// Signed statements that were checked.
    pub statements_verified: u64,
    /// Contributors that were paid.
    pub contributors_paid: u64,
    /// What they were paid, in wei: the whole of what was to be split.
    pub paid_wei: String,
    /// Blocks that the second node derived from L1 alone.
    pub derived_blocks: u64,
    /// Blocks whose hash, state root or receipts root differs between the two.
    pub mismatches: u64,
    /// Wall time.
    pub seconds: u64,
}

/// How long the chain may take to get somewhere.
const PATIENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(250);
/// The seed of the development platform whose root the chain trusts.
const PLATFORM_SEED: &str = "assay demo platform";

/// Runs the demonstration. `progress` gets a line for each step.
///
/// # Errors
/// The first step that fails; nothing is left running.
pub async fn run(
    config: DemoConfig,
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<DemoReport, DemoError> {
    let start = Instant::now();
    let mut network_config = NetworkConfig::new(config.folder.join("sequencer"));
    let genesis_time = network_config.genesis_time;
    let platform = DevPlatform::new(
        keccak256(PLATFORM_SEED),
        genesis_time.saturating_sub(3_600)..genesis_time.saturating_add(86_400),
    );
    network_config.trust.insert(assay_attestation::kind::INTEL_DCAP, vec![platform.root()]);
    progress("starting L1, the sequencing node and the batcher");
    let mut network = Network::start(network_config).await?;
    let result = play(&config, &mut network, &platform, progress).await;
    let stopped = network.stop().await;
    let mut report = result?;
    stopped?;
    report.seconds = start.elapsed().as_secs();
    Ok(report)
}

async fn play(
    config: &DemoConfig,
    network: &mut Network,
    platform: &DevPlatform,
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<DemoReport, DemoError> {
    let mut scenes = Scenes::new(network)?;
    progress("depositing 5 ether through the portal on L1");
    scenes.deposit().await?;
    progress("deploying the contract that calls the precompiles");
    scenes.deploy().await?;
    progress("verifying a TDX quote that Intel signed, inside a transaction");
    let evidence_gas = scenes.verify_intel_quote().await?;

    progress("making L1 reorganise, two blocks deep");
    network.l1().l1().lock().reorg(&Reorg::of_depth(2))?;

    progress("opening a session key under a quote of the development root");
    scenes.open_key(platform).await?;
    progress("settling a batch of signed statements and paying contributors");
    let settled = scenes.settle().await?;

    progress("posting one channel as calldata");
    post_calldata(network).await?;

    progress("waiting until L1 holds the blocks");
    let rpc = scenes.l2().clone();
    scenes.confirm_all().await?;
    let target = rpc.block_number().await?.max(config.blocks);
    wait_safe(network, target).await?;

    progress("starting a second node with genesis, rollup.json and L1's URLs alone");
    let second = SecondNode::start(config, network)?;
    second.wait_safe(target, progress).await?;
    progress("comparing every block");
    let mismatches = compare(&rpc, second.rpc(), target).await?;
    let census = census::count(network)?;
    second.stop()?;

    let l2_blocks = network.node().rollup_status().map_or(0, |status| status.unsafe_l2.number);
    Ok(DemoReport {
        l1_blocks: census.l1_blocks,
        l2_blocks,
        l1_reorgs: 1,
        batch_transactions: census.batch_transactions,
        calldata_transactions: census.calldata_transactions,
        blobs: census.blobs,
        channels: census.channels,
        deposits: 1,
        evidence_verified: 2,
        evidence_gas,
        statements_verified: settled.statements,
        contributors_paid: settled.contributors,
        paid_wei: settled.paid.to_string(),
        derived_blocks: target,
        mismatches,
        seconds: 0,
    })
}

/// Lets a batcher that posts calldata work until one of its transactions is confirmed.
async fn post_calldata(network: &mut Network) -> Result<(), DemoError> {
    let blobs = NetworkConfig::quick_batcher();
    let calldata = BatcherConfig { data_availability: DataAvailability::Calldata, ..blobs.clone() };
    network.replace_batcher(calldata).await?;
    let before = network.posted().transactions;
    let start = Instant::now();
    while network.posted().transactions == before {
        if start.elapsed() > PATIENCE {
            return Err(DemoError::Timeout("a calldata batch"));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(network.replace_batcher(blobs).await?)
}

async fn wait_safe(network: &Network, target: u64) -> Result<(), DemoError> {
    let start = Instant::now();
    loop {
        let safe = network.node().rollup_status().map_or(0, |status| status.safe_l2.number);
        if safe >= target {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            return Err(DemoError::Timeout("the safe head"));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Compares blocks 0 to `last`; gives how many differ.
async fn compare(first: &Rpc, second: &Rpc, last: u64) -> Result<u64, DemoError> {
    let mut mismatches = 0;
    for number in 0..=last {
        let (ours, theirs) = (first.roots(number).await?, second.roots(number).await?);
        let Some(ours) = ours else {
            return Err(DemoError::Wrong(format!("the sequencer lost block {number}")));
        };
        if theirs.as_ref() != Some(&ours) {
            tracing::error!(number, ?ours, ?theirs, "the nodes disagree");
            mismatches += 1;
        }
    }
    Ok(mismatches)
}
