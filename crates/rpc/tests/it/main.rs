//! The RPC over a small chain made here: methods are called without sockets, but for `server`.

mod assay;
mod calls;
mod fixture;
mod logs;
mod reads;
mod receipts;
mod server;
mod traces;
