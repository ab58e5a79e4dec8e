//! `assay_`: evidence, sessions, receipts and datanets.
//!
//! Lists come from the index of the predeploys' logs, what holds now from the predeploys
//! themselves, called on the state of a block.

mod api;
mod contracts;
mod datanets;
mod endpoints;
mod evidence;
mod found;
mod proofs;
mod receipts;
mod sessions;
mod subscribe;
mod types;

pub(crate) use api::{AssayApiServer, AssayPubSubApiServer};
