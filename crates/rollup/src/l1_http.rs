//! L1 over JSON-RPC, its blobs over the beacon API. What comes back is checked against the hashes
//! it was asked for by, so that a faulty provider delays the node but cannot mislead it.

use crate::{L1Error, L1Label, L1Source};
use alloy_consensus::{ReceiptEnvelope, TxEnvelope, proofs};
use alloy_eips::eip4844::{Blob, env_settings::EnvKzgSettings, kzg_to_versioned_hash};
use alloy_primitives::{B256, Bytes, Log};
use alloy_rpc_types_eth::{Block, Header, Transaction, TransactionReceipt};
use assay_chainspec::RollupConfig;
use assay_client::{ClientError, Rpc};
use assay_derivation::{IndexedBlobHash, L1Block, L1BlockInfo, L1Origin};
use async_trait::async_trait;
use reqwest::{Client, Url};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::sync::OnceCell;

impl From<ClientError> for L1Error {
    fn from(error: ClientError) -> Self {
        Self(error.to_string())
    }
}

/// Longer than the blobs of a block take.
const BEACON_TIMEOUT: Duration = Duration::from_secs(60);

/// How slots follow from timestamps.
#[derive(Debug, Clone, Copy)]
struct BeaconClock {
    genesis: u64,
    seconds_per_slot: u64,
}

/// L1 behind two URLs.
#[derive(Debug)]
pub struct HttpL1 {
    rpc: Rpc,
    beacon: Option<Beacon>,
    config: Arc<RollupConfig>,
}

#[derive(Debug)]
struct Beacon {
    client: Client,
    url: Url,
    clock: OnceCell<BeaconClock>,
    /// Whether the endpoint `blobs` (Fusaka) is there; found out at the first request.
    has_blobs: OnceLock<bool>,
}

impl HttpL1 {
    /// An L1 at `rpc`, with blobs from `beacon`: without it, blob batches cannot be derived.
    ///
    /// # Errors
    /// A URL is not one.
    pub fn new(rpc: &str, beacon: Option<&str>, config: Arc<RollupConfig>) -> Result<Self, String> {
        let beacon = beacon
            .map(|url| {
                Ok::<_, String>(Beacon {
                    client: Client::builder()
                        .timeout(BEACON_TIMEOUT)
                        .build()
                        .map_err(|error| error.to_string())?,
                    url: Url::parse(&format!("{}/", url.trim_end_matches('/')))
                        .map_err(|error| format!("{url:?} is not a URL: {error}"))?,
                    clock: OnceCell::new(),
                    has_blobs: OnceLock::new(),
                })
            })
            .transpose()?;
        let rpc = Rpc::new(rpc).map_err(|error| error.to_string())?;
        Ok(Self { rpc, beacon, config })
    }

    async fn full_block(
        &self,
        method: &'static str,
        tag: Value,
    ) -> Result<Option<FullBlock>, L1Error> {
        let block: Option<Block> = self.rpc.call(method, json!([tag, true])).await?;
        let Some(block) = block else { return Ok(None) };
        let hash = block.header.hash;
        let block = block.map_transactions(Transaction::into_inner).into_consensus();
        if block.header.hash_slow() != hash {
            return Err(L1Error(format!("L1 block {hash} has another hash")));
        }
        if proofs::calculate_transaction_root(&block.body.transactions)
            != block.header.transactions_root
        {
            return Err(L1Error(format!("transactions of L1 block {hash} do not match its root")));
        }
        Ok(Some(FullBlock { hash, block }))
    }

    /// All logs of a block, in order, checked against the receipts root.
    async fn logs(&self, hash: B256, receipts_root: B256) -> Result<Vec<Log>, L1Error> {
        let receipts: Option<Vec<TransactionReceipt>> =
            self.rpc.call("eth_getBlockReceipts", json!([hash])).await?;
        let receipts: Vec<ReceiptEnvelope> = receipts
            .ok_or_else(|| L1Error(format!("no receipts of L1 block {hash}")))?
            .into_iter()
            .map(|receipt| receipt.into_primitives_receipt().inner)
            .collect();
        if proofs::calculate_receipt_root(&receipts) != receipts_root {
            return Err(L1Error(format!("receipts of L1 block {hash} do not match its root")));
        }
        Ok(receipts.into_iter().flat_map(into_logs).collect())
    }

    async fn origin_of(&self, block: &FullBlock) -> Result<L1Origin, L1Error> {
        let header = &block.block.header;
        let logs = self.logs(block.hash, header.receipts_root).await?;
        Ok(L1Origin::new(&self.config, block.hash, header, logs))
    }
}

struct FullBlock {
    hash: B256,
    block: alloy_consensus::Block<TxEnvelope>,
}

fn into_logs(receipt: ReceiptEnvelope) -> Vec<Log> {
    receipt.into_receipt().logs
}

fn info(header: &Header) -> L1BlockInfo {
    L1BlockInfo {
        hash: header.hash,
        number: header.number,
        parent_hash: header.parent_hash,
        timestamp: header.timestamp,
    }
}

#[async_trait]
impl L1Source for HttpL1 {
    async fn head(&self, label: L1Label) -> Result<Option<L1BlockInfo>, L1Error> {
        let tag = match label {
            L1Label::Latest => "latest",
            L1Label::Safe => "safe",
            L1Label::Finalized => "finalized",
        };
        let block: Result<Option<Block<B256>>, _> =
            self.rpc.call("eth_getBlockByNumber", json!([tag, false])).await;
        match block {
            Ok(block) => Ok(block.map(|block| info(&block.header))),
            // A chain that has not finalized anything yet answers with an error.
            Err(ClientError::Rejected { .. }) if label != L1Label::Latest => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn info(&self, number: u64) -> Result<Option<L1BlockInfo>, L1Error> {
        let tag = format!("{number:#x}");
        let block: Option<Block<B256>> =
            self.rpc.call("eth_getBlockByNumber", json!([tag, false])).await?;
        Ok(block.map(|block| info(&block.header)))
    }

    async fn origin(&self, hash: B256) -> Result<Option<L1Origin>, L1Error> {
        match self.full_block("eth_getBlockByHash", json!(hash)).await? {
            Some(block) if block.hash != hash => {
                Err(L1Error(format!("asked for L1 block {hash}, got {}", block.hash)))
            }
            Some(block) => self.origin_of(&block).await.map(Some),
            None => Ok(None),
        }
    }

    async fn block(&self, number: u64) -> Result<Option<L1Block>, L1Error> {
        let tag = json!(format!("{number:#x}"));
        let Some(block) = self.full_block("eth_getBlockByNumber", tag).await? else {
            return Ok(None);
        };
        let origin = self.origin_of(&block).await?;
        Ok(Some(L1Block::new(&self.config, origin, &block.block.body.transactions)))
    }

    async fn blobs(
        &self,
        block: &L1BlockInfo,
        hashes: &[IndexedBlobHash],
    ) -> Result<Vec<Box<Blob>>, L1Error> {
        let beacon = self
            .beacon
            .as_ref()
            .ok_or_else(|| L1Error("batches are in blobs: give --l1.beacon".into()))?;
        beacon.blobs(block, hashes).await
    }
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Deserialize)]
struct BeaconGenesis {
    genesis_time: String,
}

#[derive(Deserialize)]
struct BeaconSpec {
    #[serde(rename = "SECONDS_PER_SLOT")]
    seconds_per_slot: String,
}

#[derive(Deserialize)]
struct Sidecar {
    index: String,
    blob: Bytes,
}

impl Beacon {
    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, L1Error> {
        let broken = |reason: String| L1Error(format!("beacon API, {path}: {reason}"));
        let url = self.url.join(path).map_err(|error| broken(error.to_string()))?;
        let response =
            self.client.get(url).send().await.map_err(|error| broken(error.to_string()))?;
        let status = response.status();
        if !status.is_success() {
            return Err(broken(format!("HTTP {status}")));
        }
        let data: Data<T> = response.json().await.map_err(|error| broken(error.to_string()))?;
        Ok(data.data)
    }

    async fn clock(&self) -> Result<BeaconClock, L1Error> {
        self.clock
            .get_or_try_init(|| async {
                let number = |text: &str| {
                    text.parse::<u64>()
                        .map_err(|_| L1Error(format!("beacon API: {text:?} is not a number")))
                };
                let genesis: BeaconGenesis = self.get("eth/v1/beacon/genesis").await?;
                let spec: BeaconSpec = self.get("eth/v1/config/spec").await?;
                let seconds_per_slot = number(&spec.seconds_per_slot)?;
                if seconds_per_slot == 0 {
                    return Err(L1Error("beacon API: SECONDS_PER_SLOT is 0".into()));
                }
                Ok(BeaconClock { genesis: number(&genesis.genesis_time)?, seconds_per_slot })
            })
            .await
            .copied()
    }

    async fn blobs(
        &self,
        block: &L1BlockInfo,
        hashes: &[IndexedBlobHash],
    ) -> Result<Vec<Box<Blob>>, L1Error> {
        let clock = self.clock().await?;
        let slot = block
            .timestamp
            .checked_sub(clock.genesis)
            .map(|elapsed| elapsed / clock.seconds_per_slot)
            .ok_or_else(|| {
                L1Error(format!("L1 block {} is before the beacon genesis", block.hash))
            })?;
        let found = if self.has_blobs.get() == Some(&false) {
            self.sidecars(slot, hashes).await?
        } else {
            match self.by_hash(slot, hashes).await {
                Ok(blobs) => {
                    // Another answer in the meantime says the same.
                    let _ = self.has_blobs.set(true);
                    blobs
                }
                Err(_) if self.has_blobs.get().is_none() => {
                    let blobs = self.sidecars(slot, hashes).await?;
                    let _ = self.has_blobs.set(false);
                    blobs
                }
                Err(error) => return Err(error),
            }
        };
        let hashes = hashes.to_vec();
        // Tens of milliseconds of elliptic curve arithmetic per blob.
        tokio::task::spawn_blocking(move || check_blobs(found, &hashes))
            .await
            .map_err(|error| L1Error(error.to_string()))?
    }

    async fn by_hash(&self, slot: u64, hashes: &[IndexedBlobHash]) -> Result<Vec<Bytes>, L1Error> {
        let query: Vec<String> =
            hashes.iter().map(|blob| format!("versioned_hashes={}", blob.hash)).collect();
        self.get(&format!("eth/v1/beacon/blobs/{slot}?{}", query.join("&"))).await
    }

    async fn sidecars(&self, slot: u64, hashes: &[IndexedBlobHash]) -> Result<Vec<Bytes>, L1Error> {
        let query: Vec<String> =
            hashes.iter().map(|blob| format!("indices={}", blob.index)).collect();
        let sidecars: Vec<Sidecar> =
            self.get(&format!("eth/v1/beacon/blob_sidecars/{slot}?{}", query.join("&"))).await?;
        hashes
            .iter()
            .map(|wanted| {
                sidecars
                    .iter()
                    .find(|sidecar| sidecar.index == wanted.index.to_string())
                    .map(|sidecar| sidecar.blob.clone())
                    .ok_or_else(|| L1Error(format!("slot {slot} has no blob {}", wanted.index)))
            })
            .collect()
    }
}

/// Puts blobs in the order of `hashes`, having computed each one's hash.
fn check_blobs(found: Vec<Bytes>, hashes: &[IndexedBlobHash]) -> Result<Vec<Box<Blob>>, L1Error> {
    let settings = EnvKzgSettings::Default;
    let mut by_hash = Vec::with_capacity(found.len());
    for bytes in found {
        let blob = c_kzg_blob(&bytes)?;
        let commitment = settings
            .get()
            .blob_to_kzg_commitment(&blob)
            .map_err(|error| L1Error(format!("a blob is not one: {error:?}")))?;
        let hash = kzg_to_versioned_hash(commitment.as_slice());
        let blob = Blob::try_from(bytes.as_ref())
            .map_err(|_| L1Error("a blob has another size than a blob".into()))?;
        by_hash.push((hash, Box::new(blob)));
    }
    hashes
        .iter()
        .map(|wanted| {
            by_hash
                .iter()
                .find(|(hash, _)| *hash == wanted.hash)
                .map(|(_, blob)| blob.clone())
                .ok_or_else(|| L1Error(format!("no blob hashes to {}", wanted.hash)))
        })
        .collect()
}

fn c_kzg_blob(bytes: &[u8]) -> Result<c_kzg::Blob, L1Error> {
    c_kzg::Blob::from_bytes(bytes).map_err(|error| L1Error(format!("a blob is not one: {error:?}")))
}
