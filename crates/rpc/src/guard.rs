//! Bounds on what a trace may take: time, and memory for recorded steps.

use crate::RpcError;
use revm::{
    Inspector,
    context_interface::{ContextTr, context::ContextError},
    interpreter::{Interpreter, interpreter_types::LoopControl},
};
use std::time::{Duration, Instant};

/// Steps between two looks at the clock.
const STEPS_PER_LOOK: u32 = 4096;
/// Bytes that a recorded step takes beside its stack and memory.
const STEP_BYTES: usize = 256;

/// What an inspector keeps of every step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recording {
    /// Nothing.
    Calls,
    /// The stack, and what goes with it.
    Steps,
    /// All of memory as well.
    StepsAndMemory,
}

/// Watches beside another inspector and ends the execution when a bound is passed. Traces that are
/// answered in JSON cannot come near the bound on bytes: they would be too big to send.
#[derive(Debug)]
pub(crate) struct Guard {
    started: Instant,
    limit: Duration,
    until_look: u32,
    recording: Recording,
    bytes_left: usize,
    passed: Option<Bound>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Time,
    Bytes,
}

impl Guard {
    pub(crate) fn new(limit: Duration, recording: Recording, bytes: usize) -> Self {
        Self {
            started: Instant::now(),
            limit,
            until_look: STEPS_PER_LOOK,
            recording,
            bytes_left: bytes,
            passed: None,
        }
    }

    /// Why the execution was ended, if this did it.
    pub(crate) fn verdict(&self) -> Option<RpcError> {
        self.passed.map(|bound| match bound {
            Bound::Time => RpcError::TimedOut(self.limit),
            Bound::Bytes => RpcError::Coded {
                code: crate::error::INVALID_INPUT,
                message: "the trace is too large".into(),
            },
        })
    }

    fn passes(&mut self, interpreter: &Interpreter) -> Option<Bound> {
        self.until_look -= 1;
        if self.until_look == 0 {
            self.until_look = STEPS_PER_LOOK;
            if self.started.elapsed() > self.limit {
                return Some(Bound::Time);
            }
        }
        let bytes = match self.recording {
            Recording::Calls => return None,
            Recording::Steps => STEP_BYTES + 32 * interpreter.stack.len(),
            Recording::StepsAndMemory => {
                STEP_BYTES + 32 * interpreter.stack.len() + interpreter.memory.len()
            }
        };
        match self.bytes_left.checked_sub(bytes) {
            Some(left) => {
                self.bytes_left = left;
                None
            }
            None => Some(Bound::Bytes),
        }
    }
}

impl<CTX: ContextTr> Inspector<CTX> for Guard {
    fn step(&mut self, interpreter: &mut Interpreter, context: &mut CTX) {
        if self.passed.is_some() {
            return;
        }
        let Some(bound) = self.passes(interpreter) else { return };
        self.passed = Some(bound);
        if context.error().is_ok() {
            *context.error() = Err(ContextError::Custom("a bound on traces was passed".into()));
        }
        // In place of whatever the step wanted to do next.
        interpreter.bytecode.action().take();
        interpreter.bytecode.reset_action();
        interpreter.halt_fatal();
    }
}
