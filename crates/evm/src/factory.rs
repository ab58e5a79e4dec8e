//! The EVM of this chain: OP's, with what op-revm leaves open closed, and Assay's precompiles.

use alloy_evm::{Database, EvmEnv, EvmFactory, precompiles::PrecompilesMap};
use alloy_op_evm::{OpEvm, OpEvmContext, OpEvmFactory, OpTx, OpTxError};
use assay_precompiles::{Anchors, Backend, CachePart, Precompiles};
use op_revm::{OpHaltReason, OpSpecId, precompiles as op_precompiles};
use revm::{
    Inspector,
    context::{BlockEnv, result::EVMError},
    inspector::NoOpInspector,
    precompile::{self, EthPrecompileResult, Precompile, PrecompileHalt, PrecompileId, bn254},
};
use std::sync::OnceLock;

/// Karst's limit on the input of the bn254 pairing: 300 pairs.
/// <https://specs.optimism.io/protocol/karst/exec-engine.html>
pub const KARST_PAIRING_MAX_INPUT: usize = 57_600;

const KARST_PAIRING: Precompile =
    Precompile::new(PrecompileId::Bn254Pairing, bn254::pair::ADDRESS, karst_pairing);

fn run_karst_pairing(input: &[u8], gas_limit: u64) -> EthPrecompileResult {
    if input.len() > KARST_PAIRING_MAX_INPUT {
        return Err(PrecompileHalt::Bn254PairLength);
    }
    bn254::run_pair(
        input,
        bn254::pair::ISTANBUL_PAIR_PER_POINT,
        bn254::pair::ISTANBUL_PAIR_BASE,
        gas_limit,
    )
}

precompile::eth_precompile_fn!(karst_pairing, run_karst_pairing);

/// op-revm's Karst set with Karst's own pairing limit, which op-revm 20 leaves at Jovian's.
fn karst() -> &'static precompile::Precompiles {
    static INSTANCE: OnceLock<precompile::Precompiles> = OnceLock::new();
    INSTANCE.get_or_init(|| {
        let mut precompiles = op_precompiles::karst().clone();
        precompiles.extend([KARST_PAIRING]);
        precompiles
    })
}

/// Makes the EVM of a block, by the forks at the block's timestamp. The same for execution, RPC,
/// tracing and proofs.
#[derive(Debug, Clone, Default)]
pub struct AssayEvmFactory {
    op: OpEvmFactory<OpTx>,
    agate: Option<Agate>,
}

/// Assay's precompiles and when they come into being.
#[derive(Debug, Clone)]
struct Agate {
    time: u64,
    precompiles: Precompiles,
}

impl AssayEvmFactory {
    /// A factory for a plain OP chain.
    pub fn plain() -> Self {
        Self::default()
    }

    /// A factory whose EVMs have `precompiles` from `agate_time` on, in unix seconds.
    pub fn with_precompiles(agate_time: u64, precompiles: Precompiles) -> Self {
        Self { op: OpEvmFactory::default(), agate: Some(Agate { time: agate_time, precompiles }) }
    }

    /// The trust anchors of the precompiles, on a chain that has them.
    pub(crate) fn anchors(&self) -> Option<&Anchors> {
        self.agate.as_ref().map(|agate| agate.precompiles.anchors())
    }

    pub(crate) fn with_cache_part(mut self, part: CachePart) -> Self {
        self.agate = self
            .agate
            .map(|agate| Agate { precompiles: agate.precompiles.with_cache_part(part), ..agate });
        self
    }

    pub(crate) fn with_backend(mut self, backend: Backend) -> Self {
        self.agate = self
            .agate
            .map(|agate| Agate { precompiles: agate.precompiles.with_backend(backend), ..agate });
        self
    }

    /// Sets the precompiles of the block's forks; `map` has op-revm's for the same spec.
    fn install(&self, spec: OpSpecId, block: &BlockEnv, map: &mut PrecompilesMap) {
        // INTEROP takes op-revm's Karst set as well.
        if matches!(spec, OpSpecId::KARST | OpSpecId::INTEROP) {
            *map = PrecompilesMap::from_static(karst());
        }
        if let Some(agate) = &self.agate
            && block.timestamp.saturating_to::<u64>() >= agate.time
        {
            assay_precompiles::install(map, &agate.precompiles);
        }
    }
}

impl EvmFactory for AssayEvmFactory {
    type Evm<DB: Database, I: Inspector<OpEvmContext<DB>>> = OpEvm<DB, I, PrecompilesMap, OpTx>;
    type Context<DB: Database> = OpEvmContext<DB>;
    type Tx = OpTx;
    type Error<DBError: core::error::Error + Send + Sync + 'static> = EVMError<DBError, OpTxError>;
    type HaltReason = OpHaltReason;
    type Spec = OpSpecId;
    type BlockEnv = BlockEnv;
    type Precompiles = PrecompilesMap;

    fn create_evm<DB: Database>(
        &self,
        db: DB,
        input: EvmEnv<OpSpecId, BlockEnv>,
    ) -> Self::Evm<DB, NoOpInspector> {
        let (spec, block) = (input.cfg_env.spec, input.block_env.clone());
        let mut evm = self.op.create_evm(db, without_gas_cap(input));
        self.install(spec, &block, alloy_evm::Evm::precompiles_mut(&mut evm));
        evm
    }

    fn create_evm_with_inspector<DB: Database, I: Inspector<Self::Context<DB>>>(
        &self,
        db: DB,
        input: EvmEnv<OpSpecId, BlockEnv>,
        inspector: I,
    ) -> Self::Evm<DB, I> {
        let (spec, block) = (input.cfg_env.spec, input.block_env.clone());
        let mut evm = self.op.create_evm_with_inspector(db, without_gas_cap(input), inspector);
        self.install(spec, &block, alloy_evm::Evm::precompiles_mut(&mut evm));
        evm
    }
}

/// Takes EIP-7825's cap out of the EVM, unless the caller set one. revm applies it to a deposit's
/// gas as well: what is above the cap would become EIP-8037 reservoir, which execution cannot use,
/// though deposits are exempt. The executor and the pool enforce the cap on user transactions.
fn without_gas_cap(mut env: EvmEnv<OpSpecId, BlockEnv>) -> EvmEnv<OpSpecId, BlockEnv> {
    env.cfg_env.tx_gas_limit_cap.get_or_insert(u64::MAX);
    env
}
