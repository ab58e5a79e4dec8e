//! `debug_`: traces in geth's format, raw objects, execution witnesses.

pub(crate) mod api;
mod endpoints;
mod raw;
mod traces;
mod witness;
