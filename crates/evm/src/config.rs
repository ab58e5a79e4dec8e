//! The chain's EVM configuration: from headers and attributes to EVM environments.

use crate::{
    ConfigError, NextBlockAttributes, base_fee, error::AttributesError, factory::AssayEvmFactory,
};
use alloy_consensus::Header;
use alloy_evm::{EvmEnv, eth::NextEvmEnvAttributes};
use alloy_op_evm::{evm_env_for_op_block, evm_env_for_op_next_block};
use alloy_op_hardforks::OpHardforks;
use assay_chainspec::ChainSpec;
use assay_precompiles::{Anchors, Backend, CachePart, Precompiles, VerdictCache};
use op_revm::OpSpecId;
use std::sync::Arc;

/// EIP-7825: the most gas that a user transaction may ask for, from Karst on. Deposits are exempt.
pub const KARST_TX_GAS_CAP: u64 = 16_777_216;

/// Bytes that the verdict cache may take where nobody said otherwise.
const DEFAULT_VERDICT_BYTES: usize = 64 << 20;

/// The state transition of one chain. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AssayEvmConfig {
    spec: Arc<ChainSpec>,
    factory: AssayEvmFactory,
}

impl AssayEvmConfig {
    /// The state transition of `spec`'s chain, with a verdict cache of its own.
    ///
    /// # Errors
    /// A trust anchor in the genesis that the precompiles cannot use.
    pub fn new(spec: Arc<ChainSpec>) -> Result<Self, ConfigError> {
        Self::with_verdicts(spec, VerdictCache::new(DEFAULT_VERDICT_BYTES))
    }

    /// As [`Self::new`], with a verdict cache that others share.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_verdicts(
        spec: Arc<ChainSpec>,
        verdicts: VerdictCache,
    ) -> Result<Self, ConfigError> {
        let factory = match (spec.agate_time(), spec.assay_rules()) {
            (Some(time), Some(rules)) => AssayEvmFactory::with_precompiles(
                time,
                Precompiles::new(rules, verdicts)
                    .map_err(|error| ConfigError::Precompiles(Box::new(error)))?,
            ),
            _ => AssayEvmFactory::plain(),
        };
        Ok(Self { spec, factory })
    }

    /// The same state transition, whose verdicts go to another part of the cache: the pool's
    /// speculation to its own, calls and traces to none.
    #[must_use]
    pub fn with_cache_part(mut self, part: CachePart) -> Self {
        self.factory = self.factory.with_cache_part(part);
        self
    }

    /// The same state transition over another implementation of the cryptography: every block comes
    /// out the same.
    #[must_use]
    pub fn with_backend(mut self, backend: Backend) -> Self {
        self.factory = self.factory.with_backend(backend);
        self
    }

    /// The chain.
    pub const fn spec(&self) -> &Arc<ChainSpec> {
        &self.spec
    }

    /// The trust anchors of the precompiles, made ready; `None` on a plain OP chain.
    pub fn anchors(&self) -> Option<&Anchors> {
        self.factory.anchors()
    }

    /// Makes EVMs.
    pub const fn factory(&self) -> &AssayEvmFactory {
        &self.factory
    }

    /// The EVM's fork at a block's timestamp.
    pub fn spec_id(&self, timestamp: u64) -> OpSpecId {
        alloy_op_evm::spec_by_timestamp_after_bedrock(&*self.spec, timestamp)
    }

    /// The most gas that a user transaction may ask for in a block of this timestamp (EIP-7825).
    pub fn tx_gas_cap(&self, timestamp: u64) -> Option<u64> {
        self.spec.is_karst_active_at_timestamp(timestamp).then_some(KARST_TX_GAS_CAP)
    }

    /// The environment of an existing block: to execute it, or to call on top of it.
    pub fn evm_env(&self, header: &Header) -> EvmEnv<OpSpecId> {
        evm_env_for_op_block(header, &*self.spec, self.spec.chain_id())
    }

    /// The environment of the block after `parent`.
    ///
    /// # Errors
    /// A base fee above 64 bits.
    pub fn next_evm_env(
        &self,
        parent: &Header,
        attributes: &NextBlockAttributes,
    ) -> Result<EvmEnv<OpSpecId>, AttributesError> {
        let base_fee = base_fee::next_base_fee(&self.spec, parent, attributes.timestamp)
            .ok_or(AttributesError::BaseFeeOverflow)?;
        Ok(evm_env_for_op_next_block(
            parent,
            NextEvmEnvAttributes {
                timestamp: attributes.timestamp,
                suggested_fee_recipient: attributes.suggested_fee_recipient,
                prev_randao: attributes.prev_randao,
                gas_limit: attributes.gas_limit,
                slot_number: None,
            },
            base_fee,
            &*self.spec,
            self.spec.chain_id(),
        ))
    }
}
