//! `assay demo`: everything once, from an empty folder, with a second node as the judge.

mod answers;
mod cast;
mod census;
mod deposit;
mod enclaves;
mod error;
mod market;
mod second;

pub use error::DemoError;

use crate::{
    l1::Reorg,
    network::{Network, NetworkConfig},
};
use alloy_primitives::{B256, U64};
use assay_batcher::{BatcherConfig, DataAvailability};
use assay_client::Rpc;
use cast::Cast;
use enclaves::Platforms;
use market::Market;
use second::SecondNode;
use serde::{Deserialize, Serialize};
use serde_json::json;
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
    /// Vendors' statements that were put.
    pub collateral_put: u64,
    /// Real pieces of evidence that the precompile verified in transactions, and its gas for each.
    pub real_evidence: Vec<(String, u64)>,
    /// Sessions opened, one under each kind of evidence.
    pub sessions: Vec<String>,
    /// Receipts settled.
    pub receipts_settled: u64,
    /// Forged ones that a batch passed over.
    pub receipts_refused: u64,
    /// Requests whose escrow was given back.
    pub requests_refunded: u64,
    /// Receipts whose citations were proven.
    pub receipts_attributed: u64,
    /// Receipts proven from output roots, as other chains check them.
    pub receipts_proven: u64,
    /// Contributors that claimed.
    pub contributors_paid: u64,
    /// What they claimed, in wei.
    pub claimed_wei: String,
    /// All that the accounts, contracts and fee vaults had before the market opened, in wei.
    pub money_before: String,
    /// The same afterwards.
    pub money_after: String,
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

/// What two nodes must agree on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockRoots {
    hash: B256,
    state_root: B256,
    receipts_root: B256,
}

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
    let platforms = Platforms::new(network_config.genesis_time);
    network_config.trust = platforms.trust();
    progress("starting L1, the sequencing node and the batcher");
    let mut network = Network::start(network_config).await?;
    let result = play(&config, &mut network, &platforms, progress).await;
    let stopped = network.stop().await;
    let mut report = result?;
    stopped?;
    report.seconds = start.elapsed().as_secs();
    Ok(report)
}

async fn play(
    config: &DemoConfig,
    network: &mut Network,
    platforms: &Platforms,
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<DemoReport, DemoError> {
    let http = network
        .node()
        .http_address()
        .ok_or_else(|| DemoError::Wrong("the node serves no HTTP".into()))?;
    let l2 = Rpc::new(&format!("http://{http}"))?;
    let mut cast = Cast::new(Rpc::new(&network.l1().url())?, &l2).await?;
    progress("depositing 5 ether through the portal on L1");
    deposit::deposit(&mut cast, network.rollup().deposit_contract_address, &l2).await?;
    progress("making L1 reorganise, two blocks deep");
    network.l1().l1().lock().reorg(&Reorg::of_depth(2))?;
    let before = l2.block_number().await?;
    let money_before = cast.money(&l2, before).await?;
    // Evidence names a block: let L2 follow the reorg first.
    wait_unsafe(&l2, before + 6).await?;

    progress("verifying documents that Intel and AWS signed, and proofs, inside transactions");
    let real_evidence = enclaves::verify_real(&mut cast).await?;
    for (name, gas) in &real_evidence {
        progress(&format!("  {name}: {gas} gas"));
    }
    progress("putting the vendors' statements");
    let collateral_put = platforms.put_collateral(&mut cast).await?;
    progress("opening a session under each kind of evidence");
    let sessions = platforms.open_sessions(&mut cast, &l2).await?;
    progress("making a datanet of 1,000 documents and two models");
    let mut market = Market::open(&mut cast, &l2, &sessions).await?;
    progress("asking, answering, settling one by one and in a batch, proving citations, paying");
    let takings = market.trade(&mut cast, &l2, &sessions).await?;
    let after = l2.block_number().await?;
    let money_after = cast.money(&l2, after).await?;
    progress(&format!("money before {money_before} wei, after {money_after} wei"));
    if money_before != money_after {
        return Err(DemoError::Wrong("money came or went".into()));
    }
    progress("asking the node for sessions, receipts, contributors and proofs");
    let receipts_proven = answers::check(&cast, &l2, &sessions, &takings).await?;

    progress("posting one channel as calldata");
    post_calldata(network).await?;

    progress("waiting until L1 holds the blocks");
    let target = l2.block_number().await?.max(config.blocks);
    wait_safe(network, target).await?;

    progress("starting a second node with genesis, rollup.json and L1's URLs alone");
    let second = SecondNode::start(config, network)?;
    second.wait_safe(target, progress).await?;
    progress("comparing every block");
    let mismatches = compare(&l2, second.rpc(), target).await?;
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
        collateral_put,
        real_evidence: real_evidence.into_iter().map(|(name, gas)| (name.into(), gas)).collect(),
        sessions: sessions.iter().map(|session| session.name.to_owned()).collect(),
        receipts_settled: takings.settled,
        receipts_refused: takings.refused,
        requests_refunded: takings.refunded,
        receipts_attributed: takings.attributed,
        receipts_proven,
        contributors_paid: takings.contributors_paid,
        claimed_wei: takings.claimed.to_string(),
        money_before: money_before.to_string(),
        money_after: money_after.to_string(),
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

async fn wait_unsafe(l2: &Rpc, target: u64) -> Result<(), DemoError> {
    let start = Instant::now();
    while l2.block_number().await? < target {
        if start.elapsed() > PATIENCE {
            return Err(DemoError::Timeout("L2's blocks"));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
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
        let (ours, theirs) = (roots(first, number).await?, roots(second, number).await?);
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

async fn roots(rpc: &Rpc, number: u64) -> Result<Option<BlockRoots>, DemoError> {
    Ok(rpc.call("eth_getBlockByNumber", json!([U64::from(number), false])).await?)
}
