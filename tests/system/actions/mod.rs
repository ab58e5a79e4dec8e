//! Action tests: L1, batcher, sequencer and verifier as plain structs over production types. No
//! socket, no clock, no waiting: a test says what happens next, and it has happened when the call
//! returns.

mod batcher;
mod batches;
mod configuration;
mod evidence;
mod l1;
mod node;
mod random;
mod reorgs;
mod restarts;
mod round_trip;
mod users;
mod verdicts;
mod world;
