//! Blocks that are not in the chain: those whose parent is not known yet, and those known to be bad.

mod invalid;
mod orphans;

pub(crate) use invalid::{Invalid, InvalidBlocks};
pub(crate) use orphans::Orphans;
