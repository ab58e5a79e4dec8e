//! The precompiles of a chain, and their way into an EVM.

use crate::{
    CachePart, Outcome, VerdictCache,
    attestation::Attestation,
    attribution, gas,
    outcome::{Failure, Meter},
    signatures,
};
use alloy_evm::precompiles::{DynPrecompile, PrecompileInput, PrecompilesMap};
use alloy_primitives::{Address, U256};
use assay_attestation::{AnchorError, Anchors, Backend};
use assay_chainspec::{AssayRules, PRECOMPILE_ADDRESSES};
use revm::precompile::{PrecompileHalt, PrecompileId, PrecompileOutput, PrecompileResult};
use std::{borrow::Cow, sync::Arc};

/// The chain's configuration cannot be turned into precompiles: the operator must correct it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrecompileError {
    /// A trust anchor of `config.assay.trust` is unusable.
    #[error("config.assay.trust: {0}")]
    Anchor(#[from] AnchorError),
}

/// The precompiles under one chain's rules. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Precompiles {
    attestation: Attestation,
}

/// Which precompile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interface {
    Attestation,
    Attribution,
    Signatures,
}

impl Interface {
    const ALL: [Self; 3] = [Self::Attestation, Self::Attribution, Self::Signatures];

    const fn address(self) -> Address {
        PRECOMPILE_ADDRESSES[self as usize]
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Attestation => "assay.attestation",
            Self::Attribution => "assay.attribution",
            Self::Signatures => "assay.signatures",
        }
    }
}

impl Precompiles {
    /// The precompiles of a chain with these rules.
    ///
    /// # Errors
    /// A trust anchor that the rules name is unusable.
    pub fn new(rules: &AssayRules, cache: VerdictCache) -> Result<Self, PrecompileError> {
        let attestation = Attestation {
            anchors: Arc::new(Anchors::new(&rules.trust)?),
            backend: Backend::default(),
            cache,
            part: CachePart::default(),
            rules: rules.commitment(),
        };
        Ok(Self { attestation })
    }

    /// The same over another backend: verdicts are equal, byte for byte.
    #[must_use]
    pub const fn with_backend(mut self, backend: Backend) -> Self {
        self.attestation.backend = backend;
        self
    }

    /// The same, with new verdicts going to this part of the cache.
    #[must_use]
    pub const fn with_cache_part(mut self, part: CachePart) -> Self {
        self.attestation.part = part;
        self
    }

    /// The trust anchors in force.
    pub fn anchors(&self) -> &Anchors {
        &self.attestation.anchors
    }

    /// The cache of verdicts.
    pub const fn cache(&self) -> &VerdictCache {
        &self.attestation.cache
    }

    /// Whether there is an Assay precompile at `address`.
    pub fn is_precompile(address: &Address) -> bool {
        PRECOMPILE_ADDRESSES.contains(address)
    }

    /// Calls the precompile at `address` without an EVM; `None` where there is none.
    pub fn call(&self, address: &Address, data: &[u8], value: U256, gas: u64) -> Option<Outcome> {
        let interface =
            Interface::ALL.into_iter().find(|interface| interface.address() == *address)?;
        Some(self.run(interface, data, value, gas))
    }

    fn run(&self, interface: Interface, data: &[u8], value: U256, limit: u64) -> Outcome {
        let mut meter = Meter::new(limit);
        match self.dispatch(interface, data, value, &mut meter) {
            Ok(bytes) => Outcome::Success { gas: meter.used(), bytes: bytes.into() },
            Err(Failure::Revert(bytes)) => {
                Outcome::Revert { gas: meter.used(), bytes: bytes.into() }
            }
            Err(Failure::OutOfGas) => Outcome::OutOfGas,
        }
    }

    fn dispatch(
        &self,
        interface: Interface,
        data: &[u8],
        value: U256,
        meter: &mut Meter,
    ) -> Result<Vec<u8>, Failure> {
        meter.charge(gas::call(data.len()))?;
        // No function is payable; and as in Solidity, neither a short nor an unknown selector is
        // worth return data.
        let nothing = || Failure::Revert(Vec::new());
        if !value.is_zero() {
            return Err(nothing());
        }
        let (selector, arguments) = data.split_first_chunk::<4>().ok_or_else(nothing)?;
        match interface {
            Interface::Attestation => self.attestation.call(*selector, arguments, meter),
            Interface::Attribution => attribution::call(*selector, arguments, meter),
            Interface::Signatures => {
                signatures::call(*selector, arguments, self.attestation.backend, meter)
            }
        }
    }
}

/// Puts the precompiles into an EVM's map. Their addresses become warm.
pub fn install(map: &mut PrecompilesMap, precompiles: &Precompiles) {
    for interface in Interface::ALL {
        let precompiles = precompiles.clone();
        let id = PrecompileId::Custom(Cow::Borrowed(interface.name()));
        let run = move |input: PrecompileInput<'_>| -> PrecompileResult {
            let outcome = precompiles.run(interface, input.data, input.value, input.gas);
            Ok(output(outcome, input.reservoir))
        };
        map.apply_precompile(&interface.address(), |_| Some(DynPrecompile::new(id, run)));
    }
}

fn output(outcome: Outcome, reservoir: u64) -> PrecompileOutput {
    match outcome {
        Outcome::Success { gas, bytes } => PrecompileOutput::new(gas, bytes, reservoir),
        Outcome::Revert { gas, bytes } => PrecompileOutput::revert(gas, bytes, reservoir),
        Outcome::OutOfGas => PrecompileOutput::halt(PrecompileHalt::OutOfGas, reservoir),
    }
}

#[cfg(test)]
mod tests;
