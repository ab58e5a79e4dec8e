//! What a call to a precompile comes to.

use alloy_primitives::Bytes;
use alloy_sol_types::SolError;

/// The outcome of one call. Gas is what the call used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The call returns.
    Success {
        /// Gas used.
        gas: u64,
        /// Return data.
        bytes: Bytes,
    },
    /// The call reverts; a refusal is one.
    Revert {
        /// Gas used: as much as success would.
        gas: u64,
        /// Return data: an ABI-encoded error.
        bytes: Bytes,
    },
    /// The call costs more than it was given, and uses up all of that.
    OutOfGas,
}

/// Gas that a call may still use. Charged before the work it pays for.
#[derive(Debug)]
pub(crate) struct Meter {
    limit: u64,
    used: u64,
}

/// The call costs more than it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutOfGas;

/// Why a call does not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Revert with this return data.
    Revert(Vec<u8>),
    /// More gas is needed.
    OutOfGas,
}

impl From<OutOfGas> for Failure {
    fn from(_: OutOfGas) -> Self {
        Self::OutOfGas
    }
}

impl Failure {
    /// A revert with a Solidity error.
    pub(crate) fn error(error: &impl SolError) -> Self {
        Self::Revert(error.abi_encode())
    }
}

impl Meter {
    pub(crate) const fn new(limit: u64) -> Self {
        Self { limit, used: 0 }
    }

    pub(crate) const fn used(&self) -> u64 {
        self.used
    }

    /// Charges `amount`; `None` (a sum that does not fit 64 bits) is more than any limit.
    pub(crate) fn charge(&mut self, amount: Option<u64>) -> Result<(), OutOfGas> {
        let used = amount.and_then(|amount| self.used.checked_add(amount)).ok_or(OutOfGas)?;
        if used > self.limit {
            return Err(OutOfGas);
        }
        self.used = used;
        Ok(())
    }
}
