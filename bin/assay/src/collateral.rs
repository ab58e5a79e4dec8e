//! `assay collateral`.

use crate::runtime::{CommandResult, runtime, stop_signal};
use alloy_primitives::B256;
use assay_client::{Account, Rpc};
use assay_keeper::{AmdProduct, IntelPlatform, Keeper, Source};
use clap::{Args, Subcommand};
use std::{path::PathBuf, time::Duration};

/// Arguments of `assay collateral`.
#[derive(Debug, Args)]
pub(crate) struct CollateralArgs {
    #[command(subcommand)]
    command: CollateralCommand,
}

#[derive(Debug, Subcommand)]
enum CollateralCommand {
    /// Fetches revocation lists and TCB statements and puts what is newer into the chain.
    ///
    /// Anyone may do this, for any chain; whoever does pays the gas. Name at least one source:
    /// --platform, --amd-product or --folder.
    Watch(WatchArgs),
}

#[derive(Debug, Args)]
struct WatchArgs {
    /// The chain's JSON-RPC.
    #[arg(long = "rpc-url", value_name = "URL", default_value = "http://127.0.0.1:8545")]
    rpc: String,
    /// Private key of the account that pays, in hex.
    #[arg(
        long = "private-key",
        value_name = "HEX",
        env = "ASSAY_COLLATERAL_PRIVATE_KEY",
        hide_env_values = true
    )]
    private_key: B256,
    /// Intel's service, or a PCCS that caches it.
    #[arg(
        long = "pccs-url",
        value_name = "URL",
        default_value = "https://api.trustedservices.intel.com"
    )]
    pccs: String,
    /// Intel platforms to ask about, as FMSPC:TEE:AUTHORITY: b0c06f000000:tdx:platform.
    #[arg(long = "platform", value_name = "PLATFORM")]
    platforms: Vec<IntelPlatform>,
    /// AMD's key distribution service.
    #[arg(long = "kds-url", value_name = "URL", default_value = "https://kdsintf.amd.com")]
    kds: String,
    /// AMD products to ask about: milan, genoa, turin.
    #[arg(long = "amd-product", value_name = "PRODUCT")]
    products: Vec<AmdProduct>,
    /// A folder with Intel's bundles (*.json) and AMD's lists (*.crl), read anew each time.
    #[arg(long = "folder", value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Seconds between two looks.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600, value_parser = clap::value_parser!(u64).range(1..))]
    interval: u64,
    /// Looks once, prints what came of it, and ends; exit code 1 if a source failed.
    #[arg(long)]
    once: bool,
}

impl CollateralArgs {
    pub(crate) fn run(self) -> CommandResult {
        let CollateralCommand::Watch(args) = self.command;
        let sources = args.sources();
        if sources.is_empty() {
            return Err("no source: give --platform, --amd-product or --folder".into());
        }
        runtime()?.block_on(async {
            let mut stop = std::pin::pin!(stop_signal()?);
            let rpc = Rpc::new(&args.rpc)?;
            let account = tokio::select! {
                account = Account::new(rpc, args.private_key) => account?,
                () = &mut stop => return Err("interrupted".into()),
            };
            let mut keeper = Keeper::new(account, sources);
            if !args.once {
                keeper.watch(Duration::from_secs(args.interval), stop).await;
                return Ok(());
            }
            let round = tokio::select! {
                round = keeper.round() => round?,
                () = &mut stop => return Err("interrupted".into()),
            };
            println!(
                "{} statements: {} put, {} held already, {} refused",
                round.fetched, round.put, round.held, round.refused
            );
            Ok(())
        })
    }
}

impl WatchArgs {
    fn sources(&self) -> Vec<Source> {
        let mut sources = Vec::new();
        if !self.platforms.is_empty() {
            let (url, platforms) = (self.pccs.clone(), self.platforms.clone());
            sources.push(Source::Intel { url, platforms });
        }
        if !self.products.is_empty() {
            let (url, products) = (self.kds.clone(), self.products.clone());
            sources.push(Source::Amd { url, products });
        }
        sources.extend(self.folders.iter().cloned().map(Source::Folder));
        sources
    }
}
