//! The payload builder.

mod assemble;
mod attributes;
mod da;
mod job;
mod payloads;

pub(crate) use da::DaLimits;
pub use job::BuiltPayload;

pub(crate) use payloads::Payloads;
