//! The loop that calls a [`Rollup`]'s steps by the clock.

use crate::{Progress, Rollup, RollupError, SyncStatus};
use alloy_primitives::B256;
use op_alloy_rpc_types_engine::OpExecutionData;
use std::{
    future::Future,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, warn};

/// Between looks at L1.
const L1_POLL: Duration = Duration::from_millis(500);
/// After something outside failed.
const RETRY: Duration = Duration::from_millis(500);
/// Before a block's timestamp, at which it is sealed: what sealing and sending out may take.
const SEAL_AHEAD: Duration = Duration::from_millis(50);

/// What other tasks ask of the loop.
#[derive(Debug)]
pub(crate) enum Command {
    StartSequencer(B256, oneshot::Sender<Result<(), String>>),
    StopSequencer(oneshot::Sender<Result<B256, String>>),
    UnsafePayload(Box<OpExecutionData>, oneshot::Sender<Result<(), String>>),
}

/// The running loop, as other tasks see it.
#[derive(Debug, Clone)]
pub struct RollupHandle {
    pub(crate) status: watch::Receiver<SyncStatus>,
    pub(crate) sequencing: watch::Receiver<bool>,
    pub(crate) commands: mpsc::Sender<Command>,
}

impl RollupHandle {
    /// Where everything stands.
    pub fn status(&self) -> SyncStatus {
        *self.status.borrow()
    }

    /// Waits until something changes.
    pub async fn changed(&mut self) -> SyncStatus {
        // An error means that the loop ended: the last status stays.
        let _ = self.status.changed().await;
        self.status()
    }
}

/// Starts the loop's outside: a handle, and the future that runs until `shutdown` resolves.
///
/// The future ends with an error where no retry helps.
pub fn run(
    rollup: Rollup,
    shutdown: impl Future<Output = ()> + Send,
) -> (RollupHandle, impl Future<Output = Result<(), RollupError>> + Send) {
    let (status_sender, status) = watch::channel(rollup.status());
    let (sequencing_sender, sequencing) = watch::channel(rollup.options().sequencer);
    let (command_sender, commands) = mpsc::channel(64);
    let handle = RollupHandle { status, sequencing, commands: command_sender };
    let worker = Worker { rollup, commands, status: status_sender, sequencing: sequencing_sender };
    (handle, worker.run(shutdown))
}

struct Worker {
    rollup: Rollup,
    commands: mpsc::Receiver<Command>,
    status: watch::Sender<SyncStatus>,
    sequencing: watch::Sender<bool>,
}

impl Worker {
    async fn run(mut self, shutdown: impl Future<Output = ()> + Send) -> Result<(), RollupError> {
        tokio::pin!(shutdown);
        let mut poll = tokio::time::interval(L1_POLL);
        poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut progress = Progress::Advanced;
        // No step before this moment: something outside failed.
        let mut pause = None;
        loop {
            let wait = match (pause, progress) {
                (Some(pause), _) => pause,
                (None, Progress::Advanced) => Duration::ZERO,
                (None, Progress::Idle) => self.until_sequencing().min(L1_POLL),
            };
            let result = tokio::select! {
                biased;
                () = &mut shutdown => return Ok(()),
                Some(command) = self.commands.recv() => {
                    self.obey(command).await;
                    Ok(Progress::Advanced)
                }
                _ = poll.tick() => self.rollup.update_l1().await.map(|()| Progress::Advanced),
                () = tokio::time::sleep(wait) => self.step().await,
            };
            pause = None;
            match result {
                Ok(made) => progress = made,
                Err(RollupError::Temporary(reason)) => {
                    warn!(reason, "trying again");
                    pause = Some(RETRY);
                }
                Err(RollupError::Reset(reason)) => {
                    warn!(reason, "the heads do not fit L1");
                    match self.rollup.reset().await {
                        Ok(()) => progress = Progress::Advanced,
                        Err(RollupError::Critical(reason)) => {
                            error!(reason, "the rollup node stops");
                            return Err(RollupError::Critical(reason));
                        }
                        Err(error) => {
                            warn!(%error, "trying again to start over");
                            pause = Some(RETRY);
                        }
                    }
                }
                Err(critical) => {
                    error!(error = %critical, "the rollup node stops");
                    return Err(critical);
                }
            }
            self.status.send_replace(self.rollup.status());
        }
    }

    /// Sequencing first: a block that is due does not wait for derivation.
    async fn step(&mut self) -> Result<Progress, RollupError> {
        if self.rollup.options().sequencer && self.until_sequencing().is_zero() {
            if self.rollup.is_building() {
                self.rollup.seal_block().await?;
            } else {
                self.rollup.start_block().await?;
            }
            return Ok(Progress::Advanced);
        }
        self.rollup.derive().await
    }

    /// How long until the sequencer has something to do.
    fn until_sequencing(&self) -> Duration {
        if !self.rollup.options().sequencer {
            return Duration::MAX;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let block_time = Duration::from_secs(self.rollup.configs().rollup.block_time);
        let due = Duration::from_secs(self.rollup.next_timestamp());
        if self.rollup.is_building() {
            due.saturating_sub(SEAL_AHEAD).saturating_sub(now)
        } else {
            due.saturating_sub(block_time).saturating_sub(now)
        }
    }

    async fn obey(&mut self, command: Command) {
        // Whoever asked may have gone: then nobody reads the answer.
        match command {
            Command::StartSequencer(head, answer) => {
                let current = self.rollup.status().unsafe_l2.hash;
                let result = if head.is_zero() || head == current {
                    self.rollup.set_sequencer(true);
                    Ok(())
                } else {
                    Err(format!("block hash does not match: head {current}, received {head}"))
                };
                let _ = answer.send(result);
            }
            Command::StopSequencer(answer) => {
                self.rollup.set_sequencer(false);
                let _ = answer.send(Ok(self.rollup.status().unsafe_l2.hash));
            }
            Command::UnsafePayload(payload, answer) => {
                let result = self.rollup.unsafe_block(*payload).await;
                let _ = answer.send(result.map_err(|error| error.to_string()));
            }
        }
        self.sequencing.send_replace(self.rollup.options().sequencer);
    }
}
