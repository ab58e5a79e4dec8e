//! The `miner_` namespace: what op-batcher tells the sequencer.

use alloy_primitives::U64;
use assay_engine::Engine;
use jsonrpsee::{RpcModule, types::ErrorObjectOwned};

/// The `miner_` methods over `engine`.
///
/// # Errors
/// Two methods of one name, which is a mistake in the code.
pub fn miner_module(engine: Engine) -> Result<RpcModule<Engine>, crate::auth::ServerError> {
    let mut module = RpcModule::new(engine);
    module.register_method(
        "miner_setMaxDASize",
        |params, engine, _| -> Result<bool, ErrorObjectOwned> {
            let (transaction, block): (U64, U64) = params.parse()?;
            engine.set_max_da_size(transaction.to(), block.to());
            Ok(true)
        },
    )?;
    Ok(module)
}
