//! How far the work is, on standard error.

use assay_attribution::provider::Progress;
use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

/// Progress on standard error: in place on a terminal, else a line for each kind of work and every
/// few seconds of it.
pub(super) struct ProgressLines {
    terminal: bool,
    last: Option<(std::mem::Discriminant<Progress>, Instant)>,
    start: Instant,
}

impl Default for ProgressLines {
    fn default() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), last: None, start: Instant::now() }
    }
}

impl ProgressLines {
    pub(super) fn show(&mut self, step: Progress) {
        let pause = if self.terminal { Duration::from_millis(100) } else { Duration::from_secs(5) };
        let kind = std::mem::discriminant(&step);
        if self.last.is_some_and(|(last, at)| last == kind && at.elapsed() < pause) {
            return;
        }
        self.last = Some((kind, Instant::now()));
        let line = match step {
            Progress::Reading { done, total } => format!("reading documents: {done} of {total}"),
            Progress::Indexing { tokens } => format!("indexing {tokens} tokens"),
            Progress::Matching { done, total } => format!("matching: {done} of {total} tokens"),
        };
        let seconds = self.start.elapsed().as_secs_f64();
        if self.terminal {
            eprint!("\r\x1b[K[{seconds:>5.1} s] {line}");
        } else {
            eprintln!("[{seconds:>5.1} s] {line}");
        }
    }

    pub(super) fn clear(&self) {
        if self.terminal && self.last.is_some() {
            eprint!("\r\x1b[K");
        }
    }
}
