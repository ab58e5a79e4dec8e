//! The methods.

use super::{
    capabilities::{CAPABILITIES, client_version},
    convert::{self, Extras},
    error::{invalid_params, to_rpc},
    types::{WireAttributes, WireEnvelope, WirePayload},
    versions,
};
use alloy_primitives::{B256, Bytes, U64};
use alloy_rpc_types_engine::{
    ClientVersionV1, ExecutionPayloadBodyV1, ForkchoiceState, ForkchoiceUpdated, PayloadId,
    PayloadStatus,
};
use assay_engine::Engine;
use jsonrpsee::{
    RpcModule,
    types::{ErrorObjectOwned, Params},
};

type Answer<T> = Result<T, ErrorObjectOwned>;

/// Registers a method once per version.
macro_rules! versioned {
    ($module:expr, $function:ident, { $($name:literal => $version:literal),+ $(,)? }) => {
        $(
            $module
                .register_async_method($name, |params, engine, _| async move {
                    $function(&engine, $version, params).await
                })
                .map_err(crate::auth::ServerError::from)?;
        )+
    };
}

/// The `engine_` methods over `engine`.
///
/// # Errors
/// Two methods of one name, which is a mistake in the code.
pub fn engine_module(engine: Engine) -> Result<RpcModule<Engine>, crate::auth::ServerError> {
    let mut module = RpcModule::new(engine);
    versioned!(module, new_payload, {
        "engine_newPayloadV2" => 2,
        "engine_newPayloadV3" => 3,
        "engine_newPayloadV4" => 4,
    });
    versioned!(module, fork_choice_updated, {
        "engine_forkchoiceUpdatedV1" => 1,
        "engine_forkchoiceUpdatedV2" => 2,
        "engine_forkchoiceUpdatedV3" => 3,
    });
    versioned!(module, get_payload, {
        "engine_getPayloadV2" => 2,
        "engine_getPayloadV3" => 3,
        "engine_getPayloadV4" => 4,
        "engine_getPayloadV5" => 5,
    });
    versioned!(module, bodies_by_hash, { "engine_getPayloadBodiesByHashV1" => 1 });
    versioned!(module, bodies_by_range, { "engine_getPayloadBodiesByRangeV1" => 1 });
    module.register_method("engine_exchangeCapabilities", |_, _, _| CAPABILITIES.to_vec())?;
    module.register_method(
        "engine_getClientVersionV1",
        |_, _, _| -> Answer<Vec<ClientVersionV1>> { Ok(vec![client_version()]) },
    )?;
    Ok(module)
}

async fn new_payload(
    engine: &Engine,
    version: u8,
    params: Params<'static>,
) -> Answer<PayloadStatus> {
    let mut params = params.sequence();
    let payload: WirePayload = params.next()?;
    let mut extras = Extras::default();
    if version >= 3 {
        extras.versioned_hashes = params.next()?;
        extras.parent_beacon_block_root = Some(params.next()?);
    }
    if version >= 4 {
        extras.requests = params.next::<Vec<Bytes>>()?;
    }
    let spec = engine.chain().spec();
    let shape = versions::check_new_payload(spec, version, payload.timestamp).map_err(to_rpc)?;
    let data = convert::execution_data(shape, payload, extras)?;
    engine.new_payload(data).await.map_err(to_rpc)
}

async fn fork_choice_updated(
    engine: &Engine,
    version: u8,
    params: Params<'static>,
) -> Answer<ForkchoiceUpdated> {
    let mut params = params.sequence();
    let state: ForkchoiceState = params.next()?;
    let attributes: Option<WireAttributes> = params.optional_next()?;
    if let Some(attributes) = &attributes {
        let spec = engine.chain().spec();
        versions::check_attributes(spec, version, attributes.timestamp).map_err(to_rpc)?;
    }
    let attributes = attributes.map(convert::attributes);
    engine.fork_choice_updated(state, attributes).await.map_err(to_rpc)
}

async fn get_payload(
    engine: &Engine,
    version: u8,
    params: Params<'static>,
) -> Answer<WireEnvelope> {
    let id: PayloadId = params.one()?;
    let timestamp = engine.payload_timestamp(id).map_err(to_rpc)?;
    let shape =
        versions::check_get_payload(engine.chain().spec(), version, timestamp).map_err(to_rpc)?;
    let built = engine.get_payload(id).await.map_err(to_rpc)?;
    Ok(convert::envelope(shape, &built))
}

async fn bodies_by_hash(
    engine: &Engine,
    _version: u8,
    params: Params<'static>,
) -> Answer<Vec<Option<ExecutionPayloadBodyV1>>> {
    let hashes: Vec<B256> = params.one()?;
    let engine = engine.clone();
    blocking(move || engine.payload_bodies_by_hash(&hashes).map_err(to_rpc)).await
}

async fn bodies_by_range(
    engine: &Engine,
    _version: u8,
    params: Params<'static>,
) -> Answer<Vec<Option<ExecutionPayloadBodyV1>>> {
    let (start, count): (U64, U64) = params.parse()?;
    if start.is_zero() || count.is_zero() {
        return Err(invalid_params("start and count must be at least 1"));
    }
    let engine = engine.clone();
    blocking(move || engine.payload_bodies_by_range(start.to(), count.to()).map_err(to_rpc)).await
}

/// Reads of the database do not run on the threads that serve connections.
async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Answer<T> + Send + 'static,
) -> Answer<T> {
    tokio::task::spawn_blocking(read)
        .await
        .map_err(|error| to_rpc(assay_engine::EngineError::Internal(error.to_string())))?
}
