//! `optimism_*` and `admin_*`, as op-node serves them.

use crate::{
    Engine, L2BlockId, Output, RollupConfigs, RollupHandle, run::Command, status::output_root,
};
use alloy_primitives::{Address, B256, U64, address};
use assay_chainspec::OpHardforks;
use assay_derivation::L2BlockInfo;
use jsonrpsee::{
    RpcModule,
    core::RegisterMethodError,
    types::{ErrorObjectOwned, Params},
};
use op_alloy_rpc_types_engine::{OpExecutionData, OpExecutionPayload, OpExecutionPayloadEnvelope};
use std::sync::Arc;
use tokio::sync::oneshot;

/// L2ToL1MessagePasser, whose storage holds the withdrawals.
const MESSAGE_PASSER: Address = address!("4200000000000000000000000000000000000016");

struct Context {
    configs: RollupConfigs,
    handle: RollupHandle,
    engine: Arc<dyn Engine>,
}

// By value, so that it maps errors.
#[expect(clippy::needless_pass_by_value)]
fn failed(message: impl ToString) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(-32000, message.to_string(), None::<()>)
}

/// The methods of a rollup node. `admin` adds those that change it.
///
/// # Errors
/// A method is registered twice: a defect.
pub fn router(
    configs: RollupConfigs,
    handle: RollupHandle,
    engine: Arc<dyn Engine>,
    admin: bool,
) -> Result<RpcModule<()>, RegisterMethodError> {
    let mut module = RpcModule::new(Context { configs, handle, engine });
    module.register_method("optimism_syncStatus", |_, context, _| {
        serde_json::to_value(context.handle.status()).map_err(failed)
    })?;
    module.register_method("optimism_rollupConfig", |_, context, _| {
        serde_json::to_value(&*context.configs.rollup).map_err(failed)
    })?;
    module.register_method("optimism_version", |_, _, _| {
        concat!("assay/v", env!("CARGO_PKG_VERSION"))
    })?;
    module.register_async_method("optimism_outputAtBlock", |params, context, _| async move {
        let number: U64 = params.one()?;
        output_at(&context, number.to()).await
    })?;
    if admin {
        register_admin(&mut module)?;
    }
    Ok(module.remove_context())
}

async fn output_at(context: &Context, number: u64) -> Result<serde_json::Value, ErrorObjectOwned> {
    let block = context
        .engine
        .block(L2BlockId::Number(number))
        .await
        .map_err(failed)?
        .ok_or_else(|| failed("block not found"))?;
    let header = &block.block.header;
    let config = &context.configs.rollup;
    let withdrawals = match header.withdrawals_root {
        Some(root) if config.is_isthmus_active_at_timestamp(header.timestamp) => root,
        _ => context.engine.storage_root(MESSAGE_PASSER, block.hash).await.map_err(failed)?,
    };
    let info = L2BlockInfo::with_hash(config, &block.block, block.hash).map_err(failed)?;
    let output = Output {
        version: B256::ZERO,
        output_root: output_root(header.state_root, withdrawals, block.hash),
        block_ref: info.into(),
        withdrawal_storage_root: withdrawals,
        state_root: header.state_root,
        sync_status: context.handle.status(),
    };
    serde_json::to_value(output).map_err(failed)
}

fn register_admin(module: &mut RpcModule<Context>) -> Result<(), RegisterMethodError> {
    module.register_method("admin_sequencerActive", |_, context, _| {
        *context.handle.sequencing.borrow()
    })?;
    module.register_async_method("admin_startSequencer", |params, context, _| async move {
        let head: B256 = params.one()?;
        ask(&context, |answer| Command::StartSequencer(head, answer)).await
    })?;
    module.register_async_method("admin_stopSequencer", |_, context, _| async move {
        ask(&context, Command::StopSequencer).await
    })?;
    module.register_async_method("admin_postUnsafePayload", |params, context, _| async move {
        let payload = unsafe_payload(&params)?;
        ask(&context, |answer| Command::UnsafePayload(Box::new(payload), answer)).await
    })?;
    Ok(())
}

/// op-node's envelope: `{executionPayload, parentBeaconBlockRoot}`.
fn unsafe_payload(params: &Params<'_>) -> Result<OpExecutionData, ErrorObjectOwned> {
    let envelope: OpExecutionPayloadEnvelope = params.one()?;
    let root = envelope.parent_beacon_block_root.unwrap_or_default();
    Ok(match envelope.execution_payload {
        OpExecutionPayload::V4(payload) => {
            OpExecutionData::v4(payload, Vec::new(), root, Default::default())
        }
        OpExecutionPayload::V3(payload) => OpExecutionData::v3(payload, Vec::new(), root),
        older => OpExecutionData::new(older, Default::default()),
    })
}

async fn ask<T>(
    context: &Context,
    command: impl FnOnce(oneshot::Sender<Result<T, String>>) -> Command,
) -> Result<T, ErrorObjectOwned> {
    let (sender, answer) = oneshot::channel();
    let gone = |_| failed("the rollup node is shutting down");
    context.handle.commands.send(command(sender)).await.map_err(|_| gone(()))?;
    answer.await.map_err(|_| gone(()))?.map_err(failed)
}
