//! `assay demo`.

use crate::{
    files,
    runtime::{CommandResult, runtime},
};
use assay_devnet::demo::{DemoConfig, DemoReport, run};
use clap::Args;
use std::{path::PathBuf, time::Instant};

/// Arguments of `assay demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Prints the result as one JSON object, and nothing else on standard output.
    #[arg(long)]
    json: bool,
    /// L2 blocks to make at least.
    #[arg(long, default_value_t = 30)]
    blocks: u64,
    /// An empty folder to work in, and to keep. Default: a temporary one.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl DemoArgs {
    pub(crate) fn run(&self) -> CommandResult {
        let temporary = tempfile::Builder::new().prefix("assay-demo-").tempdir()?;
        let folder = match &self.folder {
            Some(folder) => files::empty(folder, "each demonstration is a new chain")?,
            None => temporary.path().to_owned(),
        };
        let config =
            DemoConfig { folder, program: std::env::current_exe()?.into(), blocks: self.blocks };
        let start = Instant::now();
        let mut progress = |line: &str| {
            eprintln!("[{:>5.1} s] {line}", start.elapsed().as_secs_f64());
        };
        let report = runtime()?.block_on(run(config, &mut progress))?;
        if self.json {
            println!("{}", serde_json::to_string(&report)?);
        } else {
            table(&report);
        }
        if report.mismatches > 0 {
            return Err(format!("{} blocks differ", report.mismatches).into());
        }
        Ok(())
    }
}

fn table(report: &DemoReport) {
    let rows: [(&str, String); 19] = [
        ("L1 blocks", report.l1_blocks.to_string()),
        ("L1 reorgs", report.l1_reorgs.to_string()),
        ("L2 blocks", report.l2_blocks.to_string()),
        ("deposits", report.deposits.to_string()),
        ("batch transactions", report.batch_transactions.to_string()),
        ("  of them calldata", report.calldata_transactions.to_string()),
        ("blobs", report.blobs.to_string()),
        ("channels", report.channels.to_string()),
        ("real evidence verified", report.real_evidence.len().to_string()),
        ("statements put", report.collateral_put.to_string()),
        ("sessions", report.sessions.join(", ")),
        ("receipts settled", report.receipts_settled.to_string()),
        ("  forged ones passed over", report.receipts_refused.to_string()),
        ("  with citations proven", report.receipts_attributed.to_string()),
        ("  proven to other chains", report.receipts_proven.to_string()),
        ("requests refunded", report.requests_refunded.to_string()),
        ("contributors paid", format!("{} ({} wei)", report.contributors_paid, report.claimed_wei)),
        ("blocks derived by a second node", report.derived_blocks.to_string()),
        ("mismatches", report.mismatches.to_string()),
    ];
    println!();
    for (name, value) in rows {
        println!("  {name:<34}{value}");
    }
    println!("  {:<34}{} wei", "money before", report.money_before);
    println!("  {:<34}{} wei", "money after", report.money_after);
    println!("  {:<34}{}", "seconds", report.seconds);
    println!();
}
