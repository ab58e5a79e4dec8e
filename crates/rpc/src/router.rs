//! All methods of the public RPC, by namespace.

use crate::{
    Namespace, Namespaces, RpcContext,
    admin::AdminApiServer,
    assay::{AssayApiServer, AssayPubSubApiServer},
    debug::api::DebugApiServer,
    eth::{api::EthApiServer, pubsub::EthPubSubApiServer},
    net::NetApiServer,
    trace::api::TraceApiServer,
    txpool::TxpoolApiServer,
    web3::Web3ApiServer,
};
use jsonrpsee::{RpcModule, core::RegisterMethodError, types::ErrorObjectOwned};
use std::collections::BTreeMap;

/// The methods of the enabled namespaces.
///
/// `miner_` needs the engine and is not among them: whoever enables it merges
/// [`miner_module`](crate::miner::miner_module).
///
/// # Errors
/// Two methods of one name, which is a mistake in the code.
pub fn router(
    ctx: &RpcContext,
    enabled: &Namespaces,
) -> Result<RpcModule<()>, RegisterMethodError> {
    let mut module = RpcModule::new(());
    for namespace in enabled.iter() {
        match namespace {
            Namespace::Eth => {
                module.merge(EthApiServer::into_rpc(ctx.clone()))?;
                module.merge(EthPubSubApiServer::into_rpc(ctx.clone()))?;
            }
            Namespace::Net => module.merge(NetApiServer::into_rpc(ctx.clone()))?,
            Namespace::Web3 => module.merge(Web3ApiServer::into_rpc(ctx.clone()))?,
            Namespace::Txpool => module.merge(TxpoolApiServer::into_rpc(ctx.clone()))?,
            Namespace::Debug => module.merge(DebugApiServer::into_rpc(ctx.clone()))?,
            Namespace::Trace => module.merge(TraceApiServer::into_rpc(ctx.clone()))?,
            Namespace::Admin => module.merge(AdminApiServer::into_rpc(ctx.clone()))?,
            Namespace::Assay => {
                module.merge(AssayApiServer::into_rpc(ctx.clone()))?;
                module.merge(AssayPubSubApiServer::into_rpc(ctx.clone()))?;
            }
            Namespace::Miner | Namespace::Rpc => {}
        }
    }
    // Always there, as in op-reth.
    let modules: BTreeMap<&str, &str> =
        enabled.iter().chain([Namespace::Rpc]).map(|namespace| (namespace.name(), "1.0")).collect();
    module.register_method("rpc_modules", move |_, _, _| {
        Ok::<_, ErrorObjectOwned>(modules.clone())
    })?;
    Ok(module)
}
