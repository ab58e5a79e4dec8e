//! The `assay` command: turns arguments into configuration. No logic.

mod logs;
mod node;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// An OP Stack execution node that checks AI evidence and attribution natively.
#[derive(Debug, Parser)]
#[command(name = "assay", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    logs: logs::LogArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs an execution node.
    Node(Box<node::NodeArgs>),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.logs.init();
    let result = match cli.command {
        Command::Node(args) => args.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}
