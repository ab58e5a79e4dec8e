//! Running asynchronous commands until they end or are told to.

use std::{error::Error, future::Future};
use tokio::runtime::Runtime;

/// What a command ends with.
pub(crate) type CommandResult<T = ()> = Result<T, Box<dyn Error>>;

pub(crate) fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Completes at SIGINT or SIGTERM. To be called before anything starts, so that a signal at any
/// moment leads to an orderly stop.
pub(crate) fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
