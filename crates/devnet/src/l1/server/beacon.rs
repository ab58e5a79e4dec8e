//! The beacon API's endpoints that rollup nodes use, in front of JSON-RPC.
//!
//! Spec: <https://ethereum.github.io/beacon-APIs/>. The inclusion proofs and the beacon header of a
//! sidecar are zero: there is no beacon chain.

use super::{SharedL1, eth::VERSION};
use crate::l1::{
    blobs::BlockBlob,
    chain::{L1, L1Block},
};
use alloy_primitives::{B256, hex};
use http::{Method, StatusCode, Uri, header::CONTENT_TYPE};
use jsonrpsee::{
    core::BoxError,
    server::{HttpBody, HttpRequest, HttpResponse},
};
use serde_json::{Value, json};
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tower::{Layer, Service};

const PREFIX: &str = "/eth/v1/";
/// Nodes in the proof of a commitment's inclusion.
const INCLUSION_PROOF_LENGTH: usize = 17;

/// Answers GET requests below `/eth/v1/`.
#[derive(Debug, Clone)]
pub(super) struct BeaconLayer {
    l1: SharedL1,
}

impl BeaconLayer {
    pub(super) const fn new(l1: SharedL1) -> Self {
        Self { l1 }
    }
}

impl<S> Layer<S> for BeaconLayer {
    type Service = BeaconService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BeaconService { inner, l1: Arc::clone(&self.l1) }
    }
}

/// See [`BeaconLayer`].
#[derive(Debug, Clone)]
pub(super) struct BeaconService<S> {
    inner: S,
    l1: SharedL1,
}

impl<S, B> Service<HttpRequest<B>> for BeaconService<S>
where
    S: Service<HttpRequest<B>, Response = HttpResponse, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = HttpResponse;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: HttpRequest<B>) -> Self::Future {
        if request.method() != Method::GET || !request.uri().path().starts_with(PREFIX) {
            return Box::pin(self.inner.call(request));
        }
        let (status, body) = match answer(&self.l1.lock(), request.uri()) {
            Ok(body) => (StatusCode::OK, body),
            Err((status, message)) => {
                (status, json!({ "code": status.as_u16(), "message": message }))
            }
        };
        let response = http::Response::builder()
            .status(status)
            .header(CONTENT_TYPE, "application/json")
            .body(HttpBody::from(body.to_string()))
            .map_err(BoxError::from);
        Box::pin(std::future::ready(response))
    }
}

/// A status other than 200, and why.
type Failure = (StatusCode, &'static str);
type Answer = Result<Value, Failure>;

fn answer(l1: &L1, uri: &Uri) -> Answer {
    let path = uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let query = uri.query().unwrap_or_default();
    match path.split('/').collect::<Vec<_>>()[..] {
        ["node", "version"] => Ok(json!({ "data": { "version": VERSION } })),
        ["config", "spec"] => Ok(json!({ "data": {
            "SECONDS_PER_SLOT": l1.config().block_time.to_string(),
            "SLOTS_PER_EPOCH": "32",
            "MAX_BLOBS_PER_BLOCK": l1.config().blob_params().max_blob_count.to_string(),
        } })),
        ["beacon", "genesis"] => Ok(json!({ "data": {
            "genesis_time": l1.config().genesis_time.to_string(),
            "genesis_validators_root": B256::ZERO,
            "genesis_fork_version": "0x00000000",
        } })),
        ["beacon", "blob_sidecars", id] => {
            let (block, blobs) = blobs(l1, id)?;
            let wanted = values(query, "indices");
            let data: Vec<Value> = blobs
                .iter()
                .filter(|blob| wanted.is_empty() || wanted.contains(&&*blob.index.to_string()))
                .map(|blob| sidecar(blob, l1.slot_at(block.header.timestamp)))
                .collect();
            Ok(
                json!({ "version": fork(l1), "execution_optimistic": false, "finalized": false, "data": data }),
            )
        }
        ["beacon", "blobs", id] => {
            let (_, blobs) = blobs(l1, id)?;
            let wanted = values(query, "versioned_hashes");
            let data: Vec<String> = blobs
                .iter()
                .filter(|blob| {
                    let hash = blob.versioned_hash.to_string();
                    wanted.is_empty() || wanted.iter().any(|want| want.eq_ignore_ascii_case(&hash))
                })
                .map(|blob| hex::encode_prefixed(&blob.blob[..]))
                .collect();
            Ok(json!({ "execution_optimistic": false, "finalized": false, "data": data }))
        }
        _ => Err((StatusCode::NOT_FOUND, "NOT_FOUND: no such endpoint")),
    }
}

const fn fork(l1: &L1) -> &'static str {
    if l1.config().osaka { "fulu" } else { "electra" }
}

/// A query parameter's values, given several times or separated by commas.
fn values<'a>(query: &'a str, key: &str) -> Vec<&'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| *name == key)
        .flat_map(|(_, value)| value.split(','))
        .filter(|value| !value.is_empty())
        .collect()
}

/// The block that a block id names: a slot, a label, or an execution block's hash.
fn blobs<'a>(l1: &'a L1, id: &str) -> Result<(&'a Arc<L1Block>, Vec<BlockBlob>), Failure> {
    let block = match id {
        "head" => Some(l1.head()),
        "genesis" => Some(l1.genesis()),
        "finalized" => l1.block_by_number(l1.finalized_number()),
        "justified" => l1.block_by_number(l1.safe_number()),
        root if root.starts_with("0x") => {
            let hash: B256 =
                root.parse().map_err(|_| (StatusCode::BAD_REQUEST, "BAD_REQUEST: block id"))?;
            l1.block_by_hash(hash)
        }
        slot => {
            let slot =
                slot.parse().map_err(|_| (StatusCode::BAD_REQUEST, "BAD_REQUEST: block id"))?;
            l1.block_at_slot(slot)
        }
    };
    let block = block.ok_or((StatusCode::NOT_FOUND, "NOT_FOUND: beacon block"))?;
    let blobs =
        l1.blobs(block).map_err(|_| (StatusCode::INTERNAL_SERVER_ERROR, "cannot prove blobs"))?;
    Ok((block, blobs))
}

fn sidecar(blob: &BlockBlob, slot: u64) -> Value {
    json!({
        "index": blob.index.to_string(),
        "blob": hex::encode_prefixed(&blob.blob[..]),
        "kzg_commitment": blob.commitment,
        "kzg_proof": blob.proof,
        "signed_block_header": {
            "message": {
                "slot": slot.to_string(),
                "proposer_index": "0",
                "parent_root": B256::ZERO,
                "state_root": B256::ZERO,
                "body_root": B256::ZERO,
            },
            "signature": hex::encode_prefixed([0; 96]),
        },
        "kzg_commitment_inclusion_proof": vec![B256::ZERO; INCLUSION_PROOF_LENGTH],
    })
}
