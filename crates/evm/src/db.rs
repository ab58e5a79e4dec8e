//! The database side of execution.

use crate::BoxError;
use alloy_primitives::{Address, B256, U256};
use revm::{
    Database, DatabaseRef, bytecode::Bytecode, context_interface::DBErrorMarker, state::AccountInfo,
};

/// A fault of the state below, whatever its type was.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct StateError(BoxError);

impl StateError {
    pub(crate) fn into_inner(self) -> BoxError {
        self.0
    }
}

impl DBErrorMarker for StateError {}

/// Reads a parent state for execution. It erases the error's type, so that every block runs the
/// same compiled EVM, and asks no `Debug` of the state.
pub(crate) struct Source<DB>(pub(crate) DB);

impl<DB: DatabaseRef<Error: std::error::Error + Send + Sync + 'static>> Database for Source<DB> {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        self.0.basic_ref(address).map_err(|error| StateError(Box::new(error)))
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, StateError> {
        self.0.code_by_hash_ref(code_hash).map_err(|error| StateError(Box::new(error)))
    }

    fn storage(&mut self, address: Address, index: U256) -> Result<U256, StateError> {
        self.0.storage_ref(address, index).map_err(|error| StateError(Box::new(error)))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, StateError> {
        self.0.block_hash_ref(number).map_err(|error| StateError(Box::new(error)))
    }
}
