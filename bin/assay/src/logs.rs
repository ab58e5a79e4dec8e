//! Logging flags.

use clap::{ArgAction, Args, ValueEnum};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Terminal,
    Json,
}

/// Logging.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logging")]
pub(crate) struct LogArgs {
    /// Format of the log on stdout.
    #[arg(long = "log.stdout.format", value_enum, default_value = "terminal", global = true)]
    format: Format,
    /// Filter of the log on stdout, e.g. `info,assay_engine=debug`. Overrides -v.
    #[arg(long = "log.stdout.filter", global = true)]
    filter: Option<String>,
    /// Verbosity: -v errors, -vv warnings, -vvv info (the default), -vvvv debug, -vvvvv trace.
    #[arg(short, action = ArgAction::Count, global = true)]
    verbosity: u8,
    /// Logs nothing.
    #[arg(short, long, global = true)]
    quiet: bool,
}

impl LogArgs {
    /// Starts logging. `quiet_by_default`: errors only, unless a flag or RUST_LOG asks for more.
    pub(crate) fn init(&self, quiet_by_default: bool) {
        if self.quiet {
            return;
        }
        let level = match self.verbosity {
            1 => "error",
            2 => "warn",
            0 if quiet_by_default => "error",
            0 | 3 => "info",
            4 => "debug",
            _ => "trace",
        };
        let filter = match &self.filter {
            Some(filter) => EnvFilter::new(filter),
            None if self.verbosity == 0 => {
                EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level))
            }
            None => EnvFilter::new(level),
        };
        let lines = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_target(false)
            .with_ansi(std::io::stdout().is_terminal());
        match self.format {
            Format::Terminal => lines.init(),
            Format::Json => lines.json().init(),
        }
    }
}
