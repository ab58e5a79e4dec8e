//! `trace_`, in Parity's format.

pub(crate) mod api;
mod calls;
mod endpoints;
mod replays;
