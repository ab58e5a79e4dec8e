//! `assay db`.

use crate::{files, node::default_datadir, runtime::CommandResult};
use assay_node::{NodeConfig, verify_database};
use clap::{Args, Subcommand};
use std::{path::PathBuf, sync::Arc};

/// Arguments of `assay db`.
#[derive(Debug, Args)]
pub(crate) struct DbArgs {
    #[command(subcommand)]
    command: DbCommand,
}

#[derive(Debug, Subcommand)]
enum DbCommand {
    /// Recomputes the head's state root from all of the state and compares.
    Verify {
        /// The chain: a genesis.json.
        #[arg(long, value_name = "GENESIS")]
        chain: PathBuf,
        /// The data directory. Default: as of `assay node`.
        #[arg(long, value_name = "DIR")]
        datadir: Option<PathBuf>,
    },
}

impl DbArgs {
    pub(crate) fn run(self) -> CommandResult {
        let DbCommand::Verify { chain, datadir } = self.command;
        let spec = Arc::new(files::chain_spec(&chain)?);
        let datadir = match datadir {
            Some(datadir) => datadir,
            None => default_datadir(spec.chain_id())?,
        };
        let head = verify_database(&NodeConfig::new(spec, datadir))?;
        println!("block {} {}: the state gives the header's root", head.number, head.hash);
        Ok(())
    }
}
