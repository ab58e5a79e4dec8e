//! `eth_`.

pub(crate) mod access_list;
pub(crate) mod api;
pub(crate) mod blocks;
pub(crate) mod call;
pub(crate) mod endpoints;
pub(crate) mod estimate;
pub(crate) mod fees;
pub(crate) mod filters;
pub(crate) mod l1;
pub(crate) mod logs;
pub(crate) mod proofs;
pub(crate) mod pubsub;
pub(crate) mod receipts;
pub(crate) mod sim_chain;
pub(crate) mod simulate;
pub(crate) mod state;
pub(crate) mod submit;
pub(crate) mod subscribe;
pub(crate) mod types;
