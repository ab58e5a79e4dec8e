//! `assay genesis`.

use crate::{
    files,
    runtime::{CommandResult, runtime},
};
use alloy_primitives::{Address, B256, U64};
use assay_chainspec::{
    BlockId, OpHardfork,
    preset::{Preset, genesis_json, rollup_json},
};
use assay_client::Rpc;
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;
use std::{fs, path::PathBuf, str::FromStr};

/// Arguments of `assay genesis`.
#[derive(Debug, Args)]
pub(crate) struct GenesisArgs {
    #[command(subcommand)]
    command: Option<GenesisCommand>,
    #[command(flatten)]
    build: BuildArgs,
}

#[derive(Debug, Subcommand)]
enum GenesisCommand {
    /// Checks a genesis.json, and a rollup.json against it; prints the genesis hash.
    Check {
        /// genesis.json.
        #[arg(value_name = "GENESIS")]
        genesis: PathBuf,
        /// rollup.json.
        #[arg(value_name = "ROLLUP")]
        rollup: Option<PathBuf>,
    },
}

/// Building from a preset.
#[derive(Debug, Args)]
struct BuildArgs {
    /// The preset: dev, or dev-isthmus.
    #[arg(long, default_value = "dev", value_parser = Preset::from_str)]
    preset: Preset,
    /// L2's chain id.
    #[arg(long = "chain-id", value_name = "ID")]
    chain_id: Option<u64>,
    /// The last OP fork, active at genesis: ecotone to karst.
    #[arg(long = "last-fork", value_name = "FORK", value_parser = OpHardfork::from_str)]
    last_fork: Option<OpHardfork>,
    /// L1's JSON-RPC: its genesis block becomes the rollup's origin.
    #[arg(long = "l1", value_name = "URL")]
    l1: Option<String>,
    /// Seconds between L2 blocks.
    #[arg(long = "block-time", value_name = "SECONDS")]
    block_time: Option<u64>,
    /// Who posts batches.
    #[arg(long, value_name = "ADDRESS")]
    batcher: Option<Address>,
    /// Timestamp of the genesis block, in unix seconds. Default: L1's, else the preset's.
    #[arg(long, value_name = "SECONDS")]
    timestamp: Option<u64>,
    /// A trust anchor besides the vendors': evidence kind and a DER file, as in `1=root.der`.
    #[arg(long = "trust", value_name = "KIND=FILE")]
    trust: Vec<String>,
    /// Folder for genesis.json and rollup.json; without it, the hash and rollup.json are printed.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl GenesisArgs {
    pub(crate) fn run(self) -> CommandResult {
        match self.command {
            Some(GenesisCommand::Check { genesis, rollup }) => {
                let spec = files::chain_spec(&genesis)?;
                println!("genesis hash  {}", spec.genesis_hash());
                println!("state root    {}", spec.genesis_header().state_root);
                println!("chain id      {}", spec.chain_id());
                if let Some(rollup) = rollup {
                    files::rollup_config(&rollup)?.check_against(&spec)?;
                    println!("rollup.json   agrees");
                }
                Ok(())
            }
            None => self.build.run(),
        }
    }
}

impl BuildArgs {
    fn run(self) -> CommandResult {
        let mut builder = self.preset.builder();
        if let Some(chain_id) = self.chain_id {
            builder = builder.chain_id(chain_id);
        }
        if let Some(fork) = self.last_fork {
            builder = builder.last_fork(fork);
        }
        if let Some(block_time) = self.block_time {
            builder = builder.block_time(block_time);
        }
        if let Some(batcher) = self.batcher {
            builder = builder.batcher(batcher);
        }
        for anchor in &self.trust {
            let (kind, der) = files::read_anchor(anchor)?;
            builder = builder.trust(kind, der);
        }
        if let Some(url) = &self.l1 {
            let (chain_id, l1) = runtime()?.block_on(l1_genesis(url))?;
            builder = builder
                .l1_chain_id(chain_id)
                .l1_genesis(BlockId { number: 0, hash: l1.hash })
                .timestamp(l1.timestamp.to());
        }
        if let Some(timestamp) = self.timestamp {
            builder = builder.timestamp(timestamp);
        }
        let chain = builder.build()?;
        println!("genesis hash  {}", chain.spec.genesis_hash());
        if let Some(out) = &self.out {
            fs::create_dir_all(out)
                .map_err(|error| format!("cannot create {}: {error}", out.display()))?;
            files::write(&out.join("genesis.json"), &genesis_json(chain.spec.genesis())?)?;
            files::write(&out.join("rollup.json"), &rollup_json(&chain.rollup)?)?;
            println!("written to    {}", out.display());
        } else {
            print!("{}", rollup_json(&chain.rollup)?);
        }
        if self.l1.is_none() {
            eprintln!("rollup.json is a template until --l1 gives its origin");
        }
        Ok(())
    }
}

/// What is read of L1's first block.
#[derive(Debug, Deserialize)]
struct L1Genesis {
    hash: B256,
    timestamp: U64,
}

/// L1's chain id and its first block.
async fn l1_genesis(url: &str) -> CommandResult<(u64, L1Genesis)> {
    let rpc = Rpc::new(url)?;
    let genesis = rpc.call("eth_getBlockByNumber", json!(["0x0", false])).await?;
    Ok((rpc.chain_id().await?, genesis))
}
