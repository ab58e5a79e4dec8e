//! From a sealed block to an executed one: checks, execution, roots.

mod ahead;
mod pipeline;
mod root;

pub(crate) use pipeline::{ImportError, Importer};
pub(crate) use root::RootTask;
