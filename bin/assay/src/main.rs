//! The `assay` command: turns arguments into configuration. No logic.

mod attribute;
mod batcher;
mod collateral;
mod db;
mod demo;
mod dev;
mod files;
mod genesis;
mod l1;
mod logs;
mod node;
mod runtime;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// An OP Stack execution node that checks AI evidence and attribution natively.
#[derive(Debug, Parser)]
#[command(name = "assay", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    logs: logs::LogArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs a development network: L1, a sequencing node and a batcher in one process.
    Dev(Box<dev::DevArgs>),
    /// Runs an execution node, driven by another rollup node or (--rollup) by its own.
    Node(Box<node::NodeArgs>),
    /// Posts an L2 chain's blocks to L1.
    Batcher(Box<batcher::BatcherArgs>),
    /// Keeps the chain's store of vendors' statements fresh.
    Collateral(collateral::CollateralArgs),
    /// Makes or checks genesis.json and rollup.json.
    Genesis(genesis::GenesisArgs),
    /// Looks after a data directory while no node uses it.
    Db(db::DbArgs),
    /// Runs a development L1 alone: JSON-RPC and beacon API on one port.
    L1(l1::L1Args),
    /// Shows everything once, from an empty folder, and checks it with a second node.
    Demo(demo::DemoArgs),
    /// Finds the documents that a text's words stand in, and writes the proof of it.
    ///
    /// Finds every longest stretch of a text that also stands in a folder of documents, and splits
    /// the text's tokens among the documents: a token goes to the longest stretch over it, a tie to
    /// the earliest document. With --out, writes the calldata with which a contract has the
    /// precompile at 0xA55a000000000000000000000000000000000002 check that.
    Attribute(attribute::AttributeArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // The lines of these commands are what there is to see.
    cli.logs.init(matches!(cli.command, Command::Demo(_) | Command::Attribute(_)));
    let result = match cli.command {
        Command::Dev(args) => args.run(),
        Command::Node(args) => args.run(),
        Command::Batcher(args) => args.run(),
        Command::Collateral(args) => args.run(),
        Command::Genesis(args) => args.run(),
        Command::Db(args) => args.run(),
        Command::L1(args) => args.run(),
        Command::Demo(args) => args.run(),
        Command::Attribute(args) => args.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}
