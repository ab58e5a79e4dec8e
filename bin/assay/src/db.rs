//! `assay db`.

use crate::{files, node::default_datadir, runtime::CommandResult};
use assay_node::{NodeConfig, rebuild_index, verify_database};
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
    Verify(Place),
    /// Makes the index behind the `assay_` methods anew from the stored receipts.
    Index(Place),
}

#[derive(Debug, Args)]
struct Place {
    /// The chain: a genesis.json.
    #[arg(long, value_name = "GENESIS")]
    chain: PathBuf,
    /// The data directory. Default: as of `assay node`.
    #[arg(long, value_name = "DIR")]
    datadir: Option<PathBuf>,
}

impl Place {
    fn config(self) -> CommandResult<NodeConfig> {
        let spec = Arc::new(files::chain_spec(&self.chain)?);
        let datadir = match self.datadir {
            Some(datadir) => datadir,
            None => default_datadir(spec.chain_id())?,
        };
        Ok(NodeConfig::new(spec, datadir))
    }
}

impl DbArgs {
    pub(crate) fn run(self) -> CommandResult {
        match self.command {
            DbCommand::Verify(place) => {
                let head = verify_database(&place.config()?)?;
                println!("block {} {}: the state gives the header's root", head.number, head.hash);
            }
            DbCommand::Index(place) => {
                let entries = rebuild_index(&place.config()?, |done, head| {
                    eprintln!("indexed {done} of {head} blocks");
                })?;
                println!("{entries} entries");
            }
        }
        Ok(())
    }
}
